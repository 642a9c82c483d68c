"""How to judge what candidates are worth: by simulated answers, or in closed form."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from causalvalues.errors import PlanError
from causalvalues.experiments.candidates import Candidate
from causalvalues.experiments.foreseen import foreseen, ordered, thinned
from causalvalues.experiments.goals import Goal
from causalvalues.experiments.linear_bayes import LinearScorer
from causalvalues.experiments.particles import ParticleScorer
from causalvalues.experiments.uncertainty import uncertainty
from causalvalues.frozen import IntArray
from causalvalues.given import as_number
from causalvalues.model import StructuralModel
from causalvalues.planning.mechanisms import Model
from causalvalues.randomness import require_whole, stream

MOST_NUMBERS = 2 * 10**8
"""Log densities that nested Monte Carlo may hold."""


class Scorer(Protocol):
    """Tells what candidates add to a batch."""

    before: float
    unit: str
    diminishing: bool

    def added(self, place: int, times: int) -> float:
        """Return what a candidate adds; `times`: how often it is in the batch already."""
        ...

    def choose(self, place: int, times: int) -> None:
        """Put a candidate into the batch."""
        ...

    def notes(self) -> tuple[str, ...]:
        """Return what the gains of the batch rest on, in sentences."""
        ...


@dataclass(frozen=True, kw_only=True)
class DesignMethod(ABC):
    """How many candidates may be chosen, and what they may cost; a method adds how their worth is judged.

    Parameters
    ----------
    batch : int, default 1
        At most this many candidates, which are asked before the model is fitted again.
    budget : float, default inf
        Most that they may cost together.
    """

    batch: int = 1
    budget: float = math.inf

    def __post_init__(self) -> None:
        require_whole("batch", self.batch)
        object.__setattr__(self, "budget", as_number(self.budget, "The budget"))
        if math.isnan(self.budget) or self.budget < 0:
            raise PlanError(f"The budget is {self.budget}. Give zero or a positive number.")

    @abstractmethod
    def scorer(self, model: Model, candidates: Sequence[Candidate], goal: Goal, seed: int) -> Scorer:
        """Return a fresh scorer of batches."""


@dataclass(frozen=True, kw_only=True)
class Particles(DesignMethod):
    """Nested Monte Carlo over the draws of a model: answers are simulated and all draws weighed by them.

    Parameters
    ----------
    simulations : int, default 256
        Simulated outcomes of each candidate, from draws that are spread evenly over the posterior.
    draws : int, default 400
        Draws that stand for the model. The answers of a batch should not tell apart more of them than there are: more
        rows than about a tenth of those that the model rests on need more draws.

    Notes
    -----
    The gain is the uncertainty times the share of it that the simulated posteriors lose on average, where the share is
    taken of the uncertainty at their mean: by Jensen's inequality it lies between 0 and 1 whatever was simulated.
    Each simulated outcome is weighed by its own draw too, so information is a lower bound (Foster et al. 2020,
    equation 6) and at most log `draws`.
    """

    simulations: int = 256
    draws: int = 400

    def __post_init__(self) -> None:
        super().__post_init__()
        require_whole("simulations", self.simulations, 2)
        require_whole("draws", self.draws, 2)

    def scorer(self, model: Model, candidates: Sequence[Candidate], goal: Goal, seed: int) -> ParticleScorer:
        """Return a fresh scorer of batches."""
        if not isinstance(model, StructuralModel):
            raise PlanError("Judge a model of responses by `LinearBayes()`: its draws are normal, so that is exact.")
        numbers = sum(each.most for each in candidates) * self.simulations * self.draws
        if numbers > MOST_NUMBERS:
            raise PlanError(
                f"{len(candidates)} candidates are too many for {self.simulations} simulations and {self.draws} draws. "
                "Offer fewer, lower `simulations`, or judge by `LinearBayes()`."
            )
        kept = thinned(model.weights, self.draws, float(stream(seed, "draws that stand for all").random()))
        offset = float(stream(seed, "draws that are simulated").random())
        truths = thinned(np.full(len(kept), 1.0 / len(kept)), self.simulations, offset)
        truths = np.resize(truths, self.simulations)
        few = _on(ordered(model), kept)
        names = [each.name for each in candidates]
        return ParticleScorer(names, foreseen(few, candidates), uncertainty(few, goal), (truths, seed))


@dataclass(frozen=True, kw_only=True)
class LinearBayes(DesignMethod):
    """Closed form from means and covariances over the draws: exact where they are normal, else a lower bound.

    `AboutModel` is judged by information (D-optimality), every other goal by the drop of a summed variance
    (V-optimality): of the indicators of edges or of which plan is best, of the effect, or of the answers.

    Only mean answers count: what the spread of answers tells, which is much where few rows without intervention were
    seen, is left out (`Particles` counts it). A batch needs ten draws or more for each answer; the design says where
    there are fewer.
    """

    def scorer(self, model: Model, candidates: Sequence[Candidate], goal: Goal, seed: int) -> LinearScorer:  # noqa: ARG002
        """Return a fresh scorer of batches."""
        return LinearScorer(foreseen(model, candidates), uncertainty(model, goal), model.weights)


def _on(model: StructuralModel, draws: IntArray) -> StructuralModel:
    """Return some of the draws, with equal weights."""
    return replace(
        model,
        coefficients=model.coefficients[draws],
        intercepts=model.intercepts[draws],
        residual_scales=model.residual_scales[draws],
        weights=np.full(len(draws), 1.0 / len(draws)),
    )
