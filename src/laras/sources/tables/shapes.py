"""Which columns or keys hold what: named by the recipe, else guessed from customary names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from laras.recipe.schema import ColumnMap

_MESSAGES = ("messages", "conversations", "conversation", "dialogue", "dialog", "turns")
_QUESTIONS = (
    *("instruction", "question", "prompt", "query", "input"),
    *("instruksi", "pertanyaan", "tanya"),
)
_ANSWERS = (
    *("output", "answer", "completion", "response", "reply"),
    *("jawaban", "jawab", "respons", "balasan"),
)
_EXTRA = ("input", "context", "passage", "masukan", "konteks")
_TEXTS = (
    *("text", "sentence", "utterance", "query", "message", "content", "review", "tweet", "comment"),
    *("article", "document", "body", "teks", "kalimat", "ulasan", "pesan", "isi", "artikel"),
)
_SUMMARIES = ("summary", "ringkasan", "highlights")
_LABELS = (
    *("label", "category", "intent", "sentiment", "class", "target", "topic"),
    *("kategori", "maksud", "sentimen", "kelas", "topik"),
)
_SYSTEMS = ("system", "systemprompt", "systemmessage")
_TITLES = ("title", "judul")
_GROUPS = ("customer", "customerid", "userid", "conversationid", "ticket", "ticketid")


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys of a row that matter; None where it has none such."""

    messages: str | None = None
    question: str | None = None
    extra: str | None = None  # goes with the question: Alpaca's input, a passage asked about
    answer: str | None = None
    text: str | None = None
    label: str | None = None
    label_is_guessed: bool = False
    system: str | None = None
    history: str | None = None
    persona: str | None = None
    title: str | None = None
    group: str | None = None
    weight: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether a record can be made of such a row."""
        return bool(self.messages or (self.question and self.answer) or self.text)


def shape_of(keys: Iterable[str], columns: ColumnMap) -> Shape:
    """The shape of rows with ``keys``; what ``columns`` names goes before any guess."""
    return _shape_of(
        tuple(keys),
        tuple((name, value) for name, value in columns.model_dump().items() if value is not None),
    )


def missing_columns(keys: Iterable[str], columns: ColumnMap) -> list[str]:
    """Names that the recipe's columns mention and the row does not have."""
    present = set(keys)
    named = (value for value in columns.model_dump().values() if value is not None)
    return [name for name in named if name not in present]


@lru_cache(maxsize=256)
def _shape_of(keys: tuple[str, ...], named_items: tuple[tuple[str, str], ...]) -> Shape:
    named = dict(named_items)
    known: dict[str, str] = {}
    for key in keys:
        known.setdefault(_plain_name(key), key)

    def first(names: tuple[str, ...], *others: str | None) -> str | None:
        return next((known[n] for n in names if n in known and known[n] not in others), None)

    shape = Shape(
        system=named.get("system") or first(_SYSTEMS),
        group=named.get("group") or first(_GROUPS),
        title=first(_TITLES),
        weight=first(("weight",)),
        history=first(("history",)),
        persona=first(("persona",)),
    )
    wants_pair = "question" in named or "answer" in named
    wants_text = "text" in named or "label" in named
    if "messages" in named or not (wants_pair or wants_text):
        messages = named.get("messages") or first(_MESSAGES)
        if messages:
            return replace(shape, messages=messages)
    if not wants_text:
        summary = first(_SUMMARIES)
        answer = named.get("answer") or first(_ANSWERS) or summary
        question = named.get("question") or first(_QUESTIONS, answer)
        if question is None and answer is not None and answer == summary:
            question = first(_TEXTS, answer)
        if question and answer and question != answer:
            extra = first(_EXTRA, question, answer)
            return replace(shape, question=question, extra=extra, answer=answer)
    label = named.get("label") or first(_LABELS)
    text = named.get("text") or first(_TEXTS, label)
    if text is None and label is not None:
        text = named.get("question") or first(_QUESTIONS, label)
    return replace(shape, text=text, label=label, label_is_guessed="label" not in named)


def _plain_name(key: str) -> str:
    return "".join(character for character in key.lower() if character.isalnum())
