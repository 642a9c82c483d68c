"""Counterfactuals of known units under many scenarios, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import FloatArray
from causalvalues.given import as_table
from causalvalues.prediction.lever_response import LeverResponse

BLOCK_NUMBERS = 4_000_000
"""Numbers in one block: 32 MB."""


@dataclass(frozen=True, eq=False)
class Line:
    """What one scenario does to any unit: profile = x + change + (x - mean) slopes.

    Parameters
    ----------
    change : array (s, p)
        Of the mean unit.
    slopes : array (s, p, p)
        [from, to]; zero where units keep all of themselves.
    """

    change: FloatArray
    slopes: FloatArray


def line_under(response: LeverResponse, doses: FloatArray) -> Line:
    """Return how profiles depend on starts under one scenario (k,)."""
    p = len(response.values)
    starts = np.concatenate([response.mean[None], response.mean + np.diag(response.terms.spread)])
    reached = response.profiles(starts, np.repeat(np.asarray(doses, dtype=float)[None], p + 1, axis=0)) - starts
    slopes = (reached[:, 1:] - reached[:, :1]) / response.terms.spread[:, None]
    return Line(reached[:, 0], slopes)


@dataclass(frozen=True, eq=False)
class Block:
    """Counterfactuals of some units under one scenario.

    Parameters
    ----------
    scenario : str
    units : tuple of str, length m
    profiles : array (s, m, p)
        One profile for each draw, score units, without the noise of an answer.
    """

    scenario: str
    units: tuple[str, ...]
    profiles: FloatArray


@dataclass(frozen=True, eq=False)
class Counterfactuals:
    """What known units would answer under scenarios; nothing is computed before it is asked for.

    Parameters
    ----------
    response : LeverResponse
    rows : DataFrame (units, p)
        Profiles without levers, columns in the order of the response's values.
    doses : DataFrame (scenarios, k)
        Columns in the order of the response's levers.
    asked : dict of str to (doses (q, k), reached (q, p))
        What some units answered under levers.
    """

    response: LeverResponse
    rows: pd.DataFrame
    doses: pd.DataFrame
    asked: dict[str, tuple[FloatArray, FloatArray]]

    def __repr__(self) -> str:
        return f"Counterfactuals({len(self.rows)} units under {len(self.doses)} scenarios)"

    def blocks(self) -> Iterator[Block]:
        """Yield counterfactuals by scenario and, within it, by block of units in order; about 32 MB at a time."""
        draws, p = len(self.response.weights), len(self.response.values)
        step = max(1, BLOCK_NUMBERS // (draws * p))
        for number in range(len(self.doses)):
            for first in range(0, len(self.rows), step):
                yield self._block(number, slice(first, first + step))

    def profiles(self, scenario: str) -> FloatArray:
        """Return all draws (s, units, p) under one scenario.

        Raises
        ------
        ModelError
            If there is no such scenario.
        """
        names = [str(name) for name in self.doses.index]
        if scenario not in names:
            raise ModelError(f"There is no scenario {scenario!r}." + did_you_mean(scenario, names))
        return self._block(names.index(scenario), slice(0, len(self.rows))).profiles

    def mean(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield each scenario with the mean counterfactual of every unit (units, p); draws are never held."""
        start = self.rows.to_numpy(dtype=float)
        for number, name in enumerate(self.doses.index):
            line = line_under(self.response, self.doses.to_numpy(dtype=float)[number])
            share = self.response.weights / self.response.weights.sum()
            slopes = np.einsum("s,sij->ij", share, line.slopes)
            mean = start + np.einsum("s,sj->j", share, line.change) + (start - self.response.mean) @ slopes
            for place, unit in enumerate(self.rows.index):
                if str(unit) in self.asked:
                    told = self._block(number, slice(place, place + 1)).profiles[:, 0]
                    # answers that are facts are the same in all draws and must stay exact
                    mean[place] = told[0] + np.einsum("s,sj->j", share, told - told[0])
            yield str(name), pd.DataFrame(mean, index=self.rows.index, columns=list(self.response.values))

    def summary(self) -> pd.DataFrame:
        """Return the population under each scenario; rows (scenario, value).

        Columns: ``mean`` over units, its mean ``change``, ``spread`` (standard deviation over units of their mean
        counterfactuals).
        """
        start = self.rows.to_numpy(dtype=float).mean(axis=0)
        parts = {}
        for name, table in self.mean():
            found = table.to_numpy()
            columns = {"mean": found.mean(axis=0), "change": found.mean(axis=0) - start, "spread": found.std(axis=0)}
            parts[name] = pd.DataFrame(columns, index=list(self.response.values))
        return pd.concat(parts, names=["scenario", "value"])

    def _block(self, number: int, places: slice) -> Block:
        rows, doses = self.rows.iloc[places], self.doses.to_numpy(dtype=float)[number]
        units = tuple(str(unit) for unit in rows.index)
        start, line = rows.to_numpy(dtype=float), line_under(self.response, doses)
        found = np.matmul(start - self.response.mean, line.slopes)
        found += line.change[:, None]
        found += start
        for place, unit in enumerate(units):
            if unit in self.asked and doses.any():
                found[:, place] = self._told(start[place], doses, *self.asked[unit])
        return Block(str(self.doses.index[number]), units, found)

    def _told(self, start: FloatArray, doses: FloatArray, asked: FloatArray, reached: FloatArray) -> FloatArray:
        """Draws (s, p) for a unit that was asked; what it answered under these very doses (their mean) stays."""
        own = self.response.updated(start, asked, reached)
        found = np.array(own.profiles(start[None], doses[None])[:, 0])
        here = reached[(asked == doses).all(axis=1)]
        seen = np.isfinite(here).any(axis=0)
        found[:, seen] = np.nanmean(here[:, seen], axis=0) if seen.any() else 0.0
        return found


def counterfactual_under(
    response: LeverResponse, rows: pd.DataFrame, doses: pd.DataFrame, asked: pd.DataFrame | None = None
) -> Counterfactuals:
    """Ask what known units would answer under scenarios.

    Abduction keeps what the mechanism says that a unit keeps; with `asked` rows, also its own deviations
    (`LeverResponse.updated`). A scenario without doses returns the facts exactly, and so does one under which the unit
    was asked (the mean of its answers, where it was asked so more than once).

    Parameters
    ----------
    response : LeverResponse
    rows : DataFrame (units, values)
        Profiles without levers, score units; the index names the units, once each.
    doses : DataFrame (scenarios, levers)
        The index names the scenarios; levers that are not named have dose 0.
    asked : DataFrame, optional
        Answers under levers: the index names the unit of each row, columns are all values and the levers used.

    Raises
    ------
    ModelError
        If a value is missing, a lever unknown, a unit or scenario named twice, a number not finite, a row of `asked`
        without lever, or there is no unit or scenario.
    """
    if not isinstance(response, LeverResponse):
        raise ModelError(f"The response is a {type(response).__name__}. Give `Mechanism().fit(rows, seed)`.")
    values, levers = list(response.values), list(response.levers)
    starts = _table(rows, values, "rows")
    scenarios = _doses(doses, levers, "doses")
    for table, what in ((starts, "unit"), (scenarios, "scenario")):
        if not len(table):
            raise ModelError(f"There is no {what}. Give at least one.")
        names = pd.Index([str(name) for name in table.index])
        twice = names[names.duplicated()]
        if len(twice):
            raise ModelError(f"The {what} {str(twice[0])!r} is named twice. Give each {what} a name of its own.")
    told: dict[str, tuple[FloatArray, FloatArray]] = {}
    if asked is not None:
        reached = _table(asked, values, "asked", lost=True)
        used = _doses(asked.drop(columns=values), levers, "asked")
        if not (used != 0).any(axis=1).all():
            raise ModelError("A row of `asked` uses no lever. Profiles without levers belong into `rows`.")
        for unit in dict.fromkeys(str(name) for name in asked.index):
            if unit not in {str(name) for name in starts.index}:
                raise ModelError(f"`asked` names the unit {unit!r}, whose profile without levers is not in `rows`.")
            here = np.array([str(name) == unit for name in asked.index])
            told[unit] = (used.to_numpy()[here], reached.to_numpy()[here])
    return Counterfactuals(response, starts, scenarios, told)


def _table(given: pd.DataFrame, columns: list[str], what: str, lost: bool = False) -> pd.DataFrame:
    table = as_table(given, f"`{what}`", columns, ModelError)
    if not lost and table.isna().to_numpy().any():
        raise ModelError(f"`{what}` holds a number that is not finite. Give complete profiles.")
    return table


def _doses(given: pd.DataFrame, levers: list[str], what: str) -> pd.DataFrame:
    named = list(given.columns) if isinstance(given, pd.DataFrame) else []
    for name in named:
        if name not in levers:
            raise ModelError(f"There is no lever {str(name)!r}." + did_you_mean(str(name), levers))
    table = as_table(given, f"`{what}`", named, ModelError).reindex(columns=levers)
    table[[name for name in levers if name not in named]] = 0.0
    if not np.isfinite(table.to_numpy()).all():
        raise ModelError("A dose is not finite. Give a number, 0 for a lever that is not used.")
    return table
