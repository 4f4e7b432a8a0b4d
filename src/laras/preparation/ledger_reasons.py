"""What the codes of the ledger mean: those of preparation, besides those of reading.

The ledger stores the code and a bare fact, the same in every language; the words are looked up
when they are shown.
"""

from __future__ import annotations

from laras.sources.reasons import N_, explanation
from laras.translation import _

_MEANINGS = {
    # cleaned
    "empty-after-cleaning": N_("Nothing was left of it after cleaning."),
    "too-short": N_("Shorter than preparation.min_characters."),
    "language": N_("In a language that preparation.languages does not list."),
    "quality": N_("It breaks rules of quality, and preparation.quality is drop."),
    "repeated-lines": N_("Lines that repeat through many documents of the source were cut."),
    # compared with a test or validation set of the user's own
    "stands-in-test": N_("It also stands in your test, so it may not be trained on."),
    "stands-in-validation": N_("It also stands in your validation set."),
    "group-stands-in-test": N_("Rows of the same customer, file or thread stand in your test."),
    "group-stands-in-validation": N_(
        "Rows of the same customer, file or thread stand in your validation set."
    ),
    "near-duplicate-of-test": N_("It is nearly equal to a row of the test."),
    "near-duplicate-of-validation": N_("It is nearly equal to a row of the validation set."),
    # compared with each other
    "exact-duplicate": N_("Equal to an earlier record, which stays:"),
    "near-duplicate": N_("Nearly equal to an earlier record, which stays:"),
    "semantic-duplicate": N_("It says the same as an earlier record, which stays:"),
    "conflicting-label": N_("The text of an earlier record with another label; the first counts:"),
    "near-other-label": N_("Nearly equal to an earlier record with another label:"),
    "canned-reply": N_("A reply said often enough already: here it is read and not trained on."),
    # made into examples
    "no-text": N_("There is no text in it to learn from."),
    "empty-label": N_("Its label is empty."),
    "no-answer": N_("Nobody answers in it."),
    "no-question": N_("An answer that nothing goes before."),
    "nothing-to-learn": N_("None of its answers is to be trained on."),
    "unanswered-turns": N_("What nobody answered at the end of a conversation was cut."),
    "no-pairs": N_("No questions and answers could be made of it, and passages is false."),
    # questions and answers that a language model wrote
    "answer-unreadable": N_("The language model answered in a form that can't be read."),
    "not-grounded": N_("The answer says what its passage does not:"),
    "asked-twice": N_("The same question was asked before:"),
}


def meaning(reason: str) -> str:
    """One sentence for people, in the language in use, about the code ``reason``; "" where a
    package of somebody else brought it."""
    known = _MEANINGS.get(reason)
    return _(known) if known else explanation(reason)
