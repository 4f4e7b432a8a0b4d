"""What people call groups, axes and languages; nothing here loads a library for models."""

from __future__ import annotations

from collections.abc import Mapping

from laras.checks.counterparts import read
from laras.translation import _, language


def axis_name(axis: str) -> str:
    """What people call an axis."""
    names = {
        "gender": _("gender"),
        "religion": _("religion"),
        "ethnicity": _("ethnicity"),
        "region": _("region of origin"),
    }
    return names.get(axis, axis)


def group_name(group: str) -> str:
    """What people call a group, in the language in use."""
    names: Mapping[str, Mapping[str, str]] = read("bias_sentences.json")["groups"]
    return names.get(group, {}).get(language(), group)


def language_name(code: str | None) -> str:
    """What people call a language that there is material in; the code of any other."""
    return {"en": _("English"), "id": _("Indonesian")}.get(code or "", code or "")
