"""Checks of states that were captured from contrast pairs, and of what is asked about them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from causalvalues.errors import SteeringError, did_you_mean
from causalvalues.frozen import FloatArray
from causalvalues.steering.pairs import ContrastPair


def checked_states(
    pairs: Sequence[ContrastPair], affirmed: ArrayLike, plain: ArrayLike, layers: Sequence[int] | None
) -> tuple[FloatArray, FloatArray, tuple[int, ...]]:
    """Return states as float64 and the numbers of their layers; raise `SteeringError` when anything does not fit."""
    found = []
    for name, given in (("affirmed", affirmed), ("plain", plain)):
        states: FloatArray = np.asarray(given, dtype=np.float64)
        if states.ndim != 3 or len(states) != len(pairs) or not states.size:
            raise SteeringError(f"The {name} states have the shape {states.shape}; give ({len(pairs)}, layers, d).")
        if not np.isfinite(states).all():
            raise SteeringError(f"Some {name} states are not finite. Capture them again.")
        found.append(states)
    if found[0].shape != found[1].shape:
        raise SteeringError(f"Affirmed and plain states have the shapes {found[0].shape} and {found[1].shape}.")
    numbers = tuple(range(found[0].shape[1])) if layers is None else tuple(int(layer) for layer in layers)
    if len(numbers) != found[0].shape[1] or list(numbers) != sorted(set(numbers)):
        raise SteeringError(
            f"The layers {list(numbers)} must be ascending, one for each of {found[0].shape[1]} states."
        )
    return found[0], found[1], numbers


def place_of(value: str, values: Sequence[str]) -> int:
    """Return the place of a value; raise `SteeringError` if it is not among them."""
    if value not in values:
        raise SteeringError(f"There is nothing for the value {value!r}.{did_you_mean(value, values)}")
    return list(values).index(value)


def layer_place_of(layer: int, layers: Sequence[int]) -> int:
    """Return the place of a layer; raise `SteeringError` if it is not among them."""
    if layer not in layers:
        raise SteeringError(f"There is nothing at layer {layer}. There is at: {', '.join(map(str, layers))}.")
    return list(layers).index(layer)
