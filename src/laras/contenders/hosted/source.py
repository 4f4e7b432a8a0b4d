"""Answers of a contender's endpoint: kept as they come, never asked for twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from laras.contenders.prompting.kept import kept_prompts, rewrite_of
from laras.endpoints.client import Reply
from laras.endpoints.kept import ask_kept, key_of
from laras.endpoints.spending import Question
from laras.endpoints.store import ReplyStore
from laras.evaluation.candidate import Answering, Written
from laras.evaluation.rows import last_answer
from laras.recipe.endpoint import EndpointSection
from laras.recipe.schema import Contender
from laras.records import Example
from laras.runs.folder import Run

_REPLIES = "replies.jsonl"
# Tokens for instruction, examples and question: what every model that is hosted today takes, and
# dear enough.
CONTEXT = 8192
# One question in so many may be refused (too long, or not allowed there) before the endpoint
# counts as failed.
_REFUSED_SHARE = 20


class HostedAnswers:
    """What the endpoint of ``contender`` answers; replies are kept in the run."""

    def __init__(self, contender: Contender, run: Run) -> None:
        self._section = section_of(contender)
        self._where = where(contender)
        self._path = run.contender(contender.name) / _REPLIES

    def answers(
        self, asked: Sequence[Example], max_new_tokens: int, advance: Callable[[int], None]
    ) -> list[Written]:
        """As of :class:`laras.evaluation.candidate.AnswerSource`; raises what
        :func:`laras.endpoints.kept.ask_kept` does."""
        questions = [question_of(example, max_new_tokens) for example in asked]
        keys = [key_of(question, self._section) for question in questions]
        with ReplyStore(self._path) as store:
            replies = ask_kept(
                dict(zip(keys, questions, strict=True)),
                self._section,
                store,
                self._where,
                refusals=len(asked) // _REFUSED_SHARE,
                advance=advance,
            )
        return [_written(replies[key], self._section) for key in keys]


def answering(contender: Contender, run: Run) -> Answering:
    """The endpoint, asked with the contender's prompts; raises what
    :func:`laras.contenders.prompting.kept.kept_prompts` does."""
    prompts = kept_prompts(run, contender.name)
    rewrite = rewrite_of(prompts, run, contender.name, CONTEXT, None)
    return Answering(contender.name, HostedAnswers(contender, run), rewrite)


def question_of(example: Example, max_new_tokens: int) -> Question:
    """What is sent for ``example``: the messages before its last answer."""
    messages = example.messages[: last_answer(example)]
    return Question(
        tuple({"role": each.role, "content": _sendable(each.content)} for each in messages),
        max_new_tokens,
    )


def section_of(contender: Contender) -> EndpointSection:
    """Where the contender is asked; the recipe's schema sees to it that there is one."""
    assert contender.endpoint is not None
    return contender.endpoint


def where(contender: Contender) -> str:
    """The recipe path of it."""
    return f"comparison.contenders.{contender.name}.endpoint"


def kept_replies(contender: Contender, run: Run) -> ReplyStore | None:
    """The replies so far, to be used as a context manager; None where there are none."""
    path = run.folder / "contenders" / contender.name / _REPLIES
    return ReplyStore(path) if path.exists() else None


def _written(reply: Reply | None, section: EndpointSection) -> Written:
    if reply is None:
        return Written("", False, 0, 0, 0.0, refused=True)
    return Written(
        _sendable(reply.text),
        reply.finished,
        reply.input_tokens,
        reply.output_tokens,
        reply.seconds / section.parallel,
        reply.estimated,
    )


def _sendable(text: str) -> str:
    """``text`` without lone surrogates, which have no bytes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
