"""Policies: which levers to use depends on the current profile of the unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from causalvalues.errors import PlanError
from causalvalues.frozen import FloatArray
from causalvalues.given import require_kind
from causalvalues.interventions import Lever
from causalvalues.numerals import estimate, number
from causalvalues.planning.mechanisms import Model, given_start
from causalvalues.planning.menus import Doses, menu
from causalvalues.planning.methods import Enumerate, PlanMethod
from causalvalues.planning.profiles import doses_in_words, profile_function, starts_array
from causalvalues.planning.targets import Target
from causalvalues.planning.wishes import wishes_of
from causalvalues.populations.policy_rules import Condition, Policy, Rule
from causalvalues.populations.policy_trees import Field, Leaf, Tree, best_tree, chosen_by
from causalvalues.randomness import stream

NO_LEVER, ONE_PLAN, POLICY, INDIVIDUAL = "no lever", "one plan for all", "policy", "a plan for each unit"


@dataclass(frozen=True, kw_only=True)
class PolicyTree:
    """How a policy is searched and judged.

    Parameters
    ----------
    plan : PlanMethod, default Enumerate()
        Rules of each lever set (``max_levers, budget, untried``).
    depth : {1, 2}, default 2
        Conditions asked at most one after the other.
    cuts : int, default 20
        Most thresholds of each value.
    least : int, default 5
        Fewest units that a rule must serve.
    folds : int, default 5
        Parts of the units for cross-fitting.
    judge : StructuralModel or LeverResponse, optional
        A model of other data that judges what the first one chose; default: the same model, so that only the choice of
        the policy is corrected for optimism, not the model's own error.
    seed : int, default 0
        Deals the units into parts.
    """

    plan: PlanMethod = field(default_factory=Enumerate)
    depth: int = 2
    cuts: int = 20
    least: int = 5
    folds: int = 5
    judge: Model | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.depth not in (1, 2):
            raise PlanError(f"The depth is {self.depth}. Choose 1 or 2; deeper policies are not searched exactly.")
        for name, least in (("cuts", 1), ("least", 1), ("folds", 2)):
            if getattr(self, name) < least:
                raise PlanError(f"`{name}` is {getattr(self, name)}. Give {least} or more.")


@dataclass(frozen=True, eq=False)
class PolicyReport:
    """The best policy, beside the best single plan and a plan for each unit.

    Parameters
    ----------
    policy : Policy
    single : mapping of str to float
        The best one plan for all units.
    table : DataFrame
        Rows ``no lever, one plan for all, policy, a plan for each unit``; columns ``in_sample`` (expected error, mean
        over the units), ``held_out`` (by cross-fitting: chosen on the other units, judged on these), ``gain, lower,
        upper`` (held-out error of one plan for all minus that of this row, with a 90% interval over units).
    losses : DataFrame
        ``unit`` by row of `table`: held-out expected error of each unit.
    sentences : tuple of str
    """

    policy: Policy
    single: Mapping[str, float]
    table: pd.DataFrame
    losses: pd.DataFrame
    sentences: tuple[str, ...]

    def __repr__(self) -> str:
        one, policy = (float(self.table["held_out"].loc[row]) for row in (ONE_PLAN, POLICY))
        return f"PolicyReport({len(self.policy.rules) + 1} leaves; held-out error {policy:.3f}, one plan {one:.3f})"

    @property
    def text(self) -> str:
        """The sentences as one paragraph."""
        return " ".join(self.sentences)


def best_policy(
    model: Model, starts: pd.DataFrame, target: Target, levers: Sequence[Lever], method: PolicyTree | None = None
) -> PolicyReport:
    """Find the policy tree with the least expected error over units, by looking at all trees, and judge it honestly.

    Parameters
    ----------
    model : StructuralModel or LeverResponse
    starts : DataFrame
        One row a unit (index: names), one column for every value: scores without levers, on which the conditions are.
    target : Target
    levers : sequence of Lever
    method : PolicyTree, default ``PolicyTree()``

    Returns
    -------
    PolicyReport

    Raises
    ------
    PlanError
        If names do not fit, there are fewer units than folds, or too many choices.
    """
    how = method or PolicyTree()
    require_kind(how, PolicyTree, "The method: give `PolicyTree(...)`")
    require_kind(target, Target, "The target: give `Target(...)`")
    function = profile_function(model)
    begin = starts_array(starts, function.values)
    units = tuple(map(str, starts.index))
    if len(units) < how.folds:
        raise PlanError(f"There are {len(units)} units for {how.folds} folds. Give more units or fewer `folds`.")
    order = sorted(range(len(units)), key=lambda i: units[i])
    begin, units = begin[order], tuple(units[i] for i in order)
    choices = menu(function, levers, how.plan)
    losses = _losses(model, begin, target, choices)
    judged = losses if how.judge is None else _losses(how.judge, begin, target, choices)
    tree = best_tree(Field(begin, losses, how.cuts, how.least), how.depth)
    single = best_tree(Field(begin, losses, how.cuts, how.least), 0)
    chosen = _chosen(begin, losses, (tree, single), choices)
    held = _held_out(begin, losses, how, choices)
    rows = [NO_LEVER, ONE_PLAN, POLICY, INDIVIDUAL]
    every = np.arange(len(units))
    held_out = pd.DataFrame({row: judged[every, held[row]] for row in rows}, index=list(units))
    table = _table({row: float(losses[every, chosen[row]].mean()) for row in rows}, held_out)
    policy = _as_policy(tree, choices, function.values)
    single_doses = choices[single.choice] if isinstance(single, Leaf) else {}
    return PolicyReport(policy, single_doses, table, held_out, _sentences(policy, single_doses, table, len(units)))


def _losses(model: Model, begin: FloatArray, target: Target, choices: list[Doses]) -> FloatArray:
    """Return the expected error (u, n) of each unit under each choice, plus what its draws break of constraints."""
    function = profile_function(model)
    found = np.empty((len(begin), len(choices)))
    for unit, start in enumerate(begin):
        named = dict(zip(function.values, start.tolist(), strict=True))
        wishes = wishes_of(target, function.values, given_start(named, function.values))
        errors = wishes.error(function.each(named, choices))
        found[unit] = np.einsum("s,ns->n", function.weights, errors)
    return found


def _chosen(
    begin: FloatArray, losses: FloatArray, trees: tuple[Tree, Tree], choices: list[Doses]
) -> dict[str, list[int]]:
    """Return the choice of every unit by each of the four ways."""
    policy, single = trees
    return {
        NO_LEVER: [choices.index({})] * len(begin),
        ONE_PLAN: chosen_by(single, begin),
        POLICY: chosen_by(policy, begin),
        INDIVIDUAL: np.argmin(np.round(losses, 12), axis=1).tolist(),
    }


def _held_out(begin: FloatArray, losses: FloatArray, how: PolicyTree, choices: list[Doses]) -> dict[str, list[int]]:
    """Return the choices of units by a policy and a plan that were found on the other units."""
    deal = stream(how.seed, "policy", "folds").permutation(len(begin)) % how.folds
    found = {row: [0] * len(begin) for row in (NO_LEVER, ONE_PLAN, POLICY, INDIVIDUAL)}
    for fold in range(how.folds):
        rest = deal != fold
        known = Field(begin[rest], losses[rest], how.cuts, how.least)
        trees = (best_tree(known, how.depth), best_tree(known, 0))
        here = np.flatnonzero(~rest).tolist()
        for row, chosen in _chosen(begin[here], losses[here], trees, choices).items():
            for unit, choice in zip(here, chosen, strict=True):
                found[row][unit] = choice
    return found


def _table(in_sample: dict[str, float], held_out: pd.DataFrame) -> pd.DataFrame:
    rows = {}
    for row in held_out:
        gains = (held_out[ONE_PLAN] - held_out[row]).to_numpy()
        half = 1.645 * float(gains.std(ddof=1)) / np.sqrt(len(gains)) if len(gains) > 1 else np.nan
        gain = float(gains.mean())
        rows[str(row)] = {
            "in_sample": in_sample[str(row)],
            "held_out": float(held_out[row].mean()),
            "gain": gain,
            "lower": gain - half,
            "upper": gain + half,
        }
    return pd.DataFrame(rows).T


def _as_policy(tree: Tree, choices: list[Doses], values: tuple[str, ...]) -> Policy:
    """Return a tree as rules, leaf by leaf; the last leaf is what happens otherwise."""
    leaves: list[tuple[tuple[Condition, ...], Doses]] = []

    def walk(at: Tree, conditions: tuple[Condition, ...]) -> None:
        if isinstance(at, Leaf):
            leaves.append((conditions, choices[at.choice]))
            return
        walk(at.below, _added(conditions, Condition(values[at.value], at.threshold, above=False)))
        walk(at.above, _added(conditions, Condition(values[at.value], at.threshold)))

    walk(tree, ())
    return Policy(tuple(Rule(conditions, doses) for conditions, doses in leaves[:-1]), leaves[-1][1])


def _added(conditions: tuple[Condition, ...], new: Condition) -> tuple[Condition, ...]:
    """Return conditions with one more, without those that it implies."""
    return (*(old for old in conditions if (old.value, old.above) != (new.value, new.above)), new)


def _sentences(policy: Policy, single: Doses, table: pd.DataFrame, units: int) -> tuple[str, ...]:
    error = {str(row): number(float(held), 3) for row, held in table["held_out"].items()}
    gain, lower, upper = (float(table[column].loc[POLICY]) for column in ("gain", "lower", "upper"))
    rests = "the interval excludes zero" if lower > 0 or upper < 0 else "the interval holds zero"
    one = f"The best policy is one plan for all: {doses_in_words(policy.otherwise)}."
    return (
        f"Policy: {policy}." if policy.rules else one,
        f"Best one plan for all: {doses_in_words(single)}.",
        f"Expected error over {units} units, each judged by what was chosen on the others: {error[NO_LEVER]} without "
        f"levers, {error[ONE_PLAN]} with one plan for all, {error[POLICY]} with the policy, {error[INDIVIDUAL]} with a "
        "plan for each unit.",
        f"The policy gains {estimate(gain, lower, upper, 3)} on one plan for all; {rests}.",
    )
