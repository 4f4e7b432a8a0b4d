"""Answers that are repeated word for word are trained on so often and no more."""

from __future__ import annotations

import random
from collections import Counter

import pyarrow as pa

from laras.preparation.canned import REPLY_KEYS, as_context, copies_beyond
from laras.preparation.engine import run_steps
from laras.preparation.keys import dialogue_keys
from laras.records import DIALOGUE_SCHEMA, Dialogue, Turn, dialogues_from, to_table


def table(rows: list[list[Turn]], label: str | None = None) -> pa.Table:
    records = [
        Dialogue(f"d{n}", "f", tuple(turns), label=label, source="s")
        for n, turns in enumerate(rows)
    ]
    return to_table(records, DIALOGUE_SCHEMA)


def capped(dialogues: pa.Table, most: int) -> pa.Table:
    keyed = run_steps(dialogues, [dialogue_keys({}), REPLY_KEYS], "plain")
    beyond = copies_beyond(keyed.column("reply_keys"), keyed.column("exact_key"), most)
    return as_context(dialogues, beyond)


def asked(question: str, answer: str, trained: bool | None = None) -> list[Turn]:
    return [Turn("user", question), Turn("assistant", answer, trained)]


def trained_on(dialogues: pa.Table) -> Counter[str]:
    return Counter(
        turn.content.casefold()
        for dialogue in dialogues_from(dialogues)
        for turn in dialogue.turns
        if turn.role == "assistant" and turn.trained is not False
    )


def test_copies_past_the_limit_stay_as_context() -> None:
    rows = [asked(f"tanya {n}", "Halo!" if n % 2 else "halo!") for n in range(10)]
    rows += [asked(f"tanya {n}", f"jawab {n}") for n in range(10)]
    dialogues = table(rows)
    after = capped(dialogues, 3)
    assert trained_on(after)["halo!"] == 3
    assert sum(trained_on(after).values()) == 13
    told = [[turn.content for turn in dialogue.turns] for dialogue in dialogues_from(after)]
    assert told == [[turn.content for turn in row] for row in rows]
    assert after.schema == dialogues.schema


def test_which_copies_are_trained_on_does_not_follow_the_order_of_files() -> None:
    rows = [asked(f"tanya {n}", "Halo!") for n in range(30)]
    shuffled = list(rows)
    random.Random(1).shuffle(shuffled)

    def questions(order: list[list[Turn]]) -> set[str]:
        return {
            dialogue.turns[0].content
            for dialogue in dialogues_from(capped(table(order), 5))
            if dialogue.turns[1].trained is not False
        }

    assert questions(rows) == questions(shuffled)
    assert len(questions(rows)) == 5


def test_turns_that_are_not_trained_on_and_labels_do_not_count() -> None:
    rows = [asked(f"tanya {n}", "Halo!", False) for n in range(10)]
    rows += [asked(f"lain {n}", "Halo!") for n in range(3)]
    assert trained_on(capped(table(rows), 3))["halo!"] == 3
    labelled = table([[Turn("user", f"teks {n}")] for n in range(10)], label="a")
    assert capped(labelled, 1) == labelled


def test_several_turns_of_one_conversation_count_one_by_one() -> None:
    rows = [asked("a", "Baik.") + asked("b", "Baik.") + asked("c", "Lain.") for _n in range(2)]
    after = capped(table(rows), 3)
    assert trained_on(after) == {"baik.": 3, "lain.": 2}


def test_slices_and_nothing_are_handled() -> None:
    rows = [asked(f"tanya {n}", "Halo!") for n in range(10)]
    assert trained_on(capped(table(rows).slice(4), 2)) == {"halo!": 2}
    assert capped(table([]), 1).num_rows == 0
