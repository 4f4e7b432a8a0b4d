"""What a contender of kind prompt leaves in its folder, and how it is found there again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from laras.contenders.prompting.asking import Asker, Room, asked_by
from laras.contenders.prompting.prompt import Prompt, prompts_from_json
from laras.contenders.prompting.retrieval import Retrieval
from laras.contenders.prompting.scoring import Tried, listing
from laras.contenders.prompting.shots import Pool
from laras.errors import StorageFailed, UsageError
from laras.evaluation.candidate import Rewrite
from laras.records import EXAMPLE_SCHEMA, Example, Task, examples_from, to_table
from laras.runs.atomic import temporary_sibling
from laras.runs.damage import damage_told
from laras.runs.folder import Run
from laras.translation import _

_EXAMPLES = "examples.parquet"  # what prompts that retrieve choose from


@dataclass(frozen=True, slots=True)
class Chosen:
    """The ``best`` prompt for one kind of question by ``metric``, of all that were ``tried``;
    ``pool``: what it retrieves from, if it does."""

    metric: str
    best: Tried
    tried: Sequence[Tried]
    pool: Pool | None


def stage_of(name: str) -> str:
    """Under which name the run records that the prompt of the contender ``name`` is chosen."""
    return f"prompt-{name}"


def write_kept(run: Run, name: str, chosen: Sequence[Chosen]) -> dict[str, Path]:
    """Write prompt.json, prompts.json and, where a prompt retrieves, the examples that it chooses
    from; return the paths by name."""
    folder = f"contenders/{name}"
    kept = [each.best.prompt.as_json(each.best.selection(each.metric)) for each in chosen]
    listed = [
        listing(tried, each.metric, competes=tried is each.best)
        for each in chosen
        for tried in each.tried
    ]
    paths = {
        "prompt": run.write_json(f"{folder}/prompt.json", {"prompts": kept}),
        "prompts": run.write_json(f"{folder}/prompts.json", listed),
    }
    pools = [each.pool for each in chosen if each.pool is not None]
    if pools:
        path = run.contender(name) / _EXAMPLES
        table = pa.concat_tables([_table(pool) for pool in pools])
        with temporary_sibling(path) as temporary:
            pq.write_table(table, temporary, compression="zstd")
        paths["examples"] = path
    return paths


def told_of(chosen: Sequence[Chosen]) -> dict[str, Any]:
    """What the run's record says of the choice."""
    return {
        "prompts": sum(len(each.tried) for each in chosen),
        "chosen": [
            {
                "task": each.best.prompt.task,
                "way": each.best.prompt.way,
                "shots": each.best.prompt.shown,
                **asdict(each.best.selection(each.metric)),
            }
            for each in chosen
        ],
    }


def kept_prompts(run: Run, name: str) -> list[Prompt]:
    """The prompts that compete under ``name``, one for each kind of question. UsageError where none
    is chosen yet, StorageFailed where a file is not what the choice left."""
    stage = run.finished_stage(stage_of(name))
    if stage is None:
        raise UsageError(
            "contender.no-prompt",
            _("No prompt is chosen yet for the contender {name!r}.").format(name=name),
            where=str(run.folder),
            hint=_("`laras run` with its recipe chooses one."),
        )
    if not stage.done:
        raise StorageFailed(
            "runs.damaged",
            _("The prompt's files are not what its choice left."),
            where=str(run.contender(name)),
            hint=_("Run the same command again: `laras run` makes anew what is damaged."),
        )
    path = f"contenders/{name}/prompt.json"
    with damage_told(run.folder / path):
        return prompts_from_json(run.read_json(path))


def rewrite_of(
    prompts: Sequence[Prompt], run: Run, name: str, context: int, room: Room | None
) -> Rewrite:
    """How ``prompts``, those kept for ``name``, are put around examples, for a model of ``context``
    tokens. ``room`` None: nothing is ever too long."""
    askers = []
    for prompt in prompts:
        retrieval = None
        if prompt.retrieval is not None:
            retrieval = Retrieval(_kept_pool(run, name, prompt.task, context))
        askers.append(Asker(prompt, room, retrieval))
    return asked_by(askers)


def _table(pool: Pool) -> pa.Table:
    table = to_table(pool.shots, EXAMPLE_SCHEMA)
    return table.append_column("tokens", pa.array(pool.sizes, pa.int64()))


def _kept_pool(run: Run, name: str, task: Task, context: int) -> Pool:
    path = run.contender(name) / _EXAMPLES
    with damage_told(path):
        table = pq.read_table(path, filters=[("task", "=", task)])
        shots: tuple[Example, ...] = tuple(examples_from(table.select(EXAMPLE_SCHEMA.names)))
        return Pool(shots, tuple(table["tokens"].to_pylist()), context // 2)
