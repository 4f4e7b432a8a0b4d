"""``laras doctor``: what this machine can do, and what is missing."""

from __future__ import annotations

import click

from laras.cli.options import json_option, language_option
from laras.cli.session import Session, pass_session, print_json
from laras.translation import _

_MARKS = {"good": ("✓", "green"), "note": ("·", "yellow"), "bad": ("✗", "red")}


def command() -> click.Command:
    """The verb, with help in the language in use."""

    @click.command(
        name="doctor",
        help=_("Say what this machine can do and what is missing."),
        short_help=_("Examine this machine."),
    )
    @json_option()
    @language_option()
    @pass_session
    def doctor(session: Session) -> None:
        from laras.cli.diagnosis import judge
        from laras.cli.examination import examine

        facts = examine()
        findings = judge(facts)
        healthy = all(finding.level != "bad" for finding in findings)
        if session.json:
            verdicts = [
                {"subject": item.subject, "level": item.level, "message": item.message}
                for item in findings
            ]
            print_json({**facts, "findings": verdicts, "healthy": healthy})
        else:
            click.echo(f"Laras {facts['laras']}, Python {facts['python']}")
            width = max(len(finding.subject) for finding in findings)
            for finding in findings:
                mark, colour = _MARKS[finding.level]
                click.secho(f"{mark} ", fg=colour, nl=False)
                click.echo(f"{finding.subject:<{width}}  {finding.message}")
            click.echo()
            click.echo(
                _("Ready. Try: laras demo") if healthy else _("Mend what is marked ✗ first.")
            )
        if not healthy:
            raise SystemExit(1)

    return doctor
