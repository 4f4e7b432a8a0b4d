"""Raw texts laid out as files that Laras's own readers take, one for each text and split.

A folder of texts holds UTF-8 files whose documents are parted by a line ``<|doc|>``; in
dialogues, lines begin with ``User: `` or ``Assistant: ``. Novels are plain files, one a book.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from starter.mix import NOVELS, source_of

Row = dict[str, Any]

# Documents that watch the training: about one in so many of each text, chosen by their content.
VALIDATION_ONE_IN = 80
VALIDATION_NOVELS = 2
_NOVEL_VALIDATION_CHARACTERS = 60_000
_PASSAGE_CHARACTERS = 16_000  # about four windows of the model's context
_SPEAKERS = {"User: ": "user", "Assistant: ": "assistant"}
# Texts whose documents are lists of unrelated sentences: a sentence counts, not the document.
_OF_SENTENCES = ("id_tatoeba", "en_tatoeba", "iden_tatoeba_pairs")
_LEAST_SENTENCE = 12  # characters; "Terima kasih." may stand everywhere


def lay_out(
    entries: Iterable[str], texts: Path, novels: Path | None, heldout: Path, folder: Path
) -> Row:
    """Write the texts of ``entries`` of the mix to ``folder``/{train,validation,heldout}; returns
    what was counted.

    Raises FileNotFoundError where one is not in ``texts``.
    """
    held = set(_held_out_sentences(heldout))
    counts: Row = {"sentences_of_heldout_left_out": 0}
    for name in dict.fromkeys(source_of(entry) for entry in entries if "(made)" not in entry):
        if name == NOVELS:
            continue
        kept = []
        for document in read_documents(texts / f"{name}.txt"):
            if name in _OF_SENTENCES:
                document, dropped = _without(document, held)
                counts["sentences_of_heldout_left_out"] += dropped
            if document:
                kept.append(row_of(document))
        _write_split(folder, name, kept)
    if novels is not None:
        _write_novels(folder, sorted(novels.rglob("*.txt")))
    _write_heldout(folder / "heldout", heldout)
    return counts


def read_documents(path: Path) -> list[str]:
    """The documents of one file."""
    parts = path.read_text("utf-8").split("\n<|doc|>\n")
    return [part for part in (p.replace("<|doc|>", "").strip() for p in parts) if part]


def row_of(document: str) -> Row:
    """``{"messages": ...}`` for what is a dialogue throughout, else ``{"text": ...}``."""
    messages: list[dict[str, str]] = []
    for line in filter(None, document.splitlines()):
        speaker = next((prefix for prefix in _SPEAKERS if line.startswith(prefix)), None)
        if speaker is None:
            return {"text": document}
        role = _SPEAKERS[speaker]
        if messages and messages[-1]["role"] == role:
            return {"text": document}
        messages.append({"role": role, "content": line.removeprefix(speaker)})
    turns = messages[: len(messages) - (messages[-1]["role"] == "user")]
    if len(turns) < 2 or turns[0]["role"] != "user":
        return {"text": document}
    return {"messages": turns}


def transcript(messages: Iterable[tuple[str, str]]) -> str:
    """A dialogue of (role, content) as lines of ``User: `` and ``Assistant: ``."""
    return "\n".join(f"{role.capitalize()}: {content}" for role, content in messages)


def novel_passages(text: str) -> Iterator[str]:
    """Passages of whole paragraphs; lines that were cut at a width are joined."""
    lines = text.replace("\r\n", "\n").split("\n")
    lengths = sorted(len(line) for line in lines if line.strip())
    width = lengths[int(0.95 * len(lengths))] if lengths else 0
    has_blank = text.count("\n\n") > len(lengths) / 200
    separator = "\n\n" if has_blank else "\n"
    paragraphs = _joined(lines, width) if width <= 95 else [line for line in lines if line.strip()]
    passage: list[str] = []
    size = 0
    for paragraph in paragraphs:
        passage.append(" ".join(paragraph.split()))
        size += len(passage[-1]) + len(separator)
        if size >= _PASSAGE_CHARACTERS:
            yield separator.join(passage)
            passage, size = [], 0
    if passage:
        yield separator.join(passage)


def _joined(lines: list[str], width: int) -> Iterator[str]:
    """Paragraphs of lines that end near column ``width``. A blank line parts them, and so does a
    line that stops short at the end of a sentence: some files have no blank lines."""
    paragraph: list[str] = []
    for line in lines:
        if line.strip():
            paragraph.append(line.strip())
        ends = re.search(r"[.!?:;'\"”’)-]$", line.strip()) or line.isupper()
        if paragraph and (not line.strip() or (len(line) < 0.8 * width and ends)):
            yield " ".join(paragraph)
            paragraph = []
    if paragraph:
        yield " ".join(paragraph)


def _write_split(folder: Path, name: str, rows: list[Row]) -> None:
    # Parallel sentences stand in other files too, so that none of these watches the training.
    every = 0 if name == "iden_tatoeba_pairs" else VALIDATION_ONE_IN
    split: dict[str, list[Row]] = {"train": [], "validation": []}
    for row in rows:
        number = int(hashlib.sha256(json.dumps(row).encode()).hexdigest()[:8], 16)
        split["validation" if every and number % every == 0 else "train"].append(row)
    for role, members in split.items():
        _write_rows(folder / role, name, members)


def _write_novels(folder: Path, paths: list[Path]) -> None:
    def by_content(path: Path) -> str:
        return hashlib.sha256(path.stem.encode()).hexdigest()

    watched = set(sorted(paths, key=by_content)[:VALIDATION_NOVELS]) if len(paths) > 8 else set()
    split: dict[str, list[Row]] = {"train": [], "validation": []}
    for path in paths:
        size = 0
        for passage in novel_passages(path.read_text("utf-8-sig", "replace")):
            role = "validation" if path in watched else "train"
            if path in watched and size > _NOVEL_VALIDATION_CHARACTERS:
                break
            size += len(passage)
            split[role].append({"text": passage, "group": path.stem})
    for role, members in split.items():
        _write_rows(folder / role, NOVELS, members)


def _write_heldout(folder: Path, heldout: Path) -> None:
    """Every held-out document as it would look among the texts, so that equal ones are found."""
    for path in sorted(heldout.glob("*.txt")):
        _write_rows(folder, path.stem, [row_of(document) for document in read_documents(path)])
    passages = [
        {"text": passage, "group": path.stem}
        for path in sorted((heldout / "en_prose").glob("*.txt"))
        for passage in novel_passages(path.read_text("utf-8-sig", "replace"))
    ]
    _write_rows(folder, "en_prose", passages)


def _held_out_sentences(heldout: Path) -> Iterator[str]:
    for path in sorted(heldout.glob("*.txt")):
        for document in read_documents(path):
            for line in document.splitlines():
                if len(line.strip()) >= _LEAST_SENTENCE:
                    yield line.strip().casefold()


def _without(document: str, held: set[str]) -> tuple[str, int]:
    """``document`` without sentences of ``held``, and how many left; of a pair both lines go."""
    lines = document.splitlines()
    size = 2 if lines and lines[0].startswith("English: ") else 1
    groups = [lines[start : start + size] for start in range(0, len(lines), size)]

    def is_held(group: list[str]) -> bool:
        bare = (re.sub(r"^(English|Indonesia): ", "", line).strip().casefold() for line in group)
        return any(line in held for line in bare)

    kept = [group for group in groups if not is_held(group)]
    return "\n".join(line for group in kept for line in group), len(groups) - len(kept)


def _write_rows(folder: Path, name: str, rows: list[Row]) -> None:
    """Dialogues and texts apart: they are different kinds of sources."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, key in (("documents", "text"), ("conversations", "messages")):
        lines = [json.dumps(row, ensure_ascii=False) for row in rows if key in row]
        path = folder / f"{name}.{kind}.jsonl"
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
