"""Records as files can hold them: half a character (a lone surrogate) stands in no UTF-8.

JSON may write one ("\\ud800"), and so may names of files and readers of other packages. It becomes
U+FFFD, wherever in a record it stands, and a note says that it was there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from typing import Any

from laras.records import Dialogue, Document, Rejection, Turn
from laras.sources.reasons import note

_HALF = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"

Record = Document | Dialogue | Rejection


def with_whole_characters(records: Iterable[Record]) -> Iterator[Record]:
    """``records``, repaired where they must be; a note in front of each that lost something."""
    for record in records:
        changed = _changed(record)
        if not changed:
            yield record
            continue
        whole = replace(record, **changed)
        if isinstance(whole, Document | Dialogue):
            named = whole.document_id if isinstance(whole, Document) else whole.dialogue_id
            yield note("not-unicode", whole.path, whole.locator, ", ".join(changed), named)
        yield whole


def _changed(record: Record) -> dict[str, Any]:
    """The fields of ``record`` that hold half a character, as they should be."""
    found = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if not _is_whole(value):
            found[field.name] = _whole(value)
    return found


def _is_whole(value: Any) -> bool:
    if isinstance(value, str):
        return value.isascii() or _HALF.search(value) is None
    if isinstance(value, dict):
        return all(map(_is_whole, value)) and all(map(_is_whole, value.values()))
    if isinstance(value, tuple):
        return all(_is_whole(turn.role) and _is_whole(turn.content) for turn in value)
    return True


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return _HALF.sub(_REPLACEMENT, value)
    if isinstance(value, dict):
        return {_whole(key): _whole(each) for key, each in value.items()}
    turns: tuple[Turn, ...] = value
    return tuple(
        replace(turn, role=_whole(turn.role), content=_whole(turn.content)) for turn in turns
    )
