"""Effects by adjustment: which values to hold constant for an effect, and the regression that does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.evidence import Evidence
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.graph.orienting import ways_around

Adjustment = Literal["optimal", "local"]
Sets = tuple[tuple[int, ...] | None, ...]


@dataclass(frozen=True, eq=False)
class Standardised:
    """Moments of the values in sorted-name order: correlations and spreads, design columns partialled out."""

    names: tuple[str, ...]
    correlation: FloatArray
    scale: FloatArray

    def slope(self, cause: int, effect: int, held: tuple[int, ...]) -> float:
        """Return the change of `effect` for one unit of `cause` with the values in `held` constant, in raw units."""
        inside = [cause, *held]
        slopes = np.linalg.solve(self.correlation[np.ix_(inside, inside)], self.correlation[inside, effect])
        return float(slopes[0] * self.scale[effect] / self.scale[cause])


def standardised(evidence: Evidence) -> Standardised:
    """Sort the moments by name and split them.

    Raises
    ------
    ModelError
        Naming values without spread.
    """
    order = sorted(range(len(evidence.names)), key=lambda j: evidence.names[j])
    scatter = evidence.residual_scatter[np.ix_(order, order)]
    still = [evidence.names[order[j]] for j in np.flatnonzero(~(np.diag(scatter) > 0))]
    if still:
        raise ModelError(f"No effect can be estimated: {still} do not vary within design cells. Drop them.")
    scale = np.sqrt(np.diag(scatter))
    return Standardised(tuple(evidence.names[j] for j in order), scatter / np.outer(scale, scale), scale)


def adjustments(
    directed: BoolArray, undirected: BoolArray, causes: list[int], method: Adjustment
) -> list[tuple[Sets, ...]]:
    """Return, for each way to orient the open edges at some causes, which values each effect is adjusted for.

    Parameters
    ----------
    directed, undirected : array (p, p) of bool
        An equivalence class that has a member.
    causes : list of int
    method : {"optimal", "local"}

    Returns
    -------
    list of tuple of tuple
        [way][cause][effect]: positions to hold constant; None where the effect is zero by the graph.
    """
    from causalvalues.graph.equivalence_kernels import ancestors_of_all, extend

    p, found = len(directed), []
    for arrows, rest in ways_around(directed, undirected, causes):
        if method == "local":
            parents = [tuple(np.flatnonzero(arrows[:, cause]).tolist()) for cause in causes]
            found.append(tuple(tuple(None if effect in held else held for effect in range(p)) for held in parents))
            continue
        member = extend(arrows, rest, np.arange(p))
        above = ancestors_of_all(member[None])[0][0]
        found.append(tuple(tuple(_optimal(member, above, cause, effect) for effect in range(p)) for cause in causes))
    return found


def _optimal(graph: BoolArray, above: BoolArray, cause: int, effect: int) -> tuple[int, ...] | None:
    """Return the adjustment set of least variance: pa(cn) without what `cause` moves; None without a directed path.

    cn are the nodes on directed paths from the cause to the effect, without the cause; left out are the cause and what
    cn moves (Henckel, Perkovic and Maathuis 2022, definition 3.12). All members of a class in which no edge at the
    cause is open have the same set.
    """
    if not above[cause, effect]:
        return None
    between = above[cause] & above[:, effect]
    between[effect] = True
    # a parent of cn that cn moves lies on such a path itself, so leaving out cn is enough
    forbidden = between.copy()
    forbidden[cause] = True
    return tuple(np.flatnonzero(graph[:, between].any(axis=1) & ~forbidden).tolist())
