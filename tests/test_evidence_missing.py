"""Moments of rows with missing answers: maximum likelihood, available cases, and what each correlation is worth."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from causalvalues.errors import CheckError, DataError
from causalvalues.evidence import (
    ProductMoments,
    bootstrap_evidence,
    bootstrap_scatters,
    require_learnable,
    resample,
    summarise,
)
from causalvalues.evidence.expectation_maximisation import fit_normal
from causalvalues.evidence.missing_patterns import likelihood, patterns_of
from causalvalues.evidence.observed_information import Information
from causalvalues.responses.matrix import ResponseMatrix

UPPER = np.triu_indices(4, 1)


def rows_with_holes(n: int = 200, p: int = 4, share: float = 0.25, seed: int = 0) -> np.ndarray:
    """Correlated normal rows; which answers are missing depends on the first column, which is complete."""
    random = np.random.default_rng(seed)
    z = random.normal(size=(n, p)) @ (np.eye(p) + 0.5 * random.random((p, p)))
    lost = random.random((n, p)) < 2 * share * (z[:, :1] > 0)
    lost[:, 0] = False
    z[lost] = np.nan
    return z


def matrix_of(z: np.ndarray, **more) -> ResponseMatrix:
    return ResponseMatrix(tuple("abcdefghijklmnopqrst"[: z.shape[1]]), z, range(len(z)), **more)


def clustered(n: int = 600, clusters: int = 60, seed: int = 1) -> ResponseMatrix:
    random = np.random.default_rng(seed)
    code = np.arange(n) % clusters
    z = rows_with_holes(n, seed=seed) + random.normal(size=(clusters, 4))[code] * 1.5
    return matrix_of(z, labels={"persona": [f"p{i:03d}" for i in code]}, cluster_by="persona")


def steered(n: int = 300, seed: int = 2) -> ResponseMatrix:
    z = rows_with_holes(n, seed=seed)
    doses = np.random.default_rng(seed).integers(2, size=(n, 2)).astype(float)
    z = z + doses @ np.array([[2.0, 0, 1, 0], [0, -1.5, 0, 1]])
    labels = {"model": [("x", "y", "z")[i % 3] for i in range(n)]}
    return matrix_of(z, levers=("do_u", "do_t"), doses=doses, labels=labels)


def log_likelihood(z: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> float:
    """Row by row, in the plainest way."""
    total = 0.0
    for row in z:
        seen = ~np.isnan(row)
        part, rest = covariance[np.ix_(seen, seen)], row[seen] - mean[seen]
        total -= 0.5 * (rest @ np.linalg.solve(part, rest) + np.linalg.slogdet(2 * np.pi * part)[1])
    return total


@pytest.mark.parametrize("missing", ["em", "pairwise", "listwise"])
@pytest.mark.parametrize("within", ["", "model"])
def test_without_a_missing_answer_every_method_gives_the_same_bits(missing, within):
    matrix = steered()
    matrix = matrix.rows(~np.isnan(matrix.scores).any(axis=1))
    plain, found = summarise(matrix, within), summarise(matrix, within, ProductMoments(missing))
    for name in ("mean", "scatter", "pairwise_n", "n_score", "notes"):
        assert np.array_equal(getattr(plain, name), getattr(found, name)), name
    assert np.array_equal(plain.clusters.second, found.clusters.second)
    assert not found.clusters.estimated


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 5), st.floats(0.02, 0.35))
def test_every_step_of_the_search_leads_up(seed, p, share):
    z = rows_with_holes(120, p, share, seed)
    fit = fit_normal(patterns_of((z - np.nanmean(z, axis=0)) / np.nanstd(z, axis=0), np.ones(len(z))))
    assert fit.converged
    assert np.diff(fit.path).min() > -1e-9


def test_the_log_likelihood_and_its_derivatives_are_those_of_the_rows():
    z = rows_with_holes(80)
    patterns = patterns_of(z, np.ones(80))
    mean, covariance = np.array([0.1, -0.2, 0.3, 0.0]), np.eye(4) + 0.3
    at = likelihood(patterns, mean, covariance)
    assert at.value == pytest.approx(log_likelihood(z, mean, covariance), rel=1e-12)
    fit = fit_normal(patterns)
    information = Information(patterns, fit.at)
    point = np.concatenate([fit.at.mean, fit.at.covariance[information.rows, information.columns]])

    def value(parameters):
        return log_likelihood(z, *information.parameters(parameters))

    def gradient(parameters):
        here = likelihood(patterns, *information.parameters(parameters))
        return information.score(here.g, here.H)

    away = point + 0.05
    steps = 1e-5 * np.eye(len(point))
    assert np.allclose(gradient(away), [(value(away + h) - value(away - h)) / 2e-5 for h in steps], atol=1e-5)
    curvature = np.array([(gradient(point - h) - gradient(point + h)) / 2e-5 for h in steps])
    assert np.allclose(information.root @ information.root.T, curvature, atol=1e-4)


def test_em_finds_the_maximum_that_a_general_optimiser_finds():
    z = rows_with_holes(90, 3, 0.3, seed=5)
    evidence = summarise(matrix_of(z))
    lower = np.tril_indices(3)

    def unpack(parameters):
        root = np.zeros((3, 3))
        root[lower] = parameters[3:]
        return parameters[:3], root @ root.T

    start = np.concatenate([np.nanmean(z, axis=0), np.diag(np.nanstd(z, axis=0))[lower]])
    best = minimize(lambda parameters: -log_likelihood(z, *unpack(parameters)), start, tol=1e-12)
    mean, covariance = unpack(best.x)
    assert np.allclose(evidence.mean, mean, atol=1e-4)
    assert np.allclose(evidence.scatter / 90, covariance, atol=3e-4)
    assert log_likelihood(z, evidence.mean, evidence.scatter / 90) >= -best.fun - 1e-9


def test_em_of_a_monotone_pattern_is_the_chain_of_regressions():
    """Anderson (1957): a from all rows, b given a from the rows with b, c given a and b from the rows with c."""
    z = rows_with_holes(150, 3, 0, seed=3)
    z[z[:, 0] > 0.5, 2] = np.nan
    z[z[:, 0] > 1.0, 1] = np.nan
    mean, covariance = np.array([z[:, 0].mean()]), np.array([[z[:, 0].var()]])
    for j in (1, 2):
        seen = z[~np.isnan(z[:, j])]
        design = np.column_stack([np.ones(len(seen)), seen[:, :j]])
        slopes, rss, *_ = np.linalg.lstsq(design, seen[:, j], rcond=None)
        cross = covariance @ slopes[1:]
        own = rss[0] / len(seen) + slopes[1:] @ cross
        mean = np.append(mean, slopes[0] + slopes[1:] @ mean)
        covariance = np.block([[covariance, cross[:, None]], [cross[None], own]])
    evidence = summarise(matrix_of(z))
    assert np.allclose(evidence.mean, mean, rtol=1e-7)
    assert np.allclose(evidence.scatter / 150, covariance, rtol=1e-7)


@pytest.mark.tools
def test_em_agrees_with_full_information_maximum_likelihood_of_lavaan(tmp_path):
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed")
    z = rows_with_holes(150)
    pd.DataFrame(z, columns=list("abcd")).to_csv(tmp_path / "z.csv", index=False, na_rep="NA")
    code = (
        f'z <- read.csv("{tmp_path}/z.csv"); suppressMessages(library(lavaan));'
        'f <- lavaan::lavCor(z, missing = "fiml", se = "none", output = "fit");'
        'write.csv(lavInspect(f, "est")$theta, stdout())'
    )
    done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True)
    lines = [line.split(",") for line in done.stdout.strip().splitlines()]
    names = [cell.strip('"') for cell in lines[0][1:]]
    table = pd.DataFrame([[float(cell) for cell in line[1:]] for line in lines[1:]], names, names)
    ours = summarise(matrix_of(z)).scatter / 150
    assert np.allclose(ours, table.loc[list("abcd"), list("abcd")], atol=1e-3)


def test_em_recovers_what_listwise_and_pairwise_miss_when_holes_depend_on_answers():
    z = rows_with_holes(20000, share=0.45, seed=8)
    random = np.random.default_rng(8)
    full = random.normal(size=(20000, 4)) @ (np.eye(4) + 0.5 * random.random((4, 4)))
    truth = np.corrcoef(full, rowvar=False)[UPPER]
    errors = {
        missing: np.abs(summarise(matrix_of(z), "", ProductMoments(missing)).correlation.to_numpy()[UPPER] - truth)
        for missing in ("em", "pairwise", "listwise")
    }
    assert errors["em"].max() < 0.02
    assert errors["pairwise"].max() > 0.05
    assert errors["listwise"].max() > 0.05


@pytest.mark.parametrize("missing", ["em", "pairwise"])
@pytest.mark.parametrize("kind", ["independent", "clustered"])
def test_effective_n_and_draws_carry_the_error_of_a_bootstrap_of_the_rows(missing, kind):
    matrix = matrix_of(rows_with_holes(400, seed=1)) if kind == "independent" else clustered()
    evidence = summarise(matrix, "", ProductMoments(missing))
    r = evidence.correlation.to_numpy()[UPPER]
    stated = (1 - r**2) / np.sqrt(evidence.pairwise_n[UPPER])
    scatters = bootstrap_scatters(evidence, 0, 400)
    scales = np.sqrt(np.einsum("bii->bi", scatters))
    draws = (scatters / scales[:, :, None] / scales[:, None, :])[:, UPPER[0], UPPER[1]]
    random = np.random.default_rng(4)
    labels = np.array(matrix.clusters if matrix.clusters else range(len(matrix)))
    rows_of = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    refits = []
    for _ in range(100):
        picked = np.concatenate([rows_of[i] for i in random.integers(len(rows_of), size=len(rows_of))])
        again = matrix_of(matrix.scores[picked])
        refits.append(summarise(again, "", ProductMoments(missing)).correlation.to_numpy()[UPPER])
    direct = np.std(refits, axis=0)
    assert (stated / direct).mean() == pytest.approx(1, abs=0.1)
    assert (draws.std(axis=0) / direct).mean() == pytest.approx(1, abs=0.1)


def test_influences_are_the_derivatives_of_the_estimate_in_the_weights_of_rows():
    z = rows_with_holes(60, 3, 0.3)
    fit = fit_normal(patterns_of(z, np.ones(60)))
    information = Information(patterns_of(z, np.ones(60)), fit.at)
    mean, covariance = information.influences(z, np.ones(60), np.arange(60))
    for i in (0, 7, 20, 33):
        weights = np.ones(60)
        weights[i] += 1e-4
        heavier = fit_normal(patterns_of(z, weights)).at
        assert np.allclose((heavier.mean - fit.at.mean) / 1e-4, mean[i] / 60, atol=1e-4)
        assert np.allclose((heavier.covariance - fit.at.covariance) / 1e-4, covariance[i] / 60, atol=1e-4)


def test_a_hole_costs_only_the_pairs_that_it_hides():
    z = rows_with_holes(1000, share=0, seed=2)
    z[np.random.default_rng(0).random(1000) < 0.2, 3] = np.nan
    for missing in ("em", "pairwise"):
        n = summarise(matrix_of(z), "", ProductMoments(missing)).pairwise_n
        assert np.allclose(n[:3, :3], 1000)
        assert (n[3, :3] > 790).all() or missing == "pairwise"
        assert (n[3, :3] < 960).all()


@pytest.mark.parametrize("missing", ["em", "pairwise"])
@pytest.mark.parametrize("within", ["", "model"])
def test_the_order_and_the_units_of_columns_and_the_order_of_levers_change_nothing(missing, within):
    matrix = steered()
    plain = summarise(matrix, within, ProductMoments(missing))
    order = [2, 0, 3, 1]
    turned = replace(
        matrix, names=[matrix.names[j] for j in order], scores=matrix.scores[:, order], status=None,
        levers=matrix.levers[::-1], doses=matrix.doses[:, ::-1],
    )  # fmt: skip
    found = summarise(turned, within, ProductMoments(missing))
    names = list(matrix.names)
    assert np.array_equal(found.correlation.loc[names, names], plain.correlation)
    scaled = summarise(replace(matrix, scores=1e8 * matrix.scores, status=None), within, ProductMoments(missing))
    assert np.allclose(scaled.correlation, plain.correlation, atol=1e-8)
    assert np.allclose(scaled.pairwise_n, plain.pairwise_n, rtol=1e-6)


def test_levers_are_partialled_out_as_with_complete_rows():
    matrix = steered(4000)
    full = np.random.default_rng(2)
    evidence = summarise(matrix)
    truth = full.normal(size=(4000, 4)) @ (np.eye(4) + 0.5 * full.random((4, 4)))
    assert np.allclose(evidence.correlation, np.corrcoef(truth, rowvar=False), atol=0.04)
    effects = np.array([[2.0, 0, 1, 0], [0, -1.5, 0, 1]])
    assert np.allclose(evidence.design_effects.iloc[:2], effects, atol=0.35)
    assert evidence.clusters.estimated
    assert np.allclose(evidence.clusters.second.sum(axis=0), evidence.scatter)
    assert np.allclose(evidence.clusters.first.sum(axis=0), 0, atol=1e-8)


def test_group_means_are_removed_as_part_of_the_likelihood():
    matrix = steered()
    moved = matrix.scores + 20.0 * np.array([{"x": 0, "y": 1, "z": 2}[g] for g in matrix.labels["model"]])[:, None]
    for missing in ("em", "pairwise"):
        plain = summarise(matrix, "model", ProductMoments(missing))
        shifted = summarise(replace(matrix, scores=moved, status=None), "model", ProductMoments(missing))
        assert np.allclose(plain.correlation, shifted.correlation, atol=1e-6), missing
        assert any("Means of 3 groups of 'model' removed" in note for note in plain.notes)
    assert np.allclose(summarise(matrix, "model").correlation, summarise(matrix).correlation, atol=0.05)


def test_notes_say_what_was_used():
    notes = " ".join(summarise(matrix_of(rows_with_holes(200))).notes)
    for part in (
        "200 of 200 rows used",
        "EM (maximum likelihood",
        "patterns",
        "rows complete; missing by column: 'b' ",
    ):
        assert part in notes
    assert "rows for a correlation" in " ".join(
        summarise(matrix_of(rows_with_holes()), "", ProductMoments("pairwise")).notes
    )


def test_a_row_without_any_answer_is_left_out_and_said_so():
    z = rows_with_holes(200)
    z[:6] = np.nan
    evidence = summarise(matrix_of(z))
    assert evidence.n == 194
    assert any("6 rows without any answer were left out" in note for note in evidence.notes)
    assert np.allclose(evidence.scatter, summarise(matrix_of(z[6:])).scatter)


def test_columns_and_pairs_without_answers_are_named():
    z = rows_with_holes(100)
    empty = np.column_stack([z, np.full(100, np.nan)])
    with pytest.raises(DataError, match=r"No row holds an answer to 'e' \(all 100 missing\).*matrix.drop\(\['e'\]\)"):
        summarise(matrix_of(empty))
    apart = np.array(z)
    apart[:50, 2], apart[50:, 3] = np.nan, np.nan
    for missing in ("em", "pairwise"):
        with pytest.raises(DataError, match=r"1 pairs .* fewer than 3 rows.*'c' with 'd' \(0\)"):
            summarise(matrix_of(apart), "", ProductMoments(missing))
    few = np.array(z)
    few[5:, 3] = np.nan
    with pytest.raises(DataError, match=r"at least 6 on each value: 'd' \(\d answers\).*pairwise"):
        summarise(matrix_of(few))


def test_an_unknown_treatment_is_refused():
    with pytest.raises(DataError, match='Choose "em", "pairwise" or "listwise"'):
        ProductMoments("fiml")


def test_a_constant_column_and_a_copy_pass_on_to_the_check_that_names_them():

    z = rows_with_holes(150)
    constant = np.column_stack([z, np.where(np.isnan(z[:, 1]), np.nan, 3.0)])
    with pytest.raises(CheckError, match="Column 'e' is constant"):
        require_learnable(summarise(matrix_of(constant)))
    copied = np.column_stack([z, z[:, 0]])
    evidence = summarise(matrix_of(copied))
    assert any("collinear" in note for note in evidence.notes)
    with pytest.raises(CheckError, match="'a', 'e' hold the same numbers"):
        require_learnable(evidence)


def test_batched_draws_are_the_single_draws():
    matrix = steered()
    for evidence in (
        summarise(matrix), summarise(matrix, "model"), summarise(clustered()),
        summarise(matrix.rows(~np.isnan(matrix.scores).any(axis=1)), "model"),
    ):  # fmt: skip
        many = bootstrap_scatters(evidence, 3, 12)
        for i in range(12):
            single = bootstrap_evidence(evidence, 3, i).scatter
            assert np.abs(many[i] - single).max() <= 1e-12 * np.abs(single).max()


def test_an_indefinite_resample_is_shrunk_and_worth_less():
    matrix = clustered(120, 12)
    evidence = summarise(matrix)
    counts = np.zeros(12)
    counts[0] = 12
    drawn = resample(evidence, counts)
    assert np.linalg.eigvalsh(drawn.correlation)[0] > 0


def test_results_do_not_depend_on_threads_or_hash_seed():
    code = (
        "import sys; sys.path.insert(0, 'tests'); import hashlib; from test_evidence_missing import *;"
        "e = summarise(steered(), 'model'); b = bootstrap_scatters(e, 1, 40);"
        "print(hashlib.sha256(e.scatter.tobytes() + e.pairwise_n.tobytes() + b.tobytes()).hexdigest())"
    )
    outputs = set()
    for threads, hashing in (("1", "0"), ("2", "7")):
        environment = os.environ | {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment | {"PYTHONHASHSEED": hashing},
            cwd=Path(__file__).parents[1], capture_output=True, check=True,
        )  # fmt: skip
        outputs.add(done.stdout)
    assert len(outputs) == 1


@pytest.mark.shared
def test_em_of_the_public_data_with_holes_is_close_to_the_complete_data(shared_data):
    folder = shared_data / "causal_learn_testdata"
    full = summarise(pd.read_parquet(folder / "mar_full_10_5.parquet"))
    holed = pd.read_parquet(folder / "mar_mv_10_5.parquet")
    errors, worth = {}, {}
    for missing in ("em", "pairwise"):
        evidence = summarise(holed, "", ProductMoments(missing))
        errors[missing] = float(np.abs(evidence.correlation.to_numpy() - full.correlation.to_numpy()).max())
        worth[missing] = evidence.n_score
    assert errors["em"] < 0.05
    assert errors["pairwise"] > 2 * errors["em"]
    assert 3000 < worth["em"] < 10000
