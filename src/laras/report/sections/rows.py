"""A few training rows: as they were read, what cleaning changed, and the tokens that are learnt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laras.report.blocks import Block, Paragraph, RowStories, RowStory, Section, Token
from laras.report.facts import RunFacts
from laras.report.wording import shortened, whole
from laras.runs.redaction import redacted_pieces
from laras.translation import _

_LONGEST_TEXT = 1500
_MOST_CHANGES = 8


def rows(facts: RunFacts) -> Section | None:
    """The rows that the run kept for showing; None where it kept none."""
    shown = [_story(row) for row in facts.shown if isinstance(row.get("tokens"), list)]
    if not shown:
        return None
    blocks: list[Block] = [
        Paragraph(
            _(
                "Some training rows, each from its file to the tokens. What stands on colour is "
                "trained on; the rest is only read. `laras inspect` shows any other row."
            ),
            "note",
        ),
        RowStories(
            shown,
            before_title=_("As it was read"),
            changes_title=_("What cleaning changed"),
            tokens_title=_("As the model sees it"),
        ),
    ]
    return Section("rows", _("Rows, before and after"), blocks)


def _story(row: Mapping[str, Any]) -> RowStory:
    texts = redacted_pieces([str(text) for text, _trained, _control in row["tokens"]])
    tokens = [
        Token(text, trained=bool(trained), control=bool(control))
        for text, (_text, trained, control) in zip(texts, row["tokens"], strict=True)
    ]
    place = ": ".join(filter(None, (str(row.get("path", "")), str(row.get("locator", "")))))
    learnt = sum(token.trained for token in tokens)
    facts = [
        str(row.get("task", "")),
        str(row.get("language") or ""),
        *(str(flag) for flag in row.get("flags") or ()),
        _("{trained} of {count} tokens are trained on").format(
            trained=whole(learnt), count=whole(len(tokens))
        ),
    ]
    before = row.get("before")
    return RowStory(
        heading=place,
        detail=" · ".join(fact for fact in facts if fact),
        before=shortened(str(before), _LONGEST_TEXT) if before is not None else _("not kept"),
        changes=[shortened(str(line), 200) for line in row.get("changes") or ()][:_MOST_CHANGES],
        tokens=tokens,
    )
