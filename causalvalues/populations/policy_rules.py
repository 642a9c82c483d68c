"""Gated policies: rules with conditions on the current profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from causalvalues.errors import PlanError, did_you_mean
from causalvalues.numerals import number
from causalvalues.planning.profiles import doses_in_words


@dataclass(frozen=True)
class Condition:
    """The current score of a value is at least, or below, a threshold.

    Parameters
    ----------
    value : str
    threshold : float
        Score units.
    above : bool, default True
        True: at least the threshold; False: below it.
    """

    value: str
    threshold: float
    above: bool = True

    def __post_init__(self) -> None:
        if not np.isfinite(self.threshold):
            raise PlanError(f"The threshold for {self.value!r} is {self.threshold}. Give a finite score.")

    def __str__(self) -> str:
        return f"{self.value} {'at least' if self.above else 'below'} {number(self.threshold)}"

    def holds(self, profile: Mapping[str, float]) -> bool:
        """Whether the condition holds for a profile."""
        if self.value not in profile:
            raise PlanError(f"The profile has no score for {self.value!r}." + did_you_mean(self.value, profile))
        return bool((profile[self.value] >= self.threshold) == self.above)


@dataclass(frozen=True)
class Rule:
    """Use these levers when all conditions hold."""

    conditions: tuple[Condition, ...]
    doses: Mapping[str, float]

    def __str__(self) -> str:
        return f"when {' and '.join(map(str, self.conditions)) or 'anything holds'}: {doses_in_words(self.doses)}"


@dataclass(frozen=True)
class Policy:
    """Rules in their order: the first whose conditions all hold is applied.

    Parameters
    ----------
    rules : tuple of Rule
    otherwise : mapping of str to float, default {}
        Lever -> dose where no rule holds; {} is no lever.

    Examples
    --------
    >>> policy = Policy((Rule((Condition("power", 0.5),), {"calm": 1.0}),))
    >>> dict(policy.doses({"power": 0.7})), dict(policy.doses({"power": 0.3}))
    ({'calm': 1.0}, {})
    """

    rules: tuple[Rule, ...]
    otherwise: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return "; ".join([*map(str, self.rules), f"otherwise: {doses_in_words(self.otherwise)}"])

    def doses(self, profile: Mapping[str, float]) -> Mapping[str, float]:
        """Return the levers and doses for a unit with this current profile."""
        for rule in self.rules:
            if all(condition.holds(profile) for condition in rule.conditions):
                return rule.doses
        return self.otherwise
