"""Value-on-value effects by experiment as data: sums over units, and the tables that follow from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import BoolArray, FloatArray, frozen_floats
from causalvalues.model.quantiles import interval_shares
from causalvalues.randomness import stream
from causalvalues.skill.experimental_inference import differs_p, equivalence_p, false_discovery

ALL = "all"


@dataclass(frozen=True)
class ExperimentSettings:
    """How effects are judged.

    Parameters
    ----------
    level : float, default 0.9
        Of intervals.
    share : float, default 0.05
        Expected share of false claims among the effects that are said to differ from zero, and among the pairs that
        are said not to move (Benjamini and Hochberg).
    smallest : float, default 0.5
        Smallest effect of interest, in standard deviations of each value between units after neutral sentences. Half a
        standard deviation is a usual threshold of what people notice (Norman, Sloan and Wyrwich 2003, Medical Care 41,
        582-592).
    """

    level: float = 0.9
    share: float = 0.05
    smallest: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.level < 1 or not 0 < self.share < 1:
            raise ModelError(f"`level` is {self.level} and `share` {self.share}; both lie between 0 and 1.")
        if not self.smallest > 0:
            raise ModelError(f"The smallest effect of interest is {self.smallest}. Give a positive number, such as .5.")


@dataclass(frozen=True, eq=False)
class ExperimentalEffects:
    """Effects of forced values on values; every table is [forced value, value], in score units.

    Parameters
    ----------
    mean, se, lower, upper : DataFrame (p, p)
        Mean over units, standard error robust to repeated rows of a unit, central t interval.
    differs : DataFrame (p, p) of bool
        Effects that differ from zero under false-discovery control. Those of a value on itself are a family of their
        own.
    still : DataFrame (p, p) of bool
        Effects that are shown to be smaller than the smallest effect of interest: two one-sided tests, false-discovery
        control as above. What neither differs nor is still is undecided; both can hold at once for a small sure effect.
    level : float
        Of the intervals.
    share : float
        Expected share of false claims.
    centred : bool
        Whether the mean effect of the other forced values on the same value has been taken away.
    """

    mean: pd.DataFrame
    se: pd.DataFrame
    lower: pd.DataFrame
    upper: pd.DataFrame
    differs: pd.DataFrame
    still: pd.DataFrame
    level: float
    share: float
    centred: bool

    def __repr__(self) -> str:
        apart = ~np.eye(len(self.mean), dtype=bool)
        moved, still = int(self.differs.to_numpy()[apart].sum()), int(self.still.to_numpy()[apart].sum())
        return f"ExperimentalEffects({len(self.mean)} values; of {apart.sum()} pairs {moved} differ, {still} are still)"


@dataclass(frozen=True, eq=False)
class ExperimentalMatrix:
    """Value-on-value effects by experiment, as sums over units, so that any way of forcing and any resample follows.

    Parameters
    ----------
    values : tuple of str, length p
        In name order.
    ways : tuple of (str, int), length w
        Stance and number of statements of one value that were forced.
    units : tuple of str, length g
        What errors are about: units that answered, or statements that were forced.
    sums, counts : array (g, w, p, p)
        For each unit and way the weighted sum of the changes of value j after statements of value i, and their weight.
    smallest : array (p,)
        Smallest effect of interest of each value, in score units.
    settings : ExperimentSettings
    notes : tuple of str
    strata : tuple of str, length g, optional
        Units are resampled and halved within strata (statements within their value). Default: one stratum.
    over : {"units", "statements"}, default "units"
        What units are.
    """

    values: tuple[str, ...]
    ways: tuple[tuple[str, int], ...]
    units: tuple[str, ...]
    sums: FloatArray
    counts: FloatArray
    smallest: FloatArray
    settings: ExperimentSettings
    notes: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()
    over: Literal["units", "statements"] = "units"

    def __post_init__(self) -> None:
        object.__setattr__(self, "strata", tuple(self.strata) or ("",) * len(self.units))
        g, w, p = len(self.units), len(self.ways), len(self.values)
        for name, shape in (("sums", (g, w, p, p)), ("counts", (g, w, p, p)), ("smallest", (p,))):
            try:
                object.__setattr__(self, name, frozen_floats(getattr(self, name), shape, name))
            except ValueError as error:
                raise ModelError(str(error)) from None

    def __repr__(self) -> str:
        ways = ", ".join(f"{stance} {count}" for stance, count in self.ways)
        return f"ExperimentalMatrix({len(self.values)} values, {len(self.units)} {self.over}; ways: {ways})"

    @cached_property
    def names_of_ways(self) -> tuple[str, ...]:
        """What `effects` understands: each way (``"agrees 1"``), each stance, each number, and ``"all"``."""
        single = [f"{stance} {count}" for stance, count in self.ways]
        stances = sorted({stance for stance, _ in self.ways})
        counts = sorted({count for _, count in self.ways})
        return (*single, *stances, *(str(count) for count in counts), ALL)

    def effects(self, way: str = ALL, centred: bool = False) -> ExperimentalEffects:
        """Return the effects of one way of forcing, or the plain mean of those of several ways.

        Parameters
        ----------
        way : str, default "all"
            One of `names_of_ways`.
        centred : bool, default False
            Take away the mean effect of the other forced values on the same value: what is special to the pair, and
            does not depend on what the neutral sentences say.

        Raises
        ------
        ModelError
            If there is no such way.
        """
        mean, influence, units = self.influences(way, centred)
        factor = units / np.maximum(units - 1, 1)
        se = np.where(units > 1, np.sqrt(factor * np.square(influence).sum(axis=0)), np.nan)
        freedom = units - 1.0
        half = se * stdtrit(np.maximum(freedom, 1), interval_shares(self.settings.level)[1])
        differs = self._families(differs_p(mean, se, freedom))
        still = self._families(equivalence_p(mean, se, freedom, np.broadcast_to(self.smallest, mean.shape)))
        return ExperimentalEffects(
            mean=self._frame(mean),
            se=self._frame(se),
            lower=self._frame(mean - half),
            upper=self._frame(mean + half),
            differs=self._frame(differs),
            still=self._frame(still),
            level=self.settings.level,
            share=self.settings.share,
            centred=centred,
        )

    def resampled(self, counts: FloatArray, way: str = ALL) -> FloatArray:
        """Return the effects (b, p, p) when unit g counts `counts[b, g]` times; NaN where nothing is left."""
        members = self._members(way)
        found = np.zeros((len(counts), len(self.values), len(self.values)))
        for member in members:
            total = np.einsum("bg,gij->bij", counts, self.counts[:, member])
            sums = np.einsum("bg,gij->bij", counts, self.sums[:, member])
            found += np.where(total > 0, sums / np.where(total > 0, total, 1.0), np.nan) / len(members)
        return found

    def draws(self, resamples: int, seed: int) -> FloatArray:
        """Return how often each unit is in each bootstrap sample (b, g), drawn within strata."""
        found = np.zeros((resamples, len(self.units)))
        for stratum, places in self._places().items():
            share = np.full(len(places), 1 / len(places))
            found[:, places] = stream(seed, "units", stratum).multinomial(len(places), share, resamples)
        return found

    def halves(self, seed: int = 0) -> tuple[ExperimentalMatrix, ExperimentalMatrix]:
        """Return the experiment on one random half of the units (within strata), and on the other.

        Raises
        ------
        ModelError
            If a stratum has fewer than two units, or there are fewer than four units.
        """
        first = np.zeros(len(self.units), dtype=bool)
        strata = self._places()
        if len(self.units) < 4 or min(len(places) for places in strata.values()) < 2:
            raise ModelError(
                f"{len(self.units)} units cannot be halved. Two or more a stratum, four in all are needed."
            )
        for stratum, places in strata.items():
            order = stream(seed, "halves of units", stratum).permutation(len(places))
            first[np.array(places)[order[: len(places) // 2]]] = True
        return self.on(first), self.on(~first)

    def on(self, units: BoolArray) -> ExperimentalMatrix:
        """Return the experiment on some of the units (g,)."""
        kept, strata = (
            tuple(each for each, keep in zip(names, units, strict=True) if keep) for names in (self.units, self.strata)
        )
        return replace(self, units=kept, strata=strata, sums=self.sums[units], counts=self.counts[units])

    def _places(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for place, stratum in enumerate(self.strata):
            found.setdefault(stratum, []).append(place)
        return found

    def _members(self, way: str) -> list[int]:
        if way not in self.names_of_ways:
            raise ModelError(f"No statements were forced in the way {way!r}." + did_you_mean(way, self.names_of_ways))
        return [
            i for i, (stance, count) in enumerate(self.ways) if way in (ALL, stance, str(count), f"{stance} {count}")
        ]

    def influences(self, way: str, centred: bool) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return effects (p, p), the influence of each unit on them (g, p, p), and how many units were seen (p, p).

        The sum over units of products of influences is the covariance of two effects, up to G / (G - 1).
        """
        members = self._members(way)
        mean = np.zeros((len(self.values), len(self.values)))
        influence = np.zeros((len(self.units), *mean.shape))
        seen = np.zeros((len(self.units), *mean.shape), dtype=bool)
        for member in members:
            total = self.counts[:, member].sum(axis=0)
            known = np.where(total > 0, total, 1.0)
            here = np.where(total > 0, self.sums[:, member].sum(axis=0) / known, np.nan)
            mean += here / len(members)
            influence += (self.sums[:, member] - self.counts[:, member] * here) / known / len(members)
            seen |= self.counts[:, member] > 0
        if centred:
            mean = mean - _others(mean[None])[0]
            influence = influence - _others(influence)
        return mean, influence, seen.sum(axis=0).astype(float)

    def _families(self, p_values: FloatArray) -> BoolArray:
        own = np.eye(len(self.values), dtype=bool)
        found = np.zeros(p_values.shape, dtype=bool)
        for family in (own, ~own):
            found[family] = false_discovery(p_values[family], self.settings.share)
        return found

    def _frame(self, table: FloatArray | BoolArray) -> pd.DataFrame:
        return pd.DataFrame(table, index=list(self.values), columns=list(self.values))


def _others(tables: FloatArray) -> FloatArray:
    """Return for each column the mean over the rows that are not its own, (b, 1, p)."""
    apart = ~np.eye(tables.shape[-1], dtype=bool) & np.isfinite(tables)
    count = apart.sum(axis=1, keepdims=True)
    return np.asarray(np.where(apart, tables, 0.0).sum(axis=1, keepdims=True) / np.maximum(count, 1))
