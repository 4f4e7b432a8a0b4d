"""How a chat template writes an assistant turn, found by running it."""

from __future__ import annotations

from dataclasses import dataclass

from laras.errors import ModelRefused
from laras.models.rendering import Renderer
from laras.models.tokenizer import Tokenizer
from laras.records import Message
from laras.translation import _

QUESTION = Message("user", "question", False)
_ANSWER = Message("assistant", "answer", True)


@dataclass(frozen=True, slots=True)
class TurnShape:
    """``opening``: from the end of the user's content to the beginning of the answer; its last
    ``lead`` characters are no part of the prompt. ``end_id`` ends the turn. ``rewrites_history``:
    an earlier assistant turn looks other than it did as the last one.
    """

    opening: str
    lead: int
    end_id: int
    rewrites_history: bool


def turn_shape(renderer: Renderer, tokenizer: Tokenizer) -> TurnShape:
    """The shape of a template's turns; :class:`ModelRefused` where answers can't be told from
    prompts, or have no end."""
    prompt = renderer.with_spans([QUESTION], prompt=True)
    whole = renderer.with_spans([QUESTION, _ANSWER], prompt=False)
    answer_start, answer_end = whole.spans[1]
    if not whole.text[:answer_start].startswith(prompt.text):
        raise ModelRefused(
            "model.template-prompt-differs",
            _("The chat template's prompt is no beginning of the conversation it leads to."),
            hint=_("Give a template whose prompt is: model.chat_template."),
        )
    lead = whole.text[len(prompt.text) : answer_start]
    if lead.strip() and prompt.text == renderer.plain([QUESTION], prompt=False):
        raise ModelRefused(
            "model.template-no-prompt",
            _("The chat template does not write the start of an answer when asked to."),
            hint=_("Give one that heeds add_generation_prompt: model.chat_template."),
        )
    ends = [span for span in tokenizer.control_spans(whole.text) if span.end > answer_end]
    if not ends:
        raise ModelRefused(
            "model.template-no-end",
            _("The chat template puts no control token after an answer to end it."),
            hint=_("Give one that prints eos_token after each answer: model.chat_template."),
        )
    turn = whole.text[: ends[0].end].rstrip()
    longer = renderer.plain([QUESTION, _ANSWER, QUESTION, _ANSWER], prompt=False)
    return TurnShape(
        opening=whole.text[whole.spans[0][1] : answer_start],
        lead=len(lead),
        end_id=ends[0].token_id,
        rewrites_history=not longer.startswith(turn),
    )
