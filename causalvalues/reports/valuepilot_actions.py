"""Candidate actions and the profiles that they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import StudyError, did_you_mean
from causalvalues.frozen import FloatArray
from causalvalues.model.levers import cell_rows
from causalvalues.planning.mechanisms import Model
from causalvalues.planning.profiles import profile_function
from causalvalues.reports.settings import ValuepilotSettings
from causalvalues.reports.valuepilot_methods import central_tendency, ranks, ratings, worths
from causalvalues.responses import ResponseMatrix

NOTHING = "nothing"


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What m actions lead to, in s draws of a model.

    Parameters
    ----------
    actions : tuple of str, length m
    values : tuple of str, length c
        Those that matter, in name order.
    scores : array (s, m, c)
    weights : array (s,)
        Of the draws.
    """

    actions: tuple[str, ...]
    values: tuple[str, ...]
    scores: FloatArray
    weights: FloatArray

    @property
    def mean(self) -> FloatArray:
        """Mean over the draws, (m, c)."""
        return np.asarray(np.einsum("s,smc->mc", self.weights, self.scores))


def action_sets(asked: ValuepilotSettings, matrix: ResponseMatrix) -> dict[str, dict[str, float]]:
    """Return action -> doses: those that are given, at dose 1; else doing nothing and every set that was tried.

    Raises
    ------
    StudyError
        If a lever is unknown, or an action is given twice.
    """
    if not asked.actions:
        _, doses = cell_rows(matrix)
        tried = {
            str(name): {str(lever): float(dose) for lever, dose in row.items() if dose}
            for name, row in doses.iterrows()
        }
        return {NOTHING: {}} | tried
    found: dict[str, dict[str, float]] = {}
    for levers in asked.actions:
        for lever in levers:
            if lever not in matrix.levers:
                raise StudyError(
                    f"[report.valuepilot] `actions` names {lever!r}, which is not a lever of these answers."
                    + did_you_mean(lever, matrix.levers)
                )
        name = "+".join(sorted(levers)) or NOTHING
        if name in found:
            raise StudyError(f"[report.valuepilot] `actions` has {name!r} twice. Keep one.")
        found[name] = dict.fromkeys(sorted(levers), 1.0)
    if len(found) < 2:
        raise StudyError("[report.valuepilot] `actions` has one action, so there is nothing to rank. Add another one.")
    return found


def outcomes(
    model: Model, start: pd.Series, actions: dict[str, dict[str, float]], values: Sequence[str], draws: int
) -> Outcomes:
    """Return the predicted profiles under each action.

    Parameters
    ----------
    model : StructuralModel or another fitted model of levers
    start : Series (p,)
        Profile without lever.
    actions : mapping of action to doses
    values : sequence of str
        Those that matter.
    draws : int
        Draws that are kept, evenly chosen.
    """
    function = profile_function(model)
    kept = np.unique(np.linspace(0, len(function.weights) - 1, draws).round().astype(int))
    places = [function.values.index(name) for name in sorted(values)]
    scores = np.stack([function.of(start, doses)[kept][:, places] for doses in actions.values()], axis=1)
    weights = function.weights[kept]
    return Outcomes(tuple(actions), tuple(sorted(values)), scores, weights / weights.sum())


def preference_weights(asked: ValuepilotSettings) -> tuple[FloatArray, FloatArray]:
    """Return the preferences as they are used, after the central-tendency transform, and as weights of sum 1."""
    given = np.array([asked.preferences[name] for name in sorted(asked.preferences)])
    used = central_tendency(given) if asked.central else given
    return used, used / used.sum()


def ranking_table(
    found: Outcomes, asked: ValuepilotSettings, mean: pd.Series, sd: pd.Series, methods: Sequence[str]
) -> pd.DataFrame:
    """Return worth and rank of each action by each method, and how sure the ranks are.

    Returns
    -------
    DataFrame
        ``action, method, worth, rank`` (of the mean profile), ``first`` (weight of the draws in which the action is
        best; ties share), ``rank_lower, rank_upper`` (central 90% of its rank over the draws).
    """
    _, weights = preference_weights(asked)
    middle, spread = (each[list(found.values)].to_numpy(dtype=float) for each in (mean, sd))
    parts = []
    for method in methods:
        worth = worths(ratings(found.mean, middle, spread), weights, method)
        drawn = np.array([ranks(worths(ratings(each, middle, spread), weights, method)) for each in found.scores])
        best = drawn == drawn.min(axis=1, keepdims=True)
        first = np.einsum("s,sm->m", found.weights, best / best.sum(axis=1, keepdims=True))
        low, high = np.quantile(drawn, [0.05, 0.95], axis=0, weights=found.weights, method="inverted_cdf")
        columns = {"action": found.actions, "method": method, "worth": worth, "rank": ranks(worth), "first": first}
        parts.append(pd.DataFrame(columns | {"rank_lower": low, "rank_upper": high}))
    return pd.concat(parts, ignore_index=True)


def check_preferences(asked: ValuepilotSettings, values: tuple[str, ...]) -> None:
    """Refuse preferences that are empty, negative or above 1, all zero, or of unknown values.

    Raises
    ------
    StudyError
        Naming the value and the remedy.
    """
    place = "[report.valuepilot] `preferences`"
    if not asked.preferences:
        raise StudyError(f"{place} is empty. Say how much values matter, such as {{ {values[0]} = 1.0 }}.")
    for name, weight in asked.preferences.items():
        if name not in values:
            raise StudyError(
                f"{place} names {name!r}, which is not a value of these answers." + did_you_mean(name, values)
            )
        if not 0 <= weight <= 1:
            raise StudyError(f"{place} gives {name!r} the weight {weight:g}. Weights run from 0 to 1.")
    if not any(asked.preferences.values()):
        raise StudyError(f"{place} are all 0. Give at least one value a positive weight.")


def check_rankings(asked: ValuepilotSettings, actions: Sequence[str]) -> None:
    """Refuse given rankings that name unknown actions, name one twice, or have fewer than two."""
    for number, ranking in enumerate(asked.rankings, start=1):
        place = f"[report.valuepilot] `rankings`, number {number}"
        for name in ranking:
            if name not in actions:
                raise StudyError(f"{place} names {name!r}, which is none of the actions." + did_you_mean(name, actions))
            if ranking.count(name) > 1:
                raise StudyError(f"{place} names {name!r} twice. Rankings have no ties; keep one.")
        if len(ranking) < 2:
            raise StudyError(f"{place} has fewer than two actions. Add some, or leave it out.")
