"""YAML text to plain data, with the line and column of every key and value.

Built from ruamel.yaml's events instead of its objects: positions stay exact, and what a recipe
has no use for but an attacker does (tags, anchors and aliases, deep nesting) is refused before
anything is constructed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from laras.errors import UsageError
from laras.recipe.scalars import read_scalar
from laras.translation import _

MAX_CHARACTERS = 262_144
MAX_DEPTH = 20
MAX_NODES = 20_000

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """Line and column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """Plain data, and where each value (``values``) and each mapping key (``keys``) stands.

    Both are looked up by path: ``("data", "sources", 0, "documents")``.
    """

    data: Any
    values: dict[Path, Position] = field(default_factory=dict)
    keys: dict[Path, Position] = field(default_factory=dict)


def parse_document(text: str, name: str) -> ParsedDocument:
    """Parse one YAML document. ``name`` is what errors call it.

    Raises :class:`UsageError` with the position for anything that is not plain YAML 1.2.
    """
    if len(text) > MAX_CHARACTERS:
        raise UsageError(
            "recipe.too-large",
            _("The recipe has {count:,} characters; at most {limit:,} are read.").format(
                count=len(text), limit=MAX_CHARACTERS
            ),
            where=name,
        )
    return _Builder(text, name).document()


class _Builder:
    """Turns the stream of events into data, one recursive call for each node."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.events = self._events()
        self.nodes = 0
        self.result = ParsedDocument(None)

    def document(self) -> ParsedDocument:
        data: Any = None
        for event in self.events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                if self.nodes:
                    raise self._error(
                        "recipe.many-documents",
                        _("A recipe is one YAML document; here a second one begins."),
                        event.start_mark,
                    )
                data = self._node(next(self.events), ())
        return ParsedDocument(data, self.result.values, self.result.keys)

    def _events(self) -> Iterator[Any]:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            yield from YAML(typ="safe", pure=True).parse(self.text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise self._error(
                "recipe.syntax",
                _("This is not valid YAML: {problem}.").format(problem=error.problem),
                mark,
                hint=_syntax_hint(str(error.problem)),
            ) from error
        except YAMLError as error:
            raise self._bad_character(error) from error

    def _bad_character(self, error: Exception) -> UsageError:
        offset = int(getattr(error, "position", 0) or 0)
        before = self.text[:offset]
        line, column = before.count("\n") + 1, offset - before.rfind("\n")
        return UsageError(
            "recipe.syntax",
            _("This is not valid YAML: a character that may not stand in text."),
            where=f"{self.name}:{line}:{column}",
        )

    def _node(self, event: Any, path: Path) -> Any:
        kind = type(event).__name__
        self._check(event, kind, path)
        mark = event.start_mark
        self.result.values[path] = Position(mark.line + 1, mark.column + 1)
        if kind == "ScalarEvent":
            # Quoted and block scalars are text, whatever they look like.
            return read_scalar(event.value) if event.style is None else str(event.value)
        if kind == "SequenceStartEvent":
            return self._sequence(path)
        return self._mapping(path)

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        for event in self.events:
            if type(event).__name__ == "SequenceEndEvent":
                break
            items.append(self._node(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        for event in self.events:
            kind = type(event).__name__
            if kind == "MappingEndEvent":
                break
            self._check(event, kind, path)
            mark = event.start_mark
            if kind != "ScalarEvent":
                raise self._error("recipe.bad-key", _("A key must be a plain word."), mark)
            key = str(event.value)
            if key in entries:
                raise self._error(
                    "recipe.duplicate-key",
                    _("{key!r} stands here a second time; the first is on line {line}.").format(
                        key=key, line=self.result.keys[(*path, key)].line
                    ),
                    mark,
                )
            self.result.keys[(*path, key)] = Position(mark.line + 1, mark.column + 1)
            entries[key] = self._node(next(self.events), (*path, key))
        return entries

    def _check(self, event: Any, kind: str, path: Path) -> None:
        self.nodes += 1
        if kind == "AliasEvent" or event.anchor is not None:
            raise self._error(
                "recipe.alias",
                _("Anchors (&) and aliases (*) are not used in recipes."),
                event.start_mark,
                hint=_("Write the value out; quote it if it is a text that begins with & or *."),
            )
        if event.tag is not None:
            raise self._error(
                "recipe.tag",
                _("Tags such as {tag!r} are not used in recipes.").format(tag=str(event.tag)),
                event.start_mark,
                hint=_("Quote the value if it is a text that begins with !."),
            )
        if len(path) > MAX_DEPTH or self.nodes > MAX_NODES:
            raise self._error(
                "recipe.too-deep",
                _("The recipe is nested too deeply or holds too many values."),
                event.start_mark,
            )

    def _error(
        self, identifier: str, what: str, mark: Any, *, hint: str | None = None
    ) -> UsageError:
        where = f"{self.name}:{mark.line + 1}:{mark.column + 1}" if mark else self.name
        return UsageError(identifier, what, where=where, hint=hint)


def _syntax_hint(problem: str) -> str | None:
    if "'\\t'" in problem:
        return _("Indent with spaces; YAML does not allow tabs.")
    if "mapping values are not allowed" in problem:
        return _("Look at the indentation, and quote a text that holds a colon.")
    if "cannot start any token" in problem:
        return _("Quote a text that begins with a special character.")
    if "unknown escape character" in problem:
        return _("In double quotes a backslash begins an escape: use single ones, or / in paths.")
    return None
