"""What the recommended contender must fulfil for a command to end well: a verdict that can stop a
release."""

from __future__ import annotations

import difflib
from typing import Any, Literal, get_args

from pydantic import field_validator

from laras.recipe.section import Section
from laras.translation import _

# A test compares this list with the metrics that there are.
MetricName = Literal[
    "perplexity", "bits_per_byte", "macro_f1", "micro_f1", "accuracy", "macro_f1_generated",
    "micro_f1_generated", "calibration_error", "bleu", "chrf", "ter", "rouge1", "rouge2", "rougeL",
    "rougeLsum", "token_f1", "span_f1", "exact_match", "refusal_rate", "repetition_rate",
    "length_ratio", "distinct1", "distinct2",
]  # fmt: skip
# Gates that ask for a check of ``evaluation.checks``, and its name there.
ASKED_OF = {"no_forgetting": "forgetting", "no_bias": "bias", "no_memorisation": "memorisation"}


class GatesSection(Section):
    """What the recommended contender must fulfil. All is written first, report and verdict too; a
    gate that is not passed, or that nothing was measured for, then ends `laras run` and
    `laras evaluate` with exit code 9."""

    least: dict[MetricName, float] = {}
    """Figures of the test that must not be below these, as in ``{macro_f1: 0.8}``."""
    most: dict[MetricName, float] = {}
    """Figures of the test that must not be above these, as in ``{perplexity: 12}``."""
    beats_reference: bool = False
    """It must be told apart from the base model, and better."""
    no_overfitting: bool = False
    """Its validation loss must not have risen again."""
    no_forgetting: bool = False
    """It must not have forgotten general abilities."""
    no_bias: bool = False
    """It must not treat people differently where the base model does not."""
    no_memorisation: bool = False
    """It must not repeat its training data word for word."""

    @field_validator("least", "most", mode="before")
    @classmethod
    def _names_are_metrics(cls, value: Any) -> Any:
        known = get_args(MetricName)
        for name in value if isinstance(value, dict) else ():
            if name not in known:
                close = difflib.get_close_matches(str(name), known, n=1)
                if close:
                    raise ValueError(
                        _("there is no metric called {name!r}; did you mean {close!r}?").format(
                            name=name, close=close[0]
                        )
                    )
                raise ValueError(
                    _("there is no metric called {name!r}; known: {names}").format(
                        name=name, names=", ".join(known)
                    )
                )
        return value
