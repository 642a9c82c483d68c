"""Sparse features ranked by what the presence of a value does to them, and levers that push along them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from causalvalues.errors import SteeringError, did_you_mean
from causalvalues.frozen import FloatArray, frozen_floats
from causalvalues.steering.acts import Act, Positions, SteeringLever
from causalvalues.steering.levers import SteeringLevers
from causalvalues.steering.many_tests import PairedTest, q_values
from causalvalues.steering.paired_effects import PairedEffects, paired_effects
from causalvalues.steering.sparse_autoencoder import Floats, SparseAutoencoder


@dataclass(frozen=True, eq=False)
class FeatureRanking:
    """What affirming a value does to each feature.

    Parameters
    ----------
    values : tuple of str
    effects : tuple of PairedEffects
        For each value: affirmed less plain sentences, arrays (m,). Its q is that of all features of all values
        together, its half_q that of the value alone.
    specific : bool
        Whether each value was compared with the other values.
    """

    values: tuple[str, ...]
    effects: tuple[PairedEffects, ...]
    specific: bool

    def __repr__(self) -> str:
        return f"FeatureRanking({len(self.values)} values)"

    def of(self, value: str) -> PairedEffects:
        """Return the effects of one value.

        Raises
        ------
        SteeringError
            If it was not ranked.
        """
        if value not in self.values:
            raise SteeringError(f"Features were not ranked for {value!r}.{did_you_mean(str(value), self.values)}")
        return self.effects[self.values.index(value)]

    def table(self, value: str, most: int = 20) -> pd.DataFrame:
        """Return the features that a value activates most.

        Parameters
        ----------
        value : str
        most : int, default 20

        Returns
        -------
        DataFrame
            ``feature``, ``effect`` (standard deviations of the differences), ``difference`` (units of the states),
            ``q``, ``agrees`` (same sign in both halves of the contexts), ``found`` (q at most the level, agreeing and
            positive); found ones first, then by effect.
        """
        one = self.of(value)
        halves = np.isfinite(one.halves).all(0)
        table = pd.DataFrame(
            {
                "feature": np.arange(len(one.effect)),
                "effect": one.effect,
                "difference": one.difference,
                "q": one.q,
                "agrees": one.agrees,
                "found": one.found & (one.agrees | ~halves) & (one.effect > 0),
            }
        )
        table = table.sort_values(["found", "effect", "feature"], ascending=[False, False, True], kind="stable")
        return table.head(most).reset_index(drop=True)

    def best(self, value: str, most: int = 1) -> tuple[int, ...]:
        """Return the features found for a value, the largest effect first; fewer than asked for, or none, if so."""
        table = self.table(value, most)
        return tuple(int(feature) for feature in table.loc[table["found"], "feature"])


def mean_features(autoencoder: SparseAutoencoder, states: Any, which: Any) -> Floats:
    """Return how active each feature is on the average token of each text.

    Parameters
    ----------
    autoencoder : SparseAutoencoder
    states : array (tokens, d)
    which : array (tokens,)
        The place of the text of each token, from 0: both as `capture_tokens` gives them.

    Returns
    -------
    array (texts, m), float32

    Raises
    ------
    SteeringError
        If lengths differ, or a text has no token.
    """
    places = np.asarray(which)
    if places.shape != (len(states),) or not np.issubdtype(places.dtype, np.integer) or (places < 0).any():
        raise SteeringError(f"There are {len(states)} tokens; `which` must give each the place of its text.")
    counts = np.bincount(places)
    if not counts.all():
        raise SteeringError(f"Text {int(np.flatnonzero(counts == 0)[0]) + 1} has no token. Leave it out.")
    sums = np.zeros((len(counts), autoencoder.features))
    for part, features in autoencoder.encoded(states):
        np.add.at(sums, places[part], features)
    return np.asarray(sums / counts[:, None], dtype=np.float32)


def rank_features(
    affirmed: Any,
    plain: Any,
    values: Sequence[str],
    contexts: Sequence[Hashable] | None = None,
    *,
    specific: bool = True,
    test: PairedTest | None = None,
) -> FeatureRanking:
    """Rank features by what affirming a value does to them, for each value.

    Parameters
    ----------
    affirmed, plain : array (pairs, m)
        Mean activation in the sentence that affirms the value and in the one that does not (`mean_features`). Row i of
        both is one pair.
    values : sequence of str
        The value of each pair; three contexts or more for each.
    contexts : sequence, optional
        The context of each pair. Default: each its own.
    specific : bool, default True
        True: is the difference larger than in the pairs of the other values? That leaves out features of abstract or
        moral talk, which all values activate. False: is it other than zero?
    test : PairedTest, optional

    Returns
    -------
    FeatureRanking
        Values in the order of their first pair.

    Raises
    ------
    SteeringError
        If shapes do not fit, numbers are not finite, or a value has too few pairs.
    """
    test = test or PairedTest()
    ends = [np.asarray(affirmed, dtype=np.float64), np.asarray(plain, dtype=np.float64)]
    if ends[0].shape != ends[1].shape or ends[0].ndim != 2:
        raise SteeringError(f"The features have the shapes {ends[0].shape} and {ends[1].shape}. Give (pairs, m) twice.")
    labels = np.asarray(list(values), dtype=object)
    said: list[Hashable] = list(range(len(values)) if contexts is None else contexts)
    if len(labels) != len(ends[0]) or len(said) != len(labels):
        raise SteeringError(
            f"There are {len(ends[0])} pairs, {len(labels)} values and {len(said)} contexts. Give each pair one."
        )
    names = tuple(dict.fromkeys(str(label) for label in labels))
    if specific and len(names) < 2:
        raise SteeringError(f"There is {names[0]!r} alone. Give pairs of other values, or specific=False.")
    differences = ends[0] - ends[1]
    effects = []
    for name in names:
        own = labels == name
        rest = (differences[~own], [said[i] for i in np.flatnonzero(~own)]) if specific else None
        try:
            effects.append(paired_effects(differences[own], [said[i] for i in np.flatnonzero(own)], test, rest))
        except SteeringError as problem:
            raise SteeringError(f"{name}: {problem}") from None
    together = _over_all(effects, test)
    return FeatureRanking(
        names, tuple(replace(one, q=frozen_floats(q)) for one, q in zip(effects, together, strict=True)), specific
    )


def feature_levers(
    autoencoder: SparseAutoencoder,
    features: Sequence[int] | Mapping[int, str],
    coefficient: float | None = None,
    positions: Positions = "all",
) -> SteeringLevers:
    """Return a lever for each feature that adds dose x coefficient x its decoder direction (Kang et al. 2025).

    Parameters
    ----------
    autoencoder : SparseAutoencoder
    features : sequence of int, or mapping of int to str
        Numbers of features; as a mapping, with the value that each is meant to further.
    coefficient : float, optional
        What a dose of 1 adds, in units of the feature's activation. Default: how active the feature is where it is
        most active (`SparseAutoencoder.typical`), so that a dose of 1 is the most that the model does by itself.
    positions : {"all", "prompt", "answer"}, default "all"

    Returns
    -------
    SteeringLevers
        ``"feat_<layer>_<number>"``.

    Raises
    ------
    SteeringError
        If a feature does not exist, or its typical activation is not known or zero and no coefficient is given.
    """
    aims = dict(features) if isinstance(features, Mapping) else dict.fromkeys(features, "")
    levers = []
    for feature, value in aims.items():
        if isinstance(feature, bool) or not isinstance(feature, int | np.integer):
            raise SteeringError(f"The feature {feature!r} is no number. Features are counted from 0.")
        if not 0 <= feature < autoencoder.features:
            raise SteeringError(f"There is no feature {feature}. The autoencoder has {autoencoder.features}, from 0.")
        size = _typical(autoencoder, int(feature)) if coefficient is None else coefficient
        act = Act(autoencoder.layer, frozen_floats(autoencoder.W_dec[feature]), size)
        name = f"feat_{autoencoder.layer}_{feature}"
        levers.append(
            SteeringLever(
                name, (act,), value, "feature", positions, description=f"adds feature {feature} at layer {act.layer}"
            )
        )
    return SteeringLevers(levers)


def _typical(autoencoder: SparseAutoencoder, feature: int) -> float:
    if autoencoder.typical is None:
        raise SteeringError(
            f"How active feature {feature} typically is, is not known for this autoencoder. Give a coefficient, or set "
            "it: dataclasses.replace(autoencoder, typical=typical_activations(autoencoder, states))."
        )
    size = float(autoencoder.typical[feature])
    if size == 0:
        raise SteeringError(f"Feature {feature} was never active, so it has no typical size. Give a coefficient.")
    return size


def _over_all(effects: Sequence[PairedEffects], test: PairedTest) -> FloatArray:
    """Return q over the features of all values; flips control each value, so those are multiplied by their number."""
    if test.control == "max_t":
        return np.minimum([one.q * len(effects) for one in effects], 1.0)
    return q_values(np.array([one.p for one in effects]), test.control == "by")
