"""Judging whoever only answers: rows, labels, scores; and no figure that takes a likelihood."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from laras.errors import DataRefused
from laras.evaluation.candidate import Answering, Written
from laras.evaluation.evaluate import evaluate
from laras.evaluation.result import Evaluation
from laras.recipe.schema import EvaluationSection
from laras.records import Example, Message
from laras.translation import set_language


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")


class Says:
    """An answer for each last question."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.known = answers
        self.limits: list[int] = []

    def answers(
        self, asked: Sequence[Example], max_new_tokens: int, advance: Callable[[int], None]
    ) -> list[Written]:
        self.limits.append(max_new_tokens)
        advance(len(asked))
        return [Written(self.known[each.messages[-2].content], True, 10, 2, 0.5) for each in asked]


def row(name: str, question: str, answer: str, label: str | None = None) -> Example:
    messages = (Message("user", question, False), Message("assistant", answer, True))
    task = "chat" if label is None else "classification"
    return Example(name, task, messages, name, label=label)


def judged(
    examples: Sequence[Example],
    answers: dict[str, str],
    labels: Sequence[str] = (),
    **settings: int,
) -> tuple[Evaluation, Says]:
    says = Says(answers)
    section = EvaluationSection(bootstrap_samples=100, **settings)
    return evaluate(Answering("big", says), examples, section, labels), says


LABELLED = [row(f"l{n}", f"which {n}", label, label) for n, label in enumerate("aabb")]


def test_labels_are_matched_up_to_case_and_marks_and_others_count_as_wrong() -> None:
    said = {"which 0": " A.", "which 1": "b", "which 2": "It is b", "which 3": "B"}
    found, says = judged(LABELLED, said, ["a", "b"])
    rows = found.predictions.to_pylist()
    assert [each["predicted_label"] for each in rows] == ["a", "b", None, "b"]
    assert found.scores["accuracy"].value == 0.5
    assert found.scores["macro_f1"].value == found.scores["macro_f1_generated"].value
    assert found.scores["macro_f1"].n == 4
    assert "1 of 4 answers (25.0%) name no label; they count as wrong." in found.warnings
    assert [(each.label, each.rows, each.predicted) for each in found.per_class] == [
        ("a", 2, 1), ("b", 2, 2),
    ]  # fmt: skip
    assert says.limits == [16]


def test_nothing_is_known_of_likelihoods() -> None:
    said = dict.fromkeys((each.messages[0].content for each in LABELLED), "a")
    found, _says = judged(LABELLED, said)
    assert not {"perplexity", "bits_per_byte", "calibration_error"} & set(found.scores)
    (first, *_others) = found.predictions.to_pylist()
    assert (first["nll"], first["tokens"], first["top_labels"]) == (None, None, None)
    assert found.test["tokens"] == 0


def test_answers_are_scored_like_anybodys() -> None:
    examples = [row("c0", "Where?", "In the hall."), row("c1", "When?", "At noon.")]
    found, says = judged(examples, {"Where?": "in the hall", "When?": ""}, max_new_tokens=7)
    assert found.scores["exact_match"].value == 0.5
    assert found.scores["rougeL"].value == 0.5
    assert says.limits == [7]
    assert found.cost["stages"]["answers"] == {
        "rows": 2, "seconds": 1.0, "tokens_in": 20, "tokens_out": 4, "energy_wh": None,
    }  # fmt: skip


def test_texts_and_what_nothing_goes_before_are_not_asked() -> None:
    greeting = Example("g", "chat", (Message("assistant", "Welcome.", True),), "g")
    text = Example("t", "text", (Message("text", "A book.", True),), "t")
    found, _says = judged([text, greeting, row("c", "Who?", "Sri.")], {"Who?": "Sri."})
    assert found.predictions["example_id"].to_pylist() == ["c"]
    with pytest.raises(DataRefused):
        judged([text, greeting], {})


def test_the_sample_of_rows_is_that_of_other_candidates() -> None:
    said = {each.messages[0].content: "a" for each in LABELLED}
    found, _says = judged(LABELLED, said, max_rows=2)
    again, _says = judged(LABELLED[::-1], said, max_rows=2)
    assert (
        found.predictions["example_id"].to_pylist()
        == (again.predictions["example_id"].to_pylist()[::-1])
    )
