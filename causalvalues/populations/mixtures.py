"""Exact linear programs: the mixture of lever sets under which a population comes nearest to a distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from causalvalues.errors import PlanError
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.populations.linear_programs import least_cost, table_of
from causalvalues.populations.wasserstein import transport

MOST_UNKNOWNS = 300_000

CELLS = 400
"""Points of one value that are told apart in the program for a `spread`."""


@dataclass(frozen=True, eq=False)
class Setting:
    """Where each persona ends under each choice.

    Parameters
    ----------
    points : array (u, n, q)
        Profiles on the values that the target speaks of.
    group : array (u,) of int
        Personas of one group share a mixture.
    """

    points: FloatArray
    group: IntArray

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return int(self.group.max()) + 1

    @property
    def alone(self) -> bool:
        """Whether each persona is a group of its own."""
        return self.groups == len(self.group)


def normal_atoms(mean: float, deviation: float, atoms: int) -> FloatArray:
    """Return equally weighted points (atoms,) that stand for a normal distribution: middles of equal shares.

    They are stretched so that their standard deviation is the wanted one.

    Examples
    --------
    >>> normal_atoms(1.0, 2.0, 2).tolist()
    [-1.0, 3.0]
    """
    raw = ndtri((np.arange(atoms) + 0.5) / atoms)
    return np.asarray(mean + deviation * raw / raw.std())


def match_profiles(setting: Setting, wanted: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the shares (g, n) of each choice in each group with the least Wasserstein-1 distance to wanted profiles.

    Parameters
    ----------
    setting : Setting
    wanted : array (m, q)
    weights : array (m,)
        Sum 1.
    """
    u, n, _ = setting.points.shape
    if not setting.alone:
        return _grouped(setting, wanted, weights)
    costs = np.empty((u, len(wanted)))
    choice = np.empty((u, len(wanted)), dtype=np.int64)
    for m, goal in enumerate(wanted):
        each = np.abs(setting.points - goal).mean(axis=2)
        choice[:, m] = np.round(each, 12).argmin(axis=1)
        costs[:, m] = each[np.arange(u), choice[:, m]]
    _, plan = transport(costs, np.full(u, 1 / u), weights)
    shares = np.zeros((u, n))
    for m in range(len(wanted)):
        np.add.at(shares, (np.arange(u), choice[:, m]), np.maximum(plan[:, m], 0.0) * u)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _grouped(setting: Setting, wanted: FloatArray, weights: FloatArray) -> FloatArray:
    """Solve for shares x[g, c] and flows f[u, c, m]: sum_m f = x / u, sum_(u, c) f = weight of m."""
    u, n, _ = setting.points.shape
    m, g = len(wanted), setting.groups
    if u * n * m > MOST_UNKNOWNS:
        raise PlanError(
            f"{u} personas under {n} lever sets and {m} wanted profiles are too many for an exact mixture in groups. "
            "Offer fewer levers, take a sample of the profiles, give a `spread`, or give no groups."
        )
    costs = np.abs(setting.points[:, :, None] - wanted[None, None]).mean(axis=3).ravel()
    flow = np.arange(u * n * m)
    person, chosen, goal = np.unravel_index(flow, (u, n, m))
    first = g * n
    pairs = np.arange(u * n)
    shared = setting.group[pairs // n] * n + pairs % n
    rows = [person * n + chosen, pairs, u * n + goal, u * n + m + np.arange(g * n) // n]
    columns = [first + flow, shared, first + flow, np.arange(g * n)]
    entries = [np.ones(len(flow)), np.full(u * n, -1 / u), np.ones(len(flow)), np.ones(g * n)]
    shape = (u * n + m + g, first + u * n * m)
    table = table_of(rows, columns, entries, shape)
    right = np.concatenate([np.zeros(u * n), weights, np.ones(g)])
    return _solved(np.concatenate([np.zeros(first), costs]), table, right, (g, n))


def match_marginals(setting: Setting, atoms: FloatArray) -> tuple[FloatArray, float]:
    """Return the shares (g, n) with the least mean over the values of one-dimensional Wasserstein-1 distances.

    For each value, the distance is the sum over neighbouring points of their gap times |F - G|, with F linear in the
    shares: F - G is carried from point to point as the difference of two unknowns that are zero or more. When there are
    more than `CELLS` points, they are first moved to the middles of as many cells, which changes no distance by more
    than half the width of a cell on each side.

    Parameters
    ----------
    setting : Setting
    atoms : array (k, q)
        Equally weighted points of the wanted distribution of each value.

    Returns
    -------
    (array (g, n), float)
        The shares, and by how much their distance may exceed the least one.
    """
    u, n, q = setting.points.shape
    g, k = setting.groups, len(atoms)
    if u * n * q > MOST_UNKNOWNS:
        raise PlanError(
            f"{u} personas under {n} lever sets are too many for an exact mixture of {q} values. "
            "Offer fewer levers, or take a sample of the personas."
        )
    rows, columns, entries, costs, right = [], [], [], [np.zeros(g * n)], []
    last, first, away = g * n, 0, 0.0
    share = setting.group[np.arange(u * n) // n] * n + np.arange(u * n) % n
    for i in range(q):
        scores, width = _cells(np.concatenate([setting.points[:, :, i].ravel(), atoms[:, i]]))
        places, cell = np.unique(scores, return_inverse=True)
        count, away = len(places), away + width / q
        own, up = first + np.arange(count), last + np.arange(count)
        down = up + count
        gaps = np.append(np.diff(places), 0.0) / q
        costs += [gaps, gaps]
        rows += [own, own, own[1:], own[1:], first + cell[: u * n]]
        columns += [up, down, up[:-1], down[:-1], share]
        entries += [np.ones(count), -np.ones(count), -np.ones(count - 1), np.ones(count - 1), np.full(u * n, -1 / u)]
        right.append(-np.bincount(cell[u * n :], minlength=count) / k)
        first, last = first + count, last + 2 * count
    rows.append(first + np.arange(g * n) // n)
    columns.append(np.arange(g * n))
    entries.append(np.ones(g * n))
    table = table_of(rows, columns, entries, (first + g, last))
    found = _solved(np.concatenate(costs), table, np.concatenate([*right, np.ones(g)]), (g, n))
    return found, away


def _cells(scores: FloatArray) -> tuple[FloatArray, float]:
    """Return scores moved to the middles of `CELLS` equal cells, and their width; few scores stay where they are."""
    low, high = float(scores.min()), float(scores.max())
    if len(scores) <= CELLS or not high > low:
        return scores, 0.0
    width = (high - low) / CELLS
    place = np.minimum(np.floor((scores - low) / width), CELLS - 1)
    return np.asarray(low + (place + 0.5) * width), width


def _solved(costs: FloatArray, table: Any, right: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Return the first g * n unknowns of the optimum as shares (g, n), each row of sum 1."""
    _, unknowns = least_cost(costs, table, right)
    shares = unknowns[: shape[0] * shape[1]].reshape(shape)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))
