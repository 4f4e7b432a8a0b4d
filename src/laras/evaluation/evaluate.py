"""Judge a candidate on test examples: losses, label likelihoods, answers, figures.

The evaluator does not know how the candidate was obtained: base, tuned or prompted go through
the same lines, on the same rows, with the same tokenizer and template. Of one that only answers
(``answered.py``) there are answers, and nothing that takes likelihoods.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from laras.batches.encode import encode_example, prompt_ids
from laras.errors import DataRefused
from laras.evaluation.answered import evaluate_answers
from laras.evaluation.candidate import Answering, Candidate
from laras.evaluation.catalogue import answer_scores, metrics_of
from laras.evaluation.classification import labels_to_name, named_label
from laras.evaluation.concluded import concluded
from laras.evaluation.cost import Meter
from laras.evaluation.generation import greedy_answers
from laras.evaluation.head import head_log_probabilities
from laras.evaluation.labels import label_log_probabilities, label_tokens
from laras.evaluation.losses import example_losses, not_finite, overlapping, trained_tokens
from laras.evaluation.reader import Reader, opened
from laras.evaluation.result import Evaluation
from laras.evaluation.rows import blank_row, sampled, unprompted
from laras.recipe.schema import EvaluationSection
from laras.records import Example, Rejection
from laras.runs.faults import fault_point
from laras.runs.heap import reused_memory
from laras.runs.progress import Progress, Silent
from laras.threads import placed
from laras.translation import _

TOP_LABELS = 3


def evaluate(
    candidate: Candidate | Answering,
    examples: Sequence[Example],
    section: EvaluationSection,
    labels: Sequence[str] = (),
    progress: Progress | None = None,
    *,
    write_labels: bool = True,
    reader: Reader | None = None,
    meter: Meter | None = None,
) -> Evaluation:
    """Predictions and figures of ``candidate`` on ``examples``; of one that only answers, on those
    that can be asked.

    ``labels`` are the classes that a classification row may get; where none are given, those of
    the examples; a candidate with a head has its own, and is judged on such rows only. Examples
    that can't be encoded come back as rejections and are not judged. ``write_labels`` False:
    rows with labels are judged by likelihoods alone, no answer is written. ``reader`` and
    ``meter``: of the model, where there are some already, for many evaluations in a row.
    Errors: DataRefused where nothing is left to judge, GuardStopped where a row's figures are
    not finite. Equal inputs give equal results.
    """
    told = progress or Silent()
    if isinstance(candidate, Answering):
        return evaluate_answers(candidate, examples, section, labels, told)
    meter = meter or Meter(next(candidate.loaded.model.parameters()).device)
    judgement = _Judgement(candidate, section, list(labels), told, meter, write_labels)
    with reused_memory(), placed(judgement.meter.device.type == "cpu") as judgement.look:
        if judgement.has_head:
            return judgement.of(examples)
        with opened(candidate.loaded.model, reader) as judgement.reader:
            return judgement.of(examples)


class _Judgement:
    """One evaluation: what all its steps share, and the rows that they fill in."""

    def __init__(
        self,
        candidate: Candidate,
        section: EvaluationSection,
        labels: list[str],
        progress: Progress,
        meter: Meter,
        write_labels: bool,
    ) -> None:
        self.name = candidate.name
        self.write_labels = write_labels
        self.loaded = candidate.loaded
        self.rewrite = candidate.rewrite
        self.section = section
        self.has_head = candidate.labels is not None
        self.labels = list(dict.fromkeys(candidate.labels or labels))
        self.progress = progress
        self.look: Callable[[], None] = lambda: None
        self.reader: Reader | None = None  # of a model that writes
        self.meter = meter
        self.examples: list[Example] = []  # as given
        self.asked: list[Example] = []  # as the candidate is asked
        self.rows: list[dict[str, Any]] = []
        self.rejections: list[Rejection] = []
        self.warnings: list[str] = []

    def of(self, examples: Sequence[Example]) -> Evaluation:
        chosen = sampled(examples, self.section.max_rows, self.section.seed)
        if self.has_head:
            chosen = [example for example in chosen if example.task == "classification"]
        self._score_losses(chosen)
        if not self.rows:
            raise DataRefused(
                "evaluation.no-rows",
                _("No test example is left to evaluate {name} on.").format(name=self.name),
            )
        judged_tasks = {metric.task for metric in metrics_of(self.section.metrics)}
        if "classification" in judged_tasks:
            self._classify()
        if "chat" in judged_tasks and not self.has_head:
            self._answer_chats()
        return concluded(
            self.rows,
            self.examples,
            self.section,
            self.meter.as_json,
            self.rejections,
            self.warnings,
        )

    def _score_losses(self, examples: list[Example]) -> None:
        """Rows with their losses, for every example that can be encoded."""
        windows, owners = [], []
        for example in examples:
            asked = self.rewrite(example)
            encoded, rejections = encode_example(
                asked, self.loaded.tokenizer, self.loaded.template, self.loaded.context
            )
            self.rejections.extend(rejections)
            encoded = overlapping(encoded, self.loaded.context)
            encoded = [window for window in encoded if trained_tokens(window)]
            if not encoded:
                continue
            owners.extend([len(self.rows)] * len(encoded))
            windows.extend(encoded)
            self.examples.append(example)
            self.asked.append(asked)
            row = blank_row(example)
            row["nll"] = None if self.has_head else 0.0  # a head has no probability for any text
            row["tokens"] = sum(map(trained_tokens, encoded))
            row["bytes"] = sum(window.text_bytes for window in encoded)
            self.rows.append(row)
        if self.has_head:
            return
        self.meter.begin("losses", len(self.rows))
        nll = example_losses(
            self.loaded.model,
            windows,
            batch_tokens=self.section.batch_tokens,
            advance=self._stage(_("losses"), len(windows)),
            reader=self.reader,
        )
        self.meter.tokens_in += sum(map(len, windows))
        for owner, value in zip(owners, nll.tolist(), strict=True):
            self.rows[owner]["nll"] += value

    def _classify(self) -> None:
        """Labels by likelihood and by generated answer, for classification rows."""
        places = self._places("classification")
        if not places:
            return
        references = {self.rows[place]["label"] for place in places}
        self.labels, unknown = labels_to_name(self.labels, references)
        self.warnings.extend(unknown)
        if self.has_head:
            self._classify_by_head(places)
            return
        first, template = self.asked[places[0]], self.loaded.template
        answers = [label_tokens(template, first, label) for label in self.labels]
        longest = max(map(len, answers))
        places, prompts = self._prompts(places, longest)
        self.meter.begin("labels", len(places))
        scores = label_log_probabilities(
            self.loaded.model,
            prompts,
            answers,
            names=[self.rows[place]["example_id"] for place in places],
            batch_tokens=self.section.batch_tokens,
            best=TOP_LABELS,
            advance=self._stage(_("labels"), len(places)),
            reader=self.reader,
        )
        self._name_labels(places, prompts, scores)
        if not self.write_labels:
            return
        # A few tokens more than the longest label, so that an answer that goes on is seen to.
        self._generate(places, prompts, longest + 4)
        for place in places:
            row = self.rows[place]
            row["generated_label"] = named_label(row["prediction"], self.labels)

    def _classify_by_head(self, places: list[int]) -> None:
        """Labels by the candidate's head; the prompts are those that it was trained on."""
        places, prompts = self._prompts(places, 1)
        self.meter.begin("labels", len(places))
        scores = head_log_probabilities(
            self.loaded.model,
            prompts,
            names=[self.rows[place]["example_id"] for place in places],
            batch_tokens=self.section.batch_tokens,
            advance=self._stage(_("labels"), len(places)),
        )
        self._name_labels(places, prompts, scores)

    def _name_labels(self, places: list[int], prompts: list[list[int]], scores: np.ndarray) -> None:
        self.meter.tokens_in += sum(map(len, prompts))
        for place, row_scores in zip(places, scores, strict=True):
            best = np.argsort(-row_scores, kind="stable")[:TOP_LABELS]
            self.rows[place]["predicted_label"] = self.labels[best[0]]
            self.rows[place]["top_labels"] = [
                {"label": self.labels[at], "log_probability": float(row_scores[at])} for at in best
            ]

    def _answer_chats(self) -> None:
        """Generated answers of chat rows, and the scores that belong to a single row."""
        limit = self.section.max_new_tokens
        places, prompts = self._prompts(self._places("chat"), limit)
        if not places:
            return
        self._generate(places, prompts, limit)
        predictions = [self.rows[place]["prediction"] for place in places]
        references = [self.rows[place]["reference"] for place in places]
        self._fill(places, answer_scores(self.section.metrics, predictions, references))

    def _generate(self, places: list[int], prompts: list[list[int]], limit: int) -> None:
        self.meter.begin("answers", len(places))
        answers = greedy_answers(
            self.loaded.model,
            prompts,
            stop_ids=self.loaded.template.stop_ids,
            max_new_tokens=limit,
            context=self.loaded.context,
            batch_tokens=self.section.batch_tokens,
            advance=self._stage(_("answers"), len(places)),
            reader=self.reader,
        )
        self.meter.tokens_in += sum(map(len, prompts))
        for place, answer in zip(places, answers, strict=True):
            row = self.rows[place]
            if not answer.finite:
                raise not_finite(row["example_id"], _("next-token probability"))
            self.meter.tokens_out += len(answer.token_ids) + answer.finished
            row["prediction"] = self.loaded.template.answer(answer.token_ids).strip()
            row["finished"] = answer.finished

    def _prompts(self, places: list[int], reserve: int) -> tuple[list[int], list[list[int]]]:
        """Prompts of the rows that have room for one, with ``reserve`` tokens left to answer.

        A row whose prompt can't be cut to fit gets no prediction, and a line in the ledger.
        """
        loaded = self.loaded
        # Answers may not take more than half the context from the questions.
        reserve = min(reserve, loaded.context // 2)
        kept, prompts = [], []
        for place in places:
            example = self.asked[place]
            try:
                prompt = prompt_ids(
                    example, loaded.tokenizer, loaded.template, loaded.context, reserve
                )
            except DataRefused as refusal:
                self.rejections.append(unprompted(example, refusal))
                continue
            kept.append(place)
            prompts.append(prompt)
        return kept, prompts

    def _places(self, task: str) -> list[int]:
        return [place for place, row in enumerate(self.rows) if row["task"] == task]

    def _fill(self, places: list[int], columns: Mapping[str, Sequence[float | None]]) -> None:
        for name, values in columns.items():
            for place, value in zip(places, values, strict=True):
                self.rows[place][name] = value

    def _stage(self, what: str, total: int) -> Callable[[int], None]:
        self.progress.stage(_("Judging {name}: {what}").format(name=self.name, what=what), total)

        def advance(done: int) -> None:
            self.look()
            fault_point("evaluation")
            self.progress.advance(done)

        return advance
