"""Laras tunes a language model to a domain, and proves that it got better.

    import laras
    run = laras.run("recipe.yaml")
    print(run.verdict["sentence"])

Importing this package is quick: names load what they need when they are first used.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from laras import threads

__version__ = "0.1.0"

# Nothing phones home. Some libraries look at these when they are imported, so they are set
# before any of them can be; setdefault would let a value that means "yes" win.
for _variable, _value in {
    "DO_NOT_TRACK": "1",
    "SCARF_NO_ANALYTICS": "1",
    "DAFT_ANALYTICS_ENABLED": "0",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TOKENIZERS_PARALLELISM": "false",
}.items():
    os.environ[_variable] = _value

# OpenMP's settings, which have to be there before torch is.
threads.settle()
_PUBLIC = {
    "run": "laras.workflow",
    "prepare": "laras.workflow",
    "plan": "laras.workflow",
    "rank_models": "laras.workflow",
    "search": "laras.workflow",
    "load_recipe": "laras.recipe.load",
    "Recipe": "laras.recipe.schema",
    "Run": "laras.runs.folder",
    "LarasError": "laras.errors",
}

__all__ = [
    "LarasError",
    "Recipe",
    "Run",
    "__version__",
    "load_recipe",
    "plan",
    "prepare",
    "rank_models",
    "run",
    "search",
]

if TYPE_CHECKING:
    from laras.errors import LarasError
    from laras.recipe.load import load_recipe
    from laras.recipe.schema import Recipe
    from laras.runs.folder import Run
    from laras.workflow import plan, prepare, rank_models, run, search


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'laras' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
