"""Make the lm-evaluation-harness logs of this folder with the harness itself and a small model of ours (no torch).

Run in an environment of its own, not this project's: ``pip install lm-eval==0.4.13``, then
``python tests/logs/make_lm_eval_logs.py``. Prints what the harness itself counts; the tests hold these numbers.
"""

# ruff: noqa: T201

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

from lm_eval import evaluator
from lm_eval.api.instance import Instance
from lm_eval.api.model import LM
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

HERE = Path(__file__).parent
SAID = ["5", "Rating: 3", "4 or 5", "I cannot answer this.", "**6**", "2 out of 6"]

RATED = """
task: value_ratings
dataset_path: json
dataset_kwargs: {data_files: {test: DATA}}
test_split: test
output_type: generate_until
doc_to_text: "{{persona_text}} {{statement}} Answer with a number from 1 to 6:"
doc_to_target: ""
repeats: REPEATS
generation_kwargs: {until: ["\\n\\n"]}
filter_list: FILTERS
metric_list: [{metric: bypass}]
"""
CHOSEN = """
task: value_choices
dataset_path: json
dataset_kwargs: {data_files: {test: DATA}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{persona_text}} {{statement}} Answer with a number from 1 to 3:"
doc_to_choice: ["1", "2", "3"]
doc_to_target: 0
metric_list: [{metric: acc}]
"""
TWO_FILTERS = """
  - {name: all, filter: [{function: take_first}]}
  - {name: first digit, filter: [{function: regex, regex_pattern: "([0-9])"}, {function: take_first}]}
"""


ALL_REPEATS = """
  - {name: every, filter: [{function: take_first_k, k: 2}]}
"""


class Speaker(LM):
    """Says the same few things again and again, and likes higher numbers for later personas."""

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        return [SAID[i % len(SAID)] for i, _ in enumerate(requests)]

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        likes = {"Ann": (-0.5, -1.5, -2.5), "Ben": (-3.0, -0.25, -2.0)}
        found = []
        for request in requests:
            context, choice = request.args
            logs = likes[context.split()[2].rstrip(".")]
            found.append((logs[int(choice) - 1], logs[int(choice) - 1] == max(logs)))
        return found

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        raise NotImplementedError


def run(folder: Path, task: str, text: str) -> Path:
    data = folder / "data.jsonl"
    rows = [
        {"item": item, "persona_id": name, "persona_text": f"You are {name}.", "statement": f"{item} matters to me."}
        for name in ("Ann", "Ben")
        for item in ("power_1", "security_1")
    ]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / f"{task}.yaml").write_text(text.replace("DATA", str(data)))
    tracker = EvaluationTracker(output_path=str(folder / "out"))
    results = evaluator.simple_evaluate(
        model=Speaker(),
        tasks=[task],
        task_manager=TaskManager(include_path=str(folder), include_defaults=False),
        log_samples=True,
        evaluation_tracker=tracker,
        bootstrap_iters=0,
    )
    samples = results.pop("samples")
    tracker.save_results_aggregated(results, samples)
    tracker.save_results_samples(task, samples[task])
    for sample in samples[task]:
        print(task, sample["doc_id"], sample["filter"], sample["resps"], sample["filtered_resps"], sample.get("acc"))
    return next((folder / "out").rglob(f"samples_{task}_*.jsonl"))


def main() -> None:
    recipes = {
        "lm_eval_text": ("value_ratings", RATED.replace("REPEATS", "1").replace("FILTERS", TWO_FILTERS)),
        "lm_eval_repeats": ("value_ratings", RATED.replace("REPEATS", "2").replace("FILTERS", ALL_REPEATS)),
        "lm_eval_choices": ("value_choices", CHOSEN),
    }
    for name, (task, text) in recipes.items():
        with tempfile.TemporaryDirectory() as folder:
            path = run(Path(folder), task, text)
            shutil.rmtree(HERE / name, ignore_errors=True)
            shutil.copytree(path.parent, HERE / name)


if __name__ == "__main__":
    main()
