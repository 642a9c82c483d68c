"""Who of the labels gets which of its places, so that none meets another."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.scene.geometry import Box


@dataclass(frozen=True)
class Spot:
    """A place found: the text, its anchor (middle of the baseline), its angle and its box."""

    part: str
    text: str
    x: float
    y: float
    angle: float
    box: Box


Places = Mapping[str, tuple[Sequence[Spot], FloatArray]]
"""The places of each label, the best first, and their boxes (k, 5); labels in the order in which they choose."""


def settled(places: Places, parts: Collection[str] | None = None) -> dict[str, Spot]:
    """Give every label the best of its places that is free.

    Two rounds of second thoughts follow the first choice; then a label that found none takes a place from one other
    label that has a second place.

    Parameters
    ----------
    places : mapping of part to (spots, boxes)
    parts : collection of str, optional
        The labels that are wanted; all when left out.
    """
    wanted = [part for part in places if parts is None or part in parts]
    held: dict[str, int] = {}
    for _ in range(3):
        for part in wanted:
            held.pop(part, None)
            free = _free(part, places, held)
            if len(free):
                held[part] = int(free[0])
    for part in wanted:
        if part not in held:
            held |= _exchanged(part, places, held)
    return {part: places[part][0][held[part]] for part in wanted if part in held}


def _free(part: str, places: Places, held: Mapping[str, int]) -> IntArray:
    """Return which places of a label meet none that is held."""
    others = np.array([places[other][1][place] for other, place in held.items()]).reshape(-1, 5)
    return np.flatnonzero(~rows_meet(places[part][1], others))


def _exchanged(part: str, places: Places, held: Mapping[str, int]) -> dict[str, int]:
    """Return a place that only one other label holds, and a second place for that one; nothing where there is none."""
    boxes = places[part][1]
    if not len(boxes):
        return {}
    met = np.array([rows_meet(boxes, places[other][1][place][None]) for other, place in held.items()])
    for place in np.flatnonzero(met.sum(axis=0) == 1):
        other = list(held)[int(met[:, place].argmax())]
        rest = {name: at for name, at in held.items() if name != other} | {part: int(place)}
        free = _free(other, places, rest)
        if len(free):
            return {part: int(place), other: int(free[0])}
    return {}


def box_rows(boxes: Sequence[Box]) -> FloatArray:
    """Return boxes as an array (k, 5): x, y, half width, half height, angle in degrees."""
    return np.array([(box.x, box.y, box.half_width, box.half_height, box.angle) for box in boxes]).reshape(-1, 5)


def rows_meet(first: FloatArray, second: FloatArray) -> BoolArray:
    """Say of each of k boxes whether it shares inner points with any of m others (separating axis theorem)."""
    if not len(second):
        return np.zeros(len(first), dtype=bool)
    turns = np.radians(first[:, None, 4]), np.radians(second[None, :, 4])
    apart = second[None, :, :2] - first[:, None, :2]
    one, two = first[:, None, 2:4], second[None, :, 2:4]
    tilt = np.abs(np.cos(turns[1] - turns[0])), np.abs(np.sin(turns[1] - turns[0]))
    met = np.ones(apart.shape[:2], dtype=bool)
    for turn, mine, other in ((turns[0], one, two), (turns[1], two, one)):
        along = np.abs(apart[..., 0] * np.cos(turn) + apart[..., 1] * np.sin(turn))
        across = np.abs(apart[..., 1] * np.cos(turn) - apart[..., 0] * np.sin(turn))
        met &= along < mine[..., 0] + other[..., 0] * tilt[0] + other[..., 1] * tilt[1] - 1e-9
        met &= across < mine[..., 1] + other[..., 0] * tilt[1] + other[..., 1] * tilt[0] - 1e-9
    return np.asarray(met.any(axis=1))
