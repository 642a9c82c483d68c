"""Edges of the circle layout: chords that leave each disc well apart, so that no head seems to belong to two lines."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from causalvalues.figures.layout import Place
from causalvalues.figures.ordering import monotone
from causalvalues.frozen import FloatArray
from causalvalues.scene.geometry import curve_points

TOUCH = 1.2
APART = 20.0  # degrees between two lines at a disc: as much as a head needs
CONE = 80.0
STRAIGHT = 0.66  # 1 makes all lines straight, 0 makes all leave towards the centre
LEADS = (0.36, 0.44, 0.28, 0.54, 0.2, 0.66)


def chords(
    places: Mapping[str, Place], edges: Mapping[str, tuple[str, str]], inward: Mapping[str, FloatArray], disc: float
) -> dict[str, tuple[FloatArray, ...]]:
    """Return the curve of every edge between discs on a ring.

    A chord bends towards the middle: the nearer the neighbours, the rounder. Where many meet at a disc, they are
    spread over its inner side, as near to their own directions as the distance `APART` allows (least squares). A
    chord that would cross another disc is bent anew.

    Parameters
    ----------
    places : mapping of node to Place
    edges : mapping of part to (cause, effect)
    inward : mapping of node to array (2,)
        The direction from a node into the ring.
    disc : float
        Radius of the discs, in points.

    Returns
    -------
    dict
        Part -> one cubic curve, from the rim of one disc to the rim of the other.
    """
    at = {name: np.array([place.x, place.y]) for name, place in places.items()}
    wishes: dict[str, dict[str, float]] = {name: {} for name in places}
    for part, (a, b) in edges.items():
        wishes[a][part] = STRAIGHT * _turn(at[a], at[b], inward[a])
        wishes[b][part] = STRAIGHT * _turn(at[b], at[a], inward[b])
    turns = {name: _spread(found) for name, found in wishes.items()}
    routes: dict[str, tuple[FloatArray, ...]] = {}
    for part, (a, b) in edges.items():
        others = np.array([point for name, point in at.items() if name not in (a, b)]).reshape(-1, 2)
        ends = (at[a], at[b]), (turns[a][part], turns[b][part]), (inward[a], inward[b])
        routes[part] = (_free_chord(ends, others, disc + TOUCH),)
    return routes


def _turn(node: FloatArray, goal: FloatArray, inward: FloatArray) -> float:
    """Return the direction from a node to a goal, in degrees against its direction inwards, -180 to 180."""
    (gx, gy), (cx, cy) = goal - node, inward
    return math.degrees(math.atan2(cx * gy - cy * gx, cx * gx + cy * gy))


def _spread(wishes: Mapping[str, float]) -> dict[str, float]:
    """Move directions apart, in their order."""
    order = sorted(wishes, key=lambda part: (round(wishes[part], 6), part))
    apart = min(APART, 2 * CONE / max(len(order) - 1, 1))
    fitted = monotone([wishes[part] - i * apart for i, part in enumerate(order)])
    turns = [base + i * apart for i, base in enumerate(fitted)]
    shift = max(-CONE - turns[0], 0.0) - max(turns[-1] - CONE, 0.0) if turns else 0.0
    return {part: turn + shift for part, turn in zip(order, turns, strict=True)}


def _free_chord(
    ends: tuple[tuple[FloatArray, FloatArray], tuple[float, float], tuple[FloatArray, FloatArray]],
    others: FloatArray,
    reach: float,
) -> FloatArray:
    """Return the first of a few curves that stays off all other discs, else the one that stays furthest off."""
    points, turns, ways = ends
    found: list[tuple[float, FloatArray]] = []
    for shrink in (1.0, 0.75, 0.5, 0.25):
        for lead in LEADS:
            curve = _chord(points, (shrink * turns[0], shrink * turns[1]), ways, (reach, lead))
            line = curve_points(curve, 2.0)
            apart = np.hypot(*(line[:, None, :] - others[None, :, :]).transpose(2, 0, 1)) if len(others) else np.ones(0)
            if not apart.size or apart.min() > reach + 2.0:
                return curve
            found.append((round(float(apart.min()), 3), curve))
    return max(found, key=lambda one: one[0])[1]


def _chord(
    ends: tuple[FloatArray, FloatArray],
    turns: tuple[float, float],
    ways: tuple[FloatArray, FloatArray],
    size: tuple[float, float],
) -> FloatArray:
    a, b = ends
    leave, arrive = (_turned(way, turn) for way, turn in zip(ways, turns, strict=True))
    out, into = a + leave * size[0], b + arrive * size[0]
    lead = size[1] * float(np.hypot(*(into - out)))
    return np.array([out, out + leave * lead, into + arrive * lead, into])


def _turned(way: FloatArray, turn: float) -> FloatArray:
    angle = math.atan2(way[1], way[0]) + math.radians(turn)
    return np.array([math.cos(angle), math.sin(angle)])
