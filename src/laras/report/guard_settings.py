"""Settings of a recipe that switch off or weaken a guard, and how that is told from its values.

A guard is what refuses, drops, stops, saves or warns without being asked. Whoever weakens one has a
reason; whoever reads the report has to know. Every field of the recipe is either here or guards
nothing: a test holds the list of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from laras.planning.hyperparameters import PATIENCE
from laras.recipe.schema import Recipe, Section
from laras.translation import _

# Whether a value guards less than the usual one.
Weaker = Callable[[Any, Any], bool]


@dataclass(frozen=True, slots=True)
class Weakened:
    """A setting that guards less than usual. ``guard``: what is guarded, in words."""

    field: str
    value: Any
    usual: Any
    guard: str


def _more(value: Any, usual: Any) -> bool:
    return value is None or value > usual


def _less(value: Any, usual: Any) -> bool:
    return bool(value < usual)


def _fewer(value: Any, usual: Any) -> bool:
    return not set(usual) <= set(value)


def _given(value: Any, usual: Any) -> bool:
    return value not in (None, [], False)


def _is(wanted: Any) -> Weaker:
    return lambda value, usual: value == wanted


def guards() -> dict[str, tuple[Weaker, str]]:
    """For each field that can weaken a guard: when it does, and what is guarded."""
    network = _("nothing is fetched over the network")
    unreadable = _("data that can't be read is refused")
    duplicates = _("a row and its copies stand on one side of the split, once")
    private = _("personal data is found and counted")
    money = _("nothing is spent that was not allowed")
    hang = _("a call that hangs is given up")
    watch = _("overfitting is noticed while it begins")
    crash = _("a crash costs no more than a minute of work")
    memory = _("memory and disk do not run out")
    checks = _("overfitting, memorising, forgetting and bias are looked for")
    chance = _("a difference that is chance is not taken for one that is not")
    quality = _("texts that teach nothing are found")
    return {
        "model.download": (_is(True), network),
        "data.validation_share": (_is(0.0), watch),
        "data.max_file_bytes": (_more, memory),
        "data.max_rejected_share": (_more, unreadable),
        "preparation.clean": (_is(False), quality),
        "preparation.quality": (_is("off"), quality),
        "preparation.min_characters": (_less, quality),
        "preparation.max_reply_copies": (_more, quality),
        "preparation.personal_data": (_is("keep"), private),
        "preparation.personal_data_kinds": (_fewer, private),
        "preparation.exact_duplicates": (_is(False), duplicates),
        "preparation.near_duplicates": (_is(False), duplicates),
        "preparation.near_duplicate_threshold": (_more, duplicates),
        "preparation.leak_limit": (_more, _("test rows do not stand in the training data")),
        "preparation.accept": (_given, _("data that leaks or can't be read is refused")),
        "preparation.generation.max_cost": (_more, money),
        "preparation.generation.least_grounded": (
            _less,
            _("answers that were written say what their passage says"),
        ),
        "preparation.generation.timeout_s": (_more, hang),
        "evaluation.judge.timeout_s": (_more, hang),
        "comparison.contenders.*.endpoint.timeout_s": (_more, hang),
        "tuning.max_gradient_norm": (_more, _("a single batch can't throw the weights far off")),
        "tuning.non_finite_limit": (_more, _("a loss that is no number ends the training")),
        "tuning.divergence": (_is("warn"), _("a training that diverges is ended")),
        "tuning.patience": (lambda value, usual: value is not None and value > usual, watch),
        "tuning.validations_per_epoch": (_less, watch),
        "tuning.validation_rows": (_less, watch),
        "tuning.checkpoint_every_s": (_more, crash),
        "tuning.checkpoint_every_steps": (_given, crash),
        "tuning.keep_checkpoints": (_less, _("there is an older checkpoint should one be damaged")),
        "tuning.recompute_activations": (_is("never"), memory),
        "tuning.frozen_cache_bytes": (_more, memory),
        "evaluation.checks": (_fewer, checks),
        "evaluation.check_rows": (_less, checks),
        "evaluation.max_rows": (_given, chance),
        "evaluation.confidence": (_less, chance),
        "evaluation.bootstrap_samples": (_less, chance),
    }


def weakened(settings: Mapping[str, Any]) -> list[Weakened]:
    """Which settings of a resolved recipe, as plain data, weaken a guard."""
    found = []
    for path, (weaker, guard) in guards().items():
        usual = _usual(path, settings)
        for field, value in _values(settings, path.split("."), ""):
            if _is_weaker(weaker, value, usual):
                found.append(Weakened(field, value, usual, guard))
    return found


def _is_weaker(weaker: Weaker, value: Any, usual: Any) -> bool:
    try:
        return weaker(value, usual)
    except TypeError:  # a recipe that was edited by hand; what can't be compared is told
        return True


def _usual(path: str, settings: Mapping[str, Any]) -> Any:
    if path == "tuning.patience":
        tuning = settings.get("tuning")
        effort = tuning.get("effort") if isinstance(tuning, Mapping) else None
        return PATIENCE.get(str(effort), PATIENCE["standard"])
    return default_of(path)


@cache
def default_of(path: str) -> Any:
    """What the schema gives the field where nobody sets it; ``*`` stands for an entry of a list."""
    section: type[BaseModel] = Recipe
    *sections, field = [part for part in path.split(".") if part != "*"]
    for name in sections:
        found = _section_in(section.model_fields[name].annotation)
        assert found is not None, f"{path} leads to no field"
        section = found
    return section.model_fields[field].get_default(call_default_factory=True)


def _section_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_in(part))), None)


def _values(content: Any, path: list[str], before: str) -> Iterator[tuple[str, Any]]:
    """Where ``path`` leads in plain data: the field as it is set, and its value."""
    if not path:
        yield before, content
        return
    name, *rest = path
    if name == "*" and isinstance(content, list):
        for number, entry in enumerate(content):
            yield from _values(entry, rest, f"{before}.{number}")
    elif isinstance(content, Mapping) and name in content:
        yield from _values(content[name], rest, f"{before}.{name}" if before else name)
