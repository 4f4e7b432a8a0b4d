"""What a verb prints when it is done, for people or as JSON."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from laras.cli.printable import printable
from laras.cli.session import Session, print_json
from laras.translation import _, ngettext

if TYPE_CHECKING:
    from rich.console import Console

    from laras.workflow import FinishedRun

_WIDTH_WITHOUT_TERMINAL = 160


def console() -> Console:
    """Rich on stdout: no colour in a pipe, and lines that don't break at 80 columns there."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL
    return Console(highlight=False, width=width)


def show_finished(finished: FinishedRun, session: Session) -> None:
    """The table, the verdict in a sentence, and where the report is."""
    if session.json:
        print_json(
            {
                "run": finished.folder,
                "verdict": finished.verdict,
                "scores": finished.scores,
                "report": finished.report,
            }
        )
        return
    _print_scores(finished.scores, finished.verdict)
    if finished.report:
        click.echo()
        click.echo(printable(_("Report: {path}").format(path=finished.report)))


def show_scores(folder: Path, session: Session) -> None:
    """The same from the run's folder, without a report."""
    from laras.runs.folder import Run

    run = Run.read(folder)
    read = {name: run.read_json(f"contenders/{name}/scores.json") for name in run.contenders()}
    scores = {name: entry for name, entry in read.items() if entry}
    verdict = run.read_json("verdict.json")
    if verdict:
        # In the recipe's order, which the verdict keeps and a folder listing does not.
        order = [str(_name_of(entry)) for entry in verdict.get("contenders", [])]
        scores = {name: scores[name] for name in [*order, *scores] if name in scores}
    if session.json:
        print_json({"run": folder, "verdict": verdict, "scores": scores})
    else:
        _print_scores(scores, verdict)


def _name_of(entry: Any) -> Any:
    return entry.get("name", entry.get("contender")) if isinstance(entry, dict) else entry


def _print_scores(scores: dict[str, dict[str, Any]], verdict: dict[str, Any] | None) -> None:
    from laras.cli.table import score_table

    out = console()
    out.print()
    out.print(score_table(scores))
    if verdict and verdict.get("sentence"):
        out.print()
        out.print(printable(str(verdict["sentence"])), markup=False, style="bold", soft_wrap=True)
    for told in ("seeds", "learning_curve"):
        for entry in (verdict or {}).get(told) or ():
            out.print(printable(str(entry["note"])), markup=False, soft_wrap=True)
    judge = (verdict or {}).get("judge") or {}
    if judge.get("disagrees") or judge.get("trouble"):
        out.print(printable(str(judge["note"])), markup=False, style="yellow", soft_wrap=True)
    for gate in (verdict or {}).get("gates") or ():
        text = _("Gate passed: {note}") if gate["passed"] else _("Gate NOT passed: {note}")
        style = None if gate["passed"] else "yellow"
        told = printable(text.format(note=f"{gate['gate']}: {gate['note']}"))
        out.print(told, markup=False, style=style, soft_wrap=True)


SPLITS = ("train", "validation", "test")
_MOST_GUESSES = 10


def show_data(folder: Path, session: Session, train: str = "") -> None:
    """From rows in to rows trained on, stage by stage; whom the model speaks as where that was
    guessed; and what to do next. ``train``: the command that goes on from here."""
    from rich.table import Table
    from rich.text import Text

    from laras.report.sections.funnel import stage_title
    from laras.report.wording import whole
    from laras.runs.folder import Run

    audit = Run.read(folder).read_json("data/audit.json") or {}
    if session.json:
        print_json({"run": folder, "audit": audit})
        return
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(_("Stage"))
    for title in (_("rows in"), _("rows out"), _("dropped")):
        table.add_column(title, justify="right")
    for row in audit.get("funnel", []):
        counts = (row.get("rows_in"), row.get("rows_out"), row.get("rejected"))
        table.add_row(Text(printable(stage_title(row))), *map(whole, counts))
    out = console()
    out.print()
    out.print(table)
    splits = audit.get("splits") or {}
    if splits:
        out.print()
        counted = {name: whole(splits.get(name, {}).get("examples", 0)) for name in SPLITS}
        out.print(
            _("To train on: {train} examples; to validate: {validation}; to test: {test}.").format(
                **counted
            )
        )
    for warning in audit.get("warnings", []):
        out.print(printable(str(warning)), markup=False, soft_wrap=True)
    _print_guesses(folder / "data")
    report = folder / "data" / "report.md"
    click.echo()
    if report.exists():
        click.echo(printable(_("Account of the data: {path}").format(path=report)))
    run = shlex.quote(str(folder))
    for what, command in (
        (_("Look at rows"), f"laras inspect {run}"),
        (_("What left, and why"), f"laras inspect {run} --ledger"),
        (_("All of it as a page"), f"laras report {run}"),
        (_("Train"), train),
    ):
        if command:
            click.echo(printable(f"{what}: {command}"))


def _print_guesses(data: Path) -> None:
    """Whom the model speaks as where that was guessed, with the line that confirms it."""
    from laras.preparation.ledger_reasons import meaning
    from laras.preparation.ledger_view import GUESSED_ASSISTANT, guessed_assistants, line_to_copy

    files: dict[tuple[str, str], list[str]] = {}
    for guess in guessed_assistants(data):
        files.setdefault(line_to_copy(guess), []).append(guess.path)
    if not files:
        return
    out = console()
    out.print()
    out.print(printable(meaning(GUESSED_ASSISTANT)), markup=False, soft_wrap=True)
    for (line, clue), paths in list(files.items())[:_MOST_GUESSES]:
        out.print(printable(f"    {line}"), markup=False, style="bold", soft_wrap=True)
        told = f"{paths[0]} …" if len(paths) > 1 else paths[0]
        out.print(printable(f"      {told} {clue}".rstrip()), markup=False, soft_wrap=True)
    left_out = len(files) - _MOST_GUESSES
    if left_out > 0:
        more = ngettext("… and {count} more", "… and {count} more", left_out)
        out.print("    " + more.format(count=left_out))


def show_training(folder: Path, session: Session) -> None:
    """What was trained, how long it took, the best validation loss; which prompts were chosen."""
    from laras.cli.progress import duration
    from laras.contenders.prompting.kinds import in_words
    from laras.runs.folder import Run
    from laras.runs.losses import losses

    events = Run.read(folder).events()
    finished = {
        str(event.get("contender")): event
        for event in events
        if event["kind"] == "contender_finished"
    }
    best: dict[str, float] = {}
    for name in finished:
        if points := losses(events, name, "validation_done"):
            best[name] = min(loss for _step, loss in points)
    if session.json:
        trained = [
            {**event, "best_validation_loss": best.get(name)} for name, event in finished.items()
        ]
        print_json({"run": folder, "contenders": trained})
        return
    for name, event in finished.items():
        if chosen := event.get("chosen", [event] if "way" in event else []):
            line = ngettext(
                "{contender}: {prompts} prompt tried in {time}; the best is {best}",
                "{contender}: {prompts} prompts tried in {time}; the best is {best}",
                int(event.get("prompts") or 0),
            ).format(
                contender=name,
                prompts=event.get("prompts"),
                time=duration(event.get("seconds") or 0.0),
                best=", ".join(
                    _("by {way} for {questions}").format(
                        way=printable(str(each["way"])), questions=in_words(each.get("task"))
                    )
                    for each in chosen
                ),
            )
            click.echo(line)
            continue
        line = _("{contender}: trained in {time}, {tokens:,} tokens").format(
            contender=name,
            time=duration(event.get("seconds") or 0.0),
            tokens=int(event.get("tokens") or 0),
        )
        if name in best:
            line += _("; best validation loss {loss:.4f}").format(loss=best[name])
        click.echo(line)
