"""Where the files lie that the model section of a recipe names."""

from __future__ import annotations

from pathlib import Path

from laras.recipe.schema import ModelSection


def named_path(text: str, folder: Path) -> Path:
    """A path as a recipe in ``folder`` writes it: relative to there, ``~`` for somebody's home."""
    try:
        return folder / Path(text).expanduser()
    except RuntimeError:  # nobody is called that
        return folder / text


def template_file(section: ModelSection, folder: Path) -> Path | None:
    """The file of ``model.chat_template``; None where the recipe names none."""
    return None if section.chat_template is None else named_path(section.chat_template, folder)
