"""What decides the prepared data, as one hash: the same key means the same rows."""

from __future__ import annotations

from collections.abc import Sequence

from laras import __version__
from laras.preparation.compare import VERSION as COMPARING
from laras.preparation.compose import VERSION as COMPOSING
from laras.preparation.compose import steps_of
from laras.preparation.describe import VERSION as DESCRIBING
from laras.preparation.describe import describing_steps
from laras.preparation.findings.examine import VERSION as EXAMINING
from laras.preparation.findings.labels import has_cleanlab
from laras.preparation.generation.stage import VERSION as GENERATING
from laras.preparation.generation.wording import VERSION as WORDING
from laras.preparation.hold_out import VERSION as SPLITTING
from laras.preparation.ingest import SourceFiles
from laras.preparation.stages import Work
from laras.runs.hashing import content_hash

VERSION = 4  # of all that is in no stage; raise it when the same input gives another outcome


def preparation_key(sources: Sequence[SourceFiles], work: Work) -> str:
    """Hash of the source files' content and paths, the two sections and the code's versions."""
    read = [(source.origin.role, source.origin.name, source.key) for source in sources]
    # The engine is left out: all engines give the same rows.
    section = work.section.model_dump(exclude={"engine"})
    steps = [(step.name, step.version) for step in (*describing_steps(work), *steps_of(work))]
    versions = (
        *(VERSION, DESCRIBING, COMPARING, COMPOSING, SPLITTING, __version__),
        *(GENERATING, WORDING, EXAMINING, has_cleanlab()),
    )
    embedder = work.embedder.key if work.embedder else None
    return content_hash(versions, steps, read, work.data.model_dump(), section, embedder)
