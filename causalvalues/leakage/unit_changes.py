"""What one lever alone does to each unit: the mean change from the unit's own start, and the mean over units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from causalvalues.errors import DataError, did_you_mean
from causalvalues.frozen import FloatArray
from causalvalues.prediction.paired_rows import PairedRows
from causalvalues.randomness import stream

ALL_FLIPS_UP_TO = 12
"""Units up to which every pattern of signs is taken: 4,096."""
FLIPS = 9999


@dataclass(frozen=True, eq=False)
class MeanChange:
    """Means over units with t intervals.

    Parameters
    ----------
    mean, lower, upper, se : array (...)
        The ends and se are NaN below two units; mean is NaN without any.
    units : array (...)
        Units behind each mean.
    """

    mean: FloatArray
    lower: FloatArray
    upper: FloatArray
    se: FloatArray
    units: FloatArray


def doses_alone(rows: PairedRows, lever: str) -> tuple[float, ...]:
    """Return the doses, ascending, at which a lever acts alone."""
    at = rows.levers.index(lever)
    alone = (rows.used == 1) & (rows.doses[:, at] != 0)
    return tuple(sorted(set(rows.doses[alone, at].tolist())))


def unit_changes(rows: PairedRows, cells: Sequence[tuple[str, float]], units: Sequence[str]) -> FloatArray:
    """Return the mean change of each unit in each cell, (G, cells, p); NaN where it has no answer.

    Parameters
    ----------
    rows : PairedRows
    cells : sequence of (lever, dose)
        Rows in which only this lever acts, at this dose, count.
    units : sequence of str
        Rows of other units are left out.

    Notes
    -----
    Rows of one unit are averaged with their weights first; then each unit counts once. So a unit that was asked more
    often does not count more, and the means of units are independent whatever their rows share, the start included.
    """
    place = {unit: i for i, unit in enumerate(units)}
    change = rows.change
    found = np.full((len(units), len(cells), len(rows.values)), np.nan)
    alone = rows.used == 1
    for k, (lever, dose) in enumerate(cells):
        here = np.flatnonzero(alone & (rows.doses[:, rows.levers.index(lever)] == dose))
        here = np.array([i for i in here.tolist() if rows.units[i] in place], dtype=np.int64)
        code = np.array([place[rows.units[i]] for i in here.tolist()], dtype=np.int64)
        weights = np.where(np.isnan(change[here]), 0.0, rows.weights[here][:, None])
        sums, total = np.zeros((2, len(units), len(rows.values)))
        np.add.at(sums, code, weights * np.nan_to_num(change[here]))
        np.add.at(total, code, weights)
        found[:, k] = np.divide(sums, total, out=np.full(sums.shape, np.nan), where=total > 0)
    return found


def mean_change(changes: FloatArray, level: float) -> MeanChange:
    """Return means over the first axis, the units, with t intervals of units - 1 degrees of freedom."""
    known = ~np.isnan(changes)
    count = known.sum(axis=0).astype(float)
    whole = np.maximum(count, 1)
    mean = np.where(count > 0, np.where(known, changes, 0.0).sum(axis=0) / whole, np.nan)
    squares = np.where(known, changes - mean, 0.0) ** 2
    se = np.where(count > 1, np.sqrt(squares.sum(axis=0) / whole / np.maximum(count - 1, 1)), np.nan)
    half = se * stdtrit(np.maximum(count - 1, 1), (1 + level) / 2)
    return MeanChange(mean, mean - half, mean + half, se, count)


def squared_means(changes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the squared means over units less their noise, and the same without each unit in turn.

    The mean of n changes x has the expected square mu^2 + sigma^2 / n. So (sum x)^2 - sum x^2, divided by n (n - 1), is
    unbiased for mu^2: it is the square of the mean less the square of its standard error.

    Parameters
    ----------
    changes : array (G, ...)

    Returns
    -------
    array (...), array (G, ...)
        NaN below two units.
    """
    x, known = np.nan_to_num(changes), ~np.isnan(changes)
    n, total, squares = known.sum(axis=0).astype(float), x.sum(axis=0), np.square(x).sum(axis=0)

    def unbiased(n: FloatArray, total: FloatArray, squares: FloatArray) -> FloatArray:
        pairs = n * (n - 1)
        return np.asarray(np.divide(total**2 - squares, pairs, out=np.full(pairs.shape, np.nan), where=pairs > 0))

    return unbiased(n, total, squares), unbiased(n - known, total - x, squares - x**2)


def sign_flips(units: int, seed: int) -> tuple[FloatArray, bool]:
    """Return patterns of signs (F, G), the first all plus, and whether these are all that there are."""
    if units <= ALL_FLIPS_UP_TO:
        places = np.arange(2**units)[:, None] >> np.arange(units)
        return np.asarray(1.0 - 2.0 * (places & 1), dtype=np.float64), True
    random = stream(seed, "sign flips", units)
    drawn = 1.0 - 2.0 * random.integers(2, size=(FLIPS, units))
    return np.asarray(np.vstack([np.ones((1, units)), drawn]), dtype=np.float64), False


def flip_p_values(parts: FloatArray, seed: int) -> FloatArray:
    """Return two-sided p-values of sums over units: the share of sign patterns with a sum as large.

    Parameters
    ----------
    parts : array (G, m)
        What each unit adds to each sum; NaN where it has no part in it.
    seed : int
        Of the random patterns above `ALL_FLIPS_UP_TO` units.

    Returns
    -------
    array (m,)
        NaN where no unit is known. The smallest p that G units can give is 2 / 2^G.

    Notes
    -----
    Exact when the changes of units are independent and symmetric about zero under the hypothesis (Fisher 1935, The
    Design of Experiments, section 21). Units without a part in a sum change nothing.
    """
    known = ~np.isnan(parts)
    x = np.nan_to_num(parts)
    flips, _ = sign_flips(len(parts), seed)
    sums = np.abs(np.einsum("fg,gm->fm", flips, x))
    slack = 1e-9 * np.abs(x).sum(axis=0)
    share = np.asarray((sums >= sums[0] - slack).mean(axis=0))
    return np.where(known.any(axis=0), share, np.nan)


def known_lever(rows: PairedRows, lever: str) -> str:
    """Return the name of a lever; raise `DataError` for another one."""
    if lever not in rows.levers:
        raise DataError(f"There is no lever {lever!r} in these rows." + did_you_mean(str(lever), rows.levers))
    return lever


def known_dimension(rows: PairedRows, name: str, what: str) -> str:
    """Return the name of a column; raise `DataError` for another one. `what` says what it should be."""
    if name not in rows.values:
        raise DataError(f"The {what} {name!r} is no column of these rows." + did_you_mean(str(name), rows.values))
    return name


def known_aims(rows: PairedRows, aims: Mapping[str, str], guardrails: Sequence[str]) -> dict[str, str]:
    """Return lever -> value in name order; raise `DataError` where one is unknown or aims at a guardrail."""
    if not isinstance(aims, Mapping) or not aims:
        raise DataError("No lever has an aim. Give a mapping of levers to values, such as {'vec_power': 'power'}.")
    for lever, value in aims.items():
        known_lever(rows, lever)
        known_dimension(rows, value, f"aim of {lever!r},")
        if value in guardrails:
            raise DataError(f"The lever {lever!r} aims at {value!r}, which is a guardrail. Let it aim at a value.")
    return dict(sorted(aims.items()))
