"""Bounds of a unit's counterfactual where no unit answered both with and without levers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray, frozen_floats
from causalvalues.prediction.normal_law import NORMAL_90


@dataclass(frozen=True, eq=False)
class CounterfactualBounds:
    """What the two marginals allow about profiles under levers of units with known starts, score units.

    Parameters
    ----------
    mean_lower, mean_upper : array (m, p)
        Least and greatest expected answer.
    lower, upper : array (m, p)
        Least lower end and greatest upper end of 90% intervals.
    correlation : (float, float)
        Range of the correlation, over units, of a value with and without levers.
    """

    mean_lower: FloatArray
    mean_upper: FloatArray
    lower: FloatArray
    upper: FloatArray
    correlation: tuple[float, float]

    def __post_init__(self) -> None:
        for name in ("mean_lower", "mean_upper", "lower", "upper"):
            object.__setattr__(self, name, frozen_floats(getattr(self, name), np.shape(self.mean_lower), name))


def counterfactual_bounds(
    without: FloatArray, under: FloatArray, start: FloatArray, correlation: tuple[float, float] = (-1.0, 1.0)
) -> CounterfactualBounds:
    """Bound profiles under levers from rows of some units without and of other units with the levers.

    With normal marginals and correlation rho between the worlds, a unit that is b standard deviations above the mean
    without levers has under them the mean m + rho b t and the standard deviation t sqrt(1 - rho^2) (m, t: mean and
    standard deviation under levers). rho b + z sqrt(1 - rho^2) is greatest at rho = b / sqrt(b^2 + z^2), or at the end
    of the range that is nearer.

    Parameters
    ----------
    without : array (n, p)
        Answers of units without levers.
    under : array (l, p)
        Answers of other units under one lever set.
    start : array (m, p)
        Profiles without levers of the units asked about.
    correlation : (float, float), default (-1, 1)
        Narrower where something is known, such as (0, 1): nobody turns round.

    Raises
    ------
    ModelError
        If there are fewer than two rows of a kind, the numbers of values differ, or the range is not inside [-1, 1].

    Examples
    --------
    >>> import numpy as np
    >>> some = np.array([[0.0], [2.0]])
    >>> found = counterfactual_bounds(some, some + 5, np.array([[2.0]]), (1.0, 1.0))
    >>> float(found.mean_lower[0, 0]), float(found.mean_upper[0, 0])
    (7.0, 7.0)
    """
    low, high = correlation
    if not -1 <= low <= high <= 1:
        raise ModelError(f"`correlation` is {correlation!r}. Give a range inside [-1, 1], the smaller number first.")
    first, second = _moments(without, "without levers"), _moments(under, "under the levers")
    x = np.atleast_2d(np.asarray(start, dtype=float))
    if not len(first[0]) == len(second[0]) == x.shape[1]:
        raise ModelError("The rows with and without levers and the starts have different numbers of values.")
    b = np.where(first[1] > 0, (x - first[0]) / np.where(first[1] > 0, first[1], 1.0), 0.0)
    mean, spread = second
    ends = np.stack([low * b, high * b])
    top, bottom = _furthest(b, low, high), -_furthest(-b, low, high)
    return CounterfactualBounds(
        mean + ends.min(axis=0) * spread,
        mean + ends.max(axis=0) * spread,
        mean + bottom * spread,
        mean + top * spread,
        (float(low), float(high)),
    )


def share_bounds(without: FloatArray, under: FloatArray, change: float) -> tuple[float, float]:
    """Bound the share of units whose answer changes by at most `change`, from the two marginals alone.

    sup_y max(F(y) - G(y - d), 0) and 1 + inf_y min(F(y) - G(y - d), 0), F under levers and G, left limits included,
    without: the sharp bounds of Makarov (Williamson and Downs 1990, theorem 2; Fan and Park 2010, lemma 2.1).

    Parameters
    ----------
    without, under : array (n,), (l,)
        One value's answers of the two kinds of units; nothing is assumed about their distribution.
    change : float
        In score units; 0 bounds the share that does not rise.

    Returns
    -------
    (float, float)

    Examples
    --------
    >>> import numpy as np
    >>> share_bounds(np.array([0.0, 1.0]), np.array([2.0, 3.0]), 0.0)
    (0.0, 0.0)
    """
    x, y = np.sort(np.asarray(without, dtype=float)), np.sort(np.asarray(under, dtype=float))
    if not (len(x) and len(y) and np.isfinite(x).all() and np.isfinite(y).all()):
        raise ModelError("Give at least one finite answer of each kind.")
    at = np.unique(np.concatenate([y, x + change]))
    reached = np.searchsorted(y, at, side="right") / len(y)
    before = np.searchsorted(x + change, at, side="left") / len(x)
    lower = max(float((reached - before).max()), 0.0)
    strictly = np.searchsorted(y, at, side="left") / len(y)
    up_to = np.searchsorted(x + change, at, side="right") / len(x)
    upper = 1 + min(float((reached - up_to).min()), float((strictly - before).min()), 0.0)
    return lower, upper


def _moments(answers: FloatArray, what: str) -> tuple[FloatArray, FloatArray]:
    rows = np.asarray(answers, dtype=float)
    if rows.ndim != 2 or (np.isfinite(rows).sum(axis=0) < 2).any():
        raise ModelError(f"Each value needs at least two answers {what}. Give an array (rows, values).")
    return np.nanmean(rows, axis=0), np.nanstd(rows, axis=0, ddof=1)


def _furthest(b: FloatArray, low: float, high: float) -> FloatArray:
    """Greatest rho b + z sqrt(1 - rho^2) over the range of rho."""
    rho = np.clip(b / np.sqrt(b**2 + NORMAL_90**2), low, high)
    return np.asarray(rho * b + NORMAL_90 * np.sqrt(1 - rho**2))
