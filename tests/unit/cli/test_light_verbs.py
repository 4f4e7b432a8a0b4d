"""Verbs that need no model load none of the libraries for models: these cost seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

HEAVY = {"torch", "transformers", "peft", "bitsandbytes"}


def loaded_by(*verbs: list[str], cwd: Path) -> str:
    """Which of the heavy libraries one process has loaded after all of ``verbs``."""
    code = f"""
        import sys
        from laras.cli.main import main
        for verb in {list(verbs)!r}:
            assert main(verb) == 0, verb
        found = {HEAVY!r} & {{name.partition(".")[0] for name in sys.modules}}
        print(sorted(found), file=sys.stderr)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=cwd,
        env={**os.environ, "LARAS_LANG": "en"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize("verb", [["--help"], ["schema"], ["tune", "--help"], ["doctor", "--json"]])
def test_a_question_loads_no_library_for_models(tmp_path: Path, verb: list[str]) -> None:
    assert loaded_by(verb, cwd=tmp_path) == "[]"


def test_preparing_counting_and_reporting_load_no_library_for_models(tmp_path: Path) -> None:
    rows = [f"pertanyaan nomor {n},jawaban nomor {n}" for n in range(40)]
    (tmp_path / "rows.csv").write_text("\n".join(["question,answer", *rows]), encoding="utf-8")
    (tmp_path / "recipe.yaml").write_text("data:\n  sources:\n    - examples: rows.csv\n")
    run = ["runs/light"]
    verbs = [
        ["prepare", "recipe.yaml", "--run", *run],
        ["inspect", *run, "--recount"],
        ["inspect", *run, "--ledger"],
        ["report", *run],
    ]
    assert loaded_by(*verbs, cwd=tmp_path) == "[]"
