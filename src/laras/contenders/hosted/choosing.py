"""The prompts of a contender behind an endpoint, one for each kind of question: the best on few
validation rows, for they cost.

Where it names a single way there is nothing to choose, and nothing is asked. Ways are those of a
prompt contender; a search, which tries many prompts, is not among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from laras.contenders.hosted.source import CONTEXT, HostedAnswers, section_of
from laras.contenders.prompting.kept import Chosen, stage_of, told_of, write_kept
from laras.contenders.prompting.kinds import Kind, in_words, kinds_of, tell_of_unprompted
from laras.contenders.prompting.prompt import Prompt
from laras.contenders.prompting.scoring import Tried, best_of, figure_of, rows_to_compare_on
from laras.contenders.prompting.ways import WAYS, plain_prompt
from laras.contenders.prompting.workbench import Bench, Settings, nothing_to_compare_on
from laras.endpoints.spending import text_tokens
from laras.errors import DataRefused
from laras.evaluation.answered import OF_LIKELIHOODS
from laras.evaluation.candidate import Answering
from laras.evaluation.evaluate import evaluate
from laras.evaluation.metric import Metric
from laras.evaluation.rows import last_answer
from laras.recipe.schema import EvaluationSection
from laras.records import Example
from laras.runs.folder import Run
from laras.runs.hashing import content_hash
from laras.runs.progress import Progress
from laras.translation import _
from laras.tuning.assignment import Assignment

VERSION = 2  # raise it when the same input gives other prompts
_LEAST_SAMPLES = 100  # resamples for an interval that nobody looks at


def hosted_key(assignment: Assignment) -> str:
    """Hash of all that decides which prompts compete, and who is asked with them."""
    section, settings = section_of(assignment.contender), settings_of(assignment)
    return content_hash(
        VERSION,
        section.endpoint,
        section.model,
        list(settings.ways),
        settings.instruction,
        settings.shots,
        settings.rows if len(settings.ways) > 1 else None,
        settings.seed,
        [(kind.task, kind.metric.name, kind.main) for kind in _kinds(assignment)],
        assignment.evaluation.model_dump(include={"max_new_tokens", "seed"}),
        assignment.prepared.key,
    )


def settings_of(assignment: Assignment) -> Settings:
    """What the contender says, with the defaults in."""
    return Settings.of(assignment.contender, assignment.tuning.seed)


@dataclass(frozen=True, slots=True)
class Choice:
    """Between ``prompts`` for one kind of question, from the plainest on, on validation ``rows``;
    none where there is a single one."""

    bench: Bench
    prompts: Sequence[Prompt]
    rows: Sequence[Example]


def choices_of(assignment: Assignment) -> list[Choice]:
    """For each kind of question that has something to show and to compare on. DataRefused where no
    kind has."""
    prepared, settings = assignment.prepared, settings_of(assignment)
    found, without_prompts = [], False
    for kind in _kinds(assignment):
        bench = Bench(
            prepared.train,
            prepared.validation,
            prepared.audit["splits"]["train"]["languages"],
            settings,
            kind,
            CONTEXT,
            lambda texts: [text_tokens(text) for text in texts],
            room=None,
        )
        ways = [way for way in WAYS if way in settings.ways]
        prompts = [prompt for way in ways if (prompt := plain_prompt(way, bench)) is not None]
        rows = _rows_to_choose_on(bench, assignment.evaluation) if len(prompts) > 1 else []
        without_prompts |= not prompts
        if rows or len(prompts) == 1:
            found.append(Choice(bench, prompts, rows))
    if not found and without_prompts:
        raise DataRefused(
            "prompting.nothing-to-show",
            _("{name} can't show examples: no training example is short enough.").format(
                name=assignment.contender.name
            ),
            hint=_("Add zero-shot to its ways."),
        )
    if not found:
        raise nothing_to_compare_on()
    return found


def _kinds(assignment: Assignment) -> list[Kind]:
    """Of the validation rows, where a metric judges answers that are written."""
    return kinds_of(
        assignment.primary_metric,
        [each for each in assignment.evaluation.metrics if each not in OF_LIKELIHOODS],
        assignment.prepared.audit,
    )


def _rows_to_choose_on(bench: Bench, section: EvaluationSection) -> list[Example]:
    """The validation rows that prompts are compared on."""
    return rows_to_compare_on(
        bench.compared, lambda each: bool(last_answer(each)), bench.settings.rows, section.seed
    )


def section_to_choose_by(metric: Metric, section: EvaluationSection) -> EvaluationSection:
    """How answers to validation rows are judged."""
    return section.model_copy(
        update={
            "metrics": [metric.family],
            "max_rows": None,
            "bootstrap_samples": _LEAST_SAMPLES,
        }
    )


def obtain_hosted(assignment: Assignment, run: Run, progress: Progress) -> None:
    """Leave the contender's prompts in its folder; the endpoint is asked where there is a choice.

    Only the training and validation rows are read. Raises EndpointFailed where the endpoint fails,
    DataRefused where nothing can be asked or shown.
    """
    name = assignment.contender.name
    stage = run.stage(stage_of(name), hosted_key(assignment))
    if stage.done:
        return
    seconds = 0.0
    chosen = []
    for choice in choices_of(assignment):
        bench, tried = choice.bench, [Tried(prompt) for prompt in choice.prompts]
        if choice.rows:
            seconds += sum(
                _try(each, bench, choice.rows, assignment, run, progress) for each in tried
            )
        best = best_of(tried, bench.metric)
        pool = None if best.prompt.retrieval is None else bench.pool
        chosen.append(Chosen(bench.metric.name, best, tried, pool))
    prompted = [each.best.prompt.task for each in chosen]
    tell_of_unprompted(name, assignment.prepared.audit, prompted, progress)
    stage.finish(write_kept(run, name, chosen))
    run.event(
        "contender_finished",
        contender=name,
        **told_of(chosen),
        seconds=seconds,
        peak_memory_bytes=None,
        energy_wh=None,
    )


def _try(
    tried: Tried,
    bench: Bench,
    rows: Sequence[Example],
    assignment: Assignment,
    run: Run,
    progress: Progress,
) -> float:
    """The prompt on all ``rows``; returns the seconds that the answers took."""
    prompt, contender = tried.prompt, assignment.contender
    asked = Answering(
        f"{contender.name} ({in_words(prompt.task)}, {prompt.way})",
        HostedAnswers(contender, run),
        bench.rewrite_with(prompt),
    )
    section = section_to_choose_by(bench.metric, assignment.evaluation)
    found = evaluate(asked, rows, section, bench.labels, progress)
    tried.rounds.append((len(rows), figure_of(bench.metric, found.predictions)))
    run.event(
        "prompt_tried",
        contender=contender.name,
        task=prompt.task,
        way=prompt.way,
        instruction=prompt.instruction,
        shots=prompt.shown,
        retrieval=prompt.retrieval is not None,
        metric=bench.metric.name,
        value=tried.value,
        perplexity=None,
        rows=tried.rows,
    )
    return float(found.cost["seconds"])
