"""What a run may leave beside the figures: checks, prompts, costs, gates, a judge, seeds, a curve.

``real_checks.json`` is what the checks wrote of a tuned starter model.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from laras.contenders.prompting.prompt import Prompt, Selection
from laras.records import Example, Message

INSTRUCTION = "Name the intent of the message.\nAnswer with one label, <b>nothing</b> else."
QUESTION, ANSWER = "Kartu saya hilang & dicuri?", "card_lost"


def add_evidence(folder: Path) -> Path:
    """Put all of it into the run in ``folder``; its verdict is written anew."""
    path = folder / "verdict.json"
    verdict = json.loads(path.read_text(encoding="utf-8")) | evidence()
    path.write_text(json.dumps(verdict, ensure_ascii=False), encoding="utf-8")
    shot = Example(
        "train-7", "classification", (_said("user", QUESTION), _said("assistant", ANSWER)), "g7"
    )
    prompt = Prompt("few-shot", "classification", INSTRUCTION, (shot,))
    here = folder / "contenders" / "lora"
    selection = Selection("macro_f1", 0.612, 96)
    _write(here / "prompt.json", {"prompts": [prompt.as_json(selection)]})
    _write(here / "prompts.json", _tried())
    return folder


def evidence() -> dict[str, Any]:
    """Further keys of a verdict."""
    checks = Path(__file__).with_name("real_checks.json").read_text(encoding="utf-8")
    return {
        **json.loads(checks),
        "overfitting": [
            {"contender": "lora", "overfitted": True, "train_loss": 0.512, "validation_loss": 0.947,
             "best_validation_loss": 0.803, "gap": 0.435,
             "note": "lora overfitted: its validation loss rose from 0.803 to 0.947."},
        ],
        "cost": [_cost("base", None, 45.09, 31_150), _cost("full", 71.3, 12.4, 9_100)],
        "break_even": {
            "prompt": "lora", "tuned": "full", "answers": 1204, "answers_by_energy": None,
            "note": "The tuning of full is paid back after 1,204 answers.",
        },
        "gates": [
            {"gate": "least.macro_f1", "passed": True, "note": "macro-F1 of full is 0.841."},
            {"gate": "no_bias", "passed": False, "note": "full treats people differently."},
        ],
        "unfinished": [
            {"contender": "hosted", "kind": "api", "reason": "endpoint", "answers": 17,
             "what": "The endpoint failed.", "spent": 0.02, "currency": "EUR"},
        ],
        "rows_needed": {"contender": "lora", "metric": "macro_f1", "rows": 913},
        "ties": ["lora"],
        "judge": {
            "model": "a-judge", "rows": 60, "order_swapped": True, "disagrees": True,
            "trouble": None, "note": "The judge a-judge disagrees: it prefers lora to full.",
            "comparisons": [
                {"first": "full", "second": "lora", "rows": 60, "groups": 60, "wins_first": 11,
                 "wins_second": 31, "ties": 9, "identical": 2, "inconsistent": 8, "unusable": 1,
                 "win_rate": 0.669, "low": 0.55, "high": 0.77, "p": 0.0029, "p_adjusted": 0.0029,
                 "better": "lora"},
            ],
            "position_bias": {"rows": 57, "share": 0.14, "for_first_place": 6,
                              "for_second_place": 2},
            "cost": {"calls": 116, "tokens_in": 51_000, "tokens_out": 900, "money": 0.043,
                     "currency": "EUR"},
        },
        "seeds": [
            {"contender": "full", "metric": "macro_f1", "mean": 0.835, "sd": 0.012, "low": 0.805,
             "high": 0.865, "cost": {"seconds": 143.0},
             "note": "full with 3 seeds: macro-F1 is 0.835 on average.",
             "values": [{"seed": 0, "value": 0.841}, {"seed": 1, "value": 0.821},
                        {"seed": 2, "value": 0.843}]},
        ],
        "learning_curve": [
            {"contender": "full", "metric": "macro_f1", "note": "Twice the data would bring +0.02.",
             "cost": {"seconds": 52.0},
             "points": [_point(0.25, 850, 0.61), _point(0.5, 1700, 0.74),
                        _point(1.0, 3400, 0.841)]},
        ],
    }  # fmt: skip


def _cost(name: str, tuning: float | None, seconds: float, tokens: int) -> dict[str, Any]:
    made = {"seconds": tuning, "energy_wh": 0.17, "peak_memory_bytes": 1_004_000_000}
    answers = {"seconds": seconds, "tokens_in": tokens, "tokens_out": 980, "energy_wh": 0.038,
               "money": None}  # fmt: skip
    return {
        "contender": name,
        "tuning": None if tuning is None else made,
        "per_1000_answers": answers,
        "energy_source": "estimate",
    }


def _point(share: float, rows: int, value: float) -> dict[str, float]:
    return {"share": share, "rows": rows, "value": value, "low": value - 0.05, "high": value + 0.05}


def _tried() -> list[dict[str, Any]]:
    def one(way: str, instruction: str, value: float, **more: Any) -> dict[str, Any]:
        rounds = more.pop("rounds", [{"rows": 96, "value": value}])
        return {"task": "classification", "way": way, "instruction": instruction, "shots": 0,
                "retrieval": False, "example_ids": [], "metric": "macro_f1", "value": value,
                "rows": rounds[-1]["rows"], "perplexity": 3.2, "rounds": rounds, "competes": False,
                **more}  # fmt: skip

    return [
        one("zero-shot", INSTRUCTION, 0.274),
        one("few-shot", INSTRUCTION, 0.612, shots=1, example_ids=["train-7"], competes=True),
        one("retrieval", INSTRUCTION, 0.601, shots=4, retrieval=True),
        one("search", "Which of these is it?", 0.33,
            rounds=[{"rows": 8, "value": 0.41}, {"rows": 24, "value": 0.33}]),
    ]  # fmt: skip


def _said(role: str, content: str) -> Message:
    return Message(role, content, trained=False)


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
