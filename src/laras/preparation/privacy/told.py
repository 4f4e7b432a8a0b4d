"""What is told about the data, where personal data is to be replaced: in the ledger, in the audit.

A reader's fact may quote the file (a key, a row) or name who takes part in a chat; only facts that
are numbers, formats or settings are told. Paths stay, since without them nothing could be found
again; the audit says where one holds a name that a chat tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import pyarrow as pa

from laras.preparation.privacy.name import name_detector
from laras.preparation.privacy.scan import Placeholders, detectors_of, find_personal_data
from laras.preparation.privacy.steps import names_known
from laras.records import Rejection
from laras.sources.reasons import STAGE as READING

_IMPERSONAL_FACTS = frozenset(
    {
        *("too-large", "unreadable", "unsupported-format", "zip-bomb", "damaged", "timeout"),
        *("too-much-text", "bad-encoding", "guessed-encoding", "media-file", "recognised"),
        *("left-out", "quoted-reply", "blank-line", "bad-time", "media-content", "empty-turn"),
        *("unsupported-content", "other-replies", "no-assistant-turn", "set-aside"),
        *("thread-elsewhere", "chat-list"),
    }
)
_CONFLICT = "conflicting-label"  # the only other stage's reason that tells a value of the data


def told_of(rejection: Rejection, kinds: Sequence[str]) -> Rejection:
    """``rejection`` with as much of its detail as may be told."""
    if rejection.stage == READING and rejection.reason not in _IMPERSONAL_FACTS:
        return replace(rejection, detail="") if rejection.detail else rejection
    if rejection.stage == READING or rejection.reason == _CONFLICT:
        return replace(rejection, detail=replaced(rejection.detail, kinds))
    return rejection


def replaced(text: str, kinds: Sequence[str], names: tuple[str, ...] = ()) -> str:
    """``text`` with placeholders for the personal data of ``kinds``, numbered for itself."""
    if not text:
        return text
    findings = find_personal_data(text, detectors_of(kinds, names))
    placeholders = Placeholders()
    placeholders.respect(text)
    return placeholders.replace(text, findings)


def with_lines_replaced(table: pa.Table, kinds: Sequence[str]) -> pa.Table:
    """``table`` with the personal data in its ``cut_lines``, which no other step sees, replaced;
    each line by itself, so that the same line stays the same."""
    if "cut_lines" not in table.column_names:
        return table
    column = table.column("cut_lines")
    rows = zip(column.to_pylist(), table.column("metadata").to_pylist(), strict=True)
    lines = [
        [replaced(line, kinds, names_known(dict(metadata or ()))) for line in cut or ()]
        for cut, metadata in rows
    ]
    place = table.schema.get_field_index("cut_lines")
    return table.set_column(place, "cut_lines", pa.array(lines, column.type))


def paths_that_name(table: pa.Table) -> list[str]:
    """The paths of records that hold a name which the metadata of the same file tells."""
    names: dict[str, dict[str, None]] = {}
    rows = zip(*(table.column(name).to_pylist() for name in ("path", "metadata")), strict=True)
    for path, metadata in rows:
        names.setdefault(path, {}).update(dict.fromkeys(names_known(dict(metadata or ()))))
    return sorted(path for path, known in names.items() if known and _holds_one(path, known))


def _holds_one(path: str, names: Iterable[str]) -> bool:
    """Whether a name stands in a part of ``path``, whatever stands between its words there."""
    detector = name_detector(tuple(names))
    if detector is None:
        return False
    parts = [part.replace("_", " ").replace("-", " ") for part in PurePosixPath(path).parts]
    return any(True for part in parts for _found in detector.find(part))
