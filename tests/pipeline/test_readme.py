"""The README: its commands are run, its recipe is loaded, its links lead somewhere."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from laras.recipe.load import load_recipe

ROOT = Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.id.md")
BLOCK = re.compile(
    r"(?P<excuse><!-- not run: .+? -->\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```", re.DOTALL | re.M
)
# So that a test takes seconds: it is about the commands, not about the figures.
SMALL = {
    "tuning.max_steps": 2,
    "evaluation.max_rows": 4,
    "evaluation.max_new_tokens": 4,
    "evaluation.bootstrap_samples": 100,
}
WRAPPER = """\
#!/bin/sh
case "$1" in
  demo|run|prepare|tune|evaluate) exec {python} -m laras "$@" {small} ;;
  chat) exec {python} -m laras "$@" --max-new-tokens 4 ;;
  *) exec {python} -m laras "$@" ;;
esac
"""


def blocks(readme: str, kinds: tuple[str, ...], *, excused: bool = False) -> list[str]:
    text = (ROOT / readme).read_text(encoding="utf-8")
    return [
        match["text"]
        for match in BLOCK.finditer(text)
        if match["kind"] in kinds and (excused or not match["excuse"])
    ]


def commands(readme: str, *, excused: bool = False) -> list[str]:
    """Lines after a prompt in console blocks, and whole bash blocks."""
    found = []
    for text in blocks(readme, ("console",), excused=excused):
        found += [line[2:] for line in text.splitlines() if line.startswith("$ ")]
    return found + blocks(readme, ("bash",), excused=excused)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the table that the README speaks of, and a laras that asks for little."""
    with (tmp_path / "faq.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("question", "answer"))
        for day in range(1, 29):
            for topic in ("card", "loan", "account", "branch"):
                rows.writerow(
                    (
                        f"What happens to my {topic} on day {day} of the month?",
                        f"On day {day} we look at every {topic} and write to its owner.",
                    )
                )
    program = tmp_path / "bin" / "laras"
    program.parent.mkdir()
    settings = " ".join(f"--set {key}={value}" for key, value in SMALL.items())
    program.write_text(WRAPPER.format(python=sys.executable, small=settings), encoding="utf-8")
    program.chmod(0o755)
    return tmp_path


def test_every_command_of_the_readme_runs(place: Path) -> None:
    environment = {
        **os.environ,
        "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]),
        "LARAS_LANG": "en",
    }
    given = commands("README.md")
    assert any(command.startswith("laras run") for command in given)
    for command in given:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=place,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    report = (place / "runs/support/report.html").read_text(encoding="utf-8")
    assert '<html lang="id">' in report


def test_a_command_that_is_not_run_says_why() -> None:
    silent = set(commands("README.md", excused=True)) - set(commands("README.md"))
    assert silent == {"make demo", "laras run recipe.yaml", "laras plan support/recipe.yaml"}


def test_both_languages_give_the_same_commands_and_recipe() -> None:
    english, indonesian = (
        [re.sub(r'"[^"]*"', '""', command) for command in commands(readme, excused=True)]
        for readme in READMES
    )
    assert english == indonesian
    recipes = [
        [re.sub(r" *#.*", "", text) for text in blocks(readme, ("yaml",))] for readme in READMES
    ]
    assert recipes[0] == recipes[1]


@pytest.mark.parametrize("readme", READMES)
def test_the_recipe_of_the_readme_is_valid(readme: str, place: Path) -> None:
    (text,) = blocks(readme, ("yaml",))
    (place / "recipe.yaml").write_text(text, encoding="utf-8")
    loaded = load_recipe(place / "recipe.yaml")
    assert [contender.kind for contender in loaded.recipe.comparison.contenders] == [
        "base",
        "lora",
        "full",
    ]


@pytest.mark.parametrize("readme", [*READMES, "CONTRIBUTING.md"])
def test_links_lead_to_files_that_are_there(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


@pytest.mark.parametrize("readme", READMES)
def test_the_readmes_name_every_preset_and_contender(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    presets = {path.stem for path in (ROOT / "src/laras/recipe/presets").glob("*.yaml")}
    for name in presets | {"base", "lora", "full", "freeze"}:
        assert f"| `{name}` |" in text, name
