"""The self-check: counts, leaks between training and test, balance of labels and languages."""

from __future__ import annotations

import re
from collections import Counter
from itertools import product

from starter_data.chat import ChatData, slot_pairs
from starter_data.document import Source, block_text, read_blocks
from starter_data.facts import INTENT_SLOTS, LANGUAGES, SLOTS
from starter_data.similarity import NearDuplicateIndex

CHUNK_WORDS = 60
MINIMUM_TRAINING_EXAMPLES = 3_600
MINIMUM_DOCUMENT_WORDS = 400
MAXIMUM_DOCUMENT_WORDS = 1_200
MINIMUM_ARTICLE_WORDS = 600


class CheckFailedError(RuntimeError):
    """The generated data break a rule they were promised to keep."""


def require(condition: bool, message: str) -> None:
    """Raise when a rule is broken."""
    if not condition:
        raise CheckFailedError(message)


def word_count(source: Source) -> int:
    """Count the words of a document, its title included."""
    blocks = read_blocks(source)
    return len(f"{source.title} {' '.join(map(block_text, blocks))}".split())


def chunk_count(sources: tuple[Source, ...]) -> int:
    """Estimate how many training examples documents give when cut into short passages."""
    return sum(max(1, word_count(source) // CHUNK_WORDS) for source in sources)


def check_chat(data: ChatData) -> None:
    """Check that nothing of the test files is in the training files, and the balance."""
    train_customers = {chat.customer for chat in data.train}
    train_customers |= {message.customer for message in data.train_messages}
    test_customers = {chat.customer for chat in data.test}
    test_customers |= {message.customer for message in data.test_messages}
    require(not train_customers & test_customers, "a test customer occurs in training")

    conversation_users = [one.user for chat in data.train for one in chat.exchanges]
    message_texts = [one.text for one in data.train_messages]
    require(
        not {text.lower() for text in conversation_users}
        & {text.lower() for text in message_texts},
        "a labelled message is also the message of a conversation",
    )
    require(len(set(message_texts)) == len(message_texts), "a labelled message occurs twice")

    pairs = Counter((one.user, one.assistant) for chat in data.train for one in chat.exchanges)
    require(max(pairs.values()) == 1, "a question and answer pair occurs twice in training")

    index = NearDuplicateIndex()
    for text in (*conversation_users, *message_texts):
        index.add(text)
    test_users = [one.user for chat in data.test for one in chat.exchanges]
    for text in (*test_users, *(one.text for one in data.test_messages)):
        require(not index.repeats(text), f"a test message resembles a training one: {text}")

    train_chats = {chat.text for chat in data.train}
    require(not train_chats & {chat.text for chat in data.test}, "a test conversation leaked")
    whole = NearDuplicateIndex()
    repeated = 0
    for chat in data.train:
        repeated += whole.repeats(chat.text)
        whole.add(chat.text)
    require(repeated < 0.02 * len(data.train), f"{repeated} training conversations repeat")

    for name, labels in (
        ("conversations", Counter(one.intent for one in data.train)),
        ("labelled messages", Counter(one.label for one in data.train_messages)),
        ("test messages", Counter(one.label for one in data.test_messages)),
    ):
        require(len(labels) == 18, f"{name}: {len(labels)} labels instead of 18")
        ratio = max(labels.values()) / min(labels.values())
        require(ratio < 1.5, f"{name}: labels are out of balance ({ratio:.2f})")
    for name, languages in (
        ("conversations", Counter(one.language for one in data.train)),
        ("labelled messages", Counter(one.language for one in data.train_messages)),
        ("test conversations", Counter(one.language for one in data.test)),
        ("test messages", Counter(one.language for one in data.test_messages)),
    ):
        share = languages["en"] / sum(languages.values())
        require(0.45 <= share <= 0.55, f"{name}: {share:.0%} English")


def named_values(slot: str, text: str, language: str) -> set[str]:
    """Return which values of a slot a message names; "new phone" does not also name "phone"."""
    index = LANGUAGES.index(language)
    written = {value.text[index].lower(): key for key, value in SLOTS[slot].items()}
    longest_first = sorted(written, key=len, reverse=True)
    pattern = "|".join(rf"\b{re.escape(name)}\b" for name in longest_first)
    return {written[found] for found in re.findall(pattern, text.lower())}


def check_held_out_pairs(data: ChatData) -> None:
    """Check that no training message names a held-out pair of slot values of its intent."""
    messages = [
        (chat.intent, chat.language, one.user) for chat in data.train for one in chat.exchanges
    ]
    messages += [(one.label, one.language, one.text) for one in data.train_messages]
    held_out = {intent: set(slot_pairs(intent, held_out=True)) for intent in INTENT_SLOTS}
    for intent, language, text in messages:
        first, second = (named_values(slot, text, language) for slot in INTENT_SLOTS[intent])
        seen = set(product(first, second)) & held_out[intent]
        require(not seen, f"a held-out pair {seen} is in training: {text}")


def check_answers(data: ChatData) -> None:
    """Check that answers are to the point: neither a word nor a lecture."""
    for chat in (*data.train, *data.test):
        for one in chat.exchanges:
            count = len(one.assistant.split())
            require(8 <= count <= 40, f"an answer has {count} words: {one.assistant}")


def check_documents(
    handbook: tuple[Source, ...], articles: tuple[Source, ...], test: tuple[Source, ...]
) -> None:
    """Check number, formats, length and languages of the documents, and the test documents."""
    formats = Counter(source.format for source in handbook)
    for name in ("md", "html", "docx", "pdf", "txt"):
        require(formats[name] >= 3, f"only {formats[name]} handbook files of format {name}")
    require(len(articles) >= 4, "fewer than four articles")
    for source in (*handbook, *articles, *test):
        least = MINIMUM_ARTICLE_WORDS if source in articles else MINIMUM_DOCUMENT_WORDS
        if source in test:
            least = 350
        count = word_count(source)
        require(least <= count <= MAXIMUM_DOCUMENT_WORDS, f"{source.file_name}: {count} words")
    for name, sources in (("handbook", handbook), ("articles", articles), ("test", test)):
        require({one.language for one in sources} == {"en", "id"}, f"{name}: a language is missing")
    index = NearDuplicateIndex()
    for source in (*handbook, *articles):
        for block in read_blocks(source):
            index.add(block_text(block))
    for source in test:
        for block in read_blocks(source):
            text = block_text(block)
            require(
                len(text.split()) < 8 or not index.repeats(text),
                f"{source.file_name} repeats the handbook: {text[:60]}",
            )


def check_total(data: ChatData, documents: tuple[Source, ...]) -> int:
    """Check the number of training examples and return it."""
    total = len(data.train) + len(data.train_messages) + chunk_count(documents)
    require(total >= MINIMUM_TRAINING_EXAMPLES, f"only {total} training examples")
    return total
