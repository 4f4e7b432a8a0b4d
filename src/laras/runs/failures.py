"""An ``OSError`` from the disk as a :class:`StorageFailed` that says what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from laras.errors import StorageFailed
from laras.translation import _

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def is_full(error: OSError) -> bool:
    """Whether the disk, a quota or a limit on file sizes has no room left."""
    return error.errno in FULL


def storage_failure(error: OSError, path: Path) -> StorageFailed:
    """The same failure with a stable identifier and a way out."""
    where = str(path)
    if is_full(error):
        return StorageFailed(
            "runs.disk-full",
            _("There is no room left to write this."),
            where=where,
            hint=_("Free some space and give the same command again; it continues."),
        )
    if error.errno in _FORBIDDEN:
        return StorageFailed(
            "runs.not-writable",
            _("This place can't be written to: {reason}.").format(reason=error.strerror),
            where=where,
            hint=_("Choose another folder with --run."),
        )
    if error.errno in (errno.ENOENT, errno.ESTALE):
        return StorageFailed(
            "runs.gone",
            _("The run folder is gone; it was deleted or moved while the run was going on."),
            where=where,
        )
    if error.errno == errno.ENOTDIR:
        return StorageFailed(
            "runs.not-a-folder",
            _("This is a file, or lies below one; a run needs a folder."),
            where=where,
            hint=_("Choose another folder with --run."),
        )
    return StorageFailed(
        "runs.failed",
        _("Writing failed: {reason}.").format(reason=error.strerror or str(error)),
        where=where,
    )


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Raise every ``OSError`` inside as :class:`StorageFailed` about ``path``."""
    try:
        yield
    except OSError as error:
        raise storage_failure(error, path) from error
