"""The report's sections in reading order: each turns facts of the run into blocks.

A section is a function from :class:`RunFacts` to a :class:`Section`, or None where the run left
nothing for it to show.
"""

from __future__ import annotations

from collections.abc import Callable

from laras.report.blocks import Section
from laras.report.facts import RunFacts
from laras.report.sections.bias import bias
from laras.report.sections.changes import changes
from laras.report.sections.classes import classes
from laras.report.sections.comparison import comparison
from laras.report.sections.differences import differences
from laras.report.sections.differing import differing
from laras.report.sections.findings import findings
from laras.report.sections.forgetting import forgetting
from laras.report.sections.funnel import funnel
from laras.report.sections.gates import gates
from laras.report.sections.guards import guards
from laras.report.sections.judge import judge
from laras.report.sections.learning import learning
from laras.report.sections.overfitting import overfitting
from laras.report.sections.prompts import prompts
from laras.report.sections.provenance import machine, recipe, versions
from laras.report.sections.resources import cost
from laras.report.sections.rows import rows
from laras.report.sections.samples import samples
from laras.report.sections.seeds import seeds
from laras.report.sections.splits import leaks, splits

SECTIONS: tuple[Callable[[RunFacts], Section | None], ...] = (
    comparison,
    differences,
    judge,
    seeds,
    classes,
    prompts,
    learning,
    overfitting,
    forgetting,
    bias,
    cost,
    gates,
    differing,
    samples,
    changes,
    funnel,
    splits,
    leaks,
    findings,
    rows,
    guards,
    recipe,
    machine,
    versions,
)
