"""When the data can't carry a run: each refusal says what was found, where, and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from laras.errors import DataRefused
from laras.preparation.ledger import Ledger
from laras.recipe.schema import DataSection, PreparationSection
from laras.records import Split
from laras.translation import _

_READ_IN_VAIN = frozenset({"no-assistant-turn"})


def refuse_rejected(
    ledger: Ledger, rows_read: int, data: DataSection, section: PreparationSection
) -> None:
    """Too large a share of the rows could not be read (where none could, the data is empty)."""
    reasons = ledger.reasons("read")
    # Talk in which nobody answers was read well enough; there is just nothing to learn from it.
    rejected = sum(rows for reason, rows in reasons.items() if reason not in _READ_IN_VAIN)
    rows = rows_read + sum(reasons.values())
    accepted = "rejected-rows" in section.accept
    if not rows_read or accepted or rejected <= data.max_rejected_share * rows:
        return
    raise DataRefused(
        "preparation.too-many-rejected",
        _("{rejected} of {rows} rows or files ({share:.0%}) could not be read.").format(
            rejected=rejected, rows=rows, share=rejected / rows
        ),
        where="data.sources",
        hint=_(
            "The first of them: {places}. If the rest is what you want, say so: "
            "preparation.accept: [rejected-rows]."
        ).format(places="; ".join(ledger.first_places("read"))),
    )


def refuse_empty(ledger: Ledger, rows: int) -> None:
    """Nothing is left to train on."""
    if rows:
        return
    places = ledger.first_places()
    raise DataRefused(
        "preparation.no-data",
        _("Nothing is left of the data to train on. Why rows left: {reasons}.").format(
            reasons=main_reasons(ledger) or _("there were none")
        ),
        where="data.sources",
        hint=_("The first of them: {places}").format(places="; ".join(places))
        if places
        else _("Check that the paths in data.sources lead to files with content."),
    )


def main_reasons(ledger: Ledger) -> str:
    """``too-short (12), exact-duplicate (3)``: why most rows left."""
    return ", ".join(f"{reason} ({rows})" for reason, rows in list(ledger.reasons().items())[:5])


def refuse_one_class(pool: pa.Table) -> None:
    """Labelled rows that all have the same label."""
    labels = {label for label in pool.column("label").to_pylist() if label is not None}
    if len(labels) != 1:
        return
    raise DataRefused(
        "preparation.one-class",
        _(
            "All labelled rows have the same label, {label!r}: there is nothing to tell apart."
        ).format(label=labels.pop()),
        where="data.sources",
        hint=_("Add rows of other labels, or check which column holds the label."),
    )


def refuse_too_small(sizes: Mapping[Split, int], pool: pa.Table, ledger: Ledger) -> None:
    """A split without a row; ``pool``: the examples that splits could be taken from."""
    if all(sizes.values()):
        return
    hint = _(
        "Each split needs at least one group (a document, a conversation, a customer). Add "
        "data, or give data.test and data.validation of your own."
    )
    labels = [label for label in pool.column("label").to_pylist() if label is not None]
    if len(labels) > 1 and len(set(labels)) == len(labels):
        hint = _(
            "Every label occurs only once, so that none can be trained on and tested: check which "
            "column holds the label, or add rows."
        )
    if reasons := main_reasons(ledger):
        hint += " " + _("Why rows left: {reasons}.").format(reasons=reasons)
    raise DataRefused(
        "preparation.too-small-to-split",
        _(
            "{examples} examples in {groups} groups are too few to split: {train} to train on, "
            "{validation} for validation, {test} for the test."
        ).format(
            examples=pool.num_rows, groups=len(set(pool.column("group").to_pylist())), **dict(sizes)
        ),
        where="data.sources",
        hint=hint,
    )


def refuse_leak(section: PreparationSection, facts: Mapping[str, Any]) -> None:
    """More of the user's own test than is allowed stands in the training data."""
    limit = section.leak_limit
    if facts["share"] <= limit or "test-leak" in section.accept:
        return
    places = "; ".join(f"{place['test']} = {place['train']}" for place in facts["places"][:3])
    raise DataRefused(
        "preparation.leak",
        _(
            "{count} of {rows} rows of your test set ({share:.1%}) also stand in the training "
            "data word for word; the limit is {limit:.1%}."
        ).format(
            count=facts["test_rows_also_in_train"],
            rows=facts["test_rows"],
            share=facts["share"],
            limit=limit,
        ),
        where="data.test",
        hint=_(
            "For example: {places}. Take these rows out of one of the two, or have them removed "
            "from training: preparation.accept: [test-leak]."
        ).format(places=places),
    )
