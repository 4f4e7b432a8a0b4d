"""Where a language model answers: any endpoint that speaks OpenAI's chat protocol."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from laras.recipe import unread
from laras.recipe.section import Section
from laras.translation import _


class Access(Section):
    """Which model is asked, where, and how patiently."""

    endpoint: str = Field(pattern=r"^https?://")
    """Its base address, as in http://127.0.0.1:8000/v1."""
    model: str = Field(min_length=1)
    """The name of the model there."""
    api_key_variable: str | None = None
    """The environment variable that holds the key."""
    timeout_s: float = Field(default=120.0, gt=0.0, le=86_400.0)
    """How long one answer may take."""
    parallel: int = Field(default=4, ge=1, le=64)
    """Calls under way at once."""

    @field_validator("endpoint")
    @classmethod
    def _holds_no_secret(cls, value: str) -> str:
        """The recipe stands in the run's folder and in its report."""
        parts = urlsplit(value)
        if parts.username or parts.password or parts.query:
            raise ValueError(
                _("an address has no name, password or query; the key is in the environment")
            )
        try:
            is_address = bool(parts.hostname) and parts.port != 0 and not parts.fragment
        except ValueError:  # what stands for a port is none
            is_address = False
        if not is_address:
            raise ValueError(_("is not an address like http://127.0.0.1:8000/v1"))
        return value


class EndpointSection(Access):
    """A model behind an endpoint, what it costs, and the most that may be spent. What it is asked
    is sent there."""

    price_input: float = Field(default=0.0, ge=0.0)
    """Price of a million tokens sent."""
    price_output: float = Field(default=0.0, ge=0.0)
    """Price of a million tokens received."""
    budget: float | None = Field(default=None, ge=0.0)
    """The most that all calls together may cost: refused before the first call where the estimate
    is above it, and no call is begun that could go beyond it. Needed where there are prices."""
    currency: str = Field(default="USD", min_length=1, max_length=8)
    """What prices and budget are in."""

    @model_validator(mode="after")
    def _knows_its_limit(self) -> EndpointSection:
        if not self.has_prices:
            unread.refuse(unread.of_budget(self.budget))
        elif self.budget is None:
            raise ValueError(_("has prices and no budget; say the most that may be spent"))
        return self

    @property
    def has_prices(self) -> bool:
        """Whether calls are known to cost money."""
        return bool(self.price_input or self.price_output)

    def money(self, input_tokens: float, output_tokens: float) -> float:
        """What so many tokens cost."""
        return (input_tokens * self.price_input + output_tokens * self.price_output) / 1e6
