"""What one contender is obtained with, handed from who reads the recipe to who does the work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laras.distribution.processes import ONE_PROCESS, Processes
from laras.models.places import template_file
from laras.recipe.schema import Contender, EvaluationSection, ModelSection, TuningSection
from laras.runs.atomic import plain
from laras.runs.hashing import content_hash, file_sha256
from laras.saving.begun import Asked, OnChange

if TYPE_CHECKING:
    from laras.preparation.pipeline import Prepared

VERSION = 3  # raise it when the same input gives other weights


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one contender is obtained with. ``model_digest`` names the base model's files.

    ``evaluation`` and ``primary_metric`` (as the recipe wishes) decide what is compared before the
    contender is judged; tuning reads neither. ``on_change``: what becomes of a training that was
    begun with something else (:mod:`laras.saving.begun`). ``processes``: in how many it is trained;
    they decide nothing but the last bits of it.
    """

    contender: Contender
    model: ModelSection
    model_digest: str
    recipe_folder: Path
    tuning: TuningSection
    prepared: Prepared
    evaluation: EvaluationSection = field(default_factory=EvaluationSection)
    primary_metric: str = "auto"
    on_change: OnChange = "refuse"
    processes: Processes = ONE_PROCESS

    def key(self) -> str:
        """Hash of all that decides the weights."""
        return content_hash(*self.deciding().values())

    def deciding(self) -> dict[str, Any]:
        """What decides the weights, by section of the recipe.

        Settings that only decide how often is saved, how a step is cut into what memory holds, or
        whether there will be weights at all, are left out: after running out of memory, or with
        another learning rate after a divergence, one goes on.
        """
        tuning = self.tuning.model_dump(
            exclude={
                "checkpoint_every_s",
                "checkpoint_every_steps",
                "keep_checkpoints",
                "micro_batch_tokens",
                "recompute_activations",
                "divergence",
                "on_out_of_memory",
            }
        )
        template = template_file(self.model, self.recipe_folder)
        beside = {"base", "download", "revision", "chat_template"}
        return {
            "laras.training": VERSION,
            "contender": self.contender.model_dump(exclude={"micro_batch_tokens"}),
            "model": self.model.model_dump(exclude=beside),
            "model.base": self.model_digest,
            "model.chat_template": None if template is None else file_sha256(template),
            "tuning": tuning,
            "data": self.prepared.key,
        }

    def asked(self) -> Asked:
        """The same by the names that a recipe has for it, with what the rows are made of where the
        preparation tells: what is held against a training that was begun."""
        flat: dict[str, Any] = {}
        for section, value in self.deciding().items():
            prefix = section if section != "contender" else _section_of(self.contender.name)
            if isinstance(value, Mapping):
                flat |= {f"{prefix}.{name}": inner for name, inner in value.items()}
            else:
                flat[prefix] = value
        settings = plain({**flat, **self.prepared.inputs})
        return Asked(self.contender.name, self.key(), settings, self.on_change)


def _section_of(contender: str) -> str:
    """Its fields must not take the place of a section's."""
    is_taken = contender in ("model", "tuning", "data", "preparation", "laras")
    return f"contender {contender}" if is_taken else contender
