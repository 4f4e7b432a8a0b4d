"""A rendered conversation to ids: control tokens from template text, plain text between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from laras.models.rendering import Rendered
from laras.models.tokenizer import ControlSpan, Encoded, Place, Tokenizer

# Stand for the edges of a content while control tokens are looked for: a letter and a sign that
# no control token is spelled with. Only the edges matter, for tokens that take white space or
# want a word border beside them.
_LETTER, _SIGN = "ꙮ", "\U0010fffe"


class Encoding(NamedTuple):
    """Ids, their characters in the rendered text, and whether each is a control token."""

    ids: list[int]
    offsets: list[tuple[int, int]]
    is_control: list[bool]


class Request(NamedTuple):
    """A text to encode, and where it stands."""

    text: str
    place: Place


Encode = Callable[[str, Place], Encoded]


def encode_rendered(
    tokenizer: Tokenizer,
    rendered: Rendered,
    borders: Sequence[int],
    encode: Encode | None = None,
) -> Encoding:
    """Encode ``rendered``. No token crosses one of the ``borders`` (characters).

    ``encode``: the tokenizer's way to encode a text with its characters, or one that remembers.
    """
    encode = encode or tokenizer.encode_with_offsets
    result = Encoding([], [], [])
    position = 0
    for span in (*_control_spans(tokenizer, rendered), None):
        end = len(rendered.text) if span is None else span.start
        if end > position:
            ids, offsets = _encode_section(encode, rendered.text, position, end, borders)
            result.ids.extend(ids)
            result.offsets.extend(offsets)
            result.is_control.extend([False] * len(ids))
        if span is not None:
            result.ids.append(span.token_id)
            result.offsets.append((span.start, span.end))
            result.is_control.append(True)
            position = span.end
    return result


def requests_of(
    tokenizer: Tokenizer, rendered: Rendered, borders: Sequence[int]
) -> Iterator[Request]:
    """What :func:`encode_rendered` is going to encode, but for what only its outcome tells."""
    position = 0
    for span in (*_control_spans(tokenizer, rendered), None):
        end = len(rendered.text) if span is None else span.start
        if end > position:
            place: Place = "start" if position == 0 else "section"
            yield Request(rendered.text[position:end], place)
            for border in borders:
                if position < border < end:
                    yield Request(rendered.text[position:border], place)
        if span is not None:
            position = span.end


class _Masked(NamedTuple):
    """Where a content's mask lies, where its leading white space ends in it, and the content."""

    start: int
    core: int
    end: int
    content_start: int
    content_end: int


def _control_spans(tokenizer: Tokenizer, rendered: Rendered) -> list[ControlSpan]:
    """Control tokens of the template's own text, by looking at it with contents masked."""
    pieces: list[str] = []
    masks: list[_Masked] = []
    position = length = 0
    for start, end in rendered.spans:
        before = rendered.text[position:start]
        leading, mask = _mask(rendered.text[start:end])
        pieces += [before, mask]
        length += len(before)
        masks.append(_Masked(length, length + leading, length + len(mask), start, end))
        length += len(mask)
        position = end
    pieces.append(rendered.text[position:])
    result = []
    for span in tokenizer.control_spans("".join(pieces)):
        start, end = _real(span.start, masks), _real(span.end, masks)
        if not any(first <= start and end <= last for first, last in rendered.spans):
            result.append(ControlSpan(start, end, span.token_id))
    return result


def _mask(content: str) -> tuple[int, str]:
    """Length of the leading white space; the outer white space around two stand-ins."""
    core = content.strip()
    if not core:
        return len(content), content
    leading = len(content) - len(content.lstrip())
    first, last = (_LETTER if edge.isalnum() else _SIGN for edge in (core[0], core[-1]))
    return leading, f"{content[:leading]}{first}{last}{content[len(content.rstrip()) :]}"


def _real(position: int, masks: list[_Masked]) -> int:
    """A position in the masked text as one in the real text."""
    shift = 0
    for mask in masks:
        if position <= mask.start:
            break
        if position <= mask.core:
            return mask.content_start + position - mask.start
        shift = mask.content_end - mask.end
        if position <= mask.end:
            break
    return position + shift


def _encode_section(
    encode: Encode, text: str, start: int, end: int, borders: Sequence[int]
) -> Encoded:
    """Ids of ``text[start:end]`` and their characters, counted in ``text``."""
    place: Place = "start" if start == 0 else "section"
    ids: list[int] = []
    offsets: list[tuple[int, int]] = []
    rest = _encode_at(encode, text, start, end, place)
    for border in borders:
        if not start < border < end:
            continue
        prompt = _encode_at(encode, text, start, border, place)
        length = len(prompt.ids)
        if rest.ids[:length] == prompt.ids and rest.offsets[length:][:1] >= [(border, border)]:
            continue
        ids += prompt.ids
        offsets += prompt.offsets
        start, place = border, "continuation"
        rest = _encode_at(encode, text, start, end, place)
    return Encoded(ids + rest.ids, offsets + rest.offsets)


def _encode_at(encode: Encode, text: str, start: int, end: int, place: Place) -> Encoded:
    ids, offsets = encode(text[start:end], place)
    return Encoded(list(ids), [(start + first, start + last) for first, last in offsets])
