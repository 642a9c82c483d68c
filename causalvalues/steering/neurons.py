"""Neurons that speak for one pole of a dimension: found by what differs between opposing sentences, then scaled."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from causalvalues.errors import SteeringError, did_you_mean
from causalvalues.frozen import BoolArray, FloatArray, frozen_floats
from causalvalues.numerals import number
from causalvalues.steering.acts import Act, SteeringLever
from causalvalues.steering.many_tests import PairedTest
from causalvalues.steering.paired_effects import PairedEffects, paired_effects


@dataclass(frozen=True, eq=False)
class NeuronEffects:
    """What opposing sentences do to each neuron; arrays have the shape (layers, neurons).

    Parameters
    ----------
    high, low : str
        The poles, for example ``"openness_to_change"`` and ``"conservation"``; or a value, and ``""`` for without it.
    layers : tuple of int
        The decoder layer of each row.
    means : array (2, layers, neurons)
        Mean activation in the sentences of the high and of the low pole.
    active : array (2, layers, neurons)
        Share of the sentences of each pole where the activation is above zero.
    paired : PairedEffects
        High less low: difference, effect, p, q, and both halves of the contexts.
    """

    high: str
    low: str
    layers: tuple[int, ...]
    means: FloatArray
    active: FloatArray
    paired: PairedEffects

    def __repr__(self) -> str:
        return f"NeuronEffects({self.high or 'with'!s} against {self.low or 'without'!s}, {len(self.layers)} layers)"

    def speak_for(self, pole: str) -> BoolArray:
        """Return the neurons that are found, agree in both halves, and move towards a pole when they are amplified.

        Amplifying multiplies an activation, so it moves a neuron towards the pole only when it is there already on the
        side of zero to which the pole moves it: a neuron that the pole makes *less negative* is moved away.

        Parameters
        ----------
        pole : str
            One of the two.

        Raises
        ------
        SteeringError
            If it is neither.
        """
        place = self._place(pole)
        towards = self.paired.difference * (1 if place == 0 else -1)
        agrees = self.paired.agrees if np.isfinite(self.paired.halves).any() else True
        return np.asarray(self.paired.found & agrees & (towards * self.means[place] > 0))

    def _place(self, pole: str) -> int:
        poles = [self.high, self.low] if self.low else [self.high]
        if pole not in poles:
            raise SteeringError(f"The neurons were compared for {' and '.join(poles)}.{did_you_mean(pole, poles)}")
        return poles.index(pole)


def find_neurons(
    high: Any,
    low: Any,
    poles: tuple[str, str] = ("high", "low"),
    layers: Sequence[int] | None = None,
    *,
    contexts: Sequence[Hashable] | None = None,
    test: PairedTest | None = None,
) -> NeuronEffects:
    """Find the neurons that differ between sentences of opposing poles which share their contexts.

    Parameters
    ----------
    high, low : array (pairs, layers, neurons)
        Activation of each neuron in the sentence of each pole: ``capture(model, texts, site="neurons")``. Row i of both
        is one pair. With and without a value works too.
    poles : (str, str), default ("high", "low")
        Their names; the second is ``""`` for "without the value".
    layers : sequence of int, optional
        The decoder layer of each row. Default: 0, 1, 2, ...
    contexts : sequence, optional
        The context of each pair, see `paired_effects`.
    test : PairedTest, optional
        Default: Student's t within pairs, Benjamini-Hochberg over all neurons of all layers.

    Returns
    -------
    NeuronEffects

    Raises
    ------
    SteeringError
        If shapes do not fit, there are fewer than three contexts, or activations are not finite.

    Notes
    -----
    Su et al. (EMNLP Findings 2025, ValueLocate) keep the neurons with the largest difference between poles in the share
    of activations above zero. Here every neuron has a test, for the blocks of today's models (SwiGLU) have activations
    on both sides of zero; their shares are in `NeuronEffects.active`.
    """
    ends = [_activations(high, "high"), _activations(low, "low")]
    if ends[0].shape != ends[1].shape:
        raise SteeringError(
            f"The poles have activations of the shapes {ends[0].shape} and {ends[1].shape}. Row i of both is one pair."
        )
    if len(poles) != 2 or not poles[0] or poles[0] == poles[1]:
        raise SteeringError(f"The poles are {poles!r}. Give two different names; the second may be empty.")
    chosen = tuple(range(ends[0].shape[1])) if layers is None else tuple(int(layer) for layer in layers)
    if len(chosen) != ends[0].shape[1] or len(set(chosen)) < len(chosen):
        raise SteeringError(f"There are {ends[0].shape[1]} layers of activations; their numbers are {chosen}.")
    paired = paired_effects(ends[0] - ends[1], contexts, test)
    return NeuronEffects(
        *poles,
        chosen,
        frozen_floats([end.mean(0) for end in ends]),
        frozen_floats([(end > 0).mean(0) for end in ends]),
        paired,
    )


def neuron_lever(name: str, effects: NeuronEffects, value: str, most: int = 50, gamma: float = 8.0) -> SteeringLever:
    """Return a lever that multiplies the neurons of a pole by gamma.

    Parameters
    ----------
    name : str
    effects : NeuronEffects
    value : str
        The pole: neurons that speak for it are scaled (`NeuronEffects.speak_for`). Those of the opposite pole are left
        alone: a factor that amplifies one side by more than two would turn the signs of the other round rather than
        damp it. To damp them, take their own lever with a gamma below 1.
    most : int, default 50
        At most so many, those with the largest absolute effect. Fewer do more: the effects of many weak ones cancel.
    gamma : float, default 8.0
        The factor at a dose of 1; at a dose s it is 1 + s (gamma - 1). 0 ablates.

    Returns
    -------
    SteeringLever
        One ``"scale"`` act for each layer with such neurons; coefficient gamma - 1.

    Raises
    ------
    SteeringError
        If no neuron is found for the pole, or a setting is not as said.
    """
    if isinstance(most, bool) or not isinstance(most, int | np.integer) or most < 1:
        raise SteeringError(f"`most` is {most!r}. Give a whole number of 1 or more.")
    if not (np.isfinite(gamma) and gamma >= 0 and gamma != 1):
        raise SteeringError(f"gamma is {gamma!r}. Give a factor of 0 (ablate) or more; 1 would change nothing.")
    speaks = effects.speak_for(value)
    if not speaks.any():
        raise SteeringError(
            f"No neuron speaks for {value!r} at a level of {number(effects.paired.test.level)}. Give more pairs, a "
            "higher level or another control."
        )
    size = np.where(speaks, np.abs(effects.paired.effect), -1.0)
    order = np.argsort(-size, axis=None, kind="stable")[: min(int(most), int(speaks.sum()))]
    chosen = np.zeros(size.shape)
    chosen.flat[order] = 1.0
    acts = tuple(
        Act(layer, row, gamma - 1.0, "scale") for layer, row in zip(effects.layers, chosen, strict=True) if row.any()
    )
    count = f"{len(order)} neuron{'s' if len(order) > 1 else ''}"
    return SteeringLever(
        name, acts, value, "neurons", description=f"multiplies {count} for {value} by {number(gamma, 1)}"
    )


def _activations(given: Any, pole: str) -> FloatArray:
    try:
        found = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise SteeringError(f"The activations of the {pole} pole are no array of numbers.") from None
    if found.ndim != 3 or not found.size:
        raise SteeringError(
            f"The activations of the {pole} pole have the shape {found.shape}. Give (pairs, layers, neurons)."
        )
    if not np.isfinite(found).all():
        rows = np.flatnonzero(~np.isfinite(found).all(axis=(1, 2)))
        raise SteeringError(f"The activations of the {pole} pole are not finite in pair {rows[0] + 1}. Leave it out.")
    return found
