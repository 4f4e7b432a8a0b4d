"""``laras reproduce``: a run done again from what it left, and compared byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from laras.cli.options import json_option, language_option, quiet_option, run_option
from laras.cli.printable import printable
from laras.cli.session import Session, pass_session, print_json
from laras.translation import _, ngettext

if TYPE_CHECKING:
    from laras.keeping.reproduction import Reproduction

_OTHER = 1


def command() -> click.Command:
    """The verb, with help in the language in use."""

    @click.command(
        name="reproduce",
        help=_(
            "Do the run in the folder RUN again, from its recipe and manifest, and compare "
            "weights, answers and figures byte for byte. Exit code 1 where something is not the "
            "same."
        ),
        short_help=_("Do a run again and compare."),
    )
    @click.argument("run", type=click.Path(path_type=Path), metavar=_("RUN"))
    @run_option(_("RUN with -again behind its name"))
    @quiet_option()
    @json_option()
    @language_option()
    @pass_session
    def reproduce(session: Session, run: Path, run_folder: Path | None) -> None:
        from laras.keeping.reproduction import as_json
        from laras.keeping.reproduction import reproduce as do_again

        session.run_folder = run_folder
        found = do_again(run, run_folder, session.progress())
        if session.json:
            print_json({"run": found.folder, **as_json(found)})
        else:
            _show(found)
        if not found.is_same:
            raise SystemExit(_OTHER)

    return reproduce


def _show(found: Reproduction) -> None:
    """What is not the same, which versions are not, and the sum of it."""
    for version in found.versions:
        then, now = (value if value is not None else "–" for value in (version.then, version.now))
        click.echo(
            printable(
                _("Another {name}: {then}, now {now}").format(name=version.name, then=then, now=now)
            )
        )
    if found.changed:
        fields = ", ".join(found.changed)
        click.echo(
            printable(_("Changed while the first run was trained: {fields}").format(fields=fields))
        )
    others = [part for part in found.parts if part.difference is not None]
    for part in others:
        click.echo(printable(f"{part.name}: {part.difference}"))
    count = len(found.parts)
    if others:
        text = _("{others} of {count} parts are not the same.")
        click.echo(text.format(others=len(others), count=count))
    else:
        told = ngettext("{count} part, the same.", "All {count} parts are the same.", count)
        click.echo(told.format(count=count))
    click.echo(printable(_("The second run: {folder}").format(folder=found.folder)))
