"""Interventions as data: they can be printed, saved, costed and compared."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from causalvalues.errors import ModelError, PlanError
from causalvalues.given import as_ends, as_items, as_number, as_numbers


@dataclass(frozen=True)
class Set:
    """Hold a node at a value: its incoming edges are cut (Pearl's ``do(node = value)``).

    Parameters
    ----------
    node : str
        A value dimension or a lever.
    value : float
        In the units of the node (scores as read; doses for a lever).
    """

    node: str
    value: float

    def __post_init__(self) -> None:
        _must_be_finite(self.node, self.value)


@dataclass(frozen=True)
class Shift:
    """Add an amount to a node and keep its incoming edges (a soft intervention).

    Parameters
    ----------
    node : str
        A value dimension or a lever.
    amount : float
        In the units of the node.
    """

    node: str
    amount: float

    def __post_init__(self) -> None:
        _must_be_finite(self.node, self.amount)


Intervention = Set | Shift


def _must_be_finite(node: str, amount: float) -> None:
    if not math.isfinite(amount):
        raise ModelError(f"The intervention on {node!r} has the amount {amount}. Give a finite number.")


def check_interventions(interventions: Sequence[Intervention]) -> None:
    """Raise `ModelError` when one node is intervened upon twice (two amounts, or a Set and a Shift)."""
    seen: set[str] = set()
    for intervention in interventions:
        if intervention.node in seen:
            raise ModelError(
                f"Node {intervention.node!r} has two interventions; a Set cuts its causes and a Shift keeps them, "
                "so together they have no meaning. Keep one of them."
            )
        seen.add(intervention.node)


@dataclass(frozen=True)
class Lever:
    """Something that a person can do: a prompt, a persona clause, a steering feature, or a direct push on a value.

    Parameters
    ----------
    node : str
        The node of the model that the lever acts through: a lever node (its dose is set) or a value dimension
        (the dose is added to it, as a `Shift`).
    doses : sequence of float, default (1.0,)
        The doses that may be chosen, zero excluded.
    cost : float, default 1.0
        Cost of one unit of absolute dose, in the user's own units.
    excludes : frozenset of str, default empty
        Nodes of levers that may not be used together with this one.
    label : str, default ""
        What is done, for tables and figures (for example the prompt sentence).
    requires : frozenset of str, default empty
        Nodes of levers that must all be used whenever this one is.
    interval : (low, high) or None, default None
        A continuous dose: any number in this interval instead of `doses`, which then are its ends.
    prior : mapping of str to (mean, sd), default {}
        For a lever that was never seen in the data, and only for such a one: what dose 1 is believed to add to each
        value, and how sure that is, in score units; nothing for values that are not named. Plans mark it as stated.
    """

    node: str
    doses: tuple[float, ...] = (1.0,)
    cost: float = 1.0
    excludes: frozenset[str] = field(default_factory=frozenset)
    label: str = ""
    requires: frozenset[str] = field(default_factory=frozenset)
    interval: tuple[float, float] | None = None
    prior: Mapping[str, tuple[float, float]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        if not isinstance(self.node, str):
            raise PlanError(f"A lever acts on {self.node!r}. Give the name of a lever or value.")
        mine = f"of lever {self.node!r}"
        put(self, "doses", as_numbers(self.doses, f"The doses {mine}"))
        put(self, "cost", as_number(self.cost, f"The cost {mine}"))
        for name in ("excludes", "requires"):
            others = getattr(self, name)
            if isinstance(others, str) or not isinstance(others, Iterable):
                raise PlanError(f"`{name}` {mine} is {others!r}. Give a set of names, such as {{'calm'}}.")
            put(self, name, frozenset(others))
        self._check_interval()
        if not self.doses or any(not math.isfinite(dose) or dose == 0 for dose in self.doses):
            raise PlanError(f"Lever {self.node!r} needs finite doses other than zero; it has {self.doses}.")
        if len(set(self.doses)) != len(self.doses):
            raise PlanError(f"Lever {self.node!r} lists a dose twice: {self.doses}.")
        if not math.isfinite(self.cost) or self.cost < 0:
            raise PlanError(f"Lever {self.node!r} has the cost {self.cost}. Give zero or a positive number.")
        if self.node in self.excludes:
            raise PlanError(f"Lever {self.node!r} excludes itself. Take it out of `excludes`.")
        for other in sorted(self.requires & (self.excludes | {self.node})):
            why = "itself" if other == self.node else f"{other!r}, which it also excludes"
            raise PlanError(f"Lever {self.node!r} requires {why}. Take it out of `requires`.")
        stated = as_items(self.prior, f"The prior {mine}")
        put(self, "prior", {name: as_ends(each, f"The prior {mine} on {name!r} (mean, sd)") for name, each in stated})
        for name, (mean, sd) in self.prior.items():
            if not math.isfinite(mean) or not math.isfinite(sd) or sd < 0:
                raise PlanError(
                    f"The prior of lever {self.node!r} on {name!r} is {mean} with sd {sd}. Give finite numbers, the sd "
                    "zero or positive."
                )

    def _check_interval(self) -> None:
        """Check a continuous dose, and put its ends into `doses`."""
        if self.interval is None:
            return
        low, high = as_ends(self.interval, f"The interval of lever {self.node!r}")
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise PlanError(f"Lever {self.node!r} has the interval [{low}, {high}]. Give two finite doses, low < high.")
        ends = tuple(end for end in (low, high) if end != 0)
        if self.doses not in {(1.0,), ends}:
            raise PlanError(f"Lever {self.node!r} has both doses {self.doses} and an interval. Give one of the two.")
        object.__setattr__(self, "interval", (low, high))
        object.__setattr__(self, "doses", ends)
