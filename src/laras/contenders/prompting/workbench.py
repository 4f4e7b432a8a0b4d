"""One model and the training and validation rows, laid out once for all ways of prompting.

The test set has no part in it: what is made here is made of the paths of two splits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import get_args

import pyarrow.parquet as pq

from laras.contenders.prompting.asking import Asker, ContextOf
from laras.contenders.prompting.instructions import instructions
from laras.contenders.prompting.prompt import Prompt
from laras.contenders.prompting.retrieval import Retrieval
from laras.contenders.prompting.scoring import Scoring, Tried, rows_to_compare_on
from laras.contenders.prompting.shots import Pool, pool_of
from laras.contenders.prompting.system_role import with_system_role
from laras.errors import DataRefused
from laras.evaluation.candidate import Rewrite
from laras.evaluation.cost import Meter
from laras.evaluation.metric import Metric
from laras.models.load import LoadedModel
from laras.recipe.asking import PromptWay
from laras.recipe.schema import Contender, EvaluationSection
from laras.records import Example, Task, examples_from
from laras.runs.damage import damage_told
from laras.translation import _

SHOTS = 4
PROPOSALS = 8
ROWS = 64
_INSTRUCTION_SHARE = 4  # of the context, an instruction made here takes no more than one such part


@dataclass(frozen=True, slots=True)
class Settings:
    """What a contender of kind prompt says, with the defaults in."""

    ways: tuple[PromptWay, ...]
    instruction: str | None
    shots: int
    proposals: int
    rows: int
    seed: int  # of the choice of examples

    @classmethod
    def of(cls, contender: Contender, seed: int) -> Settings:
        """The contender's settings."""
        return cls(
            tuple(contender.ways or get_args(PromptWay)),
            contender.instruction,
            contender.shots or SHOTS,
            contender.proposals or PROPOSALS,
            contender.prompt_rows or ROWS,
            seed,
        )


class Workbench:
    """``loaded``: the base model. ``train`` and ``validation``: Parquet files of examples.
    ``languages``: of the training data, by how many examples are in each. ``told`` of every prompt
    that was tried."""

    def __init__(
        self,
        loaded: LoadedModel,
        train: Path,
        validation: Path,
        languages: Mapping[str, int],
        settings: Settings,
        metric: Metric,
        section: EvaluationSection,
        told: Callable[[Tried], None],
        meter: Meter,
    ) -> None:
        self.loaded = with_system_role(loaded)
        self.settings = settings
        self.metric = metric
        self.told = told
        self._languages = languages
        kept = _read(validation)
        self.task: Task = task_of(metric, {each.task for each in kept})
        compared = [example for example in kept if example.task == self.task]
        rows = rows_to_compare_on(compared, self.loaded, settings.rows, section.seed)
        if not rows:
            raise DataRefused(
                "prompting.nothing-to-compare-on",
                _("No validation example can be asked, so that prompts can't be compared."),
                hint=_("Raise data.validation_share, or give data.validation."),
            )
        self.training = [example for example in _read(train) if example.task == self.task]
        labels = {each.label for each in (*self.training, *compared) if each.label is not None}
        self.scoring = Scoring(
            self.loaded, metric, section, sorted(labels), self.rewrite_with, rows, meter
        )

    @cached_property
    def instructions(self) -> list[str]:
        """What the model may be told, the recipe's own alone where it has one."""
        if self.settings.instruction is not None:
            return [self.settings.instruction]
        most = self.loaded.context // _INSTRUCTION_SHARE

        def has_room(text: str) -> bool:
            return len(self.loaded.tokenizer.encode(text)) <= most

        return instructions(self.training, self.task, self._languages, has_room)

    @cached_property
    def pool(self) -> Pool:
        """The training examples that can be shown."""
        tokenizer = self.loaded.tokenizer
        return pool_of(
            self.training,
            lambda texts: [len(ids) for ids in tokenizer.encode_batch(texts)],
            context=self.loaded.context,
            shots=self.settings.shots,
            seed=self.settings.seed,
        )

    @cached_property
    def retrieval(self) -> Retrieval:
        """The index of them."""
        return Retrieval(self.pool)

    def rewrite_with(self, prompt: Prompt) -> Rewrite:
        """How ``prompt`` is put around an example."""
        retrieval = None if prompt.retrieval is None else self.retrieval
        return Asker(prompt, ContextOf(self.loaded), retrieval).rewrite

    def try_alone(self, prompt: Prompt) -> Tried:
        """The prompt on all rows."""
        tried = Tried(prompt)
        self.scoring.extend(tried, len(self.scoring.rows))
        self.told(tried)
        return tried


def task_of(metric: Metric, tasks: set[Task]) -> Task:
    """The kind of examples that prompts are made for: those that the metric judges, else
    conversations and answers rather than labels. What has no question has no prompt."""
    return "classification" if metric.task == "classification" or "chat" not in tasks else "chat"


def _read(path: Path) -> list[Example]:
    with damage_told(path):
        return list(examples_from(pq.read_table(path)))
