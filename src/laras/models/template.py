"""Messages to ids, with what is trained: the only place where control tokens are made.

Contents are read as plain text; control tokens come from text that the template wrote, and from
nowhere else. Between two control tokens the text is encoded as one string, so that ids are those
of the whole rendered string. One exception: the border between a prompt and its answer is always
a border of tokens, since a prompt is encoded before its answer is known (a template that ends
its prompt in a space, or an answer that begins with a line break, would else join the two).

Trained are the tokens with at least one character of an answer, what the template puts between
the prompt and the answer, and what follows the answer up to and including the control token
that ends the turn. So the model learns exactly what it has to produce, and to stop.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from laras.errors import ModelRefused
from laras.models.arranging import with_system_merged
from laras.models.bulk import Bulk
from laras.models.chat_bulk import ChatArrays, ChatBulk, OutlineDiffersError
from laras.models.rendering import Rendered, Renderer
from laras.models.sections import Encode, encode_rendered, requests_of
from laras.models.template_text import template_text
from laras.models.tokenizer import Encoded, Place, Tokenizer
from laras.models.trained_places import trained_places
from laras.models.turns import QUESTION, TurnShape, turn_shape
from laras.records import Message

# What a template that asks for today's date is told: prompts must be the same tomorrow.
DEFAULT_DATE = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class EncodedChat:
    """``input_ids`` and, for each, whether it is ``trained``.

    ``text_bytes``: UTF-8 bytes of the contents that are trained. ``weights``: for each id, that of
    its message; None where all trained messages count 1.
    """

    input_ids: list[int]
    trained: list[bool]
    text_bytes: int = 0
    weights: list[float] | None = None


class ChatTemplate:
    """A chat template bound to its tokenizer.

    ``text``: the Jinja source, which also prints the beginning token where the tokenizer wants
    one (so it is there exactly once, for whoever runs the template). ``system_message``:
    ``merge`` puts leading system messages before the first user message.
    """

    def __init__(
        self,
        text: str,
        tokenizer: Tokenizer,
        *,
        system_message: Literal["keep", "merge"] = "keep",
        today: date = DEFAULT_DATE,
    ) -> None:
        self._tokenizer = tokenizer
        self._system_message = system_message
        self._today = today
        self.text = text
        if tokenizer.adds_bos and not self._prints_bos():
            self.text = "{{ bos_token }}" + text
            self.__dict__.pop("_renderer", None)
        facts = [self.text, system_message, today.isoformat()]
        self.digest: str = hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    @classmethod
    def from_folder(
        cls,
        folder: Path,
        tokenizer: Tokenizer,
        *,
        file: Path | None = None,
        system_message: Literal["keep", "merge"] = "keep",
        today: date = DEFAULT_DATE,
    ) -> ChatTemplate:
        """The template of a model's folder; ``file`` replaces it; ours where there is none."""
        text = template_text(folder, tokenizer, file)
        return cls(text, tokenizer, system_message=system_message, today=today)

    @property
    def stop_ids(self) -> frozenset[int]:
        """Ids after which an answer is over: the turn's end, the model's ends, a new text."""
        begin = self._tokenizer.bos_id
        begins = () if begin is None else (begin,)
        return frozenset({self._shape.end_id, *self._tokenizer.eos_ids, *begins})

    def encode(self, messages: Sequence[Message]) -> EncodedChat:
        """A whole conversation.

        Where the template writes earlier turns other than it wrote them when they were the last
        (Qwen3 takes thoughts out), only the last turn is trained, since the earlier ones never
        look so when the model speaks. :class:`ModelRefused` where the template drops or changes
        a message.
        """
        return self._encoded(*self._rendered(messages))

    def encode_bulk(
        self, conversations: Sequence[Sequence[Message]], bulk: Bulk
    ) -> list[ChatArrays | None]:
        """:meth:`encode` for those of ``conversations`` that need no closer look (else None).

        Raises :class:`OutlineDiffersError` where that turns out to be wrong; from then on, it is
        left alone. :class:`BulkDiffersError` where ``bulk`` is not to be relied on.
        """
        if not conversations or self._chat_bulk is None:
            return [None] * len(conversations)
        arranged = [self._arrange(messages) for messages in conversations]
        try:
            return self._chat_bulk.encode(arranged, bulk, self._as_arrays)
        except OutlineDiffersError:
            self.__dict__["_chat_bulk"] = None
            raise

    def _as_arrays(self, arranged: Sequence[Message]) -> ChatArrays:
        try:
            rendered = self._renderer.with_spans(arranged, prompt=False)
            borders = self._answer_borders(arranged, rendered.text, rendered.spans)
            chat = self._encoded(arranged, rendered, borders)
        except ModelRefused as refusal:
            raise OutlineDiffersError from refusal
        ids, trained = np.array(chat.input_ids, np.int32), np.array(chat.trained, np.bool_)
        return ChatArrays(ids, trained, chat.text_bytes)

    @cached_property
    def _chat_bulk(self) -> ChatBulk | None:
        try:
            shape = self._shape
        except ModelRefused:  # told of each conversation that it matters to
            return None
        return ChatBulk(
            self._tokenizer,
            self._renderer.frame,
            self._border,
            shape.opening,
            lead=shape.lead,
            rewrites_history=shape.rewrites_history,
        )

    def encode_many(
        self, conversations: Sequence[Sequence[Message]]
    ) -> list[EncodedChat | ModelRefused]:
        """:meth:`encode` for each of ``conversations``, or why the template refuses it; what they
        have in common is encoded once, and the rest together."""
        rendered: list[tuple[list[Message], Rendered, list[int]] | ModelRefused] = []
        wanted: dict[Place, dict[str, None]] = {}
        for messages in conversations:
            try:
                found = self._rendered(messages)
            except ModelRefused as refusal:
                rendered.append(refusal)
                continue
            rendered.append(found)
            for request in requests_of(self._tokenizer, *found[1:]):
                wanted.setdefault(request.place, {})[request.text] = None
        known = {
            place: dict(zip(texts, self._tokenizer.encode_many([*texts], place), strict=True))
            for place, texts in wanted.items()
        }

        def encode(text: str, place: Place) -> Encoded:
            found = known.get(place, {}).get(text)
            return self._tokenizer.encode_with_offsets(text, place) if found is None else found

        result: list[EncodedChat | ModelRefused] = []
        for each in rendered:
            if isinstance(each, ModelRefused):
                result.append(each)
                continue
            try:
                result.append(self._encoded(*each, encode))
            except ModelRefused as refusal:
                result.append(refusal)
        return result

    def _rendered(self, messages: Sequence[Message]) -> tuple[list[Message], Rendered, list[int]]:
        """The messages as the template is given them, what it makes of them, and the borders."""
        arranged = self._arrange(messages)
        rendered = self._renderer.with_spans(arranged, prompt=False)
        return arranged, rendered, self._answer_borders(arranged, rendered.text, rendered.spans)

    def _encoded(
        self,
        messages: Sequence[Message],
        rendered: Rendered,
        borders: Sequence[int],
        encode: Encode | None = None,
    ) -> EncodedChat:
        encoding = encode_rendered(self._tokenizer, rendered, borders, encode)
        trained = [False] * len(encoding.ids)
        weights: list[float] | None = None
        text_bytes = 0
        for place, message in enumerate(messages):
            if not message.trained or (self._shape.rewrites_history and place < len(messages) - 1):
                continue
            following = [*rendered.spans[place + 1 :], (len(rendered.text), 0)][0][0]
            start, end = rendered.spans[place]
            answers = message.role == "assistant"
            first = self._border(rendered.text, start) if answers else start
            if message.weight != 1.0:
                weights = weights or [1.0] * len(trained)
            for position in trained_places(encoding, first, end, following, ends_turn=answers):
                trained[position] = True
                if weights is not None:
                    weights[position] = message.weight
            text_bytes += len(rendered.text[start:end].encode())
        return EncodedChat(encoding.ids, trained, text_bytes, weights)

    def encode_prompt(self, messages: Sequence[Message]) -> list[int]:
        """Messages up to where an answer begins: a prefix of their ids with any answer."""
        messages = self._arrange(messages)
        rendered = self._renderer.with_spans(messages, prompt=True)
        borders = self._answer_borders(messages, rendered.text, rendered.spans)
        return encode_rendered(self._tokenizer, rendered, borders).ids

    def answer(self, ids: Sequence[int]) -> str:
        """The text of generated ids, up to the first that stops, without the template's space."""
        kept: list[int] = []
        for number in ids:
            if number in self.stop_ids:
                break
            kept.append(number)
        text = self._tokenizer.decode(kept)
        return text.strip() if self._shape.lead else text

    # How a turn is found.

    @cached_property
    def _renderer(self) -> Renderer:
        return Renderer(self.text, self._tokenizer.special_tokens, self._today)

    def _prints_bos(self) -> bool:
        """Whether the template begins with the beginning token; a broken one tells on use."""
        try:
            text = self._renderer.plain([QUESTION], prompt=False)
        except ModelRefused:
            return True
        found = self._tokenizer.control_spans(text)
        return bool(found) and found[0].start == 0 and found[0].token_id == self._tokenizer.bos_id

    @cached_property
    def _shape(self) -> TurnShape:
        return turn_shape(self._renderer, self._tokenizer)

    def _answer_borders(
        self, messages: Sequence[Message], text: str, spans: Sequence[tuple[int, int]]
    ) -> list[int]:
        """Where prompts end and answers begin, in characters."""
        return [
            self._border(text, start)
            for message, (start, _end) in zip(messages, spans, strict=True)
            if message.role == "assistant"
        ]

    def _border(self, text: str, answer_start: int) -> int:
        before = text[:answer_start]
        return answer_start - (self._shape.lead if before.endswith(self._shape.opening) else 0)

    def _arrange(self, messages: Sequence[Message]) -> list[Message]:
        return with_system_merged(messages) if self._system_message == "merge" else list(messages)
