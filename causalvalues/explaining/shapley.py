"""Exact Shapley values: what each lever contributes to what a set of levers does together."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from causalvalues.errors import PlanError
from causalvalues.frozen import FloatArray

MOST_PLAYERS = 12


def shapley(worth: Callable[[frozenset[str]], FloatArray], players: Sequence[str]) -> dict[str, FloatArray]:
    """Return the Shapley value of every player, exactly, over all subsets.

    phi_l = sum over S without l of |S|! (n - |S| - 1)! / n! * (worth(S + l) - worth(S)) (Shapley 1953, "A value for
    n-person games", equation 12). The values add up to worth(all) - worth(nobody); players that do the same get the
    same; a player that adds nothing gets nothing.

    Parameters
    ----------
    worth : callable
        Worth of a set of players, an array of any shape (draws, values, ...), the same for all sets.
    players : sequence of str
        At most 12.

    Returns
    -------
    dict of str to array
        In name order.

    Raises
    ------
    PlanError
        If there are more than 12 players, or one is named twice.

    Examples
    --------
    >>> shares = shapley(lambda levers: np.array(float(len(levers)) ** 2), ["a", "b"])
    >>> {lever: float(share) for lever, share in shares.items()}
    {'a': 2.0, 'b': 2.0}
    """
    names = sorted(players)
    if len(set(names)) < len(names):
        raise PlanError(f"A lever is named twice in {names}. Name each once.")
    if len(names) > MOST_PLAYERS:
        raise PlanError(
            f"{len(names)} levers are used; exact Shapley shares look at all of their subsets, and are offered for at "
            f"most {MOST_PLAYERS} levers. Explain a plan with fewer."
        )
    n = len(names)
    sets = [frozenset(cell) for size in range(n + 1) for cell in combinations(names, size)]
    worths = {cell: np.asarray(worth(cell), dtype=np.float64) for cell in sets}
    shares = {}
    for name in names:
        without = [cell for cell in sets if name not in cell]
        share = np.zeros_like(worths[frozenset()])
        for cell in without:
            size = len(cell)
            weight = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
            share = share + weight * (worths[cell | {name}] - worths[cell])
        shares[name] = share
    return shares
