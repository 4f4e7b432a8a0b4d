"""A model of the hub: from this machine's cache, or fetched where the recipe allows it."""

from __future__ import annotations

from pathlib import Path

from laras.errors import ModelRefused
from laras.models.quiet import quiet
from laras.recipe.schema import ModelSection
from laras.translation import _

_FETCHED = [
    *("*.safetensors", "*.json", "*.jinja", "tokenizer.model", "merges.txt", "vocab.txt"),
    *("README.md", "LICENSE*"),  # which say under what terms the model may be used
]


def snapshot(section: ModelSection) -> Path:
    """The folder of the hub id ``model.base``; ModelRefused where it can't be had."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        with quiet():
            found = snapshot_download(
                section.base,
                revision=section.revision,
                allow_patterns=_FETCHED,
                local_files_only=not section.download,
            )
    except LocalEntryNotFoundError as error:
        if section.download:
            hint = _("Check the connection, or give model.base a local folder.")
        else:
            hint = _("Set `model.download: true` to fetch it, or give model.base a local folder.")
        raise ModelRefused(
            "model.not-downloaded",
            _("The model {name!r} is not on this machine.").format(name=section.base),
            hint=hint,
        ) from error
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise ModelRefused(
            "model.download-failed",
            _("The model {name!r} can't be fetched: {reason}").format(
                name=section.base, reason=str(error).strip().splitlines()[0]
            ),
            hint=_("Check its name, its revision and your access."),
        ) from error
    return Path(found)
