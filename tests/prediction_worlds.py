"""Rows under levers drawn from a known mechanism."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.prediction import PairedRows


@dataclass(frozen=True)
class World:
    """A known mechanism: saturation w, pull on the own value, interactions, moderation, spread of units and answers."""

    units: int = 60
    levers: int = 5
    values: int = 3
    w: float = 0.0
    pull: float = 0.0
    interactions: float = 0.0
    moderation: float = 0.0
    unit: float = 0.3
    noise: float = 0.5
    rows: int = 6


def effects_of(world: World, seed: int) -> FloatArray:
    return np.random.default_rng(seed).normal(size=(world.levers, world.values))


def drawn(world: World, seed: int) -> PairedRows:
    """Rows of one and two levers by turns; the change of a unit is that of the docstring of `LeverResponse`."""
    g = np.random.default_rng(seed + 1000)
    effects, k, p = effects_of(world, seed), world.levers, world.values
    pairs = world.interactions * g.normal(size=(k, k, p))
    moderation = world.moderation * g.normal(size=(k, p))
    root = np.linalg.cholesky(np.full((p, p), 0.3) + 0.7 * np.eye(p))
    start, doses, reached, units = [], [], [], []
    for u in range(world.units):
        x, own = g.normal(size=p), world.unit * root @ g.normal(size=p)
        for row in range(world.rows):
            on = np.sort(g.choice(k, 1 + row % 2, replace=False))
            n = len(on)
            s = (1 + world.w) / (1 + world.w * n)
            y = x + s * (effects[on].sum(axis=0) + moderation[on].sum(axis=0) * x) - n * s * world.pull * x
            y = y + (pairs[on[0], on[1]] if n == 2 else 0.0) + own + world.noise * root @ g.normal(size=p)
            start.append(x)
            doses.append(np.isin(np.arange(k), on) * 1.0)
            reached.append(y)
            units.append(f"u{u:03d}")
    names = tuple(f"v{j}" for j in range(p)), tuple(f"l{i}" for i in range(k))
    return PairedRows(*names, tuple(units), np.array(start), np.array(doses), np.array(reached))
