"""Rows that the loop never saw: what the chosen levers do under another wording of the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.loop.outcomes import Outcome
from causalvalues.loop.session import Session, displaced
from causalvalues.loop.steering import Aim


def unseal(session: Session, done: Sequence[tuple[Outcome, int]], frame: int) -> list[Outcome]:
    """Ask the chosen levers of every target once more, in the sealed wording, after all loops have ended.

    The best of several answers is partly the luckiest one, so its error in the rows that it was chosen by is too
    small. A target that was measured on another persona is measured in the sealed wording, too; one that was given as
    numbers is compared with the start plus what the levers change in the sealed wording. What must be kept counts from
    the start of the same wording.
    """
    return [_unsealed(session, outcome, place, frame) for outcome, place in done]


def _unsealed(session: Session, outcome: Outcome, place: int, frame: int) -> Outcome:
    what = f"{outcome.name} sealed"
    reached = session.hear(what, place, outcome.chosen, frame)
    aim, swap = outcome.steered.aim, outcome.swap
    start = session.hear(f"{what} start", place, (), frame)
    if swap is None:
        reached = aim.start + (reached - start)
    else:
        wanted = session.hear(f"{what} target", swap.model, swap.levers, frame) + displaced(swap, len(reached))
        aim = in_other_rows(aim, start, wanted)
    return replace(outcome, sealed=reached, sealed_error=float(aim.error(reached)), sealed_aim=aim)


def in_other_rows(aim: Aim, start: FloatArray, wanted: FloatArray) -> Aim:
    """Return the same aim with start and target as they are in other rows.

    What is no goal stays none, and what must be kept is as far below the new start as it was below the old one.
    """
    least = None if aim.least is None else aim.least - aim.start + start
    return replace(aim, start=start, wanted=np.where(np.isnan(aim.wanted), np.nan, wanted), least=least)
