"""Which texts the starter reads, how often, and in which order.

Training goes through *rounds*: each takes the same small share of every text, shuffled, so that
training may stop after any of them and has read the mix in its right proportions.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

# How often each text is read in one course of training. Everyday and human text in both languages
# counts most; technical help and machine-translated text would otherwise set the style by its size.
# A dialogue is read in two shapes: as a transcript, and in the chat template ("(chat)"). What lies
# in "(made)" comes from :mod:`starter.shaped`.
PASSES: Mapping[str, float] = {
    "novels": 1.5,
    "id_tatoeba": 4.0,
    "id_xpersona_chat": 2.5,
    "id_xpersona_chat (chat)": 1.5,
    "id_chatterbot": 4.0,
    "id_chatterbot (chat)": 4.0,
    "id_gnome_help": 4.0,
    "id_opensource_guide": 4.0,
    "id_ethereum_org": 2.0,
    "id_tensorflow_docs": 3.0,
    "id_ms_edgeai_for_beginners": 2.5,
    "id_ms_azd_for_beginners": 2.0,
    "id_ms_alchemy_insights": 3.5,
    "id_ms_customer_insights": 4.0,
    "id_ms_dynamics_project_operations": 4.0,
    "id_law_regulations": 1.5,
    "id_law_peraturan_info": 1.0,
    "iden_tatoeba_pairs": 1.0,
    "en_tatoeba": 3.0,
    "en_xpersona_chat": 2.5,
    "en_xpersona_chat (chat)": 1.5,
    "en_chatterbot": 2.0,
    "en_chatterbot (chat)": 3.0,
    "en_gnome_help": 2.0,
    "en_opensource_guide": 3.0,
    "en_ethereum_org": 1.0,
    "en_ms_edgeai_for_beginners": 1.0,
    "en_ms_azd_for_beginners": 1.0,
    "en_african_storybook": 5.0,
    "en_pratham_books": 5.0,
    "translations (made)": 1.5,
    "questions (made)": 1.5,
    "labels (made)": 1.5,
    "formats (made)": 1.5,
}
# How often while the rate falls: the same texts, and more of what shows how examples are used. What
# is learnt last stays (Hu et al. 2024, "MiniCPM", section 4.3, on data for the falling stage).
FALLING: Mapping[str, float] = {
    **PASSES,
    "labels (made)": 3.0,
    "formats (made)": 3.0,
    "look-ups (made)": 4.0,
}
NOVELS = "novels"
ROUNDS_IN_COURSE = 32


def source_of(name: str) -> str:
    """The text that an entry of :data:`PASSES` takes its documents from."""
    return name.removesuffix(" (chat)")


def round_of(
    places: Mapping[str, Sequence[int]],
    passes: Mapping[str, float],
    number: int,
    seed: int,
    course: int,
) -> list[int]:
    """The places of the examples of round ``number``, in order.

    ``places``: of the examples of each entry of the mix; ``course``: rounds in which each entry is
    read as often as ``passes`` says. Every example of a text is read before one is read again.
    """
    of_round: list[int] = []
    for name, members in places.items():
        share = passes[name] * len(members) / course
        for at in range(int(number * share), int((number + 1) * share)):
            passed, place = divmod(at, len(members))
            of_round.append(members[_shuffled(len(members), seed, name, passed)[place]])
    generator = np.random.default_rng([seed, number])
    return [of_round[place] for place in generator.permutation(len(of_round))]


@lru_cache(maxsize=256)
def _shuffled(count: int, seed: int, name: str, passed: int) -> np.ndarray:
    generator = np.random.default_rng([seed, zlib.crc32(name.encode()), passed])
    return generator.permutation(count)
