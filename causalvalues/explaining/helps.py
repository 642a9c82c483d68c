"""Which single step beyond the rules would bring a choice nearer to its target, and by how much."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from causalvalues.frozen import FloatArray
from causalvalues.interventions import Lever
from causalvalues.planning.mechanisms import Start
from causalvalues.planning.menus import Doses
from causalvalues.planning.profiles import ProfileFunction
from causalvalues.planning.wishes import Wishes

HELP_COLUMNS = ["kind", "what", "amount", "error", "gain", "inside"]
HIGHER, MORE, OTHER, PUSH = "higher dose", "one more lever", "a lever that was not offered", "a push on one value"
_TIMES = (1.25, 1.5, 2.0, 3.0)


def helpful_steps(
    function: ProfileFunction, start: Start, given: tuple[Doses, Sequence[Lever]], wishes: Wishes
) -> pd.DataFrame:
    """Return the steps that lower the error of a choice's mean profile, the largest gain first.

    Looked at: each used lever at 1.25, 1.5, 2 and 3 times its largest dose; each offered lever added, whatever the
    rules; each lever of the model that was not offered, at dose 1; and the best push on each single value. The best
    amount of each step is shown. A push moves, by the model's graph, the values that follow it; a model without a graph
    has the pushed value move alone.

    Parameters
    ----------
    function : ProfileFunction
    start : mapping of str to float, Series or None
    given : (mapping of str to float, sequence of Lever)
        The choice to improve upon, and the levers on offer.
    wishes : Wishes
    """
    chosen, levers = given
    offered = {lever.node: lever for lever in levers}
    now = function.mean(function.of(start, chosen))
    steps: list[tuple[str, str, float, FloatArray]] = []
    for node in sorted(chosen):
        largest = max(offered[node].doses, key=abs) if chosen[node] > 0 else min(offered[node].doses)
        for times in _TIMES:
            dose = times * largest
            steps.append((HIGHER, node, dose, function.mean(function.of(start, {**chosen, node: dose}))))
    for node in sorted(set(offered) - set(chosen)):
        for dose in offered[node].doses:
            steps.append((MORE, node, dose, function.mean(function.of(start, {**chosen, node: dose}))))
    for node in sorted(set(function.levers) - set(offered) - function.pushes):
        steps.append((OTHER, node, 1.0, function.mean(function.of(start, {**chosen, node: 1.0}))))
    for name in sorted(function.values):
        effect = _push_effect(function, name)
        amount = _best_amount(now, effect, wishes)
        steps.append((PUSH, name, amount, now + amount * effect))
    return _table(steps, float(wishes.error(now)), wishes)


def _table(steps: list[tuple[str, str, float, FloatArray]], before: float, wishes: Wishes) -> pd.DataFrame:
    best: dict[tuple[str, str], tuple[float, float, bool]] = {}
    for kind, what, amount, profile in steps:
        error = float(wishes.error(profile))
        if error < best.get((kind, what), (np.inf,))[0]:
            best[kind, what] = (error, amount, bool(wishes.met(profile).all()))
    rows = [
        (kind, what, amount, error, before - error, inside) for (kind, what), (error, amount, inside) in best.items()
    ]
    rows = sorted(
        (row for row in rows if row[4] > 1e-9 * max(before, 1e-300)), key=lambda row: (-row[4], row[0], row[1])
    )
    return pd.DataFrame(rows, columns=HELP_COLUMNS)


def _push_effect(function: ProfileFunction, name: str) -> FloatArray:
    """Return the mean change of the profile (p,) for a push of 1 on a value."""
    if name not in function.pushes:
        return np.asarray(np.eye(len(function.values))[function.values.index(name)])
    return np.asarray(function.mean(function.under(np.zeros((1, len(function.values))), {name: 1.0})[:, 0]))


def _best_amount(now: FloatArray, effect: FloatArray, wishes: Wishes) -> float:
    """Return the amount with the least error: the error is convex and bends only where a term changes its sign."""
    amounts = [0.0]
    amounts += [
        float((wishes.wanted[i] - now[i]) / effect[i]) for i in np.flatnonzero((effect != 0) & (wishes.weights > 0))
    ]
    slopes = np.einsum("qp,p->q", wishes.rows[wishes.hard], effect)
    room = wishes.right[wishes.hard] - np.einsum("qp,p->q", wishes.rows[wishes.hard], now)
    amounts += [float(left / slope) for left, slope in zip(room, slopes, strict=True) if slope != 0]
    errors = [float(wishes.error(now + amount * effect)) for amount in amounts]
    return min(zip(errors, amounts, strict=True), key=lambda pair: (pair[0], abs(pair[1])))[1]
