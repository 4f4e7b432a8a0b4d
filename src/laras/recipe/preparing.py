"""The recipe's preparation section: how records become clean examples."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, field_validator

from laras.recipe.endpoint import Access
from laras.recipe.languages import refuse_unknown
from laras.recipe.section import Section, Seed, Share

PersonalData = Literal[
    "email", "phone", "nik", "npwp", "card", "iban", "ip", "url-secret", "api-key", "name"
]
Acceptable = Literal["test-leak", "rejected-rows"]


class GenerationSection(Access):
    """Questions and answers about your documents, written by a language model behind any endpoint
    that speaks OpenAI's chat protocol. The texts of passages are sent there."""

    pairs_per_passage: int = Field(default=3, ge=1, le=20)
    """How many questions are asked for about each passage."""
    max_passages: int | None = Field(default=None, ge=1)
    """At most this many passages (a fixed sample); default: all."""
    input_price: float = Field(default=0.0, ge=0.0)
    """Price of a million tokens sent."""
    output_price: float = Field(default=0.0, ge=0.0)
    """Price of a million tokens received."""
    max_cost: float = Field(default=0.0, ge=0.0)
    """Refuse before the first call when the estimated cost is above this."""
    least_grounded: Annotated[float, Field(ge=0.0, le=1.0)] = 0.6
    """Share of an answer's content words that must stand in its passage; its numbers and names
    must all stand there."""


class PreparationSection(Section):
    """How records become clean examples."""

    clean: bool = True
    """Repair Unicode, remove control and invisible characters, repeated boilerplate lines."""
    indonesian_normalisation: bool = False
    """Write out reduplication ("anak2") and common short forms ("yg", "dgn") in Indonesian text."""
    personal_data: Literal["keep", "report", "replace"] = "report"
    """``report``: count personal data in the audit. ``replace``: also put typed placeholders in
    their place, the same one for the same value throughout a conversation or document."""
    personal_data_kinds: list[PersonalData] = Field(default=[*get_args(PersonalData)], min_length=1)
    """Which kinds to look for."""
    quality: Literal["off", "flag", "drop"] = "flag"
    """Rules about repetition, symbols and word lengths, with thresholds by language: count the
    documents that break one, or drop them."""
    languages: list[str] = []
    """Keep only records in these languages (``[id, en]``); default: all."""
    min_characters: int = Field(default=20, ge=0)
    """Shorter documents are dropped (conversations and labelled rows are not)."""
    exact_duplicates: bool = True
    """Drop all but the first of equal records."""
    near_duplicates: bool = True
    """Drop documents and conversations that are nearly equal to one that is kept."""
    near_duplicate_threshold: float = Field(default=0.8, gt=0.0, le=1.0)
    """Jaccard similarity of word 5-grams from which two records are near-duplicates."""
    semantic_threshold: float | None = Field(default=None, gt=0.0, le=1.0)
    """Also drop records whose embeddings have this cosine similarity or more; default: off."""
    semantic_model: str = "model"
    """What embeds them: ``model`` (the base model's own mean hidden state), or a folder."""
    max_reply_copies: int | None = Field(default=20, ge=1)
    """An answer that conversations repeat word for word is trained on this often; further copies
    stay as context."""
    chunk_characters: int = Field(default=2000, ge=200)
    """Documents are cut at headings and paragraphs into pieces of about this length."""
    leak_limit: Share = 0.01
    """Refuse when more than this share of your own test rows also stand in the training data
    word for word; below it, those rows leave the training data."""
    accept: list[Acceptable] = []
    """Findings that would refuse the data and are accepted here by name: a leak above
    ``leak_limit`` (the rows still leave the training data), unreadable rows above
    ``data.max_rejected_share``."""
    generation: GenerationSection | None = None
    """Have questions and answers written about the documents."""
    engine: Literal["native", "ray"] = "native"
    """Daft's runner: this machine, or a Ray cluster."""
    seed: Seed = 0
    """Decides which groups are held out."""

    @field_validator("languages", mode="before", json_schema_input_type=str | list[str])
    @classmethod
    def _one_language_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("languages")
    @classmethod
    def _languages_are_codes(cls, value: list[str]) -> list[str]:
        refuse_unknown(value)
        return value

    @field_validator("accept", mode="before", json_schema_input_type=Acceptable | list[Acceptable])
    @classmethod
    def _one_finding_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator(
        "personal_data_kinds",
        mode="before",
        json_schema_input_type=Annotated[list[PersonalData], Field(min_length=1)] | PersonalData,
    )
    @classmethod
    def _one_kind_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value
