"""A conversation with a contender of a run, answered piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from laras.contenders.obtain import load_candidate
from laras.contenders.prompting.kept import kept_prompts
from laras.delivery.contender import open_contender
from laras.errors import UsageError
from laras.evaluation.reader import Reader
from laras.models.classifier import labels_of
from laras.recipe.load import load_recipe
from laras.recipe.unread import TUNED_KINDS
from laras.records import Example, Message, Task
from laras.runs.folder import Run
from laras.threads import placed
from laras.translation import _

_UNFINISHED = "\ufffd"  # what decoding gives for a character whose last bytes are yet to come
_LEAST_TEMPERATURE = 1e-4  # below it, all but the likeliest token have no share that counts


class Conversation:
    """Turns so far, and the model that answers. ``temperature`` 0 takes the likeliest token.

    The prompt is encoded by the template that the contender was trained and judged with, and
    begins with what the contender says before every question. When it grows beyond the model's
    context, the oldest exchanges are left out of it, those shown as examples first.
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
        if opened.contender.kind in TUNED_KINDS and labels_of(own) is not None:
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
        self._reader = Reader(self._loaded.model)
        self._rewrite = candidate.rewrite
        self._task: Task = "chat"
        if opened.contender.kind == "prompt":
            tasks = [prompt.task for prompt in kept_prompts(opened.run, contender)]
            self._task = "chat" if "chat" in tasks else tasks[0]
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
        messages = self._asked()
        first = next(at for at, message in enumerate(messages) if message.role != "system")
        while True:
            ids = self._loaded.template.encode_prompt(messages)
            later = [at for at in range(first + 1, len(messages)) if messages[at].role == "user"]
            if len(ids) <= limit or not later:
                # A single message that is too long loses its beginning: the end asks.
                return ids if len(ids) <= limit else ids[:1] + ids[len(ids) - limit + 1 :]
            del messages[first : later[0]]

    def _asked(self) -> list[Message]:
        """The turns so far with what the contender puts before them."""
        answer = Message("assistant", "", trained=True)
        example = Example("", self._task, (*self._messages, answer), group="")
        return list(self._rewrite(example).messages[:-1])

    @torch.no_grad()
    def _pieces(self, prompt: list[int]) -> Iterator[str]:
        tokenizer = self._loaded.tokenizer
        device = self._loaded.model.device
        room = max(0, min(self._max_new_tokens, self._loaded.context - len(prompt)))
        rows = self._reader.queue([prompt], len(prompt) + room, room)
        admitted = rows.admit() if room else None
        logits = None if admitted is None else admitted[1]
        ids: list[int] = []
        shown = ""
        while logits is not None:
            token = self._choose(logits[0])
            if token in self._loaded.template.stop_ids:
                break
            ids.append(token)
            text = tokenizer.decode(ids).lstrip()
            # Bytes of a character arrive token by token; it is shown when it is whole.
            if not text.endswith(_UNFINISHED) and len(text) > len(shown):
                yield text[len(shown) :]
                shown = text
            new = torch.tensor([token], device=device)
            logits = rows.step(new) if len(ids) < room else None

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
        if each.kind != "api"
        and (each.kind not in TUNED_KINDS or labels_of(run.contender(each.name) / "model") is None)
    ]
