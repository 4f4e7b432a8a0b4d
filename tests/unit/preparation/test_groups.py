"""Groups keep their names and their splits when data is added."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from laras.preparation.groups import Groups

NAMES = st.integers(0, 14).map(lambda number: f"g{number:02}")
PAIRS = st.lists(st.tuples(NAMES, NAMES), max_size=20)


def test_a_group_is_called_by_its_smallest_name_however_it_was_joined() -> None:
    groups = Groups()
    for left, right in [("d", "c"), ("b", "a"), ("d", "a")]:
        groups.join(left, right)
    assert {groups.name_of(name) for name in "abcd"} == {"a"}


def partition(pairs: list[tuple[str, str]]) -> dict[str, str]:
    groups = Groups()
    for left, right in pairs:
        groups.join(left, right)
    return {f"g{number:02}": groups.name_of(f"g{number:02}") for number in range(15)}


@given(PAIRS, st.randoms())
def test_the_order_of_joining_does_not_matter(
    pairs: list[tuple[str, str]], generator: object
) -> None:
    shuffled = list(pairs)
    generator.shuffle(shuffled)  # type: ignore[attr-defined]
    assert partition(pairs) == partition([(b, a) for a, b in shuffled])


@settings(deadline=None)
@given(PAIRS, PAIRS)
def test_a_group_that_nothing_is_joined_to_keeps_its_name(
    before: list[tuple[str, str]], added: list[tuple[str, str]]
) -> None:
    old, new = partition(before), partition(before + added)
    for name in set(old.values()):
        members = {member for member, of in old.items() if of == name}
        after = {member for member, of in new.items() if of == new[name]}
        if members == after:
            assert new[name] == name
        assert new[name] <= name  # else it got the name of the one it was joined to
