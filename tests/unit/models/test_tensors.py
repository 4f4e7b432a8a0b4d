"""Tensors on the disk: the very bytes that the library writes, and their hash on the way."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from laras.errors import StorageFailed
from laras.models import streaming
from laras.models.tensors import write_tensors

KINDS = [
    *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.float8_e4m3fn),
]


def of_all_kinds() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    made = {f"kind {kind} é": (torch.randn(3, 5) * 9).to(kind) for kind in KINDS}
    return {
        **made,
        "scalar": torch.tensor(3.5),
        "nothing": torch.empty(0, 4),
        "turned": torch.arange(12.0).reshape(3, 4).t(),
        "large": torch.randn(2750, 1000),  # more than one piece, and than is staged at once
    }


@pytest.mark.parametrize("way", ["cached", "past the cache", "refused when written"])
def test_the_file_is_the_librarys_to_the_byte_and_its_hash_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way != "cached":
        monkeypatch.setattr(streaming, "_DIRECT_FROM_BYTES", 1)
    if way == "refused when written":  # as by a disk with larger blocks
        monkeypatch.setattr(streaming, "_ALIGNMENT", 1)
        monkeypatch.setattr(streaming, "_aligned", lambda size: np.empty(size + 1, np.uint8)[1:])
    tensors = of_all_kinds()
    facts = write_tensors(tmp_path / "own", tensors)
    save_file({name: part.contiguous() for name, part in tensors.items()}, tmp_path / "library")
    content = (tmp_path / "own").read_bytes()
    assert content == (tmp_path / "library").read_bytes()
    assert facts.bytes == len(content)
    assert facts.sha256 == hashlib.sha256(content).hexdigest()
    found = load_file(tmp_path / "own")
    for name, part in tensors.items():
        assert found[name].dtype == part.dtype
        assert torch.equal(found[name].double(), part.double())


def test_parameters_are_written_as_what_they_hold(tmp_path: Path) -> None:
    write_tensors(tmp_path / "file", {"a": torch.nn.Parameter(torch.ones(3))})
    assert load_file(tmp_path / "file")["a"].tolist() == [1.0] * 3


def test_who_is_called_on_the_way_can_end_it(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []

    def on_the_way(written: int, size: int) -> None:
        told.append((written, size))
        if len(told) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_tensors(tmp_path / "file", of_all_kinds(), on_the_way)
    written = [done for done, _size in told]
    assert written == sorted(written)
    assert written[0] == 0 < written[-1] == (tmp_path / "file").stat().st_size < told[0][1]


def test_a_place_that_takes_nothing_is_a_storage_failure(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed) as raised:
        write_tensors(Path("/dev/full"), {"a": torch.ones(3)})
    assert raised.value.identifier == "runs.disk-full"
    with pytest.raises(StorageFailed):
        write_tensors(tmp_path / "nowhere" / "file", {"a": torch.ones(3)})
