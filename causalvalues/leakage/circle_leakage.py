"""Whether levers leak to the neighbours of their aim on the circle of a theory, and take from its opposites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import DataError
from causalvalues.leakage.leakage_matrix import LeakageMatrix
from causalvalues.leakage.relabelling import centred_ranks, relabellings, two_sided_p
from causalvalues.model.circle_order import circle_distances
from causalvalues.numerals import number
from causalvalues.theories.theory import ValueTheory


@dataclass(frozen=True, eq=False)
class CircleLeakage:
    """Effects off aim by how far the value lies from the aim on the circle.

    Parameters
    ----------
    by_distance : DataFrame
        Indexed by ``steps`` (0: the aim itself): ``cells``, ``effect`` (mean, score units).
    rho : float
        Spearman's correlation of closeness on the circle and effect, over cells off aim.
    p : float
        Two-sided, over relabellings of the values on the circle; all of them up to 7 values, else 20,000.
    """

    by_distance: pd.DataFrame
    rho: float
    p: float

    def __repr__(self) -> str:
        return f"CircleLeakage(rho {number(self.rho)} of closeness and effect, p {number(self.p, 3)})"


def leakage_by_distance(found: LeakageMatrix, theory: ValueTheory, seed: int = 0) -> CircleLeakage:
    """Hold effects off aim against the distance of the value from the aim on the circle of a theory.

    Parameters
    ----------
    found : LeakageMatrix
    theory : ValueTheory
        Circular; knows all values.
    seed : int, default 0
        Of the relabellings above 7 values.

    Returns
    -------
    CircleLeakage

    Raises
    ------
    DataError
        If there are fewer than 4 values, or all effects off aim are the same.
    ModelError
        If the theory is not circular.

    Notes
    -----
    Effects of one lever, and effects on one value, hang together, so that single cells cannot be counted as
    independent. A relabelling gives every value, as an aim and as a value that is moved, another place on the circle
    (Mantel 1967, Cancer Research 27, 209-220).
    """
    names = sorted(found.values)
    if len(names) < 4:
        raise DataError(f"There are {len(names)} values; on a circle of fewer than 4, distances say nothing.")
    closeness = -circle_distances(names, theory)
    rows = [(names.index(aim), j, lever) for lever, aim in sorted(found.aims.items()) for j in range(len(names))]
    effects = np.array([float(found.effect.loc[lever, names[j]]) for _, j, lever in rows])  # type: ignore[arg-type]
    cause, value = (np.array([row[k] for row in rows], dtype=np.int64) for k in (0, 1))
    known = np.isfinite(effects)
    steps = pd.Series(-closeness[cause, value][known].astype(int), name="steps")
    grouped = pd.Series(effects[known]).groupby(steps)
    table = pd.DataFrame({"cells": grouped.size(), "effect": grouped.mean()})
    off = known & (cause != value)
    ranks = centred_ranks(effects[off])
    if not ranks.any():
        raise DataError("All effects off aim are the same, so they do not depend on the distance.")
    labels, _ = relabellings(len(names), seed)
    found_ranks = _row_ranks(closeness[labels[:, cause[off]], labels[:, value[off]]])
    size = np.sqrt(np.einsum("rm,rm->r", found_ranks, found_ranks)) * np.linalg.norm(ranks)
    null = np.einsum("rm,m->r", found_ranks, ranks) / np.maximum(size, 1e-300)
    return CircleLeakage(table, float(null[0]), two_sided_p(null))


def _row_ranks(numbers: np.ndarray) -> np.ndarray:
    """Return the centred mid-ranks of each row of whole numbers, by counting."""
    ranks = np.zeros(numbers.shape)
    for step in np.unique(numbers):
        here = numbers == step
        below = (numbers < step).sum(axis=1, keepdims=True)
        ranks += here * (below + (here.sum(axis=1, keepdims=True) + 1) / 2)
    return np.asarray(ranks - (numbers.shape[1] + 1) / 2)
