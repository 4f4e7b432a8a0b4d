"""One family of errors: what happened, where, and what to do about it.

Each error carries a stable identifier (``recipe.unknown-key``), so that programs and
documentation can refer to it whatever the language of the message. The exit code belongs to
the class: a shell script can tell a refused data set from a full disk.
"""

from __future__ import annotations

# What torch says where it has no class for it: main memory, pinned memory, a library's own.
_NO_MEMORY = (
    *("DefaultCPUAllocator", "CUDA error: out of memory", "MPS backend out of memory"),
    *("CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED"),
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` says that memory ran out, by whichever of the ways there are to say it."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"  # torch's, known here without torch
        or (isinstance(error, RuntimeError) and any(text in str(error) for text in _NO_MEMORY))
    )


class LarasError(Exception):
    """What happened (``what``), where (``where``: file:line or recipe path), what to do (``hint``).

    ``identifier`` is stable across versions and languages; ``exit_code`` is what the command
    line returns when the error ends it.
    """

    exit_code = 1

    def __init__(
        self, identifier: str, what: str, *, where: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(what)
        self.identifier = identifier
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        way_out = f"\n{self.hint}" if self.hint else ""
        return f"{place}{self.what}{way_out}"

    def as_json(self) -> dict[str, str | int | None]:
        """The same facts for programs (``--json``)."""
        return {
            "error": self.identifier,
            "what": self.what,
            "where": self.where,
            "hint": self.hint,
            "exit_code": self.exit_code,
        }


class UsageError(LarasError):
    """The recipe, an option or a path is wrong; nothing was started."""

    exit_code = 2


class DataRefused(LarasError):
    """The data can't carry the run: empty, one class, too small to split, leaking."""

    exit_code = 3


class ModelRefused(LarasError):
    """The base model is not there, not safe to load, or can't do what the recipe asks."""

    exit_code = 2


class GuardStopped(LarasError):
    """A guard stopped the training (non-finite loss, divergence); the last good state is kept."""

    exit_code = 4


class RanksLost(LarasError):
    """Processes of a training were lost too often: nothing that the training itself brought about;
    the newest checkpoint is kept."""

    exit_code = 4


class Interrupted(LarasError):
    """Stopped by a signal after saving; the same command continues."""

    exit_code = 5


class StorageFailed(LarasError):
    """The run folder can't be written: full, read-only, gone, in use."""

    exit_code = 6


class MemoryExhausted(LarasError):
    """Out of memory; the checkpoint is intact."""

    exit_code = 7


class EndpointFailed(LarasError):
    """An endpoint that the recipe names gave no usable answer; what it did answer is kept."""

    exit_code = 8


class GateFailed(LarasError):
    """The verdict is written, and does not pass a gate of the recipe."""

    exit_code = 9
