"""The recipe's data section: where the data comes from and what is held out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from laras.recipe import unread
from laras.recipe.section import Section, Share
from laras.translation import _

PairKind = Literal["questions", "sections", "abstracts", "definitions", "rows"]


class ColumnMap(Section):
    """Which columns (CSV, TSV) or keys (JSON) hold what, where names can't be guessed."""

    text: str | None = None
    """The text to learn or to classify."""
    label: str | None = None
    """The class of the text."""
    question: str | None = None
    """What is asked of the model."""
    answer: str | None = None
    """What the model should say."""
    system: str | None = None
    """A system message for this row."""
    messages: str | None = None
    """A whole conversation, as a list of messages."""
    group: str | None = None
    """Rows with the same value here (customer, ticket) never straddle a split."""
    author: str | None = None
    """Who wrote a message, in a table or list of single messages."""
    time: str | None = None
    """When it was written: ISO 8601, or seconds since 1970."""
    thread: str | None = None
    """Which conversation it belongs to; default: cut where nobody wrote for a while."""
    rating: str | None = None
    """How content the customer was; the higher, the more the answers count in the loss."""
    weight: str | None = None
    """What the row counts in the loss; in messages, what the message does (0: read, not learnt)."""


_FOR_TEXTS = ("html", "pdf_parser", "ocr", "passages", "pairs")


class Source(Section):
    """One place that data comes from; exactly one of the four kinds."""

    documents: list[str] | None = None
    """Files, folders or globs of texts to adapt to (continued pretraining)."""
    articles: list[str] | None = None
    """The same for journal articles."""
    conversations: list[str] | None = None
    """Files, folders or globs of chat logs."""
    examples: list[str] | None = None
    """Tables or JSON of questions with answers, or texts with labels."""
    name: str | None = None
    """How reports call it; default: its first path."""
    columns: ColumnMap = ColumnMap()
    """Which columns or keys hold what, where their names can't be guessed."""
    assistant: list[str] = ["assistant", "gpt", "bot", "agent", "model", "system_agent"]
    """Names of those in the conversations whom the model should speak as."""
    session_gap_minutes: float = Field(default=60.0, gt=0.0)
    """A chat without threads is cut into conversations where nobody wrote for this long."""
    date_order: Literal["auto", "day-first", "month-first"] = "auto"
    """How dates like 03/04/2026 are read in chat exports; auto: decided by all dates of a file."""
    fallbacks: list[str] = []
    """Answers, or names of intents, by which a bot says that it did not understand; they are kept
    as context and never trained on. Customary ones are known."""
    html: Literal["article", "page"] = "article"
    """``article``: the main text of a web page. ``page``: all of its text, for an internal wiki
    where nothing may be lost."""
    pdf_parser: Literal["pdfium", "docling"] = "pdfium"
    """``docling``: slower, with a layout model, for hard PDF files (needs laras[docling])."""
    ocr: bool = False
    """Recognise the characters of scanned pages (needs laras[ocr]); otherwise they are reported."""
    passages: bool | Literal["whole"] = True
    """Learn the texts themselves, in passages. ``whole``: each from its beginning to its end, cut
    into windows only where it is longer than the model's context."""
    pairs: list[PairKind] = []
    """Also make questions and answers out of what the texts' form says, without a language
    model: ``questions`` (a heading or line that asks, and what follows), ``sections`` (heading and
    section), ``abstracts`` (title and abstract), ``definitions`` and ``rows`` (of tables)."""
    instruction: str | None = None
    """Put before each text or question of this source (for classification and summarising)."""
    weight: float = Field(default=1.0, gt=0.0)
    """How much each of its examples counts in the loss."""

    @field_validator(
        "documents",
        "articles",
        "conversations",
        "examples",
        mode="before",
        json_schema_input_type=str | list[str] | None,
    )
    @classmethod
    def _one_path_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator(
        "assistant", "fallbacks", mode="before", json_schema_input_type=str | list[str]
    )
    @classmethod
    def _one_text_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("pairs", mode="before", json_schema_input_type=PairKind | list[PairKind])
    @classmethod
    def _one_form_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _exactly_one_kind(self) -> Source:
        given = [kind for kind in SOURCE_KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(
                _("needs exactly one of: {kinds}").format(kinds=", ".join(SOURCE_KINDS))
            )
        if not all(self.paths or [""]):
            raise ValueError(_("{kind} names no path").format(kind=given[0]))
        return self

    @model_validator(mode="after")
    def _reads_what_is_set(self) -> Source:
        if self.kind in TEXT_KINDS:
            default = type(self).model_fields["assistant"].default
            assistant = None if self.assistant == default else self.assistant
            unread.refuse(unread.of_texts(self.kind, self.instruction, assistant))
        else:
            fields = type(self).model_fields
            given = {name: getattr(self, name) for name in _FOR_TEXTS}
            unread.refuse(
                unread.of_rows(
                    self.kind,
                    {name: value for name, value in given.items() if value != fields[name].default},
                )
            )
        return self

    @property
    def kind(self) -> str:
        """Which of the four kinds this source is."""
        return next(kind for kind in SOURCE_KINDS if getattr(self, kind) is not None)

    @property
    def paths(self) -> list[str]:
        """Its files, folders and globs."""
        paths: list[str] = getattr(self, self.kind)
        return paths


SOURCE_KINDS = ("documents", "articles", "conversations", "examples")
TEXT_KINDS = ("documents", "articles")


class DataSection(Section):
    """Where the data comes from and what is held out."""

    sources: list[Source] = Field(min_length=1)
    """What to learn from."""
    test: list[Source] | None = None
    """A test set of your own; default: held out from the sources by group."""
    validation: list[Source] | None = None
    """A validation set of your own; default: held out from the sources by group."""
    test_share: Share = 0.1
    """Share of groups held out for the test, where none is given."""
    validation_share: Share = 0.05
    """Share of groups held out for validation, where none is given."""
    max_file_bytes: int = Field(default=200_000_000, gt=0)
    """Larger files are put in the ledger, unread."""
    max_rejected_share: Share = 0.5
    """Refuse the data when more than this share of rows can't be read."""

    @field_validator(
        "sources",
        mode="before",
        json_schema_input_type=Annotated[list[Source], Field(min_length=1)] | Source,
    )
    @classmethod
    def _one_source_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value

    @field_validator(
        "test",
        "validation",
        mode="before",
        json_schema_input_type=str | list[str | Source] | Source | None,
    )
    @classmethod
    def _paths_are_examples(cls, value: Any) -> Any:
        items = [value] if isinstance(value, str | dict) else value
        if not isinstance(items, list):
            return items
        return [{"examples": [item]} if isinstance(item, str) else item for item in items]

    @model_validator(mode="after")
    def _reads_what_is_set(self) -> DataSection:
        unread.refuse(unread.of_test_weights(source.weight for source in self.test or []))
        return self
