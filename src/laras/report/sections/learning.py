"""How each contender learned: its losses by step, and the gap between training and validation."""

from __future__ import annotations

import math
from collections.abc import Sequence

from laras.report.blocks import Block, Figure, Figures, Paragraph, Section
from laras.report.charts import Curve, curves
from laras.report.facts import RunFacts
from laras.report.wording import number, percent, whole
from laras.runs.losses import OVERFITTING_RISE, Points, losses
from laras.translation import _

_MOST_POINTS = 240
_SMOOTHING_STEPS = 20  # time constant of the average, in steps
_CLOSE = 0.05  # a gap below this share of the training loss is called small


def learning(facts: RunFacts) -> Section | None:
    """A chart and a sentence for each tuned contender; None where nothing was tuned."""
    tuned = dict.fromkeys(str(event.get("contender")) for event in facts.events_of("step_done"))
    judged = [contender.name for contender in facts.contenders]
    names = [name for name in judged if name in tuned] or list(tuned)
    training = {name: smoothed(losses(facts.events, name, "step_done")) for name in names}
    validation = {name: losses(facts.events, name, "validation_done") for name in names}
    names = [name for name in names if training[name]]
    if not names:
        return None
    heads = [name for name in names if name in facts.with_head]
    figures, sentences = [], []
    for name in names:
        # Losses of tokens and of labels are on scales of their own.
        alike = [each for each in names if (each in heads) == (name in heads)]
        low, high = _bounds([part[each] for part in (training, validation) for each in alike])
        title = _("Loss of {contender} by step").format(contender=name)
        svg = curves(
            title,
            Curve(_("training, smoothed"), thinned(training[name])),
            Curve(_("validation"), validation[name]),
            x_title=_("optimizer step"),
            low=low,
            high=high,
        )
        figures.append(Figure(svg, title))
        sentences.append(
            Paragraph(f"{name}: {gap_in_words(training[name], validation[name])}", "note")
        )
    blocks: list[Block] = [
        Paragraph(
            _(
                "Loss is the mean negative log-likelihood of a trained token, in nats. Training "
                "loss is measured before each step on that step's examples, validation loss on "
                "examples that are never trained on."
            )
        ),
        Figures(figures),
        *sentences,
    ]
    if heads:
        said = _("For {names} it is that of a row's label, and can't be compared with the others.")
        blocks.insert(1, Paragraph(said.format(names=", ".join(heads)), "note"))
    skipped = facts.events_of("step_skipped")
    if skipped:
        blocks.append(
            Paragraph(
                _(
                    "{count} steps were skipped because their loss or gradient was not finite."
                ).format(count=whole(len(skipped))),
                "warning",
            )
        )
    return Section("learning", _("How they learned"), blocks)


def smoothed(points: Sequence[tuple[float, float]]) -> Points:
    """Exponential moving average of the losses, without the pull of its starting value."""
    decay = math.exp(-1 / _SMOOTHING_STEPS)
    total = weight = 0.0
    averages = []
    for step, loss in points:
        total = decay * total + (1 - decay) * loss
        weight = decay * weight + (1 - decay)
        averages.append((step, total / weight))
    return averages


def thinned(points: Points) -> Points:
    """At most some hundred of the points, the last one among them."""
    stride = math.ceil(len(points) / _MOST_POINTS)
    kept = points[::stride] if stride > 1 else list(points)
    return kept if not points or kept[-1] == points[-1] else [*kept, points[-1]]


def gap_in_words(training: Points, validation: Points) -> str:
    """What the two curves say about overfitting."""
    if not validation or not training:
        return _("validation loss was not measured.")
    best_step, best = min(validation, key=lambda point: point[1])
    last_step, last = validation[-1]
    before = [loss for step, loss in training if step <= best_step] or [training[0][1]]
    gap = best - before[-1]
    share = gap / before[-1] if before[-1] > 0 else 0.0
    said = _(
        "the best validation loss is {best}, at step {step}; training loss there is {train}, "
        "a gap of {gap} ({share})."
    ).format(
        best=number(best, 3),
        step=whole(best_step),
        train=number(before[-1], 3),
        gap=number(gap, 3),
        share=percent(share, 0),
    )
    if last > best * OVERFITTING_RISE:
        return (
            said
            + " "
            + _(
                "After that, validation loss rose to {last} by step {step} while "
                "training went on: overfitting. The weights of step {best_step} were kept."
            ).format(last=number(last, 3), step=whole(last_step), best_step=whole(best_step))
        )
    if gap < 0:
        return (
            said
            + " "
            + _(
                "Validation loss lies below it, as it may: training loss is an average over the "
                "steps before. No sign of overfitting."
            )
        )
    if share <= _CLOSE:
        return said + " " + _("The two stay close: no sign of overfitting.")
    return (
        said
        + " "
        + _(
            "Validation loss was not rising at the end, but the gap shows that some "
            "of what was learned is particular to the training examples."
        )
    )


def _bounds(series: Sequence[Points]) -> tuple[float, float]:
    """The y axis that all charts share, so that they can be compared."""
    values = [loss for points in series for _step, loss in points]
    return min(values), max(values)
