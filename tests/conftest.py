"""Fixtures shared by all tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from causalvalues.study import StudyRun

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of third-party data sets that are not part of this repository."""
    return SHARED


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> StudyRun:
    """The study of the packaged demo answers, run once for all tests; read only."""
    from causalvalues.study import DEMO, run_study

    return run_study(DEMO, tmp_path_factory.mktemp("demo") / "run")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests that read the shared data where there is none."""
    if SHARED.is_dir():
        return
    skip = pytest.mark.skip(reason="the shared data folder is not beside this checkout")
    for item in items:
        if item.get_closest_marker("shared"):
            item.add_marker(skip)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many tests of each marker ran and how many were skipped."""
    for marker in ("shared", "tools"):
        counts = {"run": 0, "skipped": 0}
        for outcome, what in (("passed", "run"), ("failed", "run"), ("error", "run"), ("skipped", "skipped")):
            for report in terminalreporter.stats.get(outcome, []):
                counts[what] += marker in getattr(report, "keywords", ())
        terminalreporter.write_line(f"marker {marker}: {counts['run']} run, {counts['skipped']} skipped")
