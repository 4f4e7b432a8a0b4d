"""Who competes, in the short forms and the long one, and what decides."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from laras.recipe import unread
from laras.recipe.asking import Asking
from laras.recipe.section import Section
from laras.recipe.tuning import Adjustment
from laras.translation import _

ContenderKind = Literal[
    "base", "full", "freeze",
    "lora", "rslora", "dora", "pissa", "olora", "loraplus", "vera", "oft", "boft", "ia3",
    "prompt", "soft-prompt", "prefix", "api",
]  # fmt: skip


class Settings(Adjustment, Asking):
    """What a contender may set for itself."""


class Contender(Settings):
    """One way to get a candidate, under a name of its own. A setting that its kind does not read
    is refused: rank, alpha, dropout and target_modules are for adapters, trained_layers is for
    freeze, endpoint for api, and base has none."""

    kind: ContenderKind
    """How the candidate is obtained."""
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    """What reports and folders call it."""

    @model_validator(mode="after")
    def _reads_what_is_set(self) -> Contender:
        settings = {name: getattr(self, name) for name in Settings.model_fields}
        given = {name: value for name, value in settings.items() if value is not None}
        unread.refuse(unread.of_contender(self.kind, given))
        unread.refuse(unread.of_prompting(given))
        unread.refuse(unread.of_search(self.kind, self.ways or ()))
        if self.kind == "api" and self.endpoint is None:
            raise ValueError(
                _("a contender of kind api needs an endpoint: its address and the model there")
            )
        return self


class ComparisonSection(Section):
    """Who competes, and what decides."""

    contenders: list[Contender] = Field(
        default=[Contender(kind="base", name="base"), Contender(kind="lora", name="lora")],
        min_length=1,
    )
    """``[base, lora, full]``, or mappings: ``- lora: {rank: 32}``,
    ``- name: wide, kind: lora, rank: 64``."""
    primary_metric: Literal[
        "auto", "perplexity", "macro_f1", "bleu", "chrf", "rougeL", "token_f1", "span_f1",
        "exact_match",
    ] = "auto"  # fmt: skip
    """What the verdict turns on; auto: macro-F1 for labels, ROUGE-L for answers, else
    perplexity."""
    samples: int = Field(default=12, ge=0)
    """How many test examples the report shows side by side."""
    seeds: int = Field(default=1, ge=1)
    """With how many seeds each tuned contender is trained: tuning.seed and those that follow it.
    The first one competes; the others tell how much of its figures is luck."""
    learning_curve: list[Annotated[float, Field(gt=0.0, lt=1.0)]] = []
    """Also train each tuned contender on these shares of the training data, such as
    ``[0.25, 0.5]``, to tell what more data would bring."""

    @field_validator(
        "contenders",
        mode="before",
        json_schema_input_type=Annotated[
            list[ContenderKind | dict[ContenderKind, Settings | None] | Contender],
            Field(min_length=1),
        ],
    )
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        return [expand_contender(item) for item in value] if isinstance(value, list) else value

    @field_validator("contenders")
    @classmethod
    def _names_are_unique(cls, value: list[Contender]) -> list[Contender]:
        names = [contender.name for contender in value]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    _("two contenders are called {name!r}; give one a name of its own").format(
                        name=name
                    )
                )
        return value

    @field_validator("learning_curve")
    @classmethod
    def _shares_are_unique(cls, value: list[float]) -> list[float]:
        if len(set(value)) < len(value):
            raise ValueError(_("a share stands twice"))
        return value

    @model_validator(mode="after")
    def _reads_what_is_set(self) -> ComparisonSection:
        asked = {"seeds": self.seeds > 1, "learning_curve": bool(self.learning_curve)}
        given = {name: getattr(self, name) for name, wanted in asked.items() if wanted}
        kinds = [contender.kind for contender in self.contenders]
        unread.refuse(unread.of_retraining(given, kinds))
        return self


def expand_contender(item: Any) -> Any:
    """``lora`` and ``{lora: {rank: 8}}`` in full: ``{kind: lora, name: lora, rank: 8}``."""
    if isinstance(item, str):
        return {"kind": item, "name": item}
    if isinstance(item, dict) and len(item) == 1:
        (kind, settings), *_rest = item.items()
        if isinstance(settings, dict) or settings is None:
            return {"kind": kind, "name": kind, **(settings or {})}
    return item
