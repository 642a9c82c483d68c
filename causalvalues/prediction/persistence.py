"""What a unit keeps of its profile under levers, corrected for the error of its start; no mechanism is needed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import FloatArray, frozen_floats
from causalvalues.model.levers import clusters_of
from causalvalues.prediction.paired_rows import PairedRows
from causalvalues.randomness import require_whole, stream
from causalvalues.responses.matrix import ResponseMatrix

LEAST_TRUE = 0.1
"""Share of the variance of starts, in any direction, that the error must leave."""


@dataclass(frozen=True, eq=False)
class Persistence:
    """Slopes of profiles under levers on profiles without, for each total dose; all matrices [from, to].

    Parameters
    ----------
    values : tuple of str
    totals : array (g,)
        Total doses n.
    matrix, lower, upper : array (g, p, p)
        Estimates and 90% intervals by unit bootstrap.
    own, own_lower, own_upper : array (g, p)
        The same for the slope on the value's own start alone.
    error : array (p,)
        Error variance of a start, as given.
    capped : bool
        Whether the error was too large to be believed and was scaled down.
    """

    values: tuple[str, ...]
    totals: FloatArray
    matrix: FloatArray
    lower: FloatArray
    upper: FloatArray
    own: FloatArray
    own_lower: FloatArray
    own_upper: FloatArray
    error: FloatArray
    capped: bool

    def __post_init__(self) -> None:
        g, p = len(self.totals), len(self.values)
        shapes = {"totals": (g,), "matrix": (g, p, p), "lower": (g, p, p), "upper": (g, p, p), "own": (g, p)}
        shapes |= {"own_lower": (g, p), "own_upper": (g, p), "error": (p,)}
        for name, shape in shapes.items():
            object.__setattr__(self, name, frozen_floats(getattr(self, name), shape, name))

    def at(self, total: float) -> FloatArray:
        """Return the matrix (p, p) at a total dose: the identity at 0, straight lines between, level at the end."""
        if not total >= 0:
            raise ModelError(f"The total dose is {total!r}. Give zero or a positive number.")
        known = np.concatenate([[0.0], self.totals])
        stack = np.concatenate([np.eye(len(self.values))[None], self.matrix])
        above = int(np.searchsorted(known, total))
        if above == 0 or above == len(known):
            return np.asarray(stack[min(above, len(known) - 1)])
        share = (total - known[above - 1]) / (known[above] - known[above - 1])
        return np.asarray(stack[above - 1] * (1 - share) + stack[above] * share)

    @property
    def table(self) -> pd.DataFrame:
        """Own slopes: rows (total dose, value), columns mean, lower, upper."""
        index = pd.MultiIndex.from_product([self.totals.tolist(), self.values], names=["total_dose", "value"])
        parts = {"mean": self.own, "lower": self.own_lower, "upper": self.own_upper}
        return pd.DataFrame({name: part.ravel() for name, part in parts.items()}, index=index)


def persistence(rows: PairedRows, error: FloatArray | None, seed: int, draws: int = 500) -> Persistence:
    """Estimate what units keep of themselves under levers.

    Within lever sets, profiles under levers are regressed on starts. A start that is measured with error looks less
    kept than it is, so the error's covariance E is taken out of that of the starts S:
    K = (S_xx - E)^-1 S_xy (Fuller 1987, eq. 2.2.10). The error is that of asking again (`retest_error`), not what alpha
    leaves: start and answer share their items, so what belongs to an item's wording is kept as well.

    Parameters
    ----------
    rows : PairedRows
    error : array (p,) or None
        Error variance of a start, in squared score units; of a mean of m rows, an m-th of the variance of one. None is
        no error: a model that is read without sampling answers the same each time.
    seed : int
    draws : int, default 500
        Of the bootstrap over units.

    Raises
    ------
    ModelError
        If an error is negative, or there are too few units at every total dose.
    """
    require_whole("draws", draws)
    p = len(rows.values)
    noise = np.zeros(p) if error is None else np.asarray(error, dtype=float)
    if noise.shape != (p,) or not (np.isfinite(noise) & (noise >= 0)).all():
        raise ModelError(f"`error` must hold {p} variances, one for each value, zero or positive.")
    totals = np.round(np.abs(rows.doses).sum(axis=1), 12)
    whole = np.isfinite(rows.reached).all(axis=1)
    found, known, capped = [], [], False
    for total in np.unique(totals).tolist():
        here = rows.on((totals == total) & whole)
        if len(set(here.units)) < p + 3 or len(here) < len(set(here.cells)) + p + 2:
            continue
        estimates, was_capped = _bootstrapped(here, noise, stream(seed, "persistence", repr(total)), draws)
        found.append(estimates)
        known.append(total)
        capped = capped or was_capped
    if not found:
        raise ModelError(f"Too few units at each total dose; a matrix of {p} values needs {p + 3}. Ask more units.")
    matrix, low, high, own, own_low, own_high = (np.stack([one[i] for one in found]) for i in range(6))
    return Persistence(
        rows.values, np.array(known), matrix, low, high, own, own_low, own_high, error=noise, capped=capped
    )


def _bootstrapped(
    rows: PairedRows, noise: FloatArray, chance: np.random.Generator, draws: int
) -> tuple[list[FloatArray], bool]:
    """Estimate, lower and upper of the matrix and of the own slopes."""
    units, cells = sorted(set(rows.units)), sorted(set(rows.cells))
    unit = np.array([units.index(name) for name in rows.units])
    cell = np.array([cells.index(name) for name in rows.cells])
    x, y = rows.start - rows.start.mean(axis=0), rows.reached - rows.reached.mean(axis=0)
    both = np.concatenate([x, y, np.ones((len(x), 1))], axis=1) * rows.weights[:, None]
    sums = np.zeros((len(units), len(cells), both.shape[1]))
    np.add.at(sums, (unit, cell), both)
    products = np.zeros((len(units), x.shape[1], 2 * x.shape[1]))
    np.add.at(products, unit, x[:, :, None] * both[:, None, :-1])
    counts = chance.multinomial(len(units), np.full(len(units), 1 / len(units)), size=draws) * 1.0
    first = _slopes(np.ones(len(units)), sums, products, noise)
    again = [_slopes(count, sums, products, noise) for count in counts]
    out = []
    for part in range(2):
        ends = np.quantile(np.stack([one[part] for one in again]), [0.05, 0.95], axis=0)
        out += [first[part], ends[0], ends[1]]
    return out, first[2]


def _slopes(
    counts: FloatArray, sums: FloatArray, products: FloatArray, noise: FloatArray
) -> tuple[FloatArray, FloatArray, bool]:
    """Matrix of slopes within cells, own slopes, and whether the error was scaled down."""
    p = len(noise)
    by_cell = np.tensordot(counts, sums, axes=1)
    within = np.tensordot(counts, products, axes=1)
    size = np.maximum(by_cell[:, -1:], 1e-300)
    within -= by_cell[:, :p].T @ (by_cell[:, :-1] / size)
    freedom = max(float(by_cell[:, -1].sum() - (by_cell[:, -1] > 0).sum()), 1.0)
    xx, xy = within[:, :p] / freedom, within[:, p:] / freedom
    share = _believable(xx, noise)
    true = xx - share * np.diag(noise)
    own_share = np.minimum(noise, (1 - LEAST_TRUE) * np.diag(xx))
    return (
        np.asarray(np.linalg.lstsq(true, xy, rcond=1e-10)[0]),
        np.diag(xy) / np.maximum(np.diag(xx) - own_share, 1e-300),
        share < 1,
    )


def _believable(xx: FloatArray, noise: FloatArray) -> float:
    """Return the largest share of the error that leaves a tenth of the starts' variance in any direction."""
    if not noise.any():
        return 1.0
    root = np.sqrt(noise)
    inverse = np.linalg.pinv(xx, rcond=1e-10)
    most = float(np.linalg.eigvalsh(root[:, None] * inverse * root[None, :])[-1])
    return min(1.0, (1 - LEAST_TRUE) / most) if most > 0 else 1.0


def retest_error(matrix: ResponseMatrix, by: str) -> pd.Series:
    """Estimate the error variance of one answer from rows that differ in one label only.

    Rows of one unit under one lever set that agree in all other labels are compared; the estimate is the pooled
    variance within such groups (the within mean square of a one-way layout).

    Parameters
    ----------
    matrix : ResponseMatrix
    by : str
        A label of repeats or phrasings, such as ``"repeat"``, ``"frame"`` or ``"wording"``.

    Returns
    -------
    Series (p,)
        Squared score units; `attrs` holds the number of ``groups`` and ``rows`` behind it.

    Raises
    ------
    ModelError
        If the label is unknown, or no two rows differ in it alone.
    """
    if by not in matrix.labels:
        raise ModelError(f"There is no label {by!r}." + did_you_mean(by, matrix.labels))
    others = [name for name in sorted(matrix.labels) if name != by]
    units, groups = clusters_of(matrix), {}  # type: ignore[var-annotated]
    for i, unit in enumerate(units):
        key = (unit, matrix.doses[i].tobytes(), *(str(matrix.labels[name][i]) for name in others))
        groups.setdefault(key, []).append(i)
    kept = [rows for rows in groups.values() if len({str(matrix.labels[by][i]) for i in rows}) > 1]
    if not kept:
        raise ModelError(f"No two rows of a unit and lever set differ in {by!r} alone. Ask some rows again.")
    squares, freedom = np.zeros(len(matrix.names)), np.zeros(len(matrix.names))
    for rows in kept:
        scores = matrix.scores[rows]
        seen = np.isfinite(scores)
        count = seen.sum(axis=0)
        mean = np.where(seen, scores, 0.0).sum(axis=0) / np.maximum(count, 1)
        squares += np.where(seen, scores - mean, 0.0).__pow__(2).sum(axis=0)
        freedom += np.maximum(count - 1, 0)
    out = pd.Series(np.where(freedom > 0, squares / np.maximum(freedom, 1), np.nan), index=list(matrix.names))
    out.attrs = {"groups": len(kept), "rows": sum(len(rows) for rows in kept)}
    return out.rename(f"error variance by {by}")
