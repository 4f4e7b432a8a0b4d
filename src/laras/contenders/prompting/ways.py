"""The ways of prompting, each of which tries one prompt or more."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from laras.contenders.prompting.choosing import varied
from laras.contenders.prompting.prompt import Prompt
from laras.contenders.prompting.scoring import Tried
from laras.contenders.prompting.search import propose, rows_needed, search
from laras.contenders.prompting.workbench import Bench, Settings, Workbench
from laras.recipe.asking import PromptWay


def plain_prompt(way: PromptWay, bench: Bench) -> Prompt | None:
    """The one prompt of a way that does not search; None where it has nothing to show."""
    settings = bench.settings
    instruction = bench.instructions[0]
    if way == "zero-shot":
        return Prompt(way, bench.task, instruction)
    if not bench.pool.shots:
        return None
    if way == "retrieval":
        return Prompt(way, bench.task, instruction, retrieval=settings.shots)
    shots = varied(bench.pool, settings.shots, settings.seed)
    return Prompt(way, bench.task, instruction, shots)


def _try_plain(way: PromptWay, bench: Workbench) -> list[Tried]:
    prompt = plain_prompt(way, bench)
    return [] if prompt is None else [bench.try_alone(prompt)]


def _try_search(way: PromptWay, bench: Workbench) -> list[Tried]:
    """What other ways of the contender try is not proposed again."""
    settings = bench.settings
    others = [plain_prompt(other, bench) for other in settings.ways if other != way]
    proposals = propose(
        bench.instructions,
        bench.pool,
        bench.task,
        settings.shots,
        settings.proposals - 1,  # one more is made of what the best of them gets wrong
        settings.seed,
        without=[prompt for prompt in others if prompt is not None],
    )
    return search(bench, proposals)


# From the plainest on: of prompts that do equally well, the first is taken.
WAYS: Mapping[PromptWay, Callable[[PromptWay, Workbench], list[Tried]]] = {
    "zero-shot": _try_plain,
    "few-shot": _try_plain,
    "retrieval": _try_plain,
    "search": _try_search,
}


def rows_of(way: PromptWay, settings: Settings) -> int:
    """How many rows the model is asked for a way, about."""
    if way == "search":
        return rows_needed(settings.proposals, settings.rows)
    return settings.rows
