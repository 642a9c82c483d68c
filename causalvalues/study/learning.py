"""How graphs of a study are learned: the method of its settings, and the same data under other assumptions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from causalvalues.discovery import (
    BIC,
    BGe,
    ExactPosterior,
    FairParents,
    Learner,
    OrderSearch,
    SparseDags,
    UniformDags,
    discover,
)
from causalvalues.discovery.exact import MOST_COLUMNS, MOST_VALUES
from causalvalues.discovery.moment_draws import draws_wanted
from causalvalues.evidence import Environments, Evidence, summarise
from causalvalues.graph import GraphPosterior, Knowledge
from causalvalues.model import MaximumLikelihood, PosteriorDraws
from causalvalues.randomness import stream
from causalvalues.responses import ResponseMatrix
from causalvalues.study.settings import DiscoverySettings, KnowledgeSettings, StudySettings

SIDE_DRAWS = 20
"""Bootstrap moments of learners that stand beside the study's own."""


def learner(settings: DiscoverySettings, evidence: Evidence | Environments, unfinished: Path | None = None) -> Learner:
    """Return the method object that the settings stand for; an order search keeps its draws in `unfinished`."""
    exact = settings.method == "exact" or (settings.method == "auto" and len(evidence.names) <= MOST_VALUES)
    if not exact:
        return OrderSearch(
            penalty=settings.penalty,
            resamples=settings.resamples,
            time_limit=settings.time_limit,
            folder=None if unfinished is None else unfinished / "graphs",
        )
    priors: dict[str, UniformDags | SparseDags | FairParents] = {
        "uniform": UniformDags(),
        "sparse": SparseDags(settings.odds),
        "fair_parents": FairParents(),
    }
    return ExactPosterior(
        score=BGe(alpha_w=settings.alpha_w) if settings.score == "BGe" else BIC(),
        prior=priors[settings.prior],
        draws=settings.draws,
        levers=settings.levers,
        moment_draws=settings.moment_draws,
        time_limit=settings.time_limit,
    )


def beside(method: Learner, evidence: Evidence | Environments, most: int = SIDE_DRAWS) -> Learner:
    """Return a learner that averages over fewer bootstrap moments, for graphs that stand beside the study's own.

    Parameters
    ----------
    method : Learner
    evidence : Evidence or Environments
        That it will learn from.
    most : int, default 20
        Bootstrap moments at most. With 20, a probability differs from that of 100 by a few hundredths.
    """
    if isinstance(method, OrderSearch):
        return replace(method, folder=None)
    if not isinstance(method, ExactPosterior):
        return method
    wanted = draws_wanted(evidence, method.moment_draws, len(evidence.names))
    return replace(method, moment_draws=min(wanted, most))


def estimator(
    settings: StudySettings, method: Learner, evidence: Evidence
) -> tuple[PosteriorDraws | MaximumLikelihood, tuple[str, ...]]:
    """Return how equations are fitted, with the prior of the score that learned the graphs, and what to say about it.

    Parameters
    ----------
    settings : StudySettings
    method : Learner
    evidence : Evidence

    Returns
    -------
    PosteriorDraws or MaximumLikelihood
    tuple of str
        What is given beyond the graphs: a score without a prior on parameters leaves them to the default prior.
    """
    if settings.model.estimator != "posterior":
        return MaximumLikelihood(), ()
    if not isinstance(method, ExactPosterior) or not isinstance(method.score, BGe):
        return PosteriorDraws(), (
            "the score of the graphs has no prior on parameters; they are fitted with the default one",
        )
    sparse = len(evidence.levers) if method.levers == "sparse" else 0
    scored = len(evidence.names) + sparse
    extra = method.score.freedom(scored) - scored
    return PosteriorDraws(alpha_mu=method.score.alpha_mu, extra_degrees=extra), ()


def thinned(posterior: GraphPosterior, most: int, seed: int) -> GraphPosterior:
    """Return `most` equally weighted draws, by systematic resampling of weighted ones, when there are many more.

    Parameters
    ----------
    posterior : GraphPosterior
    most : int
        Up to twice as many draws are left as they are.
    seed : int
    """
    if len(posterior.draws) <= 2 * most:
        return posterior
    places = (np.arange(most) + stream(seed, "thin").random()) / most
    chosen = np.minimum(np.searchsorted(np.cumsum(posterior.weights), places), len(posterior.draws) - 1)
    note = f"the model rests on {most} draws, resampled by weight from {len(posterior.draws)}"
    return replace(
        posterior,
        draws=posterior.draws[chosen],
        weights=np.ones(most),
        lever_draws=posterior.lever_draws[chosen],
        givens=(*posterior.givens, note),
    )


def knowledge_of(settings: KnowledgeSettings) -> Knowledge:
    """Return the knowledge that the settings stand for."""
    return Knowledge(
        tiers=tuple(tuple(tier) for tier in settings.tiers),
        required=frozenset((cause, effect) for cause, effect in settings.required),
        forbidden=frozenset((cause, effect) for cause, effect in settings.forbidden),
    )


def pooled_posterior(
    settings: StudySettings, matrix: ResponseMatrix, evidence: Evidence | Environments, method: Learner | None = None
) -> GraphPosterior | None:
    """Learn as if there were neither levers nor clusters nor forced values; None when there are none of these.

    Parameters
    ----------
    settings : StudySettings
    matrix : ResponseMatrix
    evidence : Evidence or Environments
        Of the study.
    method : Learner, optional
        Of the study; where it is an order search that keeps its draws, this one keeps its own beside them.
    """
    forced = isinstance(evidence, Environments) and any(evidence.targets)
    if not matrix.levers and not matrix.cluster_by and not settings.evidence.within and not forced:
        return None
    naive = summarise(matrix.frame()[list(matrix.names)].dropna())
    less = len(evidence.levers) if settings.discovery.levers == "sparse" else 0
    changed = {"alpha_w": _moved(settings.discovery.alpha_w, -less), "moment_draws": None}
    discovery = settings.discovery.model_copy(update=changed)
    plain = learner(discovery, evidence)
    if isinstance(plain, OrderSearch) and isinstance(method, OrderSearch) and method.folder is not None:
        plain = replace(plain, folder=Path(method.folder).with_name("pooled"))
    return discover(naive, plain, knowledge_of(settings.knowledge), settings.seed)


def _moved(alpha_w: float | None, columns: int) -> float | None:
    """Return the prior that is as strong when more columns (or fewer) are scored: alpha_w less their number is kept."""
    return None if alpha_w is None else alpha_w + columns


def other_lever_model(
    settings: StudySettings, evidence: Evidence | Environments, knowledge: Knowledge
) -> GraphPosterior | None:
    """Learn with sparse levers where they were saturated, and the reverse; None where that cannot be done."""
    wanted = "sparse" if settings.discovery.levers == "saturated" else "saturated"
    more = len(evidence.levers) * (1 if wanted == "sparse" else -1)
    changed = {"levers": wanted, "alpha_w": _moved(settings.discovery.alpha_w, more)}
    method = learner(settings.discovery.model_copy(update=changed), evidence)
    if not isinstance(method, ExactPosterior) or len(evidence.names) + len(evidence.levers) > MOST_COLUMNS:
        return None
    return discover(evidence, beside(method, evidence), knowledge, settings.seed)
