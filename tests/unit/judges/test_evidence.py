"""What judgements prove: counts, the sign test, intervals, corrections."""

from __future__ import annotations

from itertools import product

import pytest
from scipy.stats import binomtest

from laras.judges.evidence import Comparison, comparisons, sign_test
from laras.judges.judgement import Judgement, judgements_from_json
from laras.judges.reading import Choice
from laras.recipe.schema import EvaluationSection

SECTION = EvaluationSection(bootstrap_samples=1000)
WON_BY_FIRST, WON_BY_SECOND = ("A", "B"), ("B", "A")
TIED, ALWAYS_A, UNREADABLE = ("tie", "tie"), ("A", "A"), (None, "A")
Said = tuple[Choice | None, Choice | None]


def judged(counts: dict[Said, int], second: str = "lora", per_group: int = 1) -> list[Judgement]:
    said = [each for each, count in counts.items() for _row in range(count)]
    return [
        Judgement(f"e{at}", f"g{at // per_group}", "base", second, *each)
        for at, each in enumerate(said)
    ]


def compared(counts: dict[Said, int], per_group: int = 1) -> Comparison:
    (found,) = comparisons(judged(counts, per_group=per_group), SECTION)
    return found


@pytest.mark.parametrize(("plain", "turned"), list(product(("A", "B", "tie", None), repeat=2)))
def test_a_side_wins_only_where_both_orders_say_so(
    plain: Choice | None, turned: Choice | None
) -> None:
    outcome = Judgement("e", "g", "base", "lora", plain, turned).outcome
    expected = {WON_BY_FIRST: "first", WON_BY_SECOND: "second", TIED: "tie"}
    if plain is None or turned is None:
        assert outcome == "unusable"
    else:
        assert outcome == expected.get((plain, turned), "inconsistent")


def test_the_counts_add_up_to_the_rows() -> None:
    counts = {WON_BY_FIRST: 3, WON_BY_SECOND: 20, TIED: 4, ALWAYS_A: 5, UNREADABLE: 2}
    found = compared(counts)
    assert (found.wins_first, found.wins_second, found.ties) == (3, 20, 4)
    assert (found.inconsistent, found.unusable, found.rows, found.groups) == (5, 2, 34, 32)
    assert found.win_rate == pytest.approx((20 + 4.5) / 32)
    assert found.low is not None
    assert found.high is not None
    assert 0.5 < found.low < found.win_rate < found.high < 1
    assert found.p == pytest.approx(binomtest(3, 23).pvalue)
    assert found.better == "lora"


@pytest.mark.parametrize(("fewer", "more"), [(0, 0), (0, 1), (3, 4), (5, 5), (2, 19), (0, 40)])
def test_the_sign_test_is_that_of_scipy(fewer: int, more: int) -> None:
    wanted = binomtest(fewer, fewer + more).pvalue if fewer + more else 1.0
    assert sign_test(fewer, more) == pytest.approx(wanted)
    assert sign_test(more, fewer) == pytest.approx(wanted)


def test_a_judge_that_goes_by_the_place_proves_nothing() -> None:
    found = compared({ALWAYS_A: 50})
    assert (found.inconsistent, found.win_rate, found.p, found.better) == (50, 0.5, 1.0, None)
    assert found.low is not None
    assert found.high is not None
    # Nobody saw a row that is told apart, but one in fourteen might be.
    assert 0.4 < found.low < 0.5 < found.high < 0.6
    assert 0.5 - found.low == pytest.approx(found.high - 0.5)


def test_nothing_is_said_where_nothing_could_be_read() -> None:
    found = compared({UNREADABLE: 9})
    assert (found.unusable, found.groups) == (9, 0)
    assert {found.win_rate, found.low, found.high, found.p, found.p_adjusted, found.better} == {
        None
    }


def test_rows_of_one_group_are_one_toss() -> None:
    apart, together = (compared({WON_BY_SECOND: 12}, per_group) for per_group in (1, 4))
    assert apart.p == pytest.approx(2 / 2**12)
    assert together.p == pytest.approx(2 / 2**3)
    assert (apart.better, together.better) == ("lora", None)
    alone = compared({WON_BY_SECOND: 12}, per_group=12)
    assert (alone.win_rate, alone.low, alone.high, alone.better) == (1.0, None, None, None)


def test_a_group_that_is_even_is_no_toss() -> None:
    rows = [*judged({WON_BY_FIRST: 1}, per_group=9), *judged({WON_BY_SECOND: 1}, per_group=9)]
    (found,) = comparisons(rows, SECTION)
    assert (found.wins_first, found.wins_second, found.groups, found.p) == (1, 1, 1, 1.0)


def test_p_is_adjusted_for_the_number_of_contenders() -> None:
    few = {WON_BY_FIRST: 4, WON_BY_SECOND: 15}
    (alone,) = comparisons(judged(few), SECTION)
    assert alone.p_adjusted == alone.p == pytest.approx(binomtest(4, 19).pvalue)
    assert alone.better == "lora"
    both = comparisons([*judged(few), *judged({TIED: 19}, "full"), *judged(few, "wide")], SECTION)
    assert [each.second for each in both] == ["lora", "full", "wide"]
    assert [each.p_adjusted for each in both] == pytest.approx([3 * alone.p, 1.0, 3 * alone.p])
    assert [each.better for each in both] == [None] * 3


def test_judgements_are_read_as_they_were_written() -> None:
    rows = judged({WON_BY_FIRST: 1, UNREADABLE: 1})
    assert judgements_from_json(row.as_json() for row in rows) == rows
