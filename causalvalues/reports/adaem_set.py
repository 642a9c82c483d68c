"""A short set of items that tells groups apart together: items that say the same are not taken twice."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from causalvalues.experiments import Groups as NormalGroups
from causalvalues.experiments import Item, most_informative_items
from causalvalues.reports.adaem_items import Groups
from causalvalues.responses import ResponseMatrix

TINY = 1e-3
"""Noise added to each answer, in its standard deviations: the answers hold their own noise already."""
ROWS_FOR_EACH = 3
"""Complete rows of a group for each item of the set."""


def short_set(items: ResponseMatrix, groups: Groups, count: int) -> tuple[pd.DataFrame, str]:
    """Choose items one by one, each telling most beside those before it, as if answers were normal in each group.

    Parameters
    ----------
    items : ResponseMatrix
    groups : Groups
    count : int
        Most items in the set; fewer where groups are small.

    Returns
    -------
    table : DataFrame
        ``item, alone, least, most`` in bits: about the group alone, and bounds of what it and those above it tell
        together (see `most_informative_items`). Empty where it cannot be done.
    why : str
        Why it is empty, or "".
    """
    columns = ["item", "alone", "least", "most"]
    scores = items.scores[groups.rows]
    known = [j for j in range(len(items.names)) if np.isfinite(scores[:, j]).all() and np.ptp(scores[:, j]) > 0]
    sizes = np.bincount(groups.codes, minlength=len(groups.names))
    most = min(count, len(known), int(sizes.min()) // ROWS_FOR_EACH)
    if most < 1:
        return pd.DataFrame(columns=columns), "No set of items was chosen: groups are too small, or answers are lost."
    names = [items.names[j] for j in known]
    standard = (scores[:, known] - scores[:, known].mean(axis=0)) / scores[:, known].std(axis=0)
    parts = [standard[groups.codes == code] for code in range(len(groups.names))]
    ridge = TINY**2 * np.eye(len(names))  # an item may be constant within a group
    laws = NormalGroups(
        groups.names,
        tuple(names),
        np.array([part.mean(axis=0) for part in parts]),
        np.array([np.atleast_2d(np.cov(part, rowvar=False)) + ridge for part in parts]),
    )
    found = most_informative_items([Item(name, {name: 1.0}, TINY) for name in names], laws, most)
    chosen = found.table.loc[list(found.chosen)] / math.log(2)
    table = pd.DataFrame(
        {
            "item": list(found.chosen),
            "alone": chosen["divergence"].to_numpy(),
            "least": chosen["least"].to_numpy(),
            "most": chosen["most"].to_numpy(),
        }
    )
    return table, ""
