"""Records to Arrow tables and back."""

from __future__ import annotations

from laras.records import (
    DIALOGUE_SCHEMA,
    DOCUMENT_SCHEMA,
    EXAMPLE_SCHEMA,
    REJECTION_SCHEMA,
    Dialogue,
    Document,
    Example,
    Message,
    Rejection,
    Span,
    Turn,
    dialogues_from,
    documents_from,
    examples_from,
    rejections_from,
    to_table,
)


def test_what_goes_into_a_table_comes_out_equal() -> None:
    documents = [
        Document("d1", "a.md", "Text.", metadata={"author": "Sri", "year": "2024"}),
        Document("d2", "b.md", "Teks é 日本.", "Title", "page 3", "article", "s", "group"),
    ]
    turns = (Turn("user", "Apa?"), Turn("assistant", "Itu.", False))
    dialogues = [
        Dialogue("c1", "c.json", turns, metadata={"a": "b"}),
        Dialogue("c2", "c.json", (), "line 2", "label", "s", "g", 2.5),
    ]
    examples = [
        Example("e1", "chat", (Message("user", "Apa?", False),), "g", (Span("c1", "c", 0, 4),)),
        Example("e2", "text", (), "g", (), "label", "s", 0.5),
    ]
    rejections = [Rejection("read", "empty", "a"), Rejection("s", "r", "p", action="cut", rows=0)]
    assert list(documents_from(to_table(documents, DOCUMENT_SCHEMA))) == documents
    assert list(dialogues_from(to_table(dialogues, DIALOGUE_SCHEMA))) == dialogues
    assert list(examples_from(to_table(examples, EXAMPLE_SCHEMA))) == examples
    assert list(rejections_from(to_table(rejections, REJECTION_SCHEMA))) == rejections


def test_no_records_are_a_table_of_the_same_columns() -> None:
    for schema in (DOCUMENT_SCHEMA, DIALOGUE_SCHEMA, EXAMPLE_SCHEMA, REJECTION_SCHEMA):
        assert to_table([], schema).equals(schema.empty_table())
