"""Where the run comes from: its recipe with origins, the machine, the versions of everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from laras.report.blocks import Block, Cell, Code, Facts, Paragraph, Section, Table
from laras.report.facts import RunFacts
from laras.report.wording import size, whole
from laras.translation import _

_MOST_LISTED = 12
_UNSET = ": null  # default"


def recipe(facts: RunFacts) -> Section | None:
    """The resolved recipe with where each value came from, and what the runs were planned with."""
    if not facts.recipe:
        return None
    lines = [_split_comment(line) for line in _set(facts.recipe)]
    blocks: list[Block] = [
        Paragraph(
            _(
                "As it was resolved for this run; the comment on a line says where its value came "
                "from. Lines that were left open are not shown."
            )
        ),
        Code(_("The recipe, {count} lines").format(count=whole(len(lines))), lines),
    ]
    planned = {str(event.get("contender")): event for event in facts.events_of("training_planned")}
    planned = {c.name: planned[c.name] for c in facts.contenders if c.name in planned} or planned
    if planned:
        blocks.append(_plan(planned))
    return Section("recipe", _("The recipe"), blocks)


def _set(recipe: str) -> Iterator[str]:
    """The lines of the recipe that say something. A list item whose first key was left open begins
    with the next one."""
    opened = None
    for line in recipe.splitlines():
        indent = len(line) - len(line.lstrip())
        if line.rstrip().endswith(_UNSET):
            if line[indent:].startswith("- "):
                opened = indent
        elif opened is not None and indent == opened + 2:
            yield f"{line[:opened]}- {line[indent:]}"
            opened = None
        else:
            yield line


def _plan(planned: Mapping[str, Mapping[str, Any]]) -> Table:
    """What each contender was tuned with, and why: what the recipe left open is decided here."""
    settings = {name: event.get("settings") or {} for name, event in planned.items()}
    reasons = {name: event.get("reasons") or {} for name, event in planned.items()}
    keys = dict.fromkeys(key for chosen in settings.values() for key in chosen)
    rows = [
        [
            Cell(_spaced(key)),
            *(
                Cell(_setting(settings[name].get(key)), str(reasons[name].get(key, "")))
                for name in settings
            ),
        ]
        for key in keys
        if any(chosen.get(key) is not None for chosen in settings.values())
    ]
    header = [Cell(_("Setting"), numeric=False), *(Cell(name) for name in settings)]
    return Table(header, rows, caption=_("What each was tuned with, and where it comes from."))


def _setting(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def machine(facts: RunFacts) -> Section | None:
    """Processor, memory, accelerator."""
    given = facts.manifest.get("machine")
    if not isinstance(given, dict) or not given:
        return None
    return Section("machine", _("The machine"), [Facts(_in_words(list(given.items())))])


def versions(facts: RunFacts) -> Section | None:
    """Versions, seeds and hashes: what it takes to do the run again."""
    manifest = dict(facts.manifest)
    manifest.pop("machine", None)
    libraries = manifest.pop("libraries", None)
    software: list[tuple[str, Any]] = [
        (name, manifest.pop(name)) for name in ("laras", "python") if name in manifest
    ]
    software += list(libraries.items()) if isinstance(libraries, dict) else []
    blocks: list[Block] = []
    if software:
        blocks.append(Facts(_in_words(software), title=_("Versions")))
    if manifest:
        blocks.append(Facts(_in_words(list(manifest.items())), title=_("Seeds and hashes")))
    return Section("versions", _("Versions, seeds, hashes"), blocks) if blocks else None


def _in_words(pairs: list[tuple[str, Any]]) -> list[tuple[str, str]]:
    """Names and values as text; mappings are written out, one line an entry."""
    written = []
    for name, value in _flat(pairs):
        if value is None:
            continue
        if name.endswith("_bytes") and isinstance(value, (int, float)):
            written.append((_spaced(name.removesuffix("_bytes")), size(value)))
        else:
            written.append((_spaced(name), str(value)))
    return written


def _flat(pairs: list[tuple[str, Any]], prefix: str = "") -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for name, value in pairs:
        if isinstance(value, Mapping):
            entries = [(str(key), inner) for key, inner in value.items()]
            flat.extend(_flat(entries[:_MOST_LISTED], f"{prefix}{name}, "))
            if len(entries) > _MOST_LISTED:
                count = whole(len(entries) - _MOST_LISTED)
                flat.append((f"{prefix}{name}", _("and {count} more").format(count=count)))
        elif isinstance(value, list):
            flat.append((f"{prefix}{name}", ", ".join(str(item) for item in value) or None))
        else:
            flat.append((f"{prefix}{name}", value))
    return flat


def _spaced(name: str) -> str:
    """A key in words; a unit of seconds at its end stays one."""
    if name.endswith("_s"):
        return f"{_spaced(name.removesuffix('_s'))} (s)"
    return name.replace("_", " ")


def _split_comment(line: str) -> tuple[str, str]:
    """The line without its closing comment, and the comment."""
    code, mark, comment = line.rpartition("  #")
    return (code, f"# {comment.strip()}") if mark else (line, "")
