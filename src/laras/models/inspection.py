"""What must hold of a model's folder before any library opens it.

Weights are safetensors, never pickle, and their headers tell the truth. ``config.json`` holds
no key that makes a library run code or fetch it.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from laras.errors import ModelRefused
from laras.models.foreign_weights import refuse_without_safetensors
from laras.translation import _

_HEADER_BYTES = 100_000_000
_CONFIG_BYTES = 10_000_000
_ELEMENT_BITS = {
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "I64": 64, "I32": 32, "I16": 16, "I8": 8,
    "U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8, "F8_E4M3": 8, "F8_E5M2": 8,
    "F8_E8M0": 8, "C64": 64,
}  # fmt: skip
# Keys that name code, or what to fetch it with; any key that begins with an underscore is
# refused as well, but for these records of where a configuration came from.
_CODE_KEYS = (
    "auto_map",
    "trust_remote_code",
    "custom_pipelines",
    "custom_generate",
    "attn_implementation",
    "experts_implementation",
    "use_kernels",
    "kernel_config",
)
_HARMLESS = ("_name_or_path", "_from_model_config", "_commit_hash", "_diffusers_version")
_LIMITS = {
    **{"layers": 1000, "layer": 1000, "heads": 65_536, "head": 65_536, "experts": 65_536},
    **{"position": 2**26, "positions": 2**26, "ctx": 2**26},
}
_SIZE_LIMIT = 2**24
_MOST_EXPERTS = 2**17  # of all layers together: each may be a module of its own
_PARAMETER_SLACK = 1.5  # tied weights stand once in the file and twice in the shapes
_BUFFER_SLACK = 2**28  # elements; old families keep a mask of all positions by all positions
_MOST_DIMENSIONS, _LARGEST_NUMBER = 16, 2**62
_FLOATS = {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan}


def inspect_folder(folder: Path) -> dict[str, Any]:
    """The model's configuration, once all checks passed; :class:`ModelRefused` else."""
    weights = sorted(folder.glob("*.safetensors"))
    of_adapter = [path for path in weights if path.name.startswith("adapter_model")]
    has_adapter = (folder / "adapter_config.json").is_file()
    if has_adapter and len(of_adapter) == len(weights):
        raise ModelRefused(
            "model.adapter-alone",
            _("This folder holds an adapter, not a model."),
            where=str(folder),
            hint=_("Merge it into its base model first."),
        )
    if not weights:
        refuse_without_safetensors(folder)
    if has_adapter:  # the library would load it over the model, unasked
        raise ModelRefused(
            "model.adapter-beside",
            _("An adapter lies in the model's folder."),
            where=str(folder / "adapter_config.json"),
            hint=_("Merge it into the model, or move it to a folder of its own."),
        )
    configuration = read_configuration(folder)
    for path in weights:
        check_safetensors(path)
    _check_index(folder, {path.name for path in weights})
    return configuration


def check_adapter(folder: Path) -> None:
    """:class:`ModelRefused` where an adapter's weights are no sound safetensors file, or where its
    configuration asks for a library by name."""
    weights, path = folder / "adapter_model.safetensors", folder / "adapter_config.json"
    if not weights.is_file():
        refuse_without_safetensors(folder)
    check_safetensors(weights)
    try:
        configuration = json.loads(path.read_text(encoding="utf-8"))
        imports = configuration.get("megatron_config") is not None
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise ModelRefused(
            "model.config-unreadable",
            _("{file} can't be read: {reason}").format(file=path.name, reason=error),
            where=str(path),
        ) from error
    if imports:
        raise _code_in_configuration(path, "megatron_config")


def read_configuration(folder: Path) -> dict[str, Any]:
    """``config.json``, refused where a key could bring in code or a size is absurd."""
    path = folder / "config.json"
    try:
        if path.stat().st_size > _CONFIG_BYTES:
            raise ValueError("too long")
        content = path.read_text(encoding="utf-8")
        configuration = json.loads(content, object_hook=_with_floats)
        if not isinstance(configuration, dict):
            raise ValueError("not a mapping")
        _check_keys(configuration, path)
        _check_experts(configuration, path)
    except (OSError, ValueError, RecursionError) as error:
        raise ModelRefused(
            "model.config-unreadable",
            _("config.json can't be read: {reason}").format(reason=error),
            where=str(path),
        ) from error
    if "quantization_config" in configuration:
        raise ModelRefused(
            "model.quantised",
            _("The model's weights are quantised."),
            where=str(path),
            hint=_("Tune the original model; quantise what comes out."),
        )
    if not isinstance(configuration.get("model_type"), str):
        raise ModelRefused(
            "model.no-type",
            _("config.json does not say which type of model it is."),
            where=str(path),
        )
    return configuration


def _with_floats(part: dict[str, Any]) -> Any:
    """As transformers writes a number that JSON has no word for: {"__float__": "Infinity"}."""
    return _FLOATS.get(str(part["__float__"]), part) if set(part) == {"__float__"} else part


def _check_experts(part: dict[str, Any], path: Path) -> None:
    """Layers and experts may each be allowed, and together be more modules than memory holds."""
    most = {"layers": 1, "experts": 1}
    for key, value in [*part.items(), *_items_below(part)]:
        for word in most:
            if word in key.split("_") and type(value) is int:
                most[word] = max(most[word], value)
    if most["layers"] * most["experts"] > _MOST_EXPERTS:
        raise ModelRefused(
            "model.absurd-size",
            _("config.json asks for {key} = {value}.").format(
                key="layers x experts", value=most["layers"] * most["experts"]
            ),
            where=str(path),
        )


def _items_below(part: dict[str, Any]) -> list[tuple[str, Any]]:
    return [item for value in part.values() if isinstance(value, dict) for item in value.items()]


def _check_keys(part: Any, path: Path) -> None:
    if isinstance(part, list):
        for item in part:
            _check_keys(item, path)
    if not isinstance(part, dict):
        return
    for key, value in part.items():
        underscored = key.startswith("_") and key not in _HARMLESS
        if (key in _CODE_KEYS or underscored) and value not in (None, False):
            raise _code_in_configuration(path, key)
        words = key.split("_")
        limit = _SIZE_LIMIT if "size" in words or "embd" in words else None
        limit = next((_LIMITS[word] for word in words if word in _LIMITS), limit)
        if limit and isinstance(value, int | float) and not 0 <= abs(value) <= limit:
            raise ModelRefused(
                "model.absurd-size",
                _("config.json asks for {key} = {value}.").format(key=key, value=value),
                where=str(path),
            )
        if key != "label2id":  # its keys are labels, which may be called anything
            _check_keys(value, path)


def _code_in_configuration(path: Path, key: str) -> ModelRefused:
    return ModelRefused(
        "model.code-in-config",
        _("{file} holds {key!r}, which can make a library run foreign code.").format(
            file=path.name, key=key
        ),
        where=str(path),
        hint=_("Laras runs only model types that transformers itself ships."),
    )


def check_safetensors(path: Path) -> dict[str, list[int]]:
    """Shapes by tensor name; :class:`ModelRefused` where the header does not fit the file."""
    try:
        return _shapes(path)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelRefused(
            "model.safetensors-broken",
            _("This is no sound safetensors file: {reason}").format(reason=error),
            where=str(path),
        ) from error


def _shapes(path: Path) -> dict[str, list[int]]:
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(_HEADER_BYTES, size - 8):
            raise ValueError(f"a header of {length} bytes in a file of {size}")
        header = json.loads(file.read(length))
    if not isinstance(header, dict):
        raise ValueError("the header is not a mapping")
    header.pop("__metadata__", None)
    ranges: list[tuple[int, int]] = []
    shapes: dict[str, list[int]] = {}
    for name, tensor in header.items():
        shape, (begin, end) = tensor["shape"], tensor["data_offsets"]
        numbers = [*shape, begin, end]
        if not all(type(number) is int and 0 <= number < _LARGEST_NUMBER for number in numbers):
            raise ValueError(f"{name}: shape or place is not a count")
        if len(shape) > _MOST_DIMENSIONS:  # else their product may take for ever
            raise ValueError(f"{name}: {len(shape)} dimensions")
        if math.prod(shape) * _ELEMENT_BITS[tensor["dtype"]] != (end - begin) * 8:
            raise ValueError(f"{name}: shape {shape} does not fill bytes {begin} to {end}")
        ranges.append((begin, end))
        shapes[name] = shape
    position = 0
    for begin, end in sorted(ranges):
        if begin != position:
            raise ValueError(f"tensors overlap or leave a gap at byte {begin}")
        position = end
    if position != size - 8 - length:
        raise ValueError(f"tensors fill {position} of {size - 8 - length} bytes")
    return shapes


def _check_index(folder: Path, present: set[str]) -> None:
    path = folder / "model.safetensors.index.json"
    if not path.is_file():
        return
    try:
        named = set(json.loads(path.read_text(encoding="utf-8"))["weight_map"].values())
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise ModelRefused(
            "model.index-broken",
            _("The index of the weights can't be read: {reason}").format(reason=error),
            where=str(path),
        ) from error
    absent = sorted(str(name) for name in named - present)
    if absent:
        raise ModelRefused(
            "model.weights-missing",
            _("Files of weights are missing: {files}").format(files=", ".join(absent[:5])),
            where=str(path),
            hint=_("Download the model again."),
        )


def parameters_in(folder: Path) -> int:
    """Elements of all tensors in the folder's files."""
    return sum(
        math.prod(shape)
        for path in folder.glob("*.safetensors")
        for shape in check_safetensors(path).values()
    )


def check_parameter_count(folder: Path, parameters: int, buffers: int = 0) -> None:
    """Refuse a configuration that describes far more parameters than the files hold, or buffers
    (numbers that the model computes and keeps) beyond all measure."""
    held = parameters_in(folder)
    if parameters > held * _PARAMETER_SLACK + 1_000_000 or buffers > held + _BUFFER_SLACK:
        raise ModelRefused(
            "model.config-does-not-fit",
            _("config.json describes {wanted:,} parameters, the files hold {held:,}.").format(
                wanted=parameters + buffers, held=held
            ),
            where=str(folder),
        )
