"""A contender's adapter and its base as one model, which loads without peft and without Laras."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from laras.adapters.merging import MergeDifference, merge
from laras.adapters.methods import ADAPTERS
from laras.contenders.obtain import check_files, with_template
from laras.delivery.contender import open_contender
from laras.devices.choice import best_device
from laras.errors import UsageError
from laras.models.classifier import labels_of
from laras.models.save import save_model
from laras.recipe.unread import TUNED_KINDS, VIRTUAL_KINDS
from laras.report.model_card import CARD, merged_card
from laras.runs.atomic import publish_folder
from laras.runs.failures import storage_errors
from laras.translation import _


def write_merged(run_folder: Path, contender: str, folder: Path) -> MergeDifference:
    """Write the merged model, in float32, and its card to the new ``folder``; returns what merging
    changed.

    UsageError where the contender is no adapter or ``folder`` is there already; else what
    :func:`laras.adapters.merging.merge` raises.
    """
    opened = open_contender(run_folder, contender)
    own = opened.run.contender(contender) / "model"
    if opened.contender.kind not in ADAPTERS:
        raise UsageError(
            "merge.no-adapter",
            _("The contender {name!r} has no adapter to merge.").format(name=contender),
            where=str(run_folder),
            hint=_hint(opened.contender.kind, own),
        )
    if folder.exists():
        raise UsageError(
            "merge.folder-exists",
            _("The folder is there already."),
            where=str(folder),
            hint=_("Name one that is not; nothing is overwritten."),
        )
    check_files(contender, own, opened.run)
    merged = merge(
        with_template(opened.model, own),
        opened.recipe_folder,
        own,
        best_device(),
        opened.contender.quantised,
        labels_of(own),
    )
    loaded = merged.loaded
    temporary = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.tmp")
    try:
        with storage_errors(folder):
            save_model(loaded.model, loaded.tokenizer, loaded.template, temporary)
            _bring_card(own.with_name(CARD), temporary)
            publish_folder(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return merged.difference


def _hint(kind: str, own: Path) -> str | None:
    """Where the files of a contender that has no adapter lie, and what they are."""
    if kind in VIRTUAL_KINDS:
        return _(
            "What it has learnt stands before the base's input; peft puts it there: {folder}"
        ).format(folder=own)
    if kind in TUNED_KINDS:
        return _("A tuned model is whole as it is: {folder}").format(folder=own)
    return None


def _bring_card(card: Path, folder: Path) -> None:
    """The contender's card, which is only there once it was judged, for the merged model."""
    if card.is_file():
        (folder / CARD).write_text(merged_card(card.read_text(encoding="utf-8")), encoding="utf-8")
