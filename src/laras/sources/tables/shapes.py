"""Which columns or keys hold what: named by the recipe, else guessed from customary names.

Of a row with an answer that was preferred and one that was not, the preferred one is learnt; what
was refused teaches nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from laras.recipe.schema import ColumnMap

_MESSAGES = (
    *("messages", "conversations", "conversation", "dialogue", "dialog", "turns", "log"),
    "contents",
)
_QUESTIONS = (
    *("instruction", "question", "prompt", "query", "input"),
    *("instruksi", "pertanyaan", "tanya"),
)
_ANSWERS = (
    *("output", "answer", "completion", "response", "reply", "longanswer"),
    *("jawaban", "jawab", "respons", "balasan"),
)
# A ticket: what somebody wrote about, and how it was resolved.
_PROBLEMS = (
    *("description", "ticketdescription", "issuedescription", "problem", "issue", "complaint"),
    *("deskripsi", "keluhan", "aduan", "masalah", "kendala", "laporan", "uraian", "isilaporan"),
)
_SUBJECTS = ("subject", "ticketsubject", "perihal", "subjek", "topikaduan")
_RESOLUTIONS = (
    *("resolution", "ticketresolution", "solution", "resolutionnotes", "resolutionnote"),
    *("penyelesaian", "resolusi", "solusi", "tanggapan", "tindaklanjut", "jawabanpetugas"),
)
_CHOSEN = ("chosen", "preferredoutput", "preferred")
_REJECTED = ("rejected", "nonpreferredoutput", "nonpreferred", "dispreferred")
_EXTRA = ("input", "context", "contexts", "passage", "masukan", "konteks")
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
_GROUPS = (
    *("customer", "customerid", "customeremail", "requesterid", "contactid", "userid"),
    *("pelanggan", "idpelanggan", "conversationid", "ticket", "ticketid", "nomortiket", "idtiket"),
)
# Of single messages: who wrote, in which role, when, and in which conversation.
_AUTHORS = (
    *("author", "authorname", "sender", "sendername", "from", "speaker", "username", "user"),
    *("nickname", "pengirim", "penulis", "namapengirim"),
)
_ROLES = ("role", "sendertype", "authortype", "sentby", "direction", "peran", "jenispengirim")
_TIMES = (
    *("time", "timestamp", "datetime", "date", "createdat", "sentat", "createdtime", "sendtime"),
    *("waktu", "tanggal", "waktukirim"),
)
_THREADS = (
    *("thread", "threadid", "conversationid", "conversation", "chatid", "sessionid", "session"),
    *("dialogueid", "dialogid", "ticketid", "ticket", "roomid", "idpercakapan", "percakapan"),
    *("nomortiket", "idtiket", "idsesi"),
)
_RATINGS = ("rating", "csat", "satisfaction", "satisfactionrating", "penilaian", "kepuasan")


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys of a row that matter; None where it has none such."""

    messages: str | None = None
    subject: str | None = None  # of a ticket: goes before the question
    question: str | None = None
    extra: str | None = None  # goes behind the question: Alpaca's input, a passage asked about
    answer: str | None = None
    chosen: str | None = None  # the preferred of two answers, or conversations
    text: str | None = None
    label: str | None = None
    label_is_guessed: bool = False
    system: str | None = None
    tools: str | None = None
    history: str | None = None
    persona: str | None = None
    title: str | None = None
    group: str | None = None
    weight: str | None = None
    rating: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether a record can be made of such a row."""
        return bool(self.messages or (self.question and self.answer) or self.chosen or self.text)


@dataclass(frozen=True, slots=True)
class MessageShape:
    """The keys of a row that is a single message; None where it has none such."""

    text: str
    author: str | None = None
    role: str | None = None
    time: str | None = None
    thread: str | None = None
    rating: str | None = None
    group: str | None = None
    weight: str | None = None


def shape_of(keys: Iterable[str], columns: ColumnMap, *, with_messages: bool = True) -> Shape:
    """The shape of rows with ``keys``; what ``columns`` names goes before any guess.

    ``with_messages=False``: what is called like a conversation is a text, as in a table of
    dialogues and their summaries.
    """
    return _shape_of(tuple(keys), _named_items(columns), with_messages)


def message_shape_of(keys: Iterable[str], columns: ColumnMap) -> MessageShape | None:
    """The shape of rows with ``keys`` that are single messages, or None where they are none.

    They are where the recipe names an author, a time or a thread; and where it names nothing,
    but there are a text and a role, or a text, an author, and a time or a thread.
    """
    return _message_shape_of(tuple(keys), _named_items(columns))


def missing_columns(keys: Iterable[str], columns: ColumnMap) -> list[str]:
    """Names that the recipe's columns mention and the row does not have."""
    present = set(keys)
    return [name for _field, name in _named_items(columns) if name not in present]


def _named_items(columns: ColumnMap) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in columns.model_dump(exclude_none=True).items())


class _Guesses:
    """Keys of a row by their plain names."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.known = _by_plain_name(keys)

    def first(self, names: tuple[str, ...], *others: str | None) -> str | None:
        """The key with the first of the customary ``names`` that is there and none of others."""
        known = self.known
        return next((known[n] for n in names if n in known and known[n] not in others), None)


@lru_cache(maxsize=256)
def _shape_of(
    keys: tuple[str, ...], named_items: tuple[tuple[str, str], ...], with_messages: bool
) -> Shape:
    named = dict(named_items)
    first = _Guesses(keys).first
    shape = Shape(
        system=named.get("system") or first(_SYSTEMS),
        tools=first(("tools", "functions")),
        group=named.get("group") or first(_GROUPS),
        title=first(_TITLES),
        weight=named.get("weight") or first(("weight",)),
        history=first(("history",)),
        persona=first(("persona",)),
        rating=named.get("rating"),
    )
    wants_pair = "question" in named or "answer" in named
    wants_text = "text" in named or "label" in named
    if "messages" in named or not (wants_pair or wants_text):
        messages = named.get("messages") or (first(_MESSAGES) if with_messages else None)
        chosen = first(_CHOSEN) if first(_REJECTED) else None
        if chosen:
            question = first(_QUESTIONS, chosen)
            return replace(shape, chosen=chosen, messages=messages, question=question)
        if messages:
            return replace(shape, messages=messages)
    if not wants_text:
        pair = _pair(_Guesses(keys), named)
        if pair:
            subject, question, extra, answer = pair
            return replace(shape, subject=subject, question=question, extra=extra, answer=answer)
    label = named.get("label") or first(_LABELS)
    text = named.get("text") or first(_TEXTS, label)
    if text is None and label is not None:
        text = named.get("question") or first(_QUESTIONS, label)
    return replace(shape, text=text, label=label, label_is_guessed="label" not in named)


def _pair(
    guesses: _Guesses, named: dict[str, str]
) -> tuple[str | None, str, str | None, str] | None:
    """The keys of a question (its subject, itself, what goes behind it) and of its answer: also of
    a text and its summary, of a ticket and how it was resolved."""
    first = guesses.first
    resolution, summary = first(_RESOLUTIONS), first(_SUMMARIES)
    answer = named.get("answer") or first(_ANSWERS) or resolution or summary
    question = named.get("question") or first(_QUESTIONS, answer)
    if question is None and answer is not None and answer == summary:
        question = first((*_TEXTS, *_MESSAGES), answer)
    subject = None
    if question is None and answer is not None:
        subject, question = first(_SUBJECTS, answer), first(_PROBLEMS, answer)
        if question is None:
            subject, question = None, subject
    if not (question and answer) or question == answer:
        return None
    return subject, question, first(_EXTRA, question, answer), answer


@lru_cache(maxsize=256)
def _message_shape_of(
    keys: tuple[str, ...], named_items: tuple[tuple[str, str], ...]
) -> MessageShape | None:
    named = dict(named_items)
    first = _Guesses(keys).first
    says_so = bool(named.keys() & {"author", "time", "thread"})
    if not says_so and named.keys() - {"rating", "group", "weight"}:
        return None
    text = named.get("text") or first(_TEXTS)
    author = named.get("author") or first(_AUTHORS, text)
    role = first(_ROLES, text, author)
    time = named.get("time") or first(_TIMES, text)
    thread = named.get("thread") or first(_THREADS, text, author)
    if text is None or not (author or role):
        return None
    if not says_so and not (time or thread or role):
        return None
    rating = named.get("rating") or (first(_RATINGS) if not says_so else None)
    group, weight = named.get("group"), named.get("weight")
    return MessageShape(text, author, role, time, thread, rating, group, weight)


@lru_cache(maxsize=256)
def _by_plain_name(keys: tuple[str, ...]) -> Mapping[str, str]:
    """``keys`` by their plain names, of equal ones the first. A table may have a million."""
    known: dict[str, str] = {}
    for key in keys:
        known.setdefault(_plain_name(key), key)
    return known


def _plain_name(key: str) -> str:
    lowered = key.lower()
    return lowered if lowered.isalnum() else "".join(filter(str.isalnum, lowered))
