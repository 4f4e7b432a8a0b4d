"""One process of a training in several: ``python -m laras.tuning.rank TASK``, by torch elastic."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from laras.distribution.leash import Leash, Told
from laras.errors import GuardStopped, Interrupted, LarasError
from laras.runs.garbage import seldom_sought
from laras.translation import set_language


def main(arguments: Sequence[str]) -> int:
    """Do this process's share. A result, and an error that a person should read, are told to the
    launcher; anything else ends the process with a traceback, and has torch elastic start all of
    them again."""
    leash = Leash()
    file = Path(arguments[0])
    task = json.loads(file.read_text(encoding="utf-8"))
    set_language(task["language"])
    # Only now what takes seconds to load: the launcher may be gone by then.
    from laras.distribution.elastic import as_facts
    from laras.distribution.ranks import Ranks, attempt
    from laras.runs.heap import reused_memory
    from laras.runs.lent import lent
    from laras.runs.progress import Silent
    from laras.tuning.in_processes import assignment_of
    from laras.tuning.tune import train

    ranks = Ranks.join(file.parent, task["timeout_s"])
    leash.tell_where(ranks.rank, attempt())
    assignment = assignment_of(task["assignment"])
    assert assignment.key() == task["key_of_settings"], "settings were changed on their way here"
    folder = Path(task["run"])
    try:
        with lent(folder, task["owner"], writes=ranks.main) as run, reused_memory():
            target = folder / "contenders" / assignment.contender.name / "model"
            progress = Told(leash) if ranks.main else Silent()
            result = train(assignment, task["key"], run, target, progress, ranks=ranks)
    except LarasError as error:
        # All processes stop at one step; the main one saves before it tells of that.
        if ranks.main or not isinstance(error, Interrupted | GuardStopped):
            leash.tell(error=as_facts(error))
        return 0
    if ranks.main:
        leash.tell(result=asdict(result))
    ranks.leave()
    return 0


if __name__ == "__main__":
    with seldom_sought():
        code = main(sys.argv[1:])
    sys.exit(code)
