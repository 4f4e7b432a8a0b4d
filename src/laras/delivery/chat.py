"""A conversation with a contender of a run, answered piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from transformers import DynamicCache

from laras.contenders.obtain import load_candidate
from laras.delivery.contender import open_contender
from laras.errors import UsageError
from laras.models.classifier import labels_of
from laras.recipe.load import load_recipe
from laras.records import Message
from laras.runs.folder import Run
from laras.threads import placed
from laras.translation import _

_UNFINISHED = "\ufffd"  # what decoding gives for a character whose last bytes are yet to come
_LEAST_TEMPERATURE = 1e-4  # below it, all but the likeliest token have no share that counts


class Conversation:
    """Turns so far, and the model that answers. ``temperature`` 0 takes the likeliest token.

    The prompt is encoded by the template that the contender was trained and judged with. When it
    grows beyond the model's context, the oldest exchanges are left out of it.
    """

    def __init__(
        self,
        run_folder: Path,
        contender: str,
        *,
        temperature: float = 0.0,
        max_new_tokens: int = 256,
    ) -> None:
        opened = open_contender(run_folder, contender)
        own = opened.run.contender(contender) / "model"
        if opened.contender.kind != "base" and labels_of(own) is not None:
            raise UsageError(
                "chat.only-labels",
                _("The contender {name!r} names labels and can't write.").format(name=contender),
                where=str(run_folder),
                hint=_("Choose another one with --contender: {names}").format(
                    names=", ".join(_who_write(opened.run)) or "–"
                ),
            )
        candidate = load_candidate(opened.contender, opened.model, opened.recipe_folder, opened.run)
        self._loaded = candidate.loaded
        self._temperature = temperature
        self._max_new_tokens = max_new_tokens
        self._messages: list[Message] = []

    def reset(self) -> None:
        """Forget all turns."""
        self._messages = []

    def answer(self, text: str) -> Iterator[str]:
        """The answer to ``text`` in pieces; kept as a turn when it ends, or is broken off."""
        self._messages.append(Message("user", text, trained=False))
        said = ""
        try:
            with placed(self._loaded.model.device.type == "cpu") as look:
                for piece in self._pieces(self._prompt()):
                    look()
                    said += piece
                    yield piece
        finally:
            self._messages.append(Message("assistant", said, trained=False))

    def _prompt(self) -> list[int]:
        limit = max(1, self._loaded.context - self._max_new_tokens)
        messages = list(self._messages)
        while True:
            ids = self._loaded.template.encode_prompt(messages)
            if len(ids) <= limit or len(messages) <= 1:
                # A single message that is too long loses its beginning: the end asks.
                return ids if len(ids) <= limit else ids[:1] + ids[len(ids) - limit + 1 :]
            del messages[:2]

    @torch.no_grad()
    def _pieces(self, prompt: list[int]) -> Iterator[str]:
        model, tokenizer = self._loaded.model, self._loaded.tokenizer
        device = next(model.parameters()).device
        cache = DynamicCache(config=model.config)
        input_ids = torch.tensor([prompt], device=device)
        ids: list[int] = []
        shown = ""
        room = min(self._max_new_tokens, self._loaded.context - len(prompt))
        for _step in range(max(0, room)):
            logits = model(
                input_ids=input_ids, past_key_values=cache, use_cache=True, logits_to_keep=1
            ).logits[0, -1]
            token = self._choose(logits)
            if token in self._loaded.template.stop_ids:
                break
            ids.append(token)
            text = tokenizer.decode(ids).lstrip()
            # Bytes of a character arrive token by token; it is shown when it is whole.
            if not text.endswith(_UNFINISHED) and len(text) > len(shown):
                yield text[len(shown) :]
                shown = text
            input_ids = torch.tensor([[token]], device=device)

    def _choose(self, logits: torch.Tensor) -> int:
        if self._temperature < _LEAST_TEMPERATURE:
            return int(logits.argmax())
        # The largest becomes 0 before the division, which could else end in infinity.
        scaled = (logits.float() - logits.float().max()) / self._temperature
        shares = torch.softmax(scaled, dim=-1)
        return int(torch.multinomial(shares, 1))


def _who_write(run: Run) -> list[str]:
    recipe = load_recipe(run.folder / "recipe.yaml").recipe
    return [
        each.name
        for each in recipe.comparison.contenders
        if each.kind == "base" or labels_of(run.contender(each.name) / "model") is None
    ]
