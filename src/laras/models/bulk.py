"""Many texts to ids at once, by a faster library where it gives the very ids of the slower one.

gigatoken encodes some ten times as fast as ``tokenizers``, which remains the truth. It is used
only after both were given the same texts (a sample of those at hand, strings that are known to be
hard, and all control tokens written out as content) and no id differed; and from then on one text
in a few hundred is still encoded both ways.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer as TokenizersLibrary

Ids = npt.NDArray[np.int32]
Encode = Callable[[Sequence[str]], list[Ids]]

# Below this loading the faster library costs more than it saves.
LEAST_CHARACTERS = 4_000_000
SAMPLE_TEXTS = 1000
_WATCHED = 256  # one text in so many is encoded both ways

HARD_TEXTS = (
    "",
    " ",
    "   \n\n\t \r\n  x",
    "a\u0301 \u00e1 \u1e69 s\u0323\u0307 \ufb01 \u212b \u00c5 A\u030a",  # composed and not
    "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22 \u0939\u093f\u0928\u094d\u0926\u0940",
    "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u05e2\u05d1\u05e8\u05d9\u05ea",
    "\u65e5\u672c\u8a9e\u3068\u4e2d\u6587\uff0c\ud55c\uad6d\uc5b4\u3002\u3000\uff21\uff22",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1ee\U0001f1e9 \u2764\ufe0f \U0001f3fd",
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\u2066 \u00a0\u2003\u202f\u3000",
    "\x00\x01\x1b[0m\x7f\x85\u2028\u2029\ufffd\uffff\U0010ffff\U0001fbff",
    "anak2 ke-2 2\u00b2 1234567890 3.14 1,000 \u0663\u0664\u0665 \u2167 \u00bd \u2460",
    "it's IT'S we'LL don\u2019t 'S 's'S I\u2019m",
    "foo_bar.baz(qux)[0] => {a: 1}; // --x\n\n\n    return\n",
    "\u01c5\u01c8 \u1e9e \u0130\u0131 \u02bc\u02d0 \u0345 \u1c80 \ua7ad \u2c2f \U00010428",
    # Unassigned, private, and letters of recent versions of Unicode.
    "\u0378\u0530\u2fe0\U0003ffff\ue000\U000f0000 \u0897\u1c89\ua7cb\U00010d4a\U00016d40",
    "." * 300 + "=" * 300 + "\u3002" * 50 + "\n" * 40 + " " * 130 + "x",
    "q" * 600 + " " + "\u6f22" * 200 + " " + "z\u0335\u0322" * 60,
)


class BulkDiffersError(Exception):
    """A text got other ids from the faster library; what it gave before can't be relied on."""


@dataclass(frozen=True)
class Bulk:
    """How texts are encoded in bulk: ``name`` of the library; ``reason``: why no faster one."""

    encode: Encode
    name: str
    reason: str = ""


def slow_bulk(reference: TokenizersLibrary, reason: str) -> Bulk:
    """The library that is the truth."""
    return Bulk(lambda texts: _by_reference(reference, texts), "tokenizers", reason)


def choose_bulk(
    definition: dict[str, Any],
    reference: TokenizersLibrary,
    control_texts: Sequence[str],
    sample: Sequence[str],
) -> Bulk:
    """The faster library, if it reads ``definition`` and agrees with ``reference``.

    ``control_texts``: what control tokens are spelled like; as content they are plain text.
    """
    try:
        import gigatoken

        fast = gigatoken.Tokenizer.from_json(json.dumps(definition))
    except Exception as error:  # whatever it can't read, it says in ways of its own
        return slow_bulk(reference, f"gigatoken: {_first_line(error)}")
    written_out = [f"{before}{text}{after}" for text in control_texts for before, after in _BESIDE]
    texts = [*HARD_TEXTS, *written_out, *sample]
    try:
        differing = _differing(_by_gigatoken(fast, texts), _by_reference(reference, texts))
    except Exception as error:
        return slow_bulk(reference, f"gigatoken: {_first_line(error)}")
    if differing:
        return slow_bulk(reference, f"gigatoken differs in {differing} of {len(texts)} texts")

    def encode(some: Sequence[str]) -> list[Ids]:
        found = _by_gigatoken(fast, some)
        watched = range(0, len(some), _WATCHED)
        wanted = _by_reference(reference, [some[place] for place in watched])
        if _differing([found[place] for place in watched], wanted):
            raise BulkDiffersError
        return found

    return Bulk(encode, "gigatoken")


_BESIDE = (("", ""), ("a", "b"), (" ", " "), ("\n", "\n"))


def _by_reference(reference: TokenizersLibrary, texts: Sequence[str]) -> list[Ids]:
    encodings = reference.encode_batch_fast(list(texts), add_special_tokens=False)
    return [np.array(encoding.ids, dtype=np.int32) for encoding in encodings]


def _by_gigatoken(fast: Any, texts: Sequence[str]) -> list[Ids]:
    if not texts:
        return []
    layout = fast.encode_batch(list(texts)).layout
    offsets = np.asarray(layout.offsets)
    ids = np.asarray(layout.content.data).astype(np.int32)
    return [ids[start:end] for start, end in pairwise(offsets.tolist())]


def _differing(found: Sequence[Ids], wanted: Sequence[Ids]) -> int:
    return sum(not np.array_equal(one, other) for one, other in zip(found, wanted, strict=True))


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
