"""What is wanted of a population of personas, how it may be steered, and what came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from causalvalues.errors import PlanError
from causalvalues.given import as_ends, as_items, as_number, as_numbers, as_table, require_kind
from causalvalues.planning.methods import Enumerate, PlanMethod


@dataclass(frozen=True, eq=False)
class PopulationTarget:
    """A wanted distribution of profiles: a list of wanted profiles, or a mean and spread of each value.

    Parameters
    ----------
    profiles : DataFrame, optional
        One row a wanted profile, one column a value (those that matter), score units.
    weights : sequence of float, optional
        How much of the population each wanted profile stands for; default equal.
    spread : mapping of str to (mean, standard deviation), default {}
        Wanted of each named value, as a normal distribution, instead of `profiles`.
    tolerance : float, default 0.25
        Somebody comes near a wanted profile when the mean absolute error is at most this.

    Raises
    ------
    PlanError
        If neither or both are given, or a number is not finite, negative where it may not be, or missing.
    """

    profiles: pd.DataFrame | None = None
    weights: Sequence[float] | None = None
    spread: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    tolerance: float = 0.25

    def __post_init__(self) -> None:
        put = object.__setattr__
        stated = as_items(self.spread, "`spread`")
        put(self, "spread", {name: as_ends(each, f"The spread of {name!r} (mean, deviation)") for name, each in stated})
        if self.profiles is not None:
            require_kind(self.profiles, pd.DataFrame, "`profiles`: give a DataFrame, one row a wanted profile")
            columns = list(self.profiles.columns)
            put(self, "profiles", as_table(self.profiles, "A table of wanted profiles", columns))
        put(self, "tolerance", as_number(self.tolerance, "The tolerance"))
        if (self.profiles is None or not len(self.profiles)) == (not self.spread):
            raise PlanError("Give a population target either wanted `profiles` or a `spread`, one of the two.")
        if not self.tolerance > 0:
            raise PlanError(f"The tolerance is {self.tolerance}. Give a positive number in score units.")
        for name, (mean, deviation) in self.spread.items():
            if not (np.isfinite(mean) and np.isfinite(deviation) and deviation >= 0):
                raise PlanError(
                    f"The spread of {name!r} is ({mean}, {deviation}). Give a finite mean and a deviation >= 0."
                )
        if self.profiles is None:
            return
        if not np.isfinite(self.profiles.to_numpy()).all():
            raise PlanError("A wanted profile is not finite. Leave out values that are not wanted, or that profile.")
        given = np.ones(len(self.profiles))
        if self.weights is not None:
            given = np.array(as_numbers(self.weights, "The weights of the wanted profiles"))
        if given.shape != (len(self.profiles),) or not ((given >= 0).all() and given.sum() > 0):
            raise PlanError(f"Give one weight of zero or more for each of the {len(self.profiles)} wanted profiles.")
        object.__setattr__(self, "weights", tuple((given / given.sum()).tolist()))

    @property
    def named(self) -> tuple[str, ...]:
        """Values that the target speaks of, in name order."""
        return tuple(sorted(self.spread if self.profiles is None else map(str, self.profiles.columns)))


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """How a population may be steered.

    Parameters
    ----------
    plan : PlanMethod, default Enumerate()
        Rules of the lever sets (``max_levers, budget, untried``).
    groups : mapping of str to str, default {}
        Persona -> group; the members of a group share one mixture of lever sets. Default: each persona has its own.
    atoms : int, default 40
        Quantiles that stand for the normal distribution of a `spread`.
    """

    plan: PlanMethod = field(default_factory=Enumerate)
    groups: Mapping[str, str] = field(default_factory=dict)
    atoms: int = 40

    def __post_init__(self) -> None:
        if self.atoms < 2:
            raise PlanError(f"`atoms` is {self.atoms}. Give 2 or more.")


@dataclass(frozen=True, eq=False)
class PopulationPlan:
    """Which share of whom gets which lever set, and how the population then looks.

    Distances are in score units: with wanted profiles the Wasserstein-1 distance under the mean absolute difference;
    with a spread the mean over the values of the one-dimensional ones.

    Parameters
    ----------
    assignment : DataFrame
        ``group, levers, share, doses``: share of the group's answers that get the lever set; adds up to 1 by group.
    mixture : DataFrame
        ``levers, share``: the same over the whole population, largest first.
    distance : float
        Of the steered population from the target: the least that any mixture has (a linear program), up to `gap`.
    gap : float
        By how much `distance` may exceed the least one: zero with wanted profiles, and with a spread zero unless there
        are more than 400 profiles.
    distance_before, distance_single : float
        Without levers; with the best one lever set for everybody.
    single : mapping of str to float
        That lever set.
    values : DataFrame
        Indexed by value: mean and standard deviation before, after and wanted, and the distances before and after.
    pluralism : DataFrame
        Rows ``Overton, steerable, distributional``, columns ``before, after`` (the first two: shares; the last: the
        distance); empty shares where no profiles are wanted.
    reached : DataFrame
        ``persona, levers, share`` and the values: every profile of the steered population; shares add up to 1.
    sentences : tuple of str
    """

    assignment: pd.DataFrame
    mixture: pd.DataFrame
    distance: float
    gap: float
    distance_before: float
    distance_single: float
    single: Mapping[str, float]
    values: pd.DataFrame
    pluralism: pd.DataFrame
    reached: pd.DataFrame
    sentences: tuple[str, ...]

    def __repr__(self) -> str:
        return (
            f"PopulationPlan({len(self.mixture)} lever sets; distance {self.distance_before:.3f} before, "
            f"{self.distance_single:.3f} with one set, {self.distance:.3f} with the mixture)"
        )

    @property
    def text(self) -> str:
        """The sentences as one paragraph."""
        return " ".join(self.sentences)
