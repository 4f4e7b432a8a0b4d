"""Tensors to a safetensors file, hashed while they are written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import numpy as np
import torch

from laras.models.streaming import StreamedFile
from laras.runs.failures import storage_errors
from laras.runs.hashing import FileFacts

# Words of the format (huggingface/safetensors, README, "Format"), in the order in which the library
# lays them out, last first: the widest come first, so that all of them are aligned.
_WORDS = {
    torch.bool: "BOOL",
    torch.uint8: "U8",
    torch.int8: "I8",
    torch.float8_e5m2: "F8_E5M2",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.int16: "I16",
    torch.uint16: "U16",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int32: "I32",
    torch.uint32: "U32",
    torch.float32: "F32",
    torch.complex64: "C64",
    torch.float64: "F64",
    torch.int64: "I64",
    torch.uint64: "U64",
}
_ORDER = {dtype: place for place, dtype in enumerate(_WORDS)}
_ALIGNMENT = 8
_PIECE_BYTES = 4 << 20


def _nothing(written: int, size: int) -> None:
    """For who does nothing on the way."""


def write_tensors(
    path: Path,
    tensors: Mapping[str, torch.Tensor],
    on_the_way: Callable[[int, int], None] = _nothing,
) -> FileFacts:
    """Write ``tensors``, wherever they live, to ``path``, durably: the very bytes that
    ``safetensors.torch.save_file`` writes.

    The library's own function would have the file read again for its hash, and can't be stopped.
    ``on_the_way`` is called with the bytes that are written and those of the whole file before
    each piece of it; what it raises ends the writing. Raises StorageFailed.
    """
    ordered = sorted(tensors.items(), key=lambda item: (-_ORDER[item[1].dtype], item[0]))
    header, ends = {}, 0
    for name, tensor in ordered:
        begins, ends = ends, ends + tensor.nbytes
        header[name] = {
            "dtype": _WORDS[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [begins, ends],
        }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % _ALIGNMENT)
    size = 8 + len(text) + ends
    written = 0
    with storage_errors(path), closing(StreamedFile(path, size)) as file:
        for piece in _pieces(len(text).to_bytes(8, "little") + text, ordered):
            on_the_way(written, size)
            file.write(piece)
            written += len(piece)
        return file.finish()


def _pieces(begin: bytes, ordered: list[tuple[str, torch.Tensor]]) -> Iterator[np.ndarray]:
    """The file's content, in bytes; tensors that live elsewhere are fetched one after the other."""
    yield from _cut(np.frombuffer(begin, dtype=np.uint8))
    for _name, tensor in ordered:
        plain = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        yield from _cut(plain.numpy())


def _cut(content: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(content), _PIECE_BYTES):
        yield content[start : start + _PIECE_BYTES]
