"""Which candidates to ask next."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import PlanError, did_you_mean
from causalvalues.experiments.candidates import Candidate
from causalvalues.experiments.goals import Goal, in_words
from causalvalues.experiments.greedy import Run, bound_of, greedy
from causalvalues.experiments.methods import DesignMethod, LinearBayes, Scorer
from causalvalues.given import require_kind
from causalvalues.planning.mechanisms import Model
from causalvalues.randomness import require_whole


@dataclass(frozen=True, eq=False)
class Design:
    """What to ask next.

    Parameters
    ----------
    chosen : tuple of str
        Names of the candidates in the order of choice; a name may occur more than once.
    table : DataFrame
        Indexed by candidate: ``gain`` (alone), ``share`` (of the uncertainty), ``cost``, ``chosen`` (how often).
    steps : DataFrame
        One row a choice: ``candidate, added, gain, cost`` (the last two of the batch so far).
    before : float
        Uncertainty now; NaN where only its drop is known.
    gain : float
        Expected drop by the whole batch.
    unit : str
    bound : float
        No batch of this size and budget gains more; NaN where gains need not diminish, so that nothing is known.
    cost : float
    goal : str
        In words.
    method : str
    notes : tuple of str
    """

    chosen: tuple[str, ...]
    table: pd.DataFrame
    steps: pd.DataFrame
    before: float
    gain: float
    unit: str
    bound: float
    cost: float
    goal: str
    method: str
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        names = ", ".join(self.chosen) or "nothing"
        return f"Design({names}; expected gain {self.gain:.3g} {self.unit} about {self.goal}; cost {self.cost:g})"


def design_next(
    model: Model, candidates: Sequence[Candidate], goal: Goal, method: DesignMethod | None = None, seed: int = 0
) -> Design:
    """Choose the candidates whose answers are expected to tell most about a goal.

    A batch is made greedily: each choice adds most to those before it; under a budget, most for its cost, and the batch
    that looks at gains alone is taken where it ends better (Leskovec et al. 2007). Ties go to the first name.

    Parameters
    ----------
    model : StructuralModel or LeverResponse
        Draws from the posterior, given all answers so far.
    candidates : sequence of Candidate
    goal : AboutModel, AboutEdges, AboutEffect, AboutTarget or AboutAnswers
    method : LinearBayes or Particles, default ``LinearBayes()``
    seed : int, default 0
        For simulated answers (`Particles`).

    Returns
    -------
    Design

    Raises
    ------
    PlanError
        If there is no candidate, two have one name, a name is unknown, or the budget buys nothing.

    References
    ----------
    DeGroot (1962), Annals of Mathematical Statistics 33, 404-419; Nemhauser, Wolsey and Fisher (1978), Mathematical
    Programming 14, 265-294; Krause and Guestrin (2005), UAI 21.

    Examples
    --------
    >>> from causalvalues.experiments import AboutEffect, forced_answers
    >>> from causalvalues.model import StructuralModel
    >>> import numpy as np
    >>> size = np.linspace(0.1, 0.9, 50)
    >>> b = np.zeros((50, 3, 3))
    >>> b[:, 0, 1], b[:, 1, 2] = size, 0.5
    >>> model = StructuralModel(("a", "b", "c"), b, np.zeros((50, 3)), np.ones((50, 3)), np.ones(50))
    >>> design_next(model, forced_answers(["a", "b", "c"]), AboutEffect("a", "b")).chosen
    ('set a',)
    """
    method = LinearBayes() if method is None else method
    require_kind(method, DesignMethod, "The method: give `LinearBayes(...)` or `Particles(...)`")
    require_kind(goal, Goal, "The goal: give an object such as `AboutEffect(cause, effect)`")
    if not hasattr(model, "values"):
        raise PlanError(f"The model is a {type(model).__name__}. Give a `StructuralModel` or `Mechanism().fit(rows)`.")
    require_whole("seed", seed, 0)
    offered = _checked(candidates, method)
    limited = math.isfinite(method.budget)
    runs = []
    for by_cost in (True, False) if limited else (False,):
        scorer = method.scorer(model, offered, goal, seed)
        runs.append((greedy(scorer, offered, method, by_cost), scorer))
    best, scorer = max(runs, key=lambda run: run[0].gain)
    return _design(best, offered, scorer, (method, goal))


def _design(run: Run, offered: Sequence[Candidate], scorer: Scorer, asked: tuple[DesignMethod, Goal]) -> Design:
    method, goal = asked
    names = [each.name for each in offered]
    chosen = [names[place] for place in run.places]
    costs = [offered[place].cost for place in run.places]
    table = pd.DataFrame(
        {
            "gain": run.alone,
            "share": np.array(run.alone) / scorer.before if scorer.before > 0 else np.nan,
            "cost": [each.cost for each in offered],
            "sheets": [each.sheets for each in offered],
            "chosen": [run.places.count(place) for place in range(len(names))],
        },
        index=pd.Index(names, name="candidate"),
    )
    steps = pd.DataFrame(
        {"candidate": chosen, "added": run.added, "gain": np.cumsum(run.added), "cost": np.cumsum(costs)}
    )
    return Design(
        chosen=tuple(chosen),
        table=table,
        steps=steps,
        before=scorer.before,
        gain=run.gain,
        unit=scorer.unit,
        bound=bound_of(run, offered, method),
        cost=math.fsum(costs),
        goal=in_words(goal),
        method=type(method).__name__,
        notes=_notes(run, method, goal, scorer),
    )


def _notes(run: Run, method: DesignMethod, goal: Goal, scorer: Scorer) -> tuple[str, ...]:
    notes = []
    if not run.places:
        notes.append(
            f"No candidate is expected to tell anything about {in_words(goal)}: the draws agree on all answers."
        )
    elif len(run.places) < method.batch:
        notes.append(
            f"{len(run.places)} of at most {method.batch} were chosen: the rest cost too much, are excluded, or "
            "would add nothing."
        )
    if run.left:
        notes.append(
            "Gains diminish, so the greedy batch gains at least 63% of the best batch of its size where costs and "
            "exclusions do not bind; `bound` holds in any case."
        )
    return (*notes, *scorer.notes())


def _checked(candidates: Sequence[Candidate], method: DesignMethod) -> list[Candidate]:
    """Return the candidates in name order."""
    if not candidates:
        raise PlanError("There is no candidate to choose from. Give at least one `Candidate`.")
    for each in candidates:
        require_kind(each, Candidate, "A candidate: give `Candidate(...)`")
    found = sorted(candidates, key=lambda each: each.name)
    names = [each.name for each in found]
    for one, other in itertools.pairwise(names):
        if one == other:
            raise PlanError(f"Two candidates have the name {one!r}. Give each its own, or raise `most`.")
    for each in found:
        for other in sorted(each.excludes - set(names)):
            raise PlanError(f"Candidate {each.name!r} excludes the unknown {other!r}." + did_you_mean(other, names))
    cheapest = min(found, key=lambda each: each.cost)
    if cheapest.cost > method.budget:
        raise PlanError(
            f"The budget {method.budget:g} buys none of the candidates; the cheapest is {cheapest.name!r} at "
            f"{cheapest.cost:g}. Raise the budget, or offer candidates with fewer rows."
        )
    return found
