"""What the next answers should tell about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causalvalues.errors import PlanError
from causalvalues.experiments.candidates import Candidate
from causalvalues.interventions import Lever
from causalvalues.planning import Target
from causalvalues.randomness import require_whole


@dataclass(frozen=True)
class AboutModel:
    """Everything: which draw of the model is the true one."""


@dataclass(frozen=True)
class AboutEdges:
    """Which values act on which: each pair has an edge in one direction, in the other, or none.

    Parameters
    ----------
    among : tuple of str, default ()
        Only pairs of these values; all pairs by default.
    """

    among: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "among", tuple(self.among))
        if len(self.among) == 1 or len(set(self.among)) < len(self.among):
            raise PlanError(f"Edges need two or more different values; there is {self.among}.")


@dataclass(frozen=True)
class AboutEffect:
    """The total effect of one unit of a lever or value on a value; of a response to levers: on a unit of mean profile.

    Parameters
    ----------
    cause, effect : str
    """

    cause: str
    effect: str

    def __post_init__(self) -> None:
        if self.cause == self.effect:
            raise PlanError(f"The effect of {self.cause!r} on itself is 1. Ask about another value.")


@dataclass(frozen=True)
class AboutTarget:
    """Which levers bring a start to a target.

    Parameters
    ----------
    target : Target
    start : mapping of str to float, or None
        Profile without levers, every value, in score units; None: the mean of the population.
    levers : tuple of Lever
        What a plan may use.
    max_levers : int, default 2
        Together in a plan.
    """

    target: Target
    start: Mapping[str, float] | None
    levers: tuple[Lever, ...]
    max_levers: int = 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "levers", tuple(self.levers))
        require_whole("max_levers", self.max_levers)
        if not self.levers:
            raise PlanError("There is no lever to plan with. Give at least one `Lever`.")


@dataclass(frozen=True)
class AboutAnswers:
    """The expected answers under some settings, such as those that will be used later.

    Parameters
    ----------
    settings : tuple of Candidate
        Each counts the same; only their arms and starts matter.
    """

    settings: tuple[Candidate, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", tuple(self.settings))
        if not self.settings:
            raise PlanError("There is no setting whose answers should be foreseen. Give at least one.")


Goal = AboutModel | AboutEdges | AboutEffect | AboutTarget | AboutAnswers


def in_words(goal: Goal) -> str:
    """Return what a goal asks, for tables and figures.

    Examples
    --------
    >>> in_words(AboutEffect("calm", "power"))
    'the effect of calm on power'
    """
    if isinstance(goal, AboutModel):
        return "all equations of the model"
    if isinstance(goal, AboutEdges):
        return "the edges among " + (_listed(goal.among) if goal.among else "all values")
    if isinstance(goal, AboutEffect):
        return f"the effect of {goal.cause} on {goal.effect}"
    if isinstance(goal, AboutTarget):
        return f"which of {len(goal.levers)} levers reach the target for {_listed(goal.target.named)}"
    return f"the answers under {len(goal.settings)} settings"


def _listed(names: Sequence[str]) -> str:
    names = sorted(names)
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
