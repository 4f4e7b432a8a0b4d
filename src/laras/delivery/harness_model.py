"""A contender's model as lm-evaluation-harness sees one: strings in, log-probabilities out.

The harness asks; encoding, the forward pass and greedy decoding are Laras's own, so that a
benchmark judges the very model that the verdict is about, with the one tokenizer. Everything that
a task says is content: it can't spell a control token. What stands before a text, how long texts
are cut into windows, and that a prompt that is too long loses its beginning are as in the
harness's own ``HFLM``, so that figures compare with published ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from lm_eval.api.instance import Instance
from lm_eval.api.model import LM
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

from laras.batches.encode import edges_of
from laras.batches.pack import by_length
from laras.errors import UsageError
from laras.evaluation.generation import greedy_answers
from laras.evaluation.losses import not_finite
from laras.models.causal import causal_model
from laras.models.load import LoadedModel
from laras.models.virtual_tokens import virtual_ids
from laras.runs.progress import Progress
from laras.translation import _

MAX_NEW_TOKENS = 256  # where a task does not say, as in HFLM
Pair = tuple[list[int], list[int]]


class ContenderModel(LM):  # type: ignore[misc]  # the harness comes without types
    """``batch_tokens`` bounds a forward pass; ``name`` is what progress calls the contender."""

    def __init__(
        self, loaded: LoadedModel, name: str, progress: Progress, *, batch_tokens: int = 2048
    ) -> None:
        super().__init__()
        self._loaded = loaded
        self._name = name
        self._progress = progress
        self._batch_tokens = batch_tokens

    def loglikelihood(
        self, requests: list[Instance], disable_tqdm: bool = False
    ) -> list[tuple[float, bool]]:
        """Log-likelihood of each continuation after its context, and whether it is the greedy
        one."""
        pairs = [self._pair(*request.args) for request in requests]
        return self._scores(pairs)

    def loglikelihood_rolling(
        self, requests: list[Instance], disable_tqdm: bool = False
    ) -> list[float]:
        """Log-likelihood of each whole text, every token of it predicted once.

        From a single beginning token; HFLM by default reads two, and counts the second as
        predicted, where the tokenizer gives one itself.
        """
        pairs: list[Pair] = []
        owners: list[int] = []
        for owner, request in enumerate(requests):
            windows = get_rolling_token_windows(
                token_list=self._loaded.tokenizer.encode(request.args[0]),
                prefix_token=self._first[0],
                max_seq_len=self._loaded.context,
                context_len=1,
            )
            for window in windows:
                context, continuation = make_disjoint_window(window)
                pairs.append((list(context), list(continuation)))
                owners.append(owner)
        totals = [0.0] * len(requests)
        for owner, (score, _greedy) in zip(owners, self._scores(pairs), strict=True):
            totals[owner] += score
        return totals

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """The greedy answer to each context, up to the first of its stop strings."""
        answers = [""] * len(requests)
        limits = [_limit(request.args[1]) for request in requests]
        for limit in sorted(set(limits)):
            places = [place for place, own in enumerate(limits) if own == limit]
            # Answers may not take more than half the context from the questions.
            room = self._loaded.context - min(limit, self._loaded.context // 2)
            found = greedy_answers(
                self._loaded.model,
                [self._context(requests[place].args[0])[-room:] for place in places],
                stop_ids=self._loaded.template.stop_ids,
                max_new_tokens=limit,
                context=self._loaded.context,
                batch_tokens=self._batch_tokens,
                advance=self._stage(_("answers"), len(places)),
            )
            for place, answer in zip(places, found, strict=True):
                if not answer.finite:
                    raise not_finite(_request_name(place), _("next-token probability"))
                text = self._loaded.tokenizer.decode(answer.token_ids)
                answers[place] = _until(text, requests[place].args[1])
        return answers

    @property
    def _first(self) -> list[int]:
        """What a text is predicted from that has nothing before it."""
        start_id, _end_id = edges_of(self._loaded.tokenizer)
        return [] if start_id is None else [start_id]

    def _context(self, text: str) -> list[int]:
        begin = self._first if self._loaded.tokenizer.adds_bos else []
        return [*begin, *self._loaded.tokenizer.encode(text)] or self._first

    def _pair(self, context: str, continuation: str) -> Pair:
        """Their ids; spaces at the context's end belong to the continuation, as words have them."""
        bare = context.rstrip()
        continuation = context[len(bare) :] + continuation
        if not bare:
            return self._first, self._loaded.tokenizer.encode(continuation)
        # Encoded as one string: a border between the two must not part a token.
        whole, before = self._context(bare + continuation), self._context(bare)
        return before, whole[len(before) :]

    @torch.no_grad()
    def _scores(self, pairs: Sequence[Pair]) -> list[tuple[float, bool]]:
        """Sum of log-probabilities (nats) of the second ids after the first, for each pair."""
        causal: Any = causal_model(self._loaded.model)
        device = next(causal.parameters()).device
        # The last token is predicted, never read; what is too long loses its beginning.
        inputs = [(before + wanted)[-(self._loaded.context + 1) :][:-1] for before, wanted in pairs]
        begins = virtual_ids(causal)
        scores = [(0.0, True)] * len(pairs)
        advance = self._stage(_("likelihoods"), len(pairs))
        done = 0
        for places in by_length([len(ids) for ids in inputs], self._batch_tokens, padded=True):
            places = [place for place in places if pairs[place][1] and inputs[place]]
            if not places:
                continue
            # Padded on the left, so that what is predicted lies at the end of all rows.
            longest = len(begins) + max(len(inputs[place]) for place in places)
            input_ids = torch.zeros((len(places), longest), dtype=torch.long)
            mask = torch.zeros_like(input_ids)
            for row, place in enumerate(places):
                ids = torch.tensor([*begins, *inputs[place]])
                input_ids[row] = ids[0]
                input_ids[row, longest - len(ids) :] = ids
                mask[row, longest - len(ids) :] = 1
            logits = causal(
                input_ids=input_ids.to(device),
                attention_mask=mask.to(device),
                position_ids=(mask.cumsum(dim=1) - 1).clamp(min=0).to(device),
                use_cache=False,
                logits_to_keep=max(len(pairs[place][1]) for place in places),
            ).logits
            for row, place in enumerate(places):
                wanted = torch.tensor(pairs[place][1][-len(inputs[place]) :], device=device)
                own = logits[row, -len(wanted) :].float()
                likelihoods = own.gather(-1, wanted[:, None])[:, 0] - own.logsumexp(dim=-1)
                total = float(likelihoods.double().sum())
                if not torch.isfinite(likelihoods).all():
                    raise not_finite(_request_name(place), _("loss"))
                scores[place] = (total, bool((own.argmax(dim=-1) == wanted).all()))
            done += len(places)
            advance(done)
        return scores

    def _stage(self, what: str, total: int) -> Callable[[int], None]:
        self._progress.stage(
            _("Benchmark of {name}: {what}").format(name=self._name, what=what), total
        )
        return self._progress.advance


def _limit(settings: dict[str, Any]) -> int:
    """How many tokens a task allows; UsageError where it wants answers drawn by chance."""
    if settings.get("do_sample") and float(settings.get("temperature") or 0.0) > 0.0:
        raise UsageError(
            "benchmark.samples",
            _("The task wants answers that are drawn by chance; here, decoding is greedy."),
            hint=_("Use a task with `do_sample: false`."),
        )
    return int(settings.get("max_gen_toks") or MAX_NEW_TOKENS)


def _until(text: str, settings: dict[str, Any]) -> str:
    stops = settings.get("until") or []
    for stop in [stops] if isinstance(stops, str) else stops:
        if stop:
            text = text.split(stop)[0]
    return text


def _request_name(place: int) -> str:
    return f"request {place}"
