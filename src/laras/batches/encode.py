"""Examples to tokens: what the model reads, which tokens it learns, and what did not fit.

Texts become ``begin + ids + end``, cut into windows where they are longer than the context.
Each token is trained exactly once: a window begins with the last token of the window before,
untrained there, so that no token has to be predicted from nothing. (Models without a beginning
token start from their end token, which is what stands between texts in pretraining.)

Conversations that are too long lose their oldest exchanges, then the beginning of their last
user message, never the answer. Each cut and each loss is a row of the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from laras.batches.encoded import EncodedExample
from laras.errors import DataRefused, ModelRefused
from laras.models.template import ChatTemplate, EncodedChat
from laras.models.tokenizer import Tokenizer
from laras.records import Example, Message, Rejection
from laras.translation import _

# What one conversation does to a template is that conversation's fault, and goes to the ledger;
# other refusals of the template would meet every row, and stop the run.
_FAULTS_OF_A_ROW = ("model.template-rewrites-content", "model.template-refuses-messages")
# A question with less of it left than this no longer explains its answer.
_LEAST_CHARACTERS = 32
Found = TypeVar("Found")


def encode_example(
    example: Example, tokenizer: Tokenizer, template: ChatTemplate, context: int
) -> tuple[list[EncodedExample], list[Rejection]]:
    """At most ``context`` tokens in each encoded example; texts may become several.

    Rejections are of stage "encoding": "longer-than-context" (dropped or cut),
    "nothing-to-train", "template-refused", "not-unicode".
    """
    try:
        for message in example.messages:  # a lone surrogate has no bytes, so it has no tokens
            message.content.encode()
        if example.task == "text":
            return _encode_text(example, tokenizer, context)
        return _encode_chat(example, template, context)
    except UnicodeEncodeError as error:
        return [], [_rejection(example, "not-unicode", str(error))]
    except ModelRefused as error:
        if error.identifier not in _FAULTS_OF_A_ROW:
            raise
        return [], [_rejection(example, "template-refused", error.what)]


def text_of(example: Example) -> str:
    """All that an example of task "text" says."""
    return "\n\n".join(message.content for message in example.messages)


def edges_of(tokenizer: Tokenizer) -> tuple[int | None, int | None]:
    """What stands before a text and after it."""
    start_id = tokenizer.eos_id if tokenizer.bos_id is None else tokenizer.bos_id
    return start_id, tokenizer.eos_id


def prompt_ids(
    example: Example, tokenizer: Tokenizer, template: ChatTemplate, context: int, reserve: int
) -> list[int]:
    """The conversation before its last assistant message, and the start of an answer.

    At most ``context - reserve`` tokens: cut as :func:`encode_example` cuts, if need be down to
    an empty user message. :class:`DataRefused` where even that is too long.
    """
    last = last_answer(example.messages)
    if last is None:
        raise DataRefused(
            "encoding.no-answer",
            _("The example {name!r} has no assistant message.").format(name=example.example_id),
        )
    before = example.messages[:last]

    def ids(messages: Sequence[Message]) -> list[int] | None:
        found = template.encode_prompt(messages)
        return found if len(found) <= context - reserve else None

    found = ids(before)
    if found is None:
        found = _first_that_fits(before, ids, least_characters=0)
    if found is None:
        raise DataRefused(
            "encoding.prompt-too-long",
            _("The prompt of {name!r} does not fit into {context} tokens.").format(
                name=example.example_id, context=context
            ),
            hint=_("Raise model.context, or lower evaluation.max_new_tokens."),
        )
    return found


def encode_classified(
    example: Example,
    tokenizer: Tokenizer,
    template: ChatTemplate,
    context: int,
    classes: Mapping[str, int],
) -> tuple[list[EncodedExample], list[Rejection]]:
    """The prompt of an example that has a label, and as its answer, instead of tokens, the number
    of its class: an id that is predicted from the prompt's last position and never read.

    Rejections as those of :func:`encode_example`, and "unknown-label" where ``classes`` lack it.
    """
    number = classes.get(example.label or "")
    if number is None:
        return [], [_rejection(example, "unknown-label", repr(example.label))]
    rejections: list[Rejection] = []
    try:
        for message in example.messages:
            message.content.encode()
        prompt = template.encode_prompt(example.messages[: last_answer(example.messages)])
        if len(prompt) >= context:
            prompt = prompt_ids(example, tokenizer, template, context, reserve=1)
            detail = _("longer than {context} tokens").format(context=context)
            cut = replace(_rejection(example, "longer-than-context", detail), action="cut", rows=0)
            rejections.append(cut)
    except UnicodeEncodeError as error:
        return [], [_rejection(example, "not-unicode", str(error))]
    except DataRefused as error:
        return [], [_rejection(example, "longer-than-context", error.what)]
    except ModelRefused as error:
        if error.identifier not in _FAULTS_OF_A_ROW:
            raise
        return [], [_rejection(example, "template-refused", error.what)]
    input_ids = np.array([*prompt, number], dtype=np.int32)
    trained = np.arange(len(input_ids)) == len(prompt)
    return [EncodedExample(example.example_id, input_ids, trained, example.weight)], rejections


def _encode_text(
    example: Example, tokenizer: Tokenizer, context: int
) -> tuple[list[EncodedExample], list[Rejection]]:
    text = text_of(example)
    ids, offsets = tokenizer.encode_with_offsets(text)
    if not ids or not any(message.trained for message in example.messages):
        return [], [_rejection(example, "nothing-to-train")]
    # Where each token begins, in bytes: differences then add up to the text's size exactly.
    bytes_before = _bytes_before(text)
    begins = [int(bytes_before[start]) for start, _end in offsets]
    begins[0] = 0
    start_id, end_id = edges_of(tokenizer)
    if start_id is not None:
        ids, begins = [start_id, *ids], [0, *begins]
    begins.append(len(text.encode()))
    if end_id is not None:
        ids = [*ids, end_id]
        begins.append(begins[-1])
    encoded = []
    first = 0
    while first < len(ids) - 1:
        last = min(first + context, len(ids))
        trained = np.ones(last - first, dtype=np.bool_)
        trained[0] = False
        encoded.append(
            EncodedExample(
                example.example_id,
                np.array(ids[first:last], dtype=np.int32),
                trained,
                example.weight,
                begins[last] - begins[first + 1],
            )
        )
        first = last - 1
    if not encoded:
        return [], [_rejection(example, "nothing-to-train")]
    return encoded, []


def _bytes_before(text: str) -> np.ndarray:
    """(characters + 1,) int64: UTF-8 bytes before each character, and in all."""
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    sizes = 1 + (codes > 0x7F).astype(np.int64) + (codes > 0x7FF) + (codes > 0xFFFF)
    return np.concatenate([[0], np.cumsum(sizes)])


def _encode_chat(
    example: Example, template: ChatTemplate, context: int
) -> tuple[list[EncodedExample], list[Rejection]]:
    def encode(messages: Sequence[Message]) -> EncodedExample | None:
        chat = template.encode(messages)
        return None if len(chat.input_ids) > context else chat_window(example, chat)

    last = last_answer(example.messages)
    if last is None or not any(message.trained for message in example.messages):
        return [], [_rejection(example, "nothing-to-train")]
    whole = encode(example.messages)
    rejections: list[Rejection] = []
    if whole is None:
        whole = _first_that_fits(
            example.messages[: last + 1], encode, least_characters=_LEAST_CHARACTERS
        )
        detail = _("longer than {context} tokens").format(context=context)
        if whole is None:
            return [], [_rejection(example, "longer-than-context", detail)]
        cut = replace(_rejection(example, "longer-than-context", detail), action="cut", rows=0)
        rejections.append(cut)
    if not whole.trained.any():
        return [], [*rejections, _rejection(example, "nothing-to-train")]
    return [whole], rejections


def chat_window(example: Example, chat: EncodedChat) -> EncodedExample:
    """A conversation that fits, as it is kept."""
    trained = np.array(chat.trained, dtype=np.bool_)
    trained[:1] = False  # nothing comes before the first token
    input_ids = np.array(chat.input_ids, dtype=np.int32)
    weight: float | np.ndarray = example.weight
    if chat.weights is not None:
        weight = np.array(chat.weights, dtype=np.float32) * np.float32(example.weight)
    return EncodedExample(example.example_id, input_ids, trained, weight, chat.text_bytes)


def _first_that_fits(
    messages: Sequence[Message],
    encode: Callable[[Sequence[Message]], Found | None],
    *,
    least_characters: int,
) -> Found | None:
    """The longest end of the conversation that ``encode`` does not find too long (None)."""
    head = 0
    while head < len(messages) and messages[head].role == "system":
        head += 1
    system, rest = messages[:head], messages[head:]
    # A cut may only leave a user message in front; the first place cuts nothing off.
    starts = [place for place, message in enumerate(rest) if message.role == "user"]
    found = _search(len(starts) - 1, lambda k: encode([*system, *rest[starts[k + 1] :]]))
    if found is not None or not starts:
        return found
    question, *following = rest[starts[-1] :]
    length = len(question.content)
    least = min(least_characters, length)

    def shortened(characters: int) -> Found | None:
        cut = replace(question, content=question.content[characters + 1 :])
        return encode([*system, cut, *following])

    return _search(length - least, shortened)


def _search(count: int, attempt: Callable[[int], Found | None]) -> Found | None:
    """What the smallest of ``0 .. count - 1`` gives, where larger numbers fit rather."""
    best = None
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        found = attempt(middle)
        if found is None:
            low = middle + 1
        else:
            best, high = found, middle
    return best


def last_answer(messages: Sequence[Message]) -> int | None:
    """The place of the last assistant message."""
    for place in range(len(messages) - 1, -1, -1):
        if messages[place].role == "assistant":
            return place
    return None


def _rejection(example: Example, reason: str, detail: str = "") -> Rejection:
    span = example.spans[0] if example.spans else None
    return Rejection(
        stage="encoding",
        reason=reason,
        path=span.path if span else example.source,
        locator=span.locator if span else "",
        record_id=example.example_id,
        detail=detail,
    )
