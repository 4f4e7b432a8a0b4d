"""Macro and micro F1, accuracy, and the figures of each class, from confusion counts.

The macro average is over the classes that occur in the references: a class without a test row
has no recall, and counting it as 0 or 1 would only measure the size of the test set. Such
classes are flagged, as are those that were predicted without occurring; wrong predictions of
them still cost the classes they were taken from. An answer that is no label at all counts as
missed, and as a prediction of none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from laras.evaluation.exact_match import normalised
from laras.evaluation.metric import METRICS, Metric, Statistics, answered_rows, ratio
from laras.translation import _


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One class: precision, recall and F1 (None where undefined), rows and predictions of it."""

    label: str
    precision: float | None
    recall: float | None
    f1: float | None
    rows: int
    predicted: int


def named_label(answer: str, labels: Sequence[str]) -> str | None:
    """The label that ``answer`` is, up to case, spaces and outer punctuation; None if none."""
    if answer.strip() in labels:
        return answer.strip()
    wanted = normalised(answer)
    if not wanted:
        return None  # nothing but punctuation, which a label may be as well
    named = [label for label in labels if normalised(label) == wanted]
    return named[0] if len(named) == 1 else None


def labels_to_name(
    known: Sequence[str], references: Collection[str]
) -> tuple[list[str], list[str]]:
    """The labels that a row may get, ``known`` or else those of the ``references``, and a warning
    for each reference that is not among them."""
    labels = list(known) or sorted(references)
    warnings = [
        _("The test has label {label!r}, which the training data doesn't.").format(label=label)
        for label in sorted(set(references).difference(labels))
    ]
    return labels, warnings


@dataclass(frozen=True, slots=True)
class Confusion:
    """Row by class one-hots, each (R, C): hit, reference, predicted."""

    classes: tuple[str, ...]
    hits: np.ndarray
    references: np.ndarray
    predicted: np.ndarray


def confusion(references: Sequence[str], predictions: Sequence[str | None]) -> Confusion:
    """Count rows by class, over every class that occurs on either side."""
    classes = tuple(sorted({*references, *(p for p in predictions if p is not None)}))
    place = {label: index for index, label in enumerate(classes)}
    rows = len(references)
    is_reference = np.zeros((rows, len(classes)))
    is_predicted = np.zeros((rows, len(classes)))
    for row, (reference, prediction) in enumerate(zip(references, predictions, strict=True)):
        is_reference[row, place[reference]] = 1.0
        if prediction is not None:
            is_predicted[row, place[prediction]] = 1.0
    return Confusion(classes, is_reference * is_predicted, is_reference, is_predicted)


def macro_f1(references: Sequence[str], predictions: Sequence[str | None]) -> float:
    """Mean F1 of the classes that occur in the references."""
    return float(_macro(_stacked(confusion(references, predictions)).sum(axis=0)))


def micro_f1(references: Sequence[str], predictions: Sequence[str | None]) -> float:
    """F1 of all decisions together."""
    return float(_micro(_stacked(confusion(references, predictions)).sum(axis=0)))


def accuracy(references: Sequence[str], predictions: Sequence[str | None]) -> float:
    """Share of rows whose prediction is the reference."""
    pairs = list(zip(references, predictions, strict=True))
    return sum(reference == prediction for reference, prediction in pairs) / len(pairs)


def per_class(references: Sequence[str], predictions: Sequence[str | None]) -> list[ClassFigures]:
    """The figures of every class that occurs in references or predictions."""
    counts = confusion(references, predictions)
    figures = []
    for index, label in enumerate(counts.classes):
        hits = int(counts.hits[:, index].sum())
        rows = int(counts.references[:, index].sum())
        predicted = int(counts.predicted[:, index].sum())
        figures.append(
            ClassFigures(
                label=label,
                precision=hits / predicted if predicted else None,
                recall=hits / rows if rows else None,
                f1=2 * hits / (rows + predicted) if rows else None,
                rows=rows,
                predicted=predicted,
            )
        )
    return figures


def _stacked(counts: Confusion) -> np.ndarray:
    """(R, 3(C + 1)): hits, references, predictions, side by side.

    C: the classes that the references have; the rest is counted together. So contenders that were
    judged on the same rows have the same columns, whatever they predicted.
    """
    judged = counts.references.any(axis=0)
    parts = [
        np.column_stack([part[:, judged], part[:, ~judged].sum(axis=1)])
        for part in (counts.hits, counts.references, counts.predicted)
    ]
    return np.concatenate(parts, axis=1)


def _parts(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    hits, references, predicted = np.split(sums, 3, axis=-1)
    return hits, references, predicted


def _macro(sums: np.ndarray) -> np.ndarray:
    hits, references, predicted = _parts(sums)
    occurs = references > 0
    f1 = 2 * hits / np.where(occurs, references + predicted, 1.0)
    # A resample may miss a class: it then has no recall there and is not averaged.
    value: np.ndarray = (f1 * occurs).sum(axis=-1) / occurs.sum(axis=-1)
    return value


def _micro(sums: np.ndarray) -> np.ndarray:
    hits, references, predicted = _parts(sums)
    total = references.sum(axis=-1) + predicted.sum(axis=-1)
    value: np.ndarray = 2 * hits.sum(axis=-1) / total
    return value


def _f1_statistics(table: pa.Table, *, column: str, average: str) -> Statistics | None:
    rows = _judged(table, column)
    if not len(rows):
        return None
    counts = confusion(*_labels(table, rows, column))
    occurring = int((counts.references.sum(axis=0) > 0).sum())
    return Statistics(
        _stacked(counts),
        rows,
        _macro if average == "macro" else _micro,
        signature=f"{average} over {occurring} classes of the references",
        flags=_flags(counts),
    )


def _accuracy_statistics(table: pa.Table) -> Statistics | None:
    rows = _judged(table, "predicted_label")
    if not len(rows):
        return None
    pairs = zip(*_labels(table, rows, "predicted_label"), strict=True)
    hits = np.array([float(reference == prediction) for reference, prediction in pairs])
    return Statistics(np.stack([hits, np.ones(len(rows))], axis=1), rows, ratio)


def _judged(table: pa.Table, column: str) -> np.ndarray:
    # An answer that is no label leaves the column null: the answer itself tells it was asked.
    named = answered_rows(table, "classification", column)
    return np.union1d(named, answered_rows(table, "classification"))


def _labels(table: pa.Table, rows: np.ndarray, column: str) -> tuple[list[str], list[str | None]]:
    return table["label"].take(rows).to_pylist(), table[column].take(rows).to_pylist()


def _flags(counts: Confusion) -> tuple[str, ...]:
    absent = [
        label
        for label, rows in zip(counts.classes, counts.references.sum(axis=0), strict=True)
        if rows == 0
    ]
    if not absent:
        return ()
    return (
        _("Predicted, but without a test row, so left out of the average: {labels}").format(
            labels=", ".join(absent)
        ),
    )


for _name, _column, _average in (
    ("macro_f1", "predicted_label", "macro"),
    ("micro_f1", "predicted_label", "micro"),
    ("macro_f1_generated", "generated_label", "macro"),
    ("micro_f1_generated", "generated_label", "micro"),
):
    METRICS.register(
        _name,
        Metric(
            name=_name,
            family="f1",
            task="classification",
            unit="share",
            higher_is_better=True,
            statistics=partial(_f1_statistics, column=_column, average=_average),
        ),
    )
METRICS.register(
    "accuracy",
    Metric(
        name="accuracy",
        family="f1",
        task="classification",
        unit="share",
        higher_is_better=True,
        statistics=_accuracy_statistics,
    ),
)
