"""The report in a real browser: silent, offline, and unharmed by what stands in the data."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from laras.report.html import write_report
from laras.runs.folder import Run

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A Chromium of this machine; skips where there is none."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("there is no Chromium here")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a built run whose texts are hostile."""
    path = Path(__file__).parents[1] / "unit/report/built_run.py"
    specification = importlib.util.spec_from_file_location("built_run", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    folder = module.build_run(tmp_path_factory.mktemp("report") / "run")
    return write_report(Run.read(folder))


class Visit:
    """A page that was opened, and all that it said and asked for."""

    def __init__(self, browser: Any, report: Path, *, width: int, scheme: str) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page = context.new_page()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(report.as_uri())
        self.page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.fault(55)
def test_the_report_is_silent_asks_for_nothing_and_fits(
    browser: Any, report: Path, width: int, scheme: str
) -> None:
    visit = Visit(browser, report, width=width, scheme=scheme)
    assert visit.said == []
    assert visit.asked == [report.as_uri()]
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    paper = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") is (scheme == "light")


@pytest.mark.fault(55)
def test_hostile_text_is_inert(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, width=1280, scheme="light")
    assert visit.page.title() == "Laras report: run"
    text = visit.page.inner_text("main")
    assert "<script>document.title='owned'</script>" in text
    assert "⟨U+202E⟩txt.exe⟨U+202C⟩" in text
    assert visit.page.evaluate("document.querySelectorAll('script, img, form').length") == 0


def test_no_chart_is_empty(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, width=1280, scheme="light")
    areas = visit.page.evaluate(
        "[...document.querySelectorAll('svg.chart')].map(c => c.getBoundingClientRect().height)"
    )
    assert len(areas) >= 9
    assert min(areas) > 50


def test_the_contents_lead_to_every_section(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, width=1280, scheme="light")
    assert visit.page.evaluate(
        "[...document.querySelectorAll('nav a')].every(a => document.querySelector(a.hash))"
    )
