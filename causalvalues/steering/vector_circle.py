"""Whether the directions of values lie to each other as the values do on the circle of their theory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from causalvalues.errors import SteeringError
from causalvalues.frozen import FloatArray, IntArray, frozen_floats
from causalvalues.numerals import number
from causalvalues.randomness import require_whole, stream
from causalvalues.steering.value_vectors import ValueVectors
from causalvalues.theories import ValueTheory

ALL_UP_TO = 8
FEWEST = 4


@dataclass(frozen=True, eq=False)
class VectorCircle:
    """Cosines between value vectors, held against the circle of a theory.

    Parameters
    ----------
    layer : int
    values : tuple of str
        In the order of the circle.
    cosines : array (values, values)
    distances : array (values, values)
        Steps between values on the circle of the theory, the shorter way round.
    agreement : float
        Spearman's rank correlation between closeness on the circle and the cosine, over pairs of values; 1 when
        neighbours have the most similar directions and opposites the least similar ones.
    p : float
        Share of relabellings of the values that agree at least as well (one-sided).
    exact : bool
        Whether all relabellings were taken (up to 8 values), or random ones.
    by_distance : dict of int to float
        Steps on the circle -> mean cosine.
    """

    layer: int
    values: tuple[str, ...]
    cosines: FloatArray
    distances: FloatArray
    agreement: float
    p: float
    exact: bool
    by_distance: dict[int, float]

    @property
    def verdict(self) -> str:
        """What it says, in a sentence."""
        if self.p >= 0.05:
            told = "do not confirm the circle of the theory"
        else:
            told = "lie as on the circle of the theory more than chance would have it"
        return (
            f"The directions behind layer {self.layer} {told} (agreement {number(self.agreement)}, p {_p(self.p)}; "
            f"mean cosine of neighbours {number(self.by_distance[1])}, of the farthest "
            f"{number(self.by_distance[max(self.by_distance)])})."
        )


def cosine_matrix(vectors: ValueVectors, layer: int) -> FloatArray:
    """Return the cosines between all value vectors at a layer, in the order of `vectors.values`.

    Returns
    -------
    array (values, values)
        Ones on the diagonal. Vectors of differences from the mean over values sum to zero, so that with p values of
        equal length a cosine is -1 / (p - 1) on average: it is its place among the others that counts.

    Raises
    ------
    SteeringError
        If there is no vector at the layer, or one has no direction.
    """
    units = vectors.directions[:, vectors.layer_place(layer)]
    for value, unit in zip(vectors.values, units, strict=True):
        if not unit.any():
            raise SteeringError(f"The vector of {value!r} is zero behind layer {layer}, so it has no direction.")
    found = np.clip(np.einsum("id,jd->ij", units, units), -1.0, 1.0)
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)


def vector_circle(
    vectors: ValueVectors, layer: int, theory: ValueTheory, relabellings: int = 9999, seed: int = 0
) -> VectorCircle:
    """Hold the cosines of value vectors against the order of the values in a circular theory.

    Parameters
    ----------
    vectors : ValueVectors
        Their values are dimensions of the theory (any spelling), 4 of them or more.
    layer : int
    theory : ValueTheory
        Circular.
    relabellings : int, default 9999
        Random ones, from 9 values on; up to 8 all are taken.
    seed : int, default 0

    Returns
    -------
    VectorCircle

    Raises
    ------
    SteeringError
        If the theory is not circular, a value is none of its dimensions, or there are fewer than 4 values.

    Notes
    -----
    Rows and columns are relabelled together (Mantel 1967), since the pairs of one value are not independent. A small p
    says that the whole order agrees better than by chance; it says nothing about single pairs. Directions are learned
    from sentences, and sentences of values that the theory puts side by side may share words.

    References
    ----------
    Schwartz (1992), Advances in Experimental Social Psychology 25, 1-65; Mantel (1967), Cancer Research 27, 209-220.
    """
    require_whole("relabellings", relabellings)
    names, distances = _on_circle(vectors.values, theory)
    cosines = cosine_matrix(vectors, layer)
    order = [vectors.values.index(name) for name in names]
    cosines = cosines[np.ix_(order, order)]
    high = np.triu_indices(len(names), 1)
    close, alike = _ranks(-distances, high), _ranks(cosines, high)
    found = float((close[high] * alike[high]).sum())
    exact = len(names) <= ALL_UP_TO
    if exact:
        each = (list(order) for order in permutations(range(len(names))))
        count = math.factorial(len(names))
    else:
        draw = stream(seed, "relabelling", layer)
        each = (draw.permutation(len(names)).tolist() for _ in range(relabellings))
        count = relabellings
    as_good = sum(float((close[high] * alike[np.ix_(new, new)][high]).sum()) >= found - 1e-9 for new in each)
    p = as_good / count if exact else (1 + as_good) / (1 + count)
    steps = distances[high]
    by_distance = {int(step): float(cosines[high][steps == step].mean()) for step in np.unique(steps)}
    return VectorCircle(
        layer, names, frozen_floats(cosines), frozen_floats(distances), found, float(p), exact, by_distance
    )


def _on_circle(values: tuple[str, ...], theory: ValueTheory) -> tuple[tuple[str, ...], FloatArray]:
    """Return the values in the order of the circle, and the steps between them there, the shorter way round."""
    if not theory.circular:
        raise SteeringError(f"The theory {theory.id!r} has no circle. Give one that has, such as schwartz-10.")
    if len(values) < FEWEST:
        raise SteeringError(f"There are vectors of {len(values)} values. Agreement with a circle needs {FEWEST}.")
    for value in values:
        if not theory.knows(value):
            raise SteeringError(f"The value {value!r} is no dimension of the theory {theory.id!r}.")
    place = {value: theory.dimensions.index(theory.canonical(value)) for value in values}
    if len(set(place.values())) < len(values):
        raise SteeringError(f"Two of the values {', '.join(values)} are the same dimension of {theory.id!r}.")
    names = tuple(sorted(values, key=place.__getitem__))
    places = np.array([place[name] for name in names])
    apart = np.abs(places[:, None] - places)
    return names, np.minimum(apart, len(theory.dimensions) - apart).astype(np.float64)


def _ranks(pattern: FloatArray, high: tuple[IntArray, IntArray]) -> FloatArray:
    """Return the ranks of a symmetric pattern over its pairs (ties share theirs), of mean zero and length one."""
    _, place, counts = np.unique(np.round(pattern[high], 12), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    ranks = ranks - ranks.mean()
    length = np.linalg.norm(ranks)
    found = np.zeros(pattern.shape)
    found[high] = ranks / length if length > 0 else 0.0
    return found + found.T


def _p(p: float) -> str:
    return "< .001" if p < 0.001 else f"= {number(p, 3)}"
