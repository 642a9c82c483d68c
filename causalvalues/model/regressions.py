"""Regressions of every value on its parents in every draw, each distinct one solved once.

All arrays here are in sorted-name order, so that the order of the columns in the answers changes no bit of a result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalvalues.errors import ModelError
from causalvalues.evidence.moments import Evidence
from causalvalues.frozen import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class SortedMoments:
    """The moments of `Evidence` in name order, split into columns that may be parents and columns that always are.

    The r scored columns are the values, and in the sparse lever mode the levers; the d design columns are the rest,
    which enters every equation.

    Parameters
    ----------
    scored : tuple of str, length r
        Values first, each kind sorted.
    order : array (r + d,)
        `Evidence` column of each sorted column.
    values : int
        Number of values p.
    mean : array (r + d,)
    scatter : array (r, r)
        Of the scored columns with the design partialled out, over their spreads: rows times a correlation matrix.
    scale : array (r,)
        Those spreads (standard deviations) in raw units.
    design_effects : array (d, r)
        Least-squares effects of the design on the scored columns, in raw units.
    design_root : array (d, d)
        Lower Cholesky factor of the scatter of the design.
    n, n_score : float
        Rows, and effective rows.
    freedom : float
        Effective degrees of freedom left after the mean and the design columns.
    """

    scored: tuple[str, ...]
    order: IntArray
    values: int
    mean: FloatArray
    scatter: FloatArray
    scale: FloatArray
    design_effects: FloatArray
    design_root: FloatArray
    n: float
    n_score: float
    freedom: float


def sorted_moments(evidence: Evidence, sparse: bool) -> SortedMoments:
    """Sort and split the moments.

    Parameters
    ----------
    evidence : Evidence
    sparse : bool
        Whether levers are scored columns.

    Raises
    ------
    ModelError
        That names a value without spread, a lever without use, or says that too few rows are left.
    """
    p, m = len(evidence.names), len(evidence.columns)
    names = evidence.columns
    order = evidence.sorted_order
    r = p + len(evidence.levers) if sparse else p
    scatter = np.ascontiguousarray(evidence.scatter[np.ix_(order, order)])
    for place in np.flatnonzero(~(np.diag(scatter) > 0)):
        what = "value" if place < p else "lever or combination"
        raise ModelError(f"The {what} {names[order[place]]!r} does not vary, so no equation can be fitted. Drop it.")
    freedom = evidence.degrees_of_freedom_after(m - r)
    if freedom <= 0:
        raise ModelError(
            f"{evidence.n_score:.0f} effective of {evidence.n} rows are too few for {m - r} lever and combination "
            "columns. Use more rows or fewer levers."
        )
    effects, root = _design(scatter, r)
    residual = scatter[:r, :r] - scatter[:r, r:] @ effects
    scale = np.sqrt(np.maximum(np.diag(residual), 0.0) / max(evidence.n - 1 - (m - r), 1))
    for place in np.flatnonzero(~(scale > 0)):
        raise ModelError(f"The column {names[order[place]]!r} does not vary within the cells of the design. Drop it.")
    spread = np.sqrt(np.diag(residual))
    return SortedMoments(
        scored=tuple(names[i] for i in order[:r]),
        order=order,
        values=p,
        mean=np.asarray(evidence.mean[order]),
        scatter=(residual + residual.T) / 2 / np.outer(spread, spread),
        scale=scale,
        design_effects=effects,
        design_root=root,
        n=float(evidence.n),
        n_score=float(evidence.n_score),
        freedom=freedom,
    )


def _design(scatter: FloatArray, r: int) -> tuple[FloatArray, FloatArray]:
    if scatter.shape[0] == r:
        return np.zeros((0, r)), np.zeros((0, 0))
    try:
        root = np.linalg.cholesky(scatter[r:, r:])
        return np.asarray(np.linalg.solve(scatter[r:, r:], scatter[r:, :r])), np.asarray(root)
    except np.linalg.LinAlgError:
        raise ModelError(
            "Some lever or combination is a linear mix of the others, so their effects cannot be told apart. Drop it."
        ) from None


@dataclass(frozen=True, eq=False)
class NodeRegressions:
    """Regression of one value on its parents in each of s draws.

    Parameters
    ----------
    coefficients : array (s, r)
        Zero where a column is no parent.
    conditional : array (s,)
        What is left of the diagonal entry, R_vv - R_vP R_PP^-1 R_Pv.
    noise : array (s, r)
        R_PP^(-1/2) z for standard normal z: the error of the coefficients in units of the residual scale.
    size : array (s,)
        Number of parents.
    """

    coefficients: FloatArray
    conditional: FloatArray
    noise: FloatArray
    size: NDArray[np.int64]


def regress(matrix: FloatArray, node: int, parents: BoolArray, z: FloatArray) -> NodeRegressions:
    """Regress one node on its parents in each draw.

    Parameters
    ----------
    matrix : array (r, r)
        The scatter matrix R.
    node : int
    parents : array (s, r) of bool
    z : array (s, r)
        Standard normal numbers.

    Returns
    -------
    NodeRegressions

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix of parents is singular.
    """
    s, r = parents.shape
    coefficients, noise = np.zeros((s, r)), np.zeros((s, r))
    conditional = np.full(s, matrix[node, node])
    size = parents.sum(axis=1)
    for count in np.unique(size[size > 0]):
        draws = np.flatnonzero(size == count)
        index = np.nonzero(parents[draws])[1].reshape(len(draws), count)
        columns, back = np.unique(index, axis=0, return_inverse=True)
        back = back.reshape(-1)
        root = np.linalg.cholesky(matrix[columns[:, :, None], columns[:, None, :]])
        upper = root.transpose(0, 2, 1)
        whitened = np.linalg.solve(root, matrix[columns, node][:, :, None])
        slopes = np.linalg.solve(upper, whitened)[:, :, 0]
        conditional[draws] = (matrix[node, node] - np.square(whitened[:, :, 0]).sum(axis=1))[back]
        coefficients[draws[:, None], index] = slopes[back]
        error = np.linalg.solve(upper[back], z[draws[:, None], index][:, :, None])
        noise[draws[:, None], index] = error[:, :, 0]
    return NodeRegressions(coefficients, conditional, noise, size)
