"""The trade-off between closeness, cost and side effects: every choice that no other choice beats in all three."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import PlanError
from causalvalues.interventions import Lever
from causalvalues.planning.choice_table import choice_table
from causalvalues.planning.mechanisms import Model, Start
from causalvalues.planning.methods import Enumerate, check_enumerable
from causalvalues.planning.pose import pose
from causalvalues.planning.targets import Target

_DEFAULT = Enumerate()


@dataclass(frozen=True, eq=False)
class ParetoFront:
    """Choices that no admissible choice beats: none is at least as good in all three columns and better in one.

    Parameters
    ----------
    table : DataFrame
        One row a choice, the nearest first: ``doses`` (mapping of lever node to dose), ``objective``, ``cost``,
        ``side_effects`` (sum, over the values that the target does not name, of the expected absolute change).
    aim : str
        What ``objective`` is, in words.
    units : str
        Of ``objective``, where it is an error.
    """

    table: pd.DataFrame
    aim: str
    units: str

    def __repr__(self) -> str:
        return f"ParetoFront({len(self.table)} choices; {self.aim} against cost and side effects)"


def pareto(
    model: Model, start: Start, target: Target, levers: Sequence[Lever], method: Enumerate = _DEFAULT
) -> ParetoFront:
    """Return every choice that is not beaten in closeness, cost and side effects at once.

    All admissible choices that meet the constraints are looked at; those whose bounds lose against the front are left
    out unscored. Of choices that are equal in all three the one with the fewest levers stays, then by name.

    Parameters
    ----------
    model, start, target, levers
        As in `plan`.
    method : Enumerate, default ``Enumerate()``
        Rules, objective and risk.

    Raises
    ------
    PlanError
        As `plan`; also when no choice meets the constraints.

    Examples
    --------
    >>> from causalvalues import StructuralModel
    >>> effects = [[0, 0.5, 0], [0, 0, 0], [1, 0, 0]]
    >>> model = StructuralModel.from_coefficients(["a", "b", "push"], effects, levers=["push"])
    >>> front = pareto(model, {"a": 0, "b": 0}, Target({"a": 1}), [Lever("push")])
    >>> front.table[["objective", "cost", "side_effects"]].to_numpy().tolist()
    [[0.0, 1.0, 0.5], [1.0, 0.0, 0.0]]
    """
    from causalvalues.planning.pareto_search import front_of

    problem = pose(model, start, target, levers, method)
    check_enumerable(problem, method.most_choices)
    table = choice_table(problem)
    free = np.array([0.0 if name in target.named else 1.0 for name in problem.values])
    front = front_of(problem, table, free)
    if not len(front.rows):
        raise PlanError("No choice meets the ranking and bounds, so there is no trade-off. `plan` says what is missed.")
    found = [
        {
            "doses": {problem.levers[lever].node: dose for lever, dose in table.choice(row)},
            "objective": float(scores[0]),
            "cost": float(scores[1]),
            "side_effects": float(scores[2]),
        }
        for row, scores in zip(front.rows.tolist(), front.scores, strict=True)
    ]
    frame = pd.DataFrame(found, columns=["doses", "objective", "cost", "side_effects"])
    return ParetoFront(frame, problem.aim.words, target.units)
