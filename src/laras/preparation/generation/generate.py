"""Passages of the documents to checked questions and answers, as chat examples.

What it would cost is said before the first call, and refused above the recipe's limit. Replies
are kept as they come, so that a run that is stopped pays for nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from laras.endpoints.asking import ask_all
from laras.endpoints.client import Endpoint, Reply
from laras.endpoints.store import ReplyStore
from laras.errors import UsageError
from laras.preparation.chunks import passages
from laras.preparation.generation import wording
from laras.preparation.generation.grounding import grounding
from laras.preparation.generation.personal import impersonal, invented
from laras.preparation.likeness import key as text_key
from laras.recipe.preparing import GenerationSection
from laras.records import EXAMPLE_SCHEMA, Example, Message, Rejection, Span, to_table
from laras.runs.hashing import content_hash
from laras.runs.progress import Progress
from laras.translation import _

STAGE = "generate"
WHERE = "preparation.generation"
# Both on the high side: an estimate that is exceeded would break its promise.
_CHARACTERS_PER_TOKEN = 2.5
_TOKENS_PER_PAIR = round(wording.CHARACTERS_OF_A_PAIR / _CHARACTERS_PER_TOKEN)
_LEAST_PASSAGE = 200  # characters; there is little to ask about less


@dataclass(frozen=True, slots=True)
class Asked:
    """A passage that is asked about, and the document it stands in."""

    record_id: str
    path: str
    locator: str
    title: str
    group: str
    source: str
    weight: float
    start: int
    end: int
    text: str

    @property
    def name(self) -> str:
        """What examples and the ledger call it."""
        return f"{self.record_id}@{self.start}"


@dataclass
class Generated:
    """Examples (EXAMPLE_SCHEMA), what was left out, and facts for the audit."""

    examples: pa.Table
    rejections: list[Rejection] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


def passages_of(
    documents: Iterable[dict[str, Any]], length: int, weights: dict[str, float]
) -> Iterator[Asked]:
    """Passages of ``documents`` (rows of DOCUMENT_SCHEMA with ``split_group``)."""
    for row in documents:
        for passage in passages(row["text"], length):
            if passage.end - passage.start < _LEAST_PASSAGE:
                continue
            above = ", ".join(line.lstrip("# ") for line in passage.headings[-2:])
            yield Asked(
                row["document_id"],
                row["path"],
                row["locator"] or "",
                ", ".join(filter(None, (row["title"], above))),
                row["split_group"],
                row["source"],
                weights.get(row["source"], 1.0),
                passage.start,
                passage.end,
                row["text"][passage.start : passage.end],
            )


def generate(
    asked: Iterable[Asked],
    section: GenerationSection,
    store_path: Path,
    progress: Progress,
    personal_kinds: Sequence[str] = (),
) -> Generated:
    """Pairs about ``asked``. ``personal_kinds``: of personal data that the model may have invented
    or remembered, which is neither kept in the store nor in an example.

    Raises UsageError where the estimate is above ``max_cost`` or the key is absent, EndpointFailed
    where the endpoint does not answer.
    """
    chosen = _sample(asked, section.max_passages)
    with ReplyStore(store_path, partial(impersonal, kinds=personal_kinds)) as store:
        keys = [_key(passage, section) for passage in chosen]
        open_ = [n for n, key in enumerate(keys) if store.get(key) is None]
        estimate = estimated_cost([chosen[n] for n in open_], section)
        progress.note(
            _(
                "{endpoint} will be asked about {count} passages ({kept} are answered already); "
                "estimated cost {cost:.4f}, limit {limit:.4f}."
            ).format(
                endpoint=section.endpoint,
                count=len(open_),
                kept=len(chosen) - len(open_),
                cost=estimate,
                limit=section.max_cost,
            )
        )
        _refuse_cost(estimate, section)
        if open_:
            _ask(chosen, keys, open_, section, store, progress)
        replies = [store.get(key) for key in keys]
    made = _examples(chosen, [reply for reply in replies if reply], section, personal_kinds)
    made.facts["estimated_cost"] = estimate
    return made


def estimated_cost(asked: Sequence[Asked], section: GenerationSection) -> float:
    """What asking about ``asked`` should cost at most, in the currency of the prices."""
    sent = sum(
        sum(len(message["content"]) for message in _messages(passage, section)) for passage in asked
    )
    tokens_out = len(asked) * section.pairs_per_passage * _TOKENS_PER_PAIR
    tokens_in = sent / _CHARACTERS_PER_TOKEN
    return (tokens_in * section.input_price + tokens_out * section.output_price) / 1e6


def _refuse_cost(estimate: float, section: GenerationSection) -> None:
    if estimate <= section.max_cost:
        return
    raise UsageError(
        "preparation.cost-above-limit",
        _("Asking would cost about {cost:.4f}, and the limit is {limit:.4f}.").format(
            cost=estimate, limit=section.max_cost
        ),
        where=f"{WHERE}.max_cost",
        hint=_("Raise max_cost, or lower max_passages or pairs_per_passage."),
    )


def _sample(asked: Iterable[Asked], most: int | None) -> list[Asked]:
    """All passages, or a fixed sample: by a hash, so that it barely changes as data grows."""
    found = list(asked)
    if most is None or len(found) <= most:
        return found
    kept = set(sorted(range(len(found)), key=lambda n: text_key(found[n].name))[:most])
    return [passage for n, passage in enumerate(found) if n in kept]


def _messages(passage: Asked, section: GenerationSection) -> list[dict[str, str]]:
    return wording.messages(passage.text, passage.title, section.pairs_per_passage)


def _key(passage: Asked, section: GenerationSection) -> str:
    """The same question to the same model is asked once, wherever the passage stands."""
    return content_hash(
        wording.VERSION, section.endpoint, section.model, _messages(passage, section)
    )


def _ask(
    chosen: Sequence[Asked],
    keys: Sequence[str],
    open_: Sequence[int],
    section: GenerationSection,
    store: ReplyStore,
    progress: Progress,
) -> None:
    progress.stage(_("Asking the endpoint"), len(open_))
    max_tokens = 2 * section.pairs_per_passage * _TOKENS_PER_PAIR
    unique = list({keys[n]: n for n in open_}.values())
    with Endpoint(section, WHERE) as endpoint:
        calls = [
            partial(endpoint.ask, _messages(chosen[number], section), max_tokens)
            for number in unique
        ]
        replies = ask_all(calls, section.parallel, endpoint.stop)
        for done, (number, reply) in enumerate(replies, 1):
            store.put(keys[unique[number]], reply)
            progress.advance(done)


def _examples(
    chosen: Sequence[Asked],
    replies: Sequence[Reply],
    section: GenerationSection,
    personal_kinds: Sequence[str],
) -> Generated:
    made: list[Example] = []
    left: list[Rejection] = []
    seen: set[str] = set()
    tokens: Counter[str] = Counter()
    for passage, reply in zip(chosen, replies, strict=True):
        tokens.update({"input_tokens": reply.input_tokens, "output_tokens": reply.output_tokens})
        pairs = wording.read_answer(reply.text, section.pairs_per_passage)
        if pairs is None:
            left.append(_rejection(passage, "answer-unreadable", ""))
            continue
        for number, pair in enumerate(pairs):
            found = grounding(pair.answer, passage.text)
            strange = invented(f"{pair.question}\n{pair.answer}", personal_kinds)
            question = text_key(passage.record_id, pair.question)
            if strange:
                left.append(_rejection(passage, "not-grounded", ", ".join(strange)[:120]))
            elif not found.holds(section.least_grounded):
                strange = [*found.numbers, *found.names]
                detail = ", ".join(strange)[:120] or f"{found.share:.2f} < {section.least_grounded}"
                left.append(_rejection(passage, "not-grounded", detail))
            elif question in seen:
                left.append(_rejection(passage, "asked-twice", pair.question[:120]))
            else:
                seen.add(question)
                made.append(_example(passage, number, pair))
    facts = {
        "passages": len(chosen),
        "pairs": len(made),
        "reasons": dict(sorted(Counter(rejection.reason for rejection in left).items())),
        **tokens,
        "cost": (
            tokens["input_tokens"] * section.input_price
            + tokens["output_tokens"] * section.output_price
        )
        / 1e6,
    }
    return Generated(to_table(made, EXAMPLE_SCHEMA), left, facts)


def _example(passage: Asked, number: int, pair: wording.Written) -> Example:
    return Example(
        example_id=f"{passage.name}!{number}",
        task="chat",
        messages=(
            Message("user", pair.question, False),
            Message("assistant", pair.answer, True),
        ),
        group=passage.group,
        spans=(Span(passage.record_id, passage.path, passage.start, passage.end, passage.locator),),
        source=passage.source,
        weight=passage.weight,
    )


def _rejection(passage: Asked, reason: str, detail: str) -> Rejection:
    """Pairs were never rows of the data, so they don't count in its balance."""
    return Rejection(
        STAGE, reason, passage.path, passage.locator, passage.name, detail, "dropped", 0
    )
