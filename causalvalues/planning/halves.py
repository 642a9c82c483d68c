"""Two models of two disjoint halves of the data, so that a plan chosen with one can be judged by the other."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from causalvalues.errors import DataError, ModelError, PlanError
from causalvalues.evidence.moments import ClusterSums, Evidence, GroupSums
from causalvalues.evidence.resampling import resample
from causalvalues.evidence.sums import recentred
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.graph.dag import Dag
from causalvalues.graph.posterior import GraphPosterior
from causalvalues.model.fitting import fit
from causalvalues.model.structural import StructuralModel
from causalvalues.randomness import stream

_LEAST_CLUSTERS = 4
_DEALS = 200


def half_models(
    posterior: GraphPosterior | Dag, evidence: Evidence, seed: int = 0
) -> tuple[StructuralModel, StructuralModel]:
    """Deal the clusters into two halves at random and fit the graphs to each half by itself.

    Clusters (or blocks of independent rows) that hold the same design columns are dealt out evenly, so that each lever
    and tried combination is in both halves: a plan is then chosen among the same candidates with either. The graphs
    stay as they are: they were learned from all rows, so what the halves do not share is the error of the coefficients,
    above all of the lever effects.

    Parameters
    ----------
    posterior : GraphPosterior or Dag
    evidence : Evidence
        Made by `summarise`, so that it holds cluster sums.
    seed : int, default 0

    Returns
    -------
    tuple of two StructuralModel
        For `halves` of a planning method.

    Raises
    ------
    PlanError
        If the evidence holds no cluster sums, there are fewer than four clusters, or some lever or combination
        cannot be put into both halves.

    Examples
    --------
    >>> import numpy as np
    >>> from causalvalues import Dag, ResponseMatrix, summarise
    >>> scores = np.random.default_rng(0).normal(size=(40, 2))
    >>> evidence = summarise(ResponseMatrix(names=["a", "b"], scores=scores, unit_ids=[str(i) for i in range(40)]))
    >>> one, other = half_models(Dag.from_edges(["a", "b"], [("a", "b")]), evidence)
    >>> bool((one.coefficients != other.coefficients).any())
    True
    """
    sums = evidence.clusters
    if sums is None:
        raise PlanError("This evidence holds no cluster sums to deal into halves. Use the one that `summarise` made.")
    if len(sums.weight) < _LEAST_CLUSTERS:
        raise PlanError(
            f"There are {len(sums.weight)} clusters; halves need at least {_LEAST_CLUSTERS}. Plan without `halves`."
        )
    holds = design_in_clusters(evidence, sums)
    _check_shared(evidence, holds)
    dealt = _best_deal(holds, seed)
    seeds = [int(stream(seed, "halves", "fit", number).integers(2**31)) for number in (0, 1)]
    try:
        halves = [half_evidence(evidence, sums, taken) for taken in (dealt, ~dealt)]
        one, other = (fit(posterior, half, seed=own) for half, own in zip(halves, seeds, strict=True))
    except (DataError, ModelError) as error:
        raise PlanError(f"Half of the data is too little for a model: {error}") from None
    return one, other


def half_evidence(evidence: Evidence, sums: ClusterSums, taken: BoolArray) -> Evidence:
    """Return the evidence of some of the clusters, with their sums about its own mean (unless rows are independent).

    Parameters
    ----------
    evidence : Evidence
    sums : ClusterSums
        Those of the evidence.
    taken : array (G,) of bool

    Raises
    ------
    DataError
        If too few rows are taken.
    PlanError
        If they lack a lever or combination.
    """
    half = resample(evidence, taken.astype(np.float64))
    lost = [name for name in evidence.columns if name not in half.columns]
    if lost:
        raise _cannot(lost, "cannot be told apart from the other levers in both halves of the data")
    if sums.independent:
        return half
    weight, second = sums.weight[taken], recentred(sums, taken.astype(np.float64))[taken]
    strata = None if sums.strata is None else sums.strata[taken]
    if sums.groups is None:
        first = sums.first[taken] - weight[:, None] * (half.mean - evidence.mean)
        return replace(half, clusters=replace(sums, weight=weight, first=first, second=second, strata=strata))
    parts, k = sums.groups, len(sums.groups.means)
    pairs = taken[parts.cluster]
    cluster, group = (np.cumsum(taken) - 1)[parts.cluster[pairs]], parts.group[pairs]
    total, step = np.bincount(group, parts.weight[pairs], minlength=k), np.zeros_like(parts.means)
    np.add.at(step, group, parts.first[pairs])
    step /= np.where(total > 0, total, 1.0)[:, None]
    inner = parts.first[pairs] - parts.weight[pairs, None] * step[group]
    first = np.zeros((len(weight), inner.shape[1]))
    np.add.at(first, cluster, inner)
    groups = GroupSums(cluster, group, parts.weight[pairs], inner, parts.means + step)
    kept = replace(sums, weight=weight, first=first, second=second, groups=groups, strata=strata)
    return replace(half, clusters=kept)


def design_in_clusters(evidence: Evidence, sums: ClusterSums) -> BoolArray:
    """Say which clusters hold which design columns, (G, q): some row has a dose that is not zero."""
    p = len(evidence.names)
    if sums.groups is None:
        raw: FloatArray = sums.first[:, p:] + sums.weight[:, None] * evidence.mean[p:]
        size = sums.weight
    else:
        parts = sums.groups
        raw = parts.first[:, p:] + parts.weight[:, None] * parts.means[parts.group, p:]
        summed = np.zeros((len(sums.weight), raw.shape[1]))
        np.add.at(summed, parts.cluster, np.abs(raw))
        raw, size = summed, sums.weight
    return np.asarray(np.abs(raw) > 1e-9 * np.maximum(size, 1.0)[:, None] * np.abs(evidence.mean[p:]))


def _check_shared(evidence: Evidence, holds: BoolArray) -> None:
    names = evidence.columns[len(evidence.names) :]
    lone = [name for name, clusters in zip(names, holds.sum(axis=0), strict=True) if clusters < 2]
    if lone:
        raise _cannot(lone, "was tried in one cluster alone, so it cannot be in both halves of the data")


def _cannot(names: list[str], why: str) -> PlanError:
    more = f" (nor can {', '.join(map(repr, names[1:]))})" if len(names) > 1 else ""
    return PlanError(
        f"{names[0]!r} {why}{more}. Leave its rows out, try it in more clusters, or plan without `halves`."
    )


def _best_deal(holds: BoolArray, seed: int) -> BoolArray:
    """Return the first deal (G,) that has every column in both halves, or the one that lacks the fewest."""
    best, least = np.zeros(len(holds), dtype=bool), math.inf
    for number in range(_DEALS):
        dealt = _deal(holds, stream(seed, "halves", number))
        lacking = int((~(holds[dealt].any(axis=0) & holds[~dealt].any(axis=0))).sum())
        if lacking < least:
            best, least = dealt, lacking
        if not lacking:
            break
    return best


def _deal(holds: BoolArray, random: np.random.Generator) -> BoolArray:
    """Return which clusters (G,) go to the first half: kinds of clusters in random order, dealt in turn."""
    _, kind = np.unique(holds, axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    turn = random.permutation(int(kind.max()) + 1)
    order = np.lexsort((random.random(len(kind)), turn[kind]))
    first = np.zeros(len(kind), dtype=bool)
    first[order[int(random.integers(2)) :: 2]] = True
    return first
