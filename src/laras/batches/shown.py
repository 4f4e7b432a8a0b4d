"""An example as the model sees it, for people: its tokens in order, and which of them it learns."""

from __future__ import annotations

from dataclasses import dataclass

from laras.batches.encode import encode_example
from laras.models.template import ChatTemplate
from laras.models.tokenizer import Tokenizer
from laras.records import Example

_REPLACEMENT = "\ufffd"
# Tokens whose bytes may be part of one character; beyond, the bytes are no text.
_MOST_PENDING = 8


@dataclass(frozen=True, slots=True)
class ShownToken:
    """``text`` of a token, or of a few that make up one character; ``trained``: the model learns
    to write it; ``control``: written by the template, impossible in content."""

    text: str
    trained: bool
    control: bool


def shown_tokens(
    example: Example, tokenizer: Tokenizer, template: ChatTemplate, context: int
) -> list[list[ShownToken]]:
    """The tokens of ``example``, a list for each window of a long text; none where it does not fit.

    What is joined gives the text back, so that nothing hides between two tokens.
    """
    windows, _rejections = encode_example(example, tokenizer, template, context)
    return [
        _window([int(number) for number in window.input_ids], window.trained.tolist(), tokenizer)
        for window in windows
    ]


def _window(ids: list[int], trained: list[bool], tokenizer: Tokenizer) -> list[ShownToken]:
    result: list[ShownToken] = []
    run: list[int] = []  # content since the last control token
    before = ""
    pending: list[bool] = []
    for number, learnt in zip(ids, trained, strict=True):
        if number in tokenizer.control_ids:
            run, before, pending = [], "", []
            result.append(ShownToken(tokenizer.token(number) or f"<{number}>", learnt, True))
            continue
        run.append(number)
        pending.append(learnt)
        text = tokenizer.decode(run)
        piece = text[len(before) :]
        if piece.endswith(_REPLACEMENT) and len(pending) < _MOST_PENDING:
            continue
        result.append(ShownToken(piece, any(pending), False))
        before, pending = text, []
        if len(run) > 64 and not piece.isspace():
            run, before = _shorter(run, tokenizer)
    if pending:
        result.append(ShownToken(tokenizer.decode(run)[len(before) :], any(pending), False))
    return result


def _shorter(run: list[int], tokenizer: Tokenizer) -> tuple[list[int], str]:
    """The last tokens of a long run, enough to write the next one right, and their text."""
    kept = run[-16:]
    return kept, tokenizer.decode(kept)
