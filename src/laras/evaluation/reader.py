"""How a model is read when it is judged: found out once, used for losses, labels and answers.

Two ways. Our own decoder with a cache (``engine/cached.py``), on a processor in float32, for the
families that it knows; or the model's own forward on padded rows. The quick way is taken where it
gives the model's own logits, tried on two short rows with a common beginning; there is no list to
trust. Either way, a beginning that rows have in common is read once where that is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch

from laras.engine.cached import CachedDecoder
from laras.engine.decoder import rotates_by_length
from laras.engine.forward import PackedForward
from laras.engine.route import Way
from laras.errors import is_out_of_memory
from laras.evaluation.beginnings import Batch, padded_batches, shared_beginnings
from laras.evaluation.cached_rows import CachedRows
from laras.evaluation.padded_rows import PaddedRows
from laras.evaluation.queued_rows import CachedQueue, PaddedQueue, Rows
from laras.models.causal import causal_model
from laras.models.quiet import quiet
from laras.models.virtual_tokens import virtual_ids

_TOLERANCE = 1e-4  # of the largest logit; what another order of float32 sums comes to
_HALF_TOLERANCE = 2e-2  # the same in bfloat16 and float16


class Reader:
    """A causal model in evaluation mode. ``fastest``: the fastest way that may be taken (``fast``
    is our own decoder).

    It holds the model's weights in another order, as views of larger matrices where it can:
    :meth:`release` gives them memory of their own again, for who wants to write them.
    Everything it reads begins with the model's virtual tokens, where it has some (``begins``).
    ``tolerance``: how far figures may differ, of the largest, and still count as the same.
    """

    def __init__(self, model: torch.nn.Module, fastest: Way = "fast") -> None:
        self.model = model
        self.causal = causal_model(model)
        weight = next(model.parameters())
        exact = weight.dtype == torch.float32
        own = exact and weight.device.type == "cpu"
        self.tolerance = _TOLERANCE if exact else _HALF_TOLERANCE
        self.begins = virtual_ids(self.causal)
        self.forward = PackedForward(model, torch.float32 if own else None, fastest)
        self.cached = self._find_cached()

    def release(self) -> None:
        """Leave the model as it was found; this reader is not used after it."""
        self.forward.release()

    def queue(self, prompts: Sequence[Sequence[int]], budget: int, room: int) -> Rows:
        """``prompts`` to be read and gone on with, ``room`` tokens behind each. ``budget`` bounds
        the tokens held at a time, where a row by itself is not longer."""
        prompts = self.begun(prompts)
        if self.cached is not None:
            return CachedQueue(self.cached, prompts, budget, room)
        batches = padded_batches(prompts, shared_beginnings(prompts), budget, extra=room)
        if not self._repeats_beginnings(batches, prompts, room):
            batches = padded_batches(prompts, [0] * len(prompts), budget, extra=room)
        return PaddedQueue(self.causal, prompts, batches, room)

    def begun(self, prompts: Sequence[Sequence[int]]) -> Sequence[Sequence[int]]:
        """``prompts`` behind the model's virtual tokens, where it has some."""
        return [[*self.begins, *prompt] for prompt in prompts] if self.begins else prompts

    def _find_cached(self) -> CachedDecoder | None:
        """Our own decoder, if it goes on as the model does."""
        decoder = self.forward.decoder
        if decoder is None or rotates_by_length(self.causal.base_model):
            return None
        head = self.causal.get_output_embeddings()
        cached = CachedDecoder(decoder, head, self.forward.softcap)
        size, n = min(head.weight.shape[0], 64), len(self.begins)
        tried = [range(8), (0, 1, 2, 3, 9, 11, 13)]
        rows = [[*self.begins, *(at % size for at in each)] for each in tried]
        own = CachedRows.of(cached, [rows[0][: n + 6], rows[1][: n + 5]], [n + 4, n + 4], 2)
        found = [own.read(), own.step(torch.tensor([rows[0][n + 6], rows[1][n + 5]]))]
        own.keep(np.array([1]))
        found.append(own.step(torch.tensor(rows[1][n + 6 :])))
        with torch.no_grad(), quiet():
            logits = [self._logits(row)[n:] for row in rows]
        expected = [torch.stack([logits[0][5 + at], logits[1][4 + at]]) for at in (0, 1)]
        expected.append(logits[1][6:])
        return cached if self._agree(found, expected) else None

    def _logits(self, ids: list[int]) -> torch.Tensor:
        """The model's own (T, V)."""
        logits = self.causal(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
        assert isinstance(logits, torch.Tensor)
        return logits

    def _repeats_beginnings(
        self, batches: Sequence[Batch], prompts: Sequence[Sequence[int]], extra: int
    ) -> bool:
        """Whether the model's cache of a shared beginning can be repeated for each row, tried on
        the longest and the shortest row that share one."""
        sharing = [batch for batch in batches if batch.shared[0]]
        if not sharing:
            return True
        window = attention_window(self.causal.config)
        rows = [row for batch in sharing for row in batch.rows]
        # What distance is beyond a window would be counted with the padding in it.
        if window is not None and window < max(len(prompts[row]) for row in rows) + extra:
            return False
        batch = max(sharing, key=lambda batch: len(prompts[batch.rows[0]]))
        by_length = sorted(batch.rows, key=lambda row: len(prompts[row]))
        tried = [prompts[by_length[-1]], prompts[by_length[0]]]
        expected = PaddedRows(self.causal, tried, 0, 1).start()
        try:
            found = PaddedRows(self.causal, tried, batch.shared[0], 1).start()
        except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
            if is_out_of_memory(error):
                raise
            return False
        return self._agree([found], [expected])

    def _agree(self, found: list[torch.Tensor], expected: list[torch.Tensor]) -> bool:
        left, right = (torch.cat(each).float() for each in (found, expected))
        most = self.tolerance * max(1.0, float(right.abs().max()))
        return left.shape == right.shape and bool((left - right).abs().max() <= most)


@contextmanager
def opened(model: torch.nn.Module, reader: Reader | None = None) -> Iterator[Reader]:
    """``reader``, or one for the time being, of a model that is in evaluation mode and without
    gradients meanwhile."""
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            reading = reader or Reader(model)
            try:
                yield reading
            finally:
                if reader is None:
                    reading.release()
    finally:
        model.train(training)


def attention_window(config: object) -> int | None:
    """How many tokens back the model's shortest attention reaches; None: to the beginning.

    ``config``: of transformers. A window that is written there but switched off is none.
    """
    text = config.get_text_config()  # type: ignore[attr-defined]
    layers = set(getattr(text, "layer_types", None) or ())
    if not getattr(text, "use_sliding_window", True) or layers == {"full_attention"}:
        return None
    sizes = [getattr(text, name, None) for name in ("sliding_window", "attention_chunk_size")]
    return min((size for size in sizes if size), default=None)
