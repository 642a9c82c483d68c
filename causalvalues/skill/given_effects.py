"""Effects of values on values that are given: from a factor model, an experiment or a published graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray
from causalvalues.prediction import PairedRows
from causalvalues.skill.associations import fitted_share, start_moments
from causalvalues.skill.fitted_effects import EffectTable, FittedEffects, with_combinations
from causalvalues.skill.single_effects import needed_aims, only_own, single_effects


@dataclass(frozen=True, eq=False)
class GivenEffects:
    """A lever with effect o_l on its own value i moves value j by o_l (between_ij + share x shared_ij).

    Known levers and tried lever sets keep their own effects (saturated levers), so that the given effects matter for
    levers that are left out. The share is fitted by least squares to the levers that are known.

    Parameters
    ----------
    between : DataFrame
        Change of each value (columns) per unit of change of a value (rows), score units.
    shared : DataFrame, optional
        What comes with it by another way, such as common factors, of which a share counts.
    own : mapping of lever to value, optional
        By default levers named ``<prefix>_<value>``, such as ``do_power``.
    name : str
    """

    between: pd.DataFrame
    shared: pd.DataFrame | None = None
    own: Mapping[str, str] | None = None
    name: str = "given effects"

    def fit(self, rows: PairedRows, seed: int) -> FittedEffects:  # noqa: ARG002
        """Take effects of known levers from the rows, and fit the share.

        Raises
        ------
        ModelError
            If an effect is not given, no lever aims at a value, or there are fewer than three units.
        """
        observed, places = single_effects(rows), needed_aims(rows, self.own)
        own = only_own(observed, places)
        between, shared = _placed(self.between, rows), np.zeros((len(rows.values), len(rows.values)))
        if self.shared is not None:
            shared = _placed(self.shared, rows)
        along, through = np.zeros_like(own), np.zeros_like(own)
        for lever, value in places.items():
            along[lever], through[lever] = own[lever, value] * between[value], own[lever, value] * shared[value]
            along[lever, value] = through[lever, value] = 0.0
        deviation = start_moments(rows)[0]
        scale = np.where(deviation > 0, deviation, 1.0)
        share = fitted_share((observed - along) / scale, through / scale, places)
        foreseen = own + along + share * through
        known = np.isfinite(observed).all(axis=1, keepdims=True)
        table = EffectTable(np.where(known, np.nan_to_num(observed), foreseen), foreseen, observed, places)
        return FittedEffects.on(with_combinations(table, rows), rows)


def _placed(given: pd.DataFrame, rows: PairedRows) -> FloatArray:
    missing = sorted(set(rows.values) - set(map(str, given.index)) | set(rows.values) - set(map(str, given.columns)))
    if missing:
        raise ModelError(f"No effects of or on {missing[0]!r} are given. Give a table with all values on both sides.")
    found = given.loc[list(rows.values), list(rows.values)].to_numpy(dtype=np.float64)
    if not np.isfinite(found).all():
        raise ModelError("A given effect is not finite. Write 0 where one value does not act on another.")
    return np.asarray(found)
