"""Languages, quality, and what is accepted by name; counted for the audit, listed in the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from laras.errors import DataRefused
from laras.preparation.pipeline import Prepared, load_examples, prepare
from laras.recipe.load import recipe_from_mapping
from laras.records import rejections_from
from laras.runs.folder import Run
from laras.runs.progress import Silent

INDONESIAN = (
    "Rapat bulan {n} dibuka oleh ketua, lalu para anggota membahas laporan keuangan yang sudah "
    "disiapkan oleh bendahara. Semua pertanyaan dijawab dengan sabar, dan keputusan nomor {n} "
    "diambil bersama setelah makan siang di ruang sebelah."
)
ENGLISH = (
    "Meeting number {n} was opened by the chair, and then the members discussed the report on "
    "spending which the treasurer had prepared. All of the questions were answered with patience, "
    "and decision {n} was taken together after lunch in the next room."
)

Prepare = Callable[..., Prepared]


@pytest.fixture
def prepared(tmp_path: Path) -> Prepare:
    def run_it(data: dict[str, Any], **preparation: Any) -> Prepared:
        settings = {"near_duplicates": False, **preparation}
        loaded = recipe_from_mapping({"data": data, "preparation": settings}, tmp_path)
        with Run.open(tmp_path / "run") as run:
            return prepare(loaded, run, Silent(), runner="plain")

    return run_it


def write_texts(folder: Path, texts: list[str]) -> None:
    folder.mkdir()
    for number, text in enumerate(texts):
        (folder / f"{number:03}.md").write_text(text, encoding="utf-8")


def dropped(result: Prepared) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rejections_from(pq.read_table(result.ledger)):
        if row.action == "dropped":
            found.setdefault(row.reason, []).append(f"{row.path} {row.detail}")
    return found


def test_only_the_languages_asked_for_are_kept(tmp_path: Path, prepared: Prepare) -> None:
    texts = [INDONESIAN.format(n=n) for n in range(12)] + [ENGLISH.format(n=n) for n in range(5)]
    write_texts(tmp_path / "docs", [*texts, "1234567890 1234567890 1234567890"])
    data = {"sources": [{"documents": "docs"}]}
    result = prepared(data, languages=["id"])
    assert len(dropped(result)["language"]) == 5
    assert all(line.endswith(" en") for line in dropped(result)["language"])
    assert result.audit["languages"]["docs"] == {"id": 12, "en": 5, "unknown": 1}
    assert result.audit["funnel"][1] == {
        "stage": "clean",
        "rows_in": 18,
        "rows_out": 13,  # what has no language to tell is kept
        "rejected": 5,
        "unit": "records",
    }
    assert "language" not in dropped(prepared(data))


def test_an_own_test_keeps_every_row_whatever_its_language(
    tmp_path: Path, prepared: Prepare
) -> None:
    write_texts(tmp_path / "docs", [INDONESIAN.format(n=n) for n in range(12)])
    write_texts(tmp_path / "own", [*(ENGLISH.format(n=n) for n in range(3)), "Thank you."])
    data = {"sources": [{"documents": "docs"}], "test": [{"documents": "own"}]}
    result = prepared(data, languages=["id"], quality="drop", min_characters=100)
    assert len(load_examples(result.test)) == 4


def test_quality_is_flagged_or_dropped_or_left_alone(tmp_path: Path, prepared: Prepare) -> None:
    texts = [INDONESIAN.format(n=n) for n in range(12)]
    write_texts(tmp_path / "docs", [*texts, "lihat harga promo sekarang juga\n" * 60])
    data = {"sources": [{"documents": "docs"}]}
    flagged = prepared(data)
    assert sum(flagged.audit["quality"]["docs"].values()) >= 1
    assert "quality" not in dropped(flagged)
    (line,) = dropped(prepared(data, quality="drop"))["quality"]
    assert line.startswith("docs/012.md ")
    rule = line.removeprefix("docs/012.md ").split(", ")[0]
    assert rule in flagged.audit["quality"]["docs"]
    off = prepared(data, quality="off")
    assert off.audit["quality"] == {}


def test_personal_data_is_counted_by_source_and_kind(tmp_path: Path, prepared: Prepare) -> None:
    texts = [f"{INDONESIAN.format(n=n)} Surel: a{n}@contoh.example." for n in range(12)]
    write_texts(tmp_path / "docs", texts)
    data = {"sources": [{"documents": "docs"}]}
    result = prepared(data)
    assert result.audit["personal_data"] == {"docs": {"email": {"count": 12, "rows": 12}}}
    assert any("contoh.example" in e.messages[0].content for e in load_examples(result.train))
    assert prepared(data, personal_data="keep").audit["personal_data"] == {}
    assert prepared(data, personal_data_kinds=["ip"]).audit["personal_data"] == {"docs": {}}
    replaced = prepared(data, personal_data="replace")
    assert not any("contoh.example" in e.messages[0].content for e in load_examples(replaced.train))
    audit = (tmp_path / "run/data/audit.json").read_text(encoding="utf-8")
    assert "contoh.example" not in audit


def test_short_forms_are_written_out_on_request(tmp_path: Path, prepared: Prepare) -> None:
    texts = [f"{INDONESIAN.format(n=n)} Anak2 yg pulang naik bus." for n in range(12)]
    write_texts(tmp_path / "docs", texts)
    data = {"sources": [{"documents": "docs"}]}
    result = prepared(data, indonesian_normalisation=True)
    assert any("anak-anak" in e.messages[0].content.lower() for e in load_examples(result.train))
    assert sum(rule["rows"] for rule in result.audit["cleaning"]["rules"].values()) >= 12
    assert not any(
        "anak-anak" in e.messages[0].content.lower() for e in load_examples(prepared(data).train)
    )


def chats(count: int) -> list[str]:
    return [
        json.dumps({"question": f"Apa arti {n} dalam {n * 7}?", "answer": f"Itu {n} kali {n + 3}."})
        for n in range(count)
    ]


def test_a_leak_is_accepted_by_name_and_the_rows_leave_training(
    tmp_path: Path, prepared: Prepare
) -> None:
    (tmp_path / "train.jsonl").write_text("\n".join(chats(60)), encoding="utf-8")
    (tmp_path / "test.jsonl").write_text("\n".join(chats(20)), encoding="utf-8")
    data = {"sources": [{"examples": "train.jsonl"}], "test": [{"examples": "test.jsonl"}]}
    with pytest.raises(DataRefused, match="20 of 20 rows") as caught:
        prepared(data)
    assert "preparation.accept: [test-leak]" in str(caught.value.hint)
    result = prepared(data, accept=["test-leak"])
    assert result.audit["leak"]["removed_from_train"] == 20
    assert len(dropped(result)["stands-in-test"]) == 20
    assert any("test.jsonl" in line for line in dropped(result)["stands-in-test"])
    certificate = json.loads((tmp_path / "run/data/certificate.json").read_text(encoding="utf-8"))
    assert certificate["clean"]
    # What is accepted once is refused again where the recipe no longer says so.
    with pytest.raises(DataRefused, match="20 of 20 rows"):
        prepared(data)


def test_unreadable_rows_are_accepted_by_name(tmp_path: Path, prepared: Prepare) -> None:
    (tmp_path / "rows.jsonl").write_text("\n".join(chats(40) + ["{broken"] * 60), encoding="utf-8")
    data = {"sources": [{"examples": "rows.jsonl"}]}
    with pytest.raises(DataRefused, match="60 of 100") as caught:
        prepared(data)
    assert "preparation.accept: [rejected-rows]" in str(caught.value.hint)
    assert len(dropped(prepared(data, accept=["rejected-rows"]))["bad-json"]) == 60


def test_a_canned_answer_is_trained_on_a_few_times_and_stays_as_context(
    tmp_path: Path, prepared: Prepare
) -> None:
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"Halo, pesanan nomor {n} belum sampai."},
                {"role": "assistant", "content": "Terima kasih sudah menghubungi kami."},
                {"role": "user", "content": f"Resinya {n * 31}."},
                {"role": "assistant", "content": f"Pesanan {n} tiba hari ke-{n % 7}."},
            ]
        }
        for n in range(50)
    ]
    (tmp_path / "chats.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    data = {"sources": [{"conversations": "chats.jsonl"}]}

    def trained(result: Prepared) -> int:
        paths = (result.train, result.validation, result.test)
        return sum(
            message.trained and message.content.startswith("Terima kasih")
            for path in paths
            for example in load_examples(path)
            for message in example.messages
        )

    capped = prepared(data, max_reply_copies=6)
    assert trained(capped) == 6
    assert capped.audit["duplicates"]["canned_replies"] == 44
    assert capped.audit["splits"]["train"]["examples"] > 30
    assert trained(prepared(data, max_reply_copies=None)) == 50
