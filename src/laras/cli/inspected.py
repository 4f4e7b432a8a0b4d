"""How ``laras inspect`` lays out rows, their changes and their tokens on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from laras.cli.outcome import console
from laras.cli.printable import printable
from laras.inspection import changes
from laras.preparation.ledger_reasons import meaning
from laras.runs.redaction import redacted_pieces
from laras.translation import _

if TYPE_CHECKING:
    from laras.batches.shown import ShownToken
    from laras.preparation.recount import Count
    from laras.preparation.story import Story
    from laras.records import Example, Split

_MOST_CHANGES = 12
_LONGEST_LINE = 200
# Without colour (a pipe, NO_COLOR) brackets say the same.
_OPEN, _CLOSE = "⟦", "⟧"
_TRAINED = "bold green"
_CONTROL = "magenta"


def show_counts(counts: Sequence[Count]) -> None:
    """The recount beside the account."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(_("Counted from the files"))
    for title in (_("counted"), _("in the account")):
        table.add_column(title, justify="right")
    table.add_column("")
    for count in counts:
        told = "–" if count.told is None else f"{count.told:,}"
        verdict = Text(_("agrees"), "green") if count.agrees else Text(_("DIFFERS"), "bold red")
        table.add_row(Text(count.what), f"{count.counted:,}", told, verdict)
    console().print(table)


def show_examples(
    split: Split, examples: Sequence[Example], windows: Sequence[list[list[ShownToken]]]
) -> None:
    """Examples as tokens; those that are trained on in colour, or in brackets without it."""
    out = console()
    out.print(_legend(bool(out.color_system)))
    for example, of_example in zip(examples, windows, strict=True):
        place = next((f"{s.path}: {s.locator}" for s in example.spans), "").removesuffix(": ")
        heading = f"{split} · {example.task} · {example.source} · {example.example_id}"
        out.print()
        out.print(Text(printable(heading), "bold"))
        out.print(Text(printable(place), "dim"))
        _print_windows(of_example)


def show_story(story: Story, tokens: Mapping[str, list[list[ShownToken]]]) -> None:
    """One record from its file to its split or the ledger."""
    out = console()
    place = f"{story.path}: {story.locator}" if story.locator else story.path
    out.print()
    out.print(Text(printable(place or story.record_id), "bold"))
    facts = [story.record_id, story.source, story.language, *story.flags]
    out.print(Text(printable(" · ".join(fact for fact in facts if fact)), "dim"))
    _title(_("As it was read"))
    if story.before is None:
        out.print(Text(_("not kept"), "dim"))
    else:
        out.print(Text(printable(_short(story.before))))
    if story.after is not None:
        _title(_("What cleaning changed"))
        _print_changes(story.before, story.after)
    _title(_("Ledger"))
    for row in story.ledger:
        action = _("dropped") if row.action == "dropped" else _("cut")
        told = f"{meaning(row.reason)} {row.detail}".strip()
        rows = f"{row.stage}: {row.reason} ({action}) {told}"
        out.print(Text(printable(rows), "yellow"), soft_wrap=True)
    if not story.ledger:
        out.print(Text(_("none"), "dim"))
    for split, example in story.examples:
        _title(f"{split} · {example.task} · {example.example_id}")
        _print_windows(tokens.get(example.example_id, []))


def _title(text: str) -> None:
    console().print(Text(f"— {printable(text)}", "cyan"))


def _short(text: str) -> str:
    limit = 2000
    left_out = len(text) - limit
    if left_out <= 0:
        return text
    more = _("… ({count} more characters)").format(count=f"{left_out:,}")
    return f"{text[:limit]}\n{more}"


def _print_changes(before: str | None, after: str) -> None:
    """Lines that cleaning took out or put in."""
    out = console()
    if before is None:
        out.print(Text(printable(_short(after))))
        return
    lines = changes(before, after, 10 * _MOST_CHANGES)
    for line in lines[:_MOST_CHANGES]:
        style = "red" if line.startswith("-") else "green"
        out.print(Text(printable(line[:_LONGEST_LINE]), style))
    if len(lines) > _MOST_CHANGES:
        out.print(Text(_("… and {count} more lines").format(count=len(lines) - _MOST_CHANGES)))
    if not lines:
        out.print(Text(_("none"), "dim"))


def _legend(colours: bool) -> Text:
    if colours:
        return Text.assemble(
            (_("trained on"), _TRAINED),
            " · ",
            _("read only"),
            " · ",
            (_("control token"), _CONTROL),
        )
    return Text(_("{open}…{close}: trained on").format(open=_OPEN, close=_CLOSE))


def _print_windows(windows: Sequence[Sequence[ShownToken]]) -> None:
    out = console()
    if not windows:
        out.print(Text(_("does not fit the model"), "dim"))
    for number, window in enumerate(windows, 1):
        if len(windows) > 1:
            text = _("window {number} of {count}").format(number=number, count=len(windows))
            out.print(Text(text, "dim"))
        out.print(_as_text(window, bool(out.color_system)), soft_wrap=True)
        trained = sum(token.trained for token in window)
        counts = _("{trained} of {count} tokens are trained on").format(
            trained=trained, count=len(window)
        )
        out.print(Text(counts, "dim"))


def _as_text(window: Sequence[ShownToken], colours: bool) -> Text:
    """The tokens, every second one underlined so that their borders show."""
    result = Text()
    inside = False
    texts = redacted_pieces([token.text for token in window], addresses=False)
    for number, (token, text) in enumerate(zip(window, texts, strict=True)):
        if not colours and token.trained != inside:
            result.append(_OPEN if token.trained else _CLOSE)
            inside = token.trained
        style = _CONTROL if token.control else ""
        if token.trained:
            style = f"{_TRAINED} {'italic' if token.control else ''}".strip()
        if number % 2:
            style = f"{style} underline".strip()
        result.append(printable(text), style if colours else "")
    if inside:
        result.append(_CLOSE)
    return result
