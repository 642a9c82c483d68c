"""What could be asked next: lever settings, personas, forced answers and items, each with its cost."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from causalvalues.errors import PlanError
from causalvalues.given import require_kind
from causalvalues.interventions import Intervention, Lever, Set, check_interventions
from causalvalues.randomness import require_whole

Arm = tuple[Intervention, ...]


@dataclass(frozen=True)
class Item:
    """A question whose answer is a weighted sum of values plus noise.

    Parameters
    ----------
    name : str
    loadings : mapping of str to float
        Value -> units of the answer for one unit of the value.
    noise : float, default 0.0
        Standard deviation of what the answer holds beside the values, in units of the answer.
    """

    name: str
    loadings: Mapping[str, float]
    noise: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "loadings", {str(value): float(size) for value, size in self.loadings.items()})
        if not self.name:
            raise PlanError("An item has no name. Give each one.")
        if not any(self.loadings.values()) or not all(math.isfinite(size) for size in self.loadings.values()):
            raise PlanError(f"Item {self.name!r} needs finite loadings, at least one of them not zero.")
        if not math.isfinite(self.noise) or self.noise < 0:
            raise PlanError(f"The noise of item {self.name!r} is {self.noise}. Give zero or a positive number.")


@dataclass(frozen=True)
class Candidate:
    """Answers that could be collected.

    Parameters
    ----------
    name : str
        Ties between candidates are broken by it.
    arms : tuple of tuple of Set or Shift, default one arm without interventions
        What is done: levers set to doses, values forced or pushed. With several arms, each row gets one of them at
        random, in equal numbers (a randomised target).
    rows : int, default 1
        Answer sheets in each arm.
    start : mapping of str to float, optional
        Profile without levers of the persona that answers, every value, in score units; by default a new unit of the
        population answers each sheet.
    items : tuple of Item, default ()
        What is asked; by default every value that is not set is measured.
    noise : float, default 0.0
        Standard deviation of the error of a measured value (retest or paraphrase error), in score units.
    cost : float, default 1.0
        Of all its rows together, in the user's own units.
    most : int, default 1
        How often it may be chosen in one batch.
    excludes : frozenset of str, default empty
        Names of candidates that may not be in the same batch.

    Raises
    ------
    PlanError
        If the name is empty, there is no arm, a cost or noise is negative or not finite, `rows` or `most` is below 1,
        or it excludes itself.

    Examples
    --------
    >>> Candidate("force power", arms=((Set("power", 1.0),), (Set("power", -1.0),))).sheets
    2
    """

    name: str
    arms: tuple[Arm, ...] = ((),)
    rows: int = 1
    start: Mapping[str, float] | None = None
    items: tuple[Item, ...] = ()
    noise: float = 0.0
    cost: float = 1.0
    most: int = 1
    excludes: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "arms", tuple(tuple(arm) for arm in self.arms))
        put(self, "items", tuple(sorted(self.items, key=lambda item: item.name)))
        put(self, "excludes", frozenset(self.excludes))
        if self.start is not None:
            put(self, "start", {str(name): float(score) for name, score in self.start.items()})
        if not self.name:
            raise PlanError("A candidate has no name. Give each one.")
        if not self.arms:
            raise PlanError(f"Candidate {self.name!r} has no arm. Give ((),) for rows without interventions.")
        for each in itertools.chain.from_iterable(self.arms):
            require_kind(each, Intervention, f"An arm of candidate {self.name!r}: give `Set(...)` or `Shift(...)`")
        for arm in self.arms:
            check_interventions(arm)
        for what, size in (("cost", self.cost), ("noise", self.noise)):
            if not math.isfinite(size) or size < 0:
                raise PlanError(f"The {what} of candidate {self.name!r} is {size}. Give zero or a positive number.")
        require_whole("rows", self.rows)
        require_whole("most", self.most)
        if self.name in self.excludes:
            raise PlanError(f"Candidate {self.name!r} excludes itself. Take it out of `excludes`.")
        if len({item.name for item in self.items}) < len(self.items):
            raise PlanError(f"Candidate {self.name!r} asks an item twice. Ask it once, with more rows.")

    @property
    def sheets(self) -> int:
        """Answer sheets of all arms."""
        return self.rows * len(self.arms)


def lever_settings(
    levers: Sequence[Lever], starts: Mapping[str, Mapping[str, float]] | None = None, together: int = 1, rows: int = 1
) -> tuple[Candidate, ...]:
    """Return a candidate for each set of up to `together` levers, each of their doses, and each persona.

    Parameters
    ----------
    levers : sequence of Lever
        The cost of a candidate is that of its doses, for each sheet. Levers that exclude each other are kept apart.
    starts : mapping of str to mapping, optional
        Persona -> its profile without levers. By default new units of the population answer.
    together : int, default 1
    rows : int, default 1

    Examples
    --------
    >>> [candidate.name for candidate in lever_settings([Lever("calm"), Lever("bold")], together=2)]
    ['bold', 'calm', 'bold+calm']
    """
    require_whole("together", together)
    found = []
    for lever in levers if isinstance(levers, Iterable) else [levers]:
        require_kind(lever, Lever, "The levers: give a list of `Lever(...)`")
    ordered = sorted(levers, key=lambda lever: lever.node)
    for size in range(1, together + 1):
        for chosen in itertools.combinations(ordered, size):
            if any(one.node in other.excludes for one, other in itertools.permutations(chosen, 2)):
                continue
            for doses in itertools.product(*(lever.doses for lever in chosen)):
                used = list(zip(chosen, doses, strict=True))
                name = "+".join(lever.node if dose == 1 else f"{lever.node}={dose:g}" for lever, dose in used)
                arm = tuple(Set(lever.node, dose) for lever, dose in used)
                cost = rows * math.fsum(lever.cost * abs(dose) for lever, dose in used)
                for persona, start in [("", None)] if starts is None else sorted(starts.items()):
                    full = f"{name} @ {persona}" if persona else name
                    found.append(Candidate(full, (arm,), rows, start, cost=cost))
    return tuple(found)


def forced_answers(
    values: Sequence[str], amounts: Sequence[float] = (-1.0, 1.0), rows: int = 1, cost: float = 1.0
) -> tuple[Candidate, ...]:
    """Return a candidate for each value: it is forced to one of the amounts, drawn at random for each row.

    Parameters
    ----------
    values : sequence of str
    amounts : sequence of float, default (-1, 1)
        In score units.
    rows : int, default 1
        For each amount.
    cost : float, default 1.0

    Examples
    --------
    >>> forced_answers(["power"])[0].name
    'set power'
    """
    if not amounts:
        raise PlanError("There is no amount to force a value to. Give at least one.")
    return tuple(
        Candidate(f"set {value}", tuple((Set(value, float(amount)),) for amount in amounts), rows, cost=cost)
        for value in sorted(values)
    )
