"""The documentation is what the code says, and needs nothing from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from laras.errors import LarasError
from laras.recipe.schema import Recipe

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("script", ["recipe_reference", "error_reference", "starter_page"])
def test_generated_pages_are_up_to_date(script: str) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / f"{script}.py", "--check"], timeout=60, check=False
    )
    assert done.returncode == 0, (
        "give `make docs` (`make bench-starter` for the starter), and keep what it writes"
    )


def test_every_key_of_the_recipe_stands_in_its_reference() -> None:
    page = (ROOT / "docs/recipe.md").read_text(encoding="utf-8")
    for name, field in Recipe.model_fields.items():
        assert f"## {name}\n" in page
        for key, inner in getattr(field.annotation, "model_fields", {}).items():
            assert f"| `{key}` |" in page, f"{name}.{key}"
            assert inner.description, f"{name}.{key} has no docstring"


def test_every_exit_code_is_documented() -> None:
    codes = {0, *(kind.exit_code for kind in LarasError.__subclasses__()), LarasError.exit_code}
    for name in ("docs/errors.md", "README.md", "README.id.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert {int(code) for code in re.findall(r"^\| (\d) \|", text, re.MULTILINE)} == codes


def test_the_site_builds_offline_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "-d", tmp_path],
        cwd=ROOT,
        timeout=120,
        check=True,
    )
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) >= 8
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"(?:https?:)?//", text), page


def test_versions_are_pinned_once_and_torch_as_in_the_makefile() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9._-]+==[A-Za-z0-9.]+", pin) for pin in pins)
    names = [pin.split("==")[0] for pin in pins]
    assert names == sorted(set(names))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    torch = next(pin for pin in pins if pin.startswith("torch=="))
    assert f"TORCH := {torch}\n" in makefile


def test_continuous_integration_runs_make_test_and_nothing_else() -> None:
    text = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert re.findall(r"^(?:exec )?(make .*)$", text, re.MULTILINE) == ["make test"]
