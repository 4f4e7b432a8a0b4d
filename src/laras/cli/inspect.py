"""``laras inspect``: rows of a run before and after, and what became of each."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
from click.core import ParameterSource

from laras.cli.options import json_option, language_option
from laras.cli.session import Session, pass_session, print_json
from laras.translation import _

if TYPE_CHECKING:
    from laras.inspection import Inspector
    from laras.records import Split

SPLITS = ("train", "validation", "test")
_PLACES = 5  # of each reason
_PLACES_OF_ONE = 20  # where the user asks for a reason, a file or a source


def command() -> click.Command:
    """The verb, with help in the language in use."""

    @click.command(
        name="inspect",
        help=_(
            "Look into the data of the run in the folder RUN. With WANTED (an identifier, a file's "
            "path, or words of a text): the whole story of these rows, from the file to the split "
            "or the ledger. Without: some examples of a split, the tokens that are trained on in "
            "colour. With --ledger: what left or was cut, and why; WANTED is then a reason, a file "
            "or a source."
        ),
        short_help=_("Look at rows of a run, before and after."),
    )
    @click.argument("run_folder", type=click.Path(path_type=Path), metavar=_("RUN"))
    @click.argument("wanted", required=False, metavar=_("[WANTED]"))
    @click.option(
        "--split", type=click.Choice(SPLITS), default="train", help=_("Which split to show.")
    )
    @click.option(
        "--rows", type=click.IntRange(1, 1000), default=3, help=_("How many rows to show.")
    )
    @click.option(
        "--ledger",
        is_flag=True,
        help=_("What left the data or was cut, by reason, with the first places."),
    )
    @click.option(
        "--recount",
        is_flag=True,
        help=_("Count everything again from the files, and compare with the account."),
    )
    @json_option()
    @language_option()
    @pass_session
    @click.pass_context
    def inspect(
        context: click.Context,
        session: Session,
        run_folder: Path,
        wanted: str | None,
        split: str,
        rows: int,
        ledger: bool,
        recount: bool,
    ) -> None:
        from laras.inspection import Inspector

        inspector = Inspector(run_folder)
        if recount:
            _recount(inspector, session)
        elif ledger:
            chosen = context.get_parameter_source("rows") is not ParameterSource.DEFAULT
            _ledger(inspector, wanted, rows if chosen else None, session)
        elif wanted is not None:
            _stories(inspector, wanted, rows, session)
        else:
            _examples(inspector, cast("Split", split), rows, session)

    return inspect


def _recount(inspector: Inspector, session: Session) -> None:
    counts = inspector.recount()
    if session.json:
        print_json([{**asdict(count), "agrees": count.agrees} for count in counts])
    else:
        from laras.cli.inspected import show_counts

        show_counts(counts)
    if not all(count.agrees for count in counts):
        raise SystemExit(1)


def _ledger(inspector: Inspector, wanted: str | None, rows: int | None, session: Session) -> None:
    groups = inspector.ledger(wanted, rows or (_PLACES if wanted is None else _PLACES_OF_ONE))
    if session.json:
        print_json([{**asdict(group), "meaning": group.meaning} for group in groups])
        return
    from laras.cli.ledger import show_ledger

    show_ledger(groups)


def _stories(inspector: Inspector, wanted: str, rows: int, session: Session) -> None:
    found = inspector.stories(wanted, rows)
    examples = [example for story in found for _split, example in story.examples]
    tokens = dict(
        zip((example.example_id for example in examples), inspector.tokens(examples), strict=True)
    )
    if session.json:
        shown = [{**asdict(story), "tokens": _tokens(story.examples, tokens)} for story in found]
        print_json(shown)
        return
    from laras.cli.inspected import show_story

    for story in found:
        show_story(story, tokens)
    if len(found) == rows:
        click.echo()
        click.echo(_("No more than {count} rows are shown; --rows shows more.").format(count=rows))


def _tokens(examples: list[Any], tokens: dict[str, Any]) -> dict[str, Any]:
    return {
        example.example_id: [[asdict(token) for token in w] for w in tokens[example.example_id]]
        for _split, example in examples
    }


def _examples(inspector: Inspector, split: Split, rows: int, session: Session) -> None:
    examples = inspector.rows(split, rows)
    windows = list(inspector.tokens(examples))
    if session.json:
        print_json(
            [
                {**asdict(example), "tokens": [[asdict(token) for token in w] for w in of_example]}
                for example, of_example in zip(examples, windows, strict=True)
            ]
        )
        return
    from laras.cli.inspected import show_examples

    show_examples(split, examples, windows)
