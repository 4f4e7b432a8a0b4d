"""Whether the recommended contender passes the recipe's gates, as the verdict has it.

What was not measured is not passed: a gate that stands open where nobody looked is none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from laras.contenders.wording import shown, shown_name
from laras.errors import GateFailed, UsageError
from laras.evaluation.metric import METRICS
from laras.recipe.gates import ASKED_OF, GatesSection
from laras.recipe.unread import TUNED_KINDS
from laras.translation import _, ngettext


class Gate(NamedTuple):
    """Its place in the recipe's section, whether it is passed, and a sentence with the figures."""

    gate: str
    passed: bool
    note: str


def check_measured(gates: GatesSection, families: Collection[str]) -> None:
    """UsageError, before anything that takes time, where a gate asks for a metric that the recipe
    does not have measured. ``families``: its ``evaluation.metrics``."""
    for side, bounds in (("least", gates.least), ("most", gates.most)):
        for name in bounds:
            family = METRICS.get(name).family
            if family not in families:
                raise UsageError(
                    "gates.not-measured",
                    _("A gate asks for {metric}, but the recipe does not have it measured.").format(
                        metric=name
                    ),
                    where=f"gates.{side}.{name}",
                    hint=_("Add {family} to evaluation.metrics, or leave the gate out.").format(
                        family=family
                    ),
                )


def gate_results(verdict: Mapping[str, Any], gates: GatesSection) -> list[dict[str, Any]] | None:
    """One entry for each gate that the recipe has, {gate, passed, note}; None where it has none.

    A pure function of the content of ``verdict.json``.
    """
    return [gate._asdict() for gate in _gates(verdict, gates)] or None


def refuse_failed(verdict: Mapping[str, Any], folder: str) -> None:
    """GateFailed where a gate of the verdict is not passed. ``folder``: of the run, to be named."""
    failed = [gate["note"] for gate in verdict.get("gates") or () if not gate["passed"]]
    if failed:
        title = ngettext(
            "{count} gate of the recipe is not passed:",
            "{count} gates of the recipe are not passed:",
            len(failed),
        ).format(count=len(failed))
        raise GateFailed(
            "gates.failed",
            " ".join([title, *failed]),
            where=folder,
            hint=_("Verdict and figures are written there; `gates` in the recipe has the limits."),
        )


def _gates(verdict: Mapping[str, Any], gates: GatesSection) -> Iterator[Gate]:
    name = str(verdict["recommendation"])
    figures = next(c["metrics"] for c in verdict["contenders"] if c["name"] == name)
    for side, bounds in (("least", gates.least), ("most", gates.most)):
        for metric, bound in bounds.items():
            yield _of_figure(name, f"{side}.{metric}", metric, figures.get(metric), bound)
    if gates.beats_reference:
        yield _of_reference(name, verdict)
    if gates.no_overfitting:
        yield _of_overfitting(name, verdict)
    for gate, check in ASKED_OF.items():
        if getattr(gates, gate):
            yield _of_check(name, gate, check, verdict)


def _of_figure(
    name: str, gate: str, metric: str, score: Mapping[str, Any] | None, bound: float
) -> Gate:
    if score is None:
        text = _("{metric} of {name} was not measured on this test set.")
        return Gate(gate, False, text.format(metric=shown_name(metric), name=name))
    value = float(score["value"])
    if gate.startswith("least"):
        passed = value >= bound
        text = _("{metric} of {name} is {value}; at least {bound} is asked for.")
    else:
        passed = value <= bound
        text = _("{metric} of {name} is {value}; at most {bound} is asked for.")
    facts = {"value": shown(metric, value), "bound": shown(metric, bound)}
    if facts["value"] == facts["bound"] and not passed:
        facts = {"value": repr(value), "bound": repr(bound)}  # rounding would hide the difference
    return Gate(gate, passed, text.format(metric=shown_name(metric), name=name, **facts))


def _of_reference(name: str, verdict: Mapping[str, Any]) -> Gate:
    if verdict["outcome"] == "better":
        text = _("{name} beats {reference}.")
    else:
        text = _("Nothing beats {reference}.")
    note = text.format(name=name, reference=verdict["reference"])
    return Gate("beats_reference", verdict["outcome"] == "better", note)


def _of_overfitting(name: str, verdict: Mapping[str, Any]) -> Gate:
    entry = _entry_of(name, verdict["overfitting"])
    if entry is not None:
        return Gate("no_overfitting", not entry["overfitted"], str(entry["note"]))
    if _kind_of(name, verdict) in TUNED_KINDS:
        text = _("Whether {name} overfitted is not known: it was validated too seldom.")
        return Gate("no_overfitting", False, text.format(name=name))
    return Gate("no_overfitting", True, _("{name} is not tuned.").format(name=name))


def _of_check(name: str, gate: str, check: str, verdict: Mapping[str, Any]) -> Gate:
    kinds = {facts["kind"] for facts in verdict["contenders"]}
    kind = _kind_of(name, verdict)
    if kind == "base" or (kind == "prompt" and "base" not in kinds):
        text = _("{name} is what the others are held against.")
        return Gate(gate, True, text.format(name=name))
    entry = _entry_of(name, verdict[check])
    if entry is None:
        text = _("The check {check} could not be made of {name}.")
        return Gate(gate, False, text.format(check=check, name=name))
    return Gate(gate, entry["state"] not in ("noticed", "unknown"), str(entry["note"]))


def _kind_of(name: str, verdict: Mapping[str, Any]) -> str:
    return str(next(facts["kind"] for facts in verdict["contenders"] if facts["name"] == name))


def _entry_of(name: str, entries: Any) -> Mapping[str, Any] | None:
    return next((entry for entry in entries or () if entry["contender"] == name), None)
