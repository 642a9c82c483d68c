"""The picture of a design: what each candidate is expected to tell alone, and which ones are asked next."""

from __future__ import annotations

import math

from causalvalues.errors import FigureError
from causalvalues.experiments import Design
from causalvalues.figures.dot_plot import Dots, DotText, dot_plot
from causalvalues.numerals import number
from causalvalues.scene.nouns import Scene

MOST_ROWS = 24


def next_experiment_figure(design: Design, *, width: float = 468.0) -> Scene:
    """Draw the gain of each candidate alone, the chosen ones filled, with their order and cost beside them.

    Parameters
    ----------
    design : Design
        Of `design_next`.
    width : float, default 468
        Points.

    Returns
    -------
    Scene
        Candidates from most to least telling, ties by name; at most 24 rows, which hold all that are chosen.

    Raises
    ------
    FigureError
        If the design has no candidates.

    Examples
    --------
    >>> import numpy as np
    >>> from causalvalues.experiments import AboutEffect, design_next, forced_answers
    >>> from causalvalues.model import StructuralModel
    >>> b = np.zeros((50, 2, 2))
    >>> b[:, 0, 1] = np.linspace(0.1, 0.9, 50)
    >>> model = StructuralModel(("a", "b"), b, np.zeros((50, 2)), np.ones((50, 2)), np.ones(50))
    >>> scene = next_experiment_figure(design_next(model, forced_answers(["a", "b"]), AboutEffect("a", "b")))
    >>> scene.rows[0][0]
    'set a'
    """
    table = design.table
    if table.empty:
        raise FigureError("There is nothing to draw: the design has no candidates.")
    by_gain = sorted(range(len(table)), key=lambda i: (-float(table["gain"].iloc[i]), i))
    kept = [i for i in by_gain if table["chosen"].iloc[i]]
    kept += [i for i in by_gain if not table["chosen"].iloc[i]][: max(MOST_ROWS - len(kept), 0)]
    shown = [i for i in by_gain if i in kept]
    gains = [float(table["gain"].iloc[i]) for i in shown]
    chosen = [bool(table["chosen"].iloc[i]) for i in shown]
    kinds = [
        Dots("asked next", "filled", tuple(g if on else math.nan for g, on in zip(gains, chosen, strict=True))),
        Dots("not asked", "hollow", tuple(math.nan if on else g for g, on in zip(gains, chosen, strict=True))),
    ]
    kinds = [kind for kind in kinds if any(math.isfinite(value) for value in kind.values)]
    names = [str(table.index[i]) for i in shown]
    costs = [float(table["cost"].iloc[i]) for i in shown]
    same = len(set(costs)) == 1
    orders = [_order(design, name) for name in names]
    beside = orders if same else [f"{order} ({cost:g})" for order, cost in zip(orders, costs, strict=True)]
    words = DotText(
        title=f"What to ask next about {design.goal}",
        axis=f"expected gain alone ({design.unit})",
        caption=_caption(design, len(shown)),
        beside="Order" if same else "Order (cost)",
    )
    return dot_plot(names, kinds, words, beside, width=width)


def _order(design: Design, name: str) -> str:
    """Return when a candidate is asked, such as ``1, 3``."""
    return ", ".join(str(i) for i, each in enumerate(design.chosen, 1) if each == name)


def _caption(design: Design, shown: int) -> str:
    said = (
        f"Expected drop of what is not known about {design.goal}, in {design.unit}, by the answers of each candidate "
        f"alone ({design.method}). Filled: asked next, with the order of choice"
    )
    said += f"; together they are expected to gain {number(design.gain, 3)}"
    if math.isfinite(design.before):
        said += f" of {number(design.before, 3)}"
    said += f" at the cost {design.cost:g}. Gains of a batch do not add up where candidates tell the same."
    left = len(design.table) - shown
    return said + (f" {left} candidates that tell less are not shown." if left else "")
