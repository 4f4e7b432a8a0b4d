"""Papers: of a document's blocks, what is to be read: title, abstract, sections.

References, thanks, author blocks, licences and the like are left out and counted. Told by the
titles of sections and by how such papers are built; a part that can't be told stays in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from laras.sources.documents.pdf_layout import Block
from laras.sources.journals.back_matter import REFERENCES, kind_of_title

AUTHORS = "authors and affiliations"
NOTICES = "licences and notices"
CITATIONS = "citation marks"
_NUMBERING = r"(?:(?:\d+(?:\.\d+)*|[IVX]+|[A-Z])[.)]?\s+)?"
_NUMBERED = re.compile(r"^\d+(?:\.\d+)*[.)]?\s")
_SECTIONS = (
    *("introduction", "background", "related works?", "literature review", "methods?"),
    *("methodology", "materials? and methods?", "methods? and materials?", "experiments?"),
    *("results?", "results? and discussions?", "discussions?", "conclusions?"),
    *("conclusions? and .{3,30}", "limitations?", "appendix.{0,40}", "abstracts?", "summary"),
    *("pendahuluan", "latar belakang", "tinjauan pustaka", "landasan teori"),
    *("metode(?: penelitian)?", "metodologi(?: penelitian)?", "bahan dan metode", "hasil"),
    *("pembahasan", "hasil dan pembahasan", "(?:ke)?simpulan(?: dan saran)?", "saran"),
    *("penutup", "lampiran.{0,40}", "abstrak", "intisari", "ringkasan"),
)
_SECTION = re.compile(rf"^{_NUMBERING}(?:{'|'.join(_SECTIONS)})\s*[.:]?$", re.IGNORECASE)
_ABSTRACT_RUN_IN = re.compile(
    r"^(?P<title>abstract|abstrak|intisari|a b s t r a c t)"
    r"\s*(?:[.:\u2013\u2014-]+\s*|\s+(?=[A-Z]))",
    re.IGNORECASE,
)
_BACK_RUN_IN = re.compile(r"^(?P<title>[^.:\u2014]{4,60}?)\s*[.:\u2014]\s+\S")
_NOTICES = (
    r"©|\ball rights reserved\b|creative ?commons|\bCC[- ]BY\b|\bopen[- ]access article\b",
    r"\blicen[sc]ee\b|\blicensed under\b|\bpermission to make digital\b",
    r"\bthis is an open access\b|\bdi bawah lisensi\b|\bhak cipta\b|\b[ep]?-?ISSN\b",
    r"^\W*(?:received|accepted|diterima|revised|published online)\b",
    r"^\W*(?:correspond(?:ing author|ence)|e-?mail|surel|penulis korespondensi)\b",
    r"^\W*(?:https?://)?(?:dx\.)?doi(?:\.org)?\b",
)
_NOTICE = re.compile("|".join(_NOTICES), re.IGNORECASE)
_LONGEST_NOTICE = 700
_PROSE = 350  # characters: shorter ones before the abstract are names and addresses
_MARK = re.compile(r"\[\^(\d{1,3})\](?!:)")
_MARKS = re.compile(r"\[\^\d{1,3}\](?!:)(?:[,;\u2013-]\s?\[\^\d{1,3}\](?!:))*")
_APPENDIX = re.compile(r"^(?:appendi(?:x|ces)|annex|lampiran)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Paper:
    """What is to be read of a paper, its title, and how much of which kind was left out."""

    title: str
    blocks: tuple[Block, ...]
    left_out: Counter[str]


def paper_of(blocks: Sequence[Block], title: str = "") -> Paper:
    """The paper in ``blocks``; ``title`` as the file's own information has it, if it does."""
    left_out: Counter[str] = Counter()
    marked = _with_sections(blocks)
    begin, start = _title(marked)
    found = " ".join(block.text for block in marked[begin:start])
    front = next((at for at in range(start, len(marked)) if _is_section(marked[at])), None)
    body = [*marked[:begin], *marked[start:]]
    if front is not None and marked[front].page <= 1:
        before = [*marked[:begin], *marked[start:front]]
        kept = [block for block in before if _is_prose(block)]
        left_out[AUTHORS] += len(before) - len(kept)
        body = [*kept, *marked[front:]]
    body = without_back_matter(body, left_out)
    body = _without_citation_marks(_without_notices(body, left_out), left_out)
    title = found or title
    if title:
        body = [Block("heading", title, body[0].page if body else 0, 1), *_below(body)]
    return Paper(title, tuple(body), +left_out)


def _with_sections(blocks: Sequence[Block]) -> list[Block]:
    """Headings that the letters did not betray, but their words do; run-in abstracts cut off."""
    marked: list[Block] = []
    for block in blocks:
        if block.kind == "paragraph" and _SECTION.match(block.text):
            marked.append(replace(block, kind="heading", level=2))
            continue
        run_in = _ABSTRACT_RUN_IN.match(block.text) if block.kind == "paragraph" else None
        if run_in and len(block.text) > 100:
            name = run_in.group("title").replace(" ", "").capitalize()
            marked.append(Block("heading", name, block.page, 2, block.size, block.place))
            cut = run_in.end()
            breaks = tuple((page, max(at - cut, 0)) for page, at in block.breaks)
            marked.append(replace(block, text=block.text[cut:], breaks=breaks))
        else:
            marked.append(block)
    return marked


def _title(blocks: Sequence[Block]) -> tuple[int, int]:
    """Where the title begins and ends: the largest heading of the first page that no section and
    no prose goes before, with those of its size that follow it; (0, 0) where there is none."""
    before = next(
        (at for at, block in enumerate(blocks) if _is_section(block) or _is_prose(block)),
        len(blocks),
    )
    candidates = [
        at
        for at, block in enumerate(blocks[:before])
        if block.kind == "heading" and block.page == 0 and not _NUMBERED.match(block.text)
    ]
    if not candidates:
        return 0, 0
    first = max(candidates, key=lambda at: (blocks[at].size, -blocks[at].level, -at))
    end = first + 1
    while end in candidates and abs(blocks[end].size - blocks[first].size) < 0.5:
        end += 1
    return first, end


def _is_section(block: Block) -> bool:
    return block.kind == "heading" and bool(
        _SECTION.match(block.text) or re.match(r"^(?:1|I)[.)]?\s+\w", block.text)
    )


def _is_prose(block: Block) -> bool:
    return (
        block.kind == "paragraph" and len(block.text) >= _PROSE and not _NOTICE.search(block.text)
    )


def without_back_matter(blocks: Sequence[Block], left_out: Counter[str]) -> list[Block]:
    """The blocks without references, thanks, declarations and supplements, which are counted."""
    kept: list[Block] = []
    leaving, level = "", 0
    for block in blocks:
        if block.kind == "heading":
            kind = kind_of_title(block.text)
            ends = block.level <= level or _is_section(block) or _APPENDIX.match(block.text)
            if kind:
                leaving, level = kind, block.level
                if kind != REFERENCES:
                    left_out[kind] += 1
                continue
            if ends:
                leaving = ""
        if leaving:
            left_out[REFERENCES] += leaving == REFERENCES
            continue
        run_in = _BACK_RUN_IN.match(block.text) if block.kind == "paragraph" else None
        kind = kind_of_title(run_in.group("title")) if run_in else ""
        if kind and kind != REFERENCES:
            left_out[kind] += 1
            continue
        kept.append(block)
    return kept


def _without_notices(blocks: Sequence[Block], left_out: Counter[str]) -> list[Block]:
    kept = []
    for block in blocks:
        text = block.text[:_LONGEST_NOTICE]
        short = len(block.text) < _LONGEST_NOTICE
        # Elsewhere than on the first page a paper may well speak of licences.
        if (
            block.page == 0
            and block.kind in ("paragraph", "note")
            and short
            and _NOTICE.search(text)
        ):
            left_out[NOTICES] += 1
        else:
            kept.append(block)
    return kept


def _without_citation_marks(blocks: Sequence[Block], left_out: Counter[str]) -> list[Block]:
    """Raised numbers that no footnote explains are those of references."""
    notes = {block.text[2 : block.text.index("]")] for block in blocks if block.kind == "note"}
    kept = []
    for block in blocks:
        cited = [mark for mark in _MARK.findall(block.text) if mark not in notes]
        if not cited:
            kept.append(block)
            continue
        left_out[CITATIONS] += len(cited)
        text = _cut_marks(block.text, notes)
        breaks = tuple((page, len(_cut_marks(block.text[:at], notes))) for page, at in block.breaks)
        kept.append(replace(block, text=text, breaks=breaks))
    return kept


def _cut_marks(text: str, notes: set[str]) -> str:
    return _MARKS.sub(
        lambda marks: marks.group() if notes.intersection(_MARK.findall(marks.group())) else "",
        text,
    )


def _below(blocks: Sequence[Block]) -> list[Block]:
    """Headings from the second level on, in steps as they were."""
    levels = sorted({block.level for block in blocks if block.kind == "heading"})
    return [
        replace(block, level=min(levels.index(block.level) + 2, 5))
        if block.kind == "heading"
        else block
        for block in blocks
    ]
