"""Tests of marginal and partial correlations whose standard errors come from sums over clusters."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from causalvalues.errors import DataError
from causalvalues.evidence.effective import residual_maker
from causalvalues.evidence.moments import Evidence
from causalvalues.evidence.sums import sorted_sums, varying
from causalvalues.frozen import FloatArray, IntArray

TEST_COLUMNS = (
    "first", "second", "correlation", "correlation_se", "correlation_p", "partial", "partial_se", "partial_p"
)  # fmt: skip


def correlation_tests(evidence: Evidence) -> pd.DataFrame:
    """Test every marginal correlation, and every partial correlation given all other values.

    Standard errors are those of the sandwich of cluster sums (of blocks, when rows are independent), so they hold for
    clustered rows, for answers that are not Gaussian, and for evidence made by `uncentre` and `remove_intercept`,
    where they are the delta method. With e the sum of products of a cluster, standardised by the diagonal of the
    matrix M of all sums, its influence on the correlation r is e_ij - r/2 (e_ii + e_jj); that of the inverse of M uses
    -M^-1 e M^-1 for e.

    Parameters
    ----------
    evidence : Evidence
        With cluster sums. Levers are partialled out.

    Returns
    -------
    pandas.DataFrame
        One row a pair, in the order of the names: ``first, second, correlation, correlation_se, correlation_p,
        partial, partial_se, partial_p``; two-sided p-values of Fisher's z.

    Raises
    ------
    DataError
        If the evidence holds no cluster sums, or the scatter of the values is not positive definite.
    """
    sums, order = sorted_sums(evidence)
    p = len(evidence.names)
    scatter = evidence.scatter[np.ix_(order, order)]
    projection = residual_maker(scatter, p)
    residual = projection @ scatter @ projection.T
    standard = evidence.correlation.to_numpy()[np.ix_(order[:p], order[:p])]
    scale = np.sqrt(np.diag(residual))
    if np.linalg.eigvalsh(standard)[0] < 1e-10:
        raise DataError(
            "The values' scatter is singular, so partial correlations do not exist. Run `check` to see why."
        )
    projection = projection / scale[:, None]
    influence = projection @ sums.second @ projection.T
    inverse = np.linalg.inv(standard)
    marginal, marginal_se = _correlation(standard, influence, sums.strata)
    partial, partial_se = _correlation(inverse, -inverse @ influence @ inverse, sums.strata)
    back = np.argsort(order[:p])
    rows = [(int(i), int(j)) for i, j in zip(*np.triu_indices(p, 1), strict=True)]
    table = {"first": [evidence.names[i] for i, _ in rows], "second": [evidence.names[j] for _, j in rows]}
    columns: dict[str, FloatArray] = {}
    for name, r, se in (("correlation", marginal, marginal_se), ("partial", -partial, partial_se)):
        columns[name] = np.array([r[back[i], back[j]] for i, j in rows])
        columns[f"{name}_se"] = np.array([se[back[i], back[j]] for i, j in rows])
        columns[f"{name}_p"] = _p_values(columns[name], columns[f"{name}_se"])
    return pd.DataFrame(table | columns)


def _correlation(matrix: FloatArray, influence: FloatArray, strata: IntArray | None) -> tuple[FloatArray, FloatArray]:
    """Return the correlations (p, p) of a matrix and their standard errors, given influences (G, p, p) of clusters."""
    scale = np.sqrt(np.diag(matrix))
    r = matrix / np.outer(scale, scale)
    standard = influence / np.outer(scale, scale)
    squares = np.einsum("gaa->ga", standard)
    psi = standard - r / 2 * (squares[:, :, None] + squares[:, None, :])
    return r, np.asarray(np.sqrt(np.square(varying(psi, strata)).sum(axis=0)))


def _p_values(r: FloatArray, se: FloatArray) -> FloatArray:
    bounded = np.clip(r, -1 + 1e-12, 1 - 1e-12)
    with np.errstate(divide="ignore"):
        z = np.abs(np.arctanh(bounded)) * (1 - bounded**2) / np.where((se > 0) | (r != 0), se, 1.0)
    return np.array([math.erfc(value / math.sqrt(2)) for value in z])
