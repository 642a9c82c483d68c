"""Fixtures shared by all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of third-party data sets that are not part of this repository."""
    return SHARED


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
