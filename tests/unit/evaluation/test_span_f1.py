"""Lists of spans: where they are lists, and F1 beside scikit-learn."""

from __future__ import annotations

import json
import random

import pyarrow as pa
import pytest
from sklearn.metrics import f1_score
from sklearn.preprocessing import MultiLabelBinarizer

from laras.evaluation.metric import METRICS
from laras.evaluation.result import PREDICTION_SCHEMA
from laras.evaluation.span_f1 import FORMS, f1_of_sums, form_of, span_counts


def f1(predictions: list[str], references: list[str], form: str) -> float:
    return float(f1_of_sums(span_counts(predictions, references, form).sum(axis=0)))


def table(rows: list[tuple[str, str, str]]) -> pa.Table:
    """Rows of (source, prediction, reference)."""
    return pa.Table.from_pylist(
        [
            {
                **{"example_id": str(at), "task": "chat", "group": str(at), "source": source},
                **{"prediction": prediction, "reference": reference},
            }
            for at, (source, prediction, reference) in enumerate(rows)
        ],
        schema=PREDICTION_SCHEMA,
    )


def measured(rows: list[tuple[str, str, str]]) -> tuple[float, list[int]] | None:
    found = METRICS.get("span_f1").statistics(table(rows))
    return None if found is None else (found.figure, found.rows.tolist())


@pytest.mark.parametrize("form", FORMS)
def test_f1_equals_scikit_learns_micro_average(form: str) -> None:
    chance = random.Random(1)
    names = [f"name {letter}" for letter in "abcdefgh"]

    def drawn() -> list[str]:
        return chance.sample(names, k=chance.randint(0, 5))

    def written(spans: list[str]) -> str:
        return json.dumps(spans) if form == "json" else {"lines": "\n"}.get(form, "; ").join(spans)

    wanted = [drawn() for _ in range(100)]
    said = [drawn() for _ in range(100)]
    binary = MultiLabelBinarizer(classes=names)
    expected = f1_score(binary.fit_transform(wanted), binary.transform(said), average="micro")
    found = f1([written(spans) for spans in said], [written(spans) for spans in wanted], form)
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("references", "form"),
    [
        (['["Budi", "Jakarta"]', "[]", '["Sari"]'], "json"),
        (["Budi\nJakarta", "Sari", "- Ayu\n- Bali\n- 2024"], "lines"),
        (["Budi; Jakarta", "Sari；Bandung", "Ayu"], "semicolons"),
        (["أحمد؛ مكة", "علي؛ جدة"], "semicolons"),
        (["张三\n北京", "李四\n上海"], "lines"),
        (["Budi lives in Jakarta.", "Sari; who knows?"], None),
        (["Roses are red,\nViolets are blue.", "Hello!\nHow are you?"], None),
        (["A line that goes on far longer than any name in a text would go on;\nx"], None),
        (["Budi", "Jakarta"], None),  # nothing shows that more than one would be right
        (["Budi; Sari", "Ayu", "Bali", "2024", "Jakarta"], None),
        (["[Budi", '{"a": 1}'], None),
        ([], None),
    ],
)
def test_the_form_of_the_references_tells_whether_they_are_lists(
    references: list[str], form: str | None
) -> None:
    assert form_of(references) == form


def test_case_order_markers_and_outer_punctuation_do_not_count() -> None:
    assert f1(["1. jakarta\n2) 'Budi'\n\n• Sari."], ["Budi\nJakarta\nSari"], "lines") == 1.0
    assert f1(["Sari;Budi;budi"], ["Budi; Sari"], "semicolons") == 1.0
    assert f1(["Budi\nSari"], ["Budi; Sari"], "semicolons") == 1.0
    one, other = '[{"text": "Budi", "type": "PER"}]', '[{"type":"PER","text":"Budi"}]'
    assert f1([one], [other], "json") == 1.0
    assert f1(["[1, 2]"], ["[2, 1]"], "json") == 1.0


def test_an_answer_that_is_no_list_has_found_nothing() -> None:
    (counts,) = span_counts(["The people are Budi and Sari."], ['["Budi", "Sari"]'], "json")
    assert counts.tolist() == [0, 0, 2]
    (counts,) = span_counts([""], ["Budi; Sari"], "semicolons")
    assert counts.tolist() == [0, 0, 2]
    (counts,) = span_counts(["[" * 100_000], ["[]"], "json")
    assert counts.tolist() == [0, 0, 0]


def test_nothing_to_find_and_nothing_found_is_right() -> None:
    assert f1(["[]"], ["[]"], "json") == 1.0
    assert f1(['["Budi"]'], ["[]"], "json") == 0.0


def test_sources_whose_references_are_no_lists_are_left_out() -> None:
    rows = [
        ("chat", "Yes.", "Yes, of course."),
        ("names", "Budi; Ayu", "Budi; Sari"),
        ("chat", "No.", "No."),
        ("names", "Bali", "Bali"),
        ("fields", '["a"]', '["a", "b"]'),
    ]
    # 1 of 2 and 2, 1 of 1 and 1, 1 of 1 and 2: 3 both, 4 said, 5 wanted.
    assert measured(rows) == (pytest.approx(2 * 3 / (4 + 5)), [1, 3, 4])
    assert measured(rows[::-1]) == (pytest.approx(2 * 3 / (4 + 5)), [0, 1, 3])


def test_plain_answers_have_no_spans_to_measure() -> None:
    assert measured([("chat", "Yes.", "Yes, of course.")]) is None
    assert measured([]) is None


def test_answers_do_not_decide_what_is_judged() -> None:
    references = ["Budi; Sari", "Ayu; Bali"]
    for predictions in (["", ""], ["a; b", "c; d"], ['["x"]', "A sentence."]):
        pairs = zip(predictions, references, strict=True)
        found = measured([("names", *pair) for pair in pairs])
        assert found is not None
        assert found[1] == [0, 1]
