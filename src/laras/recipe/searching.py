"""What `laras search` varies: fields of the recipe, each over a range or some values."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, WrapValidator, field_validator, model_validator

from laras.recipe.section import Section, Seed
from laras.translation import _

# A whole number stays one: it says that only whole numbers are to be tried.
Number = Annotated[
    float, WrapValidator(lambda value, as_float: value if type(value) is int else as_float(value))
]


class Dimension(Section):
    """What one field is tried at: a range, or some values. ``[8, 16, 32]`` is short for
    ``{choices: [8, 16, 32]}``."""

    low: Number | None = None
    """The least value of a range."""
    high: Number | None = None
    """The largest value. Between two whole numbers, only whole numbers are tried."""
    log: bool = False
    """Try a range evenly by its orders of magnitude, as is right for learning rates."""
    choices: list[Any] | None = None
    """The values to try, where it is no range."""

    @model_validator(mode="after")
    def _is_a_range_or_a_choice(self) -> Dimension:
        if self.choices is not None:
            if self.low is not None or self.high is not None or self.log:
                raise ValueError(_("choices stand alone; low, high and log are for a range"))
            if len(self.choices) < 2:
                raise ValueError(_("it takes two choices at least"))
            if any(other == value for value, other in _pairs(self.choices)):
                raise ValueError(_("a value stands twice among the choices"))
            return self
        if self.low is None or self.high is None:
            raise ValueError(_("a range has low and high, anything else is a list of choices"))
        if not self.low < self.high:
            raise ValueError(_("low must be less than high"))
        if self.log and self.low <= 0:
            raise ValueError(_("a range by orders of magnitude begins above 0"))
        return self


class SearchSection(Section):
    """How hyperparameters are searched for. Only `laras search` reads it."""

    trials: int = Field(default=12, ge=1)
    """How many trainings are tried in all; the first is the recipe as it stands."""
    contender: str | None = None
    """Which contender is searched; default: the first one that is tuned."""
    space: dict[str, Dimension] = {}
    """What is varied: paths as for ``--set``, such as ``tuning.learning_rate``, each with a range
    (``{low: 1e-4, high: 1e-2, log: true}``) or values (``[8, 16, 32]``); default: learning rate,
    epochs, rank and weight decay around the contender's own."""
    timeout_s: float | None = Field(default=None, gt=0.0)
    """No further trial is begun once the trials have trained for this long; default: no limit."""
    seed: Seed = 0
    """Decides what is tried."""

    @field_validator(
        "space", mode="before", json_schema_input_type=dict[str, Dimension | list[Any]]
    )
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        return _dimensions(value) if isinstance(value, dict) else value


def _dimensions(space: dict[str, Any], above: str = "") -> dict[str, Any]:
    """Paths to dimensions. ``{tuning: {epochs: [1, 2]}}``, which is what ``--set`` makes, means
    ``{tuning.epochs: [1, 2]}``."""
    found: dict[str, Any] = {}
    for key, value in space.items():
        path = f"{above}{key}"
        if isinstance(value, list):
            found[path] = {"choices": value}
        elif isinstance(value, dict) and value and not set(value) & set(Dimension.model_fields):
            for inner, dimension in _dimensions(value, f"{path}.").items():
                found[inner] = _merged(found.get(inner), dimension)
        else:
            found[path] = _merged(found.get(path), value)
    return found


def _merged(before: Any, after: Any) -> Any:
    """Some of a range's ends may be set later than the others."""
    ends = isinstance(before, dict) and isinstance(after, dict) and "choices" not in after
    return {**before, **after} if ends and "choices" not in before else after


def _pairs(values: list[Any]) -> list[tuple[Any, Any]]:
    """Each value with each of those behind it; 1 and true are not the same."""
    return [
        ((type(value), value), (type(other), other))
        for place, value in enumerate(values)
        for other in values[place + 1 :]
    ]
