"""A mechanism fitted to rows after forced answers: how well it foresees other units and other pairs of answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray
from causalvalues.numerals import estimate, number
from causalvalues.prediction import LeverResponse, Mechanism, PairedRows, Predictor
from causalvalues.prediction.left_out import LeftOut, base_lever, left_out, macro_r2, micro_r2
from causalvalues.randomness import stream
from causalvalues.skill.experimental_nouns import ExperimentalMatrix
from causalvalues.skill.forced_answers import ForcedAnswers
from causalvalues.skill.forced_rows import Rejects, forced_rows
from causalvalues.skill.simple import SumOfSingles

CODINGS: tuple[Rejects, ...] = ("apart", "same", "negative")
ADDITIVE, SUM = "mechanism without saturation", "sum of single effects"


@dataclass(frozen=True, eq=False)
class ForcedResponse:
    """What forced answers do, fitted, and how well it foresees rows that the fit has not seen.

    Parameters
    ----------
    response : LeverResponse
        Fitted to all rows; levers ``say_<value>`` or ``say_<value>~<statement>``, dose = number of statements.
    rows : PairedRows
    rejects : {"apart", "same", "negative"}
        The coding of rejections.
    table : DataFrame
        One row for each (left out, predictor): ``r2`` of changes about each value's mean change with all cells
        pooled, ``lower, upper`` (bootstrap over units), ``macro`` R2, ``mae``, ``coverage`` of 90% intervals, ``rows``,
        ``lead`` over the sum of single effects with ``lead_lower, lead_upper``. Left out are units, and pairs of values
        (both stances, all units).
    codings, saturation : DataFrame
        The same for left-out units: one row a coding of rejections, ``lead`` over the coding ``same``; the mechanism
        with and without saturation, ``lead`` over the one without.
    verdict : tuple of str
    """

    response: LeverResponse
    rows: PairedRows
    rejects: Rejects
    table: pd.DataFrame
    codings: pd.DataFrame
    saturation: pd.DataFrame
    verdict: tuple[str, ...]

    def __repr__(self) -> str:
        return f"ForcedResponse({self.response!r}; {self.verdict[0]})"


@dataclass(frozen=True)
class Slope:
    """Slope of the effects of one way of forcing on those of another, through zero, with its interval."""

    mean: float
    lower: float
    upper: float

    def __str__(self) -> str:
        return estimate(self.mean, self.lower, self.upper)


def way_slope(matrix: ExperimentalMatrix, of: str, on: str, seed: int = 0, resamples: int = 1000) -> Slope:
    """Compare two ways of forcing: 1 where both do the same, -1 where they do the opposite, 2 where one does double.

    The slope is sum(a b - cov(a, b)) / sum(b^2 - var(b)) over all pairs of values, with a and b the centred effects of
    the two ways and the (co)variances of their errors over units, so that errors do not pull it anywhere (Fuller 1987,
    Measurement Error Models, equation 1.2.3); the interval is a bootstrap over units.

    Parameters
    ----------
    matrix : ExperimentalMatrix
    of, on : str
        Names of ways, such as ``"rejects"`` and ``"agrees"``, or ``"2"`` and ``"1"`` (statements).
    seed : int, default 0
    resamples : int, default 1000

    Raises
    ------
    ModelError
        If there is no such way.
    """
    units = len(matrix.units)
    influence = {way: np.nan_to_num(matrix.influences(way, True)[1]) for way in (of, on)}
    shared, noise = (float((influence[way] * influence[on]).sum()) * units / max(units - 1, 1) for way in (of, on))
    counts = np.vstack([np.ones((1, units)), matrix.draws(resamples, seed)])
    a, b = (_special(matrix.resampled(counts, way)) for way in (of, on))
    seen = np.isfinite(a) & np.isfinite(b)
    # a resample carries the noise of the sample and its own
    times = np.r_[1.0, np.full(resamples, 2.0)]
    product = np.where(seen, a, 0.0) * np.where(seen, b, 0.0)
    above = product.sum(axis=(1, 2)) - shared * times
    below = np.square(np.where(seen, b, 0.0)).sum(axis=(1, 2)) - noise * times
    if not below[0] > 0:
        raise ModelError(
            f"The effects of {on!r} are no larger than their errors, so nothing can be compared with them."
        )
    draws = above[1:] / np.maximum(below[1:], 1e-3 * below[0])
    lower, upper = np.quantile(draws, [(1 - matrix.settings.level) / 2, (1 + matrix.settings.level) / 2])
    return Slope(float(above[0] / below[0]), float(lower), float(upper))


def _special(effects: FloatArray) -> FloatArray:
    apart = ~np.eye(effects.shape[-1], dtype=bool) & np.isfinite(effects)
    total = np.where(apart, effects, 0.0).sum(axis=1, keepdims=True)
    return np.asarray(effects - total / np.maximum(apart.sum(axis=1, keepdims=True), 1))


@dataclass(frozen=True)
class ForcedSettings:
    """How a mechanism is fitted to forced answers.

    Parameters
    ----------
    mechanism : Mechanism
        Default: saturation and persistence, without interactions of pairs and without moderation by lever.
    rejects : {"apart", "same", "negative"} or None, default None
        How rejections are coded; None: as left-out units are foreseen best.
    by_statement : bool or None, default None
        Whether each statement is a lever of its own; None: wherever statements are named.
    folds : int, default 5
        Of units.
    """

    mechanism: Mechanism = field(default_factory=lambda: Mechanism(interactions=False, moderated=False, draws=100))
    rejects: Rejects | None = None
    by_statement: bool | None = None
    folds: int = 5


def forced_response(answers: ForcedAnswers, settings: ForcedSettings | None = None, seed: int = 0) -> ForcedResponse:
    """Fit what forced answers do, and say how well it foresees other units and other pairs.

    Parameters
    ----------
    answers : ForcedAnswers
    settings : ForcedSettings, optional
    seed : int, default 0

    Raises
    ------
    ModelError
        If there are too few units, or the coding is unknown.
    """
    given = settings or ForcedSettings()
    how, apart = given.mechanism, given.by_statement
    if apart is None:
        apart = all(name for names in answers.statements for name in names)
    stances = {stance for each in answers.stances for stance in each}
    told = CODINGS if len(stances) > 1 else ("same",)
    tried = {coding: forced_rows(answers, coding, apart) for coding in told}
    units = {coding: left_out(how, rows, "persona", seed, given.folds) for coding, rows in tried.items()}
    codings = _scores({str(coding): found for coding, found in units.items()}, "same", seed)
    best = max(sorted(units), key=lambda coding: float(codings["r2"].loc[coding]))
    chosen: Rejects = given.rejects or best
    rows = tried[chosen] if chosen in tried else forced_rows(answers, chosen, apart)
    table, saturation = _tables(rows, how, (seed, given.folds))
    response = how.fit(rows, seed)
    said = _verdict(table, how.name), _saturates(saturation, response), _coded(codings, chosen)
    verdict = tuple(line for lines in said for line in lines)
    return ForcedResponse(response, rows, chosen, table, codings, saturation, verdict)


def _tables(rows: PairedRows, how: Mechanism, drawn: tuple[int, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    seed, folds = drawn
    without = replace(how, saturation=False, name=ADDITIVE)
    predictors: dict[str, Predictor] = {how.name: how, ADDITIVE: without, SUM: SumOfSingles()}
    found = {name: left_out(one, rows, "persona", seed, folds) for name, one in predictors.items()}
    saturation = _scores({name: found[name] for name in (how.name, ADDITIVE)}, ADDITIVE, seed)
    parts = {"units": _scores({name: found[name] for name in (how.name, SUM)}, SUM, seed)}
    pairs = {base_lever(a) + base_lever(b) for a, b in _pairs(rows)}
    if len(pairs) > 1:
        parts["pairs"] = _scores(
            {name: left_out(predictors[name], rows, "pair", seed) for name in (how.name, SUM)}, SUM, seed
        )
    return pd.concat(parts, names=["left out", "predictor"]), saturation


def _pairs(rows: PairedRows) -> list[tuple[str, str]]:
    found = [[rows.levers[i] for i in np.flatnonzero(row)] for row in np.unique(rows.doses, axis=0)]
    return [(each[0], each[1]) for each in found if len(each) == 2 and base_lever(each[0]) != base_lever(each[1])]


def _scores(found: dict[str, LeftOut], against: str, seed: int) -> pd.DataFrame:
    """Return one row for each prediction of rows that it has not seen; intervals from a bootstrap over units."""
    units = sorted({unit for each in found.values() for unit in each.rows.units})
    counts = stream(seed, "units").multinomial(len(units), np.full(len(units), 1 / len(units)), 1000)
    place = {unit: i for i, unit in enumerate(units)}
    draws, table = {}, {}
    for name, each in found.items():
        y, f = each.rows.change, each.mean - each.rows.start
        seen = np.isfinite(y) & np.isfinite(f)
        error = np.where(seen, np.square(y - f), 0.0).sum(axis=1)
        spread = np.where(seen, np.square(y - np.nanmean(y, axis=0)), 0.0).sum(axis=1)
        at = [place[unit] for unit in each.rows.units]
        e, s = (np.bincount(at, part, minlength=len(units)) for part in (error, spread))
        draws[name] = 1 - (counts @ e) / (counts @ s)
        lower, upper = np.quantile(draws[name], [0.05, 0.95])
        inside = (each.rows.reached >= each.lower) & (each.rows.reached <= each.upper)
        table[name] = {
            "r2": micro_r2(y, f),
            "lower": float(lower),
            "upper": float(upper),
            "macro": macro_r2(y, f),
            "mae": float(np.abs(y - f)[seen].mean()),
            "coverage": float(inside[seen].mean()),
            "rows": float(len(each.rows)),
        }
    for name, row in table.items():
        lead = draws[name] - draws.get(against, draws[name])
        row["lead"] = row["r2"] - table.get(against, row)["r2"]
        row["lead_lower"], row["lead_upper"] = (float(end) for end in np.quantile(lead, [0.05, 0.95]))
    return pd.DataFrame(table).T


def _row(table: pd.DataFrame, name: str) -> dict[str, float]:
    return {str(column): float(table[column].loc[name]) for column in table.columns}


def _verdict(table: pd.DataFrame, name: str) -> list[str]:
    said = []
    for what in dict.fromkeys(str(each) for each in table.index.get_level_values(0)):
        one = _row(pd.DataFrame(table.xs(what)), name)
        lead = estimate(one["lead"], one["lead_lower"], one["lead_upper"])
        better = "better" if one["lead_lower"] > 0 else "worse" if one["lead_upper"] < 0 else "not shown to be better"
        said.append(
            f"left-out {what}: R2 of the change {estimate(one['r2'], one['lower'], one['upper'])}, {better} than the "
            f"sum of single effects (difference {lead}); 90% intervals cover {number(100 * one['coverage'], 0)}%"
        )
    return said


def _saturates(table: pd.DataFrame, response: LeverResponse) -> list[str]:
    one = _row(table, str(table.index[0]))
    lead = estimate(one["lead"], one["lead_lower"], one["lead_upper"], 3)
    return [f"saturation (w = {number(response.shape[0])}) changes R2 for left-out units by {lead}"]


def _coded(codings: pd.DataFrame, chosen: str) -> list[str]:
    if len(codings) < 2:
        return []
    words = {"apart": "levers of their own", "same": "the same levers as agreeing", "negative": "negative doses"}
    r2 = "; ".join(f"{words[str(name)]} {number(float(codings['r2'].loc[name]))}" for name in codings.index)
    return [f"rejected statements are {words[chosen]}: R2 for left-out units {r2}"]
