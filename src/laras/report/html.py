"""The report: one HTML file that needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laras.report.blocks import Section
from laras.report.checked import not_measured
from laras.report.facts import RunFacts, read_facts
from laras.report.sections import SECTIONS
from laras.report.sections.headline import headline
from laras.report.wording import visible
from laras.runs.atomic import write_text_atomic
from laras.translation import _, language

if TYPE_CHECKING:
    from jinja2 import Environment

    from laras.runs.folder import Run


def write_report(run: Run) -> Path:
    """Write ``report.html`` into the run's folder from what the run left there, and nothing else.

    A part that is missing is left out and named at the end of the report.
    """
    path = Path(run.folder) / "report.html"
    write_text_atomic(path, render(read_facts(Path(run.folder))))
    return path


def render(facts: RunFacts) -> str:
    """The page as text, in the language in use."""
    sections = [section for section in (make(facts) for make in SECTIONS) if section is not None]
    style = files("laras.report").joinpath("templates/style.css").read_text(encoding="utf-8")
    title = _("Laras report: {name}").format(name=facts.folder.resolve().name)
    page: str = (
        _environment()
        .get_template("report.html.j2")
        .render(
            language=language(),
            title=title,
            policy=content_policy(style),
            style=style,
            headline=headline(facts),
            sections=sections,
            name=facts.folder.resolve().name,
            subtitle=_subtitle(facts),
            contents=_("Contents"),
            missing_title=_("What is missing"),
            missing=_missing(facts, sections),
            missing_words=_("These parts were not in the run's folder and so are not shown."),
            best_words=_("best"),
            colophon=_(
                "Made by Laras from the files of the run alone. This page loads nothing, runs no "
                "script and sends nothing."
            ),
        )
    )
    return page


def content_policy(style: str) -> str:
    """The Content-Security-Policy of the page: nothing at all but this one style sheet."""
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _environment() -> Environment:
    """Templates that escape all text, and write out its invisible characters."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def finalize(value: Any) -> Any:
        return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    return Environment(
        loader=PackageLoader("laras.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
    )


def _subtitle(facts: RunFacts) -> str:
    """When the run ended and on what base model."""
    parts = []
    moments = [event["t"] for event in facts.events if isinstance(event.get("t"), (int, float))]
    if moments:
        parts.append(datetime.fromtimestamp(moments[-1]).astimezone().strftime("%Y-%m-%d %H:%M"))
    models = {str(c.scores["model"]) for c in facts.contenders if c.scores.get("model")}
    if models:
        parts.append(_("base model {names}").format(names=", ".join(sorted(models))))
    parts.append("Laras")
    version = facts.manifest.get("laras")
    if version:
        parts[-1] = f"Laras {version}"
    return " · ".join(parts)


def _missing(facts: RunFacts, sections: Sequence[Section]) -> list[str]:
    """Files that were not there, and sections that had nothing to show."""
    missing = list(facts.missing)
    shown = {section.anchor for section in sections}
    if "learning" not in shown and "events.jsonl" not in " ".join(missing):
        missing.append(_("loss curves: nothing was tuned in this run"))
    if "samples" not in shown and facts.contenders:
        missing.append(_("examples side by side: no answers were generated"))
    if facts.verdict:
        unknown = _("not measured")
        missing += [f"{title}: {unknown}" for title in not_measured(facts.verdict)]
    return missing
