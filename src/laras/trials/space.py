"""What a search varies: the fields of the recipe that it names, or those that are worth it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from laras.errors import UsageError
from laras.recipe.load import LoadedRecipe
from laras.recipe.schema import Contender, Dimension, Recipe
from laras.recipe.unread import READ_BY, TUNED_KINDS
from laras.recipe.varied import with_values
from laras.translation import _

ORIGIN = "search"  # what the resolved recipe of a trial says of its values
_RATE_FACTOR = 4.0  # how far from the default a learning rate is looked for, both ways
_EPOCHS = (0.5, 1.0, 2.0)
_RANKS = (0.5, 1.0, 2.0)
_DECAYS = (0.0, 0.01, 0.1)
# What prepares data may be varied; whether it changes the training only shows when it is prepared.
_OF_THE_DATA = ("data.", "preparation.")


def place_of(recipe: Recipe) -> int:
    """Which contender is searched, by its place: the one that the recipe names, else the first
    that is tuned."""
    contenders = recipe.comparison.contenders
    tuned = [at for at, each in enumerate(contenders) if each.kind in TUNED_KINDS]
    wanted = recipe.search.contender
    if wanted is not None:
        tuned = [at for at in tuned if contenders[at].name == wanted]
    if not tuned:
        names = ", ".join(each.name for each in contenders if each.kind in TUNED_KINDS)
        raise UsageError(
            "search.no-contender",
            _("No contender that is tuned is called {name!r}.").format(name=wanted)
            if wanted is not None
            else _("None of the contenders is tuned, so there is nothing to search for."),
            where="search.contender" if wanted is not None else "comparison.contenders",
            hint=_("Known: {names}").format(names=names)
            if names
            else _("Add lora to comparison.contenders."),
        )
    return tuned[0]


def check_space(
    loaded: LoadedRecipe, place: int, key_of: Callable[[LoadedRecipe], str]
) -> dict[str, Dimension] | None:
    """The space that the recipe gives, None where it gives none.

    Each of its values must be one that the recipe takes, and change what the contender at ``place``
    is trained to; ``key_of`` gives the hash of all that decides this. UsageError where not.
    """
    space = loaded.recipe.search.space
    contender = loaded.recipe.comparison.contenders[place]
    for path, dimension in space.items():
        where = f"search.space: {path}"
        keys = {key_of(with_values(loaded, {path: value}, where)) for value in ends_of(dimension)}
        own = path.removeprefix("tuning.")
        overruled = own != path and getattr(contender, own, None) is not None
        if overruled or (len(keys) < 2 and not path.startswith(_OF_THE_DATA)):
            raise UsageError(
                "search.without-effect",
                _("{path} changes nothing in the training of {name}.").format(
                    path=path, name=contender.name
                ),
                where=where,
                hint=_("{name} has a value of its own: vary {path}.").format(
                    name=contender.name, path=f"{path_of(contender)}.{own}"
                )
                if overruled
                else _("Vary what decides how {name} is trained.").format(name=contender.name),
            )
    return space or None


def ends_of(dimension: Dimension) -> list[Any]:
    """The ends of a range, or all choices."""
    return dimension.choices or [dimension.low, dimension.high]


def path_of(contender: Contender) -> str:
    """Where its own settings stand."""
    return f"comparison.contenders.{contender.name}"


def default_space(contender: Contender, settings: Mapping[str, Any]) -> dict[str, Dimension]:
    """Around ``settings``, the hyperparameters that ``contender`` is tuned by: its learning rate
    by orders of magnitude, its epochs (unless its steps are counted), its rank where it has one
    (with the scale that goes with it, unless that is set) and the weight decay."""
    return {f"{path_of(contender)}.{name}": d for name, d in _around(contender, settings)}


def _around(contender: Contender, settings: Mapping[str, Any]) -> Iterator[tuple[str, Dimension]]:
    rate = float(settings["learning_rate"])
    yield "learning_rate", Dimension(low=rate / _RATE_FACTOR, high=rate * _RATE_FACTOR, log=True)
    if settings["max_steps"] is None:
        yield "epochs", Dimension(choices=[factor * settings["epochs"] for factor in _EPOCHS])
    if contender.kind in READ_BY["rank"]:
        ranks = sorted({max(1, round(factor * settings["rank"])) for factor in _RANKS})
        yield "rank", Dimension(choices=list(ranks))
    decays = sorted({*_DECAYS, float(settings["weight_decay"])})
    yield "weight_decay", Dimension(choices=list(decays))


def own_values(
    loaded: LoadedRecipe, place: int, space: Mapping[str, Dimension], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """What the recipe as it stands has at the paths of ``space``. ``settings``: hyperparameters of
    the contender at ``place``, where the recipe leaves them open."""
    own = f"{path_of(loaded.recipe.comparison.contenders[place])}."
    by_number = f"comparison.contenders.{place}."
    found = {}
    for path in space:
        name = path.removeprefix(own).removeprefix(by_number).removeprefix("tuning.")
        if name != path and name in settings:
            found[path] = settings[name]
        else:
            found[path] = _value_at(loaded.recipe.model_dump(), path.split("."))
    return found


def _value_at(data: Any, parts: list[str]) -> Any:
    for part in parts:
        if isinstance(data, list):
            names = [item.get("name") if isinstance(item, dict) else None for item in data]
            at = int(part) if part.isdecimal() else names.index(part) if part in names else -1
            data = data[at] if 0 <= at < len(data) else None
        else:
            data = data.get(part) if isinstance(data, dict) else None
    return data
