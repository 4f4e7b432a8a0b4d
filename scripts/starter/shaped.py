"""Texts in the shape of instructions, made from texts whose licences allow it.

So that prompts, few-shot examples and stop tokens mean something before any tuning: translations
asked for in many wordings, questions made of the headings of help texts, rows of the kind "text,
label" whose label says what is plain to see (the language of a sentence, its first word, whether it
asks), and rows whose labels stand in the rows before (:mod:`starter.lookups`). The wordings are our
own. All is decided by the seed.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from laras.records import Example, Message, Task
from starter.lookups import Lookups

_TO_INDONESIAN = (
    "Translate to Indonesian: {}",
    "How do you say this in Indonesian? {}",
    "Terjemahkan ke bahasa Indonesia: {}",
    "Apa bahasa Indonesia dari kalimat ini?\n{}",
    "{}\n\nTranslate the sentence above into Indonesian.",
    "English: {}\nIndonesian:",
)
_TO_ENGLISH = (
    "Translate to English: {}",
    "What does this mean in English? {}",
    "Terjemahkan ke bahasa Inggris: {}",
    "Apa bahasa Inggris dari kalimat ini?\n{}",
    "{}\n\nTerjemahkan kalimat di atas ke bahasa Inggris.",
    "Indonesia: {}\nEnglish:",
)
_SYSTEM = {
    "en": (
        "You are a helpful assistant.",
        "Answer briefly.",
        "You are a friendly assistant who answers in English.",
        "You help customers. Be polite and to the point.",
    ),
    "id": (
        "Anda adalah asisten yang membantu.",
        "Jawablah dengan singkat.",
        "Anda asisten yang ramah dan menjawab dalam bahasa Indonesia.",
        "Anda membantu pelanggan. Jawablah dengan sopan dan jelas.",
    ),
}
_QUESTIONS = {
    "en": ("{}", "{}?", "Tell me about this: {}", "Please explain: {}", "I need help with: {}"),
    "id": (
        "{}",
        "{}?",
        "Tolong jelaskan: {}",
        "Saya perlu bantuan: {}",
        "Bagaimana dengan ini: {}",
    ),
}
_HELP = {
    "en_gnome_help": "en",
    "en_opensource_guide": "en",
    "en_ms_azd_for_beginners": "en",
    "id_gnome_help": "id",
    "id_opensource_guide": "id",
    "id_ms_alchemy_insights": "id",
    "id_ms_azd_for_beginners": "id",
}
_LONGEST_HEADING, _SHORTEST_ANSWER, _LONGEST_ANSWER = 90, 60, 900
_SYSTEM_SHARE = 0.2

Row = tuple[str, str]  # a text and what belongs behind it


def made(by_text: Mapping[str, Sequence[Example]], seed: int, scale: float = 1.0) -> dict[
    str, list[Example]
]:  # fmt: skip
    """Examples by their entry in the mix. ``by_text``: the prepared training texts; ``scale``:
    multiplies how many rows of labels, formats and look-ups there are."""
    generator = random.Random(seed)
    pairs = list(_pairs(by_text.get("iden_tatoeba_pairs", ())))
    sentences = {
        language: [line for e in by_text.get(f"{language}_tatoeba", ()) for line in _lines(e)]
        for language in ("en", "id")
    }
    labelled = [
        _labels(sentences, generator) for _ in range(round(6000 * scale)) if all(sentences.values())
    ]
    formats = [
        _formats(sentences, pairs, generator)
        for _ in range(round(6000 * scale))
        if pairs and all(sentences.values())
    ]
    lookups = Lookups(
        {language: [*sentences[language], *_said(by_text, language)] for language in sentences}
    )
    found = {
        "translations (made)": list(_translations(pairs, generator)),
        "questions (made)": list(_questions(by_text, generator)),
        "labels (made)": labelled,
        "formats (made)": formats,
        "look-ups (made)": [
            row
            for _ in range(round(8000 * scale) if lookups else 0)
            if (row := lookups.row(generator))
        ],
    }
    return {
        name: [
            Example(f"{name}-{number}", _task(messages), messages, group=f"{name}-{number}")
            for number, messages in enumerate(members)
        ]
        for name, members in found.items()
    }


def _task(messages: Sequence[Message]) -> Task:
    return "text" if messages[0].role == "text" else "chat"


def _chat(turns: Sequence[Row], language: str, generator: random.Random) -> tuple[Message, ...]:
    """Turns of the user with answers; the answers are learnt. Sometimes behind a system message."""
    messages = []
    if generator.random() < _SYSTEM_SHARE:
        messages.append(Message("system", generator.choice(_SYSTEM[language]), trained=False))
    for asked, answer in turns:
        messages += [Message("user", asked, trained=True), Message("assistant", answer, True)]
    return tuple(messages)


def _pairs(examples: Sequence[Example]) -> Iterator[Row]:
    """(English, Indonesian) of lines that follow each other."""
    for example in examples:
        lines = _lines(example)
        for first, second in itertools.pairwise(lines):
            if first.startswith("English: ") and second.startswith("Indonesia: "):
                yield first.removeprefix("English: "), second.removeprefix("Indonesia: ")


def _said(by_text: Mapping[str, Sequence[Example]], language: str) -> list[str]:
    """What people say in dialogues."""
    return [
        message.content
        for example in by_text.get(f"{language}_xpersona_chat", ())
        for message in example.messages
        if message.role != "text"
    ]


def _lines(example: Example) -> list[str]:
    return [line.strip() for line in example.messages[0].content.splitlines() if line.strip()]


def _translations(pairs: Sequence[Row], generator: random.Random) -> Iterator[tuple[Message, ...]]:
    """One to four pairs a conversation, asked for in one wording."""
    rest = list(pairs)
    generator.shuffle(rest)
    while rest:
        count = generator.choice((1, 1, 2, 3, 4))
        part, rest = rest[:count], rest[count:]
        if generator.random() < 0.5:
            wording = generator.choice(_TO_INDONESIAN)
            turns = [(wording.format(english), indonesian) for english, indonesian in part]
        else:
            wording = generator.choice(_TO_ENGLISH)
            turns = [(wording.format(indonesian), english) for english, indonesian in part]
        yield _chat(turns, generator.choice(("en", "id")), generator)


def _questions(
    by_text: Mapping[str, Sequence[Example]], generator: random.Random
) -> Iterator[tuple[Message, ...]]:
    """The heading of a help text asks, the first paragraphs below it answer."""
    for name, language in _HELP.items():
        for example in by_text.get(name, ()):
            parts = [part.strip() for part in example.messages[0].content.split("\n\n")]
            for heading, *following in (parts[at:] for at in range(len(parts) - 1)):
                if not _is_heading(heading) or _is_heading(following[0]):
                    continue
                answer = following[0]
                for part in following[1:]:
                    if _is_heading(part) or len(answer) + len(part) > _LONGEST_ANSWER:
                        break
                    answer += f"\n\n{part}"
                if _SHORTEST_ANSWER <= len(answer) <= _LONGEST_ANSWER:
                    asked = generator.choice(_QUESTIONS[language]).format(heading.rstrip("?:"))
                    yield _chat([(asked, answer)], language, generator)


def _is_heading(part: str) -> bool:
    return "\n" not in part and 8 <= len(part) <= _LONGEST_HEADING and part[-1] not in ".:;,!"


# What a label says of a sentence, with several sets of names for its values.
_PROPERTIES: tuple[tuple[Callable[[str, str], int], tuple[tuple[str, ...], ...]], ...] = (
    (
        lambda text, language: int(language == "id"),
        (("English", "Indonesian"), ("Inggris", "Indonesia"), ("en", "id"), ("EN", "ID")),
    ),
    (
        lambda text, language: int(text.endswith("?")),
        (("statement", "question"), ("pernyataan", "pertanyaan"), ("no", "yes"), ("B", "A")),
    ),
    (
        lambda text, language: int(len(text.split()) > 6),
        (("short", "long"), ("pendek", "panjang"), ("0", "1"), ("small", "large")),
    ),
    (
        lambda text, language: int("Tom" in text or "Mary" in text),
        (("no name", "name"), ("tanpa nama", "ada nama"), ("other", "person"), ("tidak", "ya")),
    ),
)
_ASKING = (
    "Name the category of the text below.\n\n{}",
    "{}\nLabel:",
    "Text: {}\nLabel:",
    "Which label fits?\n{}",
    "Beri label untuk kalimat ini: {}",
    "Kalimat: {}\nLabel:",
)
_KEYS = (("Text", "Label"), ("Teks", "Label"), ("Input", "Output"), ("Kalimat", "Jenis"))


def _labels(
    sentences: Mapping[str, Sequence[str]], generator: random.Random
) -> tuple[Message, ...]:
    """Four to ten sentences with one label each, as a list of rows or asked in turn."""
    value_of, names = generator.choice(_PROPERTIES)
    values = generator.choice(names)
    rows = []
    for _ in range(generator.randint(4, 10)):
        language = generator.choice(("en", "id"))
        text = generator.choice(sentences[language])
        rows.append((text, values[value_of(text, language)]))
    return _as_rows(rows, generator)


# What follows plainly from a sentence.
_FUNCTIONS: tuple[tuple[Callable[[str], str], str, str], ...] = (
    (lambda text: text, "Repeat", "Ulangi"),
    (lambda text: text.split()[0], "First word", "Kata pertama"),
    (lambda text: text.split()[-1].rstrip(".!?"), "Last word", "Kata terakhir"),
    (lambda text: text.upper(), "Upper case", "Huruf besar"),
    (lambda text: text.lower(), "Lower case", "Huruf kecil"),
    (lambda text: str(len(text.split())), "Number of words", "Jumlah kata"),
    (lambda text: " ".join(text.split()[:3]), "First three words", "Tiga kata pertama"),
    (lambda text: ", ".join(text.rstrip(".!?").split()), "List of words", "Daftar kata"),
)


def _formats(
    sentences: Mapping[str, Sequence[str]], pairs: Sequence[Row], generator: random.Random
) -> tuple[Message, ...]:
    """Three to eight rows of one form: the later ones follow from the earlier ones."""
    count = generator.randint(3, 8)
    if generator.random() < 0.3:
        swapped = generator.random() < 0.5
        chosen = [generator.choice(pairs) for _ in range(count)]
        return _as_rows([(b, a) if swapped else (a, b) for a, b in chosen], generator)
    function, *names = generator.choice(_FUNCTIONS)
    language = generator.choice(("en", "id"))
    name = names[language == "id"]
    texts = [generator.choice(sentences[language]) for _ in range(count)]
    if generator.random() < 0.4:
        return _chat([(f"{name}: {text}", function(text)) for text in texts], language, generator)
    return _as_rows([(text, function(text)) for text in texts], generator)


def _as_rows(rows: Sequence[Row], generator: random.Random) -> tuple[Message, ...]:
    kind = generator.randrange(3)
    if kind == 0:  # turns of a conversation
        wording = generator.choice(_ASKING)
        return _chat([(wording.format(text), value) for text, value in rows], "en", generator)
    first, second = generator.choice(_KEYS)
    between = generator.choice(("\n", "\n", " -> ", " | "))
    if between == "\n":
        lines = [f"{first}: {text}\n{second}: {value}" for text, value in rows]
    else:
        lines = [f"{text}{between}{value}" for text, value in rows]
    parted = generator.choice(("\n", "\n\n")) if between == "\n" else "\n"
    if kind == 1:  # a text
        return (Message("text", parted.join(lines), trained=True),)
    # A request that shows all rows but the answer of the last.
    value = rows[-1][1]
    asked = parted.join(lines).removesuffix(value).rstrip()
    return _chat([(asked, value)], "en", generator)
