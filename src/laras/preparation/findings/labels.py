"""Labels: how even they are, and which rows a classifier that never saw them would doubt.

Doubt by confident learning (Northcutt, Jiang and Chuang 2021) in cleanlab, over probabilities
from folds that don't hold the row: TF-IDF of words and a linear classifier.
"""

from __future__ import annotations

import importlib.util
import math
import warnings
from collections import Counter
from typing import Any

from laras.preparation.findings.intervals import first, share
from laras.preparation.findings.row import Row
from laras.translation import _

MOST_ROWS = 20_000
_FOLDS = 5
_SEED = 0


def has_cleanlab() -> bool:
    """Whether noise of labels can be measured here; it decides what the audit says."""
    return importlib.util.find_spec("cleanlab") is not None


class Labels:
    """Labelled rows of the training data; ``rows``: how many there will be."""

    def __init__(self, rows: int) -> None:
        self._share = MOST_ROWS / max(rows, 1)
        self._rows: list[tuple[str, str, str]] = []  # text, label, place
        self._counts: Counter[str] = Counter()

    def observe(self, row: Row) -> None:
        """Count one example; texts are kept of about ``MOST_ROWS``, chosen by chance."""
        if row.task != "classification" or row.label is None:
            return
        self._counts[row.label] += 1
        if row.chance < self._share:
            self._rows.append((row.asked, row.label, row.place))

    def facts(self) -> dict[str, Any]:
        """Balance and noise; empty where there are no labels."""
        if not self._counts:
            return {}
        counts = sorted(self._counts.values())
        total = sum(counts)
        entropy = -sum(n / total * math.log(n / total) for n in counts)
        evenness = entropy / math.log(len(counts)) if len(counts) > 1 else 0.0
        return {
            "labels": len(counts),
            "rows": total,
            "smallest": counts[0],
            "largest": counts[-1],
            # Pielou's evenness: 1 where all labels are equally frequent.
            "evenness": evenness,
            "noise": self._noise(),
        }

    def _noise(self) -> dict[str, Any]:
        if not has_cleanlab():
            return {"measured": False, "why": _("cleanlab is not installed: laras[labels]")}
        frequent = Counter(label for _text, label, _place in self._rows)
        known = {label for label, count in frequent.items() if count >= _FOLDS}
        rows = [row for row in self._rows if row[1] in known]
        if len(known) < 2:
            return {"measured": False, "why": _("fewer than two labels have five rows")}
        names = sorted(known)
        number = {label: n for n, label in enumerate(names)}
        given = [number[label] for _text, label, _place in rows]
        doubted, proposed = _doubted([text for text, _label, _place in rows], given)
        return {
            "measured": True,
            **share(len(doubted), len(rows)),
            "places": first(
                f"{rows[n][2]}: {rows[n][1]} ({names[label]}?)"
                for n, label in zip(doubted, proposed, strict=True)
            ),
        }


def _doubted(texts: list[str], given: list[int]) -> tuple[list[int], list[int]]:
    """Rows whose label is doubted, most doubtful first, and the label that fits better."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of third parties, about their own future
        from cleanlab.filter import find_label_issues

        model = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=1),
            SGDClassifier(loss="log_loss", alpha=1e-4, max_iter=8, tol=None, random_state=_SEED),
        )
        labels = np.array(given)
        folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED)
        chances = cross_val_predict(model, texts, labels, cv=folds, method="predict_proba")
        ranked = find_label_issues(
            labels,
            chances,
            return_indices_ranked_by="normalized_margin",
            filter_by="both",  # doubted by class noise and by the joint estimate
            n_jobs=1,
        )
    return [int(n) for n in ranked], [int(chances[n].argmax()) for n in ranked]
