"""Rows that the loop never saw: what the chosen levers do under another wording of the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from causalvalues.loop.outcomes import Outcome
from causalvalues.loop.session import Session, displaced


def unseal(session: Session, done: Sequence[tuple[Outcome, int]], frame: int) -> list[Outcome]:
    """Ask the chosen levers of every target once more, in the sealed wording, after all loops have ended.

    The best of several answers is partly the luckiest one, so its error in the rows that it was chosen by is too
    small. A target that was measured on another persona is measured in the sealed wording, too; one that was given as
    numbers is compared with the start plus what the levers change in the sealed wording.
    """
    return [_unsealed(session, outcome, place, frame) for outcome, place in done]


def _unsealed(session: Session, outcome: Outcome, place: int, frame: int) -> Outcome:
    what = f"{outcome.name} sealed"
    reached = session.hear(what, place, outcome.chosen, frame)
    aim, swap = outcome.steered.aim, outcome.swap
    if swap is None:
        start = session.hear(f"{what} start", place, (), frame)
        reached = aim.start + (reached - start)
        return replace(outcome, sealed=reached, sealed_error=float(aim.error(reached)))
    wanted = session.hear(f"{what} target", swap.model, swap.levers, frame) + displaced(swap, len(reached))
    return replace(outcome, sealed=reached, sealed_error=float(replace(aim, wanted=wanted).error(reached)))
