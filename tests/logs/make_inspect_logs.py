"""Make the inspect logs of this folder with inspect_ai itself and its mock model (no network).

Run in an environment of its own, not this project's: ``pip install inspect_ai==0.3.285 pandas pyarrow``, then
``python tests/logs/make_inspect_logs.py``. Prints what inspect's own readers find; the tests hold these numbers.
"""

# ruff: noqa: T201

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from inspect_ai import Task, eval
from inspect_ai.analysis import samples_df
from inspect_ai.dataset import Sample
from inspect_ai.log import read_eval_log
from inspect_ai.model import ChatMessage, ModelOutput, get_model
from inspect_ai.model._providers.mockllm import MockLLM
from inspect_ai.scorer import Score, Target, choice, mean, scorer
from inspect_ai.solver import TaskState, generate, multiple_choice

HERE = Path(__file__).parent
SAID = ["5", "Rating: 3", "**6**", "I'd say 2 out of 6.", "4 or 5", "I'm sorry, but I can't answer that.", "10", "four"]
"""What the mock model says, again and again."""


@scorer(metrics=[mean()])
def length():
    async def score(state: TaskState, target: Target) -> Score:
        return Score(value=len(state.output.completion), answer=state.output.completion)

    return score


def said(number: int) -> Callable[..., ModelOutput]:
    turn = itertools.count()

    def speak(input: list[ChatMessage], tools: object, tool_choice: object, config: object) -> ModelOutput:
        i = next(turn) % number
        if i == 7:
            return ModelOutput.from_content("mockllm/model", "", stop_reason="content_filter")
        if i == 11:
            raise RuntimeError("the server closed the connection")
        return ModelOutput.from_content("mockllm/model", SAID[i % len(SAID)])

    return speak


def samples() -> list[Sample]:
    return [
        Sample(
            id=f"{persona}/{item}",
            input=f"You are persona {persona}. How much does {item} matter to you, from 1 to 6?",
            metadata={"persona_id": persona, "item": item, "levers": ["do_power"] if persona == "p2" else []},
        )
        for persona in ("p1", "p2")
        for item in ("power_1", "security_1", "security_2")
    ]


async def one_token(self: object, text: str) -> int:
    return 1


def run(task: Task, outputs: Callable[..., ModelOutput], folder: str, form: str) -> Path:
    logs = eval(
        task,
        model=get_model("mockllm/model", custom_outputs=outputs),
        log_dir=folder,
        log_format=form,
        max_connections=1,
        max_samples=1,
        fail_on_error=False,
        display="none",
        log_level="error",
    )
    return Path(logs[0].location.removeprefix("file://"))


def convert(path: Path, *how: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "inspect_ai", "log", how[0], str(path), *how[1:], "--output-dir", "converted"],
        check=True,
    )


def main() -> None:
    MockLLM.count_text_tokens = one_token  # the counter of inspect fetches a vocabulary from the network
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        ratings = Task(dataset=samples(), solver=generate(), scorer=length(), epochs=2, name="ratings")
        zstd = run(ratings, said(12), folder, "eval")
        shutil.copy(zstd, HERE / "inspect_ratings.eval")
        options = ["Not like me", "Somewhat like me", "Very much like me"]
        chosen = [
            Sample(id=f"{i}", input="How much is this person like you?", choices=options, target="A",
                   metadata={"persona": f"p{i % 2}", "dimension": name})
            for i, name in enumerate(["power", "power", "security", "security"])
        ]  # fmt: skip
        letters = iter("ACBZ")

        def choose(*asked: object) -> ModelOutput:
            return ModelOutput.from_content("mockllm/model", f"ANSWER: {next(letters)}")

        task = Task(dataset=chosen, solver=multiple_choice(), scorer=choice(), name="choices")
        path = run(task, choose, folder, "eval")
        shutil.copy(path, HERE / "inspect_choices.eval")
        convert(path, "convert", "--to", "json")
        shutil.copy(next(Path("converted").glob("*.json")), HERE / "inspect_choices.json")
        convert(path, "convert-chunked")
        shutil.copy(next(Path("converted").glob("*.eval")), HERE / "inspect_chunked.eval")
    for name in (
        "inspect_choices.eval",
        "inspect_choices.json",
        "inspect_ratings.eval",
    ):  # chunked: 0.3.285 writes, cannot read
        path = HERE / name
        print(path.name, path.stat().st_size, "bytes")
        for sample in read_eval_log(str(path)).samples or []:
            score = {name: score.as_str() for name, score in (sample.scores or {}).items()}
            failed = sample.error.message if sample.error else None
            print(sample.id, sample.epoch, sample.metadata, repr(sample.output.completion), score, failed)
    table = samples_df(str(HERE / "inspect_ratings.eval"))
    print(table[["id", "epoch", "metadata_persona_id", "metadata_item", "score_length", "error"]].to_string())


if __name__ == "__main__":
    main()
