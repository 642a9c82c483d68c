"""What is wanted of a profile."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from causalvalues.errors import PlanError
from causalvalues.given import as_ends, as_items, as_named, as_number, as_numbers
from causalvalues.planning.priorities import LEAST, MOST, PriorityScale


@dataclass(frozen=True)
class Target:
    """A wanted state of some value dimensions; dimensions that are not named may move freely and are side effects.

    Parameters
    ----------
    profile : mapping of str to float, default {}
        Wanted score of each named value, in score units.
    tolerance : float, default 0.25
        A plan hits when every named value ends within this distance of `profile`, in score units; of `priorities`, in
        points of priority.
    weights : mapping of str to float, default {}
        Weight of each value in the sum of errors; 1 when not named.
    ranking : sequence of str or of tuples of str, default ()
        Values that must come in this order, highest first; values in one tuple share a place.
    margin : float or sequence of float, default 0.0
        Least distance between neighbouring places of `ranking`; one for all, or one for each step down.
    bounds : mapping of str to (low, high), default {}
        Hard limits on reached mean scores; use ``-inf`` and ``inf`` for one side.
    priorities : mapping of str to float, default {}
        Wanted priorities from 1 to 5 instead of `profile`, which then is filled in by `scale`. Errors are then counted
        and printed in points of priority.
    scale : PriorityScale or None, default None
        What priorities mean in scores (`priority_scale` makes one).
    tie : float, default inf
        Most distance between values that share a place of `ranking`.
    raise_by : mapping of str to float, default {}
        Values that must end at least this much above the start; negative: that much below it.
    keep_within : float, default inf
        Every value that nothing above names must end within this distance of the start (a limit on side effects).
    limits : (low, high) or None, default None
        Ends of the scale of scores: what is asked for must lie between them.

    Raises
    ------
    PlanError
        If nothing is asked for, a number is not what it should be or outside the scale, a name stands twice in the
        ranking, or ranking and bounds contradict each other (the smallest contradiction is named by `plan`).
    """

    profile: Mapping[str, float] = field(default_factory=dict)
    tolerance: float = 0.25
    weights: Mapping[str, float] = field(default_factory=dict)
    ranking: tuple[str | tuple[str, ...], ...] = ()
    margin: float | tuple[float, ...] = 0.0
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    priorities: Mapping[str, float] = field(default_factory=dict)
    scale: PriorityScale | None = None
    tie: float = math.inf
    raise_by: Mapping[str, float] = field(default_factory=dict)
    keep_within: float = math.inf
    limits: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        for name in ("profile", "weights", "priorities", "raise_by"):
            put(self, name, as_named(getattr(self, name), f"`{name}` of the target"))
        for name in ("tolerance", "tie", "keep_within"):
            put(self, name, as_number(getattr(self, name), f"`{name}` of the target"))
        put(self, "ranking", _ranking(self.ranking))
        single = isinstance(self.margin, int | float)
        put(self, "margin", self.margin if single else as_numbers(self.margin, "The margin of the ranking"))
        bounds = as_items(self.bounds, "`bounds` of the target")
        put(self, "bounds", {name: as_ends(ends, f"The bounds of {name!r}") for name, ends in bounds})
        self._take_priorities()
        if not (self.profile or self.ranking or self.bounds or self.raise_by):
            raise PlanError("The target is empty. Give a profile, priorities, a ranking, bounds or `raise_by`.")
        self._check_profile()
        self._check_ranking()
        self._check_constraints()
        self._check_limits()

    @property
    def named(self) -> tuple[str, ...]:
        """Every value that the target speaks of, in name order."""
        ranked = [name for place in self.places for name in place]
        return tuple(sorted({*self.profile, *ranked, *self.bounds, *self.raise_by}))

    @property
    def places(self) -> tuple[tuple[str, ...], ...]:
        """The ranking as tuples, highest first."""
        return tuple((each,) if isinstance(each, str) else each for each in self.ranking)

    @property
    def margins(self) -> tuple[float, ...]:
        """One margin for each step down the ranking."""
        steps = max(len(self.ranking) - 1, 0)
        return self.margin if isinstance(self.margin, tuple) else (float(self.margin),) * steps

    @property
    def asked(self) -> Mapping[str, float]:
        """The wanted numbers as they were asked for: priorities, else scores."""
        return self.priorities or self.profile

    @property
    def units(self) -> str:
        """Units of `asked`, of the tolerance and of errors: ``points of priority`` or ``score units``."""
        return "points of priority" if self.priorities else "score units"

    def in_units(self, name: str, scores: np.ndarray) -> np.ndarray:
        """Return scores of a value in the units of the target."""
        if self.priorities and self.scale is not None and name in self.priorities:
            return self.scale.priorities(name, np.asarray(scores, dtype=float))
        return np.asarray(scores, dtype=float)

    @property
    def box(self) -> dict[str, tuple[float, float]]:
        """For each value of the profile the scores between which it hits."""
        found = {}
        for name, wanted in self.asked.items():
            ends = (wanted - self.tolerance, wanted + self.tolerance)
            if self.priorities and self.scale is not None:
                ends = (self.scale.score(name, ends[0]), self.scale.score(name, ends[1]))
            found[name] = ends
        return found

    @property
    def error_weights(self) -> dict[str, float]:
        """For each value of the profile its weight for one score unit; with priorities, one over the units a point."""
        found = {}
        for name in self.profile:
            unit = 1.0
            if self.priorities and self.scale is not None:
                unit = self.scale.unit(name, self.priorities[name])
            found[name] = self.weights.get(name, 1.0) / unit
        return found

    def _take_priorities(self) -> None:
        if not self.priorities:
            return
        if self.profile:
            raise PlanError("The target gives both a profile and priorities. Give one of the two.")
        if self.scale is None:
            raise PlanError("Priorities need a `scale` that says which scores they are: `priority_scale(matrix)`.")
        for name, wanted in self.priorities.items():
            if not LEAST <= wanted <= MOST:
                raise PlanError(
                    f"The priority of {name!r} is {wanted:g}, outside the scale from {LEAST:g} to {MOST:g}."
                )
        object.__setattr__(self, "profile", {name: self.scale.score(name, p) for name, p in self.priorities.items()})

    def _check_profile(self) -> None:
        for name, wanted in self.profile.items():
            if not np.isfinite(wanted):
                raise PlanError(f"The target for {name!r} is {wanted}. Give a finite score.")
        if not self.tolerance > 0:
            raise PlanError(f"The tolerance is {self.tolerance}. Give a positive number in {self.units}.")
        for name, weight in self.weights.items():
            if name not in self.profile:
                raise PlanError(
                    f"There is a weight for {name!r}, which is not in the profile. Add it there or drop the weight."
                )
            if not np.isfinite(weight) or weight < 0:
                raise PlanError(f"The weight of {name!r} is {weight}. Give zero or a positive number.")
        if self.profile and not any(self.weights.get(name, 1.0) > 0 for name in self.profile):
            raise PlanError(
                "Every weight of the profile is zero, so no error counts. Give one value a positive weight."
            )

    def _check_ranking(self) -> None:
        ranked = [name for place in self.places for name in place]
        twice = sorted({name for name in ranked if ranked.count(name) > 1})
        if twice:
            raise PlanError(f"The ranking names {twice[0]!r} twice. Give each value one place.")
        if any(not place for place in self.places):
            raise PlanError("A place of the ranking is empty. Put at least one value on it.")
        if len(self.margins) != max(len(self.ranking) - 1, 0):
            raise PlanError(
                f"There are {len(self.margins)} margins for a ranking of {len(self.ranking)} places. Give one number, "
                f"or one for each of the {max(len(self.ranking) - 1, 0)} steps."
            )
        if any(math.isinf(margin) for margin in self.margins):
            raise PlanError("A margin of the ranking is infinite. Give finite margins.")
        for margin in (*self.margins, self.tie, self.margin if isinstance(self.margin, int | float) else 0.0):
            if not margin >= 0:
                raise PlanError(f"A margin or tie of the ranking is {margin}. Give zero or more.")

    def _check_constraints(self) -> None:
        for name, (low, high) in self.bounds.items():
            if math.isnan(low) or math.isnan(high):
                raise PlanError(
                    f"The bounds of {name!r} are [{low}, {high}]. Give numbers; inf and -inf are understood."
                )
            if low == math.inf or high == -math.inf:
                raise PlanError(f"The bounds of {name!r} are [{low}, {high}], which no score meets. Give finite ones.")
            if not low <= high:
                raise PlanError(f"The bounds of {name!r} are [{low}, {high}]; the lower one is the larger.")
        for name, amount in self.raise_by.items():
            if not np.isfinite(amount):
                raise PlanError(f"`raise_by` of {name!r} is {amount}. Give a finite number.")
        if not self.keep_within >= 0:
            raise PlanError(f"`keep_within` is {self.keep_within}. Give zero or a positive distance.")

    def _check_limits(self) -> None:
        if self.limits is None:
            return
        low, high = as_ends(self.limits, "`limits`, the scale,")
        if not low < high:
            raise PlanError(f"The limits of the scale are [{low:g}, {high:g}]; the lower one comes first.")
        object.__setattr__(self, "limits", (low, high))
        for name, wanted in self.profile.items():
            if not low <= wanted <= high:
                raise PlanError(f"The target for {name!r} is {wanted:g}, outside the scale from {low:g} to {high:g}.")
        for name, (least, most) in self.bounds.items():
            for end in (least, most):
                if math.isfinite(end) and not low <= end <= high:
                    raise PlanError(f"A bound of {name!r} is {end:g}, outside the scale from {low:g} to {high:g}.")


def _ranking(given: object) -> tuple[str | tuple[str, ...], ...]:
    """Return the places of a ranking, each a name or a tuple of names."""
    places = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (given,)
    found: list[str | tuple[str, ...]] = []
    for place in places:
        names = (place,) if isinstance(place, str) or not isinstance(place, Iterable) else tuple(place)
        if isinstance(given, str) or not all(isinstance(name, str) for name in names):
            raise PlanError(
                f"The ranking is {given!r}. Give a list of names, highest first; those that tie in a tuple."
            )
        found.append(place if isinstance(place, str) else names)
    return tuple(found)
