"""What the answers to an item tell: about which group answers, and about the value it stands for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from causalvalues.frozen import FloatArray, IntArray
from causalvalues.randomness import stream
from causalvalues.reports.false_discovery import q_values
from causalvalues.responses import ResponseMatrix
from causalvalues.theories import ScoringKey

ALMOST_ALL = 0.95
"""Share of rows with one and the same answer, from which an item is saturated."""
FLAT = 0.1
"""Standard deviation, as a share of the median item's, below which an item hardly varies."""


def classes(answers: FloatArray, most: int) -> IntArray:
    """Sort answers (n,) into classes: their own levels when there are at most `most`, else classes of equal size.

    Returns
    -------
    array (n,) of int
        -1 where there is no answer.
    """
    known = np.isfinite(answers)
    found = np.full(len(answers), -1, dtype=np.int64)
    levels, places = np.unique(answers[known], return_inverse=True)
    if len(levels) > most:
        edges = np.quantile(answers[known], np.arange(1, most) / most)
        places = np.searchsorted(edges, answers[known], side="right")
    found[known] = places
    return found


def divergence(codes: IntArray, groups: IntArray, size: int) -> float:
    """Return the generalised Jensen-Shannon divergence of groups, in bits, each group with the same weight.

    H(mean of the groups' distributions) - mean of their entropies (Lin 1991): the information that one answer gives
    about which group it is from, when each is as likely beforehand. 0 when all groups answer alike, log2(groups) when
    an answer tells the group for sure.

    Parameters
    ----------
    codes : array (n,) of int
        Classes from 0; -1 is left out.
    groups : array (n,) of int
        From 0 to size - 1.
    size : int

    Examples
    --------
    >>> divergence(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), 2)
    1.0
    """
    there = codes >= 0
    width = int(codes.max(initial=0)) + 1
    counts = np.bincount(groups[there] * width + codes[there], minlength=size * width).reshape(size, width)
    totals = counts.sum(axis=1)
    if not (totals > 0).all():
        return math.nan
    shares = counts / totals[:, None]
    return max(float(_entropy(shares.mean(axis=0)) - _entropy(shares).mean()), 0.0)


def _entropy(shares: FloatArray) -> FloatArray:
    logs = np.log2(shares, out=np.zeros_like(shares, dtype=np.float64), where=shares > 0)
    return np.asarray(-(shares * logs).sum(axis=-1))


@dataclass(frozen=True, eq=False)
class Groups:
    """Rows of the groups that items are to tell apart.

    Parameters
    ----------
    names : tuple of str
    rows : array (n,) of int
        Rows of the matrix.
    codes : array (n,) of int
        Group of each of them.
    clusters : tuple of str, length n
        Units; labels are exchanged within units that are in several groups.
    """

    names: tuple[str, ...]
    rows: IntArray
    codes: IntArray
    clusters: tuple[str, ...]

    @cached_property
    def units(self) -> IntArray:
        """Number of the unit of each row, (n,)."""
        named = np.array(self.clusters, dtype=object).astype(str)
        return np.unique(named, return_inverse=True)[1].astype(np.int64)

    @cached_property
    def within(self) -> bool:
        """Whether every unit with several rows is in several groups, so that labels can be exchanged within units."""
        table = pd.DataFrame({"cluster": self.clusters, "group": self.codes})
        several = table.groupby("cluster")["group"].agg(["size", "nunique"])
        return bool(((several["size"] == 1) | (several["nunique"] > 1)).all() and (several["nunique"] > 1).any())

    def exchanged(self, seed: int, number: int) -> IntArray:
        """Return the codes with labels exchanged: within units, or all labels of a unit together."""
        random, units = stream(seed, "exchange groups", number), self.units
        if self.within:
            order = np.lexsort((random.random(len(self.codes)), units))
            found = np.empty_like(self.codes)
            found[np.argsort(units, kind="stable")] = self.codes[order]
            return found
        first = self.codes[np.unique(units, return_index=True)[1]]
        return np.asarray(random.permutation(first)[units])


def separation(items: ResponseMatrix, groups: Groups, how: tuple[int, int, int]) -> pd.DataFrame:
    """Return how well each item tells the groups apart.

    Parameters
    ----------
    items : ResponseMatrix
    groups : Groups
    how : tuple of int
        Classes, exchanges and seed.

    Returns
    -------
    DataFrame
        Indexed by item: ``bits`` (divergence), ``chance`` (its mean when labels are exchanged), ``beyond`` (bits less
        chance), ``p``, ``q``.
    """
    bins, permutations, seed = how
    size = len(groups.names)
    codes = {name: classes(items.scores[groups.rows, j], bins) for j, name in enumerate(items.names)}
    nulls = [groups.exchanged(seed, number) for number in range(permutations)]
    rows = {}
    for name in sorted(codes):
        bits = divergence(codes[name], groups.codes, size)
        null = np.array([divergence(codes[name], each, size) for each in nulls])
        p = math.nan if math.isnan(bits) else float((np.sum(null >= bits - 1e-12) + 1) / (len(null) + 1))
        chance = float(np.nanmean(null)) if np.isfinite(null).any() else math.nan
        rows[name] = {"bits": bits, "chance": chance, "beyond": bits - chance, "p": p}
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.assign(q=q_values(table["p"].to_numpy(dtype=float)))


def information(items: ResponseMatrix, key: ScoringKey | None, rows: IntArray) -> pd.DataFrame:
    """Return what each item tells about its own value and about others, from rows without lever.

    Under normal scores an item that correlates r with a score holds -log2(1 - r^2) / 2 bits about it. Its own value is
    scored from the other items.

    Parameters
    ----------
    items : ResponseMatrix
    key : ScoringKey or None
        None: columns are values, and nothing is known of items.
    rows : array of int
        Rows without lever.

    Returns
    -------
    DataFrame
        Indexed by item: ``value, own, other, other_value`` (bits), ``sd``, ``same`` (share of the most common answer).
    """
    scores = items.scores[rows]
    signs = [1.0 if key is None or name not in key.items else float(key.items[name].sign) for name in items.names]
    turned = np.asarray(scores * np.array(signs))
    found = {}
    for j, name in enumerate(items.names):
        answers = scores[:, j][np.isfinite(scores[:, j])]
        counts = np.unique(answers, return_counts=True)[1]
        held: dict[str, object] = {"value": name, "own": np.nan, "other": np.nan, "other_value": ""}
        if key is not None and name in key.items:
            held |= _bits(name, turned, items.names, key)
        held["sd"] = float(answers.std()) if len(answers) else np.nan
        held["same"] = float(counts.max() / len(answers)) if len(answers) else np.nan
        found[name] = held
    return pd.DataFrame.from_dict(found, orient="index")


def _bits(item: str, turned: FloatArray, names: tuple[str, ...], key: ScoringKey) -> dict[str, object]:
    value, answers = key.items[item].dimension, turned[:, names.index(item)]
    found = {}
    for dimension in key.dimensions:
        columns = [names.index(each) for each in key.items_of(dimension) if each != item and each in names]
        if columns:
            found[dimension] = gaussian_bits(answers, turned[:, columns].mean(axis=1))
    others = {name: bits for name, bits in sorted(found.items()) if name != value and math.isfinite(bits)}
    most = max(others, key=lambda name: others[name], default="")
    return {"value": value, "own": found.get(value, math.nan), "other": others.get(most, math.nan), "other_value": most}


def gaussian_bits(x: FloatArray, y: FloatArray) -> float:
    """Return -log2(1 - r^2) / 2; 0 when one of the two does not vary, NaN with fewer than three pairs."""
    there = np.isfinite(x) & np.isfinite(y)
    if there.sum() < 3:
        return math.nan
    if np.ptp(x[there]) == 0 or np.ptp(y[there]) == 0:
        return 0.0
    r = float(np.corrcoef(x[there], y[there])[0, 1])
    return -0.5 * math.log2(max(1 - r * r, 1e-12))


def verdicts(table: pd.DataFrame, fdr: float) -> pd.Series:
    """Return what to think of each item: saturated, separates nobody, speaks of another value, or informative."""
    usual = float(table["sd"].median())
    said = []
    for row in table.to_dict("records"):
        if float(row["same"]) >= ALMOST_ALL or float(row["sd"]) < FLAT * usual:
            said.append("saturated")
        elif not float(row["q"]) <= fdr:
            said.append("separates nobody")
        elif float(row["other"]) > float(row["own"]):
            said.append("speaks of another value")
        else:
            said.append("informative")
    return pd.Series(said, index=table.index)
