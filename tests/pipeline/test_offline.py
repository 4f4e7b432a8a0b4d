"""No default path talks to a network: the demo runs where there is none, and asks for none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Runs in every Python process of the demo, workers included: any attempt to reach beyond this
# machine is written down and refused, even where the network is switched off anyway.
_WATCH = """
import os, sys

def watch(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = str(arguments[0])
    elif event == "socket.connect":
        address = arguments[1]
        if not isinstance(address, tuple):
            return  # a socket on this machine's file system
        host = str(address[0])
    else:
        return
    if host not in ("127.0.0.1", "::1", "localhost"):
        with open(os.environ["LARAS_TEST_WATCH"], "a") as file:
            file.write(f"{event} {host}\\n")
        raise PermissionError("no network in this test")

sys.addaudithook(watch)
"""


def without_network() -> list[str]:
    """A prefix that gives the command a machine without network, where this user may do that."""
    unshare = shutil.which("unshare")
    if unshare and subprocess.run([unshare, "-rn", "true"], check=False).returncode == 0:
        return [unshare, "-rn"]
    return []


def test_the_demo_runs_with_the_network_switched_off(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(_WATCH)
    watched = tmp_path / "reached.txt"
    done = subprocess.run(
        [
            *without_network(), sys.executable, "-m", "laras", "demo", "--run", tmp_path / "run",
            "--set", "tuning.max_steps=3", "--set", "evaluation.max_rows=12",
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(tmp_path),
            "LARAS_TEST_WATCH": str(watched),
            "LARAS_LANG": "en",
        },
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run/report.html").is_file()
    assert not watched.exists(), watched.read_text()
