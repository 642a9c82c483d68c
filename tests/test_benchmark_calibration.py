"""The benchmarks of calibration and of all learners beside each other: their measures are right, a small cell runs."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"


def benchmark(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def calibration() -> ModuleType:
    return benchmark("calibration")


@pytest.fixture(scope="module")
def peers() -> ModuleType:
    return benchmark("peers_table")


def synthetic(calibration: ModuleType, sharpened: float, seed: int = 0) -> object:
    """Pairs whose truth has probability q, and whose claim is q with its logit multiplied."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(size=(400, 45)) * 1.5
    truth = rng.random(logit.shape) < 1 / (1 + np.exp(-logit))
    return calibration.Judged(truth, 1 / (1 + np.exp(-sharpened * logit)), np.full(logit.shape, truth.mean()))


def test_calibrated_claims_have_slope_one_and_sharpened_ones_a_lower_slope(calibration: ModuleType) -> None:
    right, sure = (calibration.figures(synthetic(calibration, by)) for by in (1.0, 2.0))
    assert abs(right["slope"] - 1) < 0.06
    assert right["calibration error"] < 0.02
    assert abs(sure["slope"] - 0.5) < 0.05
    assert sure["calibration error"] > 0.05
    assert sure["skill over base rate"] < right["skill over base rate"]


def test_a_claim_of_the_base_rate_has_no_skill(calibration: ModuleType) -> None:
    truth = np.random.default_rng(1).random((50, 45)) < 0.3
    flat = np.full(truth.shape, truth.mean())
    found = calibration.figures(calibration.Judged(truth, flat, flat))
    assert found["skill over base rate"] == pytest.approx(0, abs=1e-12)
    assert found["skill over |partial r|"] == pytest.approx(0, abs=1e-12)


def test_the_logistic_regression_agrees_with_statsmodels(calibration: ModuleType) -> None:
    from statsmodels.discrete.discrete_model import Logit

    rng = np.random.default_rng(2)
    x = rng.normal(size=(300, 2))
    y = (rng.random(300) < 1 / (1 + np.exp(-0.3 - x @ [1.0, -2.0]))).astype(float)
    oracle = Logit(y, np.column_stack([np.ones(300), x])).fit(disp=0).params
    assert benchmark("calibration_measures").logistic(x, y) == pytest.approx(oracle, abs=1e-5)


def test_no_network_is_judged_by_a_regression_that_saw_it(calibration: ModuleType) -> None:
    rng = np.random.default_rng(3)
    z, truth = rng.exponential(size=(20, 45)), rng.random((20, 45)) < 0.4
    turned = truth.copy()
    turned[4] = ~turned[4]
    before, after = calibration.recalibrated(z, truth), calibration.recalibrated(z, turned)
    assert (before[::2] == after[::2]).all()
    assert (before[1::2] != after[1::2]).any()


def test_truths_from_the_prior_are_those_of_an_independent_sampler(calibration: ModuleType) -> None:
    """Importance resampling over all 29,281 graphs on five nodes, in `benchmarks/interval_coverage.py`."""
    coverage = benchmark("interval_coverage")
    rng = np.random.default_rng(0)
    models = coverage.standardised_truths(coverage.all_dags(5), 2000, rng)
    wanted = np.array([np.count_nonzero(model.coefficients[0]) for model in models])
    found = np.array([t.graph.sum() for t in calibration.simulated.prior_truths(5, 1000, 1500, rng, steps=400)])
    assert abs(found.mean() - wanted.mean()) < 0.15  # standard error .06; the uniform prior alone has 6.0
    assert abs(found.std() - wanted.std()) < 0.12


def test_probabilities_mean_what_they_say_when_the_truth_comes_from_the_prior(calibration: ModuleType) -> None:
    """The benchmark has 200 networks a cell; with half or twice the rows claimed, the slopes are 1.20 and .62."""
    found = calibration.cell("prior", 300, calibration.data_of("prior", None, 300, 60))
    for question in calibration.QUESTIONS:
        row = calibration.figures(found.judged(question))
        assert row["pairs"] > 1500
        assert row["calibration error"] < 0.045
        assert 0.85 < row["slope"] < 1.15
        assert row["true when sure"] > 0.93
        assert row["skill over base rate"] > 0.3
        assert row["skill over |partial r|"] > 0.2
    for row in found.table():
        assert row["varsortability used"] == 0.5


def test_structured_truths_are_acyclic_standardised_and_not_sortable(calibration: ModuleType) -> None:
    for make in calibration.STRUCTURED.values():
        truth = make(400, np.random.default_rng(5))
        assert not np.linalg.matrix_power(truth.graph.astype(int), 10).any()
        assert truth.rows.mean(axis=0) == pytest.approx(0, abs=1e-12)
        assert calibration.varsortability(truth.graph, truth.rows.var(axis=0)) == 0.5
        assert truth.sortability > 0.5


def test_columns_are_permuted_with_their_graph(calibration: ModuleType) -> None:
    """Regression on the true parents leaves residuals that are uncorrelated with all non-descendants."""
    truth = calibration.STRUCTURED["dense random"](50_000, np.random.default_rng(6))
    upper = np.triu(truth.graph).sum() / truth.graph.sum()
    assert 0 < upper < 1
    before = np.linalg.inv(np.eye(10) - truth.graph) > 0.5
    for j in range(10):
        parents = truth.rows[:, truth.graph[:, j]]
        left = truth.rows[:, j] - parents @ np.linalg.lstsq(parents, truth.rows[:, j], rcond=None)[0]
        others = ~before[j]
        assert np.abs(truth.rows[:, others].T @ left / 50_000).max(initial=0.0) < 0.02


def test_the_true_graph_gets_full_marks_and_the_empty_graph_none(peers: ModuleType) -> None:
    _, graphs = peers.data_of(10, 1)
    graph, clock = graphs[0], {"seconds": 0.0, "wall": 0.0}
    right = peers.judge({"dag": graph, **clock}, graph)
    assert right["shd"] == right["brier sum"] == 0
    assert 2 * right["adjacent both"] == right["adjacent sum"] == 2 * graph.sum()
    assert 2 * right["arrow both"] == right["arrow sum"] > 0
    empty = peers.judge({"dag": np.zeros_like(graph), **clock}, graph)
    assert empty["shd"] == empty["brier sum"] == graph.sum()
    assert empty["arrow both"] == empty["adjacent both"] == 0


def test_a_method_runs_in_its_own_process_and_a_slow_one_is_stopped(
    peers: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, graphs = peers.data_of(10, 2)
    path = str(tmp_path / "rows.npz")
    np.savez(path, rows=rows)
    line = peers.one_method(10, "flopsearch", path, graphs, budget=60)
    assert line["networks"] == 2
    assert line["remark"] == ""
    assert line["adjacency F1"] > 0.6
    assert 20 < line["memory"] < 150, "the size of the process that started it is not counted"
    assert "| flopsearch |" in peers.printed(line)
    answers, remark = peers.answers_of("flopsearch", path, 60, limit=0.001)
    assert (answers, remark) == ([], "more than 0.001 s")
    monkeypatch.setitem(peers.METHODS, "other", ("-", "no-such-distribution", print))
    assert peers.one_method(10, "other", path, graphs, 60)["remark"] == "not installed"


def test_every_learner_of_ours_gives_a_graph_of_the_table(peers: ModuleType) -> None:
    rows, graphs = peers.data_of(10, 1)
    for name in ("causalvalues exact posterior", "causalvalues order search"):
        found = peers.METHODS[name][2](rows[0])
        counts = peers.judge({**found, "seconds": 0.0, "wall": 0.0}, graphs[0])
        assert 2 * counts["adjacent both"] / counts["adjacent sum"] > 0.6


def test_new_lines_take_the_place_of_old_ones_in_the_written_table(
    peers: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "RESULTS", tmp_path)
    line = {
        "values": 10, "method": "gies GES", "penalty": "1", "networks": 1, "version": "0", "remark": "", "start": 0.2,
        "memory at start": 38.0, "seconds": 0.5, "wall": 0.5, "memory": 40.0, "adjacency F1": 0.9, "arrow F1": 0.8,
        "SHD": 3.0, "SHD error": float("nan"), "skill": 0.7, "has probabilities": False,
    }  # fmt: skip
    late = {"values": 50, "method": "pgmpy GES", "penalty": "1", "networks": 0, "remark": "more than 120 s"}
    peers.written([late, line])
    peers.written([{**line, "SHD": 4.0}])
    peers.written([{**line, "method": "flopsearch", "SHD": 5.0}])
    text = (tmp_path / "peers_table.md").read_text(encoding="utf-8").splitlines()
    assert [row.split(" | ")[1] for row in text[2:5]] == ["flopsearch", "gies GES", "pgmpy GES"]
    assert "| 0.900 | 0.800 | 4.0 | (0.700) |" in text[3]
    assert "| more than 120 s |" in text[4]
    assert "nan" not in "".join(text)
