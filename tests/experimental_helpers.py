"""Answers after forced statements from a respondent whose effects are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.theories.key import ItemKey, ScoringKey

ITEMS = 3


@dataclass(frozen=True)
class Respondents:
    """Effects [forced value, value] of agreeing with one statement, and what varies.

    Parameters
    ----------
    effects : array (p, p)
    units : int
    noise : float
        Standard deviation of a value's score in one row.
    sentence : float
        Standard deviation of the effects of the statements of one value on another value.
    rejected : float
        Effect of rejecting, in terms of agreeing; 0: no rejections are asked.
    pairs : int
        Rows of a unit with two different values.
    """

    effects: np.ndarray
    units: int = 12
    noise: float = 0.0
    sentence: float = 0.0
    rejected: float = 0.0
    pairs: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"v{i}" for i in range(len(self.effects)))

    @property
    def key(self) -> ScoringKey:
        items = {f"{name}_{k + 1}": ItemKey(name) for name in self.names for k in range(ITEMS)}
        return ScoringKey("simulated", "simulated", "", items, min_answered=1)


def asked(truth: Respondents, seed: int) -> ResponseMatrix:
    """Return items of rows after forced statements and of neutral rows."""
    rng = np.random.default_rng(seed)
    p = len(truth.effects)
    offsets = rng.normal(0, 2, (p, ITEMS))
    sentences = rng.normal(0, truth.sentence, (p, ITEMS, p)) if truth.sentence else np.zeros((p, ITEMS, p))
    rows: list[tuple[str, list[tuple[int, int, str]]]] = []
    for unit in range(truth.units):
        stances = ("agrees", "rejects") if truth.rejected else ("agrees",)
        said = [[(i, int(rng.integers(ITEMS)), stance)] for i in range(p) for stance in stances]
        for _ in range(truth.pairs):
            i, j = rng.choice(p, 2, replace=False).tolist()
            said.append([(i, int(rng.integers(ITEMS)), "agrees"), (j, int(rng.integers(ITEMS)), "agrees")])
        rows += [(f"u{unit:02d}", each) for each in [*said, [], []]]
    level = {f"u{unit:02d}": rng.normal(0, 0.5, p) for unit in range(truth.units)}
    scores = np.zeros((len(rows), p, ITEMS))
    for place, (unit, said) in enumerate(rows):
        moved = level[unit] + rng.normal(0, truth.noise, p)
        for i, k, stance in said:
            moved = moved + (truth.effects[i] + sentences[i, k]) * (1.0 if stance == "agrees" else truth.rejected)
        scores[place] = moved[:, None] + offsets
        for i, k, _ in said:
            scores[place, i, k] = np.nan
    return _matrix(truth, rows, scores.reshape(len(rows), -1))


def _matrix(
    truth: Respondents, rows: list[tuple[str, list[tuple[int, int, str]]]], scores: np.ndarray
) -> ResponseMatrix:
    names = truth.names
    labels = {
        "persona_id": tuple(unit for unit, _ in rows),
        "forced": tuple("+".join(names[i] for i, _, _ in said) or "neutral" for _, said in rows),
        "stances": tuple(" ".join(stance for _, _, stance in said) or "neutral" for _, said in rows),
        "forced_items": tuple(" ".join(f"{names[i]}_{k + 1}" for i, k, _ in said) for _, said in rows),
    }
    items = tuple(f"{name}_{k + 1}" for name in names for k in range(ITEMS))
    ids = tuple(f"r{place}" for place in range(len(rows)))
    return ResponseMatrix(items, scores, ids, labels=labels, cluster_by="persona_id")


def dag_effects(p: int, seed: int, own: float = 1.0) -> np.ndarray:
    """Return the total effects of a random linear structural model, forced values moved by `own`."""
    rng = np.random.default_rng(seed)
    b = np.triu(rng.normal(0, 0.5, (p, p)) * (rng.random((p, p)) < 0.6), 1)
    order = rng.permutation(p)
    return own * np.linalg.inv(np.eye(p) - b)[np.ix_(order, order)]
