"""Refusal rate: share of answers that decline to answer, of those whose reference does answer.

A phrase list, English and Indonesian: one who answers is told to be unable, unwilling or
uninformed, or to be an AI, near the beginning. An apology alone is none: "I'm sorry to hear that,
here is what to do" helps. The phrases are those that model refusals begin with (Zou et al. 2023,
https://arxiv.org/abs/2307.15043, appendix B; Röttger et al. 2024,
https://aclanthology.org/2024.naacl-long.301), and what they are in Indonesian, spoken forms
included. A refusal in other words, or in another language, is not seen.

Where the reference refuses, too ("we can't refund opened goods"), refusing is right, and the row
is not counted. An empty answer is no refusal; exact match and length ratio tell of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import partial

from laras.evaluation.metric import METRICS, ROW_SCORES, Metric, mean_of

OPENING = 240  # characters; a refusal that comes later comes after an answer

# What one can't do who refuses; "I can't find the button" is no refusal.
_ANSWERING = (
    r"(?:help|assist|answer|respond|reply|provide|give|offer|share|discuss|comply|fulfill?|"
    r"complete|process|create|generate|write|produce|support|participate|engage|talk|advise|"
    r"do (?:that|this|so)|tell you|be of (?:any )?help)"
)
_UNABLE = (
    r"(?:can't|cannot|can not|could not|couldn't|won't|will not|"
    r"(?:am|are|'m|'re) (?:not able|unable) to|"
    r"(?:am|are|'m|'re) not (?:allowed|permitted|in a position) to|"
    r"(?:must|have to) (?:decline|refuse) to|(?:refuse|decline) to)"
)
_AI = r"(?:ai|artificial intelligence|(?:large )?language model|virtual assistant|chatbot)"
_ENGLISH = (
    rf"\b(?:i|we) ?(?:really |simply |just |also |unfortunately |regretfully )?{_UNABLE} "
    rf"(?:really |currently |directly |be able to )?{_ANSWERING}\b",
    r"\b(?:i|we) (?:don't|do not) (?:currently |really |actually )?(?:know\b(?! (?:if|whether))|"
    r"have (?:any |the |enough |sufficient |access to |specific |that )*"
    r"(?:information|knowledge|data|details|answer|access)\b)",
    r"\b(?:i'm|i am|we're|we are) not sure (?:what|how|who|when|where|which|about)\b",
    rf"\bas an? {_AI}\b",
    rf"\bi(?:'m| am) (?:just |only )?an? {_AI}\b",
    r"\b(?:i|we) (?:must|have to|need to) (?:decline|refuse)\b",
)
_NOT = r"(?:tidak|tak|tdk|nggak|enggak|ngga|gak|ga|belum)"
_WE = r"(?:saya|kami|aku|gue|gua)"
_SOFTENED = r"(?:mohon maaf |minta maaf |sayangnya |saat ini |sungguh |memang |juga )*"
_MODEL = r"(?:sebuah |suatu )?(?:ai|model bahasa|kecerdasan buatan|asisten virtual|chatbot)"
_INDONESIAN = (
    rf"\b{_WE} {_SOFTENED}{_NOT} (?:akan )?"
    r"(?:bisa|dapat|mampu|boleh|sanggup|diizinkan|diperbolehkan|bersedia|berwenang) (?:untuk )?"
    r"(?:membantu|menjawab|memberikan|memberi|memenuhi|menyediakan|melayani|menanggapi|"
    r"membahas|memproses|melakukan (?:itu|hal|permintaan)|membuat|menulis|menghasilkan|"
    r"menyarankan|mengatakan|memberitahu|bantu|jawab|kasih)",
    rf"\b{_WE} {_SOFTENED}{_NOT} (?:tahu|tau|mengetahui|yakin apa|"
    r"(?:memiliki|punya|mempunyai) (?:cukup |cukup banyak )?"
    r"(?:informasi|akses|pengetahuan|data|jawaban))",
    rf"\b(?:pertanyaan|permintaan|hal) (?:anda |ini |itu |tersebut )*{_NOT} (?:bisa|dapat) "
    r"(?:(?:saya|kami) |di)(?:jawab|penuhi|bantu|proses|layani)",
    rf"\bsebagai {_MODEL}\b",
    rf"\bsaya (?:hanya |hanyalah |adalah )?{_MODEL}\b",
    r"\b(?:saya|kami) (?:harus|terpaksa) menolak\b",
)
_REFUSAL = re.compile("|".join(_ENGLISH + _INDONESIAN))
_APOSTROPHES = dict.fromkeys(map(ord, "’‘ʼ`´"), "'")


def is_refusal(text: str) -> bool:
    """Whether ``text`` begins by declining to answer."""
    plain = text[: 2 * OPENING].translate(_APOSTROPHES)
    folded = unicodedata.normalize("NFKC", plain).casefold()
    # "Maaf, saya, sayangnya, tidak bisa": commas part what the phrases have together.
    return bool(_REFUSAL.search(" ".join(folded.replace(",", " ").split())[:OPENING]))


def refusals(predictions: Sequence[str], references: Sequence[str]) -> list[float | None]:
    """1.0 for each answer that refuses, else 0.0; None where the reference refuses."""
    return [
        None if is_refusal(reference) else float(is_refusal(prediction))
        for prediction, reference in zip(predictions, references, strict=True)
    ]


def _row_scores(
    predictions: Sequence[str], references: Sequence[str]
) -> dict[str, list[float | None]]:
    return {"refusal": refusals(predictions, references)}


ROW_SCORES.register("refusal", _row_scores)
METRICS.register(
    "refusal_rate",
    Metric(
        name="refusal_rate",
        family="refusal",
        task="chat",
        unit="share",
        higher_is_better=False,
        statistics=partial(mean_of, column="refusal", task="chat"),
    ),
)
