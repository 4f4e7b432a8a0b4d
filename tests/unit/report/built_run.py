"""A run folder as a finished run leaves it, built by code: three contenders, two tasks.

Among its texts stand those that a hostile file could bring in.
"""

from __future__ import annotations

import json
import math
import random
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from laras.records import REJECTION_SCHEMA, Rejection, to_table

CONTENDERS = ("base", "lora", "full")
HOSTILE = (
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "\u202etxt.exe\u202c and a zero\u200bwidth",
    "</style></title><svg onload=document.title='owned'>",
    "{{ 7 * 7 }} {% include 'x' %} javascript:alert(1)",
)
LABELS = [
    "account_closing", "atm_fee", "card_arrival", "card_lost", "card_pin", "cash_deposit",
    "contact_details", "exchange_rate", "interest_rate", "loan_application", "loan_early_payoff",
    "loan_schedule", "mobile_login", "password_reset", "savings_target", "statement_request",
    "transfer_limit", "transfer_pending", "wrong_amount", "<b>bold</b>",
]  # fmt: skip
_SKILL = {"base": 0.12, "lora": 0.78, "full": 0.84}
_METRICS: dict[str, tuple[str, tuple[float, float, float], float, str | None]] = {
    "perplexity": ("per token", (48.31, 4.12, 3.87), 0.05, None),
    "bits_per_byte": ("bits per byte", (1.912, 0.871, 0.835), 0.04, None),
    "macro_f1": ("share", (0.061, 0.772, 0.841), 0.05, "macro over 20 classes of the references"),
    "micro_f1": ("share", (0.118, 0.781, 0.846), 0.05, None),
    "bleu": ("points of 100", (0.7, 31.2, 36.4), 0.1, "nrefs:1|case:mixed|tok:13a|version:2.6.0"),
    "chrf": ("points of 100", (14.2, 52.8, 56.1), 0.06, "nrefs:1|nc:6|nw:0|version:2.6.0"),
    "rougeL": ("share", (0.092, 0.512, 0.561), 0.06, "tokenizer:words"),
    "exact_match": ("share", (0.0, 0.161, 0.204), 0.3, None),
}
_QUESTION = "Apakah saya bisa mengganti PIN kartu lewat aplikasi, {}?"
_REFERENCE = "Ya. Buka menu Kartu, pilih Ganti PIN, lalu ikuti petunjuk di layar."
_ANSWERS = {
    "base": "the the menu and , it was Kartu the first of",
    "lora": "Ya. Buka menu Kartu, pilih Ubah PIN, lalu ikuti petunjuk di layar Anda.",
    "full": "Ya. Buka menu Kartu, pilih Ganti PIN, lalu ikuti petunjuk di layar.",
}


def build_run(folder: Path, *, test_rows: int = 240) -> Path:
    """Write a whole run into ``folder`` and return it."""
    chance = random.Random(7)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.yaml").write_text(_RECIPE, encoding="utf-8")
    _write(folder / "manifest.json", _MANIFEST)
    _write(folder / "verdict.json", _verdict())
    _write(folder / "data/audit.json", _audit())
    encoded = {"examples": 3400, "dropped": 2, "cut": 1, "windows": 3398, "tokens": 231_000,
               "trained_tokens": 118_000}  # fmt: skip
    _write(folder / "data/encoding.json", {"train": encoded})
    pq.write_table(to_table(_ledger(), REJECTION_SCHEMA), folder / "data/ledger.parquet")
    lines = [json.dumps(event) for event in _events(chance)]
    torn = '{"t": 176'
    (folder / "events.jsonl").write_text("\n".join([*lines, torn]), encoding="utf-8")
    for place, name in enumerate(CONTENDERS):
        _write(
            folder / "contenders" / name / "scores.json", _scores(name, place, test_rows, chance)
        )
        rows = _predictions(name, test_rows, chance)
        pq.write_table(
            pa.Table.from_pylist(rows), folder / "contenders" / name / "predictions.parquet"
        )
    return folder


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def _scores(name: str, place: int, rows: int, chance: random.Random) -> dict[str, Any]:
    metrics = {}
    for key, (unit, values, spread, signature) in _METRICS.items():
        value = values[place]
        score = {"value": value, "low": value * (1 - spread), "high": value * (1 + spread),
                 "n": rows // 2, "unit": unit}  # fmt: skip
        metrics[key] = score | ({"signature": signature} if signature else {})
    classes = [
        {"label": label, "f1": min(1.0, max(0.0, chance.gauss(_SKILL[name], 0.14))), "rows": 6,
         "precision": 0.5, "recall": 0.5, "predicted": 7}
        for label in LABELS
    ]  # fmt: skip
    return {
        "contender": name, "model": "starter", "metrics": metrics, "per_class": classes,
        "test": {"rows": rows, "tokens": rows * 41, "groups": rows, "sha256": "ab" * 32},
        "cost": {"seconds": 11.4 + place, "peak_memory_bytes": 612_000_000, "tokens_in": 9_840,
                 "tokens_out": 3_411},
        "warnings": [],
    }  # fmt: skip


def _predictions(name: str, count: int, chance: random.Random) -> list[dict[str, Any]]:
    rows = []
    for place in range(count):
        classified = place % 2 == 1
        hostile = HOSTILE[place // 3 % len(HOSTILE)] if place % 3 == 0 else f"nomor {place}"
        label = LABELS[place * 7 // 2 % len(LABELS)]
        said = label if chance.random() < _SKILL[name] else chance.choice(LABELS)
        rows.append(
            {
                "example_id": f"e{place:05d}",
                "task": "classification" if classified else "chat",
                "group": f"g{place}",
                "source": "enquiries.csv" if classified else "chats/",
                "prompt": _QUESTION.format(hostile),
                "reference": label if classified else f"{_REFERENCE} {hostile}",
                "prediction": said if classified else f"{_ANSWERS[name]} {hostile}",
                "finished": name != "base",
                "label": label if classified else None,
                "predicted_label": said if classified else None,
                "nll": 12.0,
                "tokens": 9,
                "rougeL": None if classified else 0.61,
            }
        )
    return rows


def _events(chance: random.Random) -> list[dict[str, Any]]:
    start = 1_763_800_000.0
    events: list[dict[str, Any]] = [{"t": start, "kind": "run_started"}]
    for name, floor, over in (("lora", 1.35, 0.0), ("full", 1.1, 0.32)):
        steps = 420
        settings = {"method": name, "epochs": 3.0, "learning_rate": 0.002, "max_steps": None}
        reasons = {"epochs": "effort is standard", "learning_rate": "usual for " + name}
        events.append(
            {"t": start, "kind": "training_planned", "contender": name, "settings": settings,
             "reasons": reasons}
        )  # fmt: skip
        for step in range(1, steps + 1):
            trend = floor + 2.9 * math.exp(-step / 55) - over * step / steps
            events.append(
                {"t": start + step, "kind": "step_done", "contender": name, "step": step,
                 "steps": steps, "loss": trend + chance.gauss(0, 0.09), "epoch": step / 140}
            )  # fmt: skip
            if step % 70 == 0:
                held_out = trend + 0.06 + over * 1.7 * (step / steps) ** 2
                events.append(
                    {"t": start + step, "kind": "validation_done", "contender": name,
                     "step": step, "loss": held_out, "best": True}
                )  # fmt: skip
        events.append(
            {"t": start + 500, "kind": "contender_finished", "contender": name, "seconds": 71.3,
             "tokens": 1_720_320, "trained_parameters": 131_072 if name == "lora" else 5_243_136,
             "parameters": 5_243_136, "peak_memory_bytes": 1_004_000_000}
        )  # fmt: skip
    return [*events, {"t": start + 800, "kind": "run_finished"}]


def _verdict() -> dict[str, Any]:
    pairs = [
        {
            "a": a, "b": b, "metric": metric, "difference": values[second] - values[first],
            "low": (values[second] - values[first]) * 0.8,
            "high": (values[second] - values[first]) * 1.2,
            "p": 0.002, "p_adjusted": 0.006, "standard_error": 0.02, "rows": 120, "groups": 120,
            "better": b, "test": "paired bootstrap over groups, 1,000 resamples",
        }
        for metric, (_unit, values, _spread, _signature) in _METRICS.items()
        for (first, a), (second, b) in combinations(enumerate(CONTENDERS), 2)
    ]  # fmt: skip
    return {
        "recommendation": "full",
        "sentence": "Use full: its macro-F1 is 0.841 against 0.061 of base (difference +0.780, 95% "
        "interval +0.730 to +0.820; higher is better).",
        "primary": {"metric": "macro_f1", "reason": "The test rows have labels."},
        "reference": "base",
        "ties": [],
        "contenders": [{"name": name, "kind": name} for name in CONTENDERS],
        "pairs": pairs,
        "overfitting": None,
        "forgetting": None,
        "bias": None,
        "minimal_detectable_effect": {"metric": "macro_f1", "value": 0.053, "confidence": 0.95},
        "break_even": None,
    }


def _audit() -> dict[str, Any]:
    stages = [
        ("read", 4210, 4187, "records"), ("clean", 4187, 4160, "records"),
        ("leak", 4160, 4160, "records"), ("deduplicate", 3900, 3684, "records"),
        ("examples", 3944, 3944, "records"), ("split", 3944, 3940, "examples"),
    ]  # fmt: skip

    def split(rows: int) -> dict[str, Any]:
        half = rows // 2
        return {
            "examples": rows, "groups": rows - 3,
            "tasks": {"chat": rows - half, "classification": half},
            "labels": {label: half // len(LABELS) for label in LABELS},
            "sources": {"chats/": rows - half, "enquiries.csv": half},
            "languages": {"id": rows * 2 // 3, "en": rows // 3},
            "characters": rows * 171, "longest": 1804, "mean": 171.25,
        }  # fmt: skip

    return {
        "funnel": [
            {"stage": stage, "rows_in": before, "rows_out": after, "rejected": before - after,
             "unit": unit}
            for stage, before, after, unit in stages
        ],
        "splits": {"train": split(3400), "validation": split(300), "test": split(240)},
        "leak": {
            "own_test": False, "test_rows": 240, "test_rows_also_in_train": 0, "share": 0.0,
            "places": [],
        },
        "certificate": {
            "groups_crossing": 0, "exact_crossing": 0, "near_duplicates_crossing": 0,
            "threshold": 0.8, "rows_checked": 540, "rows_to_check": 540, "clean": True,
            "statement": "Clean.",
        },
        "warnings": ["Label '<b>bold</b>' has 6 test examples; its F1 is uncertain."],
    }  # fmt: skip


def _ledger() -> list[Rejection]:
    reasons = [
        ("read", "bad-json", 14), ("read", "empty", 9), ("clean", "too-short", 27),
        ("deduplicate", "exact-duplicate", 139), ("deduplicate", "near-duplicate", 77),
        ("split", "stands-in-test", 4),
    ]  # fmt: skip
    rows = [
        Rejection(stage, reason, f"chats/{place}.jsonl", f"line {place}", detail=HOSTILE[kind % 5])
        for kind, (stage, reason, count) in enumerate(reasons)
        for place in range(count)
    ]
    return [*rows, Rejection("examples", "cut-to-context", "chats/1.jsonl", action="cut", rows=0)]


_MANIFEST = {
    "laras": "0.1.0",
    "python": "3.11.7",
    "libraries": {"torch": "2.13.0", "transformers": "5.23.0", "daft": None},
    "machine": {"processor": "A processor", "cores": 2, "memory_bytes": 25_200_000_000,
                "instruction_sets": ["avx2", "avx512f"], "accelerators": [], "system": "Linux"},
    "seeds": {"preparation": 0, "tuning": 0, "evaluation": 0},
    "hashes": {"train": "cd" * 32},
}  # fmt: skip
_RECIPE = """\
model:
  base: starter  # default
  context: 256  # preset chat
data:
  sources:  # recipe.yaml:4
    - conversations: [chats/]
    - examples: [enquiries.csv]  # <script>alert(1)</script>
tuning:
  effort: quick  # --set
  epochs: 3.0  # default
comparison:
  contenders: [base, lora, full]  # recipe.yaml:9
  samples: 12  # default
"""
