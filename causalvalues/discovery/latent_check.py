"""Which edges could be the work of a hidden common cause: the graph held against FCI."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.discovery.constraint_graph import ConstraintGraph
from causalvalues.discovery.fci import fci
from causalvalues.errors import DiscoveryError
from causalvalues.evidence import Evidence
from causalvalues.graph import Dag, EquivalenceClass, GraphPosterior, Knowledge
from causalvalues.graph.mixed import ARROW, NOTHING, TAIL, MarkArray

COLUMNS = ("cause", "effect", "pag", "mark_at_cause", "mark_at_effect", "could_be_hidden", "could_be_confounded", "why")
WORDS = ("", "circle", "arrow", "tail")


@dataclass(frozen=True, eq=False)
class LatentCheck:
    """What a search that allows for hidden common causes says about the edges of a graph.

    Parameters
    ----------
    table : DataFrame
        One row an edge of the graph that was checked:

        - ``cause``, ``effect``: as in that graph (for an open edge: in order of the names).
        - ``pag``: the edge of the partial ancestral graph, read from cause to effect; "" where it has none.
        - ``mark_at_cause``, ``mark_at_effect``: "circle", "arrow", "tail" or "".
        - ``could_be_hidden``: a hidden common cause alone could make the edge: neither end is a tail.
        - ``could_be_confounded``: a hidden common cause could act beside the arrow, so that its size is not safe.
          False only where the pair is apart, or the arrow is visible (Zhang 2008, definition 8).
        - ``why``: the same in words.
    search : ConstraintGraph
        The partial ancestral graph and its tests.
    """

    table: pd.DataFrame
    search: ConstraintGraph

    def __repr__(self) -> str:
        hidden = int(self.table["could_be_hidden"].sum())
        return f"LatentCheck({hidden} of {len(self.table)} edges could be a hidden common cause; {self.search.method})"


def latent_check(
    graph: GraphPosterior | EquivalenceClass | Dag,
    evidence: Evidence,
    knowledge: Knowledge | None = None,
    alpha: float = 0.05,
) -> LatentCheck:
    """Hold the edges of a graph against `fci` on the same evidence.

    The answer rests on tests at one level and on faithfulness (no dependences that cancel); a missing edge in the
    partial ancestral graph can also be lack of rows. It is a warning, not a probability.

    Parameters
    ----------
    graph : GraphPosterior, EquivalenceClass or Dag
        Of a posterior, the edges of `averaged_graph` are checked.
    evidence : Evidence
    knowledge : Knowledge, optional
    alpha : float, default 0.05

    Returns
    -------
    LatentCheck

    Raises
    ------
    DiscoveryError
        If the graph is over other values than the evidence.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from causalvalues.evidence import summarise
    >>> rng = np.random.default_rng(0)
    >>> hidden, a, d = rng.normal(size=(3, 2000))
    >>> b, c = (cause + hidden + rng.normal(size=2000) for cause in (a, d))
    >>> data = summarise(pd.DataFrame({"a": a, "b": b, "c": c, "d": d}))
    >>> graph = Dag.from_edges("abcd", [("a", "b"), ("b", "c"), ("d", "c"), ("a", "c")])
    >>> latent_check(graph, data).table[["cause", "effect", "pag", "could_be_hidden"]].to_numpy().tolist()
    [['a', 'b', 'o->', True], ['a', 'c', '', False], ['b', 'c', '<->', True], ['d', 'c', 'o->', True]]
    """
    if set(graph.names) != set(evidence.names):
        raise DiscoveryError(
            f"The graph is over {graph.names}, the evidence over {evidence.names}. Use the same values."
        )
    search = fci(evidence, knowledge, alpha)
    rows = [_row(search, cause, effect) for cause, effect in _edges(graph)]
    return LatentCheck(pd.DataFrame(rows, columns=list(COLUMNS)), search)


def _edges(graph: GraphPosterior | EquivalenceClass | Dag) -> list[tuple[str, str]]:
    if isinstance(graph, GraphPosterior):
        table = graph.averaged_graph()
        return list(zip(table["cause"], table["effect"], strict=True))
    if isinstance(graph, Dag):
        return sorted(graph.edges)
    return sorted((a, b) if mark == "->" else (min(a, b), max(a, b)) for a, mark, b in graph.edges)


def _row(search: ConstraintGraph, cause: str, effect: str) -> tuple[object, ...]:
    marks, names = search.graph.marks, search.names
    i, j = names.index(cause), names.index(effect)
    at_cause, at_effect = int(marks[j, i]), int(marks[i, j])
    edge = search.graph.edge(cause, effect)
    hidden = edge != "" and TAIL not in (at_cause, at_effect)
    seen = (edge == "->" and visible(marks, i, j)) or (edge == "<-" and visible(marks, j, i))
    why = _why(search, (cause, effect), edge, seen)
    return cause, effect, edge, WORDS[at_cause], WORDS[at_effect], hidden, edge != "" and not seen, why


def _why(search: ConstraintGraph, pair: tuple[str, str], edge: str, seen: bool) -> str:
    cause, effect = pair
    if edge == "":
        given = ", ".join(search.separator(*pair) or ()) or "nothing"
        return f"no edge: independent given {given}, at this level"
    if edge in ("->", "<-"):
        first, second = pair if edge == "->" else (effect, cause)
        safe = "no hidden cause is needed or possible" if seen else "a hidden cause could act beside it"
        turned = "" if edge == "->" else " (the other direction)"
        return f"{first} causes {second}{turned}, perhaps through others; {safe}"
    if edge == "<->":
        return "a hidden cause moves both; neither causes the other"
    if edge == "o->":
        return f"{effect} does not cause {cause}; the arrow and a hidden cause fit alike"
    if edge == "<-o":
        return f"{cause} does not cause {effect}; the reverse arrow and a hidden cause fit alike"
    return "either direction and a hidden cause fit alike"


def visible(marks: MarkArray, cause: int, effect: int) -> bool:
    """Whether no hidden common cause can act beside a directed edge (Zhang 2008, definition 8).

    Some node that is not joined to the effect has an edge into the cause, or a path into it on which every inner node
    is a collider and a parent of the effect.

    Parameters
    ----------
    marks : array (p, p) of int8
        With cause -> effect.
    cause, effect : int
    """
    waiting, seen = [cause], {cause, effect}
    while waiting:
        here = waiting.pop()
        for before in np.flatnonzero(marks[:, here] == ARROW).tolist():
            if before in seen:
                continue
            if marks[before, effect] == NOTHING:
                return True
            parent = marks[before, effect] == ARROW and marks[effect, before] == TAIL
            if parent and marks[here, before] == ARROW:
                seen.add(before)
                waiting.append(before)
    return False
