"""Which base model to take, and why, in a sentence.

By bits per byte on the user's own rows: it is the one figure that compares models whatever their
tokenizers and templates, on texts, answers and labels alike, and what tuning then lowers. Scores of
untuned models say more about their habits. Of models that a paired test can't tell apart, the
smallest is taken; one that can't be tuned on this machine is only taken where none can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from laras.contenders.pairs import Pair, Standing, compare, pair_of
from laras.evaluation.result import Score
from laras.ranking.ranked import Ranked
from laras.recipe.schema import EvaluationSection
from laras.translation import _

_METRIC = "bits_per_byte"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """``model``: None where none could be measured. ``order``: all that could be, the best first.
    ``remarks``: what to know before following it."""

    model: str | None
    sentence: str
    order: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def recommend(
    ranked: Sequence[Ranked], predictions: Mapping[str, pa.Table], section: EvaluationSection
) -> Recommendation:
    """The choice among ``ranked``. ``predictions``: row by row, by model."""
    measured = [each for each in ranked if each.bits_per_byte is not None]
    if not measured:
        return Recommendation(None, _("None of the models could be measured."))
    measured.sort(key=lambda each: (_bits(each), each.parameters))
    order = tuple(each.model for each in measured)
    able = [each for each in measured if each.fits] or measured
    pairs = compare(
        [
            Standing(each.model, "base", {_METRIC: _score(each)}, predictions[each.model])
            for each in able
        ],
        section.model_copy(update={"metrics": ["perplexity"]}),
    )
    equal = [each for each in able[1:] if not _is_better(pairs, able[0], each)]
    chosen = min([able[0], *equal], key=lambda each: (each.parameters, _bits(each)))
    sentence = _sentence(chosen, able, equal)
    return Recommendation(chosen.model, sentence, order, tuple(_remarks(chosen, measured)))


def _sentence(chosen: Ranked, able: Sequence[Ranked], equal: Sequence[Ranked]) -> str:
    best, others = able[0], [each for each in able if each is not chosen]
    if not others:
        return _("Take {model}: there is no other to choose from.").format(model=chosen.model)
    if chosen is not best:
        return _(
            "Take {model}: on {rows} validation rows it can't be told apart from {best} "
            "({bits:.3f} and {other:.3f} bits per byte), and it is smaller."
        ).format(
            model=chosen.model,
            rows=chosen.rows,
            best=best.model,
            bits=_bits(chosen),
            other=_bits(best),
        )
    following = others[0]
    if following in equal:
        return _(
            "Take {model}: on {rows} validation rows nothing does better than its {bits:.3f} bits "
            "per byte, and it is no larger than {other}, which can't be told apart from it."
        ).format(model=chosen.model, rows=chosen.rows, bits=_bits(chosen), other=following.model)
    return _(
        "Take {model}: on {rows} validation rows it needs {bits:.3f} bits per byte, {other} needs "
        "{more:.3f}."
    ).format(
        model=chosen.model,
        rows=chosen.rows,
        bits=_bits(chosen),
        other=following.model,
        more=_bits(following),
    )


def _remarks(chosen: Ranked, measured: Sequence[Ranked]) -> list[str]:
    remarks = []
    if chosen.licence is None:
        remarks.append(
            _("The files of {model} name no licence: find out before you use it.").format(
                model=chosen.model
            )
        )
    if not chosen.fits and chosen.tuning:
        remarks.append(_("None of the models can be tuned on this machine."))
    else:
        for each in measured:
            if not each.fits and _bits(each) < _bits(chosen):
                remarks.append(
                    _("{model} does better, but can't be tuned on this machine.").format(
                        model=each.model
                    )
                )
    return remarks


def _is_better(pairs: Sequence[Pair], one: Ranked, other: Ranked) -> bool:
    pair = pair_of(pairs, one.model, other.model, _METRIC)
    return pair is not None and pair.better == one.model


def _bits(ranked: Ranked) -> float:
    return _score(ranked).value


def _score(ranked: Ranked) -> Score:
    assert ranked.bits_per_byte is not None
    return ranked.bits_per_byte
