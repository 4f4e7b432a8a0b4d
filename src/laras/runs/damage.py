"""What can't be read of a run's own files is damage, and is told as such."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from laras.errors import StorageFailed
from laras.translation import _


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Raise what goes wrong in reading ``path``, and only that, as :class:`StorageFailed`.

    A disk that fails, a copy that was cut or a hand that helped leave Parquet and JSON whose size
    may be right; libraries answer with errors of many kinds.
    """
    from pyarrow import ArrowException

    try:
        yield
    except (OSError, ValueError, TypeError, LookupError, AttributeError, ArrowException) as error:
        reason = " ".join((str(error) or type(error).__name__).split())
        raise StorageFailed(
            "runs.damaged",
            _("This file of the run is damaged: {reason}.").format(reason=reason.rstrip(".")),
            where=str(path),
            hint=_("Delete it and give the command again."),
        ) from error
