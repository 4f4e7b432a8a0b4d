"""The account of the encoding, for the report: what became of the examples of each split."""

from __future__ import annotations

from collections.abc import Mapping

from laras.batches.tokens import SplitTokens, Wanted
from laras.runs.folder import Run

FILE = "data/encoding.json"


def write_account(run: Run, data: str, wanted: Wanted, splits: Mapping[str, SplitTokens]) -> None:
    """``data/encoding.json``: counts of ``splits``, and what they are counts of.

    Contenders with other objectives learn from other examples. The account is of those who learn
    from most of the training data that ``data`` names, whichever of them is tuned first; among
    equals, of those who learn to write, since a head has one trained token in each example.
    """
    facts = {
        "data": data,
        "tasks": sorted(wanted.tasks),
        "to_write": wanted.classes is None,
        **{name: split.facts() for name, split in splits.items()},
    }
    before = run.read_json(FILE)
    if isinstance(before, dict) and before.get("data") == data and _reach(before) > _reach(facts):
        return
    run.write_json(FILE, facts)


def _reach(facts: Mapping[str, object]) -> tuple[int, bool]:
    train = facts.get("train")
    examples = train.get("examples") if isinstance(train, Mapping) else None
    return (examples if isinstance(examples, int) else 0, facts.get("to_write") is True)
