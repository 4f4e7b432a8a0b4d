"""A model whose template has no system role takes an instruction in the first user message."""

from __future__ import annotations

from dataclasses import replace

from laras.errors import ModelRefused
from laras.models.load import LoadedModel
from laras.models.template import ChatTemplate
from laras.records import Message

_PROBE = (
    Message("system", "instruction", trained=False),
    Message("user", "question", trained=False),
)


def with_system_role(loaded: LoadedModel) -> LoadedModel:
    """``loaded``, with system messages put before the first user message if its template takes
    none.

    That is done where messages are encoded, after a conversation that is too long was cut: so an
    instruction stays, whichever message is the first one then.
    """
    try:
        loaded.template.encode_prompt(_PROBE)
    except ModelRefused:
        merging = ChatTemplate(loaded.template.text, loaded.tokenizer, system_message="merge")
        return replace(loaded, template=merging)
    return loaded
