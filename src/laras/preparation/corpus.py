"""Records in memory as a corpus to find duplicates in: for small data, and as the tests' oracle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from laras.preparation.engine import Runner, run_steps
from laras.preparation.grams import Hashes
from laras.preparation.keys import (
    SIGNATURE,
    dialogue_parts,
    dialogue_signatures,
    document_parts,
    document_signatures,
)
from laras.preparation.passages import DEFAULT_THRESHOLD, Parts


class TableCorpus:
    """Documents (at least the column ``text``) and then dialogues (``turns``, ``label``)."""

    def __init__(
        self,
        documents: pa.Table,
        dialogues: pa.Table,
        runner: Runner = "plain",
        threshold: float = DEFAULT_THRESHOLD,
    ) -> None:
        self._documents = documents
        self._dialogues = dialogues
        self._runner = runner
        self._threshold = threshold

    def parts(self, rows: npt.NDArray[np.int64]) -> list[Parts]:
        """The 5-grams of ``rows``, which ascend."""
        first = self._documents.num_rows
        documents = self._documents.take(pa.array(rows[rows < first]))
        dialogues = self._dialogues.take(pa.array(rows[rows >= first] - first))
        return document_parts(documents) + dialogue_parts(dialogues)

    def signatures(self, common: Hashes) -> pa.ChunkedArray:
        """The signatures of all rows."""
        kinds = (
            (self._documents, document_signatures(common, self._threshold)),
            (self._dialogues, dialogue_signatures(common, self._threshold)),
        )
        columns = [
            run_steps(table, [step], self._runner).column("signature").cast(step.writes.types[0])
            for table, step in kinds
            if table.num_rows
        ]
        chunks = [chunk for column in columns for chunk in column.chunks]
        return pa.chunked_array(chunks, SIGNATURE.field("signature").type)
