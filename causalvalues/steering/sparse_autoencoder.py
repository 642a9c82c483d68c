"""A sparse autoencoder of the states behind a layer, and how well it stands in for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalvalues.errors import SteeringError
from causalvalues.frozen import BoolArray
from causalvalues.randomness import require_whole, stream

Floats = NDArray[np.float32]
AT_ONCE = 4096
"""Tokens that are encoded at once; their features take up 4096 m numbers."""
_ARRAYS = ("W_enc", "b_enc", "W_dec", "b_dec", "threshold", "typical")


@dataclass(frozen=True, eq=False)
class SparseAutoencoder:
    """Features of the states behind a layer: few are active on a token, and their directions add up to its state.

    With x a state (d,), m features, and x' = x - b_dec (x' = x if not `centred`):

    - before:  a = x' W_enc + b_enc;
    - active:  z_j = max(a_j, 0) for the k largest a_j and 0 for the others (Gao et al. 2024, top-k); without k, z_j =
      a_j where a_j > max(threshold_j, 0) and else 0 (Rajamanoharan et al. 2024, JumpReLU; a plain ReLU without
      threshold);
    - back:    x^ = z W_dec + b_dec.

    Features are in the units of the states: adding z_j times row j of W_dec is what feature j does.

    Parameters
    ----------
    layer : int
        Decoder layer, from 0, behind which the states are.
    W_enc : array (d, m)
    b_enc : array (m,)
    W_dec : array (m, d)
    b_dec : array (d,)
    k : int, optional
        Features active at most on a token. Default: as many as are above their threshold.
    threshold : array (m,), optional
        Not with k.
    centred : bool, default True
    typical : array (m,), optional
        How active a feature is where it is most active (`typical_activations`), zero for those never seen active.
    model : str, default ""
        The language model that it was made for.

    Raises
    ------
    SteeringError
        If shapes do not fit, numbers are not finite, or k is not between 1 and m.
    """

    layer: int
    W_enc: Floats
    b_enc: Floats
    W_dec: Floats
    b_dec: Floats
    k: int | None = None
    threshold: Floats | None = None
    centred: bool = True
    typical: Floats | None = None
    model: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.layer, bool) or not isinstance(self.layer, int | np.integer) or self.layer < 0:
            raise SteeringError(f"The layer {self.layer!r} is no whole number from 0. Layers are counted from 0.")
        for name in _ARRAYS:
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, _frozen(name, given))
        if self.W_enc.ndim != 2:
            raise SteeringError(f"W_enc has the shape {self.W_enc.shape}. Give (width of the states, features).")
        d, m = self.W_enc.shape
        for name, shape in zip(_ARRAYS[1:], ((m,), (m, d), (d,), (m,), (m,)), strict=True):
            given = getattr(self, name)
            if given is not None and given.shape != shape:
                raise SteeringError(
                    f"{name} has the shape {given.shape}; beside W_enc of {self.W_enc.shape} it must have {shape}."
                )
        if self.k is not None and (isinstance(self.k, bool) or not 1 <= self.k <= m):
            raise SteeringError(f"k is {self.k!r}. Give a number between 1 and the {m} features.")
        if self.k is not None and self.threshold is not None:
            raise SteeringError("The autoencoder has both k and thresholds. Give one of them.")

    def __repr__(self) -> str:
        kind = f"k={self.k}" if self.k else "thresholds" if self.threshold is not None else "relu"
        return f"SparseAutoencoder(layer {self.layer}, {self.width} -> {self.features}, {kind})"

    @property
    def width(self) -> int:
        """How wide the states are, d."""
        return int(self.W_enc.shape[0])

    @property
    def features(self) -> int:
        """How many features there are, m."""
        return int(self.W_enc.shape[1])

    def encode(self, states: Any) -> Floats:
        """Return how active each feature is on each token.

        Parameters
        ----------
        states : array (tokens, d)

        Returns
        -------
        array (tokens, m), float32

        Raises
        ------
        SteeringError
            If the states have another width or are not finite.
        """
        found = self._states(states)
        active = np.empty((len(found), self.features), np.float32)
        for start in range(0, len(found), AT_ONCE):
            some = found[start : start + AT_ONCE]
            before = (some - self.b_dec if self.centred else some) @ self.W_enc + self.b_enc
            active[start : start + AT_ONCE] = self._active(before)
        return active

    def decode(self, features: Any) -> Floats:
        """Return the states that features add up to.

        Parameters
        ----------
        features : array (tokens, m)

        Returns
        -------
        array (tokens, d), float32
        """
        found = np.asarray(features, dtype=np.float32)
        if found.ndim != 2 or found.shape[1] != self.features:
            raise SteeringError(f"The features have the shape {found.shape}. Give (tokens, {self.features}).")
        return np.asarray(found @ self.W_dec + self.b_dec)

    def reconstructed(self, states: Any) -> Floats:
        """Return what encoding and decoding make of states, (tokens, d)."""
        return self.decode(self.encode(states))

    def encoded(self, states: Any) -> Iterator[tuple[slice, Floats]]:
        """Yield the features of some tokens after the other, with their places, so that memory stays small."""
        found = self._states(states)
        for start in range(0, len(found), AT_ONCE):
            place = slice(start, min(start + AT_ONCE, len(found)))
            yield place, self.encode(found[place])

    def _states(self, states: Any) -> Floats:
        found = np.asarray(states, dtype=np.float32)
        if found.ndim != 2 or found.shape[1] != self.width or not len(found):
            raise SteeringError(
                f"The states have the shape {found.shape}; the autoencoder of layer {self.layer} reads (tokens, "
                f"{self.width}). Give states of the model and layer that it was made for."
            )
        if not np.isfinite(found).all():
            raise SteeringError(f"{int((~np.isfinite(found)).any(1).sum())} tokens have states that are not finite.")
        return found

    def _active(self, before: NDArray[Any]) -> NDArray[Any]:
        if self.k is None:
            above = before > (0 if self.threshold is None else np.maximum(self.threshold, 0))
            return np.asarray(np.where(above, before, np.float32(0)))
        if self.k == self.features:
            return np.asarray(np.maximum(before, 0))
        best = np.argpartition(-before, self.k - 1, axis=1)[:, : self.k]
        active = np.zeros_like(before)
        np.put_along_axis(active, best, np.maximum(np.take_along_axis(before, best, 1), 0), 1)
        return active


@dataclass(frozen=True)
class SparseQuality:
    """How well an autoencoder stands in for states.

    Parameters
    ----------
    tokens : int
    explained : float
        Explained variance: 1 - sum |x - x^|^2 / sum |x - mean x|^2 over the tokens.
    active : float
        Mean number of features active on a token (L0).
    dead : int
        Features active on none of the tokens.
    features : int
    """

    tokens: int
    explained: float
    active: float
    dead: int
    features: int


def sparse_quality(autoencoder: SparseAutoencoder, states: Any) -> SparseQuality:
    """Measure an autoencoder on states, best of texts that it was not trained on (`held_out_tokens`).

    Parameters
    ----------
    autoencoder : SparseAutoencoder
    states : array (tokens, d)
        Two tokens or more.

    Returns
    -------
    SparseQuality

    Raises
    ------
    SteeringError
        If the states do not fit, or are all the same.
    """
    found = np.asarray(states, dtype=np.float32)
    lost, active, seen = 0.0, 0, np.zeros(autoencoder.features, dtype=bool)
    for place, features in autoencoder.encoded(found):
        lost += float(((found[place] - autoencoder.decode(features)).astype(np.float64) ** 2).sum())
        active += int(np.count_nonzero(features))
        seen |= (features > 0).any(0)
    middle = found.mean(0, dtype=np.float64)
    spread = sum(float(((found[i : i + AT_ONCE] - middle) ** 2).sum()) for i in range(0, len(found), AT_ONCE))
    if not spread > 0:
        raise SteeringError("All states are the same, so there is no variance to explain. Give states of many tokens.")
    m = autoencoder.features
    return SparseQuality(len(found), 1 - lost / spread, active / len(found), m - int(seen.sum()), m)


def typical_activations(autoencoder: SparseAutoencoder, states: Any, top: int = 20) -> Floats:
    """Return how active each feature is where it is most active: the mean of its largest activations.

    Parameters
    ----------
    autoencoder : SparseAutoencoder
    states : array (tokens, d)
    top : int, default 20
        So many tokens; fewer where it is active on fewer.

    Returns
    -------
    array (m,)
        0 for features that are never active.
    """
    require_whole("top", top)
    best = np.zeros((0, autoencoder.features), np.float32)
    for _, features in autoencoder.encoded(states):
        best = np.concatenate([best, features])
        if len(best) > top:
            best = np.partition(best, len(best) - top, axis=0)[-top:]
    best = np.sort(best, axis=0)
    return _frozen("typical", best.sum(0, dtype=np.float64) / np.maximum((best > 0).sum(0), 1))


def held_out_tokens(which: Any, share: float = 0.1, seed: int = 0) -> BoolArray:
    """Return which tokens to hold out: those of whole texts, so that no text is on both sides.

    Parameters
    ----------
    which : array (tokens,)
        The text of each token, as `capture_tokens` gives it.
    share : float, default 0.1
        Of the texts.
    seed : int, default 0

    Returns
    -------
    array (tokens,) of bool

    Raises
    ------
    SteeringError
        If one side would be empty.
    """
    texts = np.unique(which)
    number = round(share * len(texts))
    if not 0 < number < len(texts):
        raise SteeringError(f"A share of {share} of {len(texts)} texts leaves one side empty. Give more texts.")
    return np.isin(which, stream(seed, "held-out texts").permutation(texts)[:number])


def _frozen(name: str, given: Any) -> Floats:
    try:
        found = np.array(given, dtype=np.float32, order="C")
    except (TypeError, ValueError):
        raise SteeringError(f"{name} is no array of numbers.") from None
    lost = int((~np.isfinite(found)).sum())
    if lost:
        raise SteeringError(f"{name} has {lost} numbers of {found.size} that are not finite. Make it again.")
    found.setflags(write=False)
    return found
