"""Limits of the quality rules by language, each with where its number comes from.

Gopher: Rae et al. 2021, arXiv 2112.11446, appendix A.1.1. FineWeb: Penedo et al. 2024, arXiv
2406.17557, section 3.6. FineWeb-2: Penedo et al. 2025, arXiv 2506.20920, which derives limits for
each language from its own texts; the numbers for Indonesian are those of its ind_Latn settings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Limits:
    """A rule whose limit is None is left out. Shares are of 1."""

    stop_words: frozenset[str] | None = None
    least_stop_words: int = 2  # Gopher
    least_word_length: float | None = None  # mean, in characters
    most_word_length: float | None = None
    least_words_with_letters: float | None = None  # share of words
    least_closed_paragraphs: float | None = None  # share that ends in punctuation
    most_lines_per_word: float | None = None
    most_symbols_per_word: float = 0.1  # Gopher: hash signs, ellipses
    most_bullet_lines: float = 0.9  # Gopher
    most_ellipsis_lines: float = 0.3  # Gopher
    most_duplicate_lines: float = 0.3  # Gopher, share of lines
    most_duplicate_line_characters: float = 0.2  # Gopher
    most_duplicate_paragraphs: float = 0.3  # Gopher
    most_duplicate_paragraph_characters: float = 0.2  # Gopher
    most_top_ngram: tuple[float, float, float] = (0.2, 0.18, 0.16)  # Gopher, 2 to 4 words
    # 5 to 10 words. Ours, two and a half times Gopher's: its 0.15 to 0.1 flag three of four
    # regulations and a tenth of a product's manual, texts that repeat their terms on purpose. Text
    # that goes round in circles is far above both.
    most_duplicate_ngrams: tuple[float, ...] = (0.4, 0.37, 0.34, 0.31, 0.28, 0.25)


NEUTRAL = Limits()
"""For languages without a row of their own: what holds in any script that parts words."""

LIMITS = {
    "en": replace(
        NEUTRAL,
        stop_words=frozenset({"the", "be", "to", "of", "and", "that", "have", "with"}),  # Gopher
        least_word_length=3.0,  # Gopher
        most_word_length=10.0,  # Gopher
        least_words_with_letters=0.8,  # Gopher
        least_closed_paragraphs=0.12,  # FineWeb, there of lines
        most_lines_per_word=0.3,  # FineWeb
    ),
    "id": replace(
        NEUTRAL,
        # FineWeb-2
        stop_words=frozenset(
            {"dan", "yang", "di", "pada", "dari", "ini", "dengan", "adalah", "untuk", "dalam"}
        ),
        least_word_length=3.0,  # FineWeb-2
        most_word_length=11.0,  # FineWeb-2
        least_words_with_letters=0.805,  # FineWeb-2
        least_closed_paragraphs=0.25,  # FineWeb-2, there of lines
        most_lines_per_word=0.222,  # FineWeb-2
        most_duplicate_lines=0.25,  # FineWeb-2
        # FineWeb-2 has 0.088, 0.104 and 0.12, for web pages: a regulation that names its ministry
        # throughout goes beyond them. Gopher's stay.
    ),
}
