"""Energy from counters that are there, and an estimate that is called one."""

from __future__ import annotations

import gc
import os
import stat
import sys
import threading
import time
from pathlib import Path

import pytest

from laras.runs import energy
from laras.runs.energy import WATTS_PER_CORE, EnergyCounter


def zone(folder: Path, name: str, title: str, joules: float, largest: float = 1000.0) -> Path:
    place = folder / name
    place.mkdir(parents=True)
    (place / "name").write_text(f"{title}\n")
    (place / "max_energy_range_uj").write_text(f"{largest * 1e6:.0f}\n")
    (place / "energy_uj").write_text(f"{joules * 1e6:.0f}\n")
    return place / "energy_uj"


def test_the_packages_counters_are_added_up_over_their_overflow(tmp_path: Path) -> None:
    first = zone(tmp_path, "intel-rapl:0", "package-0", 100)
    second = zone(tmp_path, "intel-rapl:1", "package-1", 990)
    zone(tmp_path, "intel-rapl:0:0", "core", 5)  # within the package
    zone(tmp_path, "intel-rapl:2", "psys", 5)  # the board, packages included
    counter = EnergyCounter(powercap=tmp_path)
    assert counter.source == "rapl"
    assert counter.watt_hours() == 0.0
    first.write_text(f"{136 * 10**6}")
    assert counter.watt_hours() == pytest.approx(0.01)
    second.write_text(f"{26 * 10**6}")  # 10 J to its end at 1000, and 26 after it
    assert counter.watt_hours() == pytest.approx(0.02)


def test_a_counter_that_is_not_used_any_more_is_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(energy, "_LOOK_EVERY_S", 0.01)
    file = zone(tmp_path, "intel-rapl:0", "package-0", 100, largest=200)
    counter = EnergyCounter(powercap=tmp_path)
    watch = threading.enumerate()[-1]
    assert watch.name.endswith("(_look)")
    for joules in (190, 50, 180, 60):  # two overflows, each seen by the watch
        file.write_text(f"{joules * 10**6}")
        time.sleep(0.1)
    assert counter.watt_hours() == pytest.approx((90 + 60 + 130 + 80) / 3600)
    assert watch.is_alive()
    del counter
    gc.collect()
    watch.join(timeout=5)
    assert not watch.is_alive()


@pytest.mark.parametrize("content", ["", "not a number"])
def test_without_counters_that_can_be_read_it_is_an_estimate(content: str, tmp_path: Path) -> None:
    if content:
        zone(tmp_path, "intel-rapl:0", "package-0", 1).write_text(content)
    counter = EnergyCounter(powercap=tmp_path)
    assert counter.source == "estimate"
    started = time.process_time()
    while time.process_time() < started + 0.2:
        pass
    found = counter.watt_hours()
    assert found is not None
    assert 0.15 * WATTS_PER_CORE <= found * 3600 <= 2 * WATTS_PER_CORE


def test_a_longer_work_takes_more_at_the_same_power(tmp_path: Path) -> None:
    file = zone(tmp_path, "intel-rapl:0", "package-0", 0)
    counter = EnergyCounter(powercap=tmp_path)
    time.sleep(0.05)
    file.write_text(f"{36 * 10**6}")
    longer = counter.watt_hours_of(3 * counter.seconds)
    assert longer == pytest.approx(0.03, rel=0.1)


def test_a_gpu_without_its_library_is_counted_at_its_power_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 700.00\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setitem(sys.modules, "pynvml", None)
    counter = EnergyCounter("GPU-0", powercap=tmp_path)
    assert counter.source == "estimate+power-limit"
    time.sleep(0.2)
    found = counter.watt_hours()
    assert found is not None
    # Beside the estimate for the processor, which had little to do.
    assert 700 * 0.2 <= found * 3600 <= 710 * counter.seconds


def test_of_a_gpu_that_nobody_knows_nothing_is_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "pynvml", None)
    counter = EnergyCounter("GPU-0", powercap=tmp_path)
    assert counter.source == "estimate+unknown"
    assert counter.watt_hours() is None
    assert counter.watt_hours_of(9.0) is None


def test_the_drivers_counter_is_read_where_its_library_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pynvml.py").write_text(
        "millijoules = 5_000_000\n"
        "def nvmlInit(): pass\n"
        "def nvmlDeviceGetHandleByUUID(uuid): return {'GPU-0': 7}[uuid]\n"
        "def nvmlDeviceGetTotalEnergyConsumption(handle): return millijoules\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)
    counter = EnergyCounter(
        "GPU-0", powercap=zone(tmp_path, "intel-rapl:0", "package-0", 1).parents[1]
    )
    assert counter.source == "rapl+nvml"
    sys.modules["pynvml"].millijoules += 3_600_000  # type: ignore[attr-defined]
    assert counter.watt_hours() == pytest.approx(1.0)
    monkeypatch.delitem(sys.modules, "pynvml")
