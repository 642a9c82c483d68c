"""Every admissible choice of listed doses, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.planning.choices import node_sets
from causalvalues.planning.problem import Choice, Problem


@dataclass(frozen=True, eq=False)
class ChoiceTable:
    """n choices as rows.

    Parameters
    ----------
    options : tuple of (lever, dose)
        Every dose of every lever, by lever and dose.
    rows : array (n, w)
        Indices into `options`, ascending, -1 at the end where fewer are used.
    terms : array (n, t)
        Terms of `State.effects` that act, 0 with dose 0 where fewer do.
    doses : array (n, t)
        Their doses.
    strengths : array (n,)
        As `strength_of`.
    costs : array (n,)
    """

    options: tuple[tuple[int, float], ...]
    rows: IntArray
    terms: IntArray
    doses: FloatArray
    strengths: FloatArray
    costs: FloatArray

    def __len__(self) -> int:
        return len(self.rows)

    def choice(self, row: int) -> Choice:
        """Return one row as a choice."""
        return tuple(self.options[option] for option in self.rows[row] if option >= 0)


def all_choices(problem: Problem) -> list[Choice]:
    """Return every admissible choice."""
    table = choice_table(problem)
    return [table.choice(row) for row in range(len(table))]


def choice_table(problem: Problem) -> ChoiceTable:
    """Return every choice that respects `max_levers`, exclusions, prerequisites, tried combinations and the budget."""
    options = tuple((i, dose) for i, lever in enumerate(problem.levers) for dose in sorted(lever.doses))
    rows = _rows(problem, options)
    lever_of = np.array([lever for lever, _ in options] + [-1])
    dose_of = np.array([dose for _, dose in options] + [0.0])
    levers, doses = lever_of[rows], dose_of[rows]
    cost = np.array([problem.levers[lever].cost for lever, _ in options] + [0.0])
    costs = (cost[rows] * np.abs(doses)).sum(axis=1)
    keep = costs <= problem.budget * (1 + 1e-12)
    for lever, other in sorted(problem.required):
        keep &= ~(levers == lever).any(axis=1) | (levers == other).any(axis=1)
    rows, levers, doses, costs = rows[keep], levers[keep], doses[keep], costs[keep]
    strengths = np.zeros(len(rows))
    if problem.mechanism.by_strength:
        strengths = np.round(np.abs(doses).sum(axis=1), 9) + 0.0
    terms, amounts = _terms(problem, levers, doses)
    return ChoiceTable(options, rows, terms, amounts, strengths, costs)


def _rows(problem: Problem, options: tuple[tuple[int, float], ...]) -> IntArray:
    """Return options of every choice that keeps exclusions and tried combinations, (n, w)."""
    k, width = len(options), max(problem.max_levers, 1)
    lever_of = np.array([lever for lever, _ in options])
    clash = np.zeros((k + 1, k + 1), dtype=bool)
    for i, j in problem.excluded:
        clash[:k, :k] |= np.outer(lever_of == i, lever_of == j) | np.outer(lever_of == j, lever_of == i)
    free = np.arange(k)
    bases = np.full((1, width), -1)
    if problem.cells is not None:
        free = np.flatnonzero(~np.array(problem.is_node)[lever_of])
        bases = _tried(problem, options, clash, width)
    first = np.append(np.searchsorted(lever_of[free], np.arange(len(problem.levers) + 1)), len(free))
    found, floor, size = [bases], np.zeros(len(bases), dtype=np.int64), (bases >= 0).sum(axis=1)
    for _ in range(width):
        bases, floor, size = bases[size < width], floor[size < width], size[size < width]
        room = len(free) - floor
        parent = np.repeat(np.arange(len(bases)), room)
        step = np.arange(len(parent)) - np.repeat(np.cumsum(room) - room, room) + floor[parent]
        added = free[step] if len(parent) else np.zeros(0, dtype=np.int64)
        allowed = _allowed(bases[parent], added, clash)
        parent, added = parent[allowed], added[allowed]
        bases, size = bases[parent].copy(), size[parent]
        bases[np.arange(len(bases)), size] = added
        floor, size = first[lever_of[added] + 1], size + 1
        found.append(bases)
    rows = np.concatenate(found)
    rows = np.sort(np.where(rows < 0, k, rows), axis=1)
    return np.where(rows == k, -1, rows)


def _allowed(bases: IntArray, added: IntArray, clash: BoolArray) -> BoolArray:
    if not clash.any():
        return np.ones(len(added), dtype=bool)
    return np.asarray(~clash[bases, added[:, None]].any(axis=1))


def _tried(problem: Problem, options: tuple[tuple[int, float], ...], clash: BoolArray, width: int) -> IntArray:
    """Return the choices of lever nodes alone when only tried sets may be used, (n, w)."""
    of_lever = [[i for i, (lever, _) in enumerate(options) if lever == each] for each in range(len(problem.levers))]
    found = []
    for levers in node_sets(problem):
        for chosen in product(*(of_lever[lever] for lever in levers)):
            if not any(clash[a, b] for a, b in combinations(chosen, 2)):
                found.append((*chosen, *(-1,) * (width - len(chosen))))
    return np.array(found, dtype=np.int64).reshape(len(found), width)


def _terms(problem: Problem, levers: IntArray, doses: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the terms that act in each choice and their doses: single levers, then combinations by size."""
    k, width = len(problem.levers), levers.shape[1]
    terms, amounts = [np.maximum(levers, 0).T], [doses.T]
    for size in range(2, width + 1):
        known = {c: t for t, c in enumerate(problem.combinations, start=k) if len(c) == size}
        if not known:
            continue
        keys = {sum(lever * k**i for i, lever in enumerate(cell)): term for cell, term in known.items()}
        sought = np.array(sorted(keys))
        value = np.array([keys[key] for key in sorted(keys)])
        for places in combinations(range(width), size):
            on = (levers[:, places] >= 0).all(axis=1)
            key = sum(np.where(on, levers[:, place], 0) * k**i for i, place in enumerate(places))
            at = np.minimum(np.searchsorted(sought, key), len(sought) - 1)
            hit = on & (sought[at] == key)
            if hit.any():
                terms.append(np.where(hit, value[at], 0)[None])
                amounts.append(np.where(hit, doses[:, places].prod(axis=1), 0.0)[None])
    return np.ascontiguousarray(np.concatenate(terms).T), np.ascontiguousarray(np.concatenate(amounts).T)
