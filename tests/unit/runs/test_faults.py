"""A fault strikes where and when it was asked for, and nowhere where it was not."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from laras.errors import UsageError
from laras.runs.faults import POINTS, armed, fault_point

PACKAGE = Path(__file__).resolve().parents[3] / "src" / "laras"


def test_unasked_nothing_happens() -> None:
    assert fault_point is armed(None)
    assert not any(fault_point(name) for name in POINTS)


def test_a_fault_strikes_at_its_point_the_time_it_was_asked_for_or_from_then_on() -> None:
    once, first, on = armed("loss@2:nan"), armed("loss:nan"), armed("loss@2+:nan")
    assert [once("loss") for _ in range(4)] == [False, True, False, False]
    assert [first("loss") for _ in range(3)] == [True, False, False]
    assert [on("loss") for _ in range(4)] == [False, True, True, True]
    assert not any(once(name) for name in POINTS for _ in range(4) if name != "loss")


def test_what_runs_out_is_told_as_python_tells_it() -> None:
    with pytest.raises(MemoryError):
        armed("step:oom")("step")
    with pytest.raises(OSError, match="space") as raised:
        armed("saving:full")("saving")
    assert raised.value.errno == errno.ENOSPC


@pytest.mark.parametrize(("action", "number"), [("kill", signal.SIGKILL), ("term", signal.SIGTERM)])
def test_a_process_is_signalled_where_the_environment_says(
    action: str, number: signal.Signals
) -> None:
    code = "from laras.runs.faults import fault_point as f; f('step'); f('step'); print('lives')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "LARAS_FAULT": f"step@2:{action}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (-number, "")
    assert done.stderr == "LARAS_FAULT: step 2\n"


@pytest.mark.parametrize(
    "wish", ["nowhere:kill", "step:explode", "step", "step@0:kill", "step@-1:kill", "step:kill "]
)
def test_a_fault_that_does_not_exist_is_refused_with_those_that_do(wish: str) -> None:
    with pytest.raises(UsageError, match="no fault") as raised:
        armed(wish)
    assert "weights-file" in str(raised.value.hint)


def test_every_point_has_its_place_in_the_code() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    assert set(re.findall(r'fault_point\("([a-z-]+)"\)', code)) == set(POINTS)
