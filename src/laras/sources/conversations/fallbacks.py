"""Answers by which a bot says that it did not understand: kept as context, never trained on.

A model that learnt them would say them. Customary ones are known in English and Indonesian; the
recipe adds its own. What counts is a message that says nothing else: an apology with an answer
behind it ("Sorry, I don't understand why it is late, but I have asked the warehouse") is trained.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_MAX_CHARACTERS = 400
_APOLOGY_WORDS = """
    oops ups hmm maaf maafkan mohon sorry apologies pardon me am i'm we're are is that for yah ya
    kak kakak pak bapak bu ibu but tapi namun sepertinya sayangnya unfortunately halo hai hi
"""
_NOT_EN = r"(?:do|did|could|can|am|was) ?(?:n[o'’]?t|not|unable to)(?: able to)?"
_NOT_ID = r"(?:tidak|belum|kurang|nggak|enggak|gak|ga|tak)"
_YOU_ID = r"(?: anda| kamu| kakak| kak)?"
_MISUNDERSTOOD = (
    rf"(?:i|we) {_NOT_EN}(?: quite| really| fully| seem to)?"
    r" (?:understand|get that|get you|catch|follow|recogni[sz]e|find an answer)",
    r"(?:i am|i['’]?m) (?:still learning|not sure (?:i understand|what you mean)"
    r"|having trouble understanding)",
    r"(?:could|can|would) you(?: please)? (?:rephrase|say that again|repeat that|try again)",
    r"please (?:rephrase|try rephrasing)",
    r"i (?:have|had) no (?:answer|idea)",
    rf"(?:saya |aku |kami |bot ini )?(?:masih |juga )?{_NOT_ID}(?: bisa| dapat| begitu| terlalu)?"
    r" (?:mengerti|paham|memahami|mengenali|menangkap|menemukan jawaban)",
    r"(?:saya|aku|kami) (?:masih|sedang|tengah) belajar",
    rf"(?:pertanyaan|pesan|perintah|permintaan|maksud){_YOU_ID} {_NOT_ID}(?: dapat| bisa)?"
    r" (?:dimengerti|dipahami|dikenali|jelas)",
    rf"(?:bisa|dapat|boleh|mohon|tolong|silakan|bisakah){_YOU_ID}(?: untuk)?"
    r" (?:ulangi|diulangi|mengulangi|jelaskan kembali|dijelaskan kembali|perjelas|memperjelas)"
    r" (?:pertanyaan|pesan|maksud|permintaan)",
)
_APOLOGY = "|".join(map(re.escape, sorted(_APOLOGY_WORDS.split(), key=len, reverse=True)))
# At most eight words of apology: a bounded number, so that no text makes the pattern slow.
_CUSTOMARY = re.compile(
    rf"(?:(?:{_APOLOGY})[\s,.!…-]+){{0,8}}(?:{'|'.join(_MISUNDERSTOOD)})(?:nya)?\b", re.IGNORECASE
)
# Behind the phrase, the sentence may only name what was not understood: a long one, or one that
# reasons, speaks of something else. Two short sentences may follow ("Please try again.").
_SENTENCE_END = re.compile(r"[.!?…\n;]")
_MAX_REST_WORDS = 6
_REASONING = re.compile(
    r"\b(?:why|how|because|kenapa|mengapa|bagaimana|karena|sebab|but|tapi|tetapi)\b", re.IGNORECASE
)
_MAX_SENTENCES_BEHIND = 2
_NOT_WORDS = re.compile(r"\W+")


class Fallbacks:
    """Tells fallback answers from others. ``own``: what the recipe lists."""

    def __init__(self, own: Sequence[str] = ()) -> None:
        self._own = {_plain(text) for text in own} - {""}

    def match(self, text: str) -> bool:
        """Whether ``text`` says that it was not understood, and nothing else."""
        if self._own and _plain(text) in self._own:
            return True
        return len(text) <= _MAX_CHARACTERS and is_customary(text)


def is_customary(text: str) -> bool:
    """Whether ``text`` is a customary fallback answer in English or Indonesian."""
    stripped = text.strip()
    found = _CUSTOMARY.match(stripped)
    if not found:
        return False
    sentence, *others = _SENTENCE_END.split(stripped[found.end() :])
    if len(sentence.split()) > _MAX_REST_WORDS or _REASONING.search(sentence):
        return False
    return sum(bool(other.strip()) for other in others) <= _MAX_SENTENCES_BEHIND


def _plain(text: str) -> str:
    return _NOT_WORDS.sub(" ", text).strip().casefold()
