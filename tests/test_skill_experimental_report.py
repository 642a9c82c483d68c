"""The experiment as a whole: its report, its pictures, its files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from experimental_helpers import Respondents, asked, dag_effects

from causalvalues.errors import FigureError
from causalvalues.figures.experimental_heatmap import Foreseen, experimental_heatmap
from causalvalues.formats.paint import png_bytes
from causalvalues.reports.experiment_blocks import (
    SALIENCE,
    experiment_blocks,
    experiment_files,
    experiment_scenes,
    verdict,
)
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.scene.nouns import Shape, Text
from causalvalues.skill.experimental_agreement import ScoreSettings
from causalvalues.skill.experimental_candidates import StructuralSettings
from causalvalues.skill.experimental_effects import experimental_effects
from causalvalues.skill.experimental_study import Experiment, ExperimentPlan, run_experiment
from causalvalues.study.document import Bullets, Heading, Table

TRUTH = Respondents(dag_effects(4, 0), units=16, noise=0.3, sentence=0.1, rejected=1.0, pairs=3)


def _others() -> ResponseMatrix:
    """Rows with and without levers, of the same items."""
    rng = np.random.default_rng(0)
    units, p = 40, 4
    doses = np.tile(np.vstack([np.zeros(p), np.eye(p)]), (units, 1))
    values = (np.repeat(rng.normal(size=(units, p)), 5, axis=0) + doses) @ TRUTH.effects
    scores = np.repeat(values, 3, axis=1) + rng.normal(0, 0.3, (len(doses), 12))
    labels = {"persona_id": tuple(f"x{i}" for i in range(units) for _ in range(5))}
    ids, levers = tuple(str(i) for i in range(len(doses))), tuple(f"do_{name}" for name in TRUTH.names)
    return ResponseMatrix(
        tuple(TRUTH.key.items), scores, ids, labels=labels, cluster_by="persona_id", levers=levers, doses=doses
    )


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    """An experiment with everything in it."""
    plan = ExperimentPlan(
        _others(), models=StructuralSettings(moment_draws=0), scores=ScoreSettings(resamples=100, permutations=100)
    )
    return run_experiment(asked(TRUTH, 0), TRUTH.key, plan)


def test_the_report_begins_with_the_verdict(experiment: Experiment) -> None:
    blocks = experiment_blocks(experiment)
    assert isinstance(blocks[0], Heading)
    assert isinstance(blocks[1], Bullets)
    assert blocks[1].lead
    said = [text for _, text in blocks[1].items]
    assert experiment.scores is not None
    assert said[0] == experiment.scores.verdict
    assert said[-1] == SALIENCE
    tables = [block for block in blocks if isinstance(block, Table)]
    assert all(len(row) == len(table.columns) for table in tables for row in table.rows)
    models = next(table for table in tables if table.columns[0] == "Model" and "Kind" in table.columns)
    assert [row[0] for row in models.rows] == list(experiment.scores.table.index)


def test_an_experiment_without_other_answers_has_no_models(experiment: Experiment) -> None:
    alone = run_experiment(asked(TRUTH, 0), TRUTH.key)
    assert alone.scores is None
    assert set(experiment_scenes(alone)) == {"experiment"}
    assert "models.csv" not in experiment_files(alone)
    assert not any("structural" in line for line in verdict(alone))
    assert len(experiment_blocks(alone)) < len(experiment_blocks(experiment))


def test_files_hold_every_effect(experiment: Experiment) -> None:
    files = experiment_files(experiment)
    lines = files["special_effects.csv"].splitlines()
    assert lines[0] == "forced,value,mean,se,lower,upper,differs,still"
    assert len(lines) == 1 + 16
    assert {"effects.csv", "statements.csv", "models.csv", "model_leads.csv", "forced_response.csv"} <= set(files)


def test_the_picture_marks_what_is_sure_what_is_small_and_what_is_foreseen_wrongly() -> None:
    effects = np.eye(4)
    effects[0, 1], effects[2, 3] = 0.8, -0.8
    truth = Respondents(effects, units=30, noise=0.05)
    found = experimental_effects(asked(truth, 0), truth.key).effects()
    wrong = pd.DataFrame(effects, index=list(truth.names), columns=list(truth.names))
    wrong.loc["v2", "v3"], wrong.loc["v0", "v2"] = 0.3, -0.1
    scene = experimental_heatmap(found, Foreseen("a model", wrong))
    numbers = [mark for mark in scene.marks if isinstance(mark, Text) and mark.role == "number"]
    assert {mark.part for mark in numbers} == {
        f"cell-0-{i}-{j}" for i in range(4) for j in range(4) if i != j and found.differs.iloc[i, j]
    }
    crosses = {mark.part for mark in scene.marks if isinstance(mark, Shape) and mark.role == "wrong"}
    assert "cell-1-2-3" in crosses
    assert "cell-1-0-1" not in crosses
    still = [mark for mark in scene.marks if isinstance(mark, Shape) and mark.role == "still" and mark.part != "note"]
    apart = ~np.eye(4, dtype=bool)
    assert len(still) == (found.still & ~found.differs).to_numpy()[apart].sum()
    assert len(scene.rows) == 16
    assert png_bytes(scene)[:4] == b"\x89PNG"
    with pytest.raises(FigureError, match="differ in the value"):
        experimental_heatmap(found, Foreseen("odd", wrong.drop(columns="v3")))


def test_many_values_stay_readable() -> None:
    names = [f"a rather long name of value {i}" for i in range(24)]
    truth = Respondents(dag_effects(24, 0), units=3, noise=0.1)
    found = experimental_effects(asked(truth, 0), truth.key).effects()
    scene = experimental_heatmap(found, labels=dict(zip(truth.names, names, strict=True)))
    assert all(mark.size >= 7 for mark in scene.marks if isinstance(mark, Text))
    assert all(0 <= mark.x <= scene.width for mark in scene.marks if isinstance(mark, Text))
