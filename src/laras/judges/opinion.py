"""The judge's part of a verdict: asked in a stage of its own, after all contenders are judged.

Nothing in a verdict turns on it. A language model favours answers by their place, their length and
their likeness to its own (Zheng et al. 2023, https://arxiv.org/abs/2306.05685; Wang et al. 2023,
https://arxiv.org/abs/2305.17926); asking in both orders removes the first of these, and shows it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from laras.judges.asking import Judged, judge, questions_about
from laras.judges.evidence import Comparison, comparisons
from laras.judges.judgement import Judgement, judgements_from_json
from laras.judges.matchups import matchups
from laras.judges.words import note
from laras.recipe.judging import JudgeSection
from laras.recipe.schema import EvaluationSection
from laras.runs.damage import damage_told
from laras.runs.folder import Run
from laras.runs.hashing import content_hash
from laras.runs.progress import Progress

VERSION = 1  # raise it when the same replies give other judgements
FOLDER = "judge"
_RECORD = f"{FOLDER}/judgements.json"
# What decides how is asked, and not what the answer is.
_ACCESS = {"api_key_variable", "timeout_s", "parallel", "budget"}


def opinion(
    predictions: Mapping[str, pa.Table],
    verdict: Mapping[str, Any],
    section: EvaluationSection,
    run: Run,
    progress: Progress,
) -> dict[str, Any] | None:
    """What the judge makes of the contenders' answers (``predictions`` by name), beside the
    ``verdict``; None where the recipe has no judge.

    In ``comparisons`` the counts add up to rows; ``win_rate`` (its limits low and high) is the
    second contender's share, ties and inconsistent rows counted half. ``position_bias`` counts rows
    in which the judge took the same place in both orders. ``trouble``: why some, or all, was not
    judged.
    """
    if section.judge is None:
        return None
    reference = str(verdict["reference"])
    judged = _judged(predictions, reference, section.judge, section.seed, run, progress)
    compared = comparisons(judged.judgements, section)
    against = contradicting(compared, str(verdict["recommendation"]))
    return {
        "model": section.judge.model,
        "rows": len({judgement.example_id for judgement in judged.judgements}),
        "order_swapped": True,
        "comparisons": [asdict(each) for each in compared],
        "position_bias": position_bias(judged.judgements),
        "cost": judged.cost,
        "trouble": judged.trouble,
        "disagrees": bool(against),
        "note": note(section.judge.model, compared, against, verdict, judged.trouble),
    }


def contradicting(compared: Sequence[Comparison], recommended: str) -> list[Comparison]:
    """Those in which somebody else is better than the contender that the verdict recommends."""
    return [
        each
        for each in compared
        if recommended in (each.first, each.second) and each.better not in (None, recommended)
    ]


def position_bias(judgements: Sequence[Judgement]) -> dict[str, Any]:
    """Of the rows that were asked about and could be read: how many the judge decided otherwise
    when the answers changed places, as a share, and how often for the first and the second place.
    """
    read = [row for row in judgements if row.asked and row.outcome != "unusable"]
    turned = [row for row in read if row.outcome == "inconsistent"]
    return {
        "rows": len(read),
        "share": len(turned) / len(read) if read else None,
        "for_first_place": sum((row.plain, row.turned) == ("A", "A") for row in turned),
        "for_second_place": sum((row.plain, row.turned) == ("B", "B") for row in turned),
    }


def _judged(
    predictions: Mapping[str, pa.Table],
    reference: str,
    section: JudgeSection,
    seed: int,
    run: Run,
    progress: Progress,
) -> Judged:
    """From what an earlier time left, or asked now; done where there was no trouble."""
    pairs = matchups(predictions, reference, section.rows, seed)
    asked, questions = questions_about(pairs, section)
    key = content_hash(VERSION, section.model_dump(exclude=_ACCESS), [asdict(one) for one in asked])
    stage = run.stage(FOLDER, key)
    if stage.done:
        return _read(run)
    run.event("stage_started", stage=FOLDER)
    started = time.monotonic()
    judged = judge(asked, questions, section, run.folder / FOLDER / "replies.jsonl", progress)
    facts = {
        "model": section.model,
        "endpoint": section.endpoint,
        "judgements": [each.as_json() for each in judged.judgements],
        "cost": judged.cost,
        "trouble": judged.trouble,
    }
    path = run.write_json(_RECORD, facts)
    if judged.trouble is None:
        stage.finish({"judgements": path})
    else:
        progress.note(judged.trouble)
    run.event("stage_finished", stage=FOLDER, seconds=time.monotonic() - started)
    progress.finish()
    return judged


def _read(run: Run) -> Judged:
    facts = run.read_json(_RECORD)
    with damage_told(run.folder / _RECORD):
        return Judged(judgements_from_json(facts["judgements"]), facts["cost"], facts["trouble"])
