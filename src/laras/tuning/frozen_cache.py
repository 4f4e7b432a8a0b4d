"""What frozen lower blocks make of an example, kept on disk: it is the same in every epoch.

Where only upper blocks are trained, the residual stream below the first of them depends on the
example alone. It is computed in the first epoch and read from the second on
(benchmarks/data_feed.py measures the gain).

Shapes: T tokens of a row, C channels.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from laras.adapters.prepare import transformer_blocks
from laras.batches.token_batch import EncodedExample, TokenBatch, collate
from laras.engine.families import embedding_dropout
from laras.engine.forward import PackedForward
from laras.models.causal import causal_model
from laras.planning.hyperparameters import Hyperparameters
from laras.runs.atomic import write_bytes_atomic
from laras.runs.failures import storage_errors
from laras.runs.hashing import content_hash

_MOST_OF_FREE = 0.5  # share of the disk's free room: checkpoints and the result need theirs


class StreamDecoder(Protocol):
    """The part of the decoder that is needed here."""

    def stream_before(self, batch: TokenBatch, block: int) -> torch.Tensor:
        """The residual stream (T, C) before ``block``, without gradient."""


class FrozenCache:
    """Streams before block ``border`` of the examples of a data set, in one mapped file.

    ``key`` names the model's files, the data and the settings; what was kept for another key or
    border is removed. ``lengths``: tokens of each example; ``like``: a row of the decoder's stream.
    What is kept counts after a stop only if what :meth:`saving` gives was called, just before a
    checkpoint: a run that continues computes and reads just where the unbroken one did, so both are
    equal to the bit.
    """

    def __init__(
        self,
        folder: Path,
        key: str,
        decoder: StreamDecoder,
        border: int,
        lengths: Sequence[int] | np.ndarray,
        like: torch.Tensor,
    ) -> None:
        self.border = border
        self._decoder = decoder
        self._like = like
        # An example that is cut takes less than its place; the rest of it is a hole in the file.
        self._ends = np.cumsum(np.asarray(lengths, dtype=np.int64)) * like[0].nbytes
        self._folder = folder
        own = folder / content_hash(key, border, str(like.dtype))
        if not own.is_dir():
            self.clear()
            own.mkdir(parents=True)
        self._kept_file = own / "kept"
        self._kept = np.zeros(len(self._ends), dtype=np.bool_)
        if self._kept_file.exists():
            self._kept = np.frombuffer(self._kept_file.read_bytes(), dtype=np.bool_).copy()
        self._path = own / "streams"
        with self._path.open("ab") as file:
            file.truncate(self.size_bytes)
        self._streams = np.memmap(self._path, np.uint8, "r", shape=(self.size_bytes,))

    @property
    def size_bytes(self) -> int:
        """What the file holds at most."""
        return int(self._ends[-1])

    def with_stream(self, batch: TokenBatch, places: Sequence[int]) -> TokenBatch:
        """``batch``, of the examples at ``places``, with ``hidden``: read, or computed and kept.

        Raises StorageFailed where the disk is full.
        """
        lengths = (batch.cu_seqlens[1:] - batch.cu_seqlens[:-1]).tolist()
        if self._kept[list(places)].all():
            read = [self._read(*each) for each in zip(places, lengths, strict=True)]
            hidden = torch.cat(read).to(self._like.device)
        else:
            with torch.autocast(self._like.device.type, enabled=False):
                hidden = self._decoder.stream_before(batch, self.border)
            parts = torch.split(hidden.cpu(), lengths)
            # Not through the map, where a full disk is a signal that ends the run, and no error.
            with storage_errors(self._path), self._path.open("r+b") as file:
                for place, part in zip(places, parts, strict=True):
                    file.seek(self._start(place))
                    file.write(part.contiguous().view(torch.uint8).numpy().data)
            self._kept[list(places)] = True
        return replace(batch, hidden=hidden, first_block=self.border)

    def saving(self) -> Callable[[], None]:
        """What makes durable what is kept by now, and may do so while more comes."""
        kept = self._kept.tobytes()

        def save() -> None:
            with storage_errors(self._path), self._path.open("r+b") as file:
                os.fsync(file.fileno())
            write_bytes_atomic(self._kept_file, kept)

        return save

    def clear(self) -> None:
        """Remove the files."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self, place: int) -> int:
        return int(self._ends[place - 1]) if place else 0

    def _read(self, place: int, length: int) -> torch.Tensor:
        """(length, C), copied out of the file."""
        part = torch.empty((length, self._like.shape[1]), dtype=self._like.dtype)
        start = self._start(place)
        part.view(torch.uint8).numpy().reshape(-1)[:] = self._streams[start : start + part.nbytes]
        return part


def open_frozen_cache(
    forward: PackedForward,
    folder: Path,
    key: str,
    lengths: Sequence[int] | np.ndarray,
    chosen: Hyperparameters,
    *,
    seen_again: bool,
    tell: Callable[..., None],
) -> FrozenCache | None:
    """The cache in ``folder``, if there are frozen blocks and it serves; else None.

    ``seen_again``: whether examples come a second time. ``tell`` gets one event: how many blocks,
    the bytes that are forecast, and why the cache is not used (None: it is).
    """
    border = first_trained_block(forward.model)
    if not border or not seen_again:
        shutil.rmtree(folder, ignore_errors=True)  # left by a run with other settings, perhaps
        return None
    reason = _obstacle(forward, border, chosen)
    if reason is not None or forward.decoder is None:
        shutil.rmtree(folder, ignore_errors=True)
        tell(blocks=border, bytes=None, not_used=reason)
        return None
    one = EncodedExample("", np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.bool_))
    like = forward.decoder.stream_before(collate([one]).to(forward.causal.device), 0)
    size = int(np.sum(lengths)) * like.nbytes
    folder.mkdir(parents=True, exist_ok=True)
    if size > chosen.frozen_cache_bytes:
        reason = "it would be larger than tuning.frozen_cache_bytes"
    elif size > _MOST_OF_FREE * shutil.disk_usage(folder).free:
        reason = "it would take too much of the disk's free room"
    tell(blocks=border, bytes=size, not_used=reason)
    return None if reason else FrozenCache(folder, key, forward.decoder, border, lengths, like)


def first_trained_block(model: torch.nn.Module) -> int:
    """How many of the lowest blocks depend on nothing that is trained; 0 where embeddings do."""
    causal = causal_model(model)
    blocks = transformer_blocks(causal)
    inside = {id(part) for block in blocks for part in block.parameters()}
    for part in causal.base_model.parameters():
        if part.requires_grad and id(part) not in inside:
            return 0
    trained = [any(part.requires_grad for part in block.parameters()) for block in blocks]
    return trained.index(True) if True in trained else 0


def _obstacle(forward: PackedForward, border: int, chosen: Hyperparameters) -> str | None:
    """Why the streams can't be kept, or None."""
    if forward.decoder is None:
        return f"the model does not take the fast way: {forward.route.reason}"
    dropped = any(each.dropout or each.scores.dropout for each in forward.decoder.blocks[:border])
    if dropped or embedding_dropout(forward.causal.config) or chosen.embedding_noise is not None:
        return "dropout or noise makes each epoch another"
    return None
