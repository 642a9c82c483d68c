"""Factor-plus-graph models and the plain graph beside them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from causalvalues.discovery import ExactPosterior, SparseDags, discover
from causalvalues.discovery.factor_chain import FactorChain, FactorProblem
from causalvalues.discovery.factor_graph import FactorGraph, graph_only_bic
from causalvalues.discovery.hidden_causes import CLEAR, HiddenCauseSettings, _verdict, hidden_cause_models
from causalvalues.errors import DiscoveryError
from causalvalues.evidence import Evidence, summarise
from causalvalues.graph import Knowledge
from causalvalues.randomness import stream
from causalvalues.responses import ResponseMatrix
from causalvalues.theories.theory import ValueTheory

NAMES = tuple(f"v{j}" for j in range(6))
QUICK = FactorGraph(starts=6, draws=80)
EDGES = ((0, 1, 0.6), (2, 3, -0.6), (3, 5, 0.6))


def rows(seed: int, loadings: np.ndarray, edges: tuple = EDGES, n: int = 600) -> pd.DataFrame:
    rng = stream(seed, "hidden")
    p = len(loadings)
    b = np.zeros((p, p))
    for i, j, weight in edges:
        b[i, j] = weight
    x = rng.normal(size=(n, p)) @ np.linalg.inv(np.eye(p) - b) + rng.normal(size=(n, 1)) * loadings
    return pd.DataFrame(x, columns=[f"v{j}" for j in range(p)])


def pairs_above_half(table: pd.DataFrame) -> set[tuple[int, int]]:
    found = table.loc[sorted(table), sorted(table)].to_numpy()
    return {(int(i), int(j)) for i, j in np.argwhere(np.triu(found > 0.5, 1))}


def problem(p: int, k: int, n: float) -> FactorProblem:
    allowed = ~np.eye(p, dtype=bool)
    return FactorProblem(np.ones((p, k), dtype=bool), allowed, np.zeros_like(allowed), SparseDags(), n)


def test_without_a_factor_the_chain_draws_from_the_exact_posterior():
    evidence = summarise(rows(0, np.zeros(4), ((0, 1, 0.2), (1, 2, 0.2), (0, 3, 0.2)), n=300))
    exact = discover(evidence, ExactPosterior(prior=SparseDags(), draws=1)).edge_probabilities.to_numpy()
    chain = FactorChain(problem(4, 0, evidence.degrees_of_freedom), stream(0, "chain"))
    correlation = evidence.correlation.to_numpy()
    total = np.zeros((4, 4))
    for _ in range(2000):
        chain.step(correlation)
        total += chain.graph
    assert np.abs(total / 2000 - exact).max() < 0.035
    assert exact.max() > 0.3


def test_the_drawn_sums_of_factors_have_the_moments_of_drawn_factor_scores():
    # rows F = X b + E with E ~ N(0, V), drawn row by row, against the draw from moments alone
    rng = np.random.default_rng(3)
    x = rng.normal(size=(40, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0.4], [0, 0, 1]])
    x -= x.mean(axis=0)
    scatter = x.T @ x
    chain = FactorChain(problem(3, 2, 40.0), stream(1, "chain"))
    chain.slopes = np.array([[0.5, 0.0], [0.2, -0.3], [0.0, 0.6]])
    chain.left = np.array([[0.6, 0.2], [0.2, 0.5]])
    moments = np.array([chain._augmented(scatter, 40.0) for _ in range(4000)])
    root = np.linalg.cholesky(chain.left)
    by_rows = []
    for _ in range(4000):
        z = np.hstack([x, x @ chain.slopes + rng.normal(size=(40, 2)) @ root.T])
        by_rows.append(z.T @ z)
    expected = np.array(by_rows)
    assert moments.mean(axis=0) == pytest.approx(expected.mean(axis=0), abs=1.2)
    assert moments[:, 3:, :].std(axis=0) == pytest.approx(expected[:, 3:, :].std(axis=0), rel=0.08)
    upper = [(0, 3), (2, 4), (3, 3), (3, 4), (4, 4)]
    ours, theirs = (np.corrcoef([m[:, i, j] for i, j in upper]) for m in (moments, expected))
    assert np.abs(ours - theirs).max() < 0.08


def test_a_pure_factor_leaves_no_edges_and_its_loadings_are_found():
    loadings = np.array([0.9, 0.8, 0.7, 0.9, -0.8, 0.6])
    evidence = summarise(rows(1, loadings, ()))
    plain = pairs_above_half(discover(evidence).adjacent_probabilities)
    posterior = QUICK.learn(evidence, Knowledge(), 0)
    assert len(plain) >= 5
    assert len(pairs_above_half(posterior.adjacent_probabilities)) <= 1
    table = posterior.settings["loadings"]["general"]
    truth = loadings / np.sqrt(1 + loadings**2)
    found = np.array([table[name]["mean"] for name in NAMES])
    assert np.abs(found - truth).max() < 0.12
    inside = [table[name]["lower"] <= t <= table[name]["upper"] for name, t in zip(NAMES, truth, strict=True)]
    assert sum(inside) >= 4
    assert posterior.settings["identified"] is True


def test_a_factor_takes_false_edges_away_and_leaves_most_true_ones():
    truth = {(0, 1), (2, 3), (3, 5)}
    false = {"plain": 0, "factor": 0}
    kept = 0
    for seed in range(3):
        evidence = summarise(rows(10 + seed, np.array([0.8, 0.7, 0.9, 0.7, 0.8, 0.7])))
        false["plain"] += len(pairs_above_half(discover(evidence).adjacent_probabilities) - truth)
        found = pairs_above_half(QUICK.learn(evidence, Knowledge(), seed).adjacent_probabilities)
        false["factor"] += len(found - truth)
        kept += len(found & truth)
    assert false["plain"] >= 9
    assert false["factor"] <= false["plain"] / 3
    assert kept >= 6


def test_where_no_factor_is_needed_the_comparison_says_so():
    evidence = summarise(rows(2, np.zeros(6)))
    models = hidden_cause_models(evidence, settings=HiddenCauseSettings(factor=QUICK))
    assert models.comparison["bic"].idxmin() == "graph only"
    assert 0 < models.comparison.loc["general factor", "difference"] < CLEAR
    assert "the data do not decide" in models.verdict
    assert models.comparison.loc["factor only", "difference"] > 10


@pytest.mark.parametrize(
    ("general", "said"),
    [
        (85.0, "fits clearly better"),
        (95.0, "(BIC 5.0 apart; best with one: general factor): the data do not decide"),
        (105.0, "(BIC 5.0 apart; best with one: general factor): the data do not decide"),
        (115.0, "do not ask for a hidden factor: the BIC of the graph alone is lower by 15.0"),
    ],
)
def test_a_small_difference_in_fit_decides_nothing_in_either_direction(general: float, said: str):
    comparison = pd.DataFrame(
        {"bic": [100.0, 150.0, general], "identified": True, "why": ""},
        index=["graph only", "factor only", "general factor"],
    )
    assert said in _verdict(comparison)


def test_a_hidden_factor_is_preferred_by_the_comparison_where_there_is_one():
    evidence = summarise(rows(3, np.full(6, 1.0)))
    models = hidden_cause_models(evidence, settings=HiddenCauseSettings(factor=QUICK))
    assert models.comparison["bic"].idxmin() == "general factor"
    assert models.comparison.loc["graph only", "difference"] > 10
    # the plain model is ruled out, so what counts is the factor model
    supported = models.pairs["general factor"] > 0.5
    assert (models.pairs["supported"] == supported).all()


def test_pairs_survive_when_they_are_likely_under_every_model():
    rng = stream(4, "persona")
    table = rows(4, np.zeros(6), n=400)
    persona = np.repeat(np.arange(80), 5)  # five rows a persona, which share a level of all values
    table = table + np.repeat(rng.normal(size=(80, 1)), 5, axis=0)
    labels = {"persona_id": tuple(f"p{i}" for i in persona)}
    units = tuple(str(i) for i in range(400))
    matrix = ResponseMatrix(NAMES, table.to_numpy(), units, labels=labels, cluster_by="persona_id")
    theory = ValueTheory("two", "two", NAMES, groups={"low": NAMES[:3], "high": NAMES[3:]})
    models = hidden_cause_models(
        summarise(matrix),
        theory,
        summarise(matrix, within="persona_id"),
        HiddenCauseSettings(factor=FactorGraph(starts=3, draws=40)),
    )
    names = ["plain", "general factor", "group factors", "partialled"]
    assert list(models.posteriors) == names
    assert len(models.pairs) == 15
    assert (models.pairs["least"] == models.pairs[names].min(axis=1)).all()
    assert (models.pairs["survives"] == (models.pairs[names] > 0.5).all(axis=1)).all()
    assert list(models.posteriors["group factors"].settings["loadings"]) == ["high", "low"]
    low = models.posteriors["group factors"].settings["loadings"]["low"]
    assert all(low[name]["mean"] == 0 == low[name]["active"] for name in NAMES[3:])
    ours = pairs_above_half(models.posteriors["partialled"].adjacent_probabilities)
    assert ours == {(0, 1), (2, 3), (3, 5)}


def test_one_correlated_pair_is_said_not_to_identify_a_factor():
    evidence = summarise(rows(5, np.zeros(5), ((0, 1, 0.8),)))
    posterior = FactorGraph(starts=4, draws=40).learn(evidence, Knowledge(), 0)
    assert posterior.settings["identified"] is False
    assert any("not identified" in given for given in posterior.givens)


def test_three_values_cannot_carry_a_factor_and_edges():
    evidence = summarise(rows(6, np.full(3, 1.0), ()))
    posterior = FactorGraph(starts=4, draws=40).learn(evidence, Knowledge(), 0)
    assert posterior.settings["identified"] is False


def test_the_order_of_the_columns_and_their_units_change_nothing():
    table = rows(7, np.full(6, 0.7))
    turned = table[["v3", "v0", "v5", "v1", "v4", "v2"]]
    first, second = (FactorGraph(starts=3, draws=20).learn(summarise(t), Knowledge(), 5) for t in (table, turned))
    one, two = first.adjacent_probabilities, second.adjacent_probabilities
    assert (one.to_numpy() == two.loc[list(one), list(one)].to_numpy()).all()
    assert first.settings == second.settings
    other = FactorGraph(starts=3, draws=20).learn(summarise(table), Knowledge(), 6)
    assert not np.array_equal(first.draws, other.draws)


def test_knowledge_holds_in_every_draw():
    evidence = summarise(rows(8, np.full(6, 0.7)))
    knowledge = Knowledge(required=frozenset({("v4", "v0")}), forbidden=frozenset({("v0", "v1"), ("v1", "v0")}))
    draws = FactorGraph(starts=3, draws=40).learn(evidence, knowledge, 0).draws
    assert draws[:, 4, 0].all()
    assert not (draws[:, 0, 1] | draws[:, 1, 0]).any()


def test_clustered_rows_are_averaged_over_bootstrap_moments():
    table = rows(9, np.full(6, 0.7), n=300)
    labels = {"persona_id": tuple(f"p{i // 5}" for i in range(300))}
    units = tuple(str(i) for i in range(300))
    matrix = ResponseMatrix(NAMES, table.to_numpy(), units, labels=labels, cluster_by="persona_id")
    fixed = FactorGraph(starts=3, draws=80, moment_draws=0).learn(summarise(matrix), Knowledge(), 0)
    averaged = FactorGraph(starts=3, draws=80).learn(summarise(matrix), Knowledge(), 0)

    def width(posterior) -> float:
        table = posterior.settings["loadings"]["general"].values()
        return float(np.mean([one["upper"] - one["lower"] for one in table]))

    assert len(averaged.draws) == 80
    assert width(averaged) > width(fixed)
    # fit is compared on the data's own moments: resampled ones would favour models with many parameters
    assert averaged.settings["bic"] == pytest.approx(fixed.settings["bic"])
    alone = [graph_only_bic(summarise(matrix), FactorGraph(draws=80, moment_draws=number), 0) for number in (0, 20)]
    assert alone[0] == pytest.approx(alone[1])


def test_bad_settings_and_evidence_are_refused_by_name():
    evidence: Evidence = summarise(rows(10, np.full(6, 0.7), n=60))
    with pytest.raises(DiscoveryError, match="nobody"):
        FactorGraph(groups={"x": ("nobody",)}).learn(evidence, Knowledge(), 0)
    with pytest.raises(DiscoveryError, match="two or more"):
        FactorGraph(groups={"x": ("v0",)}).learn(evidence, Knowledge(), 0)
    with pytest.raises(DiscoveryError, match="too few"):
        QUICK.learn(summarise(rows(10, np.full(6, 0.7), n=15)), Knowledge(), 0)
    with pytest.raises(DiscoveryError, match="starts"):
        FactorGraph(starts=0)
    other = summarise(rows(10, np.full(5, 0.7), ()))
    with pytest.raises(DiscoveryError, match="v5"):
        hidden_cause_models(evidence, partialled=other, settings=HiddenCauseSettings(factor=QUICK))
    assert np.isfinite(graph_only_bic(evidence, QUICK, 0))
