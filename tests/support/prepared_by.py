"""In a child: prepare a recipe by one engine. Ray gets a cluster of two workers on this machine.

    python prepared_by.py RECIPE RUN ENGINE [SHARD_BYTES]

Prints JSON: the most memory that the process had, in bytes, and what Ray's workers were told.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from laras.preparation import ingest
from laras.preparation.engine import SILENCING
from laras.preparation.pipeline import prepare
from laras.recipe.load import load_recipe
from laras.runs.folder import Run
from laras.runs.progress import Silent


def main(recipe: str, folder: str, engine: str, shard_bytes: str = "") -> None:
    """Prepare, and tell."""
    if shard_bytes:
        ingest.SHARD_BYTES = int(shard_bytes)
    with Run.open(folder) as run:
        prepare(load_recipe(Path(recipe)), run, Silent(), runner=engine)  # type: ignore[arg-type]
    told: dict[str, object] = {
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    }
    if engine == "ray":
        import os

        import ray

        def environment() -> dict[str, str | None]:
            return {name: os.environ.get(name) for name in SILENCING}

        told["workers"] = ray.get(ray.remote(environment).remote())
        told["cpus"] = ray.cluster_resources()["CPU"]
        told["dashboard"] = ray.worker.get_dashboard_url()
        ray.shutdown()
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
