"""Do choices follow one order? Weak, moderate and strong transitivity of every triple, and cycles by name."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.randomness import require_whole, stream
from causalvalues.responses.choices import Choices

Triple = tuple[int, int, int]
_COLUMNS = ("a", "b", "c", "p_ab", "p_bc", "p_ac", "weak", "moderate", "strong", "weak_violated_share")


@dataclass(frozen=True, eq=False)
class Transitivity:
    """What the choices say about one underlying order.

    Parameters
    ----------
    triples : pandas.DataFrame
        One row for each three options whose pairs were all compared, as a chain a over b over c with P(a over b) >= 1/2
        and P(b over c) >= 1/2: the three shares, whether it is transitive in the ``weak`` (P(a over c) >= 1/2),
        ``moderate`` (at least the smaller of the two) and ``strong`` (at least the larger) sense, and the share of
        resamples of dilemmas in which P(a over c) < 1/2.
    cycles : tuple of tuple of str
        For each group of options that beat each other in a circle, one shortest cycle, each option preferred to the
        next and the last to the first.
    compared : int
        Number of pairs that were compared.
    pairs : int
        Number of pairs.
    """

    triples: pd.DataFrame
    cycles: tuple[tuple[str, ...], ...]
    compared: int
    pairs: int

    def __repr__(self) -> str:
        return self.summary()

    @property
    def violations(self) -> dict[str, int]:
        """Number of triples that violate each of the three."""
        return {name: int((~self.triples[name].astype(bool)).sum()) for name in ("weak", "moderate", "strong")}

    def summary(self) -> str:
        """Return the finding in words."""
        broken = self.violations
        text = (
            f"{self.compared} of {self.pairs} pairs compared; of {len(self.triples)} chains {broken['weak']} violate "
            f"weak, {broken['moderate']} moderate and {broken['strong']} strong transitivity."
        )
        for cycle in self.cycles:
            text += f" Cycle: {' > '.join((*cycle, cycle[0]))}; no single order (and no strengths) can say this."
        return text


def transitivity(choices: Choices, resamples: int = 200, seed: int = 0) -> Transitivity:
    """Report which triples of options contradict one underlying order.

    Parameters
    ----------
    choices : Choices
        Ties count one half.
    resamples : int, default 200
        Resamples of whole dilemmas.
    seed : int, default 0

    Returns
    -------
    Transitivity

    References
    ----------
    Tversky and Russo (1969), Journal of Mathematical Psychology 6, 1-12; Regenwetter, Dana and Davis-Stober (2011),
    Psychological Review 118, 42-56.
    """
    require_whole("resamples", resamples, 0)
    share = _shares(choices.wins.to_numpy())
    drawn = _drawn_shares(choices, resamples, seed)
    k = len(choices.names)
    order = sorted(range(k), key=lambda j: choices.names[j])
    chains = [_chain(share, triple) for triple in combinations(order, 3) if not np.isnan(_sides(share, triple)).any()]
    rows = [_row(choices.names, share, chain, drawn[:, chain[0], chain[2]]) for chain in chains]
    return Transitivity(
        triples=pd.DataFrame(rows, columns=list(_COLUMNS)),
        cycles=_cycles(share > 0.5, choices.names),
        compared=int((~np.isnan(share)).sum() // 2),
        pairs=k * (k - 1) // 2,
    )


def _sides(share: FloatArray, triple: Triple) -> FloatArray:
    """Return P(a over b), P(b over c) and P(a over c)."""
    a, b, c = triple
    return np.array([share[a, b], share[b, c], share[a, c]])


def _chain(share: FloatArray, triple: Triple) -> Triple:
    """Return the three options in an order a over b over c; where shares tie, the order that violates least."""
    a, b, c = triple
    every: list[Triple] = [(a, b, c), (a, c, b), (b, a, c), (b, c, a), (c, a, b), (c, b, a)]
    orders = [order for order in every if (_sides(share, order)[:2] >= 0.5).all()]
    return max(orders, key=lambda order: sum(_kept(_sides(share, order))))


def _kept(sides: FloatArray) -> tuple[bool, bool, bool]:
    """Return whether weak, moderate and strong transitivity hold."""
    ab, bc, ac = (float(side) for side in sides)
    return ac >= 0.5, ac >= max(min(ab, bc), 0.5), ac >= max(ab, bc)


def _row(names: tuple[str, ...], share: FloatArray, chain: Triple, drawn: FloatArray) -> list[object]:
    sides = _sides(share, chain)
    known = drawn[~np.isnan(drawn)]
    violated = float((known < 0.5).mean()) if len(known) else np.nan
    return [*(names[j] for j in chain), *sides, *_kept(sides), violated]


def _shares(wins: FloatArray) -> FloatArray:
    met = wins + wins.T
    return np.where(met > 0, wins / np.where(met > 0, met, 1.0), np.nan)


def _drawn_shares(choices: Choices, resamples: int, seed: int) -> FloatArray:
    dilemmas, codes = np.unique(np.array(choices.dilemmas, dtype=object), return_inverse=True)
    sums = choices.win_sums(codes, len(dilemmas))
    random = stream(seed, "transitivity")
    counts = random.multinomial(len(dilemmas), np.full(len(dilemmas), 1.0 / len(dilemmas)), size=resamples)
    return np.array([_shares(wins) for wins in np.einsum("rd,dij->rij", counts.astype(float), sums)]).reshape(
        resamples, len(choices.names), len(choices.names)
    )


def _cycles(beats: BoolArray, names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return one shortest cycle of each strongly connected group, starting with its first name in sorted order."""
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(sorted(names))
    order = sorted(range(len(names)), key=lambda j: names[j])
    graph.add_edges_from((names[i], names[j]) for i in order for j in order if beats[i, j])
    found = []
    for group in nx.strongly_connected_components(graph):
        if len(group) > 1:
            part = graph.subgraph(group)
            walks = [
                nx.shortest_path(part, after, start)
                for start in sorted(group)
                for after in sorted(part.successors(start))
            ]
            best = min(walks, key=lambda walk: (len(walk), min(walk), walk))
            first = best.index(min(best))
            found.append(tuple(best[first:] + best[:first]))
    return tuple(sorted(found))
