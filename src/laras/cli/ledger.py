"""How ``laras inspect --ledger`` lays out what left the data, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from laras.cli.outcome import console
from laras.cli.printable import printable
from laras.preparation.ledger_view import place_of
from laras.translation import _, ngettext

if TYPE_CHECKING:
    from laras.preparation.ledger_view import LedgerGroup


def show_ledger(groups: Sequence[LedgerGroup]) -> None:
    """Each reason with its words, its count and its first places."""
    out = console()
    if not groups:
        out.print(_("The ledger is empty: no row left the data."))
    for group in groups:
        out.print()
        action = _("dropped") if group.action == "dropped" else _("cut")
        count = f"{group.rows or group.entries:,}"
        heading = f"{group.stage} · {group.reason} · {action}: {count}"
        out.print(Text(printable(heading), "bold"))
        if group.meaning:
            out.print(Text(printable(group.meaning)), soft_wrap=True)
        for entry in group.first:
            detail = f" ({entry.detail})" if entry.detail else ""
            # Whole, however long: a line to copy may stand in it.
            out.print(Text(printable(f"  {place_of(entry)}{detail}"), "dim"), soft_wrap=True)
        left_out = group.entries - len(group.first)
        if left_out:
            more = ngettext("… and {count} more", "… and {count} more", left_out)
            out.print(Text("  " + more.format(count=f"{left_out:,}"), "dim"))
