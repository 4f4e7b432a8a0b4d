"""A run folder lent to a process that works for its writer."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from laras.errors import StorageFailed
from laras.runs.folder import Run
from laras.runs.lent import lent


def test_who_writes_adds_to_what_the_owner_wrote(tmp_path: Path) -> None:
    with Run.open(tmp_path / "run") as owner:
        owner.event("of_owner")
        with lent(owner.folder, os.getpid(), writes=True) as writer:
            writer.event("of_rank")
            writer.write_json("data/facts.json", {"a": 1})
        owner.event("of_owner")
        assert [event["kind"] for event in owner.events()] == ["of_owner", "of_rank", "of_owner"]
        assert owner.read_json("data/facts.json") == {"a": 1}


def test_who_looks_on_leaves_no_trace(tmp_path: Path) -> None:
    with Run.open(tmp_path / "run") as owner:
        before = sorted(tmp_path.rglob("*"))
        with lent(owner.folder, os.getpid(), writes=False) as onlooker:
            onlooker.event("anything")
            onlooker.write_json("data/facts.json", {})
            onlooker.write_text("data/facts.txt", "")
            onlooker.contender("tuned")
        assert sorted(tmp_path.rglob("*")) == before
        assert owner.events() == []


def test_nothing_is_written_once_another_process_has_the_folder(tmp_path: Path) -> None:
    with Run.open(tmp_path / "run") as owner:
        with lent(owner.folder, os.getpid(), writes=True) as writer:
            taken = {"pid": os.getpid() + 1}
            (owner.folder / "run.lock").write_text(json.dumps(taken), encoding="utf-8")
            with pytest.raises(StorageFailed) as raised:
                writer.event("too_late")
        assert raised.value.identifier == "runs.in-use"


def test_the_lock_is_still_the_owners_afterwards(tmp_path: Path) -> None:
    with Run.open(tmp_path / "run") as owner:
        lent(owner.folder, os.getpid(), writes=True).close()
        assert json.loads((owner.folder / "run.lock").read_text())["pid"] == os.getpid()
        with pytest.raises(StorageFailed):
            Run.open(owner.folder)
