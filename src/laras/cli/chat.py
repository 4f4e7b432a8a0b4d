"""``laras chat``: a conversation in the terminal with a contender of a run."""

from __future__ import annotations

import contextlib
import io
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from laras.cli.options import language_option
from laras.cli.session import Session, pass_session
from laras.translation import _

if TYPE_CHECKING:
    from laras.delivery.chat import Conversation
    from laras.runs.folder import Run

# How Python may hand on a byte that is no text; it has no tokens.
_SURROGATE = re.compile("[\ud800-\udfff]")


def command() -> click.Command:
    """The verb, with help in the language in use."""

    @click.command(
        name="chat",
        help=_(
            "Talk with a contender of the run in the folder RUN. /reset begins anew, /quit or "
            "Ctrl-D ends, Ctrl-C stops an answer. Lines may also come from a pipe."
        ),
        short_help=_("Talk with a contender of a run."),
    )
    @click.argument("run_folder", type=click.Path(path_type=Path), metavar=_("RUN"))
    @click.option(
        "--contender",
        metavar=_("NAME"),
        help=_("Whom to talk with; default: the one that the verdict recommends."),
    )
    @click.option(
        "--temperature",
        type=click.FloatRange(min=0.0),
        callback=_finite,
        default=0.0,
        show_default=True,
        help=_("0 always takes the likeliest token; higher values vary more."),
    )
    @click.option(
        "--max-new-tokens",
        type=click.IntRange(min=1),
        default=256,
        show_default=True,
        help=_("Longest answer in tokens."),
    )
    @language_option()
    @pass_session
    def chat(
        session: Session,
        run_folder: Path,
        contender: str | None,
        temperature: float,
        max_new_tokens: int,
    ) -> None:
        name = choose_contender(run_folder, contender)
        from laras.delivery.chat import Conversation

        session.run_folder = run_folder
        conversation = Conversation(
            run_folder, name, temperature=temperature, max_new_tokens=max_new_tokens
        )
        talk(conversation, name)

    return chat


def _finite(context: click.Context, parameter: click.Parameter, value: float) -> float:
    """No range of numbers leaves out NaN, and one that is open above takes infinity."""
    if not math.isfinite(value):
        raise click.BadParameter(_("A finite number is needed."), context, parameter)
    return value


def choose_contender(run_folder: Path, wanted: str | None) -> str:
    """The contender asked for, or the recommended one, or the last that was trained."""
    import difflib

    from laras.errors import UsageError
    from laras.runs.folder import Run

    run = Run.read(run_folder)
    names = _names(run)
    if wanted is None:
        verdict = run.read_json("verdict.json")
        recommended = verdict.get("recommendation") if isinstance(verdict, dict) else None
        trained = [name for name in names if name != "base"]
        wanted = recommended if isinstance(recommended, str) else (trained or names or ["base"])[-1]
    if wanted not in names:
        close = difflib.get_close_matches(wanted, names, n=1)
        raise UsageError(
            "chat.no-contender",
            _("This run has no contender called {name!r}.").format(name=wanted),
            where=str(run_folder),
            hint=_("Did you mean {name!r}?").format(name=close[0])
            if close
            else _("Known: {names}").format(names=", ".join(names) or "–"),
        )
    return str(wanted)


def _names(run: Run) -> list[str]:
    """Contenders as the run's recipe has them; as its folders say where there is no recipe."""
    from laras.recipe.load import load_recipe

    recipe = run.folder / "recipe.yaml"
    if not recipe.exists():
        return run.contenders()
    return [each.name for each in load_recipe(recipe).recipe.comparison.contenders]


def talk(conversation: Conversation, name: str) -> None:
    """Read, answer, repeat, until /quit or the end of the input."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # a byte that is no text is no reason to end
    interactive = sys.stdin.isatty()
    click.secho(
        _("Talking with {name}. /reset begins anew, /quit ends.").format(name=name),
        dim=True,
        err=True,
    )
    for line in _interactive_lines() if interactive else sys.stdin:
        text = _SURROGATE.sub("\ufffd", line).strip()
        if not text:
            continue
        if text == "/quit":
            return
        if text == "/reset":
            conversation.reset()
            click.secho(_("A new conversation."), dim=True, err=True)
            continue
        _say(conversation.answer(text), interactive=interactive)


def _interactive_lines() -> Iterator[str]:
    """Lines from the keyboard, with editing; Ctrl-C drops the line, Ctrl-D ends."""
    with contextlib.suppress(ImportError):  # Windows, or a Python without it
        import readline  # noqa: F401  (gives input() its line editing)
    while True:
        try:
            yield input("> ")
        except KeyboardInterrupt:
            click.echo()
        except EOFError:
            click.echo()
            return


def _say(pieces: Iterator[str], *, interactive: bool) -> None:
    """Print the answer piece by piece; Ctrl-C ends it, and only it, at a keyboard."""
    try:
        for piece in pieces:
            click.echo(_printable(piece), nl=False)
            sys.stdout.flush()
    except KeyboardInterrupt:
        if not interactive:
            raise
        click.secho(" …", dim=True, nl=False)
    click.echo()


def _printable(text: str) -> str:
    """``text`` without control characters: a model must not steer the terminal."""
    return "".join(
        character for character in text if character.isprintable() or character in "\n\t"
    )
