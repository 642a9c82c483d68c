"""Prompts alone, levers inside the model alone, and both: the same targets, the same guardrails."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from causalvalues.frozen import FloatArray

if TYPE_CHECKING:
    from causalvalues.loop.outcomes import Outcome

BOTH, PROMPTS, INSIDE, NOTHING = "both kinds", "prompts alone", "inside alone", "no lever"
KINDS: dict[str, str] = {"": BOTH, "prompts": PROMPTS, "inside": INSIDE}
FEWEST = 3
"""Personas that an interval needs."""


@dataclass(frozen=True, eq=False)
class KindsTest:
    """How near each kind of lever came.

    Parameters
    ----------
    table : DataFrame
        Indexed by kind: ``error`` (mean absolute error over targets, score units; in sealed rows where there are some),
        ``lower, upper`` (90%), ``less`` (error of this kind minus that of both kinds), ``less_lower, less_upper``,
        ``seen_error, seen_lower, seen_upper`` (in the rows that the loop chose by), ``first_error, first_lower,
        first_upper`` (of the first plan, before anything was asked, in the same rows as ``seen_error``), ``asks``
        (lever sets asked for a target), ``kept`` (share of the targets with limits whose chosen levers keep guardrails
        and budget in the rows of ``error``; NaN without limits), ``side_effect`` (mean absolute change of the values
        that are not wanted, guardrails left out; NaN where all are wanted), and for each guardrail its mean change
        under the chosen levers. Intervals are NaN with fewer than three steered personas.
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

    Returns
    -------
    KindsTest

    Notes
    -----
    Intervals are t intervals of the mean over targets, with steered personas as clusters: the variance is that of
    Bell and McCaffrey (2002, Survey Methodology 28, 169-181) for a mean, with one degree of freedom less than there
    are personas. A bootstrap of three personas would hold the truth in two of three cases only.
    """
    sealed = all(outcome.sealed is not None for outcomes in done.values() for outcome in outcomes)
    both = done[""]
    errors = {
        KINDS[kind]: np.array([one.sealed_error if sealed else one.steered.error for one in outcomes])
        for kind, outcomes in done.items()
    }
    starts = [one.reported[0] if sealed else one.steered.aim for one in both]
    errors[NOTHING] = np.array([float(aim.error(aim.start)) for aim in starts])
    personas = [outcome.persona for outcome in both]
    seen = {KINDS[kind]: np.array([one.steered.error for one in outcomes]) for kind, outcomes in done.items()}
    seen[NOTHING] = np.array([float(one.steered.aim.error(one.steered.aim.start)) for one in both])
    first = {KINDS[kind]: np.array([_first(one) for one in outcomes]) for kind, outcomes in done.items()}
    table = cluster_intervals(pd.DataFrame(errors), personas)
    for what, each in (("seen", seen), ("first", first)):
        ends = cluster_intervals(pd.DataFrame(each), personas)
        table[[f"{what}_error", f"{what}_lower", f"{what}_upper"]] = ends[["error", "lower", "upper"]]
    guards = [list(values).index(name) for name in guardrails]
    columns: dict[str, Callable[[Outcome], float]] = {
        "asks": lambda one: len(one.steered.steps),
        "kept": _kept,
        "side_effect": lambda one: _side(one, guards),
    }
    for name, place in zip(guardrails, guards, strict=True):
        columns[name] = lambda one, place=place: float(_change(one)[place])  # type: ignore[misc]
    for name, told in columns.items():
        table[name] = pd.Series({KINDS[kind]: _mean([told(one) for one in them]) for kind, them in done.items()})
    mixed = [{name in inside for name, _ in outcome.chosen} == {True, False} for outcome in both]
    return KindsTest(table, pd.DataFrame(errors), sealed, float(np.mean(mixed)))


def _mean(told: Sequence[float]) -> float:
    """Return the mean of the numbers that are known; NaN of none."""
    known = [each for each in told if not math.isnan(each)]
    return float(np.mean(known)) if known else math.nan


def _first(outcome: Outcome) -> float:
    steps = outcome.steered.steps
    return steps[0].error if steps else outcome.steered.error


def _kept(outcome: Outcome) -> float:
    """Return whether guardrails and budget are kept in the rows that are reported; NaN where there are none."""
    aim, reached = outcome.reported
    limited = math.isfinite(aim.budget) or (aim.least is not None and bool(np.isfinite(aim.least).any()))
    return float(aim.kept(reached)) if limited else math.nan


def _side(outcome: Outcome, guards: Sequence[int]) -> float:
    wanted = outcome.steered.aim.wanted
    free = [i for i in np.flatnonzero(np.isnan(wanted)).tolist() if i not in guards]
    return float(np.abs(_change(outcome)[free]).mean()) if free else math.nan


def _change(outcome: Outcome) -> FloatArray:
    """Return the change of the profile under the chosen levers, in sealed rows where there are some."""
    aim, reached = outcome.reported
    return np.asarray(reached - aim.start)


def cluster_intervals(errors: pd.DataFrame, personas: Sequence[str]) -> pd.DataFrame:
    """Return means over targets and paired differences from both kinds, with 90% t intervals over personas.

    Parameters
    ----------
    errors : DataFrame
        One row a target, one column a kind; one of them is `BOTH`.
    personas : sequence of str
        Who was steered, for each target.
    """
    held = errors.to_numpy()
    whole, half = held.mean(axis=0), _half_width(held, personas)
    away = held - held[:, [list(errors).index(BOTH)]]
    less, apart = away.mean(axis=0), _half_width(away, personas)
    return pd.DataFrame(
        {
            "error": whole,
            "lower": np.maximum(whole - half, 0.0),
            "upper": whole + half,
            "less": less,
            "less_lower": less - apart,
            "less_upper": less + apart,
        },
        index=list(errors),
    )


def _half_width(held: FloatArray, personas: Sequence[str]) -> FloatArray:
    """Return half the width of the 90% interval of the mean of each column; NaN with too few personas."""
    numbers, place = np.unique(np.asarray(personas), return_inverse=True)
    if len(numbers) < FEWEST:
        return np.full(held.shape[1], math.nan)
    sums = np.zeros((len(numbers), held.shape[1]))
    np.add.at(sums, place, held - held.mean(axis=0))
    share = np.bincount(place) / len(held)
    variance = (np.square(sums / len(held)) / (1 - share)[:, None]).sum(axis=0)
    return np.asarray(stdtrit(len(numbers) - 1, 0.95) * np.sqrt(variance))
