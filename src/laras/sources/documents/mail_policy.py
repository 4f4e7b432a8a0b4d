"""Limits on a letter's headers, which the standard library reads in a time that grows with the
square of their length, and again at each look."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.policy import EmailPolicy
from typing import Any

MAX_VALUE = 8_192  # characters of one header; of some hundred receivers
MAX_HEADERS = 65_536  # of all headers of a letter and its parts together


@dataclass(slots=True)
class HeaderShare:
    """What is left for the headers of one letter, and what was read already."""

    left: int = MAX_HEADERS
    cut: list[str] = field(default_factory=list)
    read: dict[tuple[str, str], Any] = field(default_factory=dict)


class BoundedPolicy(EmailPolicy):
    """The standard library's policy, with headers cut at a length and each read once."""

    share: HeaderShare | None = None  # a policy takes options only under names that it has

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """The value of a header as the library reads it, from no more than its beginning."""
        assert self.share is not None
        share, key = self.share, (name.lower(), value)
        if key not in share.read:
            taken = value[: min(MAX_VALUE, max(share.left, 0))]
            if len(taken) < len(value) and key[0] not in share.cut:
                share.cut.append(key[0])
            share.left -= len(taken)
            share.read[key] = super().header_fetch_parse(name, taken)
        return share.read[key]


def bounded_policy() -> BoundedPolicy:
    """A policy for one letter."""
    return BoundedPolicy(share=HeaderShare())  # type: ignore[call-overload, no-any-return]
