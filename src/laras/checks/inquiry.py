"""What a candidate says, and how likely it finds what others said: all that checks ask of a model.

Checks ask questions of their own making. One that the model can't be asked (too long for its
context, refused by its template) has no answer: None stands in its place, and the check leaves it
out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from laras.batches.encode import encode_example, prompt_ids
from laras.errors import DataRefused, ModelRefused
from laras.evaluation.candidate import Candidate
from laras.evaluation.generation import greedy_answers
from laras.evaluation.labels import label_log_probabilities, label_tokens
from laras.evaluation.losses import example_losses, not_finite, overlapping
from laras.evaluation.reader import Reader, opened
from laras.recipe.schema import EvaluationSection
from laras.records import Example
from laras.runs.heap import reused_memory
from laras.threads import placed
from laras.translation import _


@dataclass(frozen=True, slots=True)
class Answer:
    """The likeliest answer, token by token; whether the model ended it itself."""

    text: str
    finished: bool


@dataclass(frozen=True, slots=True)
class Loss:
    """Negative log-likelihood of what is trained of an example, and its size in UTF-8 bytes."""

    nats: float
    bytes: int


@contextmanager
def inquiry(
    candidate: Candidate, section: EvaluationSection, *, soft_prompt: bool = True
) -> Iterator[Inquiry]:
    """To ask ``candidate`` within the block; ``soft_prompt`` False: as the model is without its
    own."""
    model = candidate.loaded.model
    on_processor = next(model.parameters()).device.type == "cpu"
    with reused_memory(), placed(on_processor) as look, opened(model) as reader:
        if not soft_prompt:
            reader.begins = []
        yield Inquiry(candidate, section, reader, look)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Asks examples as they stand; the candidate's prompt is the caller's to put around them."""

    candidate: Candidate
    section: EvaluationSection
    reader: Reader
    look: Callable[[], None]

    def answers(self, asked: Sequence[Example], limit: int) -> list[Answer | None]:
        """The answer of at most ``limit`` tokens to each example."""
        prompts = self._prompts(asked, limit)
        places = [at for at, prompt in enumerate(prompts) if prompt is not None]
        known = [prompt for prompt in prompts if prompt is not None]
        said = self.continued(known, [asked[at].example_id for at in places], limit)
        found: list[Answer | None] = [None] * len(asked)
        for place, answer in zip(places, said, strict=True):
            found[place] = answer
        return found

    def continued(
        self, prompts: Sequence[Sequence[int]], names: Sequence[str], limit: int
    ) -> list[Answer]:
        """What follows each of the ``prompts`` of token ids; ``names`` are for errors."""
        loaded = self.candidate.loaded
        found = greedy_answers(
            loaded.model,
            prompts,
            stop_ids=loaded.template.stop_ids,
            max_new_tokens=limit,
            context=loaded.context,
            batch_tokens=self.section.batch_tokens,
            advance=self._advance,
            reader=self.reader,
        )
        for name, each in zip(names, found, strict=True):
            if not each.finite:
                raise not_finite(name, _("next-token probability"))
        return [Answer(loaded.template.answer(a.token_ids).strip(), a.finished) for a in found]

    def likeliest_labels(self, asked: Sequence[Example], labels: Sequence[str]) -> list[str | None]:
        """The label that the candidate finds most likely as the answer to each example."""
        found: list[str | None] = [None] * len(asked)
        if not asked or not labels:
            return found
        loaded = self.candidate.loaded
        tokens = [label_tokens(loaded.template, asked[0], label) for label in labels]
        prompts = self._prompts(asked, max(map(len, tokens)))
        places = [at for at, prompt in enumerate(prompts) if prompt is not None]
        scores = label_log_probabilities(
            loaded.model,
            [prompt for prompt in prompts if prompt is not None],
            tokens,
            names=[asked[at].example_id for at in places],
            batch_tokens=self.section.batch_tokens,
            best=1,
            advance=self._advance,
            reader=self.reader,
        )
        for place, best in zip(places, scores.argmax(axis=1).tolist(), strict=True):
            found[place] = labels[best]
        return found

    def losses(self, asked: Sequence[Example]) -> list[Loss | None]:
        """The loss of each example, which may be longer than the context."""
        loaded = self.candidate.loaded
        windows, owners, sizes = [], [], [0] * len(asked)
        for place, example in enumerate(asked):
            encoded, _rejections = encode_example(
                example, loaded.tokenizer, loaded.template, loaded.context
            )
            for window in overlapping(encoded, loaded.context):
                windows.append(window)
                owners.append(place)
                sizes[place] += window.text_bytes
        if not windows:
            return [None] * len(asked)
        nats = [0.0] * len(asked)
        values = example_losses(
            loaded.model,
            windows,
            batch_tokens=self.section.batch_tokens,
            advance=self._advance,
            reader=self.reader,
        )
        for owner, value in zip(owners, values.tolist(), strict=True):
            nats[owner] += value
        return [Loss(nats[at], sizes[at]) if sizes[at] else None for at in range(len(asked))]

    def _prompts(self, asked: Sequence[Example], reserve: int) -> list[list[int] | None]:
        """The token ids of each example up to its last answer, with room for ``reserve`` more."""
        loaded = self.candidate.loaded
        room = min(reserve, loaded.context // 2)
        prompts: list[list[int] | None] = []
        for example in asked:
            try:
                ids = prompt_ids(example, loaded.tokenizer, loaded.template, loaded.context, room)
                prompts.append(ids)
            except (DataRefused, ModelRefused):  # one that meets all rows has stopped the judging
                prompts.append(None)
        return prompts

    def _advance(self, _done: int) -> None:
        self.look()
