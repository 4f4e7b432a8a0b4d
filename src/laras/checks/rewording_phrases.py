"""Turns of phrase of English and Indonesian that can stand for each other in a question.

Only what leaves the meaning as it is, and what a label could hang on: function words, contractions,
customary short forms, ways of asking. A phrase is replaced by what stands beside it.
"""

from __future__ import annotations

# Either way round.
SWAPPED = {
    "en": (
        ("how do I", "how can I"),
        ("how do we", "how can we"),
        ("where do I", "where can I"),
        ("where do we", "where can we"),
        ("what's", "what is"),
        ("where's", "where is"),
        ("who's", "who is"),
        ("how long does it take", "how much time does it take"),
        ("how long will it take", "how much time will it take"),
        ("what time do", "at what time do"),
        ("what time does", "at what time does"),
        ("can you", "could you"),
        ("I want to", "I would like to"),
        ("do I have to", "do I need to"),
        ("do we have to", "do we need to"),
        ("don't", "do not"),
        ("doesn't", "does not"),
        ("didn't", "did not"),
        ("can't", "cannot"),
        ("couldn't", "could not"),
        ("won't", "will not"),
        ("isn't", "is not"),
        ("aren't", "are not"),
        ("wasn't", "was not"),
        ("haven't", "have not"),
        ("hasn't", "has not"),
        ("I'm", "I am"),
        ("I've", "I have"),
        ("I'll", "I will"),
        ("maybe", "perhaps"),
        ("although", "though"),
        ("thanks", "thank you"),
    ),
    "id": (
        ("bagaimana", "gimana"),
        ("mengapa", "kenapa"),
        ("apakah bisa", "bisakah"),
        ("apakah boleh", "bolehkah"),
        ("apakah ada", "adakah"),
        ("kapan", "kapankah"),
        ("tidak", "nggak"),
        ("sudah", "telah"),
        ("hanya", "cuma"),
        ("jika", "kalau"),
        ("tetapi", "tapi"),
        ("kemudian", "lalu"),
        ("saat ini", "sekarang"),
        ("terima kasih", "makasih"),
    ),
}

# One way only: the other way round would be a guess.
WRITTEN_OUT = {
    "en": (
        ("I'd like to", "I would like to"),
        ("plz", "please"),
        ("pls", "please"),
        ("thx", "thank you"),
        ("thru", "through"),
        ("ok", "okay"),
        ("info", "information"),
    ),
    "id": (
        ("ingin", "mau"),
        ("apabila", "jika"),
        ("gak", "tidak"),
        ("ga", "tidak"),
        ("enggak", "tidak"),
        ("tdk", "tidak"),
        ("yg", "yang"),
        ("sy", "saya"),
        ("utk", "untuk"),
        ("dgn", "dengan"),
        ("sdh", "sudah"),
        ("udah", "sudah"),
        ("blm", "belum"),
        ("bgmn", "bagaimana"),
        ("gmn", "bagaimana"),
        ("krn", "karena"),
        ("trims", "terima kasih"),
        ("info", "informasi"),
    ),
}


def _words(lists: dict[str, str]) -> dict[str, frozenset[str]]:
    return {language: frozenset(words.split()) for language, words in lists.items()}


# First words of a question that ends in a question mark; and those that need none.
QUESTION_WORDS = _words(
    {
        "en": "when which can could do does did is are am was were will would may should has have",
        "id": "di dimana kapan bisa boleh ada mana",
    }
)
SURE_QUESTION_WORDS = _words(
    {
        "en": "what what's how where where's why who who's whose",
        "id": "apa apakah bagaimana gimana kapankah mengapa kenapa siapa siapakah berapa berapakah "
        "bisakah bolehkah adakah",
    }
)

# What goes before a question, and (for conversations only) before anything else.
FRAMES = {"en": "I would like to know: ", "id": "Saya ingin tahu, "}
GREETINGS = {"en": "Hello. ", "id": "Halo. "}
GREETING_WORDS = _words(
    {
        "en": "hello hi hey dear good",
        "id": "halo hai hei selamat permisi assalamualaikum pagi siang sore",
    }
)

# "If X, Y?" is "Y if X?".
CONDITIONS = {
    "en": ("if", "when", "once", "after", "before"),
    "id": ("kalau", "jika", "bila", "apabila", "setelah", "sesudah", "sebelum", "karena"),
}
# Words that point back to the sentence before, so that the two can't change places.
POINTING = _words(
    {
        "en": "it its this that these those they them their there he him his she her so then one "
        "same instead but and or because",
        "id": "itu ini tersebut begitu begini dia ia mereka lalu jadi kalau terus tapi tetapi dan "
        "atau karena sebab sana situ tadi",
    }
)
