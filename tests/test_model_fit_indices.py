"""Fit indices: closed forms, laws, and agreement with lavaan."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, ncx2

from causalvalues.errors import ModelError
from causalvalues.evidence import summarise
from causalvalues.graph import Dag
from causalvalues.model.fit_indices import INDEPENDENT, ROBUST, fit_indices
from causalvalues.responses import ResponseMatrix

NAMES = ("a", "b", "c", "d", "e")
GRAPHS = {
    "sparse": [("a", "b"), ("b", "c"), ("d", "c"), ("d", "e")],
    "wrong": [("e", "a"), ("c", "d")],
    "several exogenous": [("a", "e"), ("b", "e"), ("c", "e")],
    "empty": [],
    "saturated": [(x, y) for i, x in enumerate(NAMES) for y in NAMES[i + 1 :]],
}


def rows(n: int = 200, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    b = np.zeros((5, 5))
    b[0, 1], b[1, 2], b[3, 2], b[3, 4], b[0, 4] = 0.6, -0.4, 0.5, 0.7, 0.3
    data = rng.normal(size=(n, 5)) @ np.linalg.inv(np.eye(5) - b) * [1, 2, 0.5, 3, 1] + [0, 5, 1, -2, 0]
    return pd.DataFrame(data, columns=list(NAMES))


def discrepancy(data: pd.DataFrame, edges: list[tuple[str, str]]) -> tuple[float, np.ndarray, np.ndarray]:
    """ln det Sigma - ln det S + tr(S Sigma^-1) - p, with Sigma from regressions on the rows."""
    x = (data - data.mean()).to_numpy()
    p = x.shape[1]
    b, psi = np.zeros((p, p)), np.zeros(p)
    for j, name in enumerate(data.columns):
        parents = [list(data.columns).index(cause) for cause, effect in edges if effect == name]
        slopes = np.linalg.lstsq(x[:, parents], x[:, j], rcond=None)[0]
        b[parents, j] = slopes
        psi[j] = np.mean((x[:, j] - x[:, parents] @ slopes) ** 2)
    total = np.linalg.inv(np.eye(p) - b)
    sigma, s = total.T @ np.diag(psi) @ total, x.T @ x / len(x)
    f = np.linalg.slogdet(sigma)[1] - np.linalg.slogdet(s)[1] + np.trace(s @ np.linalg.inv(sigma)) - p
    return float(f), sigma, s


@pytest.mark.parametrize("graph", GRAPHS)
def test_the_closed_form_equals_the_likelihood_ratio_of_the_implied_covariances(graph: str) -> None:
    data = rows()
    found = fit_indices(Dag.from_edges(NAMES, GRAPHS[graph]), summarise(data)).numbers()
    f, sigma, s = discrepancy(data, GRAPHS[graph])
    assert found["chi2"] == pytest.approx(len(data) * f, abs=1e-8)
    n, p = data.shape
    x = (data - data.mean()).to_numpy()
    inverse = np.linalg.inv(sigma)
    density = -0.5 * (
        n * p * np.log(2 * np.pi) + n * np.linalg.slogdet(sigma)[1] + np.einsum("ni,ij,nj->", x, inverse, x)
    )
    assert found["log_likelihood"] == pytest.approx(density, abs=1e-6)
    d = np.sqrt(np.diag(s))
    low = np.tril_indices(p)
    assert found["srmr"] == pytest.approx(np.sqrt(np.mean(((s - sigma) / np.outer(d, d))[low] ** 2)), abs=1e-10)


def test_the_interval_of_rmsea_inverts_the_noncentral_chi_square() -> None:
    found = fit_indices(Dag.from_edges(NAMES, GRAPHS["wrong"]), summarise(rows())).numbers()
    n, df = found["n"], found["df"]
    assert found["rmsea_lower"] < found["rmsea"] < found["rmsea_upper"]
    for end, share in (("rmsea_lower", 0.95), ("rmsea_upper", 0.05)):
        assert ncx2.cdf(found["chi2"], df, found[end] ** 2 * n * df) == pytest.approx(share, abs=1e-6)


def test_a_saturated_graph_fits_perfectly_and_says_that_nothing_was_tested() -> None:
    found = fit_indices(Dag.from_edges(NAMES, GRAPHS["saturated"]), summarise(rows())).numbers()
    assert found["df"] == 0
    assert found["chi2"] == pytest.approx(0, abs=1e-8)
    assert [found[what] for what in ("p", "cfi", "tli", "rmsea", "fisher_c", "fisher_c_p")] == [1, 1, 1, 0, 0, 1]


def test_equivalent_graphs_fit_the_same() -> None:
    evidence = summarise(rows())
    one = fit_indices(Dag.from_edges(NAMES, [("a", "b"), ("b", "c"), ("d", "e")]), evidence).table
    other = fit_indices(Dag.from_edges(NAMES, [("c", "b"), ("b", "a"), ("e", "d")]), evidence).table
    rest = ["fisher_c", "fisher_c_p"]  # Fisher's C conditions on parents, which differ
    np.testing.assert_allclose(one.drop(rest), other.drop(rest), rtol=1e-8, atol=1e-9)


def test_units_and_the_order_of_columns_change_nothing() -> None:
    data = rows()
    dag = Dag.from_edges(NAMES, GRAPHS["sparse"])
    one = fit_indices(dag, summarise(data)).table.drop(["log_likelihood", "aic", "bic"])
    moved = data[["d", "b", "e", "a", "c"]] * [1e6, 1e-6, 1, 10, 100]
    other = fit_indices(dag, summarise(moved)).table.drop(["log_likelihood", "aic", "bic"])
    np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-8)


def test_chi_square_and_fishers_c_of_the_true_graph_have_uniform_p_values() -> None:
    p_values, combined = [], []
    dag = Dag.from_edges(NAMES, [*GRAPHS["sparse"], ("a", "e")])
    for seed in range(200):
        found = fit_indices(dag, summarise(rows(300, seed))).numbers()
        p_values.append(found["p"])
        combined.append(found["fisher_c_p"])
    for values in (p_values, combined):
        assert 0.01 <= np.mean(np.array(values) < 0.05) <= 0.10
        assert 0.42 <= np.mean(values) <= 0.58


def test_repeated_rows_in_clusters_are_not_new_rows() -> None:
    data = rows(100)
    repeated = pd.concat([data] * 4, ignore_index=True)
    persona = [str(i % 100) for i in range(400)]
    matrix = ResponseMatrix(
        NAMES, repeated.to_numpy(), [str(i) for i in range(400)], labels={"persona": persona}, cluster_by="persona"
    )
    dag = Dag.from_edges(NAMES, GRAPHS["sparse"])
    fit = fit_indices(dag, summarise(matrix))
    once = fit_indices(dag, summarise(data)).numbers()
    assert fit.numbers(INDEPENDENT)["chi2"] == pytest.approx(4 * once["chi2"])
    assert fit.numbers()["chi2"] < 1.3 * once["chi2"]
    assert fit.numbers()["p"] > fit.numbers(INDEPENDENT)["p"]
    assert any("approximate" in note for note in fit.notes)


def test_the_scaled_chi_square_keeps_its_level_in_clusters_and_the_naive_one_does_not() -> None:
    dag = Dag.from_edges("abcd", [("a", "b"), ("b", "c")])
    naive, scaled = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        code = np.repeat(np.arange(60), 8)
        noise = np.sqrt(0.5) * rng.normal(size=(60, 4))[code] + np.sqrt(0.5) * rng.normal(size=(480, 4))
        b = dag.adjacency * 0.5
        labels = {"persona": [str(c) for c in code]}
        matrix = ResponseMatrix(
            dag.names, noise @ np.linalg.inv(np.eye(4) - b), [str(i) for i in range(480)], labels=labels,
            cluster_by="persona",
        )  # fmt: skip
        fit = fit_indices(dag, summarise(matrix))
        naive.append(fit.numbers(INDEPENDENT)["p"] <= 0.05)
        scaled.append(fit.numbers(ROBUST)["p"] <= 0.05)
    assert np.mean(naive) >= 0.3
    assert np.mean(scaled) <= 0.10


@pytest.mark.parametrize("graph", ["wrong", "sparse", "empty"])
def test_how_wrong_a_graph_is_does_not_depend_on_how_often_rows_are_repeated(graph: str) -> None:
    """Rows given four times as clusters: F is the same, and chi-square is inflated by 4."""
    data = rows(100)
    persona = [str(i % 100) for i in range(400)]
    matrix = ResponseMatrix(
        NAMES, np.tile(data.to_numpy(), (4, 1)), [str(i) for i in range(400)], labels={"persona": persona},
        cluster_by="persona",
    )  # fmt: skip
    dag = Dag.from_edges(NAMES, GRAPHS[graph])
    once, many = (fit_indices(dag, summarise(held)).numbers(ROBUST) for held in (data, matrix))
    for what in ("chi2", "p", "rmsea", "rmsea_lower", "rmsea_upper", "rmsea_close_p", "cfi", "tli"):
        assert many[what] == pytest.approx(once[what], abs=1e-6), what
    if graph == "wrong":
        assert once["rmsea_lower"] > 0.05


def test_clusters_leave_the_rmsea_of_a_wrong_graph_where_it_is_in_the_population() -> None:
    """200 clusters of 10 rows, half of the variance between them; the interval holds the RMSEA of the population."""
    dag = Dag.from_edges("abcd", [("a", "b"), ("b", "c"), ("c", "d")])
    sigma = 0.5 ** np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    sigma[0, 3] = sigma[3, 0] = 0.45
    f = np.log(1 - np.diag(sigma, 1) ** 2).sum() - np.linalg.slogdet(sigma)[1]
    population = np.sqrt(f / 3)  # three degrees of freedom
    found, held = [], 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        code = np.repeat(np.arange(200), 10)
        noise = (rng.normal(size=(200, 4))[code] + rng.normal(size=(2000, 4))) / np.sqrt(2)
        scores = noise @ np.linalg.cholesky(sigma).T
        labels = {"persona": [str(c) for c in code]}
        matrix = ResponseMatrix(dag.names, scores, [str(i) for i in range(2000)], labels=labels, cluster_by="persona")
        of = fit_indices(dag, summarise(matrix)).numbers(ROBUST)
        found.append(of["rmsea"])
        held += of["rmsea_lower"] <= population <= of["rmsea_upper"]
    assert np.mean(found) == pytest.approx(population, rel=0.1)
    assert held >= 15


def with_levers(n: int, levers: int, seed: int) -> ResponseMatrix:
    """A chain of six values; each row has one of the levers, or none."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n, 6))
    for j in range(1, 6):
        scores[:, j] += 0.6 * scores[:, j - 1]
    which = rng.permutation(np.arange(n) % (levers + 1))
    doses = (which[:, None] == np.arange(levers)).astype(float)
    names = tuple(f"l{j}" for j in range(levers))
    return ResponseMatrix(tuple("abcdef"), scores, [str(i) for i in range(n)], levers=names, doses=doses)


def test_levers_that_are_taken_out_do_not_make_a_true_graph_look_wrong() -> None:
    """With 120 rows in place of 90 the chi-square rejects in 18% of the runs."""
    dag = Dag.from_edges("abcdef", list(zip("abcde", "bcdef", strict=True)))
    fits = [fit_indices(dag, summarise(with_levers(120, 30, seed))) for seed in range(150)]
    for column in ("effective n", INDEPENDENT, ROBUST):
        assert 0.005 <= np.mean([fit.numbers(column)["p"] < 0.05 for fit in fits]) <= 0.10, column
    assert fits[0].numbers(INDEPENDENT)["n"] == fits[0].numbers(ROBUST)["n"] == 90
    assert fits[0].numbers()["n"] == pytest.approx(90)
    assert any("30 design columns" in note for note in fits[0].notes)


def test_the_likelihood_beside_levers_is_that_of_their_residuals() -> None:
    """In a saturated graph: -n/2 (p ln 2 pi + ln det S + p), n = rows less columns, S with divisor n."""
    matrix = with_levers(60, 10, 1)
    design = np.column_stack([np.ones(60), matrix.doses])
    residual = matrix.scores - design @ np.linalg.lstsq(design, matrix.scores, rcond=None)[0]
    saturated = Dag.from_edges("abcdef", [(a, b) for i, a in enumerate("abcdef") for b in "abcdef"[i + 1 :]])
    found = fit_indices(saturated, summarise(matrix)).numbers(INDEPENDENT)
    log_det = np.linalg.slogdet(residual.T @ residual / 50)[1]
    assert found["log_likelihood"] == pytest.approx(-25 * (6 * np.log(2 * np.pi) + log_det + 6))
    assert found["bic"] == pytest.approx(-2 * found["log_likelihood"] + 21 * np.log(50))


def test_the_scaling_of_normal_independent_rows_is_one() -> None:
    fit = fit_indices(Dag.from_edges(NAMES, GRAPHS["sparse"]), summarise(rows(1000)))
    assert fit.numbers(ROBUST)["chi2"] == pytest.approx(fit.numbers()["chi2"], rel=0.1)


def test_a_learned_graph_is_marked_as_post_selection() -> None:
    dag = Dag.from_edges(NAMES, GRAPHS["sparse"])
    assert any("post-selection" in note for note in fit_indices(dag, summarise(rows()), learned_here=True).notes)
    assert not any("post-selection" in note for note in fit_indices(dag, summarise(rows())).notes)


def test_different_values_are_refused_by_name() -> None:
    with pytest.raises(ModelError, match="e, z"):
        fit_indices(Dag.from_edges("abcdz", []), summarise(rows()))


def test_p_values_come_from_the_chi_square() -> None:
    found = fit_indices(Dag.from_edges(NAMES, GRAPHS["wrong"]), summarise(rows())).numbers()
    assert found["p"] == pytest.approx(chi2.sf(found["chi2"], found["df"]))
    assert found["fisher_c_p"] == pytest.approx(chi2.sf(found["fisher_c"], found["fisher_c_df"]))


MEASURES = {
    "chi2": "chisq", "df": "df", "p": "pvalue", "rmsea": "rmsea", "rmsea_lower": "rmsea.ci.lower",
    "rmsea_upper": "rmsea.ci.upper", "rmsea_close_p": "rmsea.pvalue", "cfi": "cfi", "tli": "tli", "srmr": "srmr",
    "log_likelihood": "logl", "aic": "aic", "bic": "bic", "parameters": "npar",
}  # fmt: skip
ROBUST_MEASURES = {
    "rmsea": "rmsea.robust", "rmsea_lower": "rmsea.ci.lower.robust", "rmsea_upper": "rmsea.ci.upper.robust",
    "rmsea_close_p": "rmsea.pvalue.robust", "cfi": "cfi.robust", "tli": "tli.robust",
}  # fmt: skip
NOT_DEFINED_WHEN_SATURATED = {"p", "rmsea_close_p"}

SCRIPT = """
suppressMessages(library(lavaan))
data <- read.csv("rows.csv")
for (file in list.files(pattern = "model_.*txt")) {
  fit <- sem(readLines(file), data, fixed.x = FALSE, meanstructure = FALSE)
  write.csv(data.frame(value = unclass(fitMeasures(fit))), sub("txt", "csv", file))
  robust <- sem(readLines(file), data, fixed.x = FALSE, estimator = "MLM", meanstructure = TRUE)
  write.csv(data.frame(value = unclass(fitMeasures(robust))), sub("txt", "scaled", file))
}
"""


def lavaan_model(edges: list[tuple[str, str]]) -> str:
    """Equations; no covariance but those of the graph."""
    lines = []
    for name in NAMES:
        parents = [cause for cause, effect in edges if effect == name]
        lines.append(f"{name} ~ {' + '.join(parents)}" if parents else f"{name} ~~ {name}")
    pairs = [(x, y) for i, x in enumerate(NAMES) for y in NAMES[i + 1 :]]
    lines += [f"{x} ~~ 0*{y}" for x, y in pairs]
    return "\n".join(lines) + "\n"


@pytest.mark.tools
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="Rscript is not installed")
def test_the_indices_agree_with_lavaan(tmp_path: Path) -> None:
    data = rows()
    data.to_csv(tmp_path / "rows.csv", index=False)
    for name, edges in GRAPHS.items():
        (tmp_path / f"model_{name.replace(' ', '_')}.txt").write_text(lavaan_model(edges))
    done = subprocess.run(["Rscript", "-e", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name, edges in GRAPHS.items():
        theirs = pd.read_csv(tmp_path / f"model_{name.replace(' ', '_')}.csv", index_col=0)["value"]
        ours = fit_indices(Dag.from_edges(NAMES, edges), summarise(data)).numbers()
        for here, there in MEASURES.items():
            if ours["df"] == 0 and here in NOT_DEFINED_WHEN_SATURATED:
                continue
            assert ours[here] == pytest.approx(theirs[there], abs=1e-4), f"{name}: {there}"
        scaled = fit_indices(Dag.from_edges(NAMES, edges), summarise(data)).numbers(ROBUST)
        theirs = pd.read_csv(tmp_path / f"model_{name.replace(' ', '_')}.scaled", index_col=0)["value"]
        inflated = len(data) / (len(data) - 1)  # ours counts clusters less one
        assert scaled["chi2"] * (inflated if ours["df"] else 1) == pytest.approx(theirs["chisq.scaled"], abs=1e-3), name
        if ours["df"]:
            for here, there in ROBUST_MEASURES.items():
                assert scaled[here] == pytest.approx(theirs[there], abs=2e-3), f"{name}: {there}"
