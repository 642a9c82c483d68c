"""Whether a target lies inside what the levers can reach; if not, how near they come and what is in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from causalvalues.errors import PlanError
from causalvalues.explaining.conflicts import smallest_conflict
from causalvalues.explaining.feasibility_words import sentences_of
from causalvalues.explaining.helps import helpful_steps
from causalvalues.frozen import FloatArray
from causalvalues.interventions import Lever
from causalvalues.planning.mechanisms import Model, Start
from causalvalues.planning.menus import Doses, menu
from causalvalues.planning.methods import Enumerate, PlanMethod
from causalvalues.planning.outlook import central
from causalvalues.planning.profiles import ProfileFunction, profile_function
from causalvalues.planning.targets import Target
from causalvalues.planning.wishes import MEASURES, Wishes, wishes_of
from causalvalues.randomness import stream

_SHORTLIST = 2000
_FEW = 60
_SAMPLES = 2000
_BLOCK = 200


@dataclass(frozen=True, kw_only=True)
class Reachability:
    """How it is judged whether a target can be reached.

    Parameters
    ----------
    plan : PlanMethod, default Enumerate()
        Rules of the choice (``max_levers, budget, untried``) and the seed.
    measure : {"worst", "mean"}, default "worst"
        Inside the target is where every wish is met (each value within the tolerance), or where the weighted mean
        absolute error is within the tolerance (and ranks and bounds hold).
    answers : bool, default False
        Whether the noise of an answer counts: the question is then whether some choice's single answer would end
        inside, were each choice tried once, rather than its expected profile.
    level : float, default 0.8
        The target is flagged as unreachable when the probability of that is at least this.
    """

    plan: PlanMethod = field(default_factory=Enumerate)
    measure: str = "worst"
    answers: bool = False
    level: float = 0.8

    def __post_init__(self) -> None:
        if self.measure not in MEASURES:
            raise PlanError(f"The measure is {self.measure!r}. Choose 'worst' or 'mean'.")
        if not 0 < self.level < 1:
            raise PlanError(f"The level is {self.level}. Give a probability between 0 and 1.")


@dataclass(frozen=True, eq=False)
class Feasibility:
    """Whether a target can be reached, and what is in the way.

    Parameters
    ----------
    inside : bool
        Whether some choice's mean profile meets every wish of the target.
    unreachable : float
        Probability over the draws that no choice ends inside the target.
    flagged : bool
        Whether `unreachable` is at least the level of the rule.
    chance : float
        Predictive probability that one answer under the most promising choice meets every wish.
    most_promising : mapping of str to float
        That choice.
    nearest : mapping of str to float
        The choice whose mean profile comes nearest: least weighted sum of absolute errors, plus what breaks ranks and
        bounds.
    profile : DataFrame
        Indexed by value: ``start, target, mean, lower, upper`` of the nearest choice (90% predictive interval), ``gap``
        (target minus mean), ``alone`` (least distance from the target that any choice reaches for this value alone),
        ``least, most`` (range of the mean scores over all choices).
    error : float
        The error of `nearest` by its mean profile.
    conflict : tuple of str
        A smallest set of wishes that no choice's mean profile meets together; empty when `inside`.
    helps : DataFrame
        ``kind, what, amount, error, gain, inside``: single steps beyond the rules that lower the error, most first;
        empty when `inside`.
    choices : int
        How many choices were looked at, every one that the rules allow.
    sentences : tuple of str
    """

    inside: bool
    unreachable: float
    flagged: bool
    chance: float
    most_promising: Mapping[str, float]
    nearest: Mapping[str, float]
    profile: pd.DataFrame
    error: float
    conflict: tuple[str, ...]
    helps: pd.DataFrame
    choices: int
    sentences: tuple[str, ...]

    def __repr__(self) -> str:
        what = "inside reach" if self.inside else f"not reached, {len(self.conflict)} wishes in conflict"
        return f"Feasibility({what}; P(unreachable) = {self.unreachable:.2f}, chance {self.chance:.2f})"

    @property
    def text(self) -> str:
        """The sentences as one paragraph."""
        return " ".join(self.sentences)


def feasibility(
    model: Model,
    start: Start,
    target: Target,
    levers: Sequence[Lever],
    method: PlanMethod | Reachability | None = None,
) -> Feasibility:
    """Look at every admissible choice of levers and say whether, and how nearly, they reach a target.

    Parameters
    ----------
    model : StructuralModel or LeverResponse
    start : mapping of str to float, Series or None
        As in `plan`.
    target : Target
    levers : sequence of Lever
    method : PlanMethod or Reachability, default ``Reachability()``

    Returns
    -------
    Feasibility

    Raises
    ------
    PlanError
        If a name is unknown, or there are more than 200,000 choices.

    Notes
    -----
    For more than 2,000 choices the draws judge the 2,000 whose mean profiles come nearest; `unreachable` is then an
    upper bound.

    Examples
    --------
    >>> from causalvalues import StructuralModel
    >>> effects = [[0, 0, 0], [0, 0, 0], [1, 1, 0]]
    >>> model = StructuralModel.from_coefficients(["a", "b", "push"], effects, levers=["push"])
    >>> found = feasibility(model, {"a": 0, "b": 0}, Target({"a": 1, "b": 0}), [Lever("push")])
    >>> found.inside, found.conflict
    (False, ("'a' within 0.25 of 1", "'b' within 0.25 of 0"))
    """
    rule = method if isinstance(method, Reachability) else Reachability(plan=method or Enumerate())
    if not isinstance(rule.plan, PlanMethod):
        raise PlanError(f"The method is {method!r}. Give an object, such as `Enumerate(max_levers=2)`.")
    function = profile_function(model)
    choices = menu(function, levers, rule.plan)
    begin = function.of(start, {})
    wishes = wishes_of(target, function.values, function.mean(begin))
    means = _means(function, start, choices)
    noise = _noise_root(model, function)
    errors = wishes.error(means)
    order = np.argsort(errors, kind="stable")
    nearest = choices[int(order[0])]
    holds = wishes.met(means)
    found = _judged(function, start, (choices, order), (wishes, rule), noise)
    chance, promising = _most_promising(function, start, [choices[i] for i in order[:_FEW]], (wishes, rule), noise)
    inside = bool(holds.all(axis=1).any())
    conflict = tuple(wishes.names[i] for i in smallest_conflict(holds))
    offered = tuple(lever.node for lever in levers)
    helps = helpful_steps(function, start, (nearest, levers), wishes)
    profile = _profile(function, (begin, means), function.of(start, nearest), target, noise)
    known = (float(errors.min()), inside, found, found >= rule.level, chance)
    helps = helps.iloc[:0] if inside else helps
    said = sentences_of(known, (nearest, len(choices), offered), profile, conflict, helps)
    return Feasibility(
        inside=inside,
        unreachable=found,
        flagged=found >= rule.level,
        chance=chance,
        most_promising=promising,
        nearest=nearest,
        profile=profile,
        error=float(errors.min()),
        conflict=conflict,
        helps=helps,
        choices=len(choices),
        sentences=said,
    )


def unreachable(
    model: Model, start: Start, target: Target, levers: Sequence[Lever], rule: Reachability | None = None
) -> float:
    """Return only the probability over the draws that no choice ends inside the target: quick, for many targets.

    Parameters and errors are those of `feasibility`; the target is flagged when the result is at least ``rule.level``.
    """
    rule = rule or Reachability()
    function = profile_function(model)
    wishes = wishes_of(target, function.values, function.mean(function.of(start, {})))
    choices = menu(function, levers, rule.plan)
    order = np.arange(len(choices))
    if len(choices) > _SHORTLIST:
        means = _means(function, start, choices)
        order = np.argsort(wishes.error(means), kind="stable")
    return _judged(function, start, (choices, order), (wishes, rule), _noise_root(model, function))


def _means(function: ProfileFunction, start: Start, choices: list[Doses]) -> FloatArray:
    """Return the mean profile (n, p) of each choice."""
    blocks = [function.each(start, choices[i : i + _BLOCK]) for i in range(0, len(choices), _BLOCK)]
    return np.concatenate([np.einsum("s,nsp->np", function.weights, block) for block in blocks])


def _judged(
    function: ProfileFunction,
    start: Start,
    listed: tuple[list[Doses], np.ndarray],
    how: tuple[Wishes, Reachability],
    noise: FloatArray,
) -> float:
    """Return the weight of the draws in which no choice has a distance of zero."""
    choices, order = listed
    wishes, rule = how
    outside = np.ones(len(function.weights))
    listed_first = [choices[i] for i in order[:_SHORTLIST].tolist()]
    for first in range(0, len(listed_first), _BLOCK):
        block = listed_first[first : first + _BLOCK]
        reached = function.each(start, block)
        if rule.answers:
            said = [tuple(f"{name}={dose!r}" for name, dose in doses.items()) for doses in block]
            drawn = [_normals(function, rule.plan.seed, len(outside), ("answer", *what)) for what in said]
            reached = reached + np.einsum("nsp,pq->nsq", np.array(drawn), noise)
        outside = outside * (wishes.distance(reached, rule.measure) > 0).all(axis=0)
    return min(float(function.mean(outside)), 1.0)


def _most_promising(
    function: ProfileFunction,
    start: Start,
    choices: list[Doses],
    how: tuple[Wishes, Reachability],
    noise: FloatArray,
) -> tuple[float, Doses]:
    """Return the largest chance that one answer ends inside, and the choice that has it; the same noise for all."""
    wishes, rule = how
    repeats = max(-(-_SAMPLES // len(function.weights)), 1) if noise.any() else 1
    reached = function.each(start, choices)
    hits = np.zeros(len(choices))
    for i in range(repeats):
        drawn = _normals(function, rule.plan.seed, len(function.weights), ("chance", str(i)))
        ended = reached + np.einsum("sp,pq->sq", drawn, noise)
        held = (wishes.distance(ended, rule.measure) <= 0).astype(float)
        hits += np.einsum("s,ns->n", function.weights, held) / repeats
    best = int(np.argmax(np.round(hits, 12)))
    return float(min(hits[best], 1.0)), choices[best]


def _normals(function: ProfileFunction, seed: int, count: int, what: tuple[str, ...]) -> FloatArray:
    """Return standard normals (count, p), one stream a value."""
    return np.column_stack(
        [stream(seed, "feasibility", *what, name).standard_normal(count) for name in function.values]
    )


def _noise_root(model: Model, function: ProfileFunction) -> FloatArray:
    """Return the symmetric root (p, p) of the covariance of one answer in name order; zero where it is not known."""
    noise = getattr(model, "noise", None)
    if noise is None:
        return np.zeros((len(function.values), len(function.values)))
    places = [model.values.index(name) for name in function.values]
    eigenvalues, vectors = np.linalg.eigh(np.asarray(noise)[np.ix_(places, places)])
    return np.asarray(np.einsum("ij,j,kj->ik", vectors, np.sqrt(np.maximum(eigenvalues, 0.0)), vectors))


def _profile(
    function: ProfileFunction,
    seen: tuple[FloatArray, FloatArray],
    nearest: FloatArray,
    target: Target,
    noise: FloatArray,
) -> pd.DataFrame:
    begin, means = seen
    mean = function.mean(nearest)
    answered = nearest + _normals(function, 0, len(nearest), ("interval",)) @ noise
    lower, upper = central(answered, function.weights)
    wanted = np.array([target.profile.get(name, np.nan) for name in function.values])
    alone = np.where(np.isnan(wanted), np.nan, np.abs(means - np.nan_to_num(wanted)).min(axis=0))
    reach = {"least": means.min(axis=0), "most": means.max(axis=0)}
    columns = {"start": function.mean(begin), "target": wanted, "mean": mean, "lower": lower, "upper": upper}
    return pd.DataFrame({**columns, "gap": wanted - mean, "alone": alone, **reach}, index=list(function.values))
