"""Real data sets: each is read to the number of records that it holds, or says why not."""

from __future__ import annotations

from collections import Counter

import pytest

from laras.records import Dialogue, Rejection

pytestmark = pytest.mark.material

CLINC = "classification/clinc150/data_full.json"
INDONLU = "indonesian/indonlu/smsa_doc-sentiment-prosa"
CENDOL = "indonesian/cendol"
GUESSED = {"guessed-columns": 1}


@pytest.mark.parametrize(
    ("path", "kind", "settings", "count", "told", "labels"),
    [
        ("chat-logs/dstc8-sgd", "conversations", {}, 256, {}, 0),
        ("chat-logs/xpersona/Id_persona_valid.json", "conversations", {}, 484, {}, 0),
        ("chat-logs/xpersona", "conversations", {}, 2_968, {}, 0),
        (f"{CLINC}#train", "examples", {}, 15_000, GUESSED, 150),
        (f"{CLINC}#test", "examples", {"columns": {"text": "0", "label": "1"}}, 4_500, {}, 150),
        (f"{CLINC}#oos_test", "examples", {}, 1_000, GUESSED, 1),
        (CLINC, "examples", {}, 0, {"several-parts": 1}, 0),
        ("classification/banking77/train.csv", "examples", {}, 10_003, {}, 77),
        ("classification/banking77/test.csv", "examples", {}, 3_080, {}, 77),
        ("classification/pubmedqa/ori_pqal.json", "examples", {}, 1_000, {}, 0),
        (
            "classification/pubmedqa/ori_pqal.json",
            "examples",
            {"columns": {"text": "QUESTION", "label": "final_decision"}},
            *(1_000, {}, 3),
        ),
        (f"{CENDOL}/identity_prompt.csv", "examples", {}, 125, {}, 0),
        (f"{CENDOL}/safety_prompt.csv", "examples", {}, 186, {}, 0),
        (
            f"{CENDOL}/human_eval_task_ind.csv",
            "examples",
            {"columns": {"question": "Input", "answer": "Pred", "rating": "R1"}},
            *(659, {"missing-value": 1}, 0),
        ),
        (f"{INDONLU}/train_preprocess.tsv", "examples", {}, 11_000, GUESSED, 3),
        (f"{INDONLU}/valid_preprocess.tsv", "examples", {}, 1_260, GUESSED, 3),
        ("indonesian/nusax/sentiment/*/*.csv", "examples", {}, 12_000, {}, 3),
        (
            "indonesian/nusax/mt/train.csv",
            "examples",
            {"columns": {"question": "indonesian", "answer": "javanese"}},
            *(500, {}, 0),
        ),
        ("instruct/fastchat/dummy_conversation.json", "conversations", {}, 500, {}, 0),
        ("instruct/fastchat/mt_bench_question.jsonl", "examples", {}, 0, {"unknown-shape": 80}, 0),
        ("instruct/gsm8k/train.jsonl", "examples", {}, 7_473, {}, 0),
        ("instruct/gsm8k/test.jsonl", "examples", {}, 1_319, {}, 0),
    ],
)
def test_a_data_set_is_read_whole(read, material, path, kind, settings, count, told, labels):
    records = read(path, kind, folder=material, **settings)
    dialogues = [record for record in records if isinstance(record, Dialogue)]
    others = Counter(record.reason for record in records if isinstance(record, Rejection))
    assert (len(dialogues), others) == (count, told)
    assert len({dialogue.dialogue_id for dialogue in dialogues}) == count
    assert len({dialogue.label for dialogue in dialogues} - {None}) == labels


def test_the_two_sides_of_service_dialogues_speak_in_turn(read, material):
    for dialogue in read("chat-logs/dstc8-sgd", "conversations", folder=material):
        roles = [turn.role for turn in dialogue.turns]
        assert roles == ["user", "assistant"] * (len(roles) // 2)


def test_grades_of_people_weigh_the_answers_that_they_graded(read, material):
    columns = {"question": "Input", "answer": "Pred", "rating": "R1"}
    records = read(
        f"{CENDOL}/human_eval_task_ind.csv", "examples", folder=material, columns=columns
    )
    weights = {record.weight for record in records if isinstance(record, Dialogue)}
    assert (min(weights), max(weights), len(weights)) == (0.25, 1.5, 4)
