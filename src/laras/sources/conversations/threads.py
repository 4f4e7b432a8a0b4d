"""Replies to threads: messages that answer each other belong to one conversation."""

from __future__ import annotations

from collections.abc import Mapping


def roots(parents: Mapping[str, str]) -> dict[str, str]:
    """The first message of the thread of every message that replies or is replied to.

    ``parents``: for each reply the message it answers. One that is not in the export is a root
    like any other; replies in a circle, which no honest export has, share one of themselves.
    """
    found: dict[str, str] = {}
    for reply in parents:
        path: list[str] = []
        on_path: set[str] = set()
        at = reply
        while at in parents and at not in found and at not in on_path:
            path.append(at)
            on_path.add(at)
            at = parents[at]
        root = found.get(at, at)
        found[root] = root
        for message in path:
            found[message] = root
    return found
