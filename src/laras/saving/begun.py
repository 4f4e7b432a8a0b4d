"""A training that was begun: what with, and whether that is still what the recipe asks for.

Checkpoints of a training that is not finished hold work that may have taken days. Where the
recipe or its data has changed since, neither going on nor beginning anew is what was asked for:
the training is refused, naming what has changed. Of some changes it is clear what going on means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from laras.errors import StorageFailed, UsageError
from laras.preparation.inputs import CONTENT
from laras.runs.atomic import remove_folder
from laras.runs.failures import storage_errors
from laras.runs.folder import Run
from laras.runs.progress import Progress
from laras.translation import _

OnChange = Literal["refuse", "allow", "restart"]

FILE = "training.json"
# A checkpoint goes on with another value of these: no tensor gets another shape or meaning, and
# the rows of every step stay the same.
SAFE = frozenset(
    {
        *("learning_rate", "weight_decay", "warmup_share", "schedule", "layer_decay"),
        "decay_share",
        *("max_gradient_norm", "embedding_noise", "patience", "validations_per_epoch"),
        "non_finite_limit",
    }
)
_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """A training as it is asked for now. ``key``: the hash of all that decides its weights;
    ``settings``: the same by name, as JSON holds it; ``on_change``: what becomes of one that was
    begun with something else."""

    contender: str
    key: str
    settings: Mapping[str, Any]
    on_change: OnChange


@dataclass(frozen=True, slots=True)
class Change:
    """A setting that is no longer what the training was begun with."""

    field: str
    before: Any
    after: Any

    @property
    def is_safe(self) -> bool:
        """Whether a checkpoint may go on with it."""
        section, _dot, name = self.field.rpartition(".")
        return name in SAFE and section not in ("data", "preparation", "model")

    @property
    def in_words(self) -> str:
        """The field with both values, where people can read them."""
        if any(isinstance(value, str) and len(value) == 64 for value in (self.before, self.after)):
            return self.field  # hashes
        return _("{field} (was {before}, is {after})").format(
            field=self.field, before=_short(self.before), after=_short(self.after)
        )


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs between two such settings, the cause rather than its hash."""
    found = [
        Change(field, before.get(field), after.get(field))
        for field in dict.fromkeys((*after, *before))
        if before.get(field) != after.get(field)
    ]
    causes = [change for change in found if change.field != "data"]
    is_explained = any(
        change.field.startswith(("data.", "preparation.", CONTENT)) for change in causes
    )
    return causes if is_explained else found


def refuse_changed(asked: Asked, run: Run) -> list[Change]:
    """UsageError where the contender's training was begun with something else, and going on is
    neither wished nor safe. Returns what was changed and may be."""
    found = _changed(asked, run)
    if not found or asked.on_change == "restart":
        return found
    unsafe = [change for change in found if not change.is_safe]
    if asked.on_change == "allow" and not unsafe:
        return found
    name, folder = asked.contender, run.contender(asked.contender)
    again = _(
        "Put it back; or name another folder with --run; or delete what was begun: "
        "laras runs clean {run} --begun --yes."
    ).format(run=run.folder)
    if not unsafe:
        again = _("--allow-change goes on from the checkpoint with the new value.") + "\n" + again
    elif asked.on_change == "allow":
        again = _("A checkpoint can't go on with: {fields}.").format(fields=_named(unsafe)) + (
            f"\n{again}"
        )
    raise UsageError(
        "tuning.changed",
        _("The training of {name} was begun with something else: {fields}.").format(
            name=name, fields=_named(found)
        ),
        where=str(folder),
        hint=again,
    )


def key_of_begun(asked: Asked, run: Run, progress: Progress) -> str:
    """The key that the contender's checkpoints bear, of the training that goes on or begins.

    One that begins takes the key of what is asked for. One whose settings were changed on the way
    keeps the key of its beginning; the change is recorded. Raises what :func:`refuse_changed`
    raises, and StorageFailed for links.
    """
    name, key = asked.contender, asked.key
    refuse_links(run.contender(name))
    record = {"key": key, "for": key, "settings": asked.settings, "changed": []}
    before = _record(name, run)
    if before is not None and _checkpoints(name, run):
        found = refuse_changed(asked, run)
        if not found and before["for"] == key:
            return str(before["key"])
        # Only what is known to be finished goes. Checkpoints of anything else are refused by who
        # would go on from them.
        if not found and _is_finished(before, name, run):
            _drop(name, run)
        elif found and asked.on_change == "restart":
            progress.note(
                _("{name} begins again from the start: its settings or data have changed.").format(
                    name=name
                )
            )
            _drop(name, run)
        elif found:
            changed = [*before.get("changed", ()), *(asdict(change) for change in found)]
            record = {**record, "key": before["key"], "changed": changed}
            run.event("training_changed", contender=name, fields=[each.field for each in found])
            progress.note(
                _("{name} goes on with another setting: {fields}.").format(
                    name=name, fields=_named(found)
                )
            )
    run.write_json(f"contenders/{name}/{FILE}", record)
    return str(record["key"])


def changed_on_the_way(run: Run, contender: str) -> list[str]:
    """The fields that got another value while the contender was trained."""
    record = _record(contender, run) or {}
    return [str(each.get("field")) for each in record.get("changed", ()) if isinstance(each, dict)]


def refuse_links(folder: Path) -> None:
    """StorageFailed where a training's files are links: they would be read, and overwritten,
    somewhere else."""
    with storage_errors(folder):
        for path in (folder / "checkpoints", *folder.glob("checkpoints/*"), *folder.glob("*")):
            if path.is_symlink():
                raise StorageFailed(
                    "runs.outside",
                    _("This path leads out of the run folder."),
                    where=str(path),
                    hint=_("Delete the link."),
                )


def _changed(asked: Asked, run: Run) -> list[Change]:
    """Nothing where nothing was begun, or what was begun is finished."""
    name = asked.contender
    before = _record(name, run)
    if before is None or not _checkpoints(name, run):
        return []
    found = changes(before["settings"], asked.settings)
    return [] if found and _is_finished(before, name, run) else found


def _is_finished(record: Mapping[str, Any], name: str, run: Run) -> bool:
    """Whether the training of ``record`` was, and only the removal of its checkpoints was not."""
    stage = run.finished_stage(f"tune-{name}")
    return stage is not None and stage.key == record["for"]


def _record(name: str, run: Run) -> dict[str, Any] | None:
    record = run.read_json(f"contenders/{name}/{FILE}")
    wanted = {"key": str, "for": str, "settings": dict}
    if isinstance(record, dict) and all(isinstance(record.get(k), t) for k, t in wanted.items()):
        changed = record.get("changed")
        return {**record, "changed": changed if isinstance(changed, list) else []}
    return None


def _checkpoints(name: str, run: Run) -> bool:
    return any((run.contender(name) / "checkpoints").glob("step-*"))


def _drop(name: str, run: Run) -> None:
    folder = run.contender(name) / "checkpoints"
    with storage_errors(folder):
        remove_folder(folder)


def _named(found: list[Change]) -> str:
    words = [change.in_words for change in found[:_MOST_NAMED]]
    if len(found) > _MOST_NAMED:
        words.append(_("and {count} more").format(count=len(found) - _MOST_NAMED))
    return ", ".join(words)


def _short(value: Any) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
