"""The report's sections in reading order: each turns facts of the run into blocks.

A section is a function from :class:`RunFacts` to a :class:`Section`, or None where the run left
nothing for it to show.
"""

from __future__ import annotations

from collections.abc import Callable

from laras.report.blocks import Section
from laras.report.facts import RunFacts
from laras.report.sections.classes import classes
from laras.report.sections.comparison import comparison
from laras.report.sections.findings import findings
from laras.report.sections.funnel import funnel
from laras.report.sections.learning import learning
from laras.report.sections.provenance import machine, recipe, versions
from laras.report.sections.resources import cost
from laras.report.sections.rows import rows
from laras.report.sections.samples import samples
from laras.report.sections.splits import leaks, splits

SECTIONS: tuple[Callable[[RunFacts], Section | None], ...] = (
    comparison,
    classes,
    samples,
    learning,
    cost,
    funnel,
    splits,
    leaks,
    findings,
    rows,
    recipe,
    machine,
    versions,
)
