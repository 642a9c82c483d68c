"""What a loop found, target by target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.errors import LoopError
from causalvalues.frozen import FloatArray
from causalvalues.loop.asking import Said
from causalvalues.loop.comparing import Comparison
from causalvalues.loop.kinds import KindsTest
from causalvalues.loop.steering import Aim, Steered
from causalvalues.loop.swap import SwapTarget


@dataclass(frozen=True, eq=False)
class Outcome:
    """How one target went.

    Parameters
    ----------
    name : str
    title : str
    persona : str
        Who was steered.
    steered : Steered
    asked : int
        Questions that the model was asked for it in the run that wrote the ledger, those for its steps alone.
    swap : SwapTarget, optional
    sealed : array (p,), optional
        Profile under the chosen levers in rows that the loop never saw; of the start when nothing was chosen.
    sealed_error : float
        Its mean absolute error; NaN without sealed rows.
    sealed_aim : Aim, optional
        Whom to steer and where to, as `sealed` counts: start and target of the sealed wording, where both were asked.
    kind : str, default ""
        Which levers could be chosen: ``"prompts"``, ``"inside"``, or all.
    """

    name: str
    title: str
    persona: str
    steered: Steered
    asked: int
    swap: SwapTarget | None = None
    sealed: FloatArray | None = None
    sealed_error: float = float("nan")
    kind: str = ""
    sealed_aim: Aim | None = None

    @property
    def made(self) -> SwapTarget:
        """How the target was made.

        Raises
        ------
        LoopError
            If it was given as numbers.
        """
        if self.swap is None:
            raise LoopError(f"{self.name!r} was given as numbers. Only a target made by swapping is tested.")
        return self.swap

    @property
    def chosen(self) -> Said:
        """The levers that came nearest; () when doing nothing did."""
        return () if self.steered.best is None else self.steered.best.planned.levers

    @property
    def reported(self) -> tuple[Aim, FloatArray]:
        """The aim and the profile under the chosen levers, in sealed rows where there are some."""
        aim, best = self.steered.aim, self.steered.best
        if self.sealed is not None:
            return self.sealed_aim or aim, self.sealed
        return aim, aim.start if best is None else best.achieved


@dataclass(frozen=True)
class Flags:
    """How well unreachable targets are told.

    Parameters
    ----------
    unreachable, flagged : int
        Targets that no lever set reaches, and how many of them are flagged.
    reachable, falsely : int
        Targets that some lever set reaches, and how many of them are flagged.
    """

    unreachable: int
    flagged: int
    reachable: int
    falsely: int


@dataclass(frozen=True, eq=False)
class SwapTest:
    """The test with all pairs known.

    Parameters
    ----------
    loop, sealed : Comparison
        In the rows that the loop saw, and in sealed rows; targets that were moved away are left out.
    ratio : tuple of float
        Predicted over achieved error of the first plans, with its 90% interval, of the same targets.
    between : int
        Targets that were not moved away and that no pair reaches all the same: they count in no flag.
    flags_before, flags : Flags
        Before anything was asked for a target, and at the end of its loop.
    coverage : float
        Share of achieved scores inside the 90% interval foretold for their step, of the same targets.
    """

    loop: Comparison
    sealed: Comparison | None
    ratio: tuple[float, float, float]
    between: int
    flags_before: Flags
    flags: Flags
    coverage: float


@dataclass(frozen=True, eq=False)
class LoopResults:
    """Everything that a loop found.

    Parameters
    ----------
    values : tuple of str
    outcomes : tuple of Outcome
    test : SwapTest, optional
    questions : int
        Questions that the model was asked in all, by the run that wrote the ledger.
    live : int
        Targets for which the model was asked something while their loop ran.
    measures : {"unknown", "salience", "endorsement"}
    kinds : KindsTest, optional
        The same targets with one kind of lever and with both.
    """

    values: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    test: SwapTest | None = None
    questions: int = 0
    live: int = 0
    measures: str = "unknown"
    kinds: KindsTest | None = None


def flags(outcomes: list[tuple[bool, bool]]) -> Flags:
    """Count (unreachable, flagged) pairs."""
    held = np.array(outcomes, dtype=bool).reshape(-1, 2)
    far = held[:, 0]
    return Flags(int(far.sum()), int(held[far, 1].sum()), int((~far).sum()), int(held[~far, 1].sum()))
