"""Directions of values inside a model, learned from pairs of sentences that differ in the value only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from causalvalues.elicitation.guardrails import neutral_texts
from causalvalues.elicitation.local_model import LocalModel
from causalvalues.errors import SteeringError
from causalvalues.frozen import FloatArray, IntArray, frozen_floats
from causalvalues.randomness import require_whole, stream
from causalvalues.steering.acts import Act, Positions, SteeringLever
from causalvalues.steering.capturing import capture, typical_norms
from causalvalues.steering.pairs import ContrastPair
from causalvalues.steering.state_checks import checked_states, layer_place_of, place_of

Kind = Literal["mean_difference", "cleaned", "discriminant"]
CLEANED_OF = 3
"""How many of the strongest directions within values a cleaned direction has no part in."""
NO_SPREAD = 1e-12
"""Squared differences within values below this share of those between them are rounding."""


@dataclass(frozen=True, eq=False)
class ValueVectors:
    """One direction for each value and layer.

    Parameters
    ----------
    values : tuple of str
        Sorted.
    layers : tuple of int
        Ascending.
    means : array (values, layers, d)
        The direction, as long as the means of the value's differences and of all differences lie apart along it.
    norms : array (layers,)
        How long the state of a token typically is behind each layer (median): the unit of doses.
    kind : {"mean_difference", "cleaned", "discriminant"}, default "mean_difference"
    stability : array (values, layers), optional
        Mean cosine between the directions learned from two random halves of the pairs. NaN where not asked for.

    Raises
    ------
    SteeringError
        If shapes do not fit, or numbers are not finite.
    """

    values: tuple[str, ...]
    layers: tuple[int, ...]
    means: FloatArray
    norms: FloatArray
    kind: Kind = "mean_difference"
    stability: FloatArray | None = None

    def __repr__(self) -> str:
        return f"ValueVectors({len(self.values)} values, {len(self.layers)} layers, {self.kind})"

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "values", tuple(self.values))
        put(self, "layers", tuple(int(layer) for layer in self.layers))
        p, layers = len(self.values), len(self.layers)
        means, norms = np.asarray(self.means, dtype=np.float64), np.asarray(self.norms, dtype=np.float64)
        if means.ndim != 3 or means.shape[:2] != (p, layers) or norms.shape != (layers,):
            raise SteeringError(
                f"Vectors of {p} values at {layers} layers have the shape {means.shape}, and norms {norms.shape}. "
                "Give (values, layers, d) and (layers,)."
            )
        if not (np.isfinite(means).all() and np.isfinite(norms).all() and (norms > 0).all()):
            raise SteeringError("Some vectors or norms are not finite, or a norm is not positive. Capture them again.")
        stability = np.full((p, layers), np.nan) if self.stability is None else self.stability
        put(self, "means", frozen_floats(means))
        put(self, "norms", frozen_floats(norms))
        put(self, "stability", frozen_floats(stability, (p, layers), "stability"))

    @property
    def directions(self) -> FloatArray:
        """Unit vectors, shape (values, layers, d); zero where there is no difference."""
        lengths = np.linalg.norm(self.means, axis=2, keepdims=True)
        return np.asarray(np.divide(self.means, lengths, out=np.zeros_like(self.means), where=lengths > 0))

    def direction(self, value: str, layer: int) -> FloatArray:
        """Return the unit vector of a value behind a layer, shape (d,).

        Raises
        ------
        SteeringError
            If there is none.
        """
        return np.asarray(self.directions[self.value_place(value), self.layer_place(layer)])

    def value_place(self, value: str) -> int:
        """Return the place of a value; raise `SteeringError` if there is no vector of it."""
        return place_of(value, self.values)

    def layer_place(self, layer: int) -> int:
        """Return the place of a layer; raise `SteeringError` if there is no vector at it."""
        return layer_place_of(layer, self.layers)


def value_vectors(
    pairs: Sequence[ContrastPair],
    affirmed_states: ArrayLike,
    plain_states: ArrayLike,
    layers: Sequence[int] | None = None,
    kind: Kind = "cleaned",
    *,
    norms: ArrayLike | None = None,
    halves: int = 0,
    seed: int = 0,
) -> ValueVectors:
    """Learn a direction of each value from the states of its pairs.

    With d_i the state of the affirmed sentence of pair i less that of its plain twin, m_v the mean of d_i over the
    pairs of value v, and m the mean of m_v over values,

    - ``"mean_difference"``: m_v - m. What the pairs of all values share (that someone speaks of what matters at all,
      abstract words) is no value and drops out.
    - ``"cleaned"``: the same less its part along the three directions in which the d_i of one value vary most
      (`CLEANED_OF`; principal components of the d_i around their m_v). These are few massive activations, which differ
      from sentence to sentence: in small samples they make up much of a mean difference and have nothing to do with it.
    - ``"discriminant"``: W^-1 (m_v - m), W the covariance of the d_i around their m_v, with the shrinkage of Ledoit and
      Wolf. It tells values apart best; it is not the way in which they differ (Haufe et al. 2014), so that it reads
      better than it steers.

    Parameters
    ----------
    pairs : sequence of ContrastPair
        Two values or more.
    affirmed_states, plain_states : array (pairs, layers, d)
        As `capture` gives them.
    layers : sequence of int, optional
        Numbers of the layers, ascending. Default: from 0.
    kind : {"mean_difference", "cleaned", "discriminant"}, default "cleaned"
    norms : array (layers,), optional
        Typical length of a state. Default: the median length of the plain states. (Means over the tokens of a sentence
        are shorter than the states of tokens; see `typical_norms`.)
    halves : int, default 0
        How many random halvings of the pairs `stability` is averaged over; 0 leaves it out.
    seed : int, default 0

    Returns
    -------
    ValueVectors

    Raises
    ------
    SteeringError
        If shapes do not fit, numbers are not finite, there is one value only, or halves leave a value without pairs.

    References
    ----------
    Marks and Tegmark 2023 (difference of means); Ledoit and Wolf 2004, Journal of Multivariate Analysis 88, 365-411;
    Haufe et al. 2014, NeuroImage 87, 96-110.
    """
    if kind not in get_args(Kind):
        raise SteeringError(f"The kind {kind!r} does not exist. Use one of {', '.join(get_args(Kind))}.")
    require_whole("halves", halves, 0)
    affirmed, plain, numbers = checked_states(pairs, affirmed_states, plain_states, layers)
    values = tuple(sorted({pair.value for pair in pairs}))
    if len(values) < 2:
        raise SteeringError(
            "The pairs are all of one value. What all values share can only be taken out of two or more."
        )
    order = sorted(range(len(pairs)), key=lambda i: (pairs[i].value, pairs[i].affirmed_sentence, pairs[i].plain))
    of = np.array([values.index(pairs[i].value) for i in order])
    differences = (affirmed - plain)[order]
    typical = np.median(np.linalg.norm(plain, axis=2), axis=0) if norms is None else np.asarray(norms)
    means = _directions(differences, of, kind)
    stability = _stability(differences, of, kind, halves, seed) if halves else None
    return ValueVectors(values, numbers, means, typical, kind, stability)


def learn_vectors(
    model: LocalModel,
    pairs: Sequence[ContrastPair],
    layers: Sequence[int] | None = None,
    kind: Kind = "cleaned",
    *,
    halves: int = 20,
    seed: int = 0,
) -> ValueVectors:
    """Let a model read the pairs, and learn its value vectors (see `value_vectors`).

    States are means over the tokens behind the context, which both sentences of a pair share; norms are medians over
    the tokens of matter-of-fact texts.

    Raises
    ------
    SteeringError
        As `capture` and `value_vectors`.
    """
    starts = [pair.context for pair in pairs]
    chosen = None if layers is None else sorted(set(layers))
    affirmed = capture(model, [pair.affirmed_sentence for pair in pairs], chosen, starts=starts)
    plain = capture(model, [pair.plain_sentence for pair in pairs], chosen, starts=starts)
    norms = typical_norms(model, neutral_texts(), chosen)
    return value_vectors(pairs, affirmed, plain, chosen, kind, norms=norms, halves=halves, seed=seed)


def vector_levers(
    vectors: ValueVectors, layers: Sequence[int], dose_share: float = 0.1, positions: Positions = "all"
) -> tuple[SteeringLever, ...]:
    """Make a lever of each value vector: ``vec_power`` adds the direction of power behind each of some layers.

    Parameters
    ----------
    vectors : ValueVectors
    layers : sequence of int
    dose_share : float, default 0.1
        How far a dose of 1 moves a state behind each layer, as a share of the typical length of states there.
    positions : {"all", "prompt", "answer"}, default "all"

    Returns
    -------
    tuple of SteeringLever
        In the order of `vectors.values`.

    Raises
    ------
    SteeringError
        If there is no vector at a layer, or no layer.
    """
    places = [vectors.layer_place(layer) for layer in sorted(set(layers))]
    directions = vectors.directions
    levers = []
    for i, value in enumerate(vectors.values):
        acts = tuple(Act(vectors.layers[k], directions[i, k], dose_share * vectors.norms[k]) for k in places)
        where = ", ".join(str(act.layer) for act in acts)
        said = f"adds the direction of {value} behind layers {where}"
        levers.append(SteeringLever(f"vec_{value}", acts, value, "value_vector", positions, None, said))
    return tuple(levers)


def _directions(differences: FloatArray, of: IntArray, kind: Kind) -> FloatArray:
    """Return the direction of each value and layer, shape (values, layers, d)."""
    own = np.array([differences[of == v].mean(0) for v in range(int(of.max()) + 1)])
    apart = own - own.mean(0)
    if kind == "mean_difference":
        return np.asarray(apart)
    found = np.empty_like(apart)
    for layer in range(differences.shape[1]):
        within = differences[:, layer] - own[of, layer]
        found[:, layer] = (_cleaned if kind == "cleaned" else _discriminant)(apart[:, layer], within)
    return np.asarray(found)


def _cleaned(apart: FloatArray, within: FloatArray) -> FloatArray:
    """Return directions (p, d) without their part along the first principal components of what varies within values."""
    from scipy.linalg import eigh

    d = within.shape[1]
    spread, strongest = eigh(within.T @ within, subset_by_index=[max(d - CLEANED_OF, min(1, d - 1)), d - 1])
    strongest = strongest[:, spread > NO_SPREAD * (apart**2).sum()]
    return np.asarray(apart - (apart @ strongest) @ strongest.T)


def _discriminant(apart: FloatArray, within: FloatArray) -> FloatArray:
    """Return directions (p, d) that tell values apart best, as long as the values lie apart along them."""
    from sklearn.covariance import ledoit_wolf

    covariance, _ = ledoit_wolf(within, assume_centered=True)
    readers = np.linalg.solve(covariance, apart.T).T
    lengths = np.linalg.norm(readers, axis=1, keepdims=True)
    units = np.divide(readers, lengths, out=np.zeros_like(readers), where=lengths > 0)
    return np.asarray(units * (apart * units).sum(1, keepdims=True))


def _stability(differences: FloatArray, of: IntArray, kind: Kind, halves: int, seed: int) -> FloatArray:
    p = int(of.max()) + 1
    members = [np.flatnonzero(of == v) for v in range(p)]
    if min(map(len, members)) < 2:
        raise SteeringError("A value has one pair, so that its pairs cannot be halved. Add pairs, or ask for 0 halves.")
    total = np.zeros((p, differences.shape[1]))
    for i in range(halves):
        draw = stream(seed, "halves of pairs", i)
        shuffled = [draw.permutation(own) for own in members]
        one, other = (
            _directions(differences[rows], of[rows], kind)
            for rows in (
                np.sort(np.concatenate([own[: len(own) // 2] for own in shuffled])),
                np.sort(np.concatenate([own[len(own) // 2 :] for own in shuffled])),
            )
        )
        lengths = np.linalg.norm(one, axis=2) * np.linalg.norm(other, axis=2)
        total += (one * other).sum(2) / np.where(lengths > 0, lengths, np.inf)
    return np.asarray(total / halves)
