"""In a child: prepare a recipe, and be killed at the n-th rename, where a file or folder would have
been published. Small shards and units make many of them.

    python killed_preparation.py RECIPE RUN N [RUNNER]      (N 0: live)

Prints how many renames there were.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from laras.preparation import ingest, pipeline
from laras.recipe.load import load_recipe
from laras.runs.folder import Run
from laras.runs.progress import Silent

ingest.SHARD_BYTES = 30_000
ingest._UNIT_FILES = 9

count = 0


def main(recipe: str, folder: str, fatal: int, runner: str = "plain") -> None:
    """Prepare, unless killed."""

    def watch(event: str, _arguments: object) -> None:
        global count
        if event == "os.rename":
            count += 1
            if count == fatal:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    with Run.open(folder) as run:
        pipeline.prepare(load_recipe(Path(recipe)), run, Silent(), runner=runner)  # type: ignore[arg-type]
    print(count)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
