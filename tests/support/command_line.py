"""The command line as a user starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def laras(*arguments: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """``laras ARGUMENTS``, finished; the environment is this one with ``variables``."""
    return subprocess.run(
        [sys.executable, "-m", "laras", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "LARAS_LANG": "en", **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
