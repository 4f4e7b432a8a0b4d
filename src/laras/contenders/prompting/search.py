"""Many prompts, few rows: the worse half is dropped, the rest is tried on twice as many rows.

Successive halving (Jamieson and Talwalkar 2016, "Non-stochastic Best Arm Identification and
Hyperparameter Optimization"). What is proposed comes from the training data alone: phrasings of the
instruction times sets of examples. After the first round one more joins them: the best so far with
examples that it gets wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from laras.contenders.prompting.choosing import at_random, varied
from laras.contenders.prompting.prompt import Prompt
from laras.contenders.prompting.scoring import Tried, rank_by
from laras.contenders.prompting.shots import Pool
from laras.contenders.prompting.workbench import Workbench
from laras.records import Task

_LEAST_ROWS = 8  # on fewer, chance alone decides who is dropped


def rounds_of(proposals: int, rows: int) -> list[tuple[int, int]]:
    """(prompts, rows that each is tried on) of every round; the last two prompts get all rows."""
    count = max(1, (proposals - 1).bit_length())
    return [
        (
            -(-proposals // 2**number),
            min(rows, max(_LEAST_ROWS, -(-rows // 2 ** (count - 1 - number)))),
        )
        for number in range(count)
    ]


def rows_needed(proposals: int, rows: int) -> int:
    """Answers that a search asks for, those for the hard examples included."""
    needed = before = 0
    for prompts, on_rows in rounds_of(proposals, rows):
        needed += prompts * (on_rows - before)
        before = on_rows
    return needed + rows


def propose(
    instructions: Sequence[str],
    pool: Pool,
    task: Task,
    shots: int,
    count: int,
    seed: int,
    without: Sequence[Prompt] = (),
) -> list[Prompt]:
    """At most ``count`` prompts, all different, also from those in ``without``: each instruction
    once, each with another set of examples, then each with the next set, and so on."""
    sets: list[Prompt] = []
    if pool.shots:
        sets = [
            Prompt("search", task, shots=varied(pool, shots, seed)),
            Prompt("search", task, retrieval=shots),
            Prompt("search", task, shots=at_random(pool, shots, seed)),
        ]
    sets.append(Prompt("search", task))
    missing = -(-count // len(instructions)) + len(without) - len(sets)
    sets += [
        Prompt("search", task, shots=at_random(pool, shots, seed + number))
        # Some to spare: two of them may be the same.
        for number in range(1, max(1, missing + missing // 4) + 1)
        if pool.shots
    ]
    known = {_same(prompt) for prompt in without}
    proposals: dict[object, Prompt] = {}
    for turn in range(len(sets)):
        for place, instruction in enumerate(instructions):
            prompt = replace(sets[(place + turn) % len(sets)], instruction=instruction)
            if _same(prompt) not in known:
                proposals.setdefault(_same(prompt), prompt)
    return list(proposals.values())[:count]


def search(bench: Workbench, proposals: Sequence[Prompt]) -> list[Tried]:
    """All prompts that were tried, in the order in which they were proposed."""
    if not proposals:
        return []
    tried = [Tried(prompt) for prompt in proposals]
    alive = list(tried)
    # One place is kept for the prompt with hard examples, and a round in which to try it.
    plan = rounds_of(len(tried) + 1, len(bench.scoring.rows))
    plan += plan if len(plan) == 1 else []
    for number, (prompts, rows) in enumerate(plan):
        if number:
            alive = sorted(alive, key=rank_by(bench.metric))[: prompts - (number == 1)]
        if number == 1:
            hard = _with_hard_ones(bench, alive[0].prompt)
            if hard is not None and _same(hard) not in [_same(each.prompt) for each in tried]:
                alive.append(Tried(hard))
                tried.append(alive[-1])
        for each in alive:
            if bench.scoring.extend(each, rows):
                bench.told(each)
    return tried


def _with_hard_ones(bench: Workbench, best: Prompt) -> Prompt | None:
    """``best`` with training examples that it gets wrong, of as many as there are rows; None where
    it gets none wrong that can be shown."""
    settings = bench.settings
    order = np.random.default_rng(settings.seed).permutation(len(bench.pool.shots))
    asked = {bench.pool.shots[place].example_id for place in order[: len(bench.scoring.rows)]}
    if not asked:
        return None
    training = [example for example in bench.training if example.example_id in asked]
    wrong = bench.scoring.hard_ones(best, training)
    shots = varied(bench.pool, settings.shots, settings.seed, among=wrong)
    return replace(best, shots=shots, retrieval=None) if shots else None


def _same(prompt: Prompt) -> object:
    shots = tuple(shot.example_id for shot in prompt.shots)
    return prompt.instruction, shots, prompt.retrieval
