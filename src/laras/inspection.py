"""Rows of a run before and after, with the tokens that are learnt: for the terminal and report."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laras.errors import UsageError
from laras.recipe.load import load_recipe
from laras.records import Example, Rejection, Split
from laras.runs.folder import Run
from laras.runs.redaction import redacted
from laras.translation import _

if TYPE_CHECKING:
    from laras.batches.shown import ShownToken
    from laras.preparation.ledger_view import LedgerGroup
    from laras.preparation.recount import Count
    from laras.preparation.story import Story

SHOWN_FILE = "data/shown.json"
_LONGEST_TEXT = 4000
_MOST_CHANGES = 20
_MOST_LINES = 5000


@dataclass(frozen=True)
class Inspector:
    """Looks into the run in ``folder``; nothing in there is changed."""

    folder: Path

    @property
    def data(self) -> Path:
        """Where the prepared data lies; UsageError where there is none."""
        data = self.folder / "data"
        if not (data / "audit.json").is_file():
            raise UsageError(
                "runs.not-prepared",
                _("There is no prepared data in {path}.").format(path=self.folder),
                hint=_("Run `laras prepare` or `laras run` first."),
            )
        return data

    def stories(self, wanted: str, most: int) -> list[Story]:
        """The records that ``wanted`` names, with all that became of them."""
        from laras.preparation.story import stories

        return stories(self.data, wanted, most)

    def ledger(self, wanted: str | None, most_places: int) -> list[LedgerGroup]:
        """What left or was cut, by reason, each with its first ``most_places`` places.

        ``wanted``: a reason, a stage, a file or folder, or a source; None: all. Raises
        :class:`UsageError` where there is nothing of it.
        """
        from laras.preparation.ledger_view import ledger_entries, ledger_groups

        data = self.data
        if wanted is None:
            return ledger_groups(ledger_entries(data), most_places)
        groups = ledger_groups(self._entries_of(wanted), most_places)
        if groups:
            return groups
        known = {group.reason for group in ledger_groups(ledger_entries(data), 0)}
        close = difflib.get_close_matches(wanted.lower(), known, n=1)
        names = ", ".join(sorted(known)) or _("none")
        raise UsageError(
            "preparation.not-in-ledger",
            _("Nothing in the ledger has {wanted!r} as its reason, file or source.").format(
                wanted=wanted
            ),
            hint=_("Did you mean {name!r}?").format(name=close[0])
            if close
            else _("Reasons in it: {names}").format(names=names),
        )

    def _entries_of(self, wanted: str) -> Iterator[Rejection]:
        """Entries with the reason, stage, file or source ``wanted``."""
        from laras.preparation.ledger_view import ledger_entries
        from laras.preparation.wanted import WantedPlace

        places = [WantedPlace(name, self.data) for name in (wanted, *self._paths_of(wanted))]
        for entry in ledger_entries(self.data):
            if wanted.lower() in (entry.reason, entry.stage) or any(
                is_meant(entry.path, entry.locator) for is_meant in places
            ):
                yield entry

    def _paths_of(self, name: str) -> list[str]:
        """The paths of the source that the recipe calls ``name``."""
        data = load_recipe(self.folder / "recipe.yaml").recipe.data
        sources = [*data.sources, *(data.test or ()), *(data.validation or ())]
        return [path for source in sources if source.name == name for path in source.paths]

    def recount(self) -> list[Count]:
        """Every count of the account, made again from the files."""
        from laras.preparation.recount import recount

        return recount(self.data)

    def rows(self, split: Split, most: int) -> list[Example]:
        """``most`` examples of a split, evenly spaced."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        from laras.records import examples_from

        file = pq.ParquetFile(self.data / f"{split}.parquet")
        count = file.metadata.num_rows
        every = max(1, count // most)
        wanted = list(range(0, count, every))[:most]
        found: list[Example] = []
        first = 0
        for batch in file.iter_batches(batch_size=2000):
            inside = [row - first for row in wanted if first <= row < first + batch.num_rows]
            first += batch.num_rows
            if inside:
                taken = batch.take(pa.array(inside, pa.int64()))
                found += examples_from(pa.Table.from_batches([taken]))
        return found

    def tokens(self, examples: list[Example]) -> Iterator[list[list[ShownToken]]]:
        """The tokens of each example, as the run's model and template make them."""
        from laras.batches.shown import shown_tokens
        from laras.models.load import read_text_side

        run = Run.read(self.folder)
        origin = run.read_json("origin.json") or {}
        section = load_recipe(self.folder / "recipe.yaml").recipe.model
        side = read_text_side(section, Path(str(origin.get("recipe_folder", self.folder))))
        for example in examples:
            yield shown_tokens(example, side.tokenizer, side.template, side.context)


def write_shown(run: Run, audit: dict[str, Any]) -> None:
    """Keep the samples of the audit with their story and tokens, for the report."""
    from laras.preparation.story import tell

    inspector = Inspector(run.folder)
    wanted = {
        row["example_id"]: row["spans"][0]["record_id"]
        for rows in audit["samples"].values()
        for row in rows
        if row["spans"]
    }
    told = {story.record_id: story for story in tell(inspector.data, set(wanted.values()))}
    found = [
        (told[record_id], split, example)
        for name, record_id in wanted.items()
        for split, example in told[record_id].examples
        if example.example_id == name
    ]
    tokens = inspector.tokens([example for _story, _split, example in found])
    run.write_json(
        SHOWN_FILE,
        [_as_json(*each, windows) for each, windows in zip(found, tokens, strict=True)],
    )


def changes(before: str, after: str, most: int) -> list[str]:
    """At most ``most`` lines that differ: "-" taken out, "+" put in.

    Of very long texts only the beginning is compared: the comparison is quadratic.
    """
    left, right = (text.splitlines()[:_MOST_LINES] for text in (before, after))
    lines = difflib.unified_diff(left, right, lineterm="", n=0)
    differing = (line for line in islice(lines, 2, None) if not line.startswith("@@ "))
    return list(islice(differing, most))


def _as_json(
    story: Story, split: Split, example: Example, windows: list[list[ShownToken]]
) -> dict[str, Any]:
    return {
        "example_id": example.example_id,
        "task": example.task,
        "split": split,
        "path": story.path,
        "locator": story.locator,
        "source": example.source,
        "language": story.language,
        "flags": list(story.flags),
        "before": None if story.before is None else redacted(story.before)[:_LONGEST_TEXT],
        "changes": []
        if story.before is None or story.after is None
        else changes(story.before, story.after, _MOST_CHANGES),
        "ledger": [[row.stage, row.reason, row.detail] for row in story.ledger],
        "tokens": [[token.text, token.trained, token.control] for token in (windows or [[]])[0]],
        "windows": len(windows),
    }
