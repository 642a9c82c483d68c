"""What known interventions settle: edges between values that were not always forced together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import BoolArray


def separated_pairs(names: Sequence[str], targets: Iterable[Iterable[str]]) -> BoolArray:
    """Return the pairs of values of which some condition forced exactly one.

    Parameters
    ----------
    names : sequence of str, length p
    targets : iterable of iterables of str
        The values that were forced together in each condition.

    Returns
    -------
    array (p, p) of bool
        Symmetric. Where True, an edge between the two keeps its direction in every graph that is equivalent under
        these interventions (Hauser and Bühlmann 2012, theorem 10).

    Raises
    ------
    ModelError
        If a target is no name.

    Examples
    --------
    >>> separated_pairs("abc", [(), ("a",)]).sum(axis=0).tolist()
    [2, 1, 1]
    """
    place = {name: i for i, name in enumerate(names)}
    apart = np.zeros((len(place), len(place)), dtype=bool)
    for target in targets:
        inside = np.zeros(len(place), dtype=bool)
        for name in target:
            if name not in place:
                raise ModelError(f"A target names the unknown value {name!r}." + did_you_mean(name, names))
            inside[place[name]] = True
        apart |= inside[:, None] != inside[None, :]
    return apart
