"""What may not stay in the run folder: copies of what is to be replaced, and what is out of date.

With ``personal_data: replace`` the folder holds what was read only while it is being worked on.
What an earlier recipe left there, which replaced nothing or other kinds, goes before anything
else, whatever it is: a list of what may hold a name would be one file short one day.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from laras.preparation.describe import STAGE as CLEANING
from laras.preparation.first_pass import FIRST
from laras.preparation.generation.generate import STAGE as GENERATING
from laras.preparation.ingest import STAGE as READING
from laras.preparation.stages import Work, stage_name
from laras.runs.failures import storage_errors

_REPLACED = "replaced.json"  # the kinds that were replaced in all that lies beside it
# Made of the prepared rows by whoever used them; the next of them makes its own.
_DERIVED = ("audit.json", "shown.json")


def forget_earlier(work: Work) -> None:
    """Before anything is made: what was made of other rows than those that are to come."""
    folder, section = work.run.data, work.section
    replaced = {"kinds": sorted(section.personal_data_kinds)}
    with storage_errors(folder):
        if section.personal_data != "replace":
            (folder / _REPLACED).unlink(missing_ok=True)
        elif work.run.read_json(f"data/{_REPLACED}") != replaced:
            for entry in folder.iterdir():
                _remove(entry)
            work.run.forget_stages("prepare")
            work.run.write_json(f"data/{_REPLACED}", replaced)
        for name in _DERIVED:
            _remove(folder / name)
        if section.generation is None:
            _remove(folder / GENERATING)
            work.run.forget_stages(stage_name(GENERATING))


def forget_raw(work: Work) -> None:
    """After everything, however it ended: what was read, where personal data is replaced."""
    if work.section.personal_data != "replace":
        return
    folder = work.run.data
    with storage_errors(folder):
        for passed in folder.glob(f"{CLEANING}/*/{FIRST}"):
            _remove(passed)
        if (folder / READING).exists():
            # Without its record, nobody takes the stage for damaged.
            work.run.forget_stages(stage_name(READING))
            _remove(folder / READING)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
