"""What a contender of kind prompt leaves in its folder, and how it is found there again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from laras.contenders.prompting.prompt import Prompt, Selection, prompt_from_json
from laras.contenders.prompting.scoring import Tried, listing
from laras.contenders.prompting.shots import Pool
from laras.errors import StorageFailed, UsageError
from laras.records import EXAMPLE_SCHEMA, Example, examples_from, to_table
from laras.runs.atomic import temporary_sibling
from laras.runs.damage import damage_told
from laras.runs.folder import Run
from laras.translation import _

_EXAMPLES = "examples.parquet"  # what a prompt that retrieves chooses from


def stage_of(name: str) -> str:
    """Under which name the run records that the prompt of the contender ``name`` is chosen."""
    return f"prompt-{name}"


def write_kept(
    run: Run, name: str, best: Tried, tried: Sequence[Tried], metric: str, pool: Pool | None
) -> dict[str, Path]:
    """Write prompt.json, prompts.json and, where the prompt retrieves, the examples of ``pool``;
    return the paths by name."""
    folder = f"contenders/{name}"
    selection = Selection(metric, best.value, best.rows)
    paths = {
        "prompt": run.write_json(f"{folder}/prompt.json", best.prompt.as_json(selection)),
        "prompts": run.write_json(
            f"{folder}/prompts.json",
            [listing(each, metric, competes=each is best) for each in tried],
        ),
    }
    if best.prompt.retrieval is not None and pool is not None:
        path = run.contender(name) / _EXAMPLES
        with temporary_sibling(path) as temporary:
            table = to_table(pool.shots, EXAMPLE_SCHEMA)
            pq.write_table(
                table.append_column("tokens", [list(pool.sizes)]), temporary, compression="zstd"
            )
        paths["examples"] = path
    return paths


def kept_prompt(run: Run, name: str) -> Prompt:
    """The prompt that competes under ``name``. UsageError where none is chosen yet, StorageFailed
    where a file is not what the choice left."""
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
        return prompt_from_json(run.read_json(path))


def kept_pool(run: Run, name: str, context: int) -> Pool:
    """What the prompt of ``name`` retrieves from, for a model of ``context`` tokens."""
    path = run.contender(name) / _EXAMPLES
    with damage_told(path):
        table = pq.read_table(path)
        shots: tuple[Example, ...] = tuple(examples_from(table.select(EXAMPLE_SCHEMA.names)))
        return Pool(shots, tuple(table["tokens"].to_pylist()), context // 2)
