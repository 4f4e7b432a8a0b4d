"""What a contender has forgotten of what the reference can do, on material that is not the user's.

General text in English and Indonesian (bits per byte) and questions with four answers to choose
from, or with a form that the written answer has to have. The contender's prompt, a soft one too, is
left out: it is the weights that forget, so a prompted base model has forgotten nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laras.checks.abilities import LANGUAGES, choice_rows, text_rows, written_rows
from laras.checks.check import Check, Finding, Grounds, Measured, checks
from laras.checks.forgotten import compare_forgetting
from laras.checks.inquiry import inquiry
from laras.evaluation.candidate import Candidate
from laras.recipe.schema import EvaluationSection
from laras.runs.progress import Progress

LEAST_SHARE = 0.1  # of the training examples, for a language to be one of the data's
_NO_LANGUAGE = ("und", "unknown")


def measure(
    candidate: Candidate, grounds: Grounds, section: EvaluationSection, progress: Progress
) -> Mapping[str, Any] | None:
    """Nats and bytes of each line of general text, and which questions were answered rightly."""
    with inquiry(candidate, section, soft_prompt=False) as asking:
        rows = {
            "texts": text_rows(asking, section),
            "choices": choice_rows(asking, section),
            "written": written_rows(asking, section),
        }
    told = {name: n for name, n in grounds.languages.items() if name not in _NO_LANGUAGE}
    total = sum(told.values())
    return {
        "name": candidate.name,
        "training_examples": len(grounds.train),
        "languages": sorted(name for name, n in told.items() if n >= LEAST_SHARE * total),
        "looked_at": list(LANGUAGES),
        **rows,
    }


def compare(
    name: str, own: Measured, reference: Measured | None, section: EvaluationSection
) -> Finding | None:
    """What ``name`` does worse than the reference; None where there is none to compare with."""
    return None if reference is None else compare_forgetting(name, own, reference, section)


checks.register("forgetting", Check("forgetting", measure, compare))
