"""Targets for a whole population of personas, and the mixture of lever sets that matches them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from causalvalues.errors import PlanError, did_you_mean
from causalvalues.frozen import FloatArray
from causalvalues.given import require_kind
from causalvalues.interventions import Lever
from causalvalues.planning.mechanisms import Model
from causalvalues.planning.menus import Doses, menu
from causalvalues.planning.profiles import ProfileFunction, doses_in_words, profile_function, starts_array
from causalvalues.populations.mixtures import Setting, match_marginals, match_profiles, normal_atoms
from causalvalues.populations.pluralism import overton_coverage, steerable_share
from causalvalues.populations.population_nouns import Mixture, PopulationPlan, PopulationTarget
from causalvalues.populations.population_words import sentences_of
from causalvalues.populations.wasserstein import wasserstein, wasserstein_1d

_NONE = 1e-7
_ROWS = 2000


def population_plan(
    model: Model,
    starts: pd.DataFrame,
    target: PopulationTarget,
    levers: Sequence[Lever],
    method: Mixture | None = None,
) -> PopulationPlan:
    """Find the shares of lever sets under which a population's profiles come nearest to a wanted distribution.

    The mean profile of each persona under each admissible lever set is a point; a mixture puts mass on points, and its
    Wasserstein distance to the target is linear in that mass, so that the best mixture is an exact linear program. With
    a mixture for each persona and wanted profiles it is a transport problem, in which each persona goes to each wanted
    profile by the lever set that brings it nearest.

    Parameters
    ----------
    model : StructuralModel or LeverResponse
    starts : DataFrame
        One row a persona (index: names), one column for every value of the model: scores without levers.
    target : PopulationTarget
    levers : sequence of Lever
    method : Mixture, default ``Mixture()``

    Returns
    -------
    PopulationPlan

    Raises
    ------
    PlanError
        If names do not fit, a persona has no group, or the problem is too large.

    Notes
    -----
    "Overton" is the share of the wanted profiles that somebody comes near; "steerable" the share of pairs of a persona
    and a wanted profile for which some lever set brings the one near the other; "distributional" the distance. The
    three notions are those of Sorensen et al. (2024), "A Roadmap to Pluralistic Alignment", for values instead of
    answers.
    """
    how = method or Mixture()
    require_kind(how, Mixture, "The method: give `Mixture(...)`")
    require_kind(target, PopulationTarget, "The target: give `PopulationTarget(...)`")
    function = profile_function(model)
    for name in target.named:
        if name not in function.values:
            raise PlanError(
                f"The target names {name!r}, which is not a value here." + did_you_mean(name, function.values)
            )
    personas = tuple(map(str, starts.index))
    begin = starts_array(starts, function.values)
    choices = menu(function, levers, how.plan)
    points = _points(function, begin, choices)
    named = [function.values.index(name) for name in target.named]
    groups = _groups(personas, how.groups)
    setting = Setting(points[:, :, named], groups[1])
    goal = _goal(target, how)
    if target.profiles is not None:
        shares, gap = match_profiles(setting, *goal), 0.0
    else:
        shares, gap = match_marginals(setting, goal[0])
    mass = shares[groups[1]] / len(personas)
    singles = [_distance(setting.points[:, c], None, target, goal) for c in range(len(choices))]
    best = int(np.argmin(np.round(singles, 12)))
    words = [doses_in_words(doses) for doses in choices]
    place = choices.index({})
    before, after = points[:, place], points.reshape(-1, points.shape[2])
    distances = (singles[place], _distance(after[:, named], mass.ravel(), target, goal))
    values = _values((function, named), before, (after, mass.ravel()), goal)
    found = _pluralism(setting, (place, mass), target, goal, distances)
    mixture = _mixture(words, mass)
    said = sentences_of(mixture, (distances[0], singles[best], distances[1]), words[best], found, len(personas))
    return PopulationPlan(
        assignment=_assignment(groups[0], words, choices, shares),
        mixture=mixture,
        distance=distances[1],
        gap=gap,
        distance_before=distances[0],
        distance_single=singles[best],
        single=choices[best],
        values=values,
        pluralism=found,
        reached=_reached(personas, words, points, mass, function.values),
        sentences=said,
    )


def _points(function: ProfileFunction, begin: FloatArray, choices: Sequence[Doses]) -> FloatArray:
    """Return the mean profile (u, n, p) of every persona under every choice."""
    found = np.empty((len(begin), len(choices), begin.shape[1]))
    for place, doses in enumerate(choices):
        for first in range(0, len(begin), _ROWS):
            block = slice(first, first + _ROWS)
            found[block, place] = function.mean(function.under(begin[block], doses))
    return found


def _groups(personas: tuple[str, ...], given: Mapping[str, str]) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the names of the groups, and the group (u,) of every persona."""
    if not given:
        return personas, np.arange(len(personas))
    lacking = [name for name in personas if name not in given]
    if lacking:
        raise PlanError(f"The persona {lacking[0]!r} has no group. Name one for everybody, or give no groups.")
    names = tuple(sorted({given[name] for name in personas}))
    return names, np.array([names.index(given[name]) for name in personas])


def _goal(target: PopulationTarget, how: Mixture) -> tuple[FloatArray, FloatArray]:
    """Return wanted points (m, q), columns in name order, and their weights (m,)."""
    if target.profiles is not None:
        wanted = target.profiles.rename(columns=str)[list(target.named)].to_numpy(dtype=float)
        return wanted, np.asarray(target.weights)
    atoms = np.column_stack([normal_atoms(*target.spread[name], how.atoms) for name in target.named])
    return atoms, np.full(how.atoms, 1 / how.atoms)


def _distance(
    points: FloatArray, weights: FloatArray | None, target: PopulationTarget, goal: tuple[FloatArray, FloatArray]
) -> float:
    kept = slice(None) if weights is None else weights > _NONE / len(points)
    left = None if weights is None else weights[kept]
    if target.profiles is not None:
        return wasserstein(points[kept], goal[0], left, goal[1])
    each = [wasserstein_1d(points[kept, i], goal[0][:, i], left, goal[1]) for i in range(points.shape[1])]
    return float(np.mean(each))


def _values(
    which: tuple[ProfileFunction, list[int]],
    before: FloatArray,
    after: tuple[FloatArray, FloatArray],
    goal: tuple[FloatArray, FloatArray],
) -> pd.DataFrame:
    function, named = which
    rows = {}
    for i, place in enumerate(named):
        sides = {
            "before": (before[:, place], np.full(len(before), 1 / len(before))),
            "after": (after[0][:, place], after[1]),
            "wanted": (goal[0][:, i], goal[1]),
        }
        row: dict[str, float] = {}
        for side, (scores, weights) in sides.items():
            mean = float((weights * scores).sum())
            row[f"mean_{side}"] = mean
            row[f"sd_{side}"] = float(np.sqrt((weights * (scores - mean) ** 2).sum()))
        for side in ("before", "after"):
            row[f"distance_{side}"] = wasserstein_1d(sides[side][0], goal[0][:, i], sides[side][1], goal[1])
        rows[function.values[place]] = row
    return pd.DataFrame(rows).T


def _pluralism(
    setting: Setting,
    given: tuple[int, FloatArray],
    target: PopulationTarget,
    goal: tuple[FloatArray, FloatArray],
    distances: tuple[float, float],
) -> pd.DataFrame:
    place, mass = given
    overton, steerable = [np.nan, np.nan], [np.nan, np.nan]
    if target.profiles is not None:
        after = setting.points[mass > _NONE / len(mass)]
        start = setting.points[:, place]
        overton = [overton_coverage(some, goal[0], target.tolerance, goal[1]) for some in (start, after)]
        every = (start[:, None], setting.points)
        steerable = [steerable_share(some, goal[0], target.tolerance, goal[1]) for some in every]
    rows = {"Overton": overton, "steerable": steerable, "distributional": list(distances)}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["before", "after"])


def _assignment(groups: tuple[str, ...], words: list[str], choices: list[Doses], shares: FloatArray) -> pd.DataFrame:
    rows = [
        (group, words[c], float(shares[g, c]), dict(choices[c]))
        for g, group in enumerate(groups)
        for c in np.argsort(-shares[g], kind="stable").tolist()
        if shares[g, c] > _NONE
    ]
    return pd.DataFrame(rows, columns=["group", "levers", "share", "doses"])


def _mixture(words: list[str], mass: FloatArray) -> pd.DataFrame:
    shares = mass.sum(axis=0)
    order = [c for c in np.argsort(-np.round(shares, 12), kind="stable").tolist() if shares[c] > _NONE]
    return pd.DataFrame({"levers": [words[c] for c in order], "share": [float(shares[c]) for c in order]})


def _reached(
    personas: tuple[str, ...], words: list[str], points: FloatArray, mass: FloatArray, values: tuple[str, ...]
) -> pd.DataFrame:
    who, what = np.nonzero(mass > _NONE / len(mass))
    table = pd.DataFrame(points[who, what], columns=list(values))
    table.insert(0, "share", mass[who, what])
    table.insert(0, "levers", [words[c] for c in what.tolist()])
    table.insert(0, "persona", [personas[u] for u in who.tolist()])
    return table
