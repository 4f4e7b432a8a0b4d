"""A language model that compares answers, beside the metrics."""

from __future__ import annotations

from pydantic import Field

from laras.recipe.endpoint import EndpointSection


class JudgeSection(EndpointSection):
    """A language model behind any endpoint that speaks OpenAI's chat protocol, which compares the
    answers of two contenders to the same test question. The verdict never turns on it. Questions
    and answers of the test, the data's own among them, are sent there."""

    rows: int = Field(default=50, ge=1)
    """At most this many test rows for each comparison (a fixed sample). A row takes two calls, one
    for each order in which its two answers are shown."""
    show_reference: bool = True
    """Show the judge the data's own answer beside the two."""
    max_tokens: int = Field(default=32, ge=1)
    """The longest reply of the judge; raise it for a model that thinks before it answers."""
