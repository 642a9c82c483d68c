"""Structural models held against forced answers: the demo answers, and the shared ones beside the checkout.

    python benchmarks/experimental_matrix.py [--quick]

Truth: centred effects of forced values on other values (90 pairs). Models are learned from rows without forced answers.
Printed: every model and every measure on both data sets; differences to the two simple predictors with 90% intervals
over units, over units and values, and over statements; how much of the effects is the value's and how much the
sentence's. The model that is put forward on the demo is chosen on the shared answers (other statements), and the other
way round. --quick leaves the graphs with factors out.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import causalvalues as cv
from causalvalues.responses.demo import DEMO
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.skill.experimental_candidates import structural_candidates
from causalvalues.skill.experimental_effects import ExperimentalMatrix, experimental_effects
from causalvalues.skill.experimental_score import Candidate, ModelScores, score_models
from causalvalues.skill.experimental_sequences import read_sequential
from causalvalues.skill.experimental_simple import simple_candidates
from causalvalues.skill.experimental_statements import statement_effects
from causalvalues.skill.forced_answers import ForcedAnswers, forced_answers
from causalvalues.theories.key import ItemKey, ScoringKey

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared_forced(folder: Path) -> ResponseMatrix:
    """Return the shared rows after forced answers; the statement that was forced has no answer."""
    table = pd.read_csv(folder / "smollm2_forced" / "forced.csv.gz")
    items = list(table.columns[3:])
    scores = table[items].to_numpy(dtype=float)
    said = [
        f"{value}_{k + 1}" if value != "neutral" else ""
        for value, k in zip(table["forced_value"], table["k"], strict=True)
    ]
    for row, item in enumerate(said):
        if item:
            scores[row, items.index(item)] = np.nan
    persona, forced = (tuple(str(x) for x in table[name]) for name in ("persona", "forced_value"))
    labels = {"persona_id": persona, "forced": forced, "forced_items": tuple(said)}
    units = tuple(str(row) for row in range(len(table)))
    return ResponseMatrix(tuple(items), scores, units, labels=labels, cluster_by="persona_id")


def shared_answers(folder: Path) -> ResponseMatrix:
    """Return the shared rows with and without levers (items)."""
    table = pd.read_csv(folder / "smollm2_values" / "responses.csv.gz", keep_default_na=False)
    items = list(table.columns[2:])
    levers = sorted({part for cell in table["levers"] for part in cell.split("+") if part})
    doses = np.array([[float(lever in cell.split("+")) for lever in levers] for cell in table["levers"]])
    return ResponseMatrix(
        tuple(items),
        table[items].to_numpy(dtype=float),
        tuple(str(row) for row in range(len(table))),
        labels={"persona_id": table["persona_id"].astype(str)},  # type: ignore[dict-item]
        cluster_by="persona_id",
        levers=tuple(levers),
        doses=doses,
    )


def shared_key(matrix: ResponseMatrix) -> ScoringKey:
    """Return the key of the shared statements, named by their values."""
    return ScoringKey(
        "shared", "shared", "schwartz-10", {name: ItemKey(name.rsplit("_", 1)[0]) for name in matrix.names}
    )


def best(scores: ModelScores) -> str:
    """Return the best structural model."""
    return str(scores.table.index[scores.table["structural"].astype(bool)][0])


def shown(name: str, truths: dict[str, ExperimentalMatrix], candidates: list[Candidate], chosen: str) -> None:
    """Print one data set; `chosen` was best on the other one."""
    for over, truth in truths.items():
        scores = score_models(truth, candidates, chosen=chosen)
        if over == "units":
            print(f"\n== {name}: {truth!r}")
            print(scores.table.drop(columns=["learned_from", "structural"]).astype(float).round(2).to_string())
        print(f"-- over {over}:")
        print(scores.leads.astype(float).round(2).iloc[:4].T.to_string())
        print(scores.verdict)
        print("-- chosen on one half:", score_models(truth, candidates).verdict)


def facts(name: str, answers: ForcedAnswers) -> None:
    """Print what was found about the effects themselves."""
    for over in ("units", "statements"):
        truth = experimental_effects(answers, over=over)
        for way in truth.names_of_ways:
            print(name, "over", over, way, truth.effects(way, centred=True))
    print(name, statement_effects(answers).verdict)


def main() -> None:
    """Print both data sets."""
    pd.set_option("display.width", 250)
    pd.set_option("display.max_columns", 40)
    theory, key = cv.theory("schwartz-10"), cv.scoring_key("smollm2-demo")
    answers, forced = cv.demo_responses("answers"), forced_answers(cv.demo_responses("forced"), key)
    shared = shared_forced(SHARED)
    other_key = shared_key(shared)
    other_forced, other = forced_answers(shared, other_key), shared_answers(SHARED)
    sets = {"demo": (answers, key, forced), "shared": (other, other_key, other_forced)}
    truths = {
        name: {over: experimental_effects(each[2], over=over) for over in ("units", "statements")}
        for name, each in sets.items()
    }
    candidates = {}
    for name, (rows, its_key, said) in sets.items():
        facts(name, said)
        turn = read_sequential(DEMO / "sequential.csv.gz") if name == "demo" else None
        learned = structural_candidates(rows, its_key, theory, turn)
        if "--quick" in sys.argv:
            learned = [each for each in learned if "factor" not in each.name]
        candidates[name] = [*simple_candidates(cv.score(rows, its_key), theory), *learned]
    first = {name: best(score_models(truths[name]["units"], found)) for name, found in candidates.items()}
    for name, found in candidates.items():
        shown(name, truths[name], found, first["shared" if name == "demo" else "demo"])


if __name__ == "__main__":
    main()
