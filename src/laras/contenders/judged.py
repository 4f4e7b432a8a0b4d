"""One contender on the test: its key, its figures, what the checks measured in it."""

from __future__ import annotations

from laras.checks.catalogue import measure_all
from laras.checks.check import Grounds, Measured
from laras.contenders.obtain import key_of, load_candidate, obtain
from laras.contenders.record import EVALUATION_VERSION
from laras.errors import EndpointFailed
from laras.evaluation.evaluate import evaluate
from laras.evaluation.result import Evaluation
from laras.preparation.pipeline import Prepared, load_examples
from laras.runs.damage import damage_told
from laras.runs.folder import Run
from laras.runs.hashing import content_hash, file_sha256
from laras.runs.progress import Progress
from laras.tuning.assignment import Assignment

Judged = tuple[Evaluation, dict[str, Measured]]


def evaluation_key(assignment: Assignment) -> str:
    """Hash of all that decides the contender's figures and answers."""
    prepared, section = assignment.prepared, assignment.evaluation
    return content_hash(
        EVALUATION_VERSION,
        key_of(assignment),
        file_sha256(prepared.test),
        file_sha256(prepared.train) if section.checks else None,
        section.model_dump(exclude={"judge"}),
    )


def judged(assignment: Assignment, run: Run, progress: Progress) -> Judged | None:
    """The contender, from its files in the run, judged on the test.

    None where it answers from an endpoint that failed or cost too much: that is told and kept in
    its folder. No check is made of such a one: they take likelihoods, or very many answers.
    """
    grounds = _grounds(assignment.prepared)
    if assignment.contender.kind == "api":
        return _judged_by_answers(assignment, grounds, run, progress)
    section = assignment.evaluation
    candidate = load_candidate(
        assignment.contender, assignment.model, assignment.recipe_folder, run
    )
    result = evaluate(candidate, grounds.test, section, grounds.labels, progress)
    return result, measure_all(candidate, grounds, section, progress)


def _judged_by_answers(
    assignment: Assignment, grounds: Grounds, run: Run, progress: Progress
) -> Judged | None:
    from laras.contenders.hosted.source import answering  # it loads an HTTP client
    from laras.contenders.hosted.unfinished import forget, give_up

    contender = assignment.contender
    try:
        obtain(assignment, run, progress)  # asks, too
        candidate = answering(contender, run)
        result = evaluate(candidate, grounds.test, assignment.evaluation, grounds.labels, progress)
    except EndpointFailed as failure:
        give_up(contender, evaluation_key(assignment), failure, run, progress)
        return None
    forget(contender, run)
    return result, {}


def _grounds(prepared: Prepared) -> Grounds:
    splits = {}
    for path in (prepared.train, prepared.test):
        with damage_told(path):
            splits[path] = load_examples(path)
    audit = prepared.audit
    with damage_told(prepared.train.with_name("audit.json")):
        languages = dict(audit["splits"]["train"]["languages"])
    return Grounds(splits[prepared.train], splits[prepared.test], audit["labels"], languages)
