"""``laras init`` writes a recipe that is right for the data it is shown."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from laras.cli.guess import guess_source, guess_sources
from laras.cli.init import write_recipe
from laras.cli.main import main
from laras.errors import UsageError
from laras.recipe.load import PRESETS, load_recipe


def test_without_data_the_recipe_is_a_valid_example(tmp_path: Path) -> None:
    for preset in PRESETS:
        path = write_recipe(tmp_path / preset, [], preset, "starter")
        assert load_recipe(path).recipe.preset == preset


def test_paths_are_written_as_the_recipe_must_name_them(tmp_path: Path) -> None:
    handbook = tmp_path / "our handbook: new"
    handbook.mkdir()
    (handbook / "a.md").write_text("# A")
    path = write_recipe(tmp_path / "work", [handbook], None, "models/mine")
    loaded = load_recipe(path)
    (source,) = loaded.recipe.data.sources
    assert source.kind == "documents"
    assert (loaded.folder / source.paths[0]).resolve() == handbook.resolve()
    assert loaded.recipe.model.base == "models/mine"


def test_editors_find_the_schema_that_the_first_line_names(tmp_path: Path) -> None:
    path = write_recipe(tmp_path, [], None, "starter")
    first = path.read_text().splitlines()[0]
    schema = tmp_path / first.rpartition("$schema=")[2]
    assert "data" in json.loads(schema.read_text())["properties"]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("mine")
    with pytest.raises(UsageError) as caught:
        write_recipe(tmp_path, [], None, "starter")
    assert caught.value.identifier == "init.exists"
    assert (tmp_path / "recipe.yaml").read_text() == "mine"


def test_data_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        write_recipe(tmp_path / "new", [tmp_path / "absent"], None, "starter")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("name", "content", "kind", "preset"),
    [
        ("a.txt", "text", "documents", "documents"),
        ("a.csv", "text,label\nx,y\n", "examples", "classification"),
        ("a.tsv", "Pertanyaan\tJawaban\n", "examples", "questions"),
        ("a.csv", "article,summary\n", "examples", "summaries"),
        ("a.jsonl", '{"messages": []}\n', "conversations", "chat"),
        ("a.json", '[{"conversations": []}]', "conversations", "chat"),
        ("a.jsonl", '{"instruction": "a", "output": "b"}', "examples", "questions"),
        ("a.jsonl", '{"text": "a"}', "documents", "documents"),
        ("a.jsonl", "not json", "examples", "questions"),
        ("a.csv", "", "examples", "questions"),
    ],
)
def test_the_kind_of_a_file_is_guessed_from_its_first_rows(
    tmp_path: Path, name: str, content: str, kind: str, preset: str
) -> None:
    (tmp_path / name).write_text(content)
    guess = guess_source(tmp_path / name)
    assert (guess.kind, guess.preset) == (kind, preset)


def test_a_folder_is_what_most_of_its_files_are(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text('{"messages": []}\n')
    (tmp_path / "README.md").write_text("# Chats")
    assert guess_source(tmp_path).kind == "conversations"


CHAT = """01/03/2026, 09.15 - Budi: Halo, apakah simpanan saya sudah masuk?
01/03/2026, 09.16 - CS Telaga: Selamat pagi, sudah kami terima, Kak Budi.
"""


def mixed(folder: Path) -> Path:
    """A folder with chats, a table, and articles."""
    (folder / "wa").mkdir(parents=True)
    for name in ("Budi", "Citra"):
        (folder / "wa" / f"Chat WhatsApp dengan {name}.txt").write_text(CHAT, encoding="utf-8")
    (folder / "faq.csv").write_text("pertanyaan,jawaban\na,b\n", encoding="utf-8")
    (folder / "a.bib").write_text("@article{a, title={A}, abstract={B}}\n", encoding="utf-8")
    (folder / "b.bib").write_text("@article{b, title={A}, abstract={B}}\n", encoding="utf-8")
    (folder / "README.md").write_text("# Data\n", encoding="utf-8")
    (folder / "photo.jpg").write_bytes(b"\xff\xd8")
    return folder


def test_a_chat_export_is_recognised_by_its_text(tmp_path: Path) -> None:
    (tmp_path / "chat.txt").write_text(CHAT, encoding="utf-8")
    (source,) = guess_sources([tmp_path / "chat.txt"])
    assert (source.kind, source.preset, dict(source.seen)) == (
        "conversations",
        "chat",
        {"WhatsApp": 1},
    )


def test_a_telegram_export_is_recognised_by_its_object(tmp_path: Path) -> None:
    message = {"id": 1, "type": "message", "date": "2026-03-01T09:15:00", "from": "Budi"}
    export = {
        **{"name": "Budi", "type": "personal_chat", "id": 7},
        "messages": [{**message, "from_id": "user1", "text": "Halo"}],
    }
    (tmp_path / "result.json").write_text(json.dumps(export), encoding="utf-8")
    (source,) = guess_sources([tmp_path])
    assert (source.kind, dict(source.seen)) == ("conversations", {"Telegram": 1})


def test_an_archive_is_what_its_members_are(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "WhatsApp Chat - Budi.zip", "w") as archive:
        archive.writestr("_chat.txt", CHAT)
    (source,) = guess_sources([tmp_path / "WhatsApp Chat - Budi.zip"])
    assert (source.kind, dict(source.seen)) == ("conversations", {"WhatsApp (zip)": 1})


_SHEET = """<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
<row r="1"><c r="A1" t="inlineStr"><is><t>Pertanyaan</t></is></c>
<c r="B1" t="inlineStr"><is><t>Jawaban</t></is></c></row>
<row r="2"><c r="A2" t="inlineStr"><is><t>Apa syaratnya?</t></is></c>
<c r="B2" t="inlineStr"><is><t>Kartu anggota.</t></is></c></row></sheetData></worksheet>"""
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def write_sheet(path: Path) -> None:
    """The smallest workbook that holds a question with its answer."""
    with zipfile.ZipFile(path, "w") as book:
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" '
            f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            '<sheet name="FAQ" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" '
            f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        book.writestr("xl/worksheets/sheet1.xml", _SHEET)


def test_a_spreadsheet_of_questions_is_examples(tmp_path: Path) -> None:
    write_sheet(tmp_path / "faq.xlsx")
    guess = guess_source(tmp_path / "faq.xlsx")
    assert (guess.kind, guess.preset) == ("examples", "questions")


def test_a_mixed_folder_becomes_a_source_for_each_kind(tmp_path: Path) -> None:
    data = mixed(tmp_path / "data")
    path = write_recipe(tmp_path / "new", [data], None, "starter")
    found = {source.kind: source.paths for source in load_recipe(path).recipe.data.sources}
    assert found == {
        "conversations": ["../data/wa/"],
        "examples": ["../data/faq.csv"],
        "articles": ["../data/*.bib"],
    }


def test_a_recipe_beside_the_data_names_no_folder_that_it_lies_in(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\nText.\n", encoding="utf-8")
    (tmp_path / "b.md").write_text("# B\n\nText.\n", encoding="utf-8")
    path = write_recipe(tmp_path / "new", [tmp_path], None, "starter")
    (source,) = load_recipe(path).recipe.data.sources
    assert source.paths == ["../*.md"]


def test_the_kind_of_work_that_is_asked_for_decides_where_nothing_suits_it(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("Tanya: apa?\nJawab: ini.\n", encoding="utf-8")
    path = write_recipe(tmp_path / "new", [tmp_path / "log.txt"], "chat", "starter")
    (source,) = load_recipe(path).recipe.data.sources
    assert source.kind == "conversations"


def test_a_folder_of_data_is_no_place_for_a_recipe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = mixed(tmp_path / "data")
    assert main(["init", str(data), "--lang", "en"]) == 2
    shown = capsys.readouterr().err
    assert "[init.folder-holds-data]" in shown
    assert f"laras init data-model {data}" in shown
    assert not (data / "recipe.yaml").exists()


def test_what_was_seen_and_what_to_do_next_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = mixed(tmp_path / "data")
    assert main(["init", str(tmp_path / "new"), str(data), "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    assert "(2 files: WhatsApp)" in shown
    assert f"Next: laras prepare {tmp_path / 'new' / 'recipe.yaml'}" in shown


def test_the_data_folder_beside_a_new_recipe_is_taken(tmp_path: Path) -> None:
    mixed(tmp_path / "data")
    assert main(["init", str(tmp_path), "--lang", "en"]) == 0
    kinds = {source.kind for source in load_recipe(tmp_path / "recipe.yaml").recipe.data.sources}
    assert kinds == {"conversations", "examples", "articles"}
