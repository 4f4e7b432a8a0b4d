"""A run's files read as what they must be: regular files that lie in the run, by no link.

A folder that somebody else has packed may hold a pipe, on which a reader waits for ever, a device,
or a link to what is not the run's.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

from laras.translation import _


def open_regular(path: Path, flags: int = os.O_RDONLY, mode: int = 0o644) -> int:
    """A descriptor of the file ``path``; OSError where it is a link, or no regular file."""
    # Without O_NONBLOCK, opening a pipe waits for who would write to it.
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):
        flags |= getattr(os, name, 0)
    descriptor = os.open(path, flags, mode)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, _("it is not a regular file"), str(path))
    return descriptor


def read_regular(path: Path) -> bytes:
    """The content of a regular file. Raises what :func:`open_regular` raises."""
    try:
        descriptor = open_regular(path)
    except ValueError as error:  # a null character in its name
        raise OSError(errno.EINVAL, str(error), str(path)) from None
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def read_regular_json(path: Path) -> Any:
    """Its content as JSON in UTF-8. OSError as above, and ValueError, also for what is nested more
    deeply than can be read."""
    try:
        return json.loads(read_regular(path).decode("utf-8"))
    except RecursionError:
        raise ValueError(_("it is nested too deeply")) from None


def is_own(folder: Path, path: Path) -> bool:
    """Whether ``path`` lies below ``folder``, and neither it nor a folder between is a link."""
    try:
        inner = path.relative_to(folder)
        return bool(inner.parts) and path.resolve() == folder.resolve() / inner
    except (OSError, ValueError, RuntimeError):
        return False
