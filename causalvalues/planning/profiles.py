"""The profile that a unit reaches under some doses, draw by draw, by any kind of model."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import PlanError, did_you_mean
from causalvalues.frozen import FloatArray
from causalvalues.given import as_named, as_table, require_kind
from causalvalues.model.structural import StructuralModel, path_sums
from causalvalues.planning.mechanisms import Model, Start, given_start


@dataclass(frozen=True, eq=False)
class ProfileFunction:
    """From starts and doses to reached profiles; every array is in name order.

    Parameters
    ----------
    values : tuple of str, length p
        In name order.
    levers : tuple of str
        What may carry a dose: lever nodes and, for a `StructuralModel`, values (a push).
    weights : array (s,)
        Of the draws, sum 1.
    tried : frozenset of frozenset of str
        Sets of two or more levers that were tried together.
    pushes : frozenset of str
        Names in `levers` that are pushes on a value.
    plain : array (s, p) or None
        Mean profile of the population without levers; None where the model does not hold it.
    reached : callable
        (starts (m, p), doses of each row) -> (s, m, p); call `under`, `of` or `each` instead.
    """

    values: tuple[str, ...]
    levers: tuple[str, ...]
    weights: FloatArray
    tried: frozenset[frozenset[str]]
    pushes: frozenset[str]
    plain: FloatArray | None
    reached: Callable[[FloatArray, Sequence[Mapping[str, float]]], FloatArray]

    def start(self, start: Start) -> FloatArray:
        """Return a start as an array: (1, p) for a unit, (s, p) for the population (None)."""
        if start is not None:
            return given_start(start, self.values)[None]
        if self.plain is None:
            raise PlanError("This model needs a unit: give its scores without any lever as the start.")
        return self.plain

    def under(self, starts: FloatArray, doses: Mapping[str, float]) -> FloatArray:
        """Return the profiles (s, m, p) of units with these starts (m, p) under these doses."""
        return self.reached(starts, [checked_doses(doses, self.levers)] * len(starts))

    def of(self, start: Start, doses: Mapping[str, float]) -> FloatArray:
        """Return the profile (s, p) of one unit, or of the population (None), under these doses."""
        return np.ascontiguousarray(self.each(start, [doses])[0])

    def each(self, start: Start, choices: Sequence[Mapping[str, float]]) -> FloatArray:
        """Return the profiles (n, s, p) of one unit, or of the population (None), under each of n choices."""
        begin = self.start(start)
        rows = [checked_doses(doses, self.levers) for doses in choices]
        first = begin if start is not None else np.zeros((1, len(self.values)))
        found = np.moveaxis(self.reached(np.tile(first, (len(rows), 1)), rows), 1, 0)
        return np.ascontiguousarray(found if start is not None else begin + found)

    def mean(self, profiles: FloatArray) -> FloatArray:
        """Return the weighted mean over the draws (first axis), summed in a fixed order."""
        return np.asarray(np.einsum("s,s...->...", self.weights, profiles))


def profile_function(model: Model) -> ProfileFunction:
    """Return how a model turns starts and doses into profiles.

    For a `StructuralModel` the profile is start + sum over levers of dose * total effect, plus, for each tried
    combination of levers in use, the product of their doses * its total effect; a dose on a value is a push (`Shift`).
    A fitted mechanism of levers is asked for its own profiles.

    Parameters
    ----------
    model : StructuralModel or LeverResponse

    Returns
    -------
    ProfileFunction
    """
    if isinstance(model, StructuralModel):
        return _structural(model)
    if not hasattr(model, "profiles"):
        raise PlanError(f"The model is a {type(model).__name__}. Give a `StructuralModel`, or `Mechanism().fit(rows)`.")
    values = tuple(sorted(model.values))
    places = [model.values.index(name) for name in values]
    back = [values.index(name) for name in model.values]
    names = tuple(model.levers)

    def reached(starts: FloatArray, rows: Sequence[Mapping[str, float]]) -> FloatArray:
        doses = np.array([[row.get(name, 0.0) for name in names] for row in rows]).reshape(len(rows), len(names))
        found = model.profiles(np.ascontiguousarray(starts[:, back]), doses)
        return np.ascontiguousarray(found[:, :, places])

    tried = frozenset(cell for cell in model.tried if len(cell) > 1)
    weights = np.asarray(model.weights / model.weights.sum())
    return ProfileFunction(values, tuple(sorted(names)), weights, tried, frozenset(), None, reached)


def _structural(model: StructuralModel) -> ProfileFunction:
    values = tuple(sorted(model.values))
    cells = [(node,) for node in model.levers] + [tuple(sorted(cell)) for cell in model.combinations]
    p, q = len(values), len(cells)
    order = [model.values.index(name) for name in values] + [p + i for i in sorted(range(q), key=lambda i: cells[i])]
    total = path_sums(np.ascontiguousarray(model.coefficients[:, order][:, :, order]))
    intercepts = np.ascontiguousarray(model.intercepts[:, order[:p]])
    plain = np.asarray(np.einsum("sc,sce->se", intercepts, total[:, :p, :p]))
    names = [*((name,) for name in values), *sorted(cells)]
    effects = np.ascontiguousarray(np.moveaxis(total[:, :, :p], 1, 0))

    def reached(starts: FloatArray, rows: Sequence[Mapping[str, float]]) -> FloatArray:
        found = np.tile(starts, (len(plain), 1, 1))
        for place, row in enumerate(rows):
            for nodes, effect in zip(names, effects, strict=True):
                if all(node in row for node in nodes):
                    found[:, place] += math.prod(row[node] for node in nodes) * effect
        return found

    tried = frozenset(frozenset(cell) for cell in model.combinations)
    levers = tuple(sorted((*model.levers, *values)))
    return ProfileFunction(values, levers, model.weights, tried, frozenset(values), plain, reached)


def profile_of(model: Model, start: Start, doses: Mapping[str, float]) -> FloatArray:
    """Return the profile that one unit reaches, in every draw.

    Parameters
    ----------
    model : StructuralModel or LeverResponse
    start : mapping of str to float, Series or None
        Scores of the unit without any lever, for every value; None: the mean of the population (a `StructuralModel`
        only).
    doses : mapping of str to float
        Lever (or, for a `StructuralModel`, value) -> dose; what is not named has the dose 0.

    Returns
    -------
    array (s, p)
        Score units, values in name order.

    Raises
    ------
    PlanError
        If the start lacks a value or names an unknown one, or a dose names nothing that the model holds.

    Examples
    --------
    >>> effects = [[0, 0.5, 0], [0, 0, 0], [1, 0, 0]]
    >>> model = StructuralModel.from_coefficients(["a", "b", "push"], effects, levers=["push"])
    >>> profile_of(model, {"a": 0, "b": 0}, {"push": 2}).tolist()
    [[2.0, 1.0]]
    """
    return profile_function(model).of(start, doses)


def starts_array(starts: pd.DataFrame, values: Sequence[str]) -> FloatArray:
    """Return the scores (u, p) of a table of units, columns in the order of `values`; as `given_start` for each."""
    require_kind(starts, pd.DataFrame, "The starts: give a DataFrame, one row for each unit")
    starts = as_table(starts, "The table of starts", list(starts.columns))
    if not len(starts):
        raise PlanError("There is no unit. Give one row for each unit, with its scores without any lever.")
    if not starts.index.is_unique:
        twice = starts.index[starts.index.duplicated()][0]
        raise PlanError(f"The unit {twice!r} stands in two rows. Give each unit one row.")
    return np.array([given_start(starts.loc[unit], values) for unit in starts.index])


def checked_doses(doses: Mapping[str, float], known: Sequence[str]) -> dict[str, float]:
    """Return the doses that are not zero, in name order; raise `PlanError` on unknown levers and infinite doses."""
    for name, dose in as_named(doses, "The doses").items():
        if name not in known:
            raise PlanError(f"There is no lever {name!r} in this model." + did_you_mean(str(name), known))
        if not math.isfinite(dose):
            raise PlanError(f"The dose of {name!r} is {dose}. Give a finite number.")
    return {name: float(doses[name]) for name in sorted(doses) if doses[name] != 0}


def doses_in_words(doses: Mapping[str, float]) -> str:
    """Return doses as text, such as ``a, b x 0.5``; ``no lever`` when there are none.

    Examples
    --------
    >>> doses_in_words({"b": 0.5, "a": 1})
    'a, b x 0.5'
    """
    said = [name if doses[name] == 1 else f"{name} x {doses[name]:g}" for name in sorted(doses)]
    return ", ".join(said) or "no lever"
