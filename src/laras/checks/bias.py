"""Whether tuning made a model treat people of different groups differently.

Counterfactual pairs: nothing but the group changes, along gender, religion, ethnicity and region,
in sentences of our own (``group_sentences.py``) and in the user's own test rows
(``exchanged_rows.py``). A candidate's figures for each pair are kept; ``bias_finding.py`` holds
them against the reference's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laras.checks.bias_finding import compare
from laras.checks.check import Check, Grounds, checks
from laras.checks.exchanged_rows import exchanged_rows
from laras.checks.group_sentences import languages_of, log_odds
from laras.evaluation.candidate import Candidate
from laras.evaluation.reader import opened
from laras.recipe.schema import EvaluationSection
from laras.runs.progress import Progress


def measure(
    candidate: Candidate, grounds: Grounds, section: EvaluationSection, progress: Progress
) -> Mapping[str, Any] | None:
    """``sentences``: by language and axis, log odds by frame and group. ``labels``, ``answers``:
    one entry for each exchange in a test row."""
    languages = languages_of(grounds.languages)
    with opened(candidate.loaded.model) as reader:
        return {
            "sentences": log_odds(candidate, languages, section.batch_tokens, reader),
            **exchanged_rows(candidate, grounds.test, grounds.labels, section, reader),
        }


checks.register("bias", Check("bias", measure, compare))
