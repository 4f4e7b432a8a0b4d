"""The prompts that were tried for each kind of question: what each was worth on validation rows,
and which one competes."""

from __future__ import annotations

from collections.abc import Sequence

from laras.contenders.prompting.kinds import in_words
from laras.report.blocks import Block, Cell, Heading, Messages, Paragraph, Section, Table
from laras.report.facts import ContenderFacts, Json, RunFacts, entries_of, mapping_of
from laras.report.measures import measure, value_of
from laras.report.wording import shortened, whole
from laras.translation import _

_LONGEST_TEXT = 6000


def prompts(facts: RunFacts) -> Section | None:
    """For each contender that is asked by a prompt; None where there is none."""
    asked = [contender for contender in facts.contenders if contender.prompt or contender.prompts]
    if not asked:
        return None
    blocks: list[Block] = [
        Paragraph(
            _(
                "Each prompt was tried on validation rows only; the test set was not looked at. "
                "The best one for each kind of question competes. A searched prompt that was given "
                "up early was tried on fewer rows, so that its figure is the less sure one."
            )
        )
    ]
    for contender in asked:
        if len(asked) > 1:
            blocks.append(Heading(contender.name))
        kept = _kept(contender)
        numbered = list(enumerate(contender.prompts, start=1))
        for task in dict.fromkeys(str(prompt.get("task")) for prompt in contender.prompts):
            of_task = [each for each in numbered if str(each[1].get("task")) == task]
            # Of an earlier run, only the prompt that competes says what it is for.
            about = of_task[0][1].get("task") or next((each.get("task") for each in kept), None)
            blocks.append(_table(contender.name, in_words(about), of_task))
        blocks += [_competing(contender.name, prompt) for prompt in kept]
        others = _others(contender)
        if others:
            blocks.append(Messages(_("What the other prompts say"), others))
    return Section("prompts", _("Prompts"), blocks)


def _kept(contender: ContenderFacts) -> list[Json]:
    """The prompts that compete, one for each kind of question; of an earlier run there is one, not
    in a list."""
    kept = contender.prompt
    if not kept:
        return []
    return entries_of(kept["prompts"]) if "prompts" in kept else [kept]


def _table(name: str, questions: str, tried: Sequence[tuple[int, Json]]) -> Table:
    rows = []
    for place, prompt in tried:
        metric = measure(str(prompt.get("metric")))
        competes = prompt.get("competes") is True
        title = f"{whole(place)}. {way_in_words(prompt.get('way'))}"
        rows.append(
            [
                Cell(title, _("it competes") if competes else "", numeric=False),
                Cell(metric.written(value_of(prompt)), best=competes),
                Cell(whole(value_of(prompt, "rows")), _rounds(prompt)),
                Cell(_shots(prompt)),
            ]
        )
    metrics = dict.fromkeys(measure(str(prompt.get("metric"))) for _place, prompt in tried)
    header = [
        Cell(_("Prompt"), numeric=False),
        Cell(", ".join(f"{metric.title} {metric.arrow}".strip() for metric in metrics)),
        Cell(_("Validation rows")),
        Cell(_("Examples shown")),
    ]
    caption = _("What was tried for {contender}: {questions}.").format(
        contender=name, questions=questions
    )
    return Table(header, rows, caption=caption)


def _rounds(prompt: Json) -> str:
    """What a searched prompt was worth in the rounds before the last."""
    metric = measure(str(prompt.get("metric")))
    return ", ".join(
        _("{value} on {rows}").format(
            value=metric.written(value_of(entry)), rows=whole(value_of(entry, "rows"))
        )
        for entry in entries_of(prompt.get("rounds"))[:-1]
    )


def _shots(prompt: Json) -> str:
    shots = whole(value_of(prompt, "shots"))
    if prompt.get("retrieval"):
        return _("{count}, chosen for each question").format(count=shots)
    return shots


def _competing(name: str, prompt: Json) -> Messages:
    """The whole text, as the model is told it before each question of its kind."""
    said = []
    if prompt.get("instruction"):
        said.append((_("Instruction"), _text(prompt["instruction"])))
    retrieval = mapping_of(prompt.get("retrieval"))
    if retrieval:
        text = _("The {count} training examples that are most like the question.")
        said.append((_("Examples"), text.format(count=whole(value_of(retrieval, "shots")))))
    shots = prompt.get("shots")
    for place, shot in enumerate(shots if isinstance(shots, list) else (), start=1):
        for message in entries_of(shot):
            who = _("Example {position}").format(position=whole(place))
            role = role_in_words(message.get("role"))
            said.append((f"{who}, {role}", _text(message.get("content"))))
    if not said:
        said.append((_("Instruction"), _("(none)")))
    title = _("The prompt of {contender} for {questions}, in full").format(
        contender=name, questions=in_words(prompt.get("task"))
    )
    return Messages(title, said)


def _others(contender: ContenderFacts) -> list[tuple[str, str]]:
    """Instructions of those that don't compete, each once, by their numbers in the table."""
    numbers: dict[str, list[str]] = {}
    for place, prompt in enumerate(contender.prompts, start=1):
        instruction = str(prompt.get("instruction") or "")
        if prompt.get("competes") is not True and instruction:
            numbers.setdefault(instruction, []).append(whole(place))
    return [(", ".join(places), _text(said)) for said, places in numbers.items()]


def way_in_words(way: object) -> str:
    """A way of asking, in the language in use."""
    titles = {
        "zero-shot": _("an instruction alone"),
        "few-shot": _("fixed examples"),
        "retrieval": _("examples like the question"),
        "search": _("searched"),
    }
    return titles.get(str(way), str(way))


def role_in_words(role: object) -> str:
    """Who speaks in a conversation, in the language in use."""
    titles = {"system": _("system"), "user": _("user"), "assistant": _("assistant")}
    return titles.get(str(role), str(role))


def _text(value: object) -> str:
    return shortened(str(value), _LONGEST_TEXT)
