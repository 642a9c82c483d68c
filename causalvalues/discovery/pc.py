"""PC: a partially directed graph from independence tests, as a second opinion on the same evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from causalvalues.discovery.colliders import Triple, find_colliders, unclear_triples
from causalvalues.discovery.constraint_graph import ConstraintGraph, constraint_graph, limits_of
from causalvalues.discovery.separation import IndependenceTest, as_test, find_skeleton
from causalvalues.errors import DiscoveryError
from causalvalues.evidence import Evidence
from causalvalues.frozen import BoolArray
from causalvalues.graph import Knowledge
from causalvalues.graph.mixed import ARROW, CIRCLE, NOTHING, TAIL, MixedGraph

ColliderRule = Literal["majority", "separator"]


def pc(
    evidence: Evidence | IndependenceTest,
    knowledge: Knowledge | None = None,
    alpha: float = 0.05,
    colliders: ColliderRule = "majority",
    most_given: int | None = None,
) -> ConstraintGraph:
    """Learn a partially directed graph by independence tests (Spirtes, Glymour and Scheines 2000).

    The search of neighbours is order-free (Colombo and Maathuis 2014) and every step after it is simultaneous, so the
    result depends on no order of columns or tests. Only values that may be a direct cause of one of the two, by
    knowledge, are tried as separators; so a mediator between tiers is found. Directions that knowledge leaves no choice
    about stand first, then come the colliders, then the rules of Meek (1995). Where two of these ask for opposite
    directions, the edge stays as a conflict (``<->``) and is named in the notes.

    Parameters
    ----------
    evidence : Evidence or IndependenceTest
        Moments with design columns partialled out (Fisher's z at the effective n, see
        `causalvalues.discovery.separation.partial_correlations`), or any test, for example an oracle.
    knowledge : Knowledge, optional
        Required edges are never tested; edges forbidden in both directions are left out.
    alpha : float, default 0.05
        An edge is dropped when some test of it has a larger p-value.
    colliders : {"majority", "separator"}, default "majority"
        How a - k - b, with a and b apart, becomes a -> k <- b: when fewer than half of all sets of neighbours that
        separate a and b hold k (exactly half: ambiguous, left open), or when the one separating set that is kept (the
        one with the largest p-value) does not hold it.
    most_given : int, optional
        Largest conditioning set; default no bound.

    Returns
    -------
    ConstraintGraph
        Under no hidden common causes.

    Raises
    ------
    CheckError, DiscoveryError, KnowledgeError

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from causalvalues.evidence import summarise
    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.normal(size=(2, 500))
    >>> found = pc(summarise(pd.DataFrame({"a": a, "b": b, "c": a + b + rng.normal(size=500)})))
    >>> found.graph.edges
    (('a', '->', 'c'), ('b', '->', 'c'))
    """
    test = as_test(evidence)
    known = Knowledge() if knowledge is None else knowledge
    limits = limits_of(alpha, most_given, len(test.names))
    if colliders not in ("majority", "separator"):
        raise DiscoveryError(f"`colliders` is {colliders!r}. Use 'majority' or 'separator'.")
    allowed, must = known.allowed(test.names), known.must(test.names)
    either = allowed | allowed.T
    skeleton = find_skeleton(test, either, must | must.T, allowed, limits)
    decided = find_colliders(test, skeleton, limits, allowed, colliders == "majority")
    graph, notes = _oriented(test.names, skeleton.adjacent, allowed, *decided)
    result = constraint_graph(test, evidence.names, graph, skeleton, limits)
    ambiguous = tuple((test.names[i], test.names[k], test.names[j]) for i, k, j in decided[1])
    return replace(result, ambiguous=ambiguous, method=f"PC, order-free, {colliders} colliders", notes=notes)


def _oriented(
    names: tuple[str, ...], adjacent: BoolArray, allowed: BoolArray, collide: list[Triple], ambiguous: list[Triple]
) -> tuple[MixedGraph, tuple[str, ...]]:
    """Return the graph after knowledge, colliders and Meek's rules, with what was in conflict."""
    notes = []
    directed = adjacent & allowed & ~allowed.T
    for i, k, j in collide:
        for cause in (i, j):
            if allowed[cause, k]:
                directed[cause, k] = True
            else:
                notes.append(f"Tests ask for {names[cause]!r} -> {names[k]!r}, which knowledge excludes.")
    unclear = unclear_triples(len(names), ambiguous)
    directed, conflict = close_with_conflicts(directed, adjacent, unclear)
    notes += [
        f"Tests ask for both directions of {names[i]!r} and {names[j]!r}." for i, j in np.argwhere(np.triu(conflict))
    ]
    marks = np.where(adjacent, CIRCLE, NOTHING).astype(np.int8)
    marks[directed] = ARROW
    marks[directed.T] = TAIL
    marks[conflict] = ARROW
    return MixedGraph(names, marks), tuple(dict.fromkeys(notes))


def close_with_conflicts(directed: BoolArray, adjacent: BoolArray, unclear: BoolArray) -> tuple[BoolArray, BoolArray]:
    """Close under the four rules of Meek (1995), all edges at once; opposite demands become conflicts.

    Parameters
    ----------
    directed : array (p, p) of bool
        Demanded directions; both directions of one edge are a conflict.
    adjacent : array (p, p) of bool, symmetric
    unclear : array (p, p, p) of bool
        True at [i, k, j] when it is not known whether i - k - j collides; such triples start no rule.

    Returns
    -------
    directed, conflict : array (p, p) of bool
        `conflict` is symmetric.
    """
    conflict = directed & directed.T
    directed = directed & ~conflict
    apart = ~(adjacent | np.eye(len(adjacent), dtype=bool))
    clear = ~unclear
    while True:
        loose = adjacent & ~(directed | directed.T | conflict)
        turn = np.einsum("ca,cb,cab->ab", directed, apart, clear)  # rule 1: c -> a - b
        turn |= directed @ directed  # rule 2: a -> c -> b
        pointing = loose[:, :, None] & directed[None, :, :]  # [a, c, b]: a - c -> b
        for a in range(len(adjacent)):
            pairs = apart & clear[:, a, :]
            side = pointing[a]
            turn[a] |= np.einsum("cb,cd,db->b", side, pairs, side)  # rule 3: a - c -> b, a - d -> b
            chain = (
                loose[a][:, None] & directed & adjacent[a][None, :]
            ) @ directed  # [d, b]: a - d -> c -> b, a c joined
            turn[a] |= (chain & pairs).any(axis=0)  # rule 4
        turn &= loose
        if not turn.any():
            return directed, conflict
        conflict = conflict | (turn & turn.T)
        directed = directed | (turn & ~turn.T)
