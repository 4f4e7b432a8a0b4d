"""All checks, in the order in which they are made and told, and what is done with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laras.checks import bias, forgetting, memorisation, wording  # noqa: F401  (each registers)
from laras.checks.check import Grounds, Measured, checks
from laras.evaluation.candidate import Candidate
from laras.recipe.schema import EvaluationSection
from laras.runs.progress import Progress
from laras.translation import _

ORDER = ("memorisation", "wording", "forgetting", "bias")


def measure_all(
    candidate: Candidate, grounds: Grounds, section: EvaluationSection, progress: Progress
) -> dict[str, Measured]:
    """What each check that the recipe names measured in ``candidate``, by its name.

    A candidate with a head writes nothing and has no probability for a text: no check applies.
    """
    if candidate.labels is not None:
        return {}
    measured: dict[str, Measured] = {}
    for name in ORDER:
        if name in section.checks:
            progress.stage(_("Checking {name}: {what}").format(name=candidate.name, what=name), 0)
            found = checks.get(name).measure(candidate, grounds, section, progress)
            if found is not None:
                measured[name] = found
    return measured


def compare_all(
    measured: Mapping[str, Mapping[str, Measured]],
    reference: str | None,
    section: EvaluationSection,
) -> dict[str, list[dict[str, Any]] | None]:
    """Findings by check: one entry for each contender but the ``reference``, in their order.

    ``measured``: by contender, then by check. None where a check found nothing to compare.
    """
    findings: dict[str, list[dict[str, Any]] | None] = {}
    for check in ORDER:
        entries = []
        for name, own in measured.items():
            if name == reference or check not in own:
                continue
            base = None if reference is None else measured[reference].get(check)
            finding = checks.get(check).compare(name, own[check], base, section)
            if finding is not None:
                entries.append(
                    {
                        "contender": name,
                        "noticed": finding.noticed,
                        "note": finding.note,
                        **finding.details,
                    }
                )
        findings[check] = entries or None
    return findings
