"""Whether groups have equal covariances or correlations: likelihood-ratio tests beside a test by exchange of labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import chdtrc

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import FloatArray
from causalvalues.model.exchange_cells import exchange_cells
from causalvalues.model.structure_exchange import Exchange, ExchangeTest, same_structure
from causalvalues.responses.matrix import ResponseMatrix

Moment = Literal["covariance", "correlation"]


@dataclass(frozen=True, eq=False)
class MomentEquality:
    """A test that groups have equal covariances, or equal correlations.

    Parameters
    ----------
    chi2, df, p_independent : float
        Box's M with his correction (covariances), or Jennrich's chi-square (correlations), and its p-value; both take
        rows (less one for each design column) as independent and normal, so with clusters they reject too often.
    exchange : ExchangeTest
        The same question by exchange of labels among units (`same_structure`); its ``p`` is the one to use.
    groups : tuple of str
    """

    chi2: float
    df: int
    p_independent: float
    exchange: ExchangeTest
    groups: tuple[str, ...]

    @property
    def p(self) -> float:
        """p-value by exchange of labels."""
        return self.exchange.p

    def __repr__(self) -> str:
        return (
            f"MomentEquality(p {self.p:.3g} by exchange; rows as independent: chi2 {self.chi2:.1f}, df {self.df}, "
            f"p {self.p_independent:.3g})"
        )


def equal_moments(
    matrix: ResponseMatrix,
    group_by: str,
    moment: Moment = "covariance",
    exchange: Exchange | None = None,
    seed: int = 0,
) -> MomentEquality:
    """Test that all groups have the same covariances or correlations.

    Parameters
    ----------
    matrix : ResponseMatrix
        Rows with a lost answer are left out; means of groups and design cells are removed.
    group_by : str
    moment : {"covariance", "correlation"}, default "covariance"
    exchange : Exchange, optional
        How labels are exchanged; see `causalvalues.model.structure_exchange.same_structure`.
    seed : int, default 0

    Returns
    -------
    MomentEquality

    Raises
    ------
    ModelError
        As in `same_structure`; or if a group has no more rows (less its design columns) than values, or its values do
        not vary or follow from each other.

    References
    ----------
    Box (1949), Biometrika 36, 317-346; Jennrich (1970), Journal of the American Statistical Association 65, 904-912.
    """
    if moment not in ("covariance", "correlation"):
        known = ("covariance", "correlation")
        raise ModelError(f"There is no moment {moment!r}." + did_you_mean(moment, known))
    exchange = Exchange() if exchange is None else exchange
    cells = exchange_cells(matrix, group_by, exchange.within, scaled=moment == "correlation")
    scatter, weight = cells.totals(cells.group)
    weight = weight - cells.design
    if (weight <= len(cells.names)).any():
        small = int(np.argmin(weight))
        less = f" less its {cells.design[small]} design columns" if cells.design[small] else ""
        raise ModelError(
            f"The group {cells.groups[small]!r} has no more rows{less} than values. Leave it out, or drop values."
        )
    for group, own in zip(cells.groups, scatter, strict=True):
        _refuse_dependent(group, cells.names, own)
    chi2, df = (box if moment == "covariance" else jennrich)(scatter, weight)
    test = same_structure(matrix, group_by, moment, exchange, seed)
    return MomentEquality(chi2, df, float(chdtrc(df, chi2)), test, cells.groups)


def _refuse_dependent(group: str, names: tuple[str, ...], scatter: FloatArray) -> None:
    """Refuse a group in which values do not vary, or follow from each other."""
    spread = np.diag(scatter)
    still = [name for name, square in zip(names, spread, strict=True) if not square > 0]
    if still:
        raise ModelError(f"In the group {group!r} {still} do not vary. Drop them: matrix.drop({still!r}).")
    values, vectors = np.linalg.eigh(scatter / np.sqrt(np.outer(spread, spread)))
    if values[0] < 1e-10:
        bound = [name for name, share in zip(names, vectors[:, 0], strict=True) if abs(share) > 1e-3]
        raise ModelError(
            f"In the group {group!r} {bound} follow from each other. Drop one of them, for example {bound[-1]!r}."
        )


def box(scatter: FloatArray, weight: FloatArray) -> tuple[float, int]:
    """Return Box's M times his correction, and its degrees of freedom, from scatters (K, p, p) and rows (K,).

    Rows are less the design columns that were partialled out.
    """
    k, p = scatter.shape[:2]
    freedom = weight - 1
    pooled = np.linalg.slogdet(scatter.sum(axis=0) / freedom.sum())[1]
    each = np.linalg.slogdet(scatter / freedom[:, None, None])[1]
    m = freedom.sum() * pooled - (freedom * each).sum()
    c = ((1 / freedom).sum() - 1 / freedom.sum()) * (2 * p**2 + 3 * p - 1) / (6 * (p + 1) * (k - 1))
    return float(max(m * (1 - c), 0.0)), p * (p + 1) // 2 * (k - 1)


def jennrich(scatter: FloatArray, weight: FloatArray) -> tuple[float, int]:
    """Return Jennrich's chi-square for equal correlation matrices, and its degrees of freedom; arguments as `box`."""
    k, p = scatter.shape[:2]
    scale = np.sqrt(np.einsum("kaa->ka", scatter))
    r = scatter / (scale[:, :, None] * scale[:, None, :])
    mean = np.tensordot(weight / weight.sum(), r, axes=1)
    inverse = np.linalg.inv(mean)
    weights = np.linalg.inv(np.eye(p) + mean * inverse)
    total = 0.0
    for n, one in zip(weight, r, strict=True):
        z = np.sqrt(n) * inverse @ (one - mean)
        diagonal = np.diag(z)
        total += float(np.trace(z @ z) / 2 - diagonal @ weights @ diagonal)
    return max(total, 0.0), p * (p - 1) // 2 * (k - 1)
