"""An organisation's documents, its chats and journal articles, in one recipe and one data set.

    python benchmarks/three_sources.py --material FOLDER --run FOLDER

``--material`` holds docling's test documents, the Indonesian React documentation, chat-miner's chat
exports, schema-guided service dialogues, XPersona and PubMedQA (all public; none ships with Laras).
Prints the account of the data, and counts everything again from the files of the run.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import laras
from laras.cli.inspected import show_counts
from laras.cli.outcome import show_data
from laras.cli.progress import TerminalProgress
from laras.cli.session import Session
from laras.inspection import Inspector

# Formats in which docling's sources are documents rather than articles.
_DOCUMENTS = ("csv", "docx", "email", "epub", "html", "md", "pdf", "pptx", "webvtt", "xlsx")
_EXPORTS = ("whatsapp", "telegram", "signal", "instagram")


def recipe(material: Path) -> dict[str, Any]:
    """The three sources that the recipe of an organisation would name."""
    docling = material / "documents/docling"
    chats = material / "chat-logs"
    documents = [str(docling / name / "sources") for name in _DOCUMENTS]
    return {
        "data": {
            "sources": [
                {
                    "name": "documents",
                    "documents": [*documents, str(material / "indonesian/id.react.dev")],
                    "pairs": ["questions", "sections", "definitions", "rows"],
                },
                {
                    "name": "chat exports",
                    "conversations": [str(chats / "chat-exports" / name) for name in _EXPORTS],
                },
                {
                    "name": "service dialogues",
                    "conversations": [str(chats / "dstc8-sgd"), str(chats / "xpersona")],
                },
                {
                    "name": "journal articles",
                    "articles": [str(docling / "jats/sources")],
                    "pairs": ["abstracts", "sections"],
                },
                {
                    "name": "questions about articles",
                    "examples": [str(material / "classification/pubmedqa/ori_pqal.json")],
                    "columns": {"question": "QUESTION", "answer": "LONG_ANSWER"},
                },
            ],
        },
        "preparation": {"personal_data": "report"},
    }


def main() -> None:
    """Prepare, then recount."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--material", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    options = parser.parse_args()
    laras.prepare(
        recipe(options.material.resolve()), run_folder=options.run, progress=TerminalProgress()
    )
    show_data(options.run, Session())
    counts = Inspector(options.run).recount()
    show_counts(counts)
    if not all(count.agrees for count in counts):
        raise SystemExit("the account of the data is wrong")


if __name__ == "__main__":
    main()
