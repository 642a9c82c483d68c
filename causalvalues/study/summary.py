"""What a finished study says on the terminal: the first lines of its report, and where the rest is."""

from __future__ import annotations

import textwrap
from typing import Any

from causalvalues.study.report import first_lines
from causalvalues.study.running import StudyRun

WIDTH = 100


def summary_words(run: StudyRun) -> str:
    """Return the first lines of the report and the plans, wrapped for a terminal."""
    said = [run.results.settings.title, ""]
    for head, text in first_lines(run.results).items:
        said += [textwrap.fill(f"{head} {text}", WIDTH, initial_indent="- ", subsequent_indent="  ")]
    for number, planned in enumerate(run.results.plans, start=1):
        text = f"Plan {number}, {planned.title}: {planned.plan!r}"
        said += [textwrap.fill(text, WIDTH, initial_indent="- ", subsequent_indent="  ")]
    return "\n".join([*said, "", f"Report: {run.report}", f"Tables, figures, graph: {run.folder}"])


def summary_json(run: StudyRun) -> dict[str, Any]:
    """Return the same as plain data."""
    return {
        "folder": str(run.folder),
        "report": str(run.report),
        "files": list(run.files),
        "first_lines": [" ".join(item) for item in first_lines(run.results).items],
        "findings": [vars(finding) for finding in run.results.findings],
    }
