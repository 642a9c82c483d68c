"""What groups have in common: edges, directions, and distances between graphs beside those within one group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError
from causalvalues.evidence.moments import Evidence
from causalvalues.evidence.resampling import resample
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.graph import GraphPosterior
from causalvalues.randomness import require_whole, stream

UNEQUAL = 1.2
"""Ratio of effective rows above which groups count as unequal in size."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Graphs of two or more groups side by side.

    Parameters
    ----------
    pairs : DataFrame
        One row for each pair of values, those most likely to differ first: ``first, second``; ``adjacent NAME`` for
        each group; ``in_all, in_none, differs`` (P(adjacent in all groups, in none, in some but not all)); ``forward
        NAME, backward NAME`` (P(first -> second is there and compelled), P(second -> first ...)); ``turned``
        (P(compelled forward in some group and backward in another)). Groups count as independent.
    distances : DataFrame
        One row for each two groups, and one for each group with itself (two draws of its own posterior: the noise
        floor): ``group, other``; ``hamming`` (expected structural Hamming distance of equivalence classes) and
        ``intervention`` (expected structural intervention distance of the graphs, the mean of both directions), each
        with ``_lower, _upper``, where 95% of pairs of draws lie.
    n : mapping of str to float
        Effective rows of each group, where they are known.
    summary : str
        The result in words.
    """

    pairs: pd.DataFrame
    distances: pd.DataFrame
    n: Mapping[str, float]
    summary: str

    def __repr__(self) -> str:
        return f"Comparison({self.summary})"


def compare(
    posteriors: Mapping[str, GraphPosterior],
    evidences: Mapping[str, Evidence] | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> Comparison:
    """Compare the graphs of groups.

    Parameters
    ----------
    posteriors : mapping of str to GraphPosterior
        Two groups or more, over the same values, learned from different rows. (For groups that were learned together
        use `JointPosterior.edges`: their draws are not independent.)
    evidences : mapping of str to Evidence, optional
        What each group was learned from; only the effective rows are read, to warn of unequal groups.
    draws : int, default 1000
        Pairs of graphs drawn for each distance.
    seed : int, default 0

    Returns
    -------
    Comparison

    Raises
    ------
    ModelError
        If there are fewer than two groups, or their values differ.

    Notes
    -----
    Two groups with the same graph, learned from different rows, are further apart than two draws of one posterior,
    because each posterior errs on its own: their distance is up to about the sum of the two floors. Above the sum, the
    graphs differ by more than the data's noise; between the larger floor and the sum nothing can be said from graphs
    alone. `same_structure` tests it.

    References
    ----------
    Tsamardinos, Brown and Aliferis (2006), Machine Learning 65, 31-78 (Hamming distance of classes); Peters and
    Buhlmann (2015), Neural Computation 27, 771-799 (intervention distance).
    """
    require_whole("draws", draws)
    first = _checked(posteriors)
    unknown = [] if evidences is None else [label for label in posteriors if label not in evidences]
    if unknown:
        raise ModelError(f"There is no evidence of the group {unknown[0]!r}. Give one for each posterior, or none.")
    aligned = {label: _Aligned.of(posterior, sorted(first.names)) for label, posterior in posteriors.items()}
    n = {} if evidences is None else {label: float(evidences[label].n_score) for label in posteriors}
    pairs = _pairs(first.names, aligned)
    rows = []
    labels = list(posteriors)
    for a, b in [*((x, x) for x in labels), *combinations(labels, 2)]:
        rows.append((a, b, *_distances(aligned[a], aligned[b], draws, (seed, min(a, b), max(a, b)))))
    ends = [f"{what}{end}" for what in ("hamming", "intervention") for end in ("", "_lower", "_upper")]
    distances = pd.DataFrame(rows, columns=["group", "other", *ends])
    return Comparison(pairs, distances, n, _summary(pairs, distances, n))


def at_equal_n(evidences: Mapping[str, Evidence], seed: int = 0) -> dict[str, Evidence]:
    """Return evidence in which every group has about as many effective rows as the smallest: some of its clusters.

    Parameters
    ----------
    evidences : mapping of str to Evidence
        Made by `summarise`.
    seed : int, default 0
        Which clusters (or blocks of rows) are taken; average what you compute over several seeds.

    Returns
    -------
    dict of str to Evidence
        Without cluster sums, so that all groups are scored on one matrix each.
    """
    if not evidences:
        raise ModelError("There is no evidence to compare. Give the evidence of two groups or more.")
    least = min(evidence.n_score for evidence in evidences.values())
    found = {}
    for label, evidence in evidences.items():
        if evidence.clusters is None:
            raise ModelError(
                f"The evidence of {label!r} holds no cluster sums. Use the evidence that `summarise` made."
            )
        clusters = len(evidence.clusters.weight)
        taken = max(round(clusters * least / evidence.n_score), 2)
        counts = np.zeros(clusters)
        counts[stream(seed, "equal n", label).permutation(clusters)[:taken]] = 1.0
        found[label] = resample(evidence, counts)
    return found


@dataclass(frozen=True, eq=False)
class _Aligned:
    """A posterior with its values in name order: marks of each draw's class (s, p, p), graphs, weights, tables."""

    names: list[str]
    marks: IntArray
    draws: BoolArray
    weights: FloatArray
    adjacent: FloatArray
    compelled: FloatArray

    @classmethod
    def of(cls, posterior: GraphPosterior, names: list[str]) -> _Aligned:
        place = [posterior.names.index(name) for name in names]
        draws = posterior.draws[:, place][:, :, place]
        compelled = posterior.compelled_draws[:, place][:, :, place]
        joined = draws | draws.transpose(0, 2, 1)
        marks = joined.astype(np.int64) + compelled + 2 * compelled.transpose(0, 2, 1)
        both = np.ix_(place, place)
        adjacent = (posterior.edge + posterior.edge.T)[both]
        probable = posterior.compelled_probabilities.to_numpy()[both]
        return cls(names, marks, np.ascontiguousarray(draws), posterior.weights, adjacent, probable)


def _checked(posteriors: Mapping[str, GraphPosterior]) -> GraphPosterior:
    if len(posteriors) < 2:
        raise ModelError(f"There are {len(posteriors)} groups. Give the posteriors of two or more.")
    (label, first), *rest = posteriors.items()
    for other, posterior in rest:
        odd = sorted(set(first.names) ^ set(posterior.names))
        if odd:
            raise ModelError(
                f"The groups {label!r} and {other!r} differ in the values {', '.join(odd)}. Learn both from the same."
            )
    return first


def _pairs(names: tuple[str, ...], groups: Mapping[str, _Aligned]) -> pd.DataFrame:
    order = sorted(names)
    ends = list(combinations(names, 2))
    i = np.array([order.index(a) for a, _ in ends])
    j = np.array([order.index(b) for _, b in ends])
    adjacent = np.array([group.adjacent[i, j] for group in groups.values()]).clip(0, 1)
    forward = np.array([group.compelled[i, j] for group in groups.values()])
    backward = np.array([group.compelled[j, i] for group in groups.values()])
    in_all, in_none = adjacent.prod(axis=0), (1 - adjacent).prod(axis=0)
    never = (1 - forward).prod(axis=0) + (1 - backward).prod(axis=0) - (1 - forward - backward).clip(0).prod(axis=0)
    columns: dict[str, object] = {"first": [a for a, _ in ends], "second": [b for _, b in ends]}
    columns |= {f"adjacent {label}": adjacent[g] for g, label in enumerate(groups)}
    columns |= {"in_all": in_all, "in_none": in_none, "differs": (1 - in_all - in_none).clip(0, 1)}
    for g, label in enumerate(groups):
        columns |= {f"forward {label}": forward[g], f"backward {label}": backward[g]}
    columns["turned"] = (1 - never).clip(0, 1)
    table = pd.DataFrame(columns)
    return table.sort_values(["differs", "first", "second"], ascending=[False, True, True], ignore_index=True)


def _distances(a: _Aligned, b: _Aligned, draws: int, key: tuple[int, str, str]) -> list[float]:
    from causalvalues.discovery.intervention_distance_kernels import intervention_distances

    random = stream(key[0], "graph pairs", key[1], key[2])
    one = random.choice(len(a.weights), size=draws, p=a.weights)
    two = random.choice(len(b.weights), size=draws, p=b.weights)
    high = np.triu_indices(len(a.names), 1)
    hamming = (a.marks[one][:, high[0], high[1]] != b.marks[two][:, high[0], high[1]]).sum(axis=1)
    x, y = a.draws[one], b.draws[two]
    intervention = (intervention_distances(x, y) + intervention_distances(y, x)) / 2
    found: list[float] = []
    for values in (hamming, intervention):
        found += [float(values.mean()), *(float(end) for end in np.quantile(values, [0.025, 0.975]))]
    return found


def _summary(pairs: pd.DataFrame, distances: pd.DataFrame, n: Mapping[str, float]) -> str:
    shared, differ = int((pairs["in_all"] > 0.5).sum()), int((pairs["differs"] > 0.5).sum())
    parts = [f"{shared} of {len(pairs)} pairs are joined in all groups, {differ} in some only (P > .5)"]
    table = list(zip(distances["group"], distances["other"], distances["hamming"].tolist(), strict=True))
    floor = {one: value for one, other, value in table if one == other}
    for one, other, value in table:
        if one == other:
            continue
        own = floor[one], floor[other]
        if value > sum(own):
            judged = "further apart than two graphs drawn within each group together, so more than noise"
        elif value > max(own):
            judged = "between one and two noise floors: test it with same_structure"
        else:
            judged = "no further apart than two graphs drawn within one group"
        parts.append(
            f"{one} and {other}: structural Hamming distance {value:.1f} "
            f"(within: {own[0]:.1f} and {own[1]:.1f}), {judged}"
        )
    if n and max(n.values()) > UNEQUAL * min(n.values()):
        sizes = ", ".join(f"{label} {rows:.0f}" for label, rows in n.items())
        parts.append(f"groups differ in effective rows ({sizes}): compare again with at_equal_n")
    return "; ".join(parts) + "."
