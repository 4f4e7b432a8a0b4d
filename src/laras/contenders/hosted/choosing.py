"""The prompts of a contender behind an endpoint, one for each kind of question: the best on few
validation rows, for they cost.

Where it names a single way there is nothing to choose, and nothing is asked. Ways are those of a
prompt contender; a search, which tries many prompts, is not among them.
"""

from __future__ import annotations

from collections.abc import Sequence

from laras.contenders.hosted.source import CONTEXT, HostedAnswers, section_of
from laras.contenders.prompting.kept import Chosen, best_of, stage_of, told_of, write_kept
from laras.contenders.prompting.kinds import Kind, kinds_of
from laras.contenders.prompting.prompt import Prompt
from laras.contenders.prompting.scoring import Tried, figure_of, rows_to_compare_on
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
        [(kind.task, kind.metric.name) for kind in kinds(assignment)],
        assignment.evaluation.model_dump(include={"max_new_tokens", "seed"}),
        assignment.prepared.key,
    )


def settings_of(assignment: Assignment) -> Settings:
    """What the contender says, with the defaults in."""
    return Settings.of(assignment.contender, assignment.tuning.seed)


def kinds(assignment: Assignment) -> list[Kind]:
    """Of the validation rows, where a metric judges answers that are written."""
    return kinds_of(
        assignment.primary_metric,
        [each for each in assignment.evaluation.metrics if each not in OF_LIKELIHOODS],
        assignment.prepared.audit["splits"]["validation"]["tasks"],
    )


def benches_of(assignment: Assignment) -> list[Bench]:
    """The rows that prompts are made of, kind by kind. DataRefused where no metric judges answers
    to any."""
    prepared = assignment.prepared
    benches = [
        Bench(
            prepared.train,
            prepared.validation,
            prepared.audit["splits"]["train"]["languages"],
            settings_of(assignment),
            kind,
            CONTEXT,
            lambda texts: [text_tokens(text) for text in texts],
            room=None,
        )
        for kind in kinds(assignment)
    ]
    if not benches:
        raise nothing_to_compare_on()
    return benches


def prompts_of(bench: Bench, name: str) -> list[Prompt]:
    """One prompt of each way, from the plainest on. DataRefused where no way has any to show."""
    ways = [way for way in WAYS if way in bench.settings.ways]
    prompts = [prompt for way in ways if (prompt := plain_prompt(way, bench)) is not None]
    if not prompts:
        raise DataRefused(
            "prompting.nothing-to-show",
            _("{name} can't show examples: no training example is short enough.").format(name=name),
            hint=_("Add zero-shot to its ways."),
        )
    return prompts


def rows_to_choose_on(bench: Bench, section: EvaluationSection) -> list[Example]:
    """The validation rows that prompts are compared on. DataRefused where there are none."""
    rows = rows_to_compare_on(
        bench.compared, lambda each: bool(last_answer(each)), bench.settings.rows, section.seed
    )
    if not rows:
        raise nothing_to_compare_on()
    return rows


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
    for bench in benches_of(assignment):
        tried = [Tried(prompt) for prompt in prompts_of(bench, name)]
        if len(tried) > 1:
            rows = rows_to_choose_on(bench, assignment.evaluation)
            seconds += sum(_try(each, bench, rows, assignment, run, progress) for each in tried)
        best = best_of(tried, bench.metric)
        pool = None if best.prompt.retrieval is None else bench.pool
        chosen.append(Chosen(bench.metric.name, best, tried, pool))
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
        f"{contender.name} ({prompt.way})",
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
