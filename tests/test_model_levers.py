"""Levers: design-based effects, reference predictors, ledger, and coverage with the graph unknown."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.errors import ModelError
from causalvalues.evidence import summarise
from causalvalues.graph.posterior import GraphPosterior
from causalvalues.model import (
    StructuralModel,
    compare_predictors,
    effect_ledger,
    fit,
    lever_effects,
    own_values,
    plan_ledger,
    start_ledger,
    tried_dose,
)
from causalvalues.responses.matrix import ResponseMatrix


def matrix(
    scores: np.ndarray, doses: np.ndarray, clusters: list[str] | None, names: tuple[str, ...] = ("a", "b")
) -> ResponseMatrix:
    return ResponseMatrix(
        names=names,
        scores=scores,
        unit_ids=[str(i) for i in range(len(scores))],
        labels={} if clusters is None else {"persona_id": clusters},
        cluster_by="" if clusters is None else "persona_id",
        levers=tuple(f"do_{name}" for name in names[: doses.shape[1]]),
        doses=doses,
    )


def paired_design(n: int = 12, seed: int = 0) -> ResponseMatrix:
    """Each persona once without lever and once with each lever; personas 0-3 also with both."""
    rng = np.random.default_rng(seed)
    rows, doses, clusters = [], [], []
    for persona in range(n):
        level = rng.normal(size=2) * 5
        for used in ((0, 0), (1, 0), (0, 1), (1, 1)):
            if used != (1, 1) or persona < 4:
                rows.append(level + np.array(used) @ np.array([[1.0, 0.3], [0.0, 2.0]]) + rng.normal(size=2) * 0.2)
                doses.append(used)
                clusters.append(f"p{persona}")
    return matrix(np.array(rows), np.array(doses, dtype=float), clusters)


# design-based effects


def test_paired_effects_are_one_sample_t_statistics_of_the_differences() -> None:
    answers = paired_design()
    found = lever_effects(answers)
    frame = answers.frame()
    plain = frame[(frame["do_a"] == 0) & (frame["do_b"] == 0)].set_index("persona_id")
    for cell, used in (("do_a", (1, 0)), ("do_b", (0, 1)), ("do_a+do_b", (1, 1))):
        steered = frame[(frame["do_a"] == used[0]) & (frame["do_b"] == used[1])].set_index("persona_id")
        for value in ("a", "b"):
            d = (steered[value] - plain[value]).dropna()
            se = d.std(ddof=1) / np.sqrt(len(d))
            half = {12: 1.795884819, 4: 2.353363435}[len(d)] * se
            assert found.clusters.loc[cell, value] == len(d)
            expected = [d.mean(), se, d.mean() - half, d.mean() + half]
            got = [table.loc[cell, value] for table in (found.mean, found.se, found.lower, found.upper)]
            np.testing.assert_allclose(got, expected, rtol=1e-8)
    assert set(found.pairing) == {"paired within cluster"}


def test_persona_levels_do_not_blur_paired_effects() -> None:
    found = lever_effects(paired_design())
    assert (found.se.loc[["do_a", "do_b"]] < 0.2).all(axis=None)


@pytest.mark.parametrize("shared", [0, 1])
def test_unpaired_effects_are_least_squares_with_cluster_robust_errors(shared: int) -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(4)
    clusters = [f"p{i // 3}" for i in range(60)]
    doses = np.repeat(rng.permutation(20) % 2, 3).astype(float)[:, None]
    doses[:shared, 0] = 1 - doses[0, 0]
    scores = rng.normal(size=(60, 1)) + doses + 2 * np.repeat(rng.normal(size=20), 3)[:, None]
    found = lever_effects(matrix(scores, doses, clusters, ("a",)))
    groups = pd.factorize(pd.Series(clusters))[0]
    ols = sm.OLS(scores[:, 0], sm.add_constant(doses)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    g = min(len(set(groups[doses[:, 0] == side])) for side in (0, 1))
    assert found.pairing["do_a"] == "difference of means"
    assert found.mean.loc["do_a", "a"] == pytest.approx(ols.params[1])
    assert found.clusters.loc["do_a", "a"] == g
    assert found.se.loc["do_a", "a"] == pytest.approx(ols.bse[1] * np.sqrt(g / (g - 1)))


def test_lost_answers_weights_and_repeats_count_as_they_should() -> None:
    scores = np.array([[0.0], [2.0], [5.0], [1.0], [np.nan], [4.0], [0.0], [1.0]])
    doses = np.array([[0.0], [0.0], [1.0], [0.0], [1.0], [1.0], [0.0], [1.0]])
    clusters = ["p", "p", "p", "q", "q", "q", "r", "r"]
    found = lever_effects(matrix(scores, doses, clusters, ("a",)))
    differences = np.array([5.0 - 1.0, 4.0 - 1.0, 1.0])
    assert found.mean.loc["do_a", "a"] == pytest.approx(differences.mean())
    assert found.clusters.loc["do_a", "a"] == 3


def test_different_doses_are_different_cells() -> None:
    doses = np.array([0.0, 1.0, 2.0] * 3)[:, None]
    scores = np.array([0.0, 1.0, 5.0] * 3)[:, None] + np.repeat([1.0, 2.0, 3.0], 3)[:, None]
    found = lever_effects(matrix(scores, doses, list("pppqqqrrr"), ("a",)))
    assert found.mean["a"].to_dict() == {"do_a": 1.0, "do_a=2": 5.0}


def test_answers_that_allow_no_contrast_are_refused() -> None:
    with pytest.raises(ModelError, match="no levers"):
        lever_effects(ResponseMatrix(("a",), np.zeros((2, 1)), ("x", "y")))
    with pytest.raises(ModelError, match="No row is without lever"):
        lever_effects(matrix(np.zeros((3, 1)), np.ones((3, 1)), None, ("a",)))


# reference predictors


def lever_world(truth: np.ndarray, own: float = 1.0, n: int = 400, seed: int = 1) -> ResponseMatrix:
    """Levers that each push one value of a linear system; every persona answers without lever and under each one."""
    rng = np.random.default_rng(seed)
    p = len(truth)
    total = np.linalg.inv(np.eye(p) - truth)
    noise = rng.normal(size=(n, p))
    doses = np.vstack([np.zeros((1, p)), np.eye(p)])
    scores = np.concatenate([(noise + own * dose) @ total for dose in doses])
    clusters = [f"p{i}" for _ in doses for i in range(n)]
    return matrix(scores, np.repeat(doses, n, axis=0), clusters, tuple("abcdef"[:p]))


def test_where_levers_act_through_the_graph_the_graph_wins() -> None:
    truth = np.zeros((5, 5))
    truth[0, 1] = truth[1, 2] = 0.9
    truth[3, 2], truth[3, 4] = -0.8, 0.7
    answers = lever_world(truth)
    model = StructuralModel.from_coefficients(answers.names, truth)
    found = compare_predictors(answers, model, resamples=200)
    assert found.scores.loc["graph", "r2"] == pytest.approx(1.0)
    assert found.difference[1] > 0
    assert "the graph foresees them better than the better simple predictor" in found.verdict
    assert len(found.cross_effects) == 20


def test_a_graph_without_edges_is_as_good_as_predicting_no_effect() -> None:
    truth = np.triu(np.full((4, 4), 0.5), 1)
    answers = lever_world(truth)
    found = compare_predictors(
        answers, StructuralModel.from_coefficients(answers.names, np.zeros((4, 4))), resamples=50
    )
    assert found.scores.loc["graph", "r2"] == 0
    assert "the graph foresees them better" not in found.verdict
    assert "R2 against predicting no effect is 0.00 for the graph" in found.verdict


def test_the_three_predictions_are_what_their_names_say() -> None:
    truth = np.triu(np.full((4, 4), 0.4), 1)
    answers = lever_world(truth, n=50)
    model = StructuralModel.from_coefficients(answers.names, truth)
    found = compare_predictors(answers, model, own={"do_a": "a", "do_b": "b", "do_c": "c"}, resamples=10)
    plain = answers.rows(~(answers.doses != 0).any(axis=1)).frame()[list("abcd")]
    spread, r = plain.std(), plain.corr()
    effects = lever_effects(answers).mean
    row = found.cross_effects.set_index(["lever", "value"]).loc[("do_a", "c")]
    own = effects.loc["do_a", "a"] / spread["a"]
    assert row["observed"] == pytest.approx(effects.loc["do_a", "c"] / spread["c"])
    assert row["graph"] == pytest.approx(own * model.total[0, 0, 2] * spread["a"] / spread["c"])
    assert row["half the correlation"] == pytest.approx(own * r.loc["a", "c"] / 2)
    assert row["mean of the other levers"] == pytest.approx(effects.loc["do_b", "c"] / spread["c"])
    cross = found.cross_effects
    rest = ((cross["observed"] - cross["graph"]) ** 2).sum() / (cross["observed"] ** 2).sum()
    assert found.scores.loc["graph", "r2"] == pytest.approx(1 - rest)


def test_the_order_of_columns_and_rows_does_not_change_the_comparison() -> None:
    truth = np.triu(np.full((4, 4), 0.4), 1)
    answers = lever_world(truth, n=30)
    model = StructuralModel.from_coefficients(answers.names, truth)
    turned = ResponseMatrix(
        names=answers.names[::-1],
        scores=answers.scores[:, ::-1],
        unit_ids=answers.unit_ids,
        labels=answers.labels,
        cluster_by="persona_id",
        levers=answers.levers[::-1],
        doses=answers.doses[:, ::-1],
    )
    here, there = (compare_predictors(each, model, resamples=20) for each in (answers, turned))
    np.testing.assert_allclose(here.scores, there.scores, atol=1e-12)
    np.testing.assert_allclose(here.difference, there.difference, atol=1e-12)


def test_what_a_lever_aims_at_is_checked() -> None:
    with pytest.raises(ModelError, match=r"no lever 'do_pwoer'.*Did you mean 'do_power'"):
        own_values(("do_power",), ("power",), {"do_pwoer": "power"})
    with pytest.raises(ModelError, match=r"unknown value 'powr'.*Did you mean 'power'"):
        own_values(("do_power",), ("power",), {"do_power": "powr"})


def demo(shared_data: Path) -> ResponseMatrix:
    with gzip.open(shared_data / "smollm2_values" / "responses.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    names = tuple(column[:-2] for column in rows[0] if column.endswith("_1"))
    scores = [[np.mean([float(row[f"{name}_{i}"]) for i in range(1, 5)]) for name in names] for row in rows]
    doses = [[float(f"do_{name}" in row["levers"].split("+")) for name in names] for row in rows]
    return matrix(np.array(scores), np.array(doses), [row["persona_id"] for row in rows], names)


@pytest.mark.shared
def test_on_the_language_model_answers_the_graph_predicts_cross_effects_worse_than_both_simple_predictors(
    shared_data: Path,
) -> None:
    answers = demo(shared_data)
    facts = summarise(answers.rows(~(answers.doses != 0).any(axis=1)))
    values = summarise(pd.DataFrame(answers.scores[(answers.doses == 0).all(axis=1)], columns=list(answers.names)))
    assert facts.n == values.n == 240
    model = fit(discover(values, ExactPosterior(), seed=0), values, seed=0)
    found = compare_predictors(answers, model, resamples=200)
    r2 = found.scores["r2"].round(2)
    assert len(found.cross_effects) == 90
    assert r2["half the correlation"] == r2["mean of the other levers"] == 0.27
    assert r2["graph"] == pytest.approx(0.10, abs=0.02)
    here, lower, upper = found.difference
    assert lower < here < upper < 0
    assert "the graph foresees them worse than the better simple predictor" in found.verdict
    assert f"90% interval {lower:.2f} to {upper:.2f}" in found.verdict
    assert (found.scores["r2_about_mean"] < 0).all()
    assert "about each value's own mean cross-effect the R2 of all three is negative" in found.verdict


def test_the_interval_of_the_lead_is_a_bootstrap_over_clusters_and_levers() -> None:
    """The same resamples, drawn here with other code: whole levers count again, whole personas answer again."""
    truth = np.triu(np.full((4, 4), 0.4), 1)
    exact = lever_world(truth, n=25)
    noise = np.random.default_rng(8).normal(size=exact.scores.shape)
    answers = matrix(exact.scores + noise, exact.doses, list(exact.labels["persona_id"]), exact.names)
    model = StructuralModel.from_coefficients(answers.names, truth)
    found = compare_predictors(answers, model, resamples=3000, seed=5)
    frame = answers.frame().set_index("persona_id")
    plain = frame[(frame[list(answers.levers)] == 0).all(axis=1)][list("abcd")]
    spread, r, total = plain.std().to_numpy(), plain.corr().to_numpy(), model.total[0]
    differences = np.array([(frame.loc[frame[f"do_{own}"] == 1, list("abcd")] - plain) / spread for own in "abcd"])
    total, rng, leads = total * (spread[:, None] / spread), np.random.default_rng(0), []
    for _ in range(3000):
        effects = differences[:, rng.integers(25, size=25)].mean(axis=1)
        errors = dict.fromkeys(("graph", "half", "others", "none"), 0.0)
        for lever in rng.integers(4, size=4):
            for j in set(range(4)) - {int(lever)}:
                own = effects[lever, lever]
                others = np.mean([effects[i, j] for i in range(4) if i not in (lever, j)])
                guesses = (own * total[lever, j], own * r[lever, j] / 2, others, 0.0)
                for what, guess in zip(errors, guesses, strict=True):
                    errors[what] += (effects[lever, j] - guess) ** 2
        leads.append((min(errors["half"], errors["others"]) - errors["graph"]) / errors["none"])
    expected = np.quantile(leads, [0.05, 0.95])
    np.testing.assert_allclose(found.difference[1:], expected, atol=0.1 * np.ptp(expected))


def test_the_interval_grows_with_what_differs_between_levers() -> None:
    """One lever of five pushes through the graph, the others do not: five levers tell little."""
    truth = np.zeros((5, 5))
    truth[0, 1:] = 0.5
    answers = lever_world(truth, n=2000)
    model = StructuralModel.from_coefficients(answers.names, truth + np.triu(np.full((5, 5), 0.1), 1))
    found = compare_predictors(answers, model, resamples=400)
    assert found.difference[2] - found.difference[1] > 0.1


# ledger


def collider_posterior() -> tuple[GraphPosterior, StructuralModel, pd.DataFrame]:
    rng = np.random.default_rng(2)
    n = 2000
    a, b, e = rng.normal(size=(3, n))
    data = pd.DataFrame({"a": a, "b": b, "c": a + b + rng.normal(size=n), "e": e})
    data["f"] = data["e"] + rng.normal(size=n)
    facts = summarise(data)
    posterior = discover(facts, ExactPosterior(), seed=0)
    return posterior, fit(posterior, facts), data


def test_colliders_stand_by_graph_and_lone_pairs_by_prior_only() -> None:
    posterior, model, data = collider_posterior()
    table = effect_ledger(model, posterior, summarise(data))
    arrows = table[table["kind"] == "arrow"].set_index(["cause", "effect"])["basis"]
    assert arrows[("a", "c")] == arrows[("b", "c")] == "by graph"
    lone = arrows[[pair for pair in arrows.index if set(pair) == {"e", "f"}]]
    assert lone.tolist() == ["by prior only"]
    effects = table[table["kind"] == "effect"].set_index(["cause", "effect"])
    assert len(effects) == 20
    assert effects.loc[("a", "c"), "basis"] == "by graph"
    assert effects.loc[("c", "a"), "basis"] == "by graph"
    assert "does not act" in effects.loc[("c", "a"), "sentence"]
    assert effects.loc[("a", "b"), "basis"] == "by graph"
    assert effects.loc[("e", "f"), "basis"] == effects.loc[("f", "e"), "basis"] == "by prior only"


def test_lever_effects_stand_by_design_and_untried_doses_and_pairs_are_extrapolated() -> None:
    rng = np.random.default_rng(3)
    doses = rng.integers(0, 2, (300, 3)).astype(float) * np.array([1.0, 2.0, 1.0])
    doses[doses[:, 2] == 1, :2] = 0
    answers = matrix(rng.normal(size=(300, 3)) + doses, doses, None, ("a", "b", "c"))
    facts = summarise(answers)
    posterior = discover(facts, ExactPosterior(draws=50))
    model = fit(posterior, facts)
    table = effect_ledger(model, posterior, facts)
    assert set(table.loc[table["kind"] == "lever", "basis"]) == {"by design"}
    assert tried_dose(facts, "do_b") == pytest.approx(2.0)
    plan = plan_ledger(model, posterior, facts, {"do_a": 1.0, "do_b": 2.0}).set_index("cause")["basis"]
    assert plan.to_dict() == {"do_a": "by design", "do_b": "by design", "do_a and do_b": "by design"}
    odd = plan_ledger(model, posterior, facts, {"do_a": 1.5, "do_c": 1.0, "b": 0.5}).set_index("cause")["basis"]
    assert odd["do_a"] == odd["do_a and do_c"] == "extrapolated"
    assert odd["do_c"] == "by design"
    assert odd["b"] in {"by graph", "by prior only"}
    assert start_ledger(facts, {"a": float(facts.mean[0]), "c": 99.0})["effect"].tolist() == ["c"]


# coverage


@pytest.fixture(scope="module")
def coverage_benchmark() -> ModuleType:
    path = Path(__file__).parents[1] / "benchmarks" / "interval_coverage.py"
    spec = importlib.util.spec_from_file_location("interval_coverage", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["interval_coverage"] = module
    spec.loader.exec_module(module)
    return module


def test_ninety_per_cent_intervals_hold_the_truth_when_the_graph_is_not_known(coverage_benchmark: ModuleType) -> None:
    found = coverage_benchmark.table("prior", list(coverage_benchmark.cases("prior", 250, draws=400)))
    for question in ("total effects", "counterfactuals"):
        row = found[(found["question"] == question) & (found["which"] == "all")].iloc[0]
        assert 87 < row["broken_ties"] < 93
        assert abs(row["covered"] - row["promised"]) < 3


def test_there_are_29281_graphs_on_five_nodes(coverage_benchmark: ModuleType) -> None:
    assert [len(coverage_benchmark.all_dags(p)) for p in (1, 2, 3, 4, 5)] == [1, 3, 25, 543, 29281]
