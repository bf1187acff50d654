"""What holds for every test: in CI, a test that skips itself has failed."""

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from deploy import compiled

if TYPE_CHECKING:
    from tests.core_thread import CoreThread

# Before anything is imported that may be compiled: tests are of the sources that are there.
compiled.use_or_remove()
# How long an example takes says something of the machine alone.
hypothesis.settings.register_profile("project", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("project")

NO_SKIPS = "--no-skips"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(NO_SKIPS, action="store_true", help="a test or module that skips itself counts as failed")


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    is_expected_failure = hasattr(report, "wasxfail")  # pytest files those under skipped too
    if report.skipped and not is_expected_failure:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} skipped itself, and {NO_SKIPS} forbids that: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if item.config.getoption(NO_SKIPS):
        _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if collector.config.getoption(NO_SKIPS):
        _refuse_skip(report)
    return report


@pytest.fixture(scope="module")
def state_of_nobody(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of an installation without users, made once: its tables take the longest."""
    from tests.core_thread import CoreThread

    core = CoreThread(tmp_path_factory.mktemp("empty"))
    core.start()
    core.stop()
    return core.state.root


@pytest.fixture
def core(state_of_nobody: Path, tmp_path: Path) -> "Iterator[CoreThread]":
    """A core that runs in a thread of the test, and knows no user yet."""
    from tests.core_thread import CoreThread

    shutil.copytree(state_of_nobody, tmp_path / "s")
    core = CoreThread(tmp_path)
    core.start()
    yield core
    core.stop()
