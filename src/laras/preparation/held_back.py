"""Prepared data for those who choose among models or settings: without the test set."""

from __future__ import annotations

from dataclasses import replace

from laras.preparation.pipeline import Prepared


def without_test(prepared: Prepared) -> Prepared:
    """``prepared`` with neither the rows of the test set nor what is known of them.

    Whoever chooses by a figure must not choose by the test, or its figures are no longer those of
    unseen rows. The path leads nowhere, and the audit tells of the other splits alone.
    """
    splits = {name: facts for name, facts in prepared.audit["splits"].items() if name != "test"}
    nowhere = prepared.test.with_name("no-test-set")
    return replace(prepared, test=nowhere, audit={"splits": splits})
