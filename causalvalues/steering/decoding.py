"""Whether directions of values tell what unseen words are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from causalvalues.errors import SteeringError
from causalvalues.frozen import FloatArray, frozen_floats
from causalvalues.numerals import estimate, number
from causalvalues.steering.state_checks import place_of

if TYPE_CHECKING:
    from causalvalues.steering.probes import ValueProbes
    from causalvalues.steering.value_vectors import ValueVectors


@dataclass(frozen=True, eq=False)
class Decoding:
    """How often the value of a text was read from its state.

    Parameters
    ----------
    layers : tuple of int
    accuracy, lower, upper : array (layers,)
        Share of texts whose own value has the highest score, and its 95% interval (Wilson).
    chance : float
        One in the number of values.
    texts : int
    by_value : array (values, layers)
        The share among the texts of each value, values sorted; NaN for one without texts.
    """

    layers: tuple[int, ...]
    accuracy: FloatArray
    lower: FloatArray
    upper: FloatArray
    chance: float
    texts: int
    by_value: FloatArray

    def __repr__(self) -> str:
        k = int(np.argmax(self.accuracy))
        best = estimate(self.accuracy[k], self.lower[k], self.upper[k])
        return f"Decoding({self.texts} texts, layer {self.layers[k]}: {best}, chance {number(self.chance)})"


def decode_values(learned: ValueVectors | ValueProbes, states: ArrayLike, said: Sequence[str]) -> Decoding:
    """Read the value of each text from its state, layer by layer.

    The score of a value is v.(h - m), v the unit vector of the value or the weights of its probe, and m the mean of all
    texts: these have another form than the sentences that directions were learned from (a frame with a single word, for
    example), and what they share says nothing about values. So it needs texts of all values alike.

    Parameters
    ----------
    learned : ValueVectors or ValueProbes
    states : array (n, layers, d)
        At the layers of `learned`.
    said : sequence of str
        The value of each text.

    Returns
    -------
    Decoding

    Raises
    ------
    SteeringError
        If shapes do not fit or a value is unknown.
    """
    found = np.asarray(states, dtype=np.float64)
    directions = _readers(learned)
    if found.shape != (len(said), *directions.shape[1:]):
        raise SteeringError(
            f"The states have the shape {found.shape}. Give ({len(said)}, {', '.join(map(str, directions.shape[1:]))})."
        )
    own = np.array([place_of(value, learned.values) for value in said])
    scores = np.einsum("nld,pld->nlp", found - found.mean(0), directions)
    right = scores.argmax(2) == own[:, None]
    accuracy = right.mean(0)
    lower, upper = _wilson(accuracy, len(said))
    by_value = np.full(directions.shape[:2], np.nan)
    for v in sorted(set(own.tolist())):
        by_value[v] = right[own == v].mean(0)
    ends = (frozen_floats(lower), frozen_floats(upper))
    chance = 1 / len(learned.values)
    return Decoding(learned.layers, frozen_floats(accuracy), *ends, chance, len(said), frozen_floats(by_value))


def _readers(learned: ValueVectors | ValueProbes) -> FloatArray:
    from causalvalues.steering.probes import ValueProbes

    return learned.weights if isinstance(learned, ValueProbes) else learned.directions


def _wilson(share: FloatArray, n: int, z: float = 1.959963984540054) -> tuple[FloatArray, FloatArray]:
    """Return the interval of Wilson (1927) of a share of n."""
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.asarray(middle - half), np.asarray(middle + half)
