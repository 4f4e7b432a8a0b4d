"""The command line as a shell sees it: exit codes, streams, languages, speed."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import click
import pytest

from laras.cli.failures import exit_code
from laras.cli.session import Session
from laras.errors import (
    DataRefused,
    GuardStopped,
    Interrupted,
    LarasError,
    MemoryExhausted,
    ModelRefused,
    StorageFailed,
    UsageError,
)


def laras(
    *arguments: str | Path, cwd: Path, text: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run ``laras`` in a process of its own, in English unless told otherwise."""
    return subprocess.run(
        [sys.executable, "-m", "laras", *map(str, arguments)],
        cwd=cwd,
        input=text,
        env={**os.environ, "LARAS_LANG": "en", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_is_quick_and_imports_nothing_heavy(tmp_path: Path) -> None:
    code = """
        import sys
        from laras.cli.main import main
        assert main(["--help"]) == 0
        heavy = {"torch", "transformers", "pydantic", "rich", "daft", "pyarrow", "numpy",
                 "ruamel", "psutil", "jinja2"}
        print(sorted(heavy & {name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
    """
    seconds = []
    for _attempt in range(3):
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        seconds.append(time.perf_counter() - began)
        assert done.stderr.strip() == "[]"
    assert min(seconds) < 1.0  # 0.1 s on an idle machine; the bound is for a busy one


def test_importing_laras_imports_nothing_heavy(tmp_path: Path) -> None:
    code = "import laras, sys; print(sorted({'torch', 'pydantic', 'daft'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_help_speaks_indonesian_when_asked_by_option_or_environment(tmp_path: Path) -> None:
    by_option = laras("--lang", "id", "run", "--help", cwd=tmp_path).stdout
    after_verb = laras("run", "--lang=id", "--help", cwd=tmp_path).stdout
    by_environment = laras("run", "--help", cwd=tmp_path, LARAS_LANG="id").stdout
    assert by_option == after_verb == by_environment
    assert "Pemakaian:" in by_option
    assert by_option != laras("run", "--help", cwd=tmp_path).stdout


def test_an_error_is_shown_with_place_hint_and_identifier(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("data:\n  sources:\n    - document: a\n")
    done = laras("prepare", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    for part in ("recipe.yaml:3:7", "Did you mean 'documents'?", "[recipe.unknown-key]"):
        assert part in done.stderr
    assert "\x1b[" not in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_is_json_for_programs(tmp_path: Path) -> None:
    done = laras("run", "absent.yaml", "--json", cwd=tmp_path)
    assert done.returncode == 2
    error = json.loads(done.stdout)
    assert (error["error"], error["where"], error["exit_code"]) == (
        "recipe.not-found",
        "absent.yaml",
        2,
    )


def test_a_wrong_option_is_a_usage_error_also_in_json(tmp_path: Path) -> None:
    assert laras("run", "--sett", "a=b", cwd=tmp_path).returncode == 2
    done = laras("rum", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"] == "cli.usage"


@pytest.mark.parametrize(
    ("typed", "meant"), [("perpare", "prepare"), ("inspekt", "inspect"), ("train", "run")]
)
def test_a_mistyped_verb_is_told_with_the_one_that_was_meant(
    typed: str, meant: str, tmp_path: Path
) -> None:
    done = laras(typed, cwd=tmp_path)
    assert done.returncode == 2
    assert f"Did you mean '{meant}'?" in done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LarasError("a.b", "what"), 1),
        (UsageError("a.b", "what"), 2),
        (ModelRefused("a.b", "what"), 2),
        (DataRefused("a.b", "what"), 3),
        (GuardStopped("a.b", "what"), 4),
        (Interrupted("a.b", "what"), 5),
        (StorageFailed("a.b", "what"), 6),
        (MemoryExhausted("a.b", "what"), 7),
        (KeyboardInterrupt(), 5),
        (click.Abort(), 5),
        (MemoryError(), 7),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), 7),
        (OSError(errno.ENOSPC, "No space left on device", "file"), 6),
        (click.UsageError("no"), 2),
        (SystemExit(3), 3),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_each_kind_of_error_has_its_exit_code(error: BaseException, code: int) -> None:
    assert exit_code(error, Session()) == code


def test_an_unexpected_error_is_short_and_its_traceback_is_kept_in_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(ZeroDivisionError("oops"), Session(run_folder=tmp_path)) == 1
    shown = capsys.readouterr().err
    (file,) = tmp_path.glob("traceback-*.txt")
    assert "ZeroDivisionError" in shown
    assert str(file) in shown
    assert "Traceback" not in shown
    assert "oops" in file.read_text()


def test_debugging_shows_the_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LARAS_DEBUG", "1")
    try:
        raise ZeroDivisionError("oops")
    except ZeroDivisionError as error:
        exit_code(error, Session(run_folder=tmp_path))
    assert "Traceback" in capsys.readouterr().err


def test_the_schema_is_printed_as_json(tmp_path: Path) -> None:
    schema = json.loads(laras("schema", cwd=tmp_path).stdout)
    assert "tuning" in schema["properties"]


def test_the_report_of_no_run_is_refused(tmp_path: Path) -> None:
    done = laras("chat", tmp_path, cwd=tmp_path)
    assert done.returncode == 2
    assert "[runs.not-found]" in done.stderr


def test_a_reader_that_leaves_causes_no_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m laras schema | head -c 10",
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_a_terminal_that_claims_to_know_ascii_only_causes_no_crash(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("tüning: 1\n", encoding="utf-8")
    done = laras("run", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert "ning is not known" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_does_no_harm(closed: str, tmp_path: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m laras schema {closed}",
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_leaves_after_one_line_is_no_failure(tmp_path: Path) -> None:
    code = "import sys; from laras.cli.main import main; sys.exit(main(['schema']))"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), error) == (0, b"")


def test_a_broken_pipe_within_the_work_is_not_taken_for_done(tmp_path: Path) -> None:
    assert exit_code(BrokenPipeError(errno.EPIPE, "a child"), Session(run_folder=tmp_path)) == 1


@pytest.mark.parametrize("verb", ["prepare", "report", "chat"])
def test_a_run_folder_with_too_long_a_name_is_refused(verb: str, tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("data:\n  sources:\n    - documents: a\n")
    folder = "x" * 300
    given = ["recipe.yaml", "--run", folder] if verb == "prepare" else [folder]
    done = laras(verb, *given, cwd=tmp_path)
    assert done.returncode in (2, 6)
    assert "[runs." in done.stderr


def test_sigterm_before_the_training_is_told_and_has_its_code(tmp_path: Path) -> None:
    code = """
        import os, signal, time
        from laras import workflow
        from laras.cli.main import main
        def wait(*arguments, **options):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(30)
        workflow.prepare = wait
        before = signal.getsignal(signal.SIGTERM)
        code = main(["prepare", "recipe.yaml"])
        assert signal.getsignal(signal.SIGTERM) == before
        raise SystemExit(code)
    """
    (tmp_path / "recipe.yaml").write_text("data:\n  sources:\n    - documents: a\n")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=tmp_path,
        env={**os.environ, "LARAS_LANG": "en"},
        capture_output=True,
        text=True,
        timeout=25,
        check=False,
    )
    assert done.returncode == 5
    assert "Stopped." in done.stderr
    assert "[cli.interrupted]" in done.stderr


def test_an_error_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    error = UsageError("a.b", "\x1b[2J!", where="x\x9b\u202e", hint="one\ntwo\x07")
    exit_code(error, Session())
    shown = capsys.readouterr().err
    assert "\\x1b[2J!" in shown
    assert "x\\x9b\\u202e" in shown
    assert "  two\\x07" in shown
    assert "\x1b[2J" not in shown


@pytest.mark.fault(11)
def test_ctrl_c_while_a_bar_is_shown_has_its_code_and_gives_the_terminal_back(
    tmp_path: Path,
) -> None:
    """A bar holds the standard streams, which is no reader that left."""
    code = """
        import sys
        from rich.console import Console
        from laras import workflow
        from laras.cli.main import main
        def interrupted(*arguments, progress, **options):
            progress._console = Console(stderr=True, force_terminal=True)
            progress.stage("Reading", 3)
            raise KeyboardInterrupt
        workflow.prepare = interrupted
        streams = sys.stdout, sys.stderr
        code = main(["prepare", "recipe.yaml"])
        assert (sys.stdout, sys.stderr) == streams
        raise SystemExit(code)
    """
    (tmp_path / "recipe.yaml").write_text("data:\n  sources:\n    - documents: a\n")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=tmp_path,
        env={**os.environ, "LARAS_LANG": "en"},
        capture_output=True,
        text=True,
        timeout=25,
        check=False,
    )
    assert done.returncode == 5, done.stderr
    assert "[cli.interrupted]" in done.stderr
    assert "Broken pipe" not in done.stderr
    assert done.stderr.rfind("\x1b[?25h") > done.stderr.rfind("\x1b[?25l"), "the cursor is hidden"
