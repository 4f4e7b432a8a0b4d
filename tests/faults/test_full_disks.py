"""A disk that is really full, a limit that is really reached: what was saved stays, what was asked
for goes on when there is room."""

from __future__ import annotations

import resource
from dataclasses import replace
from pathlib import Path

import pytest

from broken_off import (
    PATIENCE_S,
    assert_same,
    checkpoints,
    events,
    published,
    said,
    stderr_of,
    steps,
    wait_for,
    weights,
)
from broken_projects import Projects
from small_disk import small_disk

pytestmark = pytest.mark.slow
STORAGE = 6


@pytest.mark.fault(13)
def test_a_disk_that_fills_up_ends_the_training_and_with_room_it_goes_on(
    projects: Projects, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "24m") as disk:
        work = replace(projects.work("full"), before=disk.enter)
        folder = disk.place / "run"  # what it says is kept beside it, where there is room
        seen = work.folder(disk.seen(folder))
        with work.start(folder) as process:
            wait_for(lambda: len(published(seen)) >= 2, process, folder)
            disk.fill()
            assert process.wait(PATIENCE_S) == STORAGE, said(folder)
        assert "room" in said(folder)
        assert checkpoints(seen), "the old ones are gone"
        disk.empty()
        assert work.run(folder) == 0, said(folder)
        assert "Continuing from step" in said(folder)
        assert_same(seen, projects.unbroken("full"))


@pytest.mark.fault(13)
@pytest.mark.parametrize("point", ["weights-file", "before-manifest", "before-rename"])
def test_no_room_in_the_middle_of_a_checkpoint_costs_nothing_that_was_saved(
    projects: Projects, tmp_path: Path, point: str
) -> None:
    work = projects.work("full")
    folder = work.folder(tmp_path / "run")
    assert work.run(folder, f"{point}@3+:full") == STORAGE, said(folder)
    assert checkpoints(folder)
    assert work.run(folder) == 0, said(folder)
    assert_same(folder, projects.unbroken("full"))


@pytest.mark.fault(14)
def test_no_room_for_events_costs_events_and_a_mark_tells_of_them(
    projects: Projects, tmp_path: Path
) -> None:
    work = projects.work("full")
    folder = work.folder(tmp_path / "run")
    with small_disk(tmp_path / "disk", "512k", holding=folder / "events.jsonl") as disk:
        entered, seen = replace(work, before=disk.enter), disk.seen(folder)
        with entered.start(folder) as process:
            wait_for(lambda: published(folder), process, folder)
            disk.fill()
            reached = published(folder)[-1]
            wait_for(lambda: max(published(folder), default=0) >= reached + 24, process, folder)
            disk.empty()
            assert process.wait(PATIENCE_S) == 0, said(folder)
        assert said(folder).count("events can't be written") == 1
        lost = [event["count"] for event in events(seen) if event["kind"] == "events_lost"]
        told, unbroken = steps(seen), steps(projects.unbroken("full"))
    assert sum(lost) > 3
    assert told.items() < unbroken.items(), "those that are told are right"
    assert max(told) == max(unbroken), "it is told of again when there is room"
    assert weights(folder) == weights(projects.unbroken("full"))


@pytest.mark.fault(15)
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="no limits from outside here")
def test_a_limit_on_the_size_of_files_ends_the_training_and_without_it_it_goes_on(
    projects: Projects, tmp_path: Path
) -> None:
    work = projects.work("full")
    folder = work.folder(tmp_path / "run")
    with work.start(folder) as process:
        wait_for(lambda: len(published(folder)) >= 2, process, folder)
        saved = next(folder.rglob("step-*/weights.safetensors")).stat().st_size
        hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (saved // 2, hard))
        assert process.wait(PATIENCE_S) == STORAGE, said(folder)
    assert "room" in stderr_of(folder).read_text()
    assert checkpoints(folder)
    assert work.run(folder) == 0, said(folder)
    assert_same(folder, projects.unbroken("full"))
