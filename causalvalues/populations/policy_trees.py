"""The best tree of conditions on a profile, by looking at all of them: depth 0, 1 and 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from causalvalues.frozen import BoolArray, FloatArray


class Leaf(NamedTuple):
    """Give every unit the same choice."""

    choice: int


class Split(NamedTuple):
    """Ask whether a value is at least a threshold."""

    value: int
    threshold: float
    below: Leaf | Split
    above: Leaf | Split


Tree = Leaf | Split


@dataclass(frozen=True, eq=False)
class Field:
    """Units with their profiles and what each choice costs them.

    Parameters
    ----------
    profiles : array (u, p)
    losses : array (u, n)
        Error of each unit under each choice.
    cuts : int
        Most thresholds of each value.
    least : int
        Fewest units at a leaf.
    """

    profiles: FloatArray
    losses: FloatArray
    cuts: int
    least: int


def best_tree(field: Field, depth: int) -> Tree:
    """Return the tree of at most this depth (0, 1 or 2) with the least total loss, by looking at all of them.

    Thresholds lie in the middle between neighbouring profiles of the units: all of them, or `cuts` spread evenly over
    the units when there are more. A deeper tree must be better by more than rounding to be taken. (The search of Zhou,
    Athey and Wager 2023, "Offline multi-action policy learning", with all splits of both levels looked at.)

    Parameters
    ----------
    field : Field
    depth : int

    Returns
    -------
    Leaf or Split
    """
    whole = np.ones(len(field.profiles), dtype=bool)
    total, choice = _leaf(field, whole)
    slack = 1e-9 * max(float(np.abs(field.losses).sum(axis=0).max()), 1e-300)
    best: Tree = Leaf(choice)
    if depth < 1:
        return best
    splits, sides = _splits(field)
    if not len(splits):
        return best
    once, tree = _one_split(field, whole, splits, sides)
    if tree is not None and once < total - slack:
        total, best = once, tree
    if depth < 2:
        return best
    for (value, threshold), above in zip(splits, sides, strict=True):
        found = []
        for part in (~above, above):
            if part.sum() < field.least:
                break
            flat, choice = _leaf(field, part)
            split, under = _one_split(field, part, splits, sides)
            found.append((split, under) if under is not None and split < flat - slack else (flat, Leaf(choice)))
        if len(found) == 2 and found[0][0] + found[1][0] < total - slack:
            total, best = found[0][0] + found[1][0], Split(value, threshold, found[0][1], found[1][1])
    return best


def chosen_by(tree: Tree, profiles: FloatArray) -> list[int]:
    """Return the choice of a tree for each profile (u, p)."""
    found = []
    for profile in profiles:
        at = tree
        while isinstance(at, Split):
            at = at.above if profile[at.value] >= at.threshold else at.below
        found.append(at.choice)
    return found


def _leaf(field: Field, part: BoolArray) -> tuple[float, int]:
    """Return the least loss that one choice has for some of the units, and that choice (the first of equal ones)."""
    sums = field.losses[part].sum(axis=0)
    choice = int(np.argmin(_rounded(sums)))
    return float(sums[choice]), choice


def _rounded(sums: FloatArray) -> FloatArray:
    """Return sums without their last bits, so that equal ones count as equal."""
    return np.asarray(np.round(sums, 12 - int(np.ceil(np.log10(max(float(np.abs(sums).max(initial=0.0)), 1e-300))))))


def _splits(field: Field) -> tuple[list[tuple[int, float]], BoolArray]:
    """Return all splits (value, threshold) and on which side of each the units are, (splits, u): True above."""
    found: list[tuple[int, float]] = []
    for value in range(field.profiles.shape[1]):
        scores = np.sort(field.profiles[:, value])
        rises = np.flatnonzero(np.diff(scores) > 0)
        if len(rises) > field.cuts:
            wanted = (np.arange(field.cuts) + 1) * len(scores) / (field.cuts + 1) - 1
            rises = np.unique(rises[np.abs(rises[None] - wanted[:, None]).argmin(axis=1)])
        found += [(value, float((scores[i] + scores[i + 1]) / 2)) for i in rises.tolist()]
    sides = [field.profiles[:, value] >= threshold for value, threshold in found]
    return found, np.array(sides, dtype=bool).reshape(len(found), len(field.profiles))


def _one_split(
    field: Field, part: BoolArray, splits: list[tuple[int, float]], sides: BoolArray
) -> tuple[float, Split | None]:
    """Return the least loss that one split has for some of the units, and the split; None when none leaves enough."""
    losses = field.losses[part]
    side = sides[:, part]
    above = side.astype(float) @ losses
    below = losses.sum(axis=0) - above
    counts = side.sum(axis=1)
    enough = (counts >= field.least) & (losses.shape[0] - counts >= field.least)
    if not enough.any():
        return np.inf, None
    totals = np.where(enough, above.min(axis=1) + below.min(axis=1), np.inf)
    place = int(np.argmin(np.where(enough, _rounded(np.where(enough, totals, 0.0)), np.inf)))
    value, threshold = splits[place]
    leaves = (Leaf(int(np.argmin(_rounded(below[place])))), Leaf(int(np.argmin(_rounded(above[place])))))
    return float(totals[place]), Split(value, threshold, *leaves)
