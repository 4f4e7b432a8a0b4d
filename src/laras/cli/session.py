"""What one invocation of the command line knows about itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from laras.cli.progress import TerminalProgress
    from laras.runs.progress import Progress


@dataclass(slots=True)
class Session:
    """``json``: results and errors as JSON on stdout. ``quiet``: no progress on stderr.

    ``run_folder``: where a traceback is kept, once a verb knows its run.
    """

    json: bool = False
    quiet: bool = False
    run_folder: Path | None = None
    _shown: TerminalProgress | None = None

    def progress(self) -> Progress:
        """Something that shows progress on stderr, or nothing."""
        if self.quiet:
            from laras.runs.progress import Silent

            return Silent()
        from laras.cli.progress import TerminalProgress

        self._shown = TerminalProgress()
        return self._shown

    def stop_progress(self) -> None:
        """The work has ended, however: give the terminal back."""
        if self._shown is not None:
            self._shown.abandon()

    def folder_for(self, recipe: Path, chosen: Path | None) -> Path:
        """The run folder: the one chosen, else the one that belongs to the recipe's name."""
        from laras.runs.folder import default_folder

        self.run_folder = chosen or default_folder(recipe)
        return self.run_folder


def print_json(data: Any) -> None:
    """``data`` on stdout as JSON that any reader takes (no NaN)."""
    import json

    from laras.runs.atomic import plain

    text = json.dumps(plain(data), ensure_ascii=False, indent=2, allow_nan=False)
    # Half a character, as names of files may have: \\udc80 is JSON for it, and can be encoded.
    click.echo(text.encode("utf-8", errors="backslashreplace").decode("utf-8"))


pass_session = click.make_pass_decorator(Session)
