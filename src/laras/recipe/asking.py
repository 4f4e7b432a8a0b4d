"""How models that are not tuned are asked: prompts, and what is learnt before them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from laras.recipe.endpoint import EndpointSection
from laras.recipe.section import Section

PromptWay = Literal["zero-shot", "few-shot", "retrieval", "search"]


class Asking(Section):
    """Settings of contenders of kind prompt, soft-prompt and prefix; None takes the default."""

    ways: Annotated[list[PromptWay], Field(min_length=1)] | None = None
    """Prompt and api: the ways of prompting that are tried. For labels and for answers the
    best on validation competes (by what a verdict over such rows turns on, then by the perplexity
    of the right answers); default: all, for api the first three. Where one is named, api asks
    nothing for the choice. ``zero-shot``: an instruction. ``few-shot``: with fixed examples.
    ``retrieval``: with the training examples most like each question. ``search``: instructions and
    sets of examples proposed from the training data, the worse half dropped in each round."""
    instruction: str | None = Field(default=None, min_length=1)
    """Prompt and api: what the model is told to do before questions of the kind that the verdict
    turns on, labels or answers; default: made from the training data. A search then varies
    the examples only."""
    shots: int | None = Field(default=None, ge=1, le=64)
    """Prompt and api: how many examples are shown before each question, where they have room;
    default: 4."""
    proposals: int | None = Field(default=None, ge=2, le=256)
    """Prompt: how many prompts a search tries, most of them on few rows; default: 8."""
    prompt_rows: int | None = Field(default=None, ge=1)
    """Prompt and api: most validation rows that prompts for one kind of question are compared on;
    default: 64, for api 16."""
    endpoint: EndpointSection | None = None
    """Api: which model is asked, where, at what price. Questions of the validation and test data,
    and the training examples that a prompt shows, are sent there."""
    virtual_tokens: int | None = Field(default=None, ge=1, le=1024)
    """Soft-prompt: how many learnt vectors stand before each example. Prefix: how many learnt keys
    and values each layer has before those of an example. Default: 16."""
