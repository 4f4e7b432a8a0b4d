"""Which examples a prompt shows, and how much of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from laras.contenders.prompting.choosing import at_random, varied
from laras.contenders.prompting.shots import Pool, pool_of, shown
from laras.records import Example, Message

Make = Callable[..., Example]


def words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def make_pool(examples: Sequence[Example], context: int = 400, shots: int = 4) -> Pool:
    return pool_of(examples, words, context=context, shots=shots, seed=0)


def test_a_short_conversation_is_shown_whole_and_a_long_one_by_its_last_exchange(
    make: Make,
) -> None:
    short = make("short", "Hello?", "Yes?", "The gong?", "In the hall.", system="Rules.")
    long = make("long", "word " * 60, "Yes?", "The gong?", "In the hall.")
    endless = make("endless", "The gong?", "hall " * 300)
    pool = make_pool([short, long, endless])
    said = {shot.example_id: [each.content for each in shot.messages] for shot in pool.shots}
    assert said == {
        "short": ["Hello?", "Yes?", "The gong?", "In the hall."],
        "long": ["The gong?", "In the hall."],
    }
    assert not any(each.trained for shot in pool.shots for each in shot.messages)


def test_where_others_speak_in_between_the_last_exchange_is_shown(make: Make) -> None:
    talk = make("talk", "Hello?", "Yes?", "The gong?", "In the hall.")
    with_tool = replace(
        talk, messages=(*talk.messages[:2], Message("tool", "{}", False), *talk.messages[2:])
    )
    shot = shown(with_tool)
    assert shot is not None
    assert [each.content for each in shot.messages] == ["The gong?", "In the hall."]


def test_what_has_nothing_to_learn_from_is_not_shown(make: Make) -> None:
    answered = make("a", "The gong?", "Sorry, I did not understand.")
    unlearnt = replace(
        answered, messages=(answered.messages[0], replace(answered.messages[1], trained=False))
    )
    assert shown(unlearnt) is None
    assert shown(make("b", "\ud800", "x")) is None
    assert shown(Example("c", "text", (Message("text", "A gong.", True),), "g")) is None


def labels_of(shots: Sequence[Example]) -> list[str | None]:
    return [shot.label for shot in shots]


def test_examples_of_labels_are_spread_over_the_labels(make: Make) -> None:
    rows = [
        make(f"{label}{n}", f"{label} number {n}", label, label=label)
        for label, count in (("often", 9), ("some", 5), ("rare", 1))
        for n in range(count)
    ]
    pool = make_pool(rows, context=4000)
    assert labels_of(varied(pool, 2, seed=0)) == ["often", "some"]
    assert sorted(map(str, labels_of(varied(pool, 4, seed=0)))) == [
        "often", "often", "rare", "some",
    ]  # fmt: skip
    assert len(varied(pool, 64, seed=0)) == len(rows)


def test_examples_of_answers_are_short_and_unlike_each_other(make: Make) -> None:
    rows = [make(f"same{n}", "Where is the big gong?", "In the hall.") for n in range(20)]
    rows += [make("other", "Siapa memukul saron?", "Budi."), make("third", "锣", "好")]
    rows += [make("long", "A question of its own " * 8, "Yes.")]
    chosen = varied(make_pool(rows), 3, seed=3)
    assert {"other", "third"} < {shot.example_id for shot in chosen}
    assert "long" not in {shot.example_id for shot in chosen}


def test_the_same_seed_chooses_the_same_examples_and_another_one_others(make: Make) -> None:
    rows = [make(f"e{n}", f"Question {n} of many", f"Answer {n}") for n in range(60)]
    pool = make_pool(rows)
    for choose in (varied, at_random):
        assert choose(pool, 4, 1) == choose(pool, 4, 1)
        assert choose(pool, 4, 1) != choose(pool, 4, 2)


def test_no_two_examples_are_of_one_group(make: Make) -> None:
    rows = [make(f"e{n}", f"Question {n}", "A", group=f"g{n % 2}") for n in range(10)]
    pool = make_pool(rows)
    for choose in (varied, at_random):
        assert len({shot.group for shot in choose(pool, 4, 0)}) == len(choose(pool, 4, 0)) == 2
