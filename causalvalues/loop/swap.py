"""A test of the loop: steer one persona to where another one was brought by a pair of levers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.errors import LoopError
from causalvalues.frozen import FloatArray
from causalvalues.loop.asking import Said
from causalvalues.randomness import stream


@dataclass(frozen=True)
class SwapTarget:
    """One target of the test.

    Parameters
    ----------
    name : str
        ``"t001"``.
    steered : int
        Place of the persona that is steered.
    model : int
        Place of the persona whose measured profile is wanted.
    levers : tuple of (str, float)
        What that persona was told.
    displaced : tuple of float
        Added to the measured profile, in score units; empty when nothing is.
    """

    name: str
    steered: int
    model: int
    levers: Said
    displaced: tuple[float, ...] = ()

    @property
    def unreachable(self) -> bool:
        """Whether the target was moved away from everything that was measured."""
        return bool(self.displaced)


def draw_targets(
    personas: int, pairs: Sequence[Said], numbers: tuple[int, int], away: FloatArray, seed: int
) -> tuple[SwapTarget, ...]:
    """Draw targets, balanced over steered personas and pairs.

    Parameters
    ----------
    personas : int
        How many there are; two or more.
    pairs : sequence of lever sets
        Those that make targets.
    numbers : (int, int)
        Targets that were reached by somebody, and targets that are moved away.
    away : array (p,)
        How far each value of the latter is moved, in score units: up or down, at random.
    seed : int

    Returns
    -------
    tuple of SwapTarget
        Both kinds in a random order.
    """
    if personas < 2:
        raise LoopError("A target is the profile of another persona, so two or more are needed. Ask for more personas.")
    if not pairs:
        raise LoopError(
            'No pair of levers is left to make targets with: the answers had them all. Set [swap] pairs = "any".'
        )
    total = sum(numbers)
    random = stream(seed, "loop", "targets")
    steered = _balanced(personas, total, random)
    chosen = _balanced(len(pairs), total, random)
    others = random.integers(1, personas, total)
    far = np.zeros(total, dtype=bool)
    far[random.permutation(total)[: numbers[1]]] = True
    signs = random.integers(0, 2, (total, len(away))) * 2 - 1
    width = len(str(total))
    return tuple(
        SwapTarget(
            f"t{i + 1:0{width}d}",
            int(steered[i]),
            int((steered[i] + others[i]) % personas),
            pairs[int(chosen[i])],
            tuple((signs[i] * away).tolist()) if far[i] else (),
        )
        for i in range(total)
    )


def _balanced(kinds: int, total: int, random: np.random.Generator) -> np.ndarray:
    """Return `total` numbers below `kinds`, each as often as the others give or take one, in a random order."""
    rounds = [random.permutation(kinds) for _ in range(-(-total // kinds))]
    return np.concatenate(rounds)[:total]
