"""Real files: how much of each comes through, measured against a document converter's Markdown.

Bounds lie a little below what was measured; where the converter itself loses or adds text (alt
texts, LaTeX for formulas, captions), agreement can't reach 1.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from laras.records import Dialogue, Document, Rejection

pytestmark = pytest.mark.material


def four_grams(text: str) -> Counter[tuple[str, ...]]:
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    words = re.findall(r"\w+", text.lower().replace("_", " "))
    if len(words) < 4:
        return Counter([tuple(words)])
    return Counter(zip(words, words[1:], words[2:], words[3:], strict=False))


def agreement(text: str, truth: str) -> float:
    """F1 of word 4-grams."""
    found, wanted = four_grams(text), four_grams(truth)
    return 2 * (found & wanted).total() / (found.total() + wanted.total())


def docling(read, material: Path, kind: str) -> dict[str, tuple[Document, str]]:
    folder = material / "documents" / "docling" / kind
    records = read("sources", folder=folder)
    pairs = {}
    for document in (record for record in records if isinstance(record, Document)):
        name = Path(document.path)
        for truth in (f"{name.name}.md", f"{name.stem}.md"):
            if (folder / "groundtruth" / truth).exists():
                pairs[name.name] = (document, (folder / "groundtruth" / truth).read_text())
                break
    return pairs


@pytest.mark.parametrize(
    ("kind", "mean", "least", "files"),
    [
        ("html", 0.96, 0.70, 16),
        ("md", 0.84, 0.35, 5),
        ("docx", 0.96, 0.78, 17),
        ("pptx", 0.96, 0.89, 4),
        ("xlsx", 0.82, 0.42, 6),
        ("epub", 0.99, 0.99, 1),
        ("pdf", 0.90, 0.76, 6),
        ("jats", 0.80, 0.77, 2),  # whose truth has the references
    ],
)
def test_documents_agree_with_the_converters_text(read, material, kind, mean, least, files):
    pairs = docling(read, material, kind)
    scores = {name: agreement(document.text, truth) for name, (document, truth) in pairs.items()}
    assert len(scores) == files
    assert sum(scores.values()) / len(scores) >= mean, scores
    assert min(scores.values()) >= least, scores


@pytest.mark.parametrize(
    ("name", "least"),
    [("redp5110_sampled.pdf", 0.91), ("normal_4pages.pdf", 0.95), ("code_and_formula.pdf", 0.97)],
)
def test_long_pdfs_come_through(read, material, name, least):
    document, truth = docling(read, material, "pdf")[name]
    assert agreement(document.text, truth) >= least


def test_every_cell_of_a_table_is_in_its_document(read, material):
    pairs = docling(read, material, "csv")
    assert len(pairs) == 5
    for document, truth in pairs.values():
        for row in truth.split("\n")[2:]:
            for cell in filter(None, (cell.strip() for cell in row.strip("|").split("|"))):
                assert " ".join(cell.split()) in document.text


def test_every_file_is_read_and_a_font_without_text_is_seen(read, material):
    records = read("documents/docling", folder=material)
    rejections = [record for record in records if isinstance(record, Rejection)]
    assert [r.path for r in rejections if r.action == "dropped"] == []
    (ocr,) = (r for r in rejections if r.reason == "needs-ocr")
    assert (Path(ocr.path).name, ocr.locator) == ("redp5110_sampled.pdf", "page 3")


def test_an_indonesian_documentation_site_is_readable(read, material):
    records = read("indonesian/id.react.dev", folder=material)
    documents = [record for record in records if isinstance(record, Document)]
    assert len(documents) == 169
    untitled = [document.path for document in documents if not document.title]
    assert all("/warnings/" in path or "/errors/" in path for path in untitled), untitled
    text = "\n".join(document.text for document in documents)
    assert not re.search(r"^#+ .*\{/\*", text, re.MULTILINE)
    assert not re.search(r"^</?(?:Intro|YouWillLearn|Sandpack|DeepDive|Note|Pitfall)>", text, re.M)
    assert all(a.path < b.path for a, b in pairwise(documents))


@pytest.mark.parametrize(
    ("path", "kind", "settings", "count"),
    [
        ("classification/banking77/train.csv", "examples", {}, 10_003),
        ("classification/banking77/test.csv", "examples", {}, 3_080),
        ("chat-logs/xpersona/Id_persona_valid.json", "conversations", {}, 484),
        ("chat-logs/dstc8-sgd", "conversations", {"assistant": ["SYSTEM"]}, 256),
        ("instruct/fastchat/dummy_conversation.json", "conversations", {}, 500),
        ("instruct/gsm8k/train.jsonl", "examples", {}, 7_473),
        (
            "indonesian/indonlu/smsa_doc-sentiment-prosa/train_preprocess.tsv",
            "examples",
            {"columns": {"text": "1", "label": "2"}},
            11_000,
        ),
    ],
)
def test_real_data_sets_are_read_without_loss(read, material, path, kind, settings, count):
    records = read(path, kind, folder=material, **settings)
    assert len(records) == count
    assert all(isinstance(record, Dialogue) for record in records)
    assert len({record.dialogue_id for record in records}) == count
    roles = {turn.role for record in records for turn in record.turns}
    assert roles <= {"system", "user", "assistant"}
    if "banking77" in path:
        assert len({record.label for record in records}) == 77
