"""The units of a study as reports show them: their profiles without lever, and how these spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import StudyError, did_you_mean
from causalvalues.reports.frame import Given
from causalvalues.reports.settings import Units
from causalvalues.responses import ResponseMatrix
from causalvalues.study.units import one_unit, without_levers


@dataclass(frozen=True, eq=False)
class Population:
    """Profiles of units without any lever.

    Parameters
    ----------
    profiles : DataFrame (units, p)
        Mean of each unit's complete rows without lever; units and values in name order.
    where : str
        The label that names units; "" for unit ids.
    """

    profiles: pd.DataFrame
    where: str

    @property
    def mean(self) -> pd.Series:
        """Mean of each value over units."""
        return self.profiles.mean()

    @property
    def sd(self) -> pd.Series:
        """Standard deviation of each value over units.

        Raises
        ------
        StudyError
            If a value does not vary, or there is one unit.
        """
        spread = self.profiles.std()
        for name, amount in spread.items():
            if not amount > 0:
                raise StudyError(
                    f"The value {name!r} is the same for all {len(self.profiles)} units without lever, so it has no "
                    f'scale. Leave it out: [data] drop = ["{name}"].'
                )
        return spread


def population(matrix: ResponseMatrix, where: str = "") -> Population:
    """Return the profiles of all units that have a complete row without lever.

    Parameters
    ----------
    matrix : ResponseMatrix
    where : str, default the label of the clusters, else unit ids
        Label whose texts name units.

    Raises
    ------
    StudyError
        If there is no such label, or no complete row without lever.
    """
    label = where or matrix.cluster_by
    if label and label not in matrix.labels:
        raise StudyError(f"There is no label {label!r}." + did_you_mean(label, matrix.labels))
    plain = without_levers(matrix)
    units = plain.labels[label] if label else plain.unit_ids
    frame = pd.DataFrame(np.array(plain.scores), columns=list(plain.names), index=list(units)).dropna()
    if frame.empty:
        raise StudyError("No complete row is without lever, so no unit has a profile of its own. Add such rows.")
    return Population(frame[sorted(frame.columns)].groupby(level=0, sort=True).mean(), label)


def chosen_units(given: Given, options: Units, people: Population) -> dict[str, pd.Series]:
    """Return unit -> its profile without lever (p,), those that the options name or the first ones in name order.

    Raises
    ------
    StudyError
        If a unit is unknown.
    """
    names = options.units or [str(name) for name in people.profiles.index[: options.most_units]]
    matrix = given.answers.matrix
    return {name: one_unit(matrix, name, people.where) for name in names}
