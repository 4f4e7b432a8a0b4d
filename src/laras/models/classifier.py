"""A model with a classification head, in the files that transformers and peft know.

transformers calls the head ``score`` in every family that it has a class for, and reads the last
position that is not the padding token; ``config.json`` has the labels. Beside an adapter lies a
``config.json`` too: peft's own configuration has no place for labels.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification, PreTrainedModel
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES

from laras.errors import ModelRefused
from laras.models.quiet import quiet
from laras.translation import _

if TYPE_CHECKING:
    from laras.models.template import ChatTemplate
    from laras.models.tokenizer import Tokenizer

HEAD = "score"
_SUFFIX = "ForSequenceClassification"


def labels_of(folder: Path) -> tuple[str, ...] | None:
    """The labels of the head that the model or adapter in ``folder`` has, in order; None where it
    has none."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        if not str((config.get("architectures") or [""])[0]).endswith(_SUFFIX):
            return None
        named = {int(number): str(label) for number, label in config["id2label"].items()}
        return tuple(named[number] for number in range(len(named)))
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None


def check_family(model_type: str) -> None:
    """ModelRefused where transformers has no class for models of this type with a head."""
    if model_type not in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES:
        raise ModelRefused(
            "model.no-classifier",
            _("transformers has no classifier for models of type {name!r}.").format(
                name=model_type
            ),
            hint=_("Leave `objective: classification` out: the model then writes the labels."),
        )


def padding_id(tokenizer: Tokenizer, template: ChatTemplate) -> int:
    """The id that batches of prompts are filled up with: the first special token that no prompt
    ends with, since the head reads the last position that is not this id."""
    from laras.records import Message

    last = template.encode_prompt([Message("user", "question", trained=False)])[-1]
    ids = [*sorted(tokenizer.eos_ids), *sorted(tokenizer.control_ids)]
    return next((number for number in ids if number != last), int(last == 0))


def describe_labels(config: Any, labels: Sequence[str], pad_id: int) -> None:
    """Write into a configuration of transformers what a classifier's says."""
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: number for number, label in enumerate(labels)}
    config.problem_type = "single_label_classification"
    for part in (config, config.get_text_config()):
        part.pad_token_id = pad_id


def as_classifier(causal: PreTrainedModel, labels: Sequence[str], pad_id: int) -> PreTrainedModel:
    """The classifier that shares the weights of ``causal``, to which a head was added: to be saved,
    and not to be run, for it has none of the buffers that no file holds."""
    config = copy.deepcopy(causal.config)
    describe_labels(config, labels, pad_id)
    with quiet(), torch.device("meta"):
        model: PreTrainedModel = AutoModelForSequenceClassification.from_config(config)
    missing, _unused = model.load_state_dict(causal.state_dict(), strict=False, assign=True)
    if missing:
        raise ModelRefused(
            "model.no-classifier",
            _("Weights of the classifier have other names than the model's: {names}").format(
                names=", ".join(missing[:5])
            ),
        )
    return model


def add_to_adapter(
    folder: Path, causal: PreTrainedModel, labels: Sequence[str], pad_id: int
) -> None:
    """Make the adapter saved in ``folder`` one of a classifier: the head is a module that is saved
    whole beside it, and the configuration says the labels."""
    file = folder / "adapter_model.safetensors"
    tensors = load_file(file)
    head = causal.get_submodule(HEAD)
    assert isinstance(head.weight, torch.Tensor)
    tensors[f"base_model.model.{HEAD}.weight"] = head.weight.detach().cpu().contiguous()
    save_file(tensors, file, metadata={"format": "pt"})
    path = folder / "adapter_config.json"
    settings = json.loads(path.read_text("utf-8"))
    settings.update(task_type="SEQ_CLS", modules_to_save=[HEAD])
    path.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", "utf-8")
    config = copy.deepcopy(causal.config)
    describe_labels(config, labels, pad_id)
    named = transformers.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING[type(config)]
    config.architectures = [named.__name__]
    config.save_pretrained(folder)
