"""The loop beside simpler ways of choosing levers, with every pair of levers known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import FloatArray, IntArray
from causalvalues.loop.asking import Request, Said
from causalvalues.loop.comparing import ALL_PAIRS, LOOP, Comparison, compare_ways, ratio_of
from causalvalues.loop.outcomes import Outcome, SwapTest, flags
from causalvalues.loop.sealed import in_other_rows
from causalvalues.loop.session import Session, displaced
from causalvalues.loop.steering import FAIR, Aim, doses_of
from causalvalues.prediction.scale_and_start import ScaleAndStart

FIRST, SCALE, MADE, NAMED = (
    "first plan, nothing asked",
    "scale + start",
    "levers that made the target",
    "values by name",
)
SINGLE, RANDOM, NOTHING = "best single lever", "a random pair", "no lever"
SHARE = 0.5
"""A value is named when its gap is at least this share of the largest one."""


@dataclass(frozen=True, eq=False)
class Grid:
    """What every persona answers under every lever set that may be said.

    Parameters
    ----------
    choices : tuple of lever sets
        The first is none.
    profiles : array (personas, m, p)
    """

    choices: tuple[Said, ...]
    profiles: FloatArray

    def errors(self, aims: Sequence[Aim], steered: IntArray) -> FloatArray:
        """Return the mean absolute error (t, m) of every lever set for every target."""
        return np.array([aim.error(self.profiles[who]) for aim, who in zip(aims, steered.tolist(), strict=True)])

    def allowed(self, aims: Sequence[Aim], steered: IntArray) -> FloatArray:
        """Return the same (t, m), infinite where guardrails and budget are not kept; they are with no lever."""
        kept = np.array([aim.kept(self.profiles[who]) for aim, who in zip(aims, steered.tolist(), strict=True)])
        return np.asarray(np.where(kept.reshape(len(aims), -1), self.errors(aims, steered), np.inf))


def ask_grid(session: Session, frame: int) -> Grid:
    """Ask every persona under every lever set; what the loops asked is in the store already."""
    choices = ((), *session.known.choices)
    people = range(len(session.personas))
    requests = [session.request(who, said, frame) for who in people for said in choices]
    found = session.asker.hear_all(requests)
    return Grid(choices, found.reshape(len(session.personas), len(choices), -1))


def swap_test(session: Session, done: Sequence[Outcome]) -> SwapTest:
    """Compare the loop with simpler ways, on the rows that it saw and on sealed ones.

    Parameters
    ----------
    session : Session
    done : sequence of Outcome
        Of targets that were made by swapping, sealed where the settings say so.

    Returns
    -------
    SwapTest
    """
    seen = ask_grid(session, 0)
    ways = _ways(session, done, seen)
    reach = session.settings.steering.reach
    far = np.array([outcome.made.unreachable for outcome in done])
    who = np.array([outcome.made.steered for outcome in done])
    loop = _compared(session, done, (seen, 0), ways)
    sealed = None
    if session.settings.sealed is not None:
        frame = session.settings.sealed.frame
        sealed = _compared(session, done, (ask_grid(session, frame), frame), ways)
    least = seen.allowed([outcome.steered.aim for outcome in done], who).min(axis=1)
    near, far = least <= reach, far & (least > reach)
    measured = [outcome for outcome in done if not outcome.made.unreachable]
    judged = [place for place in range(len(done)) if far[place] or near[place]]
    return SwapTest(
        loop,
        sealed,
        _predicted_over_achieved(measured, session.settings.seed),
        len(done) - len(judged),
        flags([(bool(far[i]), done[i].steered.chances[0] < FAIR) for i in judged]),
        flags([(bool(far[i]), done[i].steered.unreachable) for i in judged]),
        _coverage(measured),
    )


def _predicted_over_achieved(done: Sequence[Outcome], seed: int) -> tuple[float, float, float]:
    """Return the ratio for first plans; far targets, whose error is mostly their distance, would draw it to one."""
    begun = [outcome for outcome in done if outcome.steered.steps]
    first = [outcome.steered.steps[0] for outcome in begun]
    who = np.array([outcome.made.steered for outcome in begun], dtype=int)
    foretold = np.array([step.planned.predicted_error for step in first])
    return ratio_of(foretold, np.array([step.error for step in first]), who, seed)


def _coverage(done: Sequence[Outcome]) -> float:
    """Return the share of achieved scores inside the interval foretold for their step; NaN without any step."""
    steps = [step for outcome in done for step in outcome.steered.steps]
    inside = [(s.planned.lower <= s.achieved) & (s.achieved <= s.planned.upper) for s in steps]
    return float(np.mean(inside)) if inside else float("nan")


def _ways(session: Session, done: Sequence[Outcome], seen: Grid) -> dict[str, list[Said]]:
    """Return what every way chooses for every target; none of them sees sealed rows.

    The simplest predictor chooses among the same lever sets as the loop. Ways that choose keep guardrails and budget
    as the loop does: what was measured, or is foretold, keeps them, or else nothing is said.
    """
    pairs = [i for i, said in enumerate(seen.choices) if len(said) == 2]
    singles = [i for i, said in enumerate(seen.choices) if len(said) == 1]
    simple = ScaleAndStart().fit(session.known.rows, session.settings.seed)
    doses = doses_of(session.response.levers, seen.choices[1:])
    chosen: dict[str, list[Said]] = {way: [] for way in (LOOP, ALL_PAIRS, FIRST, SCALE, MADE, SINGLE)}
    for outcome in done:
        aim, swap = outcome.steered.aim, outcome.made
        errors = seen.allowed([aim], np.array([swap.steered]))[0]
        told = simple.predict(np.tile(aim.start, (len(doses), 1)), doses).mean
        foretold = np.where(aim.kept(told), aim.error(told), np.inf)
        steps = outcome.steered.steps
        chosen[LOOP].append(outcome.chosen)
        chosen[ALL_PAIRS].append(_least(seen.choices, errors, pairs))
        chosen[FIRST].append(steps[0].planned.levers if steps else ())
        chosen[SCALE].append(_least(seen.choices[1:], foretold, list(range(len(foretold)))))
        chosen[MADE].append(swap.levers)
        chosen[SINGLE].append(_least(seen.choices, errors, singles))
    return chosen


def _least(choices: Sequence[Said], errors: FloatArray, places: Sequence[int]) -> Said:
    """Return the lever set with the least error among some places; none where all errors there are infinite."""
    place = places[int(errors[places].argmin())]
    return choices[place] if np.isfinite(errors[place]) else ()


def _compared(
    session: Session, done: Sequence[Outcome], where: tuple[Grid, int], ways: dict[str, list[Said]]
) -> Comparison:
    """Return errors of all ways in the rows of one wording, reachable targets only."""
    grid, frame = where
    kept = [i for i, outcome in enumerate(done) if not outcome.made.unreachable]
    place = {said: i for i, said in enumerate(grid.choices)}
    aims = [_aim(done[i], grid, place) for i in kept]
    who = np.array([done[i].made.steered for i in kept])
    errors = grid.errors(aims, who)
    found = {
        way: np.array([errors[row, place[chosen[i]]] for row, i in enumerate(kept)]) for way, chosen in ways.items()
    }
    found[NAMED] = _named_errors(session, [done[i] for i in kept], aims, frame)
    found[RANDOM] = errors[:, [i for i, said in enumerate(grid.choices) if len(said) == 2]].mean(axis=1)
    found[NOTHING] = errors[:, 0]
    return compare_ways(found, who, session.settings.seed)


def _aim(outcome: Outcome, grid: Grid, place: dict[Said, int]) -> Aim:
    swap = outcome.made
    wanted = grid.profiles[swap.model, place[swap.levers]]
    return in_other_rows(outcome.steered.aim, grid.profiles[swap.steered, 0], wanted + displaced(swap, len(wanted)))


def _named_errors(session: Session, done: Sequence[Outcome], aims: Sequence[Aim], frame: int) -> FloatArray:
    """Ask with a sentence that names each wanted value, and return its errors."""
    requests = []
    for outcome in done:
        aim = outcome.steered.aim
        persona = session.personas[outcome.made.steered]
        requests.append(Request(persona, (), frame, by_name(session, aim)))
    found = session.asker.hear_all(requests)
    return np.array([float(aim.error(profile)) for aim, profile in zip(aims, found, strict=True)])


def by_name(session: Session, aim: Aim) -> str:
    """Return the sentence that names every value whose gap is at least half of the largest one, largest first."""
    gaps = np.nan_to_num(aim.wanted - aim.start)
    order = [int(i) for i in np.argsort(-gaps, kind="stable") if gaps[i] >= max(SHARE * gaps.max(), 1e-9)]
    theory = session.known.answers.theory
    labels = {} if theory is None else theory.labels
    names = [labels.get(name, name).lower() for name in (session.asker.values[i] for i in order)]
    if not names:
        return "Above all, stay as you are."
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"Above all, care about {listed}."
