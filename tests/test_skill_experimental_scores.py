"""Models held against the experiment: who wins, how sure, and what measures mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from experimental_helpers import Respondents, asked, dag_effects
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr

from causalvalues.errors import ModelError
from causalvalues.skill.experimental_effects import ExperimentalMatrix, experimental_effects
from causalvalues.skill.experimental_measures import Truths, measures
from causalvalues.skill.experimental_score import (
    CORRELATIONS,
    LEVERS,
    Candidate,
    ScoreSettings,
    permutation_p,
    score_models,
)

QUICK = ScoreSettings(resamples=200, permutations=200)


def _truths(effects: np.ndarray, weights: np.ndarray | None = None, moved: np.ndarray | None = None) -> Truths:
    p = len(effects)
    w = 1.0 - np.eye(p) if weights is None else weights
    flags = np.zeros((p, p), dtype=bool) if moved is None else moved
    return Truths(effects[None], w[None], flags, ~flags)


@given(seed=st.integers(0, 10_000), scale=st.floats(0.01, 100))
@settings(max_examples=25, deadline=None)
def test_a_prediction_in_other_units_and_with_other_column_means_is_perfect(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    effects = rng.normal(size=(5, 5))
    moved = rng.random((5, 5)) < 0.5
    found = measures(_truths(effects, moved=moved), effects * scale + rng.normal(size=5))
    for name in ("pearson", "spearman", "r2"):
        assert found[name][0] == pytest.approx(1.0)
    assert found["slope"][0] == pytest.approx(1 / scale)
    assert found["rmse"][0] == pytest.approx(0.0, abs=1e-9)
    assert found["sign"][0] == pytest.approx(1.0) or not (moved & ~np.eye(5, dtype=bool)).any()


def test_measures_are_those_of_other_libraries() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    effects, predicted, moved = rng.normal(size=(6, 6)), rng.normal(size=(6, 6)), rng.random((6, 6)) < 0.4
    apart = ~np.eye(6, dtype=bool)
    found = measures(_truths(effects, moved=moved), predicted)

    def special(table: np.ndarray) -> np.ndarray:
        return table - np.where(apart, table, 0).sum(axis=0) / 5

    e, f = special(effects)[apart], special(predicted)[apart]
    assert found["pearson_raw"][0] == pytest.approx(np.corrcoef(effects[apart], predicted[apart])[0, 1])
    assert found["pearson"][0] == pytest.approx(np.corrcoef(e, f)[0, 1])
    assert found["spearman"][0] == pytest.approx(spearmanr(e, f)[0])
    assert found["auc"][0] == pytest.approx(roc_auc_score(moved[apart], np.abs(f)))
    assert found["sign"][0] == pytest.approx(np.mean(np.sign(e) == np.sign(f), where=moved[apart]))


def test_weights_count_as_repeated_cells() -> None:
    rng = np.random.default_rng(1)
    effects, predicted = np.round(rng.normal(size=(4, 4)), 1), np.round(rng.normal(size=(4, 4)), 1)
    weights = rng.integers(0, 4, (4, 4)) * (1.0 - np.eye(4))
    found = measures(_truths(effects, weights), predicted)
    times = weights.astype(int)
    column = np.tile(np.arange(4), (4, 1))
    e, f, j = (np.repeat(table.ravel(), times.ravel()) for table in (effects, predicted, column))
    special = [x - np.array([x[j == c].mean() for c in j]) for x in (e, f)]
    assert found["pearson"][0] == pytest.approx(np.corrcoef(*special)[0, 1])
    ranked = [rankdata(np.round(x, 9)) for x in special]
    assert found["spearman"][0] == pytest.approx(np.corrcoef(*ranked)[0, 1], abs=1e-6)


def test_permutation_p_values_are_uniform_when_nothing_agrees() -> None:
    p = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        effects, predicted = (rng.normal(size=(7, 7)) + rng.normal(size=(7, 1)) for _ in range(2))
        p.append(permutation_p(effects, predicted, 99, seed))
    assert 0.44 < np.mean(p) < 0.56
    assert np.mean(np.array(p) <= 0.1) < 0.16
    assert permutation_p(effects, effects, 99, 0) == pytest.approx(0.01)


def _candidates(effects: np.ndarray, names: tuple[str, ...], seed: int, worse: float = 1.0) -> list[Candidate]:
    rng = np.random.default_rng(seed)

    def frame(table: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(table, index=list(names), columns=list(names))

    spread = effects[~np.eye(len(effects), dtype=bool)].std()
    noisy = [effects + rng.normal(0, worse * spread, effects.shape) for _ in range(3)]
    return [
        Candidate("right graph", frame(effects), True),
        Candidate("wrong way round", frame(effects.T), True),
        Candidate("noise", frame(rng.normal(size=effects.shape)), True),
        Candidate(LEVERS, frame(noisy[0]), False),
        Candidate(CORRELATIONS, frame(noisy[1]), False),
    ]


def _experiment(p: int, seed: int, noise: float = 0.2) -> tuple[ExperimentalMatrix, np.ndarray, tuple[str, ...]]:
    truth = Respondents(dag_effects(p, seed), units=16, noise=noise)
    return experimental_effects(asked(truth, seed), truth.key), truth.effects, truth.names


def test_the_model_that_made_the_answers_is_chosen_and_beats_simple_predictors() -> None:
    matrix, effects, names = _experiment(8, 3)
    found = score_models(matrix, _candidates(effects, names, 0), QUICK)
    assert found.chosen == "right graph"
    assert found.beats
    assert found.beats_here
    assert "beats every simple predictor, also for other values" in found.verdict
    assert found.table.loc["right graph", "pearson"] > 0.9
    assert found.table.loc["right graph", "p"] < 0.02


def test_a_model_that_is_no_better_is_said_to_be_none() -> None:
    matrix, effects, names = _experiment(8, 3)
    candidates = [each for each in _candidates(effects, names, 0, 0.2) if each.name != "right graph"]
    found = score_models(matrix, candidates, QUICK, chosen="wrong way round")
    assert not found.beats_here
    assert not found.beats
    assert "plans should use the experimental matrix" in found.verdict


def test_predictions_that_are_equally_good_rarely_beat_each_other() -> None:
    wins = []
    for seed in range(40):
        matrix, effects, names = _experiment(7, 100 + seed)
        rng = np.random.default_rng(seed)
        spread = effects[~np.eye(7, dtype=bool)].std()
        tables = [pd.DataFrame(effects + rng.normal(0, spread, (7, 7)), list(names), list(names)) for _ in range(3)]
        candidates = [Candidate("model", tables[0], True), Candidate(LEVERS, tables[1], False)]
        candidates.append(Candidate(CORRELATIONS, tables[2], False))
        wins.append(
            score_models(matrix, candidates, ScoreSettings(resamples=100, permutations=20), "model", seed).beats
        )
    assert np.mean(wins) < 0.15


def test_the_order_of_candidates_and_values_changes_nothing() -> None:
    matrix, effects, names = _experiment(5, 4)
    candidates = _candidates(effects, names, 1)
    order = [names[i] for i in (3, 1, 4, 0, 2)]
    turned = [Candidate(each.name, each.prediction.loc[order, order], each.structural) for each in reversed(candidates)]
    one, two = (score_models(matrix, each, QUICK) for each in (candidates, turned))
    pd.testing.assert_frame_equal(one.table, two.table)
    pd.testing.assert_frame_equal(one.leads, two.leads)
    assert one.verdict == two.verdict


def test_candidates_that_cannot_be_compared_are_refused() -> None:
    matrix, effects, names = _experiment(5, 4)
    candidates = _candidates(effects, names, 1)
    with pytest.raises(ModelError, match=r"rival 'cross-effects of levers' is not among"):
        score_models(matrix, [each for each in candidates if each.name != LEVERS], QUICK)
    with pytest.raises(ModelError, match=r"No candidate is a structural model"):
        score_models(matrix, [each for each in candidates if not each.structural], QUICK)
    with pytest.raises(ModelError, match=r"Two candidates are called 'noise'"):
        score_models(matrix, [*candidates, candidates[2]], QUICK)
    with pytest.raises(ModelError, match=r"no structural model 'right grap'.*Did you mean 'right graph'"):
        score_models(matrix, candidates, QUICK, "right grap")
    odd = candidates[0].prediction.rename(index={"v0": "w0"})
    with pytest.raises(ModelError, match=r"differ in the value 'v0'"):
        score_models(matrix, [*candidates, Candidate("odd", odd, True)], QUICK)
