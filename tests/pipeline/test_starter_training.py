"""How the starter model is made, from raw text on."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
# Nats a token after both stages. In float32 and one thread; what Muon rounds to bfloat16 differs a
# little between processors.
PINNED, ROUNDING = 4.871, 0.02


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    from starter import mix, shaped, texts

    return {"mix": mix, "texts": texts, "shaped": shaped}


COMMAND = [sys.executable, str(SCRIPTS / "pretrain_starter.py"), "--small", "--work"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def small(work: Path) -> str:
    done = subprocess.run(
        [*COMMAND, str(work)], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].removeprefix("loss ")


def stop_at(work: Path, event: str, count: int) -> None:
    """Begin, or go on, and interrupt when ``event`` has come so often."""
    events = work / "run" / "events.jsonl"
    going = subprocess.Popen([*COMMAND, str(work)], env=ENVIRONMENT)
    until = time.monotonic() + 120
    while not events.exists() or events.read_text("utf-8").count(event) < count:
        assert going.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)
    going.send_signal(signal.SIGINT)
    assert going.wait(60) != 0


@pytest.mark.slow
def test_the_small_training_ends_at_its_pinned_loss_also_when_interrupted(tmp_path: Path) -> None:
    first = small(tmp_path / "one")
    assert float(first) == pytest.approx(PINNED, abs=ROUNDING)
    assert small(tmp_path / "one") == first

    stop_at(tmp_path / "two", '"step_done", "contender": "stable"', 5)
    stop_at(tmp_path / "two", '"step_done", "contender": "decay', 2)
    assert small(tmp_path / "two") == first


def test_every_text_of_the_mix_has_a_source_and_a_licence_that_asks_for_no_share_alike(
    steps: dict[str, ModuleType],
) -> None:
    from starter.sources import SOURCES, sources_of

    mix: Any = steps["mix"]
    named = sources_of(mix.FALLING)
    assert set(mix.PASSES) < set(mix.FALLING)
    assert set(SOURCES.values()) == set(named)
    assert not [source for source in named if "BY-SA" in source.licence.replace(" ", "-")]


def test_every_example_is_read_before_one_is_read_again(steps: dict[str, ModuleType]) -> None:
    mix: Any = steps["mix"]
    places = {"often": list(range(10)), "rarely": list(range(10, 50))}
    passes = {"often": 3.0, "rarely": 0.5}
    rounds = [mix.round_of(places, passes, number, seed=0, course=7) for number in range(7)]
    read = [place for each in rounds for place in each]
    assert [read.count(place) for place in places["often"]] == [3] * 10
    assert sum(read.count(place) for place in places["rarely"]) == 20
    assert max(read.count(place) for place in places["rarely"]) == 1
    sizes = [len(each) for each in rounds]
    assert max(sizes) - min(sizes) <= 2
    assert rounds[3] == mix.round_of(places, passes, 3, seed=0, course=7)


def test_dialogues_keep_their_shape_and_novels_their_paragraphs(
    steps: dict[str, ModuleType],
) -> None:
    texts: Any = steps["texts"]
    talk = "User: hello\nAssistant: hi\n\nUser: bye"
    row = texts.row_of(talk)
    assert [(m["role"], m["content"]) for m in row["messages"]] == [
        ("user", "hello"),
        ("assistant", "hi"),
    ]
    assert texts.row_of("Assistant: I begin") == {"text": "Assistant: I begin"}
    assert texts.transcript([("user", "a"), ("assistant", "b")]) == "User: a\nAssistant: b"
    wrapped = "It was a long line that goes on to the\nnext, and ends.\n\nThe other one\n" * 30
    first = next(texts.novel_passages(wrapped)).split("\n\n")
    assert first[0] == "It was a long line that goes on to the next, and ends."


def test_sentences_that_are_held_out_leave_lists_of_sentences(
    steps: dict[str, ModuleType], tmp_path: Path
) -> None:
    texts: Any = steps["texts"]
    (tmp_path / "held").mkdir()
    (tmp_path / "held" / "id.txt").write_text("Dia membaca sebuah buku.\n", "utf-8")
    pairs = (
        "English: He reads a book.\nIndonesia: Dia membaca sebuah buku.\nEnglish: Go.\nIndonesia: "
        "Pergilah."
    )
    (tmp_path / "iden_tatoeba_pairs.txt").write_text(pairs, "utf-8")
    counts = texts.lay_out(
        ["iden_tatoeba_pairs"], tmp_path, None, tmp_path / "held", tmp_path / "out"
    )
    assert counts == {"sentences_of_heldout_left_out": 1}
    kept = (tmp_path / "out" / "train" / "iden_tatoeba_pairs.documents.jsonl").read_text("utf-8")
    assert "Pergilah" in kept
    assert "buku" not in kept


def test_made_rows_say_what_is_true_of_their_sentences(steps: dict[str, ModuleType]) -> None:
    from laras.records import Example, Message

    def text(name: str, content: str) -> Example:
        return Example(name, "text", (Message("text", content, True),), group=name)

    by_text = {
        "en_tatoeba": [text("a", "Where is it?\nThe house is old.")],
        "id_tatoeba": [text("b", "Di mana itu?\nRumah itu tua.")],
        "iden_tatoeba_pairs": [text("c", "English: Go.\nIndonesia: Pergilah.")],
        "en_gnome_help": [text("d", "Change the volume\n\n" + "Open the settings. " * 5)],
    }
    made = steps["shaped"].made(by_text, 0, 0.05)
    assert made == steps["shaped"].made(by_text, 0, 0.05)
    assert [name for name, members in made.items() if not members] == ["look-ups (made)"]
    told = {
        **{name: {"Where is it?", "Di mana itu?"} for name in ("question", "pertanyaan")},
        **{name: {"The house is old.", "Rumah itu tua."} for name in ("statement", "pernyataan")},
        **{name: {"Di mana itu?", "Rumah itu tua."} for name in ("Indonesian", "Indonesia")},
        **{name: {"Where is it?", "The house is old."} for name in ("English", "Inggris")},
    }
    rows = [
        row
        for example in made["labels (made)"]
        for message in example.messages
        for row in re.findall(r": (.+)\n(?:Label|Output|Jenis): (\w+)", message.content)
        if row[1] in told
    ]
    assert len(rows) > 50
    assert all(text in told[value] for text, value in rows)
    (translation,) = made["translations (made)"]
    said = " ".join(message.content for message in translation.messages)
    assert "Go." in said
    assert "Pergilah." in said
    (question,) = made["questions (made)"]
    assert "Change the volume" in question.messages[-2].content
    assert question.messages[-1].content.startswith("Open the settings.")


def test_what_is_to_be_looked_up_stands_above(steps: dict[str, ModuleType]) -> None:
    from starter.lookups import Lookups

    words = [f"{a}{b}" for a in ("gong", "buku", "kota", "rumah") for b in ("an", "nya", "kah")]
    lines = [f"The {word} has come {number} times" for word in words for number in range(4)]
    lookups = Lookups({"en": lines, "id": lines})
    assert lookups
    assert not Lookups({"en": lines, "id": lines[:8]})  # too few words for classes
    generator = random.Random(0)
    texts = learnt = 0
    for row in (lookups.row(generator) for _ in range(300)):
        if row[0].role == "text":
            texts += 1
            pairs = re.findall(r": The (\w+) has .*\n\w+: (.+)", row[0].content)
        else:
            turns = [message for message in row if message.role != "system"]
            asked = [re.search(r"The (\w+) has", message.content) for message in turns[::2]]
            pairs = [
                (found[1], m.content) for found, m in zip(asked, turns[1::2], strict=True) if found
            ]
            seen: set[str] = set()
            for message in turns[1::2]:
                assert message.trained == (message.content in seen)
                seen.add(message.content)
                learnt += message.trained
        assert len(dict(pairs)) >= 2
        assert len(set(pairs)) == len(dict(pairs)) == len({name for _word, name in pairs})
        assert pairs[-1] in pairs[:-1]
        classes = {word for word, _name in pairs}
        texts_of = [m.content for m in row if m.role in ("text", "user")]
        for line in (line for said in texts_of for line in said.splitlines() if " has " in line):
            assert len(classes & set(re.findall(r"\w+", line))) == 1
    assert 40 < texts < 120
    assert learnt > 400


def test_the_falling_stage_reads_its_own_mix_behind_the_steady_one(
    steps: dict[str, ModuleType], tmp_path: Path
) -> None:
    from starter.small import SETTINGS, material_in
    from starter.training import _plan_of_both, plan

    material, falling = material_in(tmp_path)
    assert set(falling.tokens.places) - set(material.tokens.places) == {"look-ups (made)"}
    assert falling.tokens.tokens_of("look-ups (made)") > 1000
    for name in material.tokens.places:
        assert falling.tokens.tokens_of(name) == material.tokens.tokens_of(name)
    settings = replace(SETTINGS, ramp=((0, 1), (20_000, 2)))
    steady, planned = plan(material, settings, 40_000, order=settings.seed)
    sizes = [sum(int(steady.lengths[at]) for at in step.examples) for step in planned]
    count = next(n for n in range(len(sizes)) if sum(sizes[:n]) > 30_000)
    done = (count, sum(sizes[:count]))
    data, both = _plan_of_both(material, falling, settings, done, 8_000)

    def windows(of: Any, steps: list[Any]) -> list[list[list[int]]]:
        return [[of[at].input_ids.tolist() for at in step.examples] for step in steps]

    assert windows(data, both[:count]) == windows(steady, planned[:count])
    own, after = plan(falling, settings, 8_000, order=settings.seed + 1, seen=done[1])
    rest = both[count:]
    assert windows(data, rest) == windows(own, after[: len(rest)])
    learnt = [sum(map(len, step)) for step in windows(data, rest)]
    assert 8_000 <= sum(learnt) < 8_000 + 2 * settings.batch_tokens
    assert max(learnt) > settings.batch_tokens  # as long as steps have become
    _data, on = _plan_of_both(material, None, settings, done, 8_000)
    assert on == planned[: len(on)]
    assert len(on) > count


def test_the_course_counts_each_step_once_and_begins_where_the_decay_did(
    steps: dict[str, ModuleType], tmp_path: Path
) -> None:
    from laras.runs.folder import Run
    from starter.record import course

    with Run.open(tmp_path) as run:
        for stage, first, last in (("stable", 1, 4), ("stable", 4, 6), ("decay-4-200", 5, 6)):
            for step in range(first, last + 1):
                run.event("step_done", contender=stage, step=step, tokens=100)
            run.event("validation_done", contender=stage, step=last, loss=5.0 - last / 10)
        rows = course(run, ("stable", "decay-4-200"))
    assert [(row["stage"], row["step"], row["tokens"], row["loss"]) for row in rows] == [
        ("stable", 4, 400, 4.6),
        ("stable", 6, 600, 4.4),
        ("decay-4-200", 6, 600, 4.4),
    ]


def test_the_card_names_every_text_once(steps: dict[str, ModuleType], tmp_path: Path) -> None:
    from starter.card import write_card
    from starter.shape import Shape

    shape = {**vars(Shape()), "parameters": Shape().parameters}
    record = {"shape": shape, "tokens": 41_000_000, "steps": 5000}
    record["texts"] = {name: {"tokens": 100, "passes": 1.0} for name in steps["mix"].PASSES}
    (tmp_path / "model.safetensors").write_bytes(bytes(10_100_000))
    write_card(record, tmp_path)
    card = (tmp_path / "README.md").read_text("utf-8")
    assert "10 MB" in card
    assert "41.0 million tokens" in card
    assert "12% of what it read was made" in card  # four texts of 34
    assert card.count("| HLTCHKUST/Xpersona | MIT |") == 2
    assert card.count("100_english_novels") == 1
