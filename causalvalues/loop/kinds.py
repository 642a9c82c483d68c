"""Prompts alone, levers inside the model alone, and both: the same targets, the same guardrails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalvalues.frozen import FloatArray
from causalvalues.randomness import stream

if TYPE_CHECKING:
    from causalvalues.loop.outcomes import Outcome

BOTH, PROMPTS, INSIDE, NOTHING = "both kinds", "prompts alone", "inside alone", "no lever"
KINDS: dict[str, str] = {"": BOTH, "prompts": PROMPTS, "inside": INSIDE}
RESAMPLES = 4000


@dataclass(frozen=True, eq=False)
class KindsTest:
    """How near each kind of lever came.

    Parameters
    ----------
    table : DataFrame
        Indexed by kind: ``error`` (mean absolute error over targets, score units; in sealed rows where there are some),
        ``lower, upper`` (90%), ``less`` (error of this kind minus that of both kinds), ``less_lower, less_upper``,
        ``first_error`` (of the first plan, before anything was asked), ``asks`` (lever sets asked for a target),
        ``side_effect`` (mean absolute change of the values that are not wanted), and for each guardrail its mean change
        under the chosen levers.
    errors : DataFrame
        One row a target, one column a kind.
    sealed : bool
        Whether the errors are those of sealed rows.
    mixed : float
        Share of the targets for which both kinds together were chosen when they could be.
    """

    table: pd.DataFrame
    errors: pd.DataFrame
    sealed: bool
    mixed: float


def kinds_test(
    done: Mapping[str, Sequence[Outcome]],
    values: Sequence[str],
    guardrails: Sequence[str],
    inside: frozenset[str],
    seed: int,
) -> KindsTest:
    """Compare the same targets, steered towards with each kind of lever.

    Parameters
    ----------
    done : mapping of kind to sequence of Outcome
        With the kinds ``""`` (both), ``"prompts"`` and ``"inside"``; the targets in the same order.
    values, guardrails : sequence of str
        Of the profiles; guardrails are among the values.
    inside : frozenset of str
        Levers inside the model.
    seed : int
        Of the bootstrap, which draws steered personas whole.

    Returns
    -------
    KindsTest
    """
    sealed = all(outcome.sealed is not None for outcomes in done.values() for outcome in outcomes)
    both = done[""]
    errors = {
        KINDS[kind]: np.array([one.sealed_error if sealed else one.steered.error for one in outcomes])
        for kind, outcomes in done.items()
    }
    errors[NOTHING] = np.array([float(one.steered.aim.error(one.steered.aim.start)) for one in both])
    personas = [outcome.persona for outcome in both]
    table = _intervals(pd.DataFrame(errors), personas, seed)
    first = {KINDS[kind]: np.mean([_first(one) for one in outcomes]) for kind, outcomes in done.items()}
    asks = {KINDS[kind]: np.mean([len(one.steered.steps) for one in outcomes]) for kind, outcomes in done.items()}
    table["first_error"], table["asks"] = pd.Series(first), pd.Series(asks)
    table["side_effect"] = pd.Series(
        {KINDS[kind]: np.mean([_side(one) for one in them]) for kind, them in done.items()}
    )
    for name in guardrails:
        place = list(values).index(name)
        table[name] = pd.Series(
            {KINDS[kind]: np.mean([_change(one)[place] for one in outcomes]) for kind, outcomes in done.items()}
        )
    mixed = [{name in inside for name, _ in outcome.chosen} == {True, False} for outcome in both]
    return KindsTest(table, pd.DataFrame(errors), sealed, float(np.mean(mixed)))


def _first(outcome: Outcome) -> float:
    steps = outcome.steered.steps
    return steps[0].error if steps else outcome.steered.error


def _side(outcome: Outcome) -> float:
    aim = outcome.steered.aim
    return float(aim.side_effect(aim.start + _change(outcome)))


def _change(outcome: Outcome) -> FloatArray:
    """Return the change of the profile under the chosen levers, in sealed rows where there are some."""
    start, best = outcome.steered.aim.start, outcome.steered.best
    reached = outcome.sealed if outcome.sealed is not None else start if best is None else best.achieved
    return np.asarray(reached - start)


def _intervals(errors: pd.DataFrame, personas: Sequence[str], seed: int) -> pd.DataFrame:
    """Return means and paired differences with 90% percentile intervals of a bootstrap of personas."""
    numbers, place = np.unique(personas, return_inverse=True)
    sums = np.zeros((len(numbers), errors.shape[1]))
    np.add.at(sums, place, errors.to_numpy())
    counts = np.bincount(place, minlength=len(numbers)).astype(float)
    drawn = stream(seed, "loop", "kinds").integers(0, len(numbers), (RESAMPLES, len(numbers)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)[:, None]
    both = list(errors).index(BOTH)
    ends = [np.quantile(sample, [0.05, 0.95], axis=0) for sample in (means, means - means[:, [both]])]
    whole = errors.mean().to_numpy()
    return pd.DataFrame(
        {
            "error": whole,
            "lower": ends[0][0],
            "upper": ends[0][1],
            "less": whole - whole[both],
            "less_lower": ends[1][0],
            "less_upper": ends[1][1],
        },
        index=list(errors),
    )
