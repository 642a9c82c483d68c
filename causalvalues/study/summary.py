"""What a finished study says on the terminal: the first lines of its report, and where the rest is."""

from __future__ import annotations

import textwrap
from typing import Any

from causalvalues.numerals import number
from causalvalues.planning import Plan
from causalvalues.study.report_first import first_lines
from causalvalues.study.running import StudyRun
from causalvalues.study.wording import OUTCOMES, chance_words

WIDTH = 100


def summary_words(run: StudyRun) -> str:
    """Return the first lines of the report and the plans, wrapped for a terminal."""
    said = [run.results.settings.title, ""]
    for head, text in first_lines(run.results).items:
        said += [textwrap.fill(f"{head} {text}", WIDTH, initial_indent="- ", subsequent_indent="  ")]
    for place, planned in enumerate(run.results.plans, start=1):
        text = f"Plan {place}, {planned.title}: {_plan_words(planned.plan)}"
        said += [textwrap.fill(text, WIDTH, initial_indent="- ", subsequent_indent="  ")]
    return "\n".join([*said, "", f"Report: {run.report}", f"Tables, figures, graph: {run.folder}"])


def _plan_words(plan: Plan) -> str:
    doses = ", ".join(f"{node} x {dose:g}" for node, dose in plan.doses.items()) or "no lever"
    outcome = OUTCOMES[plan.status].split(":")[0]
    return f"{outcome}: {doses}. Expected error {number(plan.objective)}; chance {chance_words(plan)}."


def summary_json(run: StudyRun) -> dict[str, Any]:
    """Return the same as plain data."""
    return {
        "folder": str(run.folder),
        "report": str(run.report),
        "files": list(run.files),
        "first_lines": [" ".join(item) for item in first_lines(run.results).items],
        "findings": [vars(finding) for finding in run.results.findings],
    }
