"""Many examples to tokens at once: the very tokens that each gives by itself, only sooner.

Texts that fit go through a library for bulk (:mod:`laras.models.bulk`), conversations that fit
share what they have in common. Whatever needs a closer look is encoded by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from laras.batches.encode import chat_window, edges_of, encode_example, last_answer, text_of
from laras.batches.encoded import EncodedExample
from laras.models.bulk import Bulk
from laras.models.template import ChatTemplate, EncodedChat
from laras.models.tokenizer import Tokenizer
from laras.records import Example, Rejection


def encode_examples(
    examples: Sequence[Example],
    tokenizer: Tokenizer,
    template: ChatTemplate,
    context: int,
    bulk: Bulk,
) -> Iterator[tuple[list[EncodedExample], list[Rejection]]]:
    """:func:`encode_example` for each of ``examples`` in turn, texts of them encoded together.

    Raises :class:`BulkDiffersError` where ``bulk`` is not to be relied on.
    """
    start_id, end_id = edges_of(tokenizer)
    texts = {} if start_id is None else _joined_texts(examples)
    encoded = dict(zip(texts, tokenizer.encode_bulk([*texts.values()], bulk), strict=True))
    chats = _encoded_chats(examples, template, context, bulk)
    edges = [np.array([] if each is None else [each], np.int32) for each in (start_id, end_id)]
    room = context - sum(map(len, edges))
    for place, example in enumerate(examples):
        if place in chats:
            yield [chats[place]], []
            continue
        ids = encoded.get(place)
        if ids is None or not 0 < len(ids) <= room:  # windows need to know the bytes of each token
            yield encode_example(example, tokenizer, template, context)
            continue
        input_ids = np.concatenate([edges[0], ids, edges[1]])
        trained = np.ones(len(input_ids), dtype=np.bool_)
        trained[0] = False
        size = len(texts[place].encode())
        window = EncodedExample(example.example_id, input_ids, trained, example.weight, size)
        yield [window], []


def _encoded_chats(
    examples: Sequence[Example], template: ChatTemplate, context: int, bulk: Bulk
) -> dict[int, EncodedExample]:
    """The conversations that fit as they are, by their place; the others are for
    :func:`encode_example`, which says what is wrong."""
    places = [
        place
        for place, example in enumerate(examples)
        if example.task != "text"
        and last_answer(example.messages) is not None
        and any(message.trained for message in example.messages)
        and all(_is_unicode(message.content) for message in example.messages)
    ]
    found = {}
    left = []
    arrays = template.encode_bulk([examples[place].messages for place in places], bulk)
    for place, each in zip(places, arrays, strict=True):
        if each is None:
            left.append(place)
        elif len(each.input_ids) <= context:
            each.trained[:1] = False  # nothing comes before the first token
            if each.trained.any():
                example = examples[place]
                found[place] = EncodedExample(
                    example.example_id, *each[:2], example.weight, each.text_bytes
                )
    encoded = template.encode_many([examples[place].messages for place in left])
    for place, chat in zip(left, encoded, strict=True):
        if isinstance(chat, EncodedChat) and len(chat.input_ids) <= context:
            window = chat_window(examples[place], chat)
            if window.trained.any():
                found[place] = window
    return found


def _is_unicode(text: str) -> bool:
    """Whether it has bytes: a lone surrogate has none."""
    return text.isascii() or text.encode("utf-8", "ignore").decode() == text


def _joined_texts(examples: Sequence[Example]) -> dict[int, str]:
    """What :func:`encode_examples` can encode together, by the place of the example."""
    texts = {}
    for place, example in enumerate(examples):
        if example.task == "text" and any(message.trained for message in example.messages):
            text = text_of(example)
            if _is_unicode(text):
                texts[place] = text
    return texts
