"""Which tokens of a rendered conversation are those of one message that is learnt."""

from __future__ import annotations

from bisect import bisect_left

from laras.errors import ModelRefused
from laras.models.sections import Encoding
from laras.translation import _


def trained_places(
    encoding: Encoding, start: int, end: int, following: int, *, ends_turn: bool
) -> list[int]:
    """Places of the tokens with a character from ``start`` to ``end``.

    ``ends_turn``: and of what follows, up to and including the control token that ends the turn,
    which has to come before ``following``, where the next message begins; else ModelRefused.
    """
    places: list[int] = []
    # A token that begins before ``start`` may still reach into it.
    first = max(0, bisect_left(encoding.offsets, (start, 0)) - 1)
    ended = not ends_turn
    for place in range(first, len(encoding.ids)):
        from_character, to_character = encoding.offsets[place]
        if from_character >= following or (ended and from_character >= end):
            break
        if encoding.is_control[place]:
            if not ended and to_character > end:
                places.append(place)
                return places
        elif to_character > start or from_character >= start:
            places.append(place)
    if not ended:
        raise ModelRefused(
            "model.template-no-end",
            _("The chat template leaves an answer without a control token to end it."),
        )
    return places
