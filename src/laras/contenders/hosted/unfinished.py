"""A contender whose endpoint failed or cost too much: told, left out, and tried again next time."""

from __future__ import annotations

from laras.contenders.hosted.left_out import path_of
from laras.contenders.hosted.source import kept_replies, section_of
from laras.endpoints.spending import BUDGET_REACHED, spent_on
from laras.errors import EndpointFailed
from laras.recipe.schema import Contender
from laras.runs.folder import Run
from laras.runs.hashing import content_hash
from laras.runs.progress import Progress
from laras.translation import _

# What an earlier judgement left, which was of something else.
_STALE = ("scores.json", "checks.json", "predictions.parquet", "ledger.parquet")


def give_up(
    contender: Contender, key: str, failure: EndpointFailed, run: Run, progress: Progress
) -> None:
    """Leave ``contender`` out of the verdict, for the reason that ``failure`` tells. ``key``: of
    its evaluation."""
    section = section_of(contender)
    spent, answers = 0.0, 0
    store = kept_replies(contender, run)
    if store is not None:
        with store:
            spent, answers = spent_on(store.replies(), section), len(store.replies())
    facts = {
        "contender": contender.name,
        "reason": "budget" if failure.identifier == BUDGET_REACHED else "endpoint",
        "what": failure.what,
        "answers": answers,
        "spent": spent if section.has_prices else None,
        "currency": section.currency if section.has_prices else None,
    }
    known = {"key": _asked(contender, key), "kind": contender.kind, **facts}
    run.write_json(path_of(contender.name), known)
    for name in _STALE:
        (run.contender(contender.name) / name).unlink(missing_ok=True)
    run.event("contender_unfinished", **facts)
    progress.note(
        _("{name} is left out of the verdict: {reason} The others are judged.").format(
            name=contender.name, reason=failure.what
        )
    )


def forget(contender: Contender, run: Run) -> None:
    """It is finished after all."""
    (run.folder / path_of(contender.name)).unlink(missing_ok=True)


def stopped_by_budget(run: Run, contender: Contender, key: str) -> bool:
    """Whether the evaluation ``key`` was ended before, by the same budget."""
    facts = run.read_json(path_of(contender.name))
    ended = _asked(contender, key), "budget"
    return isinstance(facts, dict) and (facts.get("key"), facts.get("reason")) == ended


def _asked(contender: Contender, key: str) -> str:
    return content_hash(key, section_of(contender).budget)
