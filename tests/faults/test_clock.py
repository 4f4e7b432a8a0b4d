"""A clock that is set an hour back or a year ahead while a training runs: it goes by step numbers,
and measures what lasts by a clock that nobody sets."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from broken_off import PATIENCE_S, assert_same, checkpoints, events, published, said, wait_for
from broken_projects import Projects

pytestmark = [
    pytest.mark.slow,
    pytest.mark.fault(23),
    pytest.mark.skipif(
        sys.platform != "linux" or shutil.which("cc") is None, reason="needs Linux and a compiler"
    ),
]
HOUR_S, YEAR_S = 3600, 365 * 86_400
INTERRUPTED = 5
# What every program asks for the time of day by, with a number of seconds added that is read anew
# each time; clocks that only ever go forward are left alone.
SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static volatile long *ahead;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
    int file = open(getenv("CLOCK_AHEAD"), O_RDONLY);
    ahead = mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    real = dlsym(RTLD_NEXT, "clock_gettime");
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (!failed && ahead && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += *ahead;
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec precise;
    int failed = clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return failed;
}

time_t time(time_t *place) {
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (place) *place = precise.tv_sec;
    return precise.tv_sec;
}
"""


class Clock:
    """The clock of a command; it can be set while that runs."""

    def __init__(self, folder: Path) -> None:
        self.file, library = folder / "ahead", folder / "clock.so"
        self.set(0)
        source = folder / "clock.c"
        source.write_text(SOURCE, encoding="ascii")
        command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
        subprocess.run(command, check=True)
        self.enter = ("env", f"LD_PRELOAD={library}", f"CLOCK_AHEAD={self.file}")

    def set(self, seconds: int) -> None:
        """So many seconds ahead of what it really is."""
        with self.file.open("r+b" if self.file.exists() else "wb") as file:
            file.write(struct.pack("l", seconds))


def test_the_clock_of_a_command_can_be_set(tmp_path: Path) -> None:
    clock = Clock(tmp_path)
    asked = [*clock.enter, sys.executable, "-c", "import time; print(time.time())"]
    for seconds in (-HOUR_S, YEAR_S):
        clock.set(seconds)
        shown = float(subprocess.run(asked, capture_output=True, check=True).stdout)
        assert shown - time.time() == pytest.approx(seconds, abs=60)


@pytest.mark.parametrize("jumps", [(-HOUR_S, YEAR_S), (YEAR_S, -HOUR_S)], ids=["back", "ahead"])
def test_a_clock_that_is_set_changes_neither_weights_nor_which_checkpoints_stay(
    projects: Projects, tmp_path: Path, jumps: tuple[int, int]
) -> None:
    clock = Clock(tmp_path)
    work = replace(projects.work("full"), before=clock.enter)
    folder = work.folder(tmp_path / "run")
    began = time.monotonic()
    with work.start(folder) as process:
        wait_for(lambda: len(published(folder)) >= 2, process, folder)
        clock.set(jumps[0])
        reached = published(folder)[-1]
        wait_for(lambda: max(published(folder), default=0) > reached, process, folder)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == INTERRUPTED, said(folder)
    kept = checkpoints(folder)
    assert len(kept) == 2
    assert kept[-1] == max(e["step"] for e in events(folder) if e["kind"] == "step_done")
    # As if the older of them had been written by a clock that was far ahead.
    older = next(folder.rglob(f"checkpoints/step-{kept[0]}"))
    os.utime(older, (time.time() + YEAR_S,) * 2)
    clock.set(jumps[1])
    assert work.run(folder) == 0, said(folder)
    assert f"Continuing from step {kept[-1]}" in said(folder)
    assert_same(folder, projects.unbroken("full"))
    lasted = time.monotonic() - began
    told = [
        (name, value)
        for event in events(folder)
        for name, value in event.items()
        if name in ("seconds", "waited_s", "eta_s")
    ]
    assert told
    assert all(0 <= value < lasted for name, value in told if name != "eta_s"), told
    assert all(value >= 0 for name, value in told if name == "eta_s")
