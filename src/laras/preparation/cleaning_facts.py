"""What cleaning and describing found, shard by shard, added up for the audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from laras.preparation.stages import Facts

_FIXES = ("fixes", "written_out")  # columns of steps that count what they changed
_LINES_KEPT = 200  # of one shard
_LINES_SHOWN = 20

_BySource = dict[str, Counter[str]]


@dataclass
class CleaningFacts:
    """How often each rule changed something, in how many rows, and which lines were cut.

    ``languages``, ``quality`` (rules that were broken) and ``personal`` (kinds of personal data;
    ``personal_rows`` that hold it) are by source.
    """

    changes: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)
    languages: _BySource = field(default_factory=dict)
    quality: _BySource = field(default_factory=dict)
    personal: _BySource = field(default_factory=dict)
    personal_rows: _BySource = field(default_factory=dict)
    kept: Counter[str] = field(default_factory=Counter)  # records that stayed, by source
    # Paths that hold a name which a chat tells; looked for where names are to be replaced.
    naming_paths: set[str] = field(default_factory=set)

    @staticmethod
    def of(table: pa.Table) -> Facts:
        """What the columns that steps wrote say of the records of ``table``."""
        found = CleaningFacts()
        for name in _FIXES:
            for rule, counts in _lists(table, name, "rule", "count"):
                found.changes[rule] += sum(counts)
                found.rows[rule] += len(counts)
        if "cut_lines" in table.column_names:
            for _source, lines in _by_source(table, "cut_lines"):
                found.lines.update(lines)
                found.changes["repeated-lines"] += len(lines)
            cut = pc.greater(pc.list_value_length(table.column("cut_lines")), 0)
            if rows := pc.sum(cut).as_py():
                found.rows["repeated-lines"] += rows
        for source, part in _sources(table):
            if "language" in table.column_names:
                found.languages[source] = Counter(part.column("language").to_pylist())
            if "flags" in table.column_names:
                flags = part.column("flags").combine_chunks().flatten()
                found.quality[source] = Counter(flags.to_pylist())
            if "personal" in table.column_names:
                kinds = list(_lists(part, "personal", "kind", "count"))
                found.personal[source] = Counter({kind: sum(counts) for kind, counts in kinds})
                found.personal_rows[source] = Counter({kind: len(n) for kind, n in kinds})
        return {
            "changes": found.changes,
            "changed_rows": found.rows,
            "lines": dict(found.lines.most_common(_LINES_KEPT)),
            **{name: getattr(found, name) for name in _BY_SOURCE},
        }

    def add(self, facts: Facts) -> None:
        """Add what :meth:`of` found in a shard."""
        self.changes.update(facts["changes"])
        self.rows.update(facts["changed_rows"])
        self.lines.update(facts["lines"])
        self.kept.update(facts["kept"])
        self.naming_paths.update(facts["naming_paths"])
        for name in _BY_SOURCE:
            mine: _BySource = getattr(self, name)
            for source, counts in facts[name].items():
                mine.setdefault(source, Counter()).update(counts)

    def as_json(self) -> dict[str, Any]:
        """The rules and lines for the audit."""
        rules = {
            rule: {"changes": count, "rows": self.rows[rule]}
            for rule, count in _ordered(self.changes)
        }
        lines = [{"line": line, "count": n} for line, n in _ordered(self.lines)[:_LINES_SHOWN]]
        return {"rules": rules, "repeated_lines": lines}

    def described(self) -> dict[str, Any]:
        """Languages, quality and personal data for the audit: of each source, and in all."""
        personal = {
            source: {
                kind: {"count": count, "rows": self.personal_rows[source][kind]}
                for kind, count in _ordered(counts)
            }
            for source, counts in self.personal.items()
        }
        return {
            "languages": {source: dict(_ordered(n)) for source, n in self.languages.items()},
            "quality": {source: dict(_ordered(n)) for source, n in self.quality.items()},
            "personal_data": personal,
        }


_BY_SOURCE = ("languages", "quality", "personal", "personal_rows")


def _ordered(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _sources(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each source; nearly always there is one."""
    sources = pc.unique(table.column("source")).to_pylist()
    for source in sources:
        if len(sources) == 1:
            yield source, table
        else:
            yield source, table.filter(pc.equal(table.column("source"), source))


def _by_source(table: pa.Table, column: str) -> Iterator[tuple[str, list[str]]]:
    for source, part in _sources(table):
        yield source, part.column(column).combine_chunks().flatten().to_pylist()


def _lists(table: pa.Table, column: str, name: str, number: str) -> Iterator[tuple[str, list[int]]]:
    """Of a column of lists of {name, number}: each name with its numbers, row by row."""
    if column not in table.column_names:
        return
    flat = table.column(column).combine_chunks().flatten()
    names, numbers = (flat.field(part).to_pylist() for part in (name, number))
    gathered: dict[str, list[int]] = {}
    for key, value in zip(names, numbers, strict=True):
        gathered.setdefault(key, []).append(value)
    yield from gathered.items()
