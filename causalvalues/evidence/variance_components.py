"""Variance components of crossed random facets: how far scores generalise over wordings, statements and personas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from causalvalues.errors import DataError, did_you_mean
from causalvalues.evidence.long_answers import numbers_of
from causalvalues.evidence.parts import item_parts
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.theories import ScoringKey

Effect = tuple[str, ...]

MOST_FACETS = 4


@dataclass(frozen=True, eq=False)
class VarianceComponents:
    """Variances of a fully crossed random-effects model: answer = mean + a random effect of each set of facets.

    Parameters
    ----------
    unit : str
        What is measured (personas, models).
    facets : tuple of str
        What is generalised over (statements, wordings, repeats).
    variances : mapping of tuple of str to float
        Effect (a sorted set of the unit and facets) -> variance. The effect of all of them holds the error that is
        left, too. Estimates may be negative: then the variance is about zero.
    levels : mapping of str to float
        For each facet the harmonic mean over units of the number of its levels that a unit answered.
    n : int
        Answers used.
    jackknife : array (u, number of effects)
        Estimates with each unit left out, in the order of `variances`.
    """

    unit: str
    facets: tuple[str, ...]
    variances: Mapping[Effect, float]
    levels: Mapping[str, float]
    n: int
    jackknife: FloatArray

    @property
    def table(self) -> pd.DataFrame:
        """Variance of each effect, its standard error (jackknife over units) and its share of the sum of variances."""
        values = np.array(list(self.variances.values()))
        positive = np.maximum(values, 0.0)
        return pd.DataFrame(
            {"variance": values, "variance_se": _jackknife_error(self.jackknife), "share": positive / positive.sum()},
            index=[" x ".join(effect) for effect in self.variances],
        )


@dataclass(frozen=True)
class Generalisability:
    """Reliability of a unit's mean over random facets.

    Parameters
    ----------
    relative : float
        Generalisability coefficient, for comparing units that answered the same statements and wordings.
    relative_se : float
        Jackknife over units.
    absolute : float
        Index of dependability, for comparing units that answered other statements and wordings of the same kind.
    absolute_se : float
    sizes : mapping of str to float
        Levels of each facet that the mean is taken over.
    """

    relative: float
    relative_se: float
    absolute: float
    absolute_se: float
    sizes: Mapping[str, float]


def variance_components(table: pd.DataFrame, answer: str, unit: str, facets: Sequence[str]) -> VarianceComponents:
    """Estimate variance components of crossed facets, balanced or not, by the method of moments.

    For two answers that share the levels of exactly the facets in T the expected half squared difference is the sum of
    the variances of all effects that are not subsets of T. The mean over all such pairs estimates it without bias in
    any design; the components follow by subtraction. In a balanced design this is the analysis of variance (expected
    mean squares). Where the design is very uneven, restricted maximum likelihood is more precise.

    Parameters
    ----------
    table : DataFrame
        Long: one row an answer; rows without an answer are left out.
    answer : str
        Column of numbers.
    unit : str
        Column of what is measured, for example ``"persona_id"``.
    facets : sequence of str
        One to three columns of what is generalised over, for example ``("statement", "wording")``.

    Returns
    -------
    VarianceComponents

    Raises
    ------
    DataError
        If a column is absent, or no two answers tell an effect apart (a facet with one level, nested facets).

    References
    ----------
    Koch (1968), Technometrics 10, 551-558 (squared differences); Brennan (2001), Generalizability Theory, chapters 3
    and 7.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> grid = pd.MultiIndex.from_product([range(200), range(5)], names=["persona", "statement"]).to_frame(index=False)
    >>> grid["x"] = rng.normal(size=200)[grid["persona"]] + rng.normal(size=1000)
    >>> found = variance_components(grid, "x", "persona", ["statement"])
    >>> bool(abs(generalisability(found).relative - 5 / 6) < 0.05)
    True
    """
    names = (unit, *facets)
    for name in (answer, *names):
        if name not in table.columns:
            raise DataError(f"There is no column {name!r}." + did_you_mean(name, [str(c) for c in table.columns]))
    if not facets or len(names) > MOST_FACETS or len(set(names)) < len(names):
        raise DataError(f"Give one to {MOST_FACETS - 1} different facets besides the unit; there are {list(facets)}.")
    kept, values = numbers_of(table, answer, names)
    codes = {name: np.unique(kept[name].astype(str).to_numpy(dtype=object), return_inverse=True)[1] for name in names}
    effects = tuple(tuple(sorted(some)) for size in range(1, len(names) + 1) for some in combinations(names, size))
    variances, left_out = _estimates(values - values.mean(), codes, unit, effects)
    return VarianceComponents(
        unit=unit,
        facets=tuple(facets),
        variances=dict(zip(effects, variances.tolist(), strict=True)),
        levels={facet: _levels(codes[unit], codes[facet]) for facet in facets},
        n=len(values),
        jackknife=left_out,
    )


def generalisability(
    components: VarianceComponents, sizes: Mapping[str, float] | None = None, fixed: Sequence[str] = ()
) -> Generalisability:
    """Return how reliable a unit's mean is when facets are random.

    With T the variances of effects of the unit with fixed facets only (each divided by their sizes), D those of effects
    of the unit with a random facet and A those of all other effects with a random facet, each divided by the sizes of
    its facets: relative T / (T + D), absolute T / (T + D + A). Negative variances count as zero.

    Parameters
    ----------
    components : VarianceComponents
    sizes : mapping of str to float, optional
        Levels of each facet to average over; default: those of the data. Other sizes answer what more wordings would
        bring.
    fixed : sequence of str, default ()
        Facets that are not generalised over: exactly these statements are meant.

    Returns
    -------
    Generalisability

    Raises
    ------
    DataError
        If a facet is unknown, a size is below 1, or all facets are fixed.

    References
    ----------
    Cronbach, Gleser, Nanda and Rajaratnam (1972); Brennan (2001), Generalizability Theory, equations 4.3-4.9.
    """
    given = {} if sizes is None else dict(sizes)
    for facet in (*given, *fixed):
        if facet not in components.facets:
            raise DataError(f"There is no facet {facet!r}." + did_you_mean(facet, components.facets))
    if set(fixed) == set(components.facets):
        raise DataError("All facets are fixed, so nothing is left to generalise over.")
    if any(not size >= 1 for size in given.values()):
        raise DataError("A facet has at least one level; look at `sizes`.")
    used = {facet: float(given.get(facet, components.levels[facet])) for facet in components.facets}
    estimates = np.vstack([list(components.variances.values()), components.jackknife])
    true, mixed, other = (np.zeros(len(estimates)) for _ in range(3))
    for column, effect in zip(estimates.T, components.variances, strict=True):
        part = np.maximum(column, 0.0) / np.prod([used[facet] for facet in effect if facet != components.unit])
        random = any(facet not in fixed for facet in effect if facet != components.unit)
        if components.unit in effect and not random:
            true += part
        elif components.unit in effect:
            mixed += part
        elif random:
            other += part
    if not true[0] + mixed[0] > 0:
        raise DataError(
            f"{components.unit!r} has no variance, by itself or with a facet, so there is nothing to be reliable about."
        )
    with np.errstate(invalid="ignore"):
        both = np.column_stack([true / (true + mixed), true / (true + mixed + other)])
    errors = _jackknife_error(both[1:])
    return Generalisability(float(both[0, 0]), float(errors[0]), float(both[0, 1]), float(errors[1]), used)


def item_answers(matrix: ResponseMatrix, key: ScoringKey, dimension: str) -> pd.DataFrame:
    """Return the answers to the items of one dimension in long form, for `variance_components`.

    Parameters
    ----------
    matrix : ResponseMatrix
        Answers to items.
    key : ScoringKey
        Signs are honoured.
    dimension : str

    Returns
    -------
    DataFrame
        Columns ``unit_id``, the labels of the matrix, ``statement`` and ``answer``; one row an answer.
    """
    key.items_of(dimension)
    parts = item_parts(matrix, key)
    items = list(parts.weights[dimension])
    frame = parts.matrix.frame()
    labels = ["unit_id", *parts.matrix.labels]
    return frame[[*labels, *items]].melt(id_vars=labels, var_name="statement", value_name="answer").dropna()


def _estimates(
    values: FloatArray, codes: Mapping[str, IntArray], unit: str, effects: Sequence[Effect]
) -> tuple[FloatArray, FloatArray]:
    """Return the variances of all effects, and those with each unit left out (u, number of effects).

    For each set of facets, sums over pairs that agree on it (at least) come from the counts, sums and sums of squares
    of its cells; a unit's own share of these is taken away for the jackknife.
    """
    units = int(codes[unit].max()) + 1
    sets: tuple[Effect, ...] = ((), *effects)
    agree = {some: _pair_sums(values, [codes[name] for name in some], codes[unit], units) for some in sets}
    exact: dict[Effect, FloatArray] = {}
    for some in sorted(sets, key=len, reverse=True):
        above = [exact[more] for more in sets if set(some) < set(more)]
        exact[some] = agree[some] - sum(above, np.zeros_like(agree[some]))
    whole = effects[-1]
    half = {}
    for some in sets:
        total, pairs = exact[some]
        if some != whole and not pairs[0] > 0.5:
            shared = ", ".join(map(repr, some)) or "nothing"
            raise DataError(
                f"No two answers share exactly {shared}, so the effects cannot be told apart. Each of the unit and the "
                "facets needs two levels or more, crossed with the others; leave out a facet that is nested."
            )
        with np.errstate(invalid="ignore", divide="ignore"):
            half[some] = np.where(pairs > 0.5, total / pairs, 0.0 if some == whole else np.nan)
    return _solved(half, effects, whole)


def _solved(
    half: Mapping[Effect, FloatArray], effects: Sequence[Effect], whole: Effect
) -> tuple[FloatArray, FloatArray]:
    """Subtract: the effects inside T, and T's own, sum to half[()] - half[T]; replicates of a cell count as error."""
    found: dict[Effect, FloatArray] = {}
    for some in effects:
        inside = half[()] - (half[some] if some != whole else np.zeros_like(half[()]))
        found[some] = inside - sum((found[less] for less in effects if set(less) < set(some)), np.zeros_like(inside))
    all_of_them = np.column_stack([found[some] for some in effects])
    return all_of_them[0], all_of_them[1:]


def _pair_sums(values: FloatArray, columns: Sequence[IntArray], units: IntArray, number: int) -> FloatArray:
    """Return (2, 1 + units): half squared differences, and pairs, of answers that agree on some facets.

    Column 0 takes all answers; column 1 + u those without unit u.
    """
    cell = np.zeros(len(values), dtype=np.int64)
    for column in columns:
        cell = np.unique(cell * (int(column.max()) + 1) + column, return_inverse=True)[1]
    size = int(cell.max()) + 1
    pair, place = np.unique(cell * number + units, return_inverse=True)
    own = np.array(
        [np.bincount(place, power, minlength=len(pair)) for power in (np.ones_like(values), values, values**2)]
    )
    inside, who = pair // number, pair % number
    total = np.array([np.bincount(inside, part, minlength=size) for part in own])

    def sums(moments: FloatArray) -> FloatArray:
        count, first, second = moments
        return np.array([(count * second - first**2) / 2, count * (count - 1) / 2])

    cells, without = sums(total), sums(total[:, inside] - own)
    change = [np.bincount(who, (without - cells[:, inside])[row], minlength=number) for row in range(2)]
    every = cells.sum(axis=1)
    return np.asarray(np.column_stack([every, every[:, None] + np.array(change)]))


def _levels(units: IntArray, facet: IntArray) -> float:
    """Return the harmonic mean over units of the number of levels of a facet that they answered."""
    counts = np.bincount(np.unique(np.column_stack([units, facet]), axis=0)[:, 0])
    return round(float(len(counts) / np.sum(1.0 / counts)), 9)


def _jackknife_error(estimates: FloatArray) -> FloatArray:
    u = len(estimates)
    spread = ((estimates - estimates.mean(axis=0)) ** 2).sum(axis=0)
    return np.asarray(np.sqrt(spread * (u - 1) / u))
