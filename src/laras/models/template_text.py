"""Where a model's chat template comes from, and the one for models that have none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from laras.errors import ModelRefused
from laras.models.tokenizer import Tokenizer
from laras.translation import _

_MOST_BYTES = 1 << 20

# For base models without a template. A role line counts only right after a control token, and
# contents never hold one, so that no text can pass for another speaker.
_PLAIN_TEMPLATE = (
    "{% for message in messages %}"
    "{{ ('' if loop.first else '\\n') + message['role'] | capitalize + ':\\n' "
    "+ message['content'] + END }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '\\nAssistant:\\n' }}{% endif %}"
)


def template_text(folder: Path, tokenizer: Tokenizer, file: Path | None = None) -> str:
    """``file`` if given, else chat_template.jinja, else tokenizer_config.json's, else ours."""
    path = folder / "chat_template.jinja" if file is None else file
    if file is not None or path.is_file():
        return read_template(path)
    return _configured(tokenizer.chat_template, tokenizer.where) or plain_template(tokenizer)


def plain_template(tokenizer: Tokenizer) -> str:
    """The template for a base model without one; the end is its end token, else its beginning."""
    end = "eos_token" if tokenizer.eos_id is not None else "bos_token"
    bos = "{{ bos_token }}" if tokenizer.adds_bos else ""
    return bos + _PLAIN_TEMPLATE.replace("END", end)


def read_template(path: Path) -> str:
    """The template in a file; :class:`ModelRefused` where there is none that can be read."""
    try:
        if path.exists() and not path.is_file():  # a device may have no end
            raise OSError(_("it is not a file"))
        with path.open("rb") as file:  # the template's own limit is asked where it is compiled
            text = file.read(_MOST_BYTES).decode("utf-8")
        return text.replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelRefused(
            "model.template-unreadable",
            _("The chat template can't be read: {reason}").format(reason=error),
            where=str(path),
        ) from error


def _configured(template: Any, where: str) -> str | None:
    """Text from tokenizer_config.json: one template, or a list of named ones."""
    found = template
    if isinstance(template, list):
        named = {
            str(entry.get("name")): entry.get("template")
            for entry in template
            if isinstance(entry, dict)
        }
        found = named.get("default") or next(iter(named.values()), None)
    if template not in (None, []) and not isinstance(found, str):
        raise ModelRefused(
            "model.template-unreadable",
            _("The chat template can't be read: {reason}").format(reason=_("it is not a text")),
            where=f"{where}/tokenizer_config.json",
        )
    return found or None
