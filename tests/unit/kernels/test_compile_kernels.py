"""The C kernels are compiled once, by whoever asks first; what others could have written is not
loaded; and without a compiler torch computes in their place."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from laras.kernels import compile_kernels, elementwise

needs_c = pytest.mark.skipif(elementwise.backend() != "c", reason=elementwise.description())

COMPUTE = """
import torch
from laras.kernels import elementwise
x = torch.randn(4, 5)
out = torch.empty(4, 5)
elementwise.gate(x, x, "silu", out)
assert torch.allclose(out, torch.nn.functional.silu(x) * x, atol=1e-6)
print(elementwise.backend(), elementwise.description(), sep="\\n")
with open("/proc/self/maps") as maps:
    print(len({line.split()[-1] for line in maps if "libgomp" in line or "libomp" in line}))
"""
COMPILE = """
import sys
from pathlib import Path
from laras.kernels import compile_kernels
compile_kernels._FOLDER = Path(sys.argv[1])
print(compile_kernels.load().function("answer", "")())
"""


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("CC", "LARAS_KERNELS", "LARAS_LANG")}
    return subprocess.Popen(
        [sys.executable, "-c", *arguments],
        env=kept | {"LC_ALL": "C"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(process: subprocess.Popen[str]) -> list[str]:
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, ""), err
    return out.splitlines()


@needs_c
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_library_shares_the_openmp_runtime_of_torch() -> None:
    backend, _description, runtimes = told(start(COMPUTE))
    assert (backend, runtimes) == ("c", "1")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_without_a_compiler_torch_computes_and_the_reason_is_told(tmp_path: Path) -> None:
    backend, description, _runtimes = told(start(COMPUTE, PATH=str(tmp_path)))
    assert backend == "torch"
    assert "No C compiler was found" in description


@pytest.fixture
def small_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source that compiles in an instant, and an empty cache."""
    if elementwise.backend() != "c":
        pytest.skip(elementwise.description())
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "kernels.c").write_text("long answer(void) { return 42; }\n")
    monkeypatch.setattr(compile_kernels, "_FOLDER", tmp_path / "source")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path


def answer() -> object:
    loaded = compile_kernels.load()
    function = loaded.function("answer", "")
    return function() if function else loaded.reason


def cached(small_source: Path) -> list[Path]:
    return sorted(small_source.rglob("*.so"))


def test_two_processes_that_compile_at_once_both_get_a_whole_library(small_source: Path) -> None:
    both = [start(COMPILE, str(small_source / "source")) for _ in range(2)]
    assert [told(process) for process in both] == [["42"], ["42"]]
    left = [path for path in small_source.rglob("*") if "kernels-" in path.name]
    assert left == cached(small_source)
    assert {path.parent.stat().st_mode & 0o777 for path in left} == {0o700}


def test_a_library_is_compiled_once(small_source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer() == 42
    (library,) = cached(small_source)
    before = library.stat().st_mtime_ns
    monkeypatch.setattr(compile_kernels, "_compile", lambda *_: pytest.fail("compiled again"))
    assert answer() == 42
    assert library.stat().st_mtime_ns == before


def compiler() -> str | None:
    return shutil.which("gcc") or shutil.which("cc") or shutil.which("clang")


def change_source(small_source: Path, number: int) -> None:
    source = small_source / "source" / "kernels.c"
    source.write_text(f"long answer(void) {{ return {number}; }}\n")


def make_old(path: Path) -> None:
    before = time.time() - compile_kernels._KEPT_S - 60
    os.utime(path, (before, before))


def test_a_changed_source_is_compiled_anew(small_source: Path) -> None:
    assert answer() == 42
    change_source(small_source, 43)
    assert answer() == 43
    assert len(cached(small_source)) == 2  # another version may be in use beside this one


def test_a_new_library_takes_the_place_of_old_ones_of_other_sources(
    small_source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answer() == 42
    (other_source,) = cached(small_source)
    in_use = compile_kernels.load().function("answer", "")
    folder = other_source.parent
    not_ours = [folder / "kernels-notes.so", folder / f"{other_source.stem}.so.txt"]
    for path in not_ours:
        path.write_text("")
    change_source(small_source, 43)
    assert answer() == 43
    (same_source,) = set(cached(small_source)) - {other_source, *not_ours}
    for path in (other_source, same_source, *not_ours):
        make_old(path)
    # The same source for another compiler, or CPU.
    monkeypatch.setenv("CC", f"{compiler()} -DANOTHER")
    assert answer() == 43
    left = set(folder.iterdir())
    assert other_source not in left
    assert left > {same_source, *not_ours}
    assert len(left) == 4
    assert in_use is not None
    assert in_use() == 42
    change_source(small_source, 42)
    assert answer() == 42


def test_what_cannot_be_deleted_stays_and_is_no_error(
    small_source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answer() == 42
    (other_source,) = cached(small_source)
    make_old(other_source)
    # A folder of the name of a library, which nobody can unlink, and a link to nothing.
    stem = f"kernels-{'0' * 32}-{'0' * 32}"
    folder = other_source.parent / f"{stem}-{'0' * 32}.so"
    folder.mkdir()
    make_old(folder)
    (other_source.parent / f"{stem}-{'1' * 32}.so").symlink_to(small_source / "nowhere")
    change_source(small_source, 43)
    assert answer() == 43
    assert folder.exists()
    assert not other_source.exists()


def test_a_library_that_another_process_deletes_meanwhile_is_compiled_anew(
    small_source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answer() == 42
    (library,) = cached(small_source)
    is_ours = compile_kernels._is_ours

    def late(path: Path) -> bool:
        if path == library:
            monkeypatch.setattr(compile_kernels, "_is_ours", is_ours)
            path.unlink()
        return is_ours(path)

    monkeypatch.setattr(compile_kernels, "_is_ours", late)
    assert answer() == 42
    assert cached(small_source) == [library]


@pytest.mark.parametrize("kept", [0, 700])
def test_a_truncated_library_is_compiled_anew(small_source: Path, kept: int) -> None:
    assert answer() == 42
    (library,) = cached(small_source)
    content = library.read_bytes()
    library.unlink()  # this process has it mapped
    library.write_bytes(content[:kept])
    assert answer() == 42
    assert library.stat().st_size > 700


def test_a_library_that_others_could_have_written_is_not_loaded(small_source: Path) -> None:
    assert answer() == 42
    (library,) = cached(small_source)
    library.chmod(0o777)
    assert answer() == 42
    (again,) = cached(small_source)
    assert again.stat().st_mode & 0o022 == 0, "not compiled anew"
    if os.getuid() == 0:
        os.chown(again, 12345, 12345)
        assert answer() == 42
        assert again.stat().st_uid == 0


def test_a_folder_that_others_can_write_to_is_not_used(small_source: Path) -> None:
    folder = small_source / "home" / "Library" / "Caches" / "laras"
    if sys.platform != "darwin":
        folder = small_source / "cache" / "laras"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    assert answer() == 42
    assert cached(small_source) == []


def test_what_the_compiler_refuses_is_told_and_leaves_nothing(small_source: Path) -> None:
    (small_source / "source" / "kernels.c").write_text("long answer(void) { return wrong; }\n")
    assert "wrong" in str(answer())
    assert [path for path in small_source.rglob("*") if "kernels-" in path.name] == []


def test_an_own_compiler_may_have_arguments_and_the_switch_turns_c_off(
    small_source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", f"{compiler()} -DARGUMENT=1")
    (small_source / "source" / "kernels.c").write_text("long answer(void) { return ARGUMENT; }\n")
    assert answer() == 1
    monkeypatch.setenv("LARAS_KERNELS", "torch")
    assert answer() == "LARAS_KERNELS=torch is set."
