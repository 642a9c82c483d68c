"""Make the EDSL results of this folder with EDSL itself and its test model (no network).

Run in an environment of its own, not this project's: ``pip install edsl==1.0.9``, then
``python tests/logs/make_edsl_results.py``. Prints what EDSL's own table says; the tests hold these numbers.
"""

# ruff: noqa: T201

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

HERE = Path(__file__).parent.resolve()
SAID = {
    "power_1": "5",
    "security_1": "I'd say 2 out of 6.",
    "kind": "Like me",
    "tradition_1": "I'm sorry, but I can't answer that.",
    "benevolence_1": "9",
}


def main() -> None:
    os.chdir(tempfile.mkdtemp())
    from edsl import Agent, AgentList, Model, QuestionFreeText, QuestionLinearScale, QuestionMultipleChoice, Survey

    scale = [1, 2, 3, 4, 5, 6]
    survey = Survey(
        [
            QuestionLinearScale(question_name="power_1", question_text="Power matters.", question_options=scale),
            QuestionFreeText(question_name="security_1", question_text="Safety matters. From 1 to 6?"),
            QuestionMultipleChoice(
                question_name="kind", question_text="Like you?", question_options=["Not like me", "Like me"]
            ),
            QuestionFreeText(question_name="tradition_1", question_text="Custom matters. From 1 to 6?"),
            QuestionLinearScale(question_name="benevolence_1", question_text="Help matters.", question_options=scale),
        ]
    )
    agents = AgentList([Agent(name="ann", traits={"age": 30}), Agent(name="ben", traits={"age": 40})])
    for name, model in (
        ("edsl_results", Model("test", canned_response=SAID)),
        ("edsl_failed", Model("test", throw_exception=True)),
    ):
        results = (
            survey.by(agents)
            .by(model)
            .run(
                n=2 if name == "edsl_results" else 1,
                disable_remote_inference=True,
                disable_remote_cache=True,
                progress_bar=False,
                stop_on_exception=False,
                print_exceptions=False,
                fresh=True,
            )
        )
        held = results.to_dict()
        for heavy in ("cache", "task_history"):
            held.pop(heavy, None)
        (HERE / f"{name}.json").write_text(json.dumps(held))
        results.to_csv(str(HERE / f"{name}.csv"))
        if name == "edsl_results":
            results.save(str(HERE / name))
            (HERE / f"{name}.ep").chmod(0o644)
        columns = ["agent_name", "iteration", *SAID]
        for row in zip(*(results.select(c).to_list() for c in columns), strict=True):
            print(name, dict(zip(columns, row, strict=True)))


if __name__ == "__main__":
    main()
