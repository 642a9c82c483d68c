"""How much answers under levers differ from their prediction: by unit, by lever within unit, by answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray, frozen_floats
from causalvalues.prediction.mechanism_errors import unit_blocks
from causalvalues.prediction.mechanism_terms import saturation, step
from causalvalues.prediction.normal_law import NORMAL_90
from causalvalues.prediction.paired_rows import PairedRows

FEW = 100
"""Rows that a common width is worth when each value's own width is estimated."""
UNITS_TOLD, FEW_UNITS = 100, 10
FEW_KINDS = 30
"""Rows that "rows with several levers err as much" is worth."""
SCALE_PENALTY = 20.0
LEAST_LEFT = 0.25
"""Share of the answer's variance that always stays."""


@dataclass(frozen=True, eq=False)
class VarianceComponents:
    """Covariances, across values, of what a mechanism leaves unexplained, in score units.

    error = min(n, 1) u + s(n) sum_l d_l u_l + e, with u drawn once for each unit, u_l for each unit and lever, e for
    each answer; the whole is larger or smaller by lever.

    Parameters
    ----------
    unit, lever, cell : array (p, p)
    reach : array (p,)
        Half the width of the 90% interval, in standard deviations.
    scale : array (k + 1,)
        Log factors on the standard deviation: of each lever, and of rows with several levers.
    told : float
        Factor on `reach` for a unit whose other answers are known.
    """

    unit: FloatArray
    lever: FloatArray
    cell: FloatArray
    reach: FloatArray
    scale: FloatArray
    told: float = 1.0

    def __post_init__(self) -> None:
        p = len(self.cell)
        shapes = {"unit": (p, p), "lever": (p, p), "cell": (p, p), "reach": (p,), "scale": (len(self.scale),)}
        for name, shape in shapes.items():
            try:
                object.__setattr__(self, name, frozen_floats(getattr(self, name), shape, name))
            except ValueError as error:
                raise ModelError(str(error)) from None

    def factor(self, doses: FloatArray) -> FloatArray:
        """Return by how much errors of rows (m, k) are larger than those of all rows, (m,)."""
        return np.asarray(np.exp(scale_columns(doses) @ self.scale))

    def variance(self, doses: FloatArray, w: float) -> FloatArray:
        """Return the variance (m, p) of answers under doses (m, k), given the saturation w; 0 without any dose."""
        totals = np.abs(doses).sum(axis=1)
        squared = saturation(totals, w) ** 2 * (doses**2).sum(axis=1)
        parts = (np.diag(self.unit), np.diag(self.lever), np.diag(self.cell))
        plain = step(totals)[:, None] ** 2 * parts[0] + squared[:, None] * parts[1] + parts[2]
        return np.asarray(np.where(totals[:, None] > 0, plain * self.factor(doses)[:, None] ** 2, 0.0))

    def of_answer(self, doses: FloatArray, w: float) -> FloatArray:
        """Return the covariance (p, p) of one answer under doses (k,), widened so that normal intervals are `reach`."""
        total, wide = float(np.abs(doses).sum()), self.reach / NORMAL_90
        if total == 0:
            return np.zeros_like(self.cell)
        squares = float(saturation(total, w)) ** 2 * float((doses**2).sum())
        plain = float(step(total)) ** 2 * self.unit + squares * self.lever + self.cell
        return np.asarray(plain * np.outer(wide, wide) * float(self.factor(doses[None])[0]) ** 2)

    def placed(self, values: list[int], levers: list[int]) -> VarianceComponents:
        """Return the same with values and levers in another order."""
        grid = np.ix_(values, values)
        scale = self.scale[[*levers, len(levers)]]
        parts = (self.unit[grid], self.lever[grid], self.cell[grid], self.reach[values])
        return VarianceComponents(*parts, scale, self.told)

    def covariance(self, doses: FloatArray, w: float) -> tuple[FloatArray, FloatArray]:
        """Return what rows (q, k) of one unit share, and what each has for itself, (q p, q p) both, rows first."""
        totals = np.abs(doses).sum(axis=1)
        steps, acting = step(totals), saturation(totals, w)[:, None] * doses
        size = self.factor(doses)
        shared = np.kron(np.outer(steps, steps), self.unit) + np.kron(acting @ acting.T, self.lever)
        return np.asarray(shared), np.asarray(np.kron(np.diag(size**2), self.cell))


def scale_columns(doses: FloatArray) -> FloatArray:
    """Return the share of each lever in each row, and whether it has several, (m, k + 1)."""
    size = np.abs(doses)
    share = size / np.maximum(size.sum(axis=1, keepdims=True), 1e-300)
    return np.column_stack([share, (doses != 0).sum(axis=1) > 1])


def first_components(residuals: FloatArray, rows: PairedRows, shape: tuple[float, float]) -> VarianceComponents:
    """Estimate the components from residuals of left-out units, by the method of moments.

    Products of residuals of two different rows of a unit are regressed on min(n, 1) min(n', 1) and s s' sum_l d_l d'_l
    (least squares over all such pairs); what the squares hold beyond that is the part of the answer. Each covariance is
    made non-negative by dropping negative roots.

    Parameters
    ----------
    residuals : array (r, p)
        NaN where lost, score units.
    rows : PairedRows
    shape : (w, w')
    """
    totals = np.abs(rows.doses).sum(axis=1)
    steps, doses = step(totals), saturation(totals, shape[0])[:, None] * rows.doses
    seen = np.isfinite(residuals).astype(float)
    errors = np.where(seen > 0, residuals, 0.0)
    p = errors.shape[1]
    normal, right = np.zeros((2, 2, p, p)), np.zeros((2, p, p))
    for block in unit_blocks(rows.units):
        here, e, m = doses[block], errors[block], seen[block]
        apart = 1 - np.eye(block.shape[1])
        shares = (steps[block][:, :, None] * steps[block][:, None, :], np.einsum("uak,ubk->uab", here, here))
        for a in range(2):
            right[a] += np.einsum("uai,uab,ubj->ij", e, shares[a] * apart, e, optimize=True)
            for b in range(2):
                weight = shares[a] * shares[b] * apart
                normal[a, b] += np.einsum("uai,uab,ubj->ij", m, weight, m, optimize=True)
    unit, lever = _solved(normal, right)
    squared = (doses**2).sum(axis=1)
    pairs = np.maximum(seen.T @ seen, 1.0)
    total = errors.T @ errors / pairs
    explained = unit * ((seen * steps[:, None] ** 2).T @ seen) + lever * ((seen * squared[:, None]).T @ seen)
    cell = _definite(total - explained / pairs, 0.05 * np.diag(total))
    return VarianceComponents(unit, lever, cell, np.full(p, NORMAL_90), np.zeros(rows.doses.shape[1] + 1))


def calibrated(
    components: VarianceComponents, residuals: FloatArray, given: tuple[FloatArray, FloatArray, tuple[float, float]]
) -> VarianceComponents:
    """Return the components with the scale of each lever and the width that held 90% of left-out residuals.

    Log root mean squares of the standardised residuals of a row are regressed on the shares of its levers (ridge);
    rows with several levers are compared with rows of one by their 90% quantiles. The width of each value is the 90%
    quantile of its standardised absolute residuals, drawn towards that of all values.

    Parameters
    ----------
    components : VarianceComponents
    residuals : array (r, p)
        Of left-out units.
    given : (array (r, p), array (r, k), (w, w'))
        Variances of the predicted profiles, doses, saturation.
    """
    spread, doses, shape = given
    components = _without_spread(components, spread.mean(axis=0))
    plain = residuals / np.sqrt(components.variance(doses, shape[0]) + spread)
    found = replace(components, scale=_lever_scale(plain, scale_columns(doses)))
    size = np.abs(residuals) / np.sqrt(found.variance(doses, shape[0]) + spread)
    several = (doses != 0).sum(axis=1) > 1
    counts = [int(np.isfinite(size[rows]).any(axis=1).sum()) for rows in (several, ~several)]
    if min(counts) > 0:
        ratio = np.log(_quantile(size[several]) / _quantile(size[~several]))
        scale = np.array(found.scale)
        scale[-1] = ratio * min(counts) / (min(counts) + FEW_KINDS)
        found = replace(found, scale=scale)
        size = np.abs(residuals) / np.sqrt(found.variance(doses, shape[0]) + spread)
    common = _quantile(size)
    count = np.isfinite(size).sum(axis=0)
    own = np.array([_quantile(column) if n else common for column, n in zip(size.T, count, strict=True)])
    return replace(found, reach=(count * own + FEW * common) / (count + FEW))


def told_factor(
    components: VarianceComponents, residuals: FloatArray, given: tuple[PairedRows, FloatArray, float]
) -> float:
    """Return by how much intervals of a unit's answer must be wider once its other answers are conditioned on.

    Each answer is predicted from the unit's others: with V the covariance of the unit's residuals e, the error is
    (V^-1 e)_i / (V^-1)_ii, its variance 1 / (V^-1)_ii (Rasmussen and Williams 2006, eq. 5.12, for blocks). The factor
    makes the widths hold 90% of these errors, over at most 100 units.

    Parameters
    ----------
    components : VarianceComponents
    residuals : array (r, p)
        Of left-out units.
    given : (PairedRows, array (r, p), float)
        The rows, variances of their predicted profiles, saturation w.
    """
    rows, spread, w = given
    p, found, units = residuals.shape[1], [], 0
    for block in unit_blocks(rows.units):
        for places in block:
            errors = residuals[places]
            if len(places) < 2 or units == UNITS_TOLD or not np.isfinite(errors).all():
                continue
            units += 1
            shared, own = components.covariance(rows.doses[places], w)
            precision = np.linalg.inv(shared + own + np.diag(spread[places].ravel()))
            weighted = (precision @ errors.ravel()).reshape(len(places), p)
            for i in range(len(places)):
                variance = np.linalg.inv(precision[i * p : i * p + p, i * p : i * p + p])
                found.append(np.abs(variance @ weighted[i]) / np.sqrt(np.diag(variance)))
    return _quantile(np.array(found) / components.reach) if units >= FEW_UNITS else 1.0


def _quantile(size: FloatArray) -> float:
    seen = size[np.isfinite(size)]
    return max(float(np.quantile(seen, 0.9)), 1e-9) if len(seen) else NORMAL_90


def _lever_scale(standardised: FloatArray, shares: FloatArray) -> FloatArray:
    """Return log factors (k + 1,) on the size of residuals, by ridge of each row's log root mean square."""
    seen = np.isfinite(standardised)
    whole = seen.any(axis=1)
    squared = np.where(seen, standardised, 0.0)[whole] ** 2
    logs = 0.5 * np.log(np.maximum(squared.sum(axis=1) / np.maximum(seen[whole].sum(axis=1), 1), 1e-12))
    columns = shares[whole][:, :-1]
    away = columns - columns.mean(axis=0)
    normal = away.T @ away + SCALE_PENALTY * np.eye(columns.shape[1])
    slopes = np.linalg.solve(normal, away.T @ (logs - logs.mean()))
    # shares of levers sum to one, so a constant on all slopes centres the log factor
    return np.append(slopes - float(slopes @ columns.mean(axis=0)), 0.0)


def _without_spread(components: VarianceComponents, spread: FloatArray) -> VarianceComponents:
    """Take the mean variance of predictions out of the answer's part, which left-out residuals hold as well."""
    plain = np.diag(components.cell)
    root = np.sqrt(np.maximum(1 - spread / np.maximum(plain, 1e-300), LEAST_LEFT))
    return replace(components, cell=components.cell * np.outer(root, root))


def _solved(normal: FloatArray, right: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Solve for the two components; one that is negative on the whole is dropped and the other solved alone."""
    determinant = normal[0, 0] * normal[1, 1] - normal[0, 1] ** 2
    scale = np.maximum(normal[0, 0] * normal[1, 1], 1e-300)
    apart = determinant > 1e-6 * scale
    safe = np.where(apart, determinant, 1.0)
    unit = np.where(apart, (normal[1, 1] * right[0] - normal[0, 1] * right[1]) / safe, 0.0)
    lever = np.where(apart, (normal[0, 0] * right[1] - normal[0, 1] * right[0]) / safe, 0.0)
    alone = [right[a] / np.maximum(normal[a, a], 1e-300) for a in range(2)]
    if not apart.all() or np.trace(lever) <= 0:
        unit, lever = alone[0], np.zeros_like(lever)
    elif np.trace(unit) <= 0:
        unit, lever = np.zeros_like(unit), alone[1]
    return _definite(unit), _definite(lever)


def _definite(matrix: FloatArray, floor: FloatArray | float = 0.0) -> FloatArray:
    even = (matrix + matrix.T) / 2
    roots, vectors = np.linalg.eigh(even)
    out = (vectors * np.maximum(roots, 0.0)) @ vectors.T
    short = np.maximum(np.asarray(floor) - np.diag(out), 0.0)
    return np.asarray(out + np.diag(short))
