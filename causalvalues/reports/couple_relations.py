"""Which values go together and which stand against each other, by the signs of total effects."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from causalvalues.model import StructuralModel
from causalvalues.model.effects import effect_draws

CONSISTENT, OPPOSING, UNRELATED, UNDECIDED = "consistent", "opposing", "unrelated", "undecided"


def relations(model: StructuralModel, least: float = 0.9) -> pd.DataFrame:
    """Return how each pair of values is related through the graph.

    In one draw at most one of two values acts on the other (draws are acyclic), so the pair is consistent there when
    that total effect is positive, opposing when it is negative, and unrelated when there is none.

    Parameters
    ----------
    model : StructuralModel
    least : float, default 0.9
        Share of the weight of all draws from which a pair gets the name; else it is "undecided".

    Returns
    -------
    DataFrame
        One row a pair, ``first`` before ``second`` by name: ``first, second, relation, consistent, opposing,
        unrelated`` (probabilities), and ``forward, backward``: mean total effects first -> second and back.

    Examples
    --------
    >>> model = StructuralModel.from_coefficients(["a", "b", "c"], [[0, 2, 0], [0, 0, 0], [0, 0, 0]])
    >>> relations(model)[["first", "second", "relation"]].to_numpy().tolist()
    [['a', 'b', 'consistent'], ['a', 'c', 'unrelated'], ['b', 'c', 'unrelated']]
    """
    draws, weights = effect_draws(model), model.weights
    names = sorted(model.values)
    rows = []
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            a, b = model.place(first), model.place(second)
            there, back = draws[:, a, b], draws[:, b, a]
            one = there + back
            plus, minus = float(weights @ (one > 0)), float(weights @ (one < 0))
            none = max(0.0, 1.0 - plus - minus)
            rows.append(
                {
                    "first": first,
                    "second": second,
                    "relation": _named(plus, minus, none, least),
                    "consistent": plus,
                    "opposing": minus,
                    "unrelated": none,
                    "forward": float(weights @ there),
                    "backward": float(weights @ back),
                }
            )
    columns = ["first", "second", "relation", "consistent", "opposing", "unrelated", "forward", "backward"]
    return pd.DataFrame(rows, columns=columns)


def _named(plus: float, minus: float, none: float, least: float) -> str:
    found = [(plus, CONSISTENT), (minus, OPPOSING), (none, UNRELATED)]
    share, name = max(found, key=lambda each: each[0])
    return name if share >= least - 1e-12 else UNDECIDED


def conflicts(table: pd.DataFrame, wanted: Mapping[str, float]) -> list[str]:
    """Return a sentence for each pair whose wanted changes run against its relation.

    Parameters
    ----------
    table : DataFrame
        Of `relations`.
    wanted : mapping of value to float
        Wanted change in priorities; changes of less than half a priority do not count.
    """
    moved = {name: float(np.sign(change)) for name, change in wanted.items() if abs(change) >= 0.5}
    said = []
    for row in table.to_dict("records"):
        first, second = str(row["first"]), str(row["second"])
        if first not in moved or second not in moved or row["relation"] not in (CONSISTENT, OPPOSING):
            continue
        together = moved[first] == moved[second]
        if together != (row["relation"] == CONSISTENT):
            how = "to move together" if together else "to move apart"
            said.append(f"{first} and {second} are asked {how}, and the graph has them as {row['relation']}.")
    return said
