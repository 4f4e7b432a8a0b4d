"""Many conversations to ids and masks at once, by what their sequence of roles decides.

Where a template only passes contents on (:mod:`laras.models.opaque`), the control tokens of a
conversation and the text right beside its contents follow from its roles. They are found once for
each sequence of roles; the texts between control tokens go through the library for bulk, and
arrays are put together for all conversations of a batch. What is trained needs no characters: an
answer's text begins after the ids of what stands before it, and ends with a control token.

Some conversations (one in a few hundred, and the first of each sequence of roles) are still
encoded the long way, and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from laras.models.bulk import Bulk, BulkDiffersError, Ids
from laras.models.opaque import Frame
from laras.models.tokenizer import Tokenizer
from laras.records import Message

_STAND_IN = "ꙮ"  # no control token is spelled with it
_MOST_OUTLINES = 1000
_WATCHED = 256

FrameOf = Callable[[Sequence[str]], Frame | None]
# Of a rendered text, and where an answer's content begins in it: where its prompt ends.
BorderOf = Callable[[str, int], int]


class OutlineDiffersError(BulkDiffersError):
    """A conversation got other ids or another mask by its outline than by itself."""


class ChatArrays(NamedTuple):
    """``input_ids`` (L,) int32, ``trained`` (L,) bool, UTF-8 bytes of the trained contents."""

    input_ids: Ids
    trained: np.ndarray
    text_bytes: int


class _Outline(NamedTuple):
    """A conversation without its contents.

    Its parts are, for each message: control tokens and text between them; ids before the answer's
    border; the rest of the text with the content; the control token after it; and, at the end,
    what is left. ``firsts``, ``lengths``: where these lie in the pool of constant ids (0 long: the
    texts with contents, which are known later). ``befores``: ids before the border of each text.
    """

    heads: tuple[str, ...]
    tails: tuple[str, ...]
    trims: bool
    firsts: np.ndarray
    lengths: np.ndarray
    trained: np.ndarray
    befores: np.ndarray
    before_firsts: np.ndarray
    learnt: tuple[int, ...]


class ChatBulk:
    """For one template. ``frame`` and ``border`` ask it; ``opening`` and ``lead`` are what it
    writes before an answer, and how many characters of that are no part of the prompt;
    ``rewrites_history``: only last turns are trained (see :mod:`laras.models.template`)."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        frame: FrameOf,
        border: BorderOf,
        opening: str,
        *,
        lead: int,
        rewrites_history: bool,
    ) -> None:
        self._tokenizer = tokenizer
        self._frame = frame
        self._border = border
        self._least_gap = len(opening) if lead else 0
        self._rewrites_history = rewrites_history
        self._outlines: dict[tuple[tuple[str, bool], ...], _Outline | None] = {}
        self._compared: set[int] = set()  # outlines, by identity: they are kept for good
        self._pool = np.empty(0, dtype=np.int32)

    def encode(
        self,
        conversations: Sequence[Sequence[Message]],
        bulk: Bulk,
        one_by_one: Callable[[Sequence[Message]], ChatArrays],
    ) -> list[ChatArrays | None]:
        """Arrays for each of ``conversations``; None where it needs a closer look.

        Raises :class:`OutlineDiffersError` where one differs from what ``one_by_one`` gives (or
        that refuses it), BulkDiffersError where ``bulk`` is not to be relied on.
        """
        result: list[ChatArrays | None] = [None] * len(conversations)
        chosen: list[tuple[int, _Outline]] = []
        watched: list[int] = []
        texts: list[str] = []
        for place, messages in enumerate(conversations):
            key = tuple([(each.role, each.trained) for each in messages])
            if key in self._outlines:
                outline = self._outlines[key]
            elif len(self._outlines) < _MOST_OUTLINES:
                outline = self._outlines[key] = self._outline(messages)
            else:
                outline = None
            if outline is None or not _is_plain(messages, trims=outline.trims):
                continue
            if place % _WATCHED == 0 or id(outline) not in self._compared:
                self._compared.add(id(outline))
                watched.append(place)
            chosen.append((place, outline))
            texts += [
                head + each.content + tail
                for head, each, tail in zip(outline.heads, messages, outline.tails, strict=True)
            ]
        if chosen:
            encoded = self._tokenizer.encode_bulk(texts, bulk)
            for place, arrays in self._assembled(conversations, chosen, encoded):
                result[place] = arrays
        for place in watched:
            found = result[place]
            if found is None:
                continue
            wanted = one_by_one(conversations[place])
            if found.text_bytes != wanted.text_bytes or not (
                np.array_equal(found.input_ids, wanted.input_ids)
                and np.array_equal(found.trained, wanted.trained)
            ):
                raise OutlineDiffersError
        return result

    def _assembled(
        self,
        conversations: Sequence[Sequence[Message]],
        chosen: Sequence[tuple[int, _Outline]],
        encoded: Sequence[Ids],
    ) -> list[tuple[int, ChatArrays]]:
        outlines = [outline for _place, outline in chosen]
        pool = np.concatenate([self._pool, *encoded])
        sizes = np.fromiter(map(len, encoded), np.int64, len(encoded))
        begins = len(self._pool) + np.cumsum(sizes) - sizes
        befores = np.concatenate([outline.befores for outline in outlines])
        expected = np.concatenate([outline.before_firsts for outline in outlines])
        # Else no token ends where the prompt does.
        kept = (befores == 0) | (sizes > befores)
        reach = np.where(kept, befores, 0)
        differs = pool[_ranges(begins, reach)] != pool[_ranges(expected, reach)]
        kept[np.repeat(np.arange(len(sizes)), reach)[differs]] = False
        firsts = np.concatenate([outline.firsts for outline in outlines])
        lengths = np.concatenate([outline.lengths for outline in outlines])
        trained = np.concatenate([outline.trained for outline in outlines])
        parts = np.array([len(outline.firsts) for outline in outlines])
        counts = np.array([len(outline.heads) for outline in outlines])
        # The places of a row's texts among all parts: each message has four, and one ends the row.
        slots = np.arange(len(sizes)) * 4 + 1 + np.repeat(np.arange(len(counts)), counts)
        firsts[slots], lengths[slots] = begins, befores
        firsts[slots + 1], lengths[slots + 1] = begins + befores, sizes - befores
        # Of a text that is shorter than what should begin it nothing is kept anyway.
        lengths = np.maximum(lengths, 0)
        ids = pool[_ranges(firsts, lengths)]
        masks = np.repeat(trained, lengths)
        ends = np.cumsum(np.add.reduceat(lengths, np.cumsum(parts) - parts)).tolist()
        good = np.logical_and.reduceat(kept, np.cumsum(counts) - counts).tolist()
        found = []
        start = 0
        for (place, outline), end, is_good in zip(chosen, ends, good, strict=True):
            if is_good:
                messages = conversations[place]
                size = sum(_bytes(messages[learnt].content) for learnt in outline.learnt)
                found.append((place, ChatArrays(ids[start:end], masks[start:end], size)))
            start = end
        return found

    def _outline(self, messages: Sequence[Message]) -> _Outline | None:
        if not self._tokenizer.spells_bytes or not messages:
            return None
        frame = self._frame([each.role for each in messages])
        if frame is None or any(_STAND_IN in piece for piece in frame.pieces):
            return None
        text = _STAND_IN.join(frame.pieces)
        constants: list[tuple[int, int]] = []  # first and length of each in the pool
        heads, tails, is_trained, learnt = [], [], [], []
        befores, before_firsts = [], []
        spans = list(self._tokenizer.control_spans(text))
        start = 0
        for place, piece in enumerate(frame.pieces):
            end = start + len(piece)
            inside = [span for span in spans if start <= span.start and span.end <= end]
            spans = spans[len(inside) :]
            if (place and not inside) or (spans and spans[0].start < end):
                return None
            position = start
            first_end = []
            if place:
                tails.append(text[start : inside[0].start])
                constants.append(self._pooled([inside[0].token_id]))
                position = inside[0].end
                first_end = inside[:1]
            between: list[int] = []
            for span in inside[len(first_end) :]:
                between += self._tokenizer.encode(text[position : span.start])
                between.append(span.token_id)
                position = span.end
            if place == len(messages):
                between += self._tokenizer.encode(text[position:end])
                constants.append(self._pooled(between))
                is_trained.append(False)
                break
            constants.append(self._pooled(between))
            head = text[position:end]
            message = messages[place]
            learns = message.trained and not (self._rewrites_history and place < len(messages) - 1)
            before: list[int] = []
            if message.role == "assistant":
                border = self._border(text, end)
                if border < position or len(piece) < self._least_gap:
                    return None
                before = self._tokenizer.encode(text[position:border])
            elif learns:
                return None
            if learns:
                learnt.append(place)
            first, length = self._pooled(before)
            constants += [(0, 0), (0, 0)]
            heads.append(head)
            befores.append(length)
            before_firsts.append(first)
            is_trained += [False, False, learns, learns]
            start = end + len(_STAND_IN)
        if spans:
            return None
        return _Outline(
            tuple(heads),
            tuple(tails),
            frame.trims,
            np.array([first for first, _length in constants], dtype=np.int64),
            np.array([length for _first, length in constants], dtype=np.int64),
            np.array(is_trained, dtype=np.bool_),
            np.array(befores, dtype=np.int64),
            np.array(before_firsts, dtype=np.int64),
            tuple(learnt),
        )

    def _pooled(self, ids: Sequence[int]) -> tuple[int, int]:
        """Where ``ids`` lie in the pool from now on, and how many they are."""
        first = len(self._pool)
        self._pool = np.concatenate([self._pool, np.array(ids, dtype=np.int32)])
        return first, len(ids)


def _is_plain(messages: Sequence[Message], *, trims: bool) -> bool:
    """Whether what an outline takes for granted holds: contents that are not blank and, where it
    ``trims``, begin and end with no white space; and one weight for all."""
    for each in messages:
        core = each.content.strip()
        if not core or each.weight != 1.0 or (trims and len(core) != len(each.content)):
            return False
    return True


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _ranges(firsts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """``first .. first + length - 1`` of each, one after the other."""
    ends = np.cumsum(lengths)
    return np.repeat(firsts - ends + lengths, lengths) + np.arange(ends[-1])
