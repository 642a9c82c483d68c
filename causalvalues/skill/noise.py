"""How well changes can be foreseen at all, given the error of what was observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray
from causalvalues.skill.measures import cell_means


@dataclass(frozen=True, eq=False)
class Noise:
    """The error of observed profiles under levers.

    A predictor knows the start as it was observed, so that only the error of the reached profile limits it.

    Parameters
    ----------
    variance : mapping of str to float, default {}
        Value -> error variance of one reached score.
    signal : float, default NaN
        Share of the variance of mean effects that other questions find again; used for mean effects where `variance`
        is empty.
    how : str
        One sentence: what counts as error.
    """

    variance: Mapping[str, float] = field(default_factory=dict)
    signal: float = float("nan")
    how: str = ""


@dataclass(frozen=True)
class Ceiling:
    """The highest R2 that any predictor could reach; NaN where it is not known.

    Parameters
    ----------
    micro, macro : float
        Of the changes of rows.
    effects : float
        Of the mean changes of lever sets.
    """

    micro: float
    macro: float
    effects: float


def noise_ceiling(observed: FloatArray, cells: tuple[str, ...], values: tuple[str, ...], noise: Noise) -> Ceiling:
    """Return the R2 of a predictor that knows every true reached profile.

    With the error variance v_j of a reached score of value j, micro R2 = 1 - sum_j n_j v_j / sum_rj (y_rj - mean_j)^2,
    where y are the observed changes and n_j their number; macro R2 is the mean over values of the same for one value.
    Of mean effects of lever sets c with n_cj rows, the error is v_j / n_cj. Values below zero are given as 0.

    Parameters
    ----------
    observed : array (m, p)
        Changes; NaN where they do not count.
    cells : tuple of str, length m
        Lever set of each row.
    values : tuple of str, length p
    noise : Noise
    """
    if not noise.variance:
        return Ceiling(np.nan, np.nan, _share(noise.signal))
    missing = sorted(set(values) - set(noise.variance))
    if missing:
        raise ModelError(f"The error variance of {missing[0]!r} is not given. Name every value in `variance`.")
    v = np.array([noise.variance[value] for value in values])
    known = np.isfinite(observed)
    count, spread = known.sum(axis=0), _squares_about_mean(observed)
    lost = count * v
    moved = spread > 0
    means = cell_means(observed, cells)
    rows = known_per_cell(observed, cells)
    each = np.where(np.isfinite(means), v / np.maximum(rows, 1), 0.0)
    whole, between = float(spread.sum()), float(_squares_about_mean(means).sum())
    return Ceiling(
        _share(1 - float(lost.sum()) / whole if whole > 0 else np.nan),
        _share(float((1 - lost[moved] / spread[moved]).mean()) if moved.any() else np.nan),
        _share(1 - float(each.sum()) / between if between > 0 else np.nan),
    )


def _share(number: float) -> float:
    return float(np.clip(number, 0.0, 1.0)) if np.isfinite(number) else float("nan")


def places_of(cells: Sequence[str]) -> list[int]:
    """Return the number of each row's lever set, in name order."""
    place = {cell: i for i, cell in enumerate(sorted(set(cells)))}
    return [place[cell] for cell in cells]


def known_per_cell(array: FloatArray, cells: Sequence[str]) -> FloatArray:
    """Return how many rows of each lever set, in name order, are known (c, p)."""
    found = np.zeros((len(set(cells)), array.shape[1]))
    np.add.at(found, places_of(cells), np.isfinite(array).astype(float))
    return found


def _squares_about_mean(array: FloatArray) -> FloatArray:
    known = np.isfinite(array)
    mean = np.where(known, array, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.asarray((np.where(known, array - mean, 0.0) ** 2).sum(axis=0))
