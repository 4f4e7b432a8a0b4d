"""Our own decoder with a memory: what was read stays in slots, and new tokens see slots.

A slot holds the keys and values of one position in every block. Sequences are read once, side by
side, as packed rows (:meth:`CachedDecoder.read`); then tokens are read behind them at the cost of a
token each (:meth:`CachedDecoder.extend`): the next one of each answer, a node of a tree of labels,
or what follows a beginning that many rows have in common. Which slots a token sees is the caller's
word, so that nothing is padded, and nothing moved when a row ends. The slots are there from the
beginning: no token copies what came before it.

In float32, on a processor: the products are those of training (``block.py``), attention to slots
is ``kernels/cached_attention.py``.

Shapes: T tokens of packed rows, n new tokens, S slots; G key heads, Q query heads of each, D
channels of a head; C channels, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F

from laras.batches.token_batch import EncodedExample, collate
from laras.engine.attend import Heads, Rotation, attend
from laras.engine.block import Attention, Stream, run_block
from laras.engine.decoder import Decoder
from laras.kernels import elementwise
from laras.kernels.attention_cpu import Scores
from laras.kernels.cached_attention import cached_attention
from laras.kernels.packing import Packing

# Fewer neighbours that see the same slots, or fewer such slots, are not worth a matrix product.
_LEAST_TOKENS, _LEAST_SLOTS = 4, 32
_SCORES_AT_ONCE = 1 << 20  # of such a product: they stay in the cache
_NOWHERE = Packing(torch.empty(0, dtype=torch.int32), 0)  # slots have no packing


@dataclass(frozen=True, slots=True)
class NewTokens:
    """n tokens to be read: ``ids`` (n,), their ``positions`` and the ``slots`` that they will fill.

    ``spans`` (n, 4): start and length of two runs of slots that a token sees; ``single`` (n, A), A
    at least 1: more slots, -1 behind the last. A token's own slot is the last of all, and the
    second run is never empty. All int64. Neighbours with an equal first run share the work on it.
    """

    ids: torch.Tensor
    positions: np.ndarray
    slots: np.ndarray
    spans: np.ndarray
    single: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class _Run:
    """New tokens ``first`` to before ``last`` that see ``length`` slots from ``start`` on."""

    first: int
    last: int
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class _Sight:
    """What new tokens see, as tensors. ``apart``: ``spans`` without what ``runs`` stand for;
    ``reach``: the most that one of them sees."""

    slots: torch.Tensor
    spans: torch.Tensor
    single: torch.Tensor
    runs: list[_Run]
    apart: torch.Tensor
    reach: int

    @classmethod
    def of(cls, new: NewTokens) -> _Sight:
        changes = np.flatnonzero((new.spans[1:, :2] != new.spans[:-1, :2]).any(axis=1)) + 1
        runs = [
            _Run(first, last, int(new.spans[first, 0]), int(new.spans[first, 1]))
            for first, last in pairwise([0, *changes.tolist(), len(new.spans)])
            if last - first >= _LEAST_TOKENS and new.spans[first, 1] >= _LEAST_SLOTS
        ]
        apart = new.spans.copy()
        for run in runs:
            apart[run.first : run.last, 1] = 0
        single = torch.full((len(apart), 1), -1)
        if new.single is not None:
            single = torch.from_numpy(new.single)
        reach = int(new.spans[:, 1::2].sum(axis=1).max()) + single.shape[1]
        slots, spans, rest = map(torch.from_numpy, (new.slots, new.spans, apart))
        return cls(slots, spans, single, runs, rest, reach)


class CachedDecoder:
    """``decoder``'s blocks over slots, and the vocabulary projection ``head`` behind them.

    One set of rows at a time: :meth:`reserve` takes the slots of those before.
    """

    def __init__(
        self, decoder: Decoder, head: torch.nn.Module, softcap: float | None = None
    ) -> None:
        self._decoder = decoder
        self.head = head
        self.softcap = softcap
        self._keys: list[torch.Tensor] = []
        self._values: list[torch.Tensor] = []
        self._slots = 0
        self._tables: dict[str, Rotation] = {}
        self._positions = 0

    @torch.no_grad()
    def reserve(self, slots: int, positions: int) -> None:
        """Have so many slots, with nothing in them, for tokens at positions below ``positions``."""
        if slots > self._slots:
            self._keys, self._values = [], []  # before the new ones are there
            for block in self._decoder.blocks:
                shape = (slots, block.heads.groups, block.heads.channels)
                self._keys.append(torch.empty(shape))
                self._values.append(torch.empty(shape))
            self._slots = slots
        if positions > self._positions:
            places = collate([_untrained(np.zeros(positions))])
            self._tables = self._decoder.rotations(places, places.weights)
            self._positions = positions

    @torch.no_grad()
    def read(
        self, sequences: Sequence[Sequence[int] | np.ndarray], slots: np.ndarray, wanted: np.ndarray
    ) -> torch.Tensor:
        """Read whole sequences, end to end, into ``slots`` (T,); normalised last hidden states
        (w, C) at the places ``wanted`` (w,) among the T tokens."""
        batch = collate([_untrained(sequence) for sequence in sequences])
        kept = partial(_attend_and_keep, torch.from_numpy(slots))
        attention = [partial(kept, *cache) for cache in zip(self._keys, self._values, strict=True)]
        packing = Packing.of(batch)
        return self._through(batch.input_ids, batch.position_ids, attention, packing, wanted)

    @torch.no_grad()
    def extend(self, new: NewTokens, wanted: np.ndarray | None = None) -> torch.Tensor:
        """Read ``new`` tokens; normalised last hidden states of all (n, C), or of the ``wanted``
        (w,) among them. A token may see one that comes with it."""
        sight = partial(_attend_to_slots, _Sight.of(new))
        attention = [partial(sight, *cache) for cache in zip(self._keys, self._values, strict=True)]
        positions = torch.from_numpy(new.positions)
        return self._through(new.ids, positions, attention, _NOWHERE, wanted)

    @torch.no_grad()
    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """(n, C) -> (n, V)."""
        weight = self.head.weight
        assert isinstance(weight, torch.Tensor)
        logits = F.linear(hidden, weight)
        return logits if self.softcap is None else self.softcap * torch.tanh(logits / self.softcap)

    def _through(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        attention: Sequence[Attention],
        packing: Packing,
        wanted: np.ndarray | None,
    ) -> torch.Tensor:
        decoder = self._decoder
        stream = Stream(decoder.embed_tokens(ids, positions))
        rotations = {
            kind: Rotation(table.cos[positions], table.sin[positions])
            for kind, table in self._tables.items()
        }
        rows = None if wanted is None else torch.from_numpy(wanted)
        last, prefix = len(decoder.blocks) - 1, decoder.prefix(ids)
        for index, (block, attends) in enumerate(zip(decoder.blocks, attention, strict=True)):
            chosen = rows if index == last else None
            own = attends if prefix is None else prefix.attention(index, attends)
            stream = run_block(block, stream, rotations, packing, False, chosen, own)
        _total, normed = decoder.final_norm(stream.residual, stream.pending, decoder.dtype)
        return normed


def _untrained(ids: Sequence[int] | np.ndarray) -> EncodedExample:
    return EncodedExample("", np.asarray(ids, dtype=np.int32), np.zeros(len(ids), dtype=bool))


def _attend_and_keep(
    slots: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    rows: torch.Tensor,
    heads: Heads,
    scores: Scores,
    rotation: Rotation | None,
    packing: Packing,
    room: int,
) -> torch.Tensor:
    """:func:`attend`, which leaves rotated keys in ``rows``; they and the values go to their
    ``slots`` (T,) of ``keys`` and ``values`` (S, G, D)."""
    out = attend(rows, heads, scores, rotation, packing, room)
    _query, key, value = heads.split(rows)
    keys.index_copy_(0, slots, key)
    values.index_copy_(0, slots, value)
    return out


def _attend_to_slots(
    sight: _Sight,
    keys: torch.Tensor,
    values: torch.Tensor,
    rows: torch.Tensor,
    heads: Heads,
    scores: Scores,
    rotation: Rotation | None,
    _packing: Packing,
    room: int,
) -> torch.Tensor:
    """Attention of new tokens, (n, N) of the joined projection -> (n, H D + ``room``)."""
    if rotation is not None:
        rotation.apply_(rows, heads, inverse=False)
    query, key, value = heads.split(rows)
    keys.index_copy_(0, sight.slots, key)
    values.index_copy_(0, sight.slots, value)
    wide = rows.new_empty(len(rows), heads.width + room)
    out = wide[:, : heads.width].view(len(rows), heads.groups, heads.queries, heads.channels)
    spans, before, log_sums = sight.spans, None, None
    # A window may end within a run, for each of its tokens elsewhere.
    if sight.runs and (scores.window is None or sight.reach <= scores.window):
        spans, before = sight.apart, query.new_zeros(out.shape)
        log_sums = query.new_full(out.shape[:3], -torch.inf)
        for run in sight.runs:
            _attend_to_run(run, query, keys, values, scores, before, log_sums)
    cached_attention(
        query, keys, values, spans, sight.single, before, log_sums,
        scores.scale, scores.window if before is None else None, scores.softcap, out,
    )  # fmt: skip
    return wide


def _attend_to_run(
    run: _Run,
    query: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    scores: Scores,
    before: torch.Tensor,
    log_sums: torch.Tensor,
) -> None:
    """Attention of the run's tokens to its slots alone, by products of matrices; into ``before``
    (n, G, Q, D) and ``log_sums`` (n, G, Q)."""
    _tokens, groups, queries, channels = query.shape
    slots = slice(run.start, run.start + run.length)
    across, along = keys[slots].permute(1, 2, 0), values[slots].transpose(0, 1)
    step = max(1, _SCORES_AT_ONCE // (groups * queries * run.length))
    for first in range(run.first, run.last, step):
        part = slice(first, min(first + step, run.last))
        stacked = query[part].transpose(0, 1).reshape(groups, -1, channels)
        raw = torch.bmm(stacked, across)
        shares = torch.empty_like(raw)
        # Each row is a last query: it sees every key.
        sums = elementwise.causal_softmax(
            raw, 1, run.length - 1, scores.scale, None, scores.softcap, shares
        )
        mixed = torch.bmm(shares, along)
        before[part] = mixed.view(groups, -1, queries, channels).transpose(0, 1)
        log_sums[part] = sums.view(groups, -1, queries).transpose(0, 1)
