"""Write the starter data set: the invented material of an invented cooperative.

Usage::

    python scripts/make_starter_data.py [--output src/laras/starter/data]

The result depends on the seed only. A self-check runs at the end and raises when the data break one
of the rules the data set promises (see ``starter_data/checks.py``).
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from pathlib import Path

from starter_data import (
    articles_english,
    articles_indonesian,
    handbook_english_money,
    handbook_english_service,
    handbook_indonesian_money,
    handbook_indonesian_service,
    handbook_test,
)
from starter_data.chat import ChatData, ChatGenerator, Conversation, Message
from starter_data.checks import (
    check_answers,
    check_chat,
    check_documents,
    check_held_out_pairs,
    check_total,
    require,
    word_count,
)
from starter_data.readme import readme_text
from starter_data.writers import write_document

SEED = 20240102
MAXIMUM_BYTES = 2_500_000
OUTPUT = Path(__file__).resolve().parent.parent / "src" / "laras" / "starter" / "data"

HANDBOOK = (
    *handbook_english_money.SOURCES,
    *handbook_english_service.SOURCES,
    *handbook_indonesian_money.SOURCES,
    *handbook_indonesian_service.SOURCES,
)
ARTICLES = (*articles_english.SOURCES, *articles_indonesian.SOURCES)
TEST_DOCUMENTS = handbook_test.SOURCES


def write_conversations(conversations: Sequence[Conversation], path: Path) -> None:
    """Write conversations as JSON lines in the form of chat messages."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for chat in conversations:
            messages = [
                {"role": role, "content": content}
                for one in chat.exchanges
                for role, content in (("user", one.user), ("assistant", one.assistant))
            ]
            record = {
                "conversation_id": chat.identifier,
                "customer": chat.customer,
                "language": chat.language,
                "intent": chat.intent,
                "messages": messages,
            }
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def write_messages(messages: Sequence[Message], path: Path) -> None:
    """Write labelled messages as a table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("text", "label", "customer"))
        writer.writerows((one.text, one.label, one.customer) for one in messages)


def count_words(conversations: Sequence[Conversation]) -> int:
    """Count the words of conversations."""
    return sum(len(chat.text.split()) for chat in conversations)


def count_table(data: ChatData) -> list[tuple[str, int, int]]:
    """Return name, number of examples and number of words of each part."""
    english = [chat for chat in data.train if chat.language == "en"]
    indonesian = [chat for chat in data.train if chat.language == "id"]
    return [
        ("conversations/train_en.jsonl", len(english), count_words(english)),
        ("conversations/train_id.jsonl", len(indonesian), count_words(indonesian)),
        (
            "intents/train.csv",
            len(data.train_messages),
            sum(len(one.text.split()) for one in data.train_messages),
        ),
        ("handbook/", len(HANDBOOK), sum(map(word_count, HANDBOOK))),
        ("articles/", len(ARTICLES), sum(map(word_count, ARTICLES))),
        ("test/conversations.jsonl", len(data.test), count_words(data.test)),
        (
            "test/intents.csv",
            len(data.test_messages),
            sum(len(one.text.split()) for one in data.test_messages),
        ),
        ("test/handbook/", len(TEST_DOCUMENTS), sum(map(word_count, TEST_DOCUMENTS))),
    ]


def write_all(data: ChatData, output: Path, total: int) -> None:
    """Write every file of the data set."""
    folders = ("handbook", "articles", "conversations", "intents", "test/handbook")
    for folder in folders:
        (output / folder).mkdir(parents=True, exist_ok=True)
    for source in HANDBOOK:
        write_document(source, output / "handbook")
    for source in ARTICLES:
        write_document(source, output / "articles")
    for source in TEST_DOCUMENTS:
        write_document(source, output / "test" / "handbook")
    for language in ("en", "id"):
        chosen = [chat for chat in data.train if chat.language == language]
        write_conversations(chosen, output / "conversations" / f"train_{language}.jsonl")
    write_conversations(data.test, output / "test" / "conversations.jsonl")
    write_messages(data.train_messages, output / "intents" / "train.csv")
    write_messages(data.test_messages, output / "test" / "intents.csv")
    text = readme_text(count_table(data), total)
    (output / "README.md").write_text(text, encoding="utf-8")


def main() -> None:
    """Generate, check and write the data set, and print its counts."""
    parser = argparse.ArgumentParser(description="Write the starter data set.")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder to write to")
    output: Path = parser.parse_args().output

    data = ChatGenerator(SEED).generate()
    check_chat(data)
    check_held_out_pairs(data)
    check_answers(data)
    check_documents(HANDBOOK, ARTICLES, TEST_DOCUMENTS)
    total = check_total(data, (*HANDBOOK, *ARTICLES))
    write_all(data, output, total)
    size = sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
    require(size <= MAXIMUM_BYTES, f"the data folder has {size} bytes")

    print(f"{'part':32}{'examples':>10}{'words':>10}")
    for name, examples, words in count_table(data):
        print(f"{name:32}{examples:>10,}{words:>10,}")
    print(f"training examples with document passages: {total:,}; folder: {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
