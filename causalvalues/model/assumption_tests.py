"""Are the equations of a graph linear with equal variance? Tested on rows, value by value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import fdtrc

from causalvalues.errors import ModelError
from causalvalues.evidence.design import design_columns
from causalvalues.evidence.holm import holm_adjusted
from causalvalues.evidence.rows import UsedRows, as_matrix, used_rows
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.graph.dag import Dag
from causalvalues.responses.matrix import ResponseMatrix

CURVATURE = "linearity: powers of the fitted value"
PRODUCTS = "linearity: squares and products of the causes"
VARIANCE = "equal variance"
SKEWNESS = "symmetry of the residuals"

MEANING = {
    CURVATURE: "the value is not a straight-line function of its causes",
    PRODUCTS: "causes act in curves, or one changes the effect of another",
    VARIANCE: "the spread of the value depends on its causes: the effect differs between respondents, or a scale ends",
    SKEWNESS: "the residuals lean to one side: the mean stays right, chances of reaching a target do not",
}
REMEDY = {
    CURVATURE: "transform the score, read effects as averages over the range seen, or plan small steps only",
    PRODUCTS: "split by the moderating cause, or read effects as averages over the rows",
    VARIANCE: "use cluster-robust or bootstrap intervals; do not read predictive chances at extreme levels",
    SKEWNESS: "use rank-based moments, or intervals from a bootstrap",
}

TESTS = (CURVATURE, VARIANCE, PRODUCTS, SKEWNESS)

EXACT = 1e-12
"""Share of a value's variance below which its residual is rounding."""


@dataclass(frozen=True, eq=False)
class AssumptionTests:
    """Tests of the equations of a graph.

    Parameters
    ----------
    table : DataFrame
        One row for each value and test: ``value, test, statistic`` (F), ``terms`` and ``freedom`` (its degrees of
        freedom), ``p``, ``adjusted`` (Holm over the whole table), ``violated``, ``meaning``, ``remedy`` (both empty
        where nothing is violated).
    level : float
        A violation has an adjusted p at or below it.
    skipped : tuple of str
        Tests that could not be done, and why.
    clusters : int
        Clusters (rows, where they are independent) that the errors rest on.
    """

    table: pd.DataFrame
    level: float
    skipped: tuple[str, ...]
    clusters: int

    def __repr__(self) -> str:
        return f"AssumptionTests({int(self.table['violated'].sum())} of {len(self.table)} violated, Holm-adjusted)"

    @property
    def violations(self) -> pd.DataFrame:
        """The violated rows of the table, most significant first."""
        found = self.table[self.table["violated"]]
        return found.sort_values(["adjusted", "value"], ignore_index=True)


def assumption_tests(
    data: ResponseMatrix | pd.DataFrame, dag: Dag, within: str = "", level: float = 0.05
) -> AssumptionTests:
    """Test linearity, equal variance and symmetry of each value's equation given its parents and all levers.

    Parameters
    ----------
    data : ResponseMatrix or pandas.DataFrame
        Complete rows are used. Rows of one cluster need not be independent.
    dag : Dag
        Over the values of `data`.
    within : str, default ""
        A label whose group means are removed first, as in `causalvalues.summarise`.
    level : float, default 0.05

    Returns
    -------
    AssumptionTests

    Raises
    ------
    ModelError
        If the graph and the data have different values, a value is constant, or there is one cluster.

    Notes
    -----
    All are score tests: e the residuals of value v on its parents and the design columns X.

    - *Linearity*: added terms Z are fitted^2 and fitted^3 (Ramsey 1969), or squares and products of the parents;
      z their residuals on X; the score of a cluster is s_g = sum of w z e.
    - *Equal variance*: Z the parents and design columns, s_g = sum of w (z - mean) (e^2 - sigma^2) (Breusch and Pagan
      1979, in the studentised form of Koenker 1981).
    - *Symmetry*: s_g = sum of w (u^3 - 3 u), u = e / sigma, with z the constant.

    With q terms and G clusters, T^2 = G s' C^-1 s for the mean s and the covariance C of the cluster scores is held
    against q (G - 1) / (G - q) F(q, G - q) (Hotelling), which needs no independence within clusters, no normality and
    no equal variance. Independent rows are clusters of one row. Tests with more terms than a fifth of the clusters are
    skipped and listed.

    References
    ----------
    Wooldridge (1991), Journal of Econometrics 47, 5-46 (robust score tests); Holm (1979).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> a = rng.normal(size=500)
    >>> data = pd.DataFrame({"a": a, "b": a + a**2 + rng.normal(size=500)})
    >>> tests = assumption_tests(data, Dag.from_edges("ab", [("a", "b")]))
    >>> tests.violations["test"][0]
    'linearity: powers of the fitted value'
    """
    matrix = as_matrix(data)
    if set(dag.names) != set(matrix.names):
        odd = sorted(set(dag.names) ^ set(matrix.names))
        raise ModelError(f"The graph and the data differ in the values {', '.join(odd)}. Use the same values.")
    used = used_rows(matrix, within)
    rows = _centred_rows(matrix, used)
    found, skipped = [], []
    for value in sorted(dag.names):
        for test, (scores, why) in _scores(value, dag, rows).items():
            if why:
                skipped.append(f"{value}: {test} ({why})")
            else:
                found.append((value, test, *hotelling(scores)))
    table = pd.DataFrame(found, columns=["value", "test", "statistic", "terms", "freedom", "p"])
    place = {name: i for i, name in enumerate(matrix.names)}
    table = table.sort_values("value", key=lambda column: column.map(place), kind="stable", ignore_index=True)
    table["adjusted"] = holm_adjusted(table["p"].to_numpy(dtype=float))
    table["violated"] = table["adjusted"] <= level
    for what, words in (("meaning", MEANING), ("remedy", REMEDY)):
        table[what] = [words[t] if bad else "" for t, bad in zip(table["test"], table["violated"], strict=True)]
    return AssumptionTests(table, level, tuple(skipped), int(rows.cluster.max()) + 1)


def hotelling(scores: FloatArray) -> tuple[float, int, int, float]:
    """Test that the mean of independent vectors is zero.

    Parameters
    ----------
    scores : array (G, q)
        One vector a cluster, q < G.

    Returns
    -------
    statistic, terms, freedom, p : float, int, int, float
        F = (G - q) / (q (G - 1)) T^2, q, G - q, and its upper tail.
    """
    g, q = scores.shape
    mean = scores.mean(axis=0)
    covariance = np.cov(scores, rowvar=False).reshape(q, q)
    statistic = float((g - q) / (q * (g - 1)) * g * (mean @ np.linalg.solve(covariance, mean)))
    return statistic, q, g - q, float(fdtrc(q, g - q, statistic))


@dataclass(frozen=True, eq=False)
class _Rows:
    """Centred values by name, centred design columns (n, q), root weights (n,) and cluster codes (n,)."""

    values: dict[str, FloatArray]
    design: FloatArray
    weight: FloatArray
    cluster: IntArray
    group: IntArray


def _centred_rows(matrix: ResponseMatrix, used: UsedRows) -> _Rows:
    n = len(used.scores)
    group = np.zeros(n, dtype=np.int64) if used.groups is None else used.groups
    design = design_columns(matrix.levers, used.doses, used.groups).columns
    cluster = np.arange(n, dtype=np.int64) if used.clusters is None else used.clusters
    if not cluster.any():
        raise ModelError("All rows belong to one cluster, so nothing says how much another would differ. Add clusters.")
    blank = _Rows({}, np.zeros((n, 0)), used.weights, cluster, group)
    values = {}
    for name, column in zip(matrix.names, used.scores.T, strict=True):
        centred = _centre(column[:, None], blank)[:, 0]
        if not np.abs(centred).max() > 1e-14 * np.abs(column).max():
            raise ModelError(f"The value {name!r} does not vary, so nothing about it can be tested. Drop it.")
        centred = centred / np.abs(centred).max()  # squares of very small numbers vanish
        values[name] = centred / np.sqrt(np.square(centred).mean())
    return _Rows(values, _centre(design, blank), used.weights, cluster, group)


def _centre(columns: FloatArray, rows: _Rows) -> FloatArray:
    """Subtract weighted (group) means."""
    out = np.array(columns, dtype=np.float64)
    total = np.bincount(rows.group, rows.weight)
    for j in range(out.shape[1]):
        out[:, j] -= (np.bincount(rows.group, rows.weight * out[:, j]) / total)[rows.group]
    return out


def _residual(columns: FloatArray, x: FloatArray, rows: _Rows) -> FloatArray:
    """Return what is left of some columns after weighted (group) means and x."""
    centred = _centre(columns, rows)
    if x.shape[1] == 0:
        return centred
    root = np.sqrt(rows.weight)[:, None]
    return np.asarray(centred - x @ np.linalg.lstsq(root * x, root * centred, rcond=None)[0])


def _scores(value: str, dag: Dag, rows: _Rows) -> dict[str, tuple[FloatArray, str]]:
    """Return for each test of one value the cluster scores (G, q), or why there are none."""
    parents = sorted(dag.parents(value))
    causes = np.column_stack([np.zeros((len(rows.weight), 0)), *(rows.values[name] for name in parents)])
    x = np.hstack([causes, rows.design])
    y = rows.values[value]
    residual = _residual(y[:, None], x, rows)[:, 0]
    fitted = y - residual
    sigma2 = float((rows.weight * residual**2).sum() / rows.weight.sum())
    if not sigma2 > EXACT:
        return {
            test: (np.zeros((0, 0)), "its causes and the design explain it fully")
            for test in TESTS
            if test != PRODUCTS or len(parents) > 1
        }
    products = [causes[:, i] * causes[:, j] for i in range(len(parents)) for j in range(i, len(parents))]
    out: dict[str, tuple[FloatArray, str]] = {}
    if x.shape[1]:
        out[CURVATURE] = _terms(np.column_stack([fitted**2, fitted**3]), residual, x, rows)
        out[VARIANCE] = _terms(x, residual**2 - sigma2, np.zeros((len(y), 0)), rows)
    if len(parents) > 1:
        out[PRODUCTS] = _terms(np.column_stack(products), residual, x, rows)
    u = residual / np.sqrt(sigma2)
    out[SKEWNESS] = (_by_cluster((u**3 - 3 * u)[:, None], rows), "")
    return out


def _terms(added: FloatArray, residual: FloatArray, x: FloatArray, rows: _Rows) -> tuple[FloatArray, str]:
    """Return the cluster scores of the added terms that x does not explain."""
    size = np.sqrt(np.square(_centre(added, rows)).mean(axis=0))
    kept: list[FloatArray] = []
    for j in np.flatnonzero(size > 0):
        before = np.column_stack([x, *kept])
        left = _residual(added[:, [j]], before, rows)
        if np.sqrt(np.square(left).mean()) > 1e-6 * size[j]:
            kept.append(left[:, 0])
    clusters = int(rows.cluster.max()) + 1
    if not kept:
        return np.zeros((0, 0)), "the causes take too few levels"
    if len(kept) > clusters / 5:
        return np.zeros((0, 0)), f"{len(kept)} terms are too many for {clusters} clusters"
    return _by_cluster(np.column_stack(kept) * residual[:, None], rows), ""


def _by_cluster(columns: FloatArray, rows: _Rows) -> FloatArray:
    return np.column_stack([np.bincount(rows.cluster, rows.weight * column) for column in columns.T])
