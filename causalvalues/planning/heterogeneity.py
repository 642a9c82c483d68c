"""How units differ: the spread, between units, of what a lever does to each value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from causalvalues.errors import PlanError, did_you_mean
from causalvalues.frozen import FloatArray
from causalvalues.model.levers import cell_rows, paired_differences
from causalvalues.responses.matrix import ResponseMatrix

_LEAST_UNITS = 10


@dataclass(frozen=True, eq=False)
class Heterogeneity:
    """Covariance between units of the effect of each lever, and the noise of a repeated answer.

    A plan moves a unit by the average effect plus a draw from this spread. The spreads of levers used together are
    added as if independent, unless the combination has an entry of its own (``"a+b"``), which then replaces them.
    Paired differences of observed scores contain the noise of both answers, so nothing is added for that.

    Parameters
    ----------
    covariance : mapping of str to DataFrame
        Lever node (or ``"a+b"``, the levers in any order) -> covariance matrix [value, value] for dose 1, in squared
        score units. It grows with the square of the dose (of the largest dose for a combination).
    repeat : mapping of str to float, default {}
        Standard deviation of the difference between two answers of one unit when nothing is done; used for a given unit
        when no lever of the plan has an entry in `covariance`.
    units : mapping of str to int, default {}
        Number of units behind each entry of `covariance`: the spread is then drawn from Student's t with one degree
        of freedom less (the least of the levers used); from a normal distribution when it is not given.

    Raises
    ------
    PlanError
        If a matrix is not square and symmetric with the same names on both sides, or a number is not finite or negative
        where it is a variance.
    """

    covariance: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    repeat: Mapping[str, float] = field(default_factory=dict)
    units: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kept = {_cell_name([name]): frame.astype(float).copy() for name, frame in self.covariance.items()}
        for name, frame in kept.items():
            if list(frame.index) != list(frame.columns) or not frame.index.is_unique:
                raise PlanError(
                    f"The covariance of {name!r} needs the same value names, once each, as rows and columns."
                )
            matrix = frame.to_numpy()
            if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T) or (np.diag(matrix) < 0).any():
                raise PlanError(f"The covariance of {name!r} must be finite and symmetric, with no negative variance.")
        object.__setattr__(self, "covariance", kept)
        object.__setattr__(self, "units", {_cell_name([name]): int(number) for name, number in self.units.items()})
        for name, number in self.units.items():
            if number < 2 or name not in kept:
                raise PlanError(f"{number} units stand behind {name!r}; it needs a covariance from at least two.")
        object.__setattr__(self, "repeat", {str(name): float(sd) for name, sd in self.repeat.items()})
        for name, sd in self.repeat.items():
            if not np.isfinite(sd) or sd < 0:
                raise PlanError(f"The repeat noise of {name!r} is {sd}. Give zero or a positive number.")

    @classmethod
    def from_differences(cls, differences: Mapping[str, pd.DataFrame]) -> Heterogeneity:
        """Estimate from paired differences: with the lever minus without it, one row a unit, one column a value.

        Parameters
        ----------
        differences : mapping of str to DataFrame
            Lever node (or ``"a+b"``) -> differences in score units at dose 1; rows with a missing number are left out.

        Raises
        ------
        PlanError
            If fewer than two units have a complete row for a lever.
        """
        kept = {name: frame.dropna() for name, frame in differences.items()}
        for name, frame in kept.items():
            if len(frame) < 2:
                raise PlanError(
                    f"There are {len(frame)} complete paired differences for {name!r}; a spread needs at least two."
                )
        return cls({name: f.cov() for name, f in kept.items()}, units={name: len(f) for name, f in kept.items()})

    @classmethod
    def from_answers(cls, matrix: ResponseMatrix) -> Heterogeneity:
        """Estimate from answers in which the same clusters (or units) answered with and without a lever.

        Parameters
        ----------
        matrix : ResponseMatrix
            Scores of the values, with levers and some rows without any.

        Returns
        -------
        Heterogeneity
            An entry for every lever that at least two clusters answered in full both with it and without any lever (one
            that was only used at another dose is scaled to dose 1), and for every combination at doses of 1 for which
            ten did.
        """
        cells, doses = cell_rows(matrix)
        differences: dict[str, pd.DataFrame] = {}
        for rows, setting in zip(cells.values(), doses.to_numpy(), strict=True):
            used = np.flatnonzero(setting)
            lever, whole = "+".join(matrix.levers[i] for i in used.tolist()), bool((setting[used] == 1).all())
            if (len(used) > 1 and not whole) or (lever in differences and not whole):
                continue
            paired = paired_differences(matrix, rows).differences / setting[used[0]]
            frame = pd.DataFrame(paired, columns=list(matrix.names)).dropna()
            if len(frame) >= (2 if len(used) == 1 else _LEAST_UNITS):
                differences[lever] = frame
        return cls.from_differences(differences)

    @classmethod
    def from_spread(cls, spread: pd.DataFrame) -> Heterogeneity:
        """Build from standard deviations [lever, value] in score units, values taken as uncorrelated."""
        return cls(
            {
                str(lever): pd.DataFrame(
                    np.diag(row.to_numpy(float) ** 2), index=spread.columns, columns=spread.columns
                )
                for lever, row in spread.iterrows()
            }
        )

    def check(self, values: Sequence[str]) -> None:
        """Raise `PlanError` when an entry lacks one of the values of the model, or `repeat` names an unknown one."""
        for name, frame in self.covariance.items():
            lacking = sorted(set(values) - set(frame.columns))
            if lacking:
                raise PlanError(
                    f"The heterogeneity of {name!r} says nothing about {lacking[0]!r}."
                    + did_you_mean(lacking[0], frame.columns)
                )
        for name in sorted(set(self.repeat) - set(values)):
            raise PlanError(f"There is repeat noise for {name!r}, which is not a value." + did_you_mean(name, values))

    def of(self, values: Sequence[str], doses: Mapping[str, float]) -> FloatArray:
        """Return the covariance (p, p) between units of the effect of some doses, in the order of `values`."""
        names = list(values)
        whole = _cell_name(list(doses))
        total = np.zeros((len(names), len(names)))
        if whole in self.covariance:
            largest = max(abs(dose) for dose in doses.values())
            return total + largest**2 * self.covariance[whole].loc[names, names].to_numpy()
        known = [node for node in doses if _cell_name([node]) in self.covariance]
        for node in known:
            total += doses[node] ** 2 * self.covariance[_cell_name([node])].loc[names, names].to_numpy()
        return total if known else np.diag([self.repeat.get(name, 0.0) ** 2 for name in names])

    def degrees_of_freedom(self, doses: Mapping[str, float]) -> float:
        """Return the degrees of freedom of the spread under some doses; inf when the number of units is not known."""
        nodes = list(doses)
        names = [_cell_name(nodes)] if _cell_name(nodes) in self.covariance else [_cell_name([node]) for node in nodes]
        return float(min((self.units[name] - 1 for name in names if name in self.units), default=math.inf))

    def covers(self, doses: Mapping[str, float]) -> tuple[str, ...]:
        """Return the nodes of the used levers whose spread is known."""
        nodes = list(doses)
        if _cell_name(nodes) in self.covariance:
            return tuple(nodes)
        return tuple(node for node in nodes if _cell_name([node]) in self.covariance)


def _cell_name(levers: Sequence[str]) -> str:
    return "+".join(sorted("+".join(levers).split("+")))
