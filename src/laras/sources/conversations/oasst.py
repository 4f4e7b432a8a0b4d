"""Open Assistant: trees of messages, as a flat list or nested under their prompts.

A tree gives one dialogue: from its prompt, always the best ranked reply (rank 0 before 1; replies
without a rank last, in the file's order), down to the last reply of the assistant. The other
replies share its beginning and were judged worse, so they are left out and counted in a note.
Deleted messages, those that reviewers turned down and what follows them are out; so is spam.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from laras.records import Rejection
from laras.sources.context import FileContext
from laras.sources.conversations.fields import identifier, mapping, mappings, seconds, string
from laras.sources.conversations.formats import FORMATS, JSON_SUFFIXES, Format, Rows
from laras.sources.conversations.messages import ChatMessage, Role
from laras.sources.conversations.places import within

_ROLES: dict[str, Role] = {"prompter": "user", "assistant": "assistant"}
_SPAM = 0.5
_NO_RANK = 1_000_000.0

Message = Mapping[str, Any]
Replies = Mapping[str, list[Message]]


def recognises(value: Any, context: FileContext) -> bool:
    """Whether it is a message with a place in a tree, or a tree."""
    row = mapping(value)
    return _is_message(row) or _is_message(mapping(row.get("prompt")))


def messages(rows: Rows, context: FileContext) -> Iterator[ChatMessage | Rejection]:
    """The best path of each tree, which is a thread."""
    roots: list[tuple[str, Message]] = []
    replies: dict[str, list[Message]] = {}
    places: dict[str, str] = {}
    for locator, value in rows:
        row = mapping(value)
        prompt = mapping(row.get("prompt"))
        if not _is_message(prompt) and not _is_message(row):
            yield context.rejection("unknown-shape", locator, "OASST")
            continue
        nested = list(_nested(prompt)) if _is_message(prompt) else [row]
        for message in nested:
            parent = identifier(message.get("parent_id"))
            places.setdefault(message["message_id"], locator)
            if parent:
                replies.setdefault(parent, []).append(message)
            else:
                roots.append((locator, message))
    for parent, orphans in replies.items():
        if parent not in places:
            for orphan in orphans:
                place = places[orphan["message_id"]]
                yield context.rejection("missing-value", place, f"parent_id {parent[:40]}")
    for locator, root in roots:
        path = _best_path(root, replies)
        if not path:
            yield context.rejection("deleted-message", locator)
            continue
        others = _size(root, replies) - len(path)
        if others:
            yield context.note("other-replies", locator, str(others))
        yield from _as_messages(path, locator)


def _is_message(row: Message) -> bool:
    return (
        isinstance(row.get("message_id"), str)
        and isinstance(row.get("text"), str)
        and string(row.get("role")) in _ROLES
    )


def _nested(prompt: Message) -> Iterator[Message]:
    """The messages of a tree, each with its parent."""
    waiting = [{**prompt, "parent_id": None}]
    while waiting:
        message = waiting.pop()
        yield message
        good = [reply for reply in mappings(message.get("replies")) if _is_message(reply)]
        waiting += [{**reply, "parent_id": message["message_id"]} for reply in reversed(good)]


def _best_path(root: Message, replies: Replies) -> list[Message]:
    """From the root, the best reply to each message, down to the last of the assistant."""
    path: list[Message] = []
    seen: set[str] = set()  # a hostile file may make a message its own ancestor
    candidates, role = [root], "prompter"
    while True:
        good = [m for m in candidates if _is_good(m) and m["role"] == role]
        best = min(good, key=_rank, default=None)
        if best is None or best["message_id"] in seen:
            break
        seen.add(best["message_id"])
        path.append(best)
        candidates = replies.get(best["message_id"], [])
        role = "assistant" if role == "prompter" else "prompter"
    # A question behind the last answer teaches nothing.
    return path[:-1] if len(path) > 1 and path[-1]["role"] == "prompter" else path


def _size(root: Message, replies: Replies) -> int:
    """How many messages the tree has."""
    seen: set[str] = set()
    count, waiting = 0, [root]
    while waiting:
        message = waiting.pop()
        count += 1
        if message["message_id"] not in seen:
            seen.add(message["message_id"])
            waiting += replies.get(message["message_id"], [])
    return count


def _rank(message: Message) -> float:
    rank: object = message.get("rank")
    if isinstance(rank, bool) or not isinstance(rank, int | float):
        return _NO_RANK
    return float(rank) if abs(rank) < _NO_RANK else _NO_RANK


def _is_good(message: Message) -> bool:
    if message.get("deleted") is True or message.get("review_result") is False:
        return False
    return _spam(message) < _SPAM


def _spam(message: Message) -> float:
    """How sure reviewers are that it is spam, from 0 to 1: an object of labels in the nested
    form, two lists in the flat one."""
    labels = mapping(message.get("labels"))
    value = mapping(labels.get("spam")).get("value")
    names, values = labels.get("name"), labels.get("value")
    if isinstance(names, list) and isinstance(values, list) and "spam" in names:
        index = names.index("spam")
        value = values[index] if index < len(values) else None
    return float(value) if isinstance(value, float | int) and abs(value) <= 1 else 0.0


def _as_messages(path: list[Message], locator: str) -> Iterator[ChatMessage]:
    name = identifier(path[0].get("message_tree_id")) or path[0]["message_id"]
    for number, message in enumerate(path, 1):
        yield ChatMessage(
            author="",
            text=string(message["text"]),
            time=seconds(message.get("created_date")),
            thread=name,
            role=_ROLES[message["role"]],
            locator=within(locator, ("message", number)),
        )


FORMATS.register("oasst", Format("oasst", "json", JSON_SUFFIXES, recognises, messages))
