"""What prompts are worth, on validation rows of one kind and by the metric that a verdict over them
would turn on.

Labels are compared by their likelihood alone, nothing is written for them: that is what macro-F1
and accuracy go by, and it is many times quicker. Where the metric can't tell two prompts apart,
the perplexity of the right answers does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from laras.batches.encode import encode_example
from laras.contenders.prompting.prompt import Prompt, Selection, prompt_from_json
from laras.evaluation.candidate import Candidate, Rewrite
from laras.evaluation.cost import Meter
from laras.evaluation.evaluate import evaluate
from laras.evaluation.metric import METRICS, Metric
from laras.evaluation.reader import Reader
from laras.models.load import LoadedModel
from laras.recipe.schema import EvaluationSection
from laras.records import Example

_LEAST_SAMPLES = 100  # resamples for an interval that nobody looks at


@dataclass(slots=True)
class Tried:
    """A prompt and what came of it: ``rounds`` of (rows, value), the last over most rows.

    ``perplexity``: of the right answers, on the rows of the last round; None where there are none.
    """

    prompt: Prompt
    rounds: list[tuple[int, float | None]] = field(default_factory=list)
    perplexity: float | None = None
    predictions: pa.Table | None = None

    @property
    def rows(self) -> int:
        """Rows that it was tried on."""
        return self.rounds[-1][0] if self.rounds else 0

    @property
    def value(self) -> float | None:
        """The metric over these rows."""
        return self.rounds[-1][1] if self.rounds else None

    def selection(self, metric: str) -> Selection:
        """How it did, as ``prompt.json`` tells it."""
        return Selection(metric, self.value, self.rows)

    def as_json(self, metric: str) -> dict[str, Any]:
        """All of it but the predictions."""
        return {
            "prompt": self.prompt.as_json(self.selection(metric)),
            "perplexity": self.perplexity,
            "rounds": [{"rows": rows, "value": value} for rows, value in self.rounds],
        }


def tried_from_json(facts: Mapping[str, Any]) -> Tried:
    """What :meth:`Tried.as_json` told; KeyError, TypeError or ValueError where it is not that."""
    rounds = [(int(each["rows"]), each["value"]) for each in facts["rounds"]]
    return Tried(prompt_from_json(facts["prompt"]), rounds, facts["perplexity"])


def rank_by(metric: Metric) -> Callable[[Tried], tuple[float, float]]:
    """A key that puts the better prompt first: the metric, then the right answers' perplexity."""
    sign = -1.0 if metric.higher_is_better else 1.0

    def key(tried: Tried) -> tuple[float, float]:
        worst = float("inf")
        value = worst if tried.value is None else sign * tried.value
        return value, worst if tried.perplexity is None else tried.perplexity

    return key


def best_of(tried: Sequence[Tried], metric: Metric) -> Tried:
    """The best of those tried on most rows, the first of equal ones: ways go from the plainest
    on."""
    rows = max(each.rows for each in tried)
    return min((each for each in tried if each.rows == rows), key=rank_by(metric))


class Scoring:
    """The rows that prompts are compared on, in an order of chance, and a model to try them with,
    with one ``reader`` for all prompts.

    ``rewrite_with``: how a prompt is put around an example.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        reader: Reader,
        metric: Metric,
        section: EvaluationSection,
        labels: Sequence[str],
        rewrite_with: Callable[[Prompt], Rewrite],
        rows: Sequence[Example],
        meter: Meter,
    ) -> None:
        self.metric = metric
        self.rows = rows
        self._loaded = loaded
        self._reader = reader
        self._meter = meter
        self._labels = labels
        self._rewrite_with = rewrite_with
        self._section = section.model_copy(
            update={
                "metrics": [metric.family],
                "max_rows": None,
                "bootstrap_samples": _LEAST_SAMPLES,
            }
        )

    def extend(self, tried: Tried, rows: int) -> bool:
        """Try the prompt on the first ``rows`` rows, without repeating those that it was tried on;
        whether there were any left."""
        new = self.rows[tried.rows : rows]
        if not new:
            return False
        found = self._predictions(tried.prompt, new, self._section)
        before = [] if tried.predictions is None else [tried.predictions]
        tried.predictions = pa.concat_tables([*before, found])
        tried.perplexity = figure_of(METRICS.get("perplexity"), tried.predictions)
        value = figure_of(self.metric, tried.predictions)
        tried.rounds.append((tried.rows + len(new), value))
        return True

    def hard_ones(self, prompt: Prompt, examples: Sequence[Example]) -> set[str]:
        """Identifiers of the ``examples`` that ``prompt`` gets wrong: their label is not the
        likeliest, or, of answers, the quarter that is least likely (per token)."""
        section = self._section
        of_labels = self.metric.task == "classification"
        if not of_labels:
            section = section.model_copy(update={"metrics": ["perplexity"]})
        rows = self._predictions(prompt, examples, section).to_pylist()
        if of_labels:
            return {row["example_id"] for row in rows if row["predicted_label"] != row["label"]}
        rows = [row for row in rows if row["tokens"]]
        rows.sort(key=lambda row: (-row["nll"] / row["tokens"], row["example_id"]))
        return {row["example_id"] for row in rows[: (len(rows) + 3) // 4]}

    def _predictions(
        self, prompt: Prompt, examples: Sequence[Example], section: EvaluationSection
    ) -> pa.Table:
        candidate = Candidate(prompt.way, self._loaded, rewrite=self._rewrite_with(prompt))
        return evaluate(
            candidate,
            examples,
            section,
            self._labels,
            write_labels=False,
            reader=self._reader,
            meter=self._meter,
        ).predictions


def rows_to_compare_on(
    examples: Sequence[Example], is_able: Callable[[Example], bool], count: int, seed: int
) -> list[Example]:
    """At most ``count`` of ``examples`` that ``is_able`` lets through, in an order of chance that
    does not depend on theirs."""
    by_name = {example.example_id: example for example in examples}
    names = sorted(by_name)
    found: list[Example] = []
    for place in np.random.default_rng(seed).permutation(len(names)).tolist():
        if len(found) == count:
            break
        example = by_name[names[place]]
        if is_able(example):
            found.append(example)
    return found


def can_be_asked(loaded: LoadedModel, example: Example) -> bool:
    """Whether the model can be judged on ``example``: some of its tokens are predicted."""
    windows, _rejections = encode_example(
        example, loaded.tokenizer, loaded.template, loaded.context
    )
    return any(window.trained[1:].any() for window in windows)


def listing(tried: Tried, metric: str, *, competes: bool) -> dict[str, Any]:
    """An entry of ``prompts.json``."""
    return {
        "task": tried.prompt.task,
        "way": tried.prompt.way,
        "instruction": tried.prompt.instruction,
        "shots": tried.prompt.shown,
        "retrieval": tried.prompt.retrieval is not None,
        "example_ids": [shot.example_id for shot in tried.prompt.shots],
        **asdict(tried.selection(metric)),
        "perplexity": tried.perplexity,
        "rounds": [{"rows": rows, "value": value} for rows, value in tried.rounds],
        "competes": competes,
    }


def figure_of(metric: Metric, predictions: pa.Table) -> float | None:
    """The metric over ``predictions``; None where it judges none of them."""
    statistics = metric.statistics(predictions)
    return None if statistics is None else statistics.figure
