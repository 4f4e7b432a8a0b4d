"""The main job on real data: documents, a labelled set, chats in another language.

    python benchmarks/real_inputs.py --material FOLDER --runs FOLDER [NAME ...]

``--material`` holds docling's test documents, the Indonesian React documentation, banking77,
XPersona and the 260,032-parameter story model (all public; none of them ships with Laras).
``NAME``: documents, banking77, stories; default all. An interrupted run continues.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import laras
from laras.cli.outcome import show_finished
from laras.cli.progress import TerminalProgress
from laras.cli.session import Session


def documents(material: Path) -> dict[str, Any]:
    """Domain adaptation of the starter to mixed documents, held out by document."""
    formats = ("html", "md", "docx", "pdf", "csv")
    folders = [str(material / "documents/docling" / name / "sources") for name in formats]
    return {
        "preset": "documents",
        "data": {
            "sources": [
                {"documents": folders, "name": "docling"},
                {"documents": [str(material / "indonesian/id.react.dev")], "name": "react"},
            ],
            "max_rejected_share": 0.5,
        },
        "tuning": {"epochs": 0.4, "batch_tokens": 4096},
        "comparison": {"contenders": ["base", "full"]},
    }


def banking77(material: Path) -> dict[str, Any]:
    """77 intents, with the data set's own train and test files."""
    folder = material / "classification/banking77"
    return {
        "preset": "classification",
        "data": {
            "sources": [{"examples": [str(folder / "train.csv")], "name": "train"}],
            "test": [{"examples": [str(folder / "test.csv")], "name": "test"}],
        },
        "tuning": {"epochs": 2, "batch_tokens": 2048},
        "comparison": {"contenders": ["base", "lora", "full"]},
    }


def stories(material: Path) -> dict[str, Any]:
    """An English story model of 260,032 parameters tuned on Indonesian small talk."""
    chats = material / "chat-logs/xpersona/Id_persona_valid.json"
    return {
        "preset": "chat",
        "model": {"base": str(material / "models/stories260K")},
        "data": {"sources": [{"conversations": [str(chats)], "name": "xpersona"}]},
        "tuning": {"epochs": 3, "batch_tokens": 4096, "learning_rate": 5e-3},
        "evaluation": {"max_new_tokens": 32},
        "comparison": {"contenders": ["base", "full"]},
    }


RECIPES = {"documents": documents, "banking77": banking77, "stories": stories}


def main() -> None:
    """Run what is asked for, and print each table and the leak against the test."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--material", type=Path, required=True)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("names", nargs="*", default=list(RECIPES), choices=list(RECIPES))
    options = parser.parse_args()
    for name in options.names:
        print(f"== {name}")
        finished = laras.run(
            RECIPES[name](options.material.resolve()),
            run_folder=options.runs / name,
            progress=TerminalProgress(),
        )
        show_finished(finished, Session())
        audit = laras.Run.read(finished.folder).read_json("data/audit.json")
        print("test rows that also stand in train:", audit["leak"].get("test_rows_also_in_train"))


if __name__ == "__main__":
    main()
