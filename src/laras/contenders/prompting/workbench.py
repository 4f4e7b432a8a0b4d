"""Training and validation rows of one kind, laid out once for all ways of prompting, and a model
beside them.

The test set has no part in it: what is made here is made of the paths of two splits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import get_args

import pyarrow.parquet as pq

from laras.contenders.prompting.asking import Asker, ContextOf, Room
from laras.contenders.prompting.instructions import instructions
from laras.contenders.prompting.kinds import Kind
from laras.contenders.prompting.prompt import Prompt
from laras.contenders.prompting.retrieval import Retrieval
from laras.contenders.prompting.scoring import (
    Scoring,
    Tried,
    can_be_asked,
    rows_to_compare_on,
)
from laras.contenders.prompting.shots import CountTokens, Pool, pool_of
from laras.errors import DataRefused, UsageError
from laras.evaluation.candidate import Rewrite
from laras.evaluation.cost import Meter
from laras.evaluation.reader import Reader
from laras.models.load import LoadedModel
from laras.recipe.asking import PromptWay
from laras.recipe.schema import Contender, EvaluationSection
from laras.records import Example, Task, examples_from
from laras.runs.damage import damage_told
from laras.translation import _

SHOTS = 4
PROPOSALS = 8
ROWS = 64
# Of a contender whose answers cost money, behind an endpoint.
PAID_ROWS = 16
PAID_WAYS: tuple[PromptWay, ...] = ("zero-shot", "few-shot", "retrieval")
_INSTRUCTION_SHARE = 4  # of the context, an instruction made here takes no more than one such part


@dataclass(frozen=True, slots=True)
class Settings:
    """What a contender that is asked well says, with the defaults in."""

    ways: tuple[PromptWay, ...]
    instruction: str | None
    shots: int
    proposals: int
    rows: int
    seed: int  # of the choice of examples

    @classmethod
    def of(cls, contender: Contender, seed: int) -> Settings:
        """The settings of ``contender``."""
        is_paid = contender.kind == "api"
        return cls(
            tuple(contender.ways or (PAID_WAYS if is_paid else get_args(PromptWay))),
            contender.instruction,
            contender.shots or SHOTS,
            contender.proposals or PROPOSALS,
            contender.prompt_rows or (PAID_ROWS if is_paid else ROWS),
            seed,
        )


class Bench:
    """The rows of one kind for whoever reads at most ``context`` tokens, as ``count_tokens`` counts
    them.

    ``train`` and ``validation``: Parquet files of examples. ``languages``: of the training data, by
    how many examples are in each. ``room``: what fits; None: everything.
    """

    def __init__(
        self,
        train: Path,
        validation: Path,
        languages: Mapping[str, int],
        settings: Settings,
        kind: Kind,
        context: int,
        count_tokens: CountTokens,
        room: Room | None,
    ) -> None:
        self.settings = settings
        self.task: Task = kind.task
        self.metric = kind.metric
        self._main = kind.main
        self._languages = languages
        self._context = context
        self._count_tokens = count_tokens
        self._room = room
        self.compared = _read(validation, self.task)
        self.training = _read(train, self.task)

    @property
    def labels(self) -> list[str]:
        """All labels of these rows."""
        rows = (*self.training, *self.compared)
        return sorted({each.label for each in rows if each.label is not None})

    @cached_property
    def instructions(self) -> list[str]:
        """What the model may be told; the recipe's own alone where it has one and the verdict turns
        on this kind. UsageError where that is too long."""
        own = self.settings.instruction
        if own is not None and self._main:
            if (tokens := self._count_tokens([own])[0]) > self._context // 2:
                raise _too_long(tokens, self._context)
            return [own]
        most = self._context // _INSTRUCTION_SHARE

        def has_room(text: str) -> bool:
            return self._count_tokens([text])[0] <= most

        return instructions(self.training, self.task, self._languages, has_room)

    @cached_property
    def pool(self) -> Pool:
        """The training examples that can be shown."""
        return pool_of(
            self.training,
            self._count_tokens,
            context=self._context,
            shots=self.settings.shots,
            seed=self.settings.seed,
        )

    @cached_property
    def retrieval(self) -> Retrieval:
        """The index of them."""
        return Retrieval(self.pool)

    def asker(self, prompt: Prompt) -> Asker:
        """Who asks with ``prompt``."""
        retrieval = None if prompt.retrieval is None else self.retrieval
        return Asker(prompt, self._room, retrieval)

    def rewrite_with(self, prompt: Prompt) -> Rewrite:
        """How ``prompt`` is put around an example."""
        return self.asker(prompt).rewrite


class Workbench(Bench):
    """``loaded``: the base model, whose template takes a system role, and its ``reader``. ``told``
    of every prompt that was tried; others as of a :class:`Bench`. Where no row can be asked,
    ``scoring`` has none."""

    def __init__(
        self,
        loaded: LoadedModel,
        reader: Reader,
        train: Path,
        validation: Path,
        languages: Mapping[str, int],
        settings: Settings,
        kind: Kind,
        section: EvaluationSection,
        told: Callable[[Tried], None],
        meter: Meter,
    ) -> None:
        self.told = told
        tokenizer = loaded.tokenizer
        super().__init__(
            train,
            validation,
            languages,
            settings,
            kind,
            loaded.context,
            lambda texts: [len(ids) for ids in tokenizer.encode_batch(texts)],
            ContextOf(loaded),
        )
        rows = rows_to_compare_on(
            self.compared, partial(can_be_asked, loaded), settings.rows, section.seed
        )
        self.scoring = Scoring(
            loaded, reader, self.metric, section, self.labels, self.rewrite_with, rows, meter
        )

    def try_alone(self, prompt: Prompt) -> Tried:
        """The prompt on all rows."""
        tried = Tried(prompt)
        self.scoring.extend(tried, len(self.scoring.rows))
        self.told(tried)
        return tried


def _too_long(tokens: int, context: int) -> UsageError:
    return UsageError(
        "prompting.instruction-too-long",
        _(
            "The instruction takes {tokens} tokens, more than half of a context of {context}."
        ).format(tokens=tokens, context=context),
        where="comparison.contenders",
        hint=_("Shorten it, or raise model.context: beside it stand examples and the question."),
    )


def nothing_to_compare_on() -> DataRefused:
    """The refusal of a validation set that can't be asked."""
    return DataRefused(
        "prompting.nothing-to-compare-on",
        _("No validation example can be asked, so that prompts can't be compared."),
        hint=_("Raise data.validation_share, or give data.validation."),
    )


def _read(path: Path, task: Task) -> list[Example]:
    with damage_told(path):
        return [each for each in examples_from(pq.read_table(path)) if each.task == task]
