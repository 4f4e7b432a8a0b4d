"""Questions answered from what is kept, or asked within the budget and then kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial

from laras.endpoints.asking import ask_all
from laras.endpoints.client import REFUSED, Endpoint, Reply
from laras.endpoints.spending import Question, Spending
from laras.endpoints.store import ReplyStore
from laras.errors import EndpointFailed
from laras.recipe.endpoint import EndpointSection
from laras.runs.hashing import content_hash


def key_of(question: Question, section: EndpointSection) -> str:
    """Under which the reply is kept: the same question to the same model is asked once."""
    return content_hash(section.endpoint, section.model, question.messages, question.max_tokens)


def ask_kept(
    questions: Mapping[str, Question],
    section: EndpointSection,
    store: ReplyStore,
    where: str,
    *,
    refusals: int = 0,
    advance: Callable[[int], None] = lambda done: None,
) -> dict[str, Reply | None]:
    """Replies by key. None: the endpoint refused this question; of such, ``refusals`` are borne.

    Raises EndpointFailed where the endpoint gives no usable answer, or where the budget is reached
    (``BUDGET_REACHED``). Each reply is kept as it comes, so that a second call with the same
    ``store`` asks for the others only. ``where``: the recipe path of ``section``. ``advance`` is
    told how many are there.
    """
    replies: dict[str, Reply | None] = {key: store.get(key) for key in questions}
    open_ = [key for key, reply in replies.items() if reply is None]
    advance(len(questions) - len(open_))
    if not open_:
        return replies
    spending = Spending(section, store.replies(), where)
    patience = _Patience(refusals)
    with Endpoint(section, where) as endpoint:

        def ask(key: str) -> Reply:
            question = questions[key]
            spending.begin(question)
            try:
                messages, lose = list(question.messages), partial(spending.lose, question)
                reply = endpoint.ask(messages, question.max_tokens, lose)
            except EndpointFailed as failure:
                patience.bear(failure)
                spending.give_back(question)
                return _REFUSAL
            reply = spending.end(question, reply)
            store.put(key, reply)  # before the next one is asked: a kill may come at any moment
            return reply

        asked = ask_all([partial(ask, key) for key in open_], section.parallel, endpoint.stop)
        for done, (number, reply) in enumerate(asked, len(questions) - len(open_) + 1):
            if reply is not _REFUSAL:
                replies[open_[number]] = store.get(open_[number])
            advance(done)
    return replies


_REFUSAL = Reply("", 0, 0)


class _Patience:
    """How many refusals are still borne."""

    def __init__(self, refusals: int) -> None:
        self._left = refusals
        self._lock = threading.Lock()

    def bear(self, failure: EndpointFailed) -> None:
        """Raise ``failure`` unless it is a refusal, and one more of them is borne."""
        with self._lock:
            if failure.identifier != REFUSED or not self._left:
                raise failure
            self._left -= 1
