"""How large the differences are: on the same test examples, with p and interval."""

from __future__ import annotations

from laras.report.blocks import Block, Cell, Figure, Figures, Paragraph, Section, Table
from laras.report.facts import Json, RunFacts, entries_of
from laras.report.forests import Interval, drawable, forest
from laras.report.measures import chosen_charts, measure
from laras.report.paired import Paired, paired
from laras.report.wording import percent, probability, signed
from laras.translation import _

_MOST_DRAWN = 12


def differences(facts: RunFacts) -> Section | None:
    """A forest plot of the metric that decides, and a table; None where nothing was compared."""
    pairs = _worth_showing(facts)
    if not pairs:
        return None
    blocks: list[Block] = [
        Paragraph(
            _(
                "Differences between contenders on the same test examples say more than two "
                "intervals side by side: two intervals may overlap and the difference still be "
                "clear."
            )
        )
    ]
    figure = _forest(facts, pairs)
    if figure is not None:
        blocks.append(Figures([figure]))
    blocks.append(_table(pairs, percent(facts.confidence, 0)))
    return Section("differences", _("Differences"), blocks)


def _worth_showing(facts: RunFacts) -> list[Paired]:
    """All pairs on the metric that decides; on the other main ones, the recommended contender's."""
    pairs = entries_of(facts.verdict.get("pairs"))
    main = chosen_charts([str(pair.get("metric")) for pair in pairs], facts.primary_metric)

    def shown(pair: Json) -> bool:
        if pair.get("metric") not in main:
            return False
        sides = (pair.get("a"), pair.get("b"))
        return pair["metric"] == facts.primary_metric or facts.recommended in sides

    chosen = sorted(filter(shown, pairs), key=lambda pair: main.index(str(pair["metric"])))
    return [_turned(pair, facts) for pair in chosen]


def _turned(pair: Json, facts: RunFacts) -> Paired:
    """What the others are held against is subtracted: the reference, or the recommended one."""
    sides = (pair.get("a"), pair.get("b"))
    against = next(
        (name for name in (facts.reference, facts.recommended) if name in sides), sides[0]
    )
    return paired(pair, against)


def _forest(facts: RunFacts, pairs: list[Paired]) -> Figure | None:
    primary = facts.primary_metric
    if primary is None:
        return None
    metric = measure(primary)
    held = (facts.reference, facts.recommended)
    intervals = [
        Interval(
            _name(pair),
            pair.difference,
            pair.low,
            pair.high,
            _label(pair, metric.digits),
            marked=pair.better is not None,
            span=_span(pair, metric.digits),
        )
        for pair in pairs
        if pair.metric == primary and pair.against in held and drawable(pair.difference)
    ]
    if not intervals:
        return None
    direction = _("lower is better") if metric.lower_is_better else _("higher is better")
    caption = _("Differences in {metric} ({direction}); a diamond: more than chance").format(
        metric=metric.title, direction=direction
    )
    return Figure(forest(caption, intervals[:_MOST_DRAWN], line=0.0), caption)


def _name(pair: Paired) -> str:
    return f"{pair.of} − {pair.against}"


def _label(pair: Paired, digits: int) -> str:
    """The difference with its p, adjusted for the number of pairs."""
    written = signed(pair.difference, digits)
    if pair.p is None:
        return written
    p = probability(pair.p)
    return f"{written}, p {p}" if p.startswith("<") else f"{written}, p = {p}"


def _span(pair: Paired, digits: int) -> str:
    if pair.low is None or pair.high is None:
        return ""
    return _("{low} to {high}").format(low=signed(pair.low, digits), high=signed(pair.high, digits))


def _table(pairs: list[Paired], level: str) -> Table:
    rows: list[list[Cell]] = []
    shown = ""
    for pair in pairs:
        metric = measure(pair.metric)
        if pair.metric != shown:
            shown = pair.metric
            rows.append([Cell(f"{metric.title} {metric.arrow}")])
        better = _("can't be told apart") if pair.better is None else pair.better
        rows.append(
            [
                Cell(_name(pair), numeric=False),
                Cell(signed(pair.difference, metric.digits), _span(pair, metric.digits)),
                Cell(probability(pair.p)),
                Cell(better, numeric=False),
            ]
        )
    header = [
        Cell(_("Pair"), numeric=False),
        Cell(_("Difference")),
        Cell("p"),
        Cell(_("Better"), numeric=False),
    ]
    caption = _(
        "Differences on the same test examples, each with its {level} interval. p is adjusted for "
        "the number of pairs (Holm)."
    ).format(level=level)
    tests = sorted({pair.test for pair in pairs if pair.test})
    return Table(header, rows, caption=caption, footnotes=tests)
