"""Settings that nobody would read: refused, because a setting without effect misleads.

Each refusal stands at the setting itself, so that the message can point there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from laras.recipe.document import Path
from laras.translation import _

ERROR_TYPE = "unread"

LORA_KINDS = ("lora", "rslora", "dora", "pissa", "olora", "loraplus")
ADAPTER_KINDS = (*LORA_KINDS, "vera", "oft", "boft", "ia3")
VIRTUAL_KINDS = ("soft-prompt", "prefix")  # what is learnt stands before an example
TUNED_KINDS = (*ADAPTER_KINDS, "full", "freeze", *VIRTUAL_KINDS)
# Settings of a contender that not every kind that is tuned reads.
READ_BY = {
    "rank": (*LORA_KINDS, "vera"),
    "alpha": LORA_KINDS,
    "dropout": tuple(kind for kind in ADAPTER_KINDS if kind != "ia3"),
    "target_modules": ADAPTER_KINDS,
    "block_size": ("oft", "boft"),
    "rate_ratio": ("loraplus",),
    # PiSSA and OLoRA take their first weights out of the base's, which has to be exact for that;
    # peft's BOFT does not know quantised layers.
    "quantised": tuple(kind for kind in ADAPTER_KINDS if kind not in ("pissa", "olora", "boft")),
    "trained_layers": ("freeze",),
    **dict.fromkeys(("ways", "instruction", "shots", "prompt_rows"), ("prompt", "api")),
    "proposals": ("prompt",),
    "endpoint": ("api",),
    "virtual_tokens": VIRTUAL_KINDS,
}
# Kinds whose training reaches the rows of new tokens; what is not tuned is judged with them
# untrained.
READ_NEW_TOKENS = ("base", "prompt", "api", "full", *LORA_KINDS)


class Unread(NamedTuple):
    """A setting, seen from the section that is checked, why nobody reads it, and a way out."""

    path: Path
    value: Any
    reason: str
    hint: str


def refuse(found: Iterable[Unread]) -> None:
    """Raise pydantic's ValidationError, whose places are those of the settings, if any."""
    details = [
        InitErrorDetails(
            type=PydanticCustomError(
                ERROR_TYPE, "{reason}", {"reason": unread.reason, "hint": unread.hint}
            ),
            loc=unread.path,
            input=unread.value,
        )
        for unread in found
    ]
    if details:
        raise ValidationError.from_exception_data("Recipe", details)


def of_texts(kind: str, instruction: str | None, assistant: list[str] | None) -> Iterable[Unread]:
    """What a source of texts (``kind``: documents, articles) can't use; None: not set."""
    if instruction is not None:
        yield Unread(
            ("instruction",),
            instruction,
            _("{kind} are learnt as they stand, with nothing asked before them").format(kind=kind),
            _("Leave it out, or give the files under examples or conversations."),
        )
    if assistant is not None:
        yield Unread(
            ("assistant",),
            assistant,
            _("{kind} hold no conversations").format(kind=kind),
            _("Leave it out, or give the files under conversations."),
        )


def of_rows(kind: str, given: Mapping[str, Any]) -> Iterable[Unread]:
    """Which of ``given``, settings for texts, a source of ``kind`` would be read for: none."""
    for name, value in given.items():
        yield Unread(
            (name,),
            value,
            _("{kind} are not read as running text").format(kind=kind),
            _("Leave it out; it is for documents and articles."),
        )


def of_contender(kind: str, settings: dict[str, Any]) -> Iterable[Unread]:
    """Which of the ``settings`` (those that are set) a contender of ``kind`` does not read."""
    for name, value in settings.items():
        kinds = READ_BY.get(name, TUNED_KINDS)
        if kind in kinds:
            continue
        if kind == "base":
            reason = _("the base model is judged as it is, without tuning")
        else:
            reason = _("a contender of kind {kind} does not read it").format(kind=kind)
        hint = _("Leave it out; it is for contenders of kind {kinds}.")
        yield Unread((name,), value, reason, hint.format(kinds=", ".join(kinds)))


def of_prompting(settings: Mapping[str, Any]) -> Iterable[Unread]:
    """Which of the ``settings`` of a prompt contender (those that are set) none of its ways
    reads."""
    ways = settings.get("ways")
    readers = {"shots": ("few-shot", "retrieval", "search"), "proposals": ("search",)}
    for name, able in readers.items():
        if ways is not None and name in settings and not set(ways) & set(able):
            yield Unread(
                (name,),
                settings[name],
                _("none of the contender's ways reads it"),
                _("Leave it out, or add to ways one of: {ways}.").format(ways=", ".join(able)),
            )


def of_search(kind: str, ways: Sequence[str]) -> Iterable[Unread]:
    """A search among the ``ways`` of a contender whose every answer costs money."""
    if kind == "api" and "search" in ways:
        yield Unread(
            ("ways", ways.index("search")),
            "search",
            _("a search asks very often, and is not made behind an endpoint"),
            _("Leave it out; zero-shot, few-shot and retrieval are tried."),
        )


def of_budget(budget: float | None) -> Iterable[Unread]:
    """A budget for calls that have no price."""
    if budget is not None:
        yield Unread(
            ("budget",),
            budget,
            _("no price is set, so that nothing counts against it"),
            _("Set price_input and price_output, or leave it out."),
        )


def of_optimizer(optimizer: str, kinds: Iterable[str]) -> Iterable[Unread]:
    """Muon where no contender is tuned in full."""
    if optimizer == "muon" and "full" not in kinds:
        yield Unread(
            ("tuning", "optimizer"),
            optimizer,
            _("muon tunes contenders of kind full, and there is none"),
            _("Use adamw, or add full to comparison.contenders."),
        )


def of_new_tokens(tokens: list[str], kinds: Iterable[str]) -> Iterable[Unread]:
    """New tokens where a contender can't train their rows."""
    for kind in dict.fromkeys(kinds):
        if tokens and kind not in READ_NEW_TOKENS:
            yield Unread(
                ("model", "new_tokens"),
                tokens,
                _("a contender of kind {kind} does not train the rows of new tokens").format(
                    kind=kind
                ),
                _("Leave it out, or use contenders of kind {kinds}.").format(
                    kinds=", ".join(READ_NEW_TOKENS)
                ),
            )


def of_frozen_cache(size: int, kinds: Iterable[str]) -> Iterable[Unread]:
    """Room for what frozen blocks make where none are frozen."""
    if "freeze" not in kinds:
        yield Unread(
            ("tuning", "frozen_cache_bytes"),
            size,
            _("only contenders of kind freeze have frozen blocks below those they train"),
            _("Leave it out, or add freeze to comparison.contenders."),
        )


def of_decay_share(
    tuning: tuple[float | None, str], contenders: Sequence[tuple[str, float | None, str | None]]
) -> Iterable[Unread]:
    """A share of the steps for a decay that no schedule has: (share, schedule) of the tuning
    section, (kind, share, schedule) of the contenders; None: not set."""
    general, schedule = tuning
    reason = _("only the schedule wsd has a decay of its own")
    hint = _("Use schedule: wsd, or leave decay_share out.")
    for number, (_kind, share, own) in enumerate(contenders):
        if share is not None and (own or schedule) != "wsd":
            yield Unread(("comparison", "contenders", number, "decay_share"), share, reason, hint)
    # A contender that has a share of its own does not read the general one.
    readers = [
        own or schedule for kind, share, own in contenders if kind in TUNED_KINDS and share is None
    ]
    if general is not None and "wsd" not in readers:
        yield Unread(("tuning", "decay_share"), general, reason, hint)


def of_layer_decay(decay: float, contenders: Iterable[tuple[str, int | None]]) -> Iterable[Unread]:
    """A decay from block to block where whoever is tuned (kind, trained layers) trains one."""
    tuned = [each for each in contenders if each[0] in TUNED_KINDS]
    if tuned and all(each == ("freeze", 1) for each in tuned):
        yield Unread(
            ("tuning", "layer_decay"),
            decay,
            _("each contender trains a single block, so that no block lies below another"),
            _("Leave it out, or raise trained_layers."),
        )


def of_new_tokens_beside_a_head(tokens: list[str], kinds: Iterable[str]) -> Iterable[Unread]:
    """New tokens where an adapter is trained for classification: a classifier has no output rows
    for them."""
    if tokens and set(kinds) & set(ADAPTER_KINDS):
        yield Unread(
            ("model", "new_tokens"),
            tokens,
            _("an adapter with objective classification does not train the rows of new tokens"),
            _("Leave it out, or use contenders of kind full for classification."),
        )


def of_gates(asked: Mapping[str, str], checks: Iterable[str]) -> Iterable[Unread]:
    """Gates (name to the check that each asks for) whose check the recipe leaves out."""
    for gate, check in asked.items():
        if check not in checks:
            yield Unread(
                ("gates", gate),
                True,
                _("the recipe leaves the check {check} out").format(check=check),
                _("Leave it out, or add {check} to evaluation.checks.").format(check=check),
            )


def of_gate_on_the_reference(contenders: int) -> Iterable[Unread]:
    """A gate that asks for a winner where nobody competes."""
    if contenders < 2:
        yield Unread(
            ("gates", "beats_reference"),
            True,
            _("there is a single contender, and nothing for it to beat"),
            _("Leave it out, or add base to comparison.contenders."),
        )


def of_judge(model: str, contenders: int) -> Iterable[Unread]:
    """A judge where nobody's answers can be compared."""
    if contenders < 2:
        yield Unread(
            ("evaluation", "judge"),
            model,
            _("there is a single contender, and nothing to compare its answers with"),
            _("Leave it out, or add a contender."),
        )


def of_retraining(given: Mapping[str, Any], kinds: Iterable[str]) -> Iterable[Unread]:
    """What is ``given`` for training contenders once more where nobody is trained."""
    if not set(kinds) & set(TUNED_KINDS):
        for name, value in given.items():
            yield Unread(
                (name,),
                value,
                _("no contender is trained"),
                _("Leave it out, or add one that is, such as lora."),
            )


def of_test_weights(weights: Iterable[float]) -> Iterable[Unread]:
    """Weights of test sources: every test row counts once."""
    for index, weight in enumerate(weights):
        if weight != 1.0:
            yield Unread(
                ("test", index, "weight"),
                weight,
                _("a weight counts in training; test rows all count the same"),
                _("Leave it out."),
            )
