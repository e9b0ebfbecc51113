"""What tests share: a home of their own each, and one that holds a release already."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from selenium.webdriver import Chrome

from outcross.data.recipe import Recipe, load
from outcross.data.release import versions as releases
from outcross.data.release.versions import Release
from outcross.data.review.queue import Queue
from outcross.data.stores.home import Home
from tests.browser import MISSING, chromium
from tests.review_items import Clock
from tests.reviewing import Shift, Visit, seated

# A machine that is busy with other things makes no property untrue.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which tests a machine without a browser left out."""
    if left := [report for report in terminalreporter.stats.get("skipped", []) if MISSING in str(report.longrepr)]:
        terminalreporter.write_line(f"{len(left)} browser tests were left out: {MISSING} (Debian: chromium-driver).")


@pytest.fixture(scope="session", autouse=True)
def _trained_on_nothing() -> Iterator[None]:
    """No model of a test was trained on anything; the tests of what is said of a model take this back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OUTCROSS_MODEL_DEPTH", "0")
        yield


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    return Home(tmp_path / "home")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one release, made once; tests change copies of it."""
    from tests.released import stock  # it needs the whole pipeline, which few tests do

    home = Home(tmp_path_factory.mktemp("template") / "home")
    stock(home)
    return home.root


@pytest.fixture
def stocked(template: Path, home: Home) -> tuple[Home, Recipe]:
    """A copy of that home, to change at will, and its recipe."""
    shutil.copytree(template, home.root)
    return home, load(home, "mine")


@pytest.fixture
def published(stocked: tuple[Home, Recipe]) -> tuple[Home, Release]:
    """The copy's release."""
    return stocked[0], releases.find(stocked[0], "mine")


@pytest.fixture
def clock() -> Clock:
    """The time that `queue` goes by."""
    return Clock()


@pytest.fixture
def queue(tmp_path: Path, clock: Clock) -> Queue:
    """An empty review queue."""
    return Queue(tmp_path / "review.sqlite", now=clock)


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A browser window, shared by the tests that need one."""
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def shift() -> Shift:
    """The real time, which a test may move on: for a queue that is served to a browser."""
    return Shift()


@pytest.fixture
def page(queue: Queue, driver: Chrome) -> Iterator[Visit]:
    """Opens a desk of the test's own queue, in the browser that all share."""
    with seated(queue, driver) as visit:
        yield visit
