"""A flexible regressor on starts and doses, which knows of no structure at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.prediction import PairedRows, Prediction
from causalvalues.randomness import require_whole, stream
from causalvalues.skill.spread import Spread

FEWEST = 20


@dataclass(frozen=True)
class FlexibleRegressor:
    """Extremely randomised trees from the start of all values, the doses, and how many levers act, to all changes.

    Intervals come from errors on rows that a tree has not seen (out of bag).

    Parameters
    ----------
    trees : int, default 100
        At least 50, so that every row is out of the bag of some.
    leaf : int, default 3
        Rows in a leaf, at least.

    References
    ----------
    Geurts, Ernst and Wehenkel (2006), Machine Learning 63, 3-42; scikit-learn, ``ExtraTreesRegressor``.
    """

    trees: int = 100
    leaf: int = 3
    name: str = "flexible regressor"

    def __post_init__(self) -> None:
        require_whole("trees", self.trees, 50)
        require_whole("leaf", self.leaf)

    def fit(self, rows: PairedRows, seed: int) -> FittedTrees:
        """Grow trees on the complete rows.

        Raises
        ------
        ModelError
            If there are fewer than 20 complete rows.
        """
        from sklearn.ensemble import ExtraTreesRegressor

        whole = np.isfinite(rows.reached).all(axis=1) & (rows.weights > 0)
        some = rows.on(whole)
        if len(some) < FEWEST:
            raise ModelError(f"{len(some)} complete rows are too few for regression trees; {FEWEST} are needed.")
        values = np.argsort(np.array(rows.values, dtype=object), kind="stable")
        levers = np.argsort(np.array(rows.levers, dtype=object), kind="stable")
        forest = ExtraTreesRegressor(
            n_estimators=self.trees,
            min_samples_leaf=self.leaf,
            max_features=0.5,
            bootstrap=True,
            oob_score=True,
            n_jobs=1,
            random_state=int(stream(seed, "flexible regressor").integers(2**31)),
        )
        changes = some.change[:, values]
        forest.fit(_features(some.start, some.doses, values, levers), changes, sample_weight=_uneven(some.weights))
        unseen = np.asarray(forest.oob_prediction_).reshape(changes.shape)
        errors = np.empty_like(changes)
        errors[:, values] = changes - unseen
        return FittedTrees(forest, values, levers, Spread.of(errors, some.used))


@dataclass(frozen=True, eq=False)
class FittedTrees:
    """Grown trees; `values` and `levers` say in which order they take columns."""

    forest: Any
    values: IntArray
    levers: IntArray
    spread: Spread

    def predict(self, start: FloatArray, doses: FloatArray) -> Prediction:
        """Return profiles for units with these profiles without levers (m, p) under doses (m, k)."""
        found = np.asarray(self.forest.predict(_features(start, doses, self.values, self.levers)))
        mean = np.array(start, dtype=float)
        mean[:, self.values] += found.reshape(len(start), -1)
        return Prediction(mean, *self.spread.about(mean, np.asarray((doses != 0).sum(axis=1))))


def _uneven(weights: FloatArray) -> FloatArray | None:
    return None if np.ptp(weights) == 0 else weights


def _features(start: FloatArray, doses: FloatArray, values: IntArray, levers: IntArray) -> FloatArray:
    acting = (doses != 0).sum(axis=1, keepdims=True)
    return np.column_stack([start[:, values], doses[:, levers], acting])
