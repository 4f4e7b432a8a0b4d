"""From what the recipe calls ``model.base`` to a model that can be trained or asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, PreTrainedModel
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from laras.errors import ModelRefused, is_out_of_memory
from laras.models.classifier import HEAD, check_family, describe_labels, labels_of, padding_id
from laras.models.configuration import library_configuration
from laras.models.inspection import check_parameter_count, check_safetensors, inspect_folder
from laras.models.new_tokens import add_rows, new_ids, with_new_tokens
from laras.models.places import named_path, template_file
from laras.models.quantised import BY_LIBRARY, loading_arguments, require_support, settle
from laras.models.quiet import quiet
from laras.models.snapshot import snapshot
from laras.models.template import ChatTemplate
from laras.models.template_process import templates
from laras.models.tokenizer import Tokenizer
from laras.recipe.schema import ModelSection
from laras.runs.redaction import logger
from laras.translation import _

STARTER = Path(__file__).parent / "starter"
_LEAST_CONTEXT = 16  # as in the recipe
DEFAULT_CONTEXT = 1024
_CONTEXT_KEYS = (
    "max_position_embeddings",
    "n_positions",
    "max_sequence_length",
    "n_ctx",
    "seq_length",
)
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_logger = logger(__name__)


@dataclass(frozen=True)
class LoadedModel:
    """A model with all that belongs to it. ``context``: longest example in tokens; ``new_ids``:
    ids of the recipe's new tokens."""

    model: PreTrainedModel
    tokenizer: Tokenizer
    template: ChatTemplate
    folder: Path
    context: int
    name: str
    new_ids: tuple[int, ...] = ()


def resolve_model(section: ModelSection, folder: Path) -> Path:
    """The folder of ``model.base``: the starter, a local folder, or a hub id's snapshot.

    Relative paths count from the recipe's ``folder``. The network is used only where
    ``model.download`` says so. :class:`ModelRefused` where the model is not there.
    """
    base = section.base
    if base == "starter":
        if not (STARTER / "config.json").is_file():
            raise ModelRefused(
                "model.starter-missing",
                _("This installation came without the starter model."),
                hint=_("Give model.base a folder or a hub id."),
            )
        return STARTER
    path = named_path(base, folder)
    if path.is_dir():
        return path.resolve()
    looks_like_path = base.startswith((".", "/", "~")) or path.exists()
    if looks_like_path or not _HUB_ID.fullmatch(base):
        raise ModelRefused(
            "model.not-a-folder",
            _("There is no model folder {path}.").format(path=path),
            hint=_("model.base is `starter`, a folder, or a hub id such as `owner/name`."),
        )
    return snapshot(section)


@dataclass(frozen=True)
class TextSide:
    """What turns messages into ids and back; ``configuration``: of the model, inspected."""

    tokenizer: Tokenizer
    template: ChatTemplate
    context: int
    source: Path
    configuration: dict[str, Any]


def read_text_side(section: ModelSection, folder: Path) -> TextSide:
    """The tokenizer and the template of what ``section`` names, without its weights.

    Raises what :func:`load_model` raises about them.
    """
    source = resolve_model(section, folder)
    configuration = inspect_folder(source)
    templates().start()  # while the tokenizer is read
    tokenizer = with_new_tokens(Tokenizer.from_folder(source), section.new_tokens)
    template = ChatTemplate.from_folder(
        source,
        tokenizer,
        file=template_file(section, folder),
        system_message=section.system_message,
    )
    context = context_of(SimpleNamespace(**configuration), section)
    return TextSide(tokenizer, template, context, source, configuration)


def load_model(
    section: ModelSection,
    folder: Path,
    *,
    device: torch.device | None = None,
    dtype: torch.dtype = torch.float32,
    trainable: bool = False,
    quantised: str | None = None,
    compute: torch.dtype = torch.float32,
    labels: Sequence[str] | None = None,
) -> LoadedModel:
    """Load what ``section`` names, seen from the recipe's ``folder``.

    The folder is inspected first; code that comes with a model is never run. ``trainable``: in
    training mode with gradients; else in evaluation mode without. ``quantised``: hold the matrices
    of the blocks so (they have no gradients then) and multiply in ``compute``. ``labels``: as a
    classifier of these, whose head is new where the files have none.
    :class:`UsageError` where this machine can't do that, :class:`ModelRefused` where the model is
    absent, unsafe, of unknown type or incomplete.
    """
    side = read_text_side(section, folder)
    arguments: dict[str, Any] = {}
    if quantised is not None:
        place = device or torch.device("cpu")
        require_support(quantised, place)
        if quantised in BY_LIBRARY:
            arguments = loading_arguments(quantised, place, compute)
    pad_id = 0 if labels is None else padding_id(side.tokenizer, side.template)
    head = None if labels is None else (labels, pad_id)
    model = _load_weights(side.source, side.configuration, dtype, arguments, head)
    known = Tokenizer.from_folder(side.source).highest_id
    if side.tokenizer.highest_id > known:
        add_rows(model, known + 1, side.tokenizer.highest_id - known)
    _check_vocabulary(model, side.tokenizer, side.source)
    if arguments:
        settle(model, str(side.source))
    elif device is not None:
        model.to(device)
    model.train(trainable)
    model.requires_grad_(trainable and not arguments)
    return LoadedModel(
        model,
        side.tokenizer,
        side.template,
        side.source,
        context_of(model.config, section),
        _name(section.base),
        tuple(new_ids(side.tokenizer, section.new_tokens)),
    )


def context_of(configuration: Any, section: ModelSection) -> int:
    """What the recipe asks for (else 1,024 tokens), at most what the model supports."""
    wanted = section.context or DEFAULT_CONTEXT
    return min(wanted, supported_context(configuration) or wanted)


def supported_context(configuration: Any) -> int | None:
    """The longest text in tokens that a model was made for; None where it does not say."""
    supported = (getattr(configuration, key, None) for key in _CONTEXT_KEYS)
    return min((most for most in supported if isinstance(most, int) and most > 0), default=None)


def context_behind(loaded: LoadedModel, count: int) -> int:
    """The most tokens of an example that has ``count`` virtual tokens before it. ModelRefused where
    they leave no room for one."""
    supported = supported_context(loaded.model.config)
    context = loaded.context if supported is None else min(loaded.context, supported - count)
    if context < _LEAST_CONTEXT:
        raise ModelRefused(
            "model.no-room-for-prompt",
            _("{name} has no room for {count} virtual tokens before an example.").format(
                name=loaded.name, count=count
            ),
            hint=_("Lower virtual_tokens."),
        )
    return context


def _load_weights(
    source: Path,
    configuration: dict[str, Any],
    dtype: torch.dtype,
    quantising: dict[str, Any],
    head: tuple[Sequence[str], int] | None,
) -> Any:
    model_type = configuration["model_type"]
    # By name: going through the mapping itself would import every family's configuration.
    if model_type not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        raise ModelRefused(
            "model.unknown-type",
            _("Models of type {name!r} are not known here as text generators.").format(
                name=model_type
            ),
            where=str(source / "config.json"),
            hint=_("A newer version of transformers may know it."),
        )
    try:
        with quiet():
            settings = library_configuration(configuration)
            kind = AutoModelForCausalLM
            if head is not None:
                check_family(model_type)
                kind = AutoModelForSequenceClassification
                describe_labels(settings, *head)
            with torch.device("meta"):
                shapes = kind.from_config(settings, trust_remote_code=False)
            check_parameter_count(
                source, shapes.num_parameters(), sum(each.numel() for each in shapes.buffers())
            )
            model, report = kind.from_pretrained(
                source,
                config=settings,
                dtype=dtype,
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
                **quantising,
            )
    except ModelRefused:
        raise
    except Exception as error:  # whatever a library makes of a bad configuration
        if is_out_of_memory(error):
            raise
        raise ModelRefused(
            "model.not-loadable",
            _("The model can't be loaded: {reason}").format(reason=_useful_lines(error)),
            where=str(source),
        ) from error
    missing = sorted(map(str, report["missing_keys"])) + sorted(
        str(each[0] if isinstance(each, tuple) else each) for each in report["mismatched_keys"]
    )
    if head is not None and labels_of(source) is None:
        missing = [name for name in missing if name != f"{HEAD}.weight"]  # of a base: new
    if missing:
        raise ModelRefused(
            "model.weights-missing",
            _("Weights are missing or of another shape: {names}").format(
                names=", ".join(missing[:5])
            ),
            where=str(source),
            hint=_("The files and config.json do not belong together; get the model again."),
        )
    if report["unexpected_keys"]:
        unused = sorted(map(str, report["unexpected_keys"]))
        held = sum(len(check_safetensors(path)) for path in source.glob("*.safetensors"))
        if 2 * len(unused) > held:
            raise ModelRefused(
                "model.weights-unused",
                _(
                    "The model uses less than half of the weights in its files; unused: {names}"
                ).format(names=", ".join(unused[:5])),
                where=str(source),
                hint=_("The files and config.json do not belong together; get the model again."),
            )
        _logger.warning(
            "%s: %d weights in the files are not used: %s", source, len(unused), unused[:5]
        )
    return model if quantising else model.to(dtype)


def _useful_lines(error: Exception) -> str:
    """The first lines of a message that say something, on one line."""
    lines = [" ".join(line.split()) for line in str(error).splitlines()]
    return " ".join([line for line in lines if line][:3]) or type(error).__name__


def _check_vocabulary(model: Any, tokenizer: Tokenizer, source: Path) -> None:
    rows = model.get_input_embeddings().weight.shape[0]
    if tokenizer.highest_id >= rows:
        raise ModelRefused(
            "model.tokenizer-too-large",
            _("The tokenizer has ids up to {highest}, the model only {rows} rows.").format(
                highest=tokenizer.highest_id, rows=rows
            ),
            where=str(source),
        )


def _name(base: str) -> str:
    return Path(base).name if base.startswith((".", "/", "~")) else base
