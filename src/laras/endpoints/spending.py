"""What asking an endpoint costs: estimated before the first call, counted with every answer.

No call is begun that could bring the total above the budget: its most expensive outcome is set
aside before it begins, and what it did cost takes that place when it ends.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from laras.endpoints.client import Reply
from laras.errors import EndpointFailed, UsageError
from laras.recipe.endpoint import EndpointSection
from laras.runs.progress import Progress
from laras.translation import _

_BYTES_PER_TOKEN = 2.5  # of UTF-8: on the high side for every script
_TOKENS_AROUND = 8  # of a message: its role, and what stands between messages
_ROUNDING = 1 + 1e-9  # what is added up bit by bit is never quite the sum
BUDGET_REACHED = "endpoints.budget-reached"  # identifier of the error that tells of it


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked at once: messages of ``role`` and ``content``, and tokens of the longest
    answer."""

    messages: tuple[dict[str, str], ...]
    max_tokens: int

    @property
    def input_tokens(self) -> int:
        """Tokens sent, estimated on the high side."""
        return sum(text_tokens(each["content"]) + _TOKENS_AROUND for each in self.messages)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of ``calls``: tokens sent, the most that can be received, and what all that costs."""

    calls: int
    input_tokens: int
    output_tokens: int
    money: float


def text_tokens(text: str) -> int:
    """Of ``text`` in any tokenizer, estimated on the high side."""
    return math.ceil(len(text.encode("utf-8", "replace")) / _BYTES_PER_TOKEN)


def estimate(questions: Sequence[Question], section: EndpointSection) -> Estimate:
    """What ``questions`` cost at most."""
    sent = sum(question.input_tokens for question in questions)
    received = sum(question.max_tokens for question in questions)
    return Estimate(len(questions), sent, received, section.money(sent, received))


def announce(
    name: str,
    found: Estimate,
    kept: int,
    spent: float,
    section: EndpointSection,
    progress: Progress,
) -> None:
    """Say before the first call what is going to be asked in the name of ``name``, and what it
    costs. ``kept``: answers that are there already; ``spent``: on those."""
    text = _(
        "{name} asks {model} at {endpoint} {calls:,} times ({kept:,} answers are kept from "
        "before): about {sent:,} tokens sent, at most {received:,} received."
    ).format(
        name=name,
        model=section.model,
        endpoint=section.endpoint,
        calls=found.calls,
        kept=kept,
        sent=found.input_tokens,
        received=found.output_tokens,
    )
    if section.budget is not None:
        text += " " + _("That costs at most {money}; {spent} of {budget} are spent.").format(
            money=amount(found.money, section),
            spent=amount(spent, section),
            budget=amount(section.budget, section),
        )
    progress.note(text)


def refuse_cost(
    name: str, found: Estimate, spent: float, section: EndpointSection, where: str, hint: str
) -> None:
    """UsageError where what is left of the budget may not suffice. ``where``: the recipe path of
    ``section``; ``hint``: what can be changed."""
    if section.budget is None or spent + found.money <= section.budget * _ROUNDING:
        return
    raise UsageError(
        "endpoints.above-budget",
        _(
            "Asking for {name} could cost {money}; {spent} of the budget of {budget} are spent."
        ).format(
            name=name,
            money=amount(found.money, section),
            spent=amount(spent, section),
            budget=amount(section.budget, section),
        ),
        where=f"{where}.budget",
        hint=hint,
    )


class Spending:
    """Money spent at an endpoint, ``before`` on answers that are kept. Threads may share it."""

    def __init__(self, section: EndpointSection, before: Iterable[Reply], where: str) -> None:
        self._section = section
        self._where = where
        self._spent = spent_on(before, section)
        self._set_aside = 0.0
        self._lock = threading.Lock()

    def begin(self, question: Question) -> None:
        """Set aside the most that ``question`` can cost. EndpointFailed (``BUDGET_REACHED``) where
        that is more than what is left."""
        most = self._most(question)
        with self._lock:
            budget = self._section.budget
            left = math.inf if budget is None else budget * _ROUNDING - self._spent
            if self._set_aside + most > left:
                raise EndpointFailed(
                    "endpoints.budget-reached",
                    _("The budget of {budget} does not suffice: {spent} are spent.").format(
                        budget=amount(budget or 0.0, self._section),
                        spent=amount(self._spent, self._section),
                    ),
                    where=f"{self._where}.budget",
                    hint=_("Raise it; what was answered is kept, and the same command goes on."),
                )
            self._set_aside += most

    def lose(self, question: Question) -> None:
        """An attempt got no answer in time: it is counted as the dearest there could be, and as
        much is set aside for the next; raises as :meth:`begin` does."""
        most = self._most(question)
        with self._lock:
            self._set_aside -= most
            self._spent += most
        self.begin(question)

    def give_back(self, question: Question) -> None:
        """Of a question that was refused: nothing is paid for it."""
        with self._lock:
            self._set_aside -= self._most(question)

    def end(self, question: Question, reply: Reply) -> Reply:
        """Count what ``question`` did cost; ``reply`` with tokens, estimated where the endpoint
        told none. Attempts that were lost are counted already."""
        if not reply.input_tokens or (reply.text and not reply.output_tokens):
            written = min(question.max_tokens, text_tokens(reply.text))
            reply = replace(
                reply,
                input_tokens=reply.input_tokens or question.input_tokens,
                output_tokens=reply.output_tokens or written,
                estimated=True,
            )
        most = self._most(question)
        with self._lock:
            self._set_aside -= most
            self._spent += spent_on([replace(reply, lost=0)], self._section)
        return reply

    def _most(self, question: Question) -> float:
        return self._section.money(question.input_tokens, question.max_tokens)


def spent_on(replies: Iterable[Reply], section: EndpointSection) -> float:
    """What ``replies`` cost. An attempt that got no answer in time counts like the one that did."""
    return sum(
        (1 + reply.lost) * section.money(reply.input_tokens, reply.output_tokens)
        for reply in replies
    )


def amount(value: float, section: EndpointSection) -> str:
    """Money with as many digits as mean something, and its currency."""
    digits = ",.2f" if 0.1 <= value < 1e12 else ".3g" if value >= 1e12 else ".2g"
    return f"{value:{digits}} {section.currency}"
