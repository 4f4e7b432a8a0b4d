"""Length ratio: words of all answers over words of all references.

It judges nobody: 1 is neither good nor bad by itself. But an answer that is far too short or too
long explains what the other metrics say, and BLEU and ROUGE can be gained by length alone.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from laras.evaluation.metric import METRICS, Metric, Statistics, answered_rows, ratio
from laras.evaluation.words import UnicodeWords


def word_counts(texts: list[str]) -> np.ndarray:
    """Words of each text (characters in scripts without spaces), (R,) float64."""
    words = UnicodeWords()
    return np.array([len(words.tokenize(text)) for text in texts], dtype=np.float64)


def _statistics(table: pa.Table) -> Statistics | None:
    rows = answered_rows(table, "chat")
    counts = np.stack(
        [word_counts(table[name].take(rows).to_pylist()) for name in ("prediction", "reference")],
        axis=1,
    )
    # A row without words to compare with would add to one side only, and leave a resample of such
    # rows without a value.
    kept = counts[:, 1] > 0
    if not kept.any():
        return None
    return Statistics(counts[kept], rows[kept], ratio)


METRICS.register(
    "length_ratio",
    Metric(
        name="length_ratio",
        family="length",
        task="chat",
        unit="ratio",
        higher_is_better=None,
        statistics=_statistics,
    ),
)
