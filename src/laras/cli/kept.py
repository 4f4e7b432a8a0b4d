"""How ``laras runs`` lays out runs on the terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from laras.cli.outcome import console
from laras.cli.printable import one_line, printable
from laras.report.wording import duration, size
from laras.translation import _

if TYPE_CHECKING:
    from laras.keeping.survey import RunAtAGlance


def show_runs(found: Sequence[RunAtAGlance]) -> None:
    """One line a run, the one that was written to last at the end."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for title in (_("Run"), _("State"), _("Last written to"), _("Recommended")):
        table.add_column(title)
    table.add_column(_("Size"), justify="right")
    for each in found:
        recommended = "–" if each.recommended is None else str(each.recommended)
        cells = (str(each.folder), state_of(each), _at(each.last), recommended)
        table.add_row(*(Text(one_line(cell)) for cell in cells), size(each.size_bytes))
    console().print(table)


def show_run(found: RunAtAGlance) -> None:
    """Everything that is known at a glance."""
    out = console()
    for title, value in (
        (_("Run"), str(found.folder)),
        (_("State"), state_of(found)),
        (_("Begun"), _at(found.began)),
        (_("Last written to"), _at(found.last)),
        (_("Size"), size(found.size_bytes)),
        (_("Contenders"), ", ".join(found.contenders) or "–"),
    ):
        out.print(Text(one_line(f"{title}: {value}")), soft_wrap=True)
    if found.stages:
        out.print(_("Finished stages:"))
    for name, seconds in found.stages.items():
        out.print(Text(one_line(f"  {name}  {duration(seconds)}")))
    if found.sentence:
        out.print()
        out.print(Text(printable(str(found.sentence)), "bold"), soft_wrap=True)


def state_of(found: RunAtAGlance) -> str:
    """The state in words."""
    if found.pid is not None:
        return _("running (pid {pid})").format(pid=found.pid)
    words = {"finished": _("finished"), "unreadable": _("can't be read")}
    return words.get(found.state, _("not finished"))


def _at(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
