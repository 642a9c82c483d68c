"""Edges of the circle layout: chords that leave each disc well apart, so that no head seems to belong to two lines."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from causalvalues.figures.layout import Place
from causalvalues.figures.ordering import monotone
from causalvalues.figures.sectors import DISC
from causalvalues.frozen import FloatArray

TOUCH = 1.2
APART = 20.0  # degrees between two lines at a disc: as much as a head needs
CONE = 80.0
STRAIGHT = 0.66  # 1 makes all lines straight, 0 makes all leave towards the centre
LEAD = 0.36


def chords(places: Mapping[str, Place], edges: Mapping[str, tuple[str, str]]) -> dict[str, tuple[FloatArray, ...]]:
    """Return the curve of every edge between discs on a circle.

    A chord bends towards the centre: the nearer the neighbours, the rounder. Where many meet at a disc, they are
    spread over its inner side, as near to their own directions as the distance `APART` allows (least squares).

    Parameters
    ----------
    places : mapping of node to Place
    edges : mapping of part to (cause, effect)

    Returns
    -------
    dict
        Part -> one cubic curve, from the rim of one disc to the rim of the other.
    """
    at = {name: np.array([place.x, place.y]) for name, place in places.items()}
    centre = np.mean(list(at.values()), axis=0)
    wishes: dict[str, dict[str, float]] = {name: {} for name in places}
    for part, (a, b) in edges.items():
        wishes[a][part] = STRAIGHT * _turn(at[a], at[b], centre)
        wishes[b][part] = STRAIGHT * _turn(at[b], at[a], centre)
    turns = {name: _spread(found) for name, found in wishes.items()}
    return {part: (_chord((at[a], at[b]), (turns[a][part], turns[b][part]), centre),) for part, (a, b) in edges.items()}


def _turn(node: FloatArray, goal: FloatArray, centre: FloatArray) -> float:
    """Return the direction from a node to a goal, in degrees against its direction to the centre, -180 to 180."""
    (gx, gy), (cx, cy) = goal - node, centre - node
    return math.degrees(math.atan2(cx * gy - cy * gx, cx * gx + cy * gy))


def _spread(wishes: Mapping[str, float]) -> dict[str, float]:
    """Move directions apart, in their order."""
    order = sorted(wishes, key=lambda part: (round(wishes[part], 6), part))
    apart = min(APART, 2 * CONE / max(len(order) - 1, 1))
    fitted = monotone([wishes[part] - i * apart for i, part in enumerate(order)])
    turns = [base + i * apart for i, base in enumerate(fitted)]
    shift = max(-CONE - turns[0], 0.0) - max(turns[-1] - CONE, 0.0) if turns else 0.0
    return {part: turn + shift for part, turn in zip(order, turns, strict=True)}


def _chord(ends: tuple[FloatArray, FloatArray], turns: tuple[float, float], centre: FloatArray) -> FloatArray:
    a, b = ends
    leave, arrive = (_direction(node, turn, centre) for node, turn in zip(ends, turns, strict=True))
    out, into = a + leave * (DISC + TOUCH), b + arrive * (DISC + TOUCH)
    lead = LEAD * float(np.hypot(*(into - out)))
    return np.array([out, out + leave * lead, into + arrive * lead, into])


def _direction(node: FloatArray, turn: float, centre: FloatArray) -> FloatArray:
    x, y = centre - node
    angle = math.atan2(y, x) + math.radians(turn)
    return np.array([math.cos(angle), math.sin(angle)])
