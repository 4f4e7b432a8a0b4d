"""A search tries many prompts on few rows and few on many, and wastes none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from laras.contenders.prompting.prompt import Prompt
from laras.contenders.prompting.search import propose, rounds_of, rows_needed
from laras.contenders.prompting.shots import Pool
from laras.records import Example

Make = Callable[..., Example]


@pytest.mark.parametrize(
    ("proposals", "rows", "rounds"),
    [
        (8, 64, [(8, 16), (4, 32), (2, 64)]),
        (5, 64, [(5, 16), (3, 32), (2, 64)]),
        (2, 64, [(2, 64)]),
        (1, 64, [(1, 64)]),
        (8, 12, [(8, 8), (4, 8), (2, 12)]),
        (8, 3, [(8, 3), (4, 3), (2, 3)]),
    ],
)
def test_the_worse_half_goes_and_rows_double(
    proposals: int, rows: int, rounds: list[tuple[int, int]]
) -> None:
    assert rounds_of(proposals, rows) == rounds


def test_the_budget_counts_no_row_twice() -> None:
    assert rows_needed(8, 64) == 8 * 16 + 4 * 16 + 2 * 32 + 64


def make_pool(make: Make, count: int) -> Pool:
    shots = tuple(make(f"e{n}", f"Question {n}", f"Answer {n}") for n in range(count))
    return Pool(shots, (5,) * count, 100)


def sorts(prompts: Sequence[Prompt]) -> set[str]:
    return {
        "retrieval" if each.retrieval else "fixed" if each.shots else "none" for each in prompts
    }


def test_proposals_mix_instructions_with_sets_of_examples(make: Make) -> None:
    pool = make_pool(make, 20)
    found = propose(["a", "b", "c", ""], pool, "chat", 3, 7, seed=0)
    assert len(found) == 7
    assert {each.instruction for each in found} == {"a", "b", "c", ""}
    assert sorts(found) == {"retrieval", "fixed", "none"}
    assert found == propose(["a", "b", "c", ""], pool, "chat", 3, 7, seed=0)
    assert found != propose(["a", "b", "c", ""], pool, "chat", 3, 7, seed=1)


def test_no_prompt_is_proposed_twice_and_more_sets_are_made_where_one_instruction_is_given(
    make: Make,
) -> None:
    found = propose(["only"], make_pool(make, 20), "chat", 3, 31, seed=0)
    assert len(found) == 31
    assert len({(tuple(s.example_id for s in p.shots), p.retrieval) for p in found}) == 31
    few = propose(["only"], make_pool(make, 1), "chat", 3, 31, seed=0)
    assert len(few) == 3  # the one example, retrieved or not, or none at all


def test_without_examples_instructions_alone_are_proposed(make: Make) -> None:
    found = propose(["a", "b", ""], make_pool(make, 0), "chat", 3, 7, seed=0)
    assert [each.instruction for each in found] == ["a", "b", ""]
    assert sorts(found) == {"none"}
