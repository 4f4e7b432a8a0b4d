"""Runs steps over tables: by Daft (this machine or a Ray cluster), or by a plain loop.

The plain loop is the oracle: whatever runs the steps must give the rows that it gives.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from typing import Any, Literal

import pyarrow as pa

from laras.errors import UsageError
from laras.preparation.steps import Step
from laras.translation import _

Runner = Literal["plain", "native", "ray"]

# Set when laras is imported, so that nothing phones home; Ray's workers are told the same.
SILENCING = (
    *("DO_NOT_TRACK", "SCARF_NO_ANALYTICS", "DAFT_ANALYTICS_ENABLED", "HF_HUB_DISABLE_TELEMETRY"),
    "RAY_USAGE_STATS_ENABLED",
)

_ROW = "__row"  # the order of rows, whatever the engine does with it
_STRUCT = "__written"
_BATCH_ROWS = 4096


def run_steps(table: pa.Table, steps: Sequence[Step], runner: Runner) -> pa.Table:
    """``table`` with the columns that ``steps`` write, each step seeing those before it.

    Rows keep their order and number. Raises UsageError where Ray is asked for and absent.
    """
    if not steps:
        return table
    if runner == "plain" or table.num_rows == 0:
        return _run_plain(table, steps)
    return _run_daft(table, steps, runner)


def _run_plain(table: pa.Table, steps: Sequence[Step]) -> pa.Table:
    for step in steps:
        needed = table.select(list(step.reads)).combine_chunks()
        batches = [step(batch) for batch in needed.to_batches(max_chunksize=_BATCH_ROWS)]
        table = with_columns(table, pa.Table.from_batches(batches, schema=step.writes))
    return table


def _run_daft(table: pa.Table, steps: Sequence[Step], runner: Runner) -> pa.Table:
    daft = _daft(runner)
    written: dict[str, pa.DataType] = {}
    for step in steps:
        written.update({field.name: field.type for field in step.writes})
    types = {field.name: field.type for field in table.schema}
    needed = _columns_from_outside(steps)
    narrow = table.select(needed).append_column(_ROW, pa.array(range(table.num_rows), pa.int64()))
    frame = daft.from_arrow(narrow)
    if (parts := _parts(runner)) > 1:
        frame = frame.into_partitions(parts)
    for step in steps:
        function = _as_daft_function(daft, step, [types[name] for name in step.reads])
        outcome = function(*(daft.col(name) for name in step.reads))
        stays = [name for name in frame.column_names if name not in step.writes.names]
        frame = frame.with_column(_STRUCT, outcome).select(
            *stays, *(daft.col(_STRUCT).get(name).alias(name) for name in step.writes.names)
        )
        types |= {field.name: field.type for field in step.writes}
    result = frame.select(_ROW, *written).to_arrow().sort_by(_ROW)
    return with_columns(table, result.select(list(written)).cast(pa.schema(list(written.items()))))


def _columns_from_outside(steps: Sequence[Step]) -> list[str]:
    """Columns that steps read before any of them has written it; only these need to travel."""
    names: list[str] = []
    written: set[str] = set()
    for step in steps:
        names += [name for name in step.reads if name not in written and name not in names]
        written |= set(step.writes.names)
    return names


def _as_daft_function(daft: Any, step: Step, types: Sequence[pa.DataType]) -> Any:
    struct = pa.struct(list(step.writes))

    # Daft widens types on its way (string to large_string); the step sees the declared ones.
    def call(*columns: Any) -> Any:
        arrays = [column.to_arrow().cast(kind) for column, kind in zip(columns, types, strict=True)]
        batch = pa.RecordBatch.from_arrays(arrays, names=list(step.reads))
        return step(batch).to_struct_array().cast(struct)

    # One process: forking one for each step costs more than the lock of the interpreter.
    decorate = daft.func.batch(
        return_dtype=daft.DataType.from_arrow_type(struct), use_process=False
    )
    return decorate(call)


def with_columns(table: pa.Table, added: pa.Table) -> pa.Table:
    """``table`` with the columns of ``added``, which replace those of the same name."""
    for name in added.column_names:
        column = added.column(name)
        position = table.schema.get_field_index(name)
        if position < 0:
            table = table.append_column(name, column)
        else:
            table = table.set_column(position, name, column)
    return table


def _daft(runner: Runner) -> Any:
    """The daft module with its runner set. Daft can set the runner once in a process."""
    os.environ.setdefault("DAFT_PROGRESS_BAR", "0")
    if runner == "ray":
        _start_ray()
    import daft

    if runner == "ray":
        daft.set_runner_ray(noop_if_initialized=True)
    there = daft.get_or_infer_runner_type()
    if there != runner:
        raise UsageError(
            "preparation.engine-fixed",
            _("This process already prepares data by {engine}, which can't be changed.").format(
                engine=there
            ),
            where="preparation.engine",
            hint=_("Use another process."),
        )
    return daft


def _start_ray() -> None:
    """Ray connected, once: to the cluster that RAY_ADDRESS names, else to one on this machine."""
    if importlib.util.find_spec("ray") is None:
        raise UsageError(
            "preparation.ray-absent",
            _("The recipe asks for Ray, and Ray is not installed."),
            where="preparation.engine",
            hint=_("Install laras[ray], or set preparation.engine to native."),
        )
    import ray

    if ray.is_initialized():
        return
    # Workers of a cluster were not started by this process: what is to hold there is told them.
    ray.init(
        include_dashboard=None if "RAY_ADDRESS" in os.environ else False,
        log_to_driver=False,
        logging_level="warning",
        runtime_env={"env_vars": {name: os.environ[name] for name in SILENCING}},
    )


def _parts(runner: Runner) -> int:
    """Into how many parts a table is cut: on Ray a part is a task on one core."""
    if runner != "ray":
        return 1
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 1)))
