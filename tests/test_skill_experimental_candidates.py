"""Predictions of the experiment: simple ones, the hidden context, instruments, answers in turn; and real answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from experimental_helpers import dag_effects

from causalvalues.errors import DataError, ModelError
from causalvalues.responses import demo_responses, score
from causalvalues.responses.demo import DEMO
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.skill.experimental_candidates import (
    Given,
    StructuralSettings,
    context_candidates,
    instruments,
    learn_candidates,
    mixed,
)
from causalvalues.skill.experimental_context import HiddenContext, balanced
from causalvalues.skill.experimental_effects import experimental_effects
from causalvalues.skill.experimental_score import CORRELATIONS, LEVERS, Candidate, ScoreSettings, score_models
from causalvalues.skill.experimental_sequences import SequentialAnswers, earlier_effects, read_sequential
from causalvalues.skill.experimental_simple import circle_nearness, lever_matrix, simple_candidates
from causalvalues.theories import scoring_key, theory
from causalvalues.theories.key import ItemKey, ScoringKey

QUICK = ScoreSettings(resamples=200, permutations=200)


def test_a_weak_hidden_context_is_the_covariance_of_contexts() -> None:
    rng = np.random.default_rng(0)
    items, values, weights = rng.normal(size=(40, 6)), rng.normal(size=(40, 3)), rng.random(40)
    found = HiddenContext(1e-5).effects(items, values, weights) / 1e-5
    np.testing.assert_allclose(found, np.cov(np.hstack([items, values]).T, aweights=weights, ddof=0)[:6, 6:], rtol=1e-3)


def test_a_hidden_context_is_inferred_by_the_rule_of_bayes() -> None:
    rng = np.random.default_rng(1)
    items, values, weights = rng.normal(size=(9, 2)), rng.normal(size=(9, 3)), rng.random(9)
    posterior = weights * np.exp(4.0 * items[:, 1])
    wanted = (posterior / posterior.sum()) @ values - (weights / weights.sum()) @ values
    np.testing.assert_allclose(HiddenContext(4.0).effects(items, values, weights)[1], wanted)
    with pytest.raises(ModelError, match="positive"):
        HiddenContext(0)
    assert balanced([0, 1, 1]).tolist() == [0.5, 0.25, 0.25]


def _steered(seed: int, units: int = 60) -> tuple[ResponseMatrix, np.ndarray]:
    """Answers of a linear structural model whose levers push one value each."""
    rng = np.random.default_rng(seed)
    total = dag_effects(4, seed)
    names, doses = tuple(f"v{i}" for i in range(4)), np.vstack([np.zeros(4), np.eye(4)])
    pushed = np.tile(doses, (units, 1)) * 2.0
    scores = (np.repeat(rng.normal(size=(units, 4)), 5, axis=0) + pushed) @ total
    labels = {"unit": tuple(f"u{i}" for i in range(units) for _ in range(5))}
    ids = tuple(str(i) for i in range(len(scores)))
    levers = tuple(f"do_{name}" for name in names)
    return ResponseMatrix(names, scores, ids, labels=labels, cluster_by="unit", levers=levers, doses=pushed / 2), total


def test_levers_that_act_on_one_value_alone_are_instruments_of_its_total_effects() -> None:
    matrix, total = _steered(1)
    np.testing.assert_allclose(lever_matrix(matrix), 2 * total, atol=1e-10)
    found = instruments(matrix).to_numpy()
    apart = ~np.eye(4, dtype=bool)
    assert np.corrcoef(found[apart], total[apart])[0, 1] > 0.99


def test_simple_predictors_follow_their_definitions() -> None:
    matrix, total = _steered(2)
    found = {each.name: each.prediction for each in simple_candidates(matrix)}
    plain = matrix.scores[::5]
    np.testing.assert_allclose(found[CORRELATIONS], np.corrcoef(plain.T), atol=1e-10)
    spread = plain.std(axis=0, ddof=1)
    half = 2 * np.diag(total)[:, None] / spread[:, None] * np.corrcoef(plain.T) / 2 * spread
    np.testing.assert_allclose(found["half the correlation"], half, atol=1e-9)
    others = found["mean of the other levers"].loc["v0", "v1"]
    assert others == pytest.approx(2 * (total[2, 1] + total[3, 1]) / 2)


def test_neighbours_on_the_circle_are_nearest() -> None:
    near = circle_nearness(theory("schwartz-10"), ["power", "achievement", "universalism"])
    assert near is not None
    assert near.loc["power", "achievement"] > near.loc["power", "universalism"]
    assert circle_nearness(theory("mft-5"), ["care"]) is None


def test_two_predictions_are_mixed_half_and_half_whatever_their_units() -> None:
    rng = np.random.default_rng(0)
    names = list("abc")
    one, two = (pd.DataFrame(rng.normal(size=(3, 3)), names, names) for _ in range(2))
    pd.testing.assert_frame_equal(mixed(one, two), mixed(two * 50 + 3, one / 7))


def test_effects_of_earlier_answers_are_recovered() -> None:
    rng = np.random.default_rng(0)
    effects = rng.normal(0, 1, (4, 4)) * (1 - np.eye(4))
    position = np.array([rng.permutation(4) for _ in range(400)]).astype(float)
    start = rng.normal(size=(400, 4))
    before = (position[:, :, None] < position[:, None, :]).astype(float)
    answers = start + np.einsum("rij,ij->rj", before, effects) + 0.1 * position
    units, items = tuple(f"u{i}" for i in range(400)), tuple(f"{name}1" for name in "abcd")
    turn = SequentialAnswers(tuple("abcd"), units, items, position, answers)
    table = pd.DataFrame(start, index=list(units), columns=list(items))
    apart = ~np.eye(4, dtype=bool)
    found, wanted = (
        each - np.where(apart, each, 0).sum(axis=0) / 3
        for each in (earlier_effects(turn, table, 1e-6).to_numpy(), effects)
    )
    np.testing.assert_allclose(found[apart], wanted[apart], atol=1e-3)
    with pytest.raises(DataError, match=r"lack the item 'a1'"):
        earlier_effects(turn, table.drop(columns="a1"))
    with pytest.raises(DataError, match=r"Fewer than two units"):
        earlier_effects(turn, table.rename(index=lambda unit: f"other {unit}"))


def test_questionnaires_in_turn_are_read() -> None:
    found = read_sequential(DEMO / "sequential.csv.gz")
    assert len(found.units) == 40
    assert sorted(found.position[0].tolist()) == list(range(10))
    assert found.rows().shape == (40, 10)


def test_structural_models_learn_from_answers_without_forced_rows() -> None:
    matrix, _ = _steered(3)
    found = learn_candidates(Given(matrix), StructuralSettings(moment_draws=0), 0)
    names = [each.name for each in found]
    assert {"plain graph", "graph with saturated levers", "graph with sparse levers", "hidden context"} <= set(names)
    assert len(set(names)) == len(names)
    assert all(each.structural and np.isfinite(each.prediction.to_numpy()).all() for each in found)


def _shared(folder: Path) -> tuple[ResponseMatrix, ResponseMatrix, ScoringKey]:
    table = pd.read_csv(folder / "smollm2_forced" / "forced.csv.gz")
    items = tuple(str(name) for name in table.columns[3:])
    scores = table[list(items)].to_numpy(dtype=float)
    said = [f"{v}_{k + 1}" if v != "neutral" else "" for v, k in zip(table["forced_value"], table["k"], strict=True)]
    for row, item in enumerate(said):
        if item:
            scores[row, items.index(item)] = np.nan
    ids = tuple(str(row) for row in range(len(table)))
    labels = {
        "p": tuple(table["persona"].astype(str)),
        "forced": tuple(table["forced_value"]),
        "forced_items": tuple(said),
    }
    forced = ResponseMatrix(items, scores, ids, labels=labels, cluster_by="p")
    rows = pd.read_csv(folder / "smollm2_values" / "responses.csv.gz", keep_default_na=False)
    levers = tuple(sorted({part for cell in rows["levers"] for part in cell.split("+") if part}))
    doses = np.array([[float(lever in cell.split("+")) for lever in levers] for cell in rows["levers"]])
    asked_ids = tuple(str(row) for row in range(len(rows)))
    who = {"p": tuple(rows["persona_id"].astype(str))}
    numbers = rows[list(items)].to_numpy(dtype=float)
    answers = ResponseMatrix(items, numbers, asked_ids, labels=who, cluster_by="p", levers=levers, doses=doses)
    return forced, answers, ScoringKey("shared", "", "", {name: ItemKey(name.rsplit("_", 1)[0]) for name in items})


@pytest.mark.shared
def test_on_the_shared_answers_levers_and_correlations_foresee_as_much_as_was_found(shared_data: Path) -> None:
    forced, answers, key = _shared(shared_data)
    truth = experimental_effects(forced, key)
    simple = simple_candidates(score(answers, key))
    context = [each for each in _contexts(answers, key) if each.name != "hidden context, no levers"]
    found = score_models(truth, [*simple, *context], QUICK, "hidden context and pushes")
    assert found.table.loc[LEVERS, "pearson"] == pytest.approx(0.52, abs=0.005)
    assert found.table.loc[CORRELATIONS, "pearson"] == pytest.approx(0.44, abs=0.005)
    assert found.table.loc["hidden context", "pearson"] == pytest.approx(0.607, abs=0.005)
    assert found.beats_here
    assert not found.beats


def _contexts(answers: ResponseMatrix, key: ScoringKey) -> list[Candidate]:
    return context_candidates(Given(answers, key), StructuralSettings())


def test_on_the_demo_the_hidden_context_beats_levers_and_correlations_for_these_values() -> None:
    key = scoring_key("smollm2-demo")
    answers = demo_responses("answers")
    candidates = [*simple_candidates(score(answers, key)), *_contexts(answers, key)]
    truth = experimental_effects(demo_responses("forced"), key)
    found = score_models(truth, candidates, QUICK, "hidden context and pushes")
    assert found.beats_here
    assert not found.beats
    assert found.table.loc["hidden context and pushes", "pearson"] > found.table.loc[LEVERS, "pearson"] + 0.05
