"""A Hugging Face model card for a tuned contender: what it is, how it came about, what it is worth.

Beside the card's own metadata everything in it is figures and names that the run wrote down. No
training text is quoted, and of a path only the last part is told. The card is in English, as cards
are, whatever the language in use. It lies beside the model's folder, whose files are hashed, and
goes along when the model is merged.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laras.recipe.schema import Contender, Recipe, Source
from laras.recipe.unread import TUNED_KINDS
from laras.report.card_sections import sections_of
from laras.report.markdown_text import escaped
from laras.report.measures import measure, value_of
from laras.report.wording import visible
from laras.runs.atomic import write_text_atomic
from laras.runs.manifest import without_identity
from laras.runs.redaction import redacted
from laras.translation import using

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

    from laras.runs.folder import Run

CARD = "README.md"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_LICENCE = re.compile(r"[a-z0-9][a-z0-9.-]{0,40}")
_LEAST_LANGUAGE = 0.05  # of the training examples
_MOST_NAME = 96
# Names of metrics on the Hub, where ours differ.
_HUB_METRICS = {
    "macro_f1": "f1", "micro_f1": "f1", "token_f1": "f1", "span_f1": "f1", "rouge1": "rouge",
    "rouge2": "rouge", "rougeL": "rouge", "rougeLsum": "rouge",
}  # fmt: skip

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card is made of; parts that the run did not leave are empty.

    ``reference``: scores of the contender that it is held against. ``planned``, ``finished``: the
    events of its training. ``notes``: what the checks say of it, in English. ``licence``: of the
    base model.
    """

    contender: Contender
    recipe: Recipe
    scores: Json = field(default_factory=dict)
    reference: Json = field(default_factory=dict)
    verdict: Json = field(default_factory=dict)
    planned: Json = field(default_factory=dict)
    finished: Json = field(default_factory=dict)
    audit: Json = field(default_factory=dict)
    manifest: Json = field(default_factory=dict)
    notes: Sequence[str] = ()
    licence: str | None = None

    @property
    def has_head(self) -> bool:
        """Whether it names labels by a head, and writes nothing."""
        return self.recipe.objective_of(self.contender) == "classification"

    @property
    def base(self) -> str:
        """What the base model is called, without the way to it."""
        return base_name(self.recipe.model.base)

    @property
    def languages(self) -> list[str]:
        """ISO codes of the languages that the training data is in, the most frequent first."""
        train = _part(self.audit, "splits", "train")
        counts = train.get("languages")
        if not isinstance(counts, Mapping):
            return []
        total = sum(counts.values())
        return [
            str(code)
            for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            if re.fullmatch(r"[a-z]{2,3}", str(code)) and count >= _LEAST_LANGUAGE * total
        ]

    @property
    def sources(self) -> list[str]:
        """What the training data's sources are called."""
        return list(dict.fromkeys(map(source_name, self.recipe.data.sources)))


def write_cards(
    run: Run, recipe: Recipe, notes: Mapping[str, Sequence[str]], licence: str | None
) -> list[Path]:
    """Write ``contenders/NAME/README.md`` of every contender that was tuned; returns the paths.

    ``notes``: by contender, in English. ``licence``: of the base model, as the Hub writes it.
    """
    verdict = _read(run, "verdict.json")
    events = redacted(run.events())
    paths = []
    for contender in recipe.comparison.contenders:
        folder = Path(run.folder) / "contenders" / contender.name
        if contender.kind not in TUNED_KINDS or not (folder / "model").is_dir():
            continue
        facts = CardFacts(
            contender,
            recipe,
            scores=_read(run, f"contenders/{contender.name}/scores.json"),
            reference=_read(run, f"contenders/{verdict.get('reference')}/scores.json"),
            verdict=verdict,
            planned=_last(events, "training_planned", contender.name),
            finished=_last(events, "contender_finished", contender.name),
            audit=_read(run, "data/audit.json"),
            manifest=_read(run, "manifest.json"),
            notes=redacted(list(notes.get(contender.name, ()))),
            licence=licence,
        )
        write_text_atomic(folder / CARD, model_card(facts))
        paths.append(folder / CARD)
    return paths


def model_card(facts: CardFacts) -> str:
    """The card: metadata as YAML, then the sections."""
    from huggingface_hub import ModelCardData

    results = _results(facts)
    name = facts.contender.name
    adapter = facts.contender.kind not in ("full", "freeze")
    with using("en"):
        data = ModelCardData(
            base_model=facts.base,
            datasets=[slug(name) for name in facts.sources] or None,
            eval_results=results or None,
            language=facts.languages or None,
            library_name="peft" if adapter else "transformers",
            license=facts.licence,
            metrics=sorted({result.metric_type for result in results}) or None,
            model_name=slug(f"{facts.base.rsplit('/', 1)[-1]}-{name}"),
            pipeline_tag="text-classification" if facts.has_head else "text-generation",
            tags=["laras", facts.contender.kind],
        )
        body = "\n\n".join(
            [
                f"# {escaped(facts.base)}, tuned: {escaped(name)}",
                *(f"## {title}\n\n{text}" for title, text in sections_of(facts)),
            ]
        )
    return f"---\n{data.to_yaml()}\n---\n\n{body}\n"


def merged_card(card: str) -> str:
    """The card of an adapter as that of the whole model that it was merged into."""
    from huggingface_hub import ModelCard

    merged = ModelCard(card)
    merged.data["library_name"] = "transformers"
    return str(merged)


def base_name(base: str) -> str:
    """A hub id as it is; of a folder its last part, as a name that may stand in metadata."""
    if _HUB_ID.fullmatch(base) and not Path(base).exists():
        return base
    return slug(_last_part(base))


def source_name(source: Source) -> str:
    """The name that the recipe gives the source, else the last part of its first path."""
    if source.name:
        return visible(" ".join(str(without_identity(source.name)).split()))[:_MOST_NAME]
    return visible(str(without_identity(_last_part(source.paths[0]))))[:_MOST_NAME]


def licence_on_card(named: str) -> str | None:
    """A licence as the Hub's metadata take it; None for what they can't hold."""
    licence = named.strip().lower()
    return licence if _LICENCE.fullmatch(licence) else None


def slug(text: str) -> str:
    """``text`` as a name on the Hub: letters, digits, dots and hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    kept = re.sub(r"[^A-Za-z0-9]*-[^A-Za-z0-9]*", "-", re.sub(r"[^A-Za-z0-9._]+", "-", plain))
    return re.sub(r"\.{2,}", ".", kept).strip("-._")[:_MOST_NAME] or "unnamed"


def _results(facts: CardFacts) -> list[EvalResult]:
    """Every figure with its interval, as the Hub takes it."""
    from huggingface_hub import EvalResult

    task = "text-classification" if facts.has_head else "text-generation"
    confidence = facts.recipe.evaluation.confidence
    results = []
    for key, score in _part(facts.scores, "metrics").items():
        value = value_of(score) if isinstance(score, Mapping) else None
        if value is None or not math.isfinite(value):
            continue
        bounds = {name: value_of(score, name) for name in ("low", "high")}
        known = {name: round(bound, 4) for name, bound in bounds.items() if bound is not None}
        with using("en"):
            title = measure(key, score).title
        results.append(
            EvalResult(
                task_type=task,
                dataset_type="held-out",
                dataset_name="Held-out test rows",
                dataset_split="test",
                metric_type=_HUB_METRICS.get(key, key),
                metric_name=visible(title),
                metric_value=round(value, 4),
                metric_args={**known, "confidence": confidence, "rows": score.get("n")},
            )
        )
    return results


def _last_part(path: str) -> str:
    """The last part of a path that is no pattern, of whatever system."""
    parts = [part for part in re.split(r"[\\/]", path) if part and not re.search(r"[*?\[]", part)]
    return next((part for part in reversed(parts) if part not in (".", "..", "~")), "data")


def _last(events: Sequence[Json], kind: str, contender: str) -> Json:
    found = [e for e in events if e.get("kind") == kind and e.get("contender") == contender]
    return found[-1] if found else {}


def _read(run: Run, relative: str) -> Json:
    """A JSON file of the run; a card without it is better than none."""
    from laras.errors import StorageFailed

    try:
        content = redacted(run.read_json(relative))
    except StorageFailed:
        return {}
    return content if isinstance(content, Mapping) else {}


def _part(content: Json, *keys: str) -> Json:
    for key in keys:
        inner = content.get(key)
        if not isinstance(inner, Mapping):
            return {}
        content = inner
    return content
