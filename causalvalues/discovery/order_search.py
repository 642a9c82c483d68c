"""Order search: the best graph for many variables, and its stability over (cluster) bootstrap samples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from causalvalues.discovery.order_run import OrderRun
from causalvalues.errors import DiscoveryError
from causalvalues.evidence import Environments, Evidence
from causalvalues.graph import Dag, GraphPosterior, Knowledge


@dataclass(frozen=True)
class OrderSearch:
    """Search over orders with the Gaussian BIC, on the data and on bootstrap samples; for more than 20 variables.

    A node's local score is ``-n/2 log(residual variance) - |parents| (penalty/2 log n + 2 ebic log p)``, n being the
    degrees of freedom of the evidence. Every variable is carried through every position of an order and left at the
    best one (Andrews et al. 2023, BOSS), its parents being adapted by grow-shrink from those it had (Wienöbst,
    Henckel and Weichwald 2026, FLOP), and all is repeated from perturbed orders (iterated local search).

    Parameters
    ----------
    penalty : float, default 1.0
        Multiple of the standard BIC penalty: 1 is the BIC (as bnlearn, pgmpy); flopsearch and Tetrad use 2.
    ebic : float, default 0.5
        Gamma of the extended BIC (Foygel and Drton 2010), from 0, the plain BIC, to 1. Among networks of 10 to 25 nodes
        and 200 to 2,000 rows, 0.5 was nearer to the truth than 0.
    resamples : int, default 100
        Bootstrap samples: of clusters when the rows are clustered, else of rows (in blocks when there are many).
    restarts : int, default 50
        Perturbed orders tried on the data.
    draw_restarts : int, default 5
        Perturbed orders tried on each bootstrap sample.
    time_limit : float or None, default None
        Seconds; half of them at most go into the data's own graph. The result says when the limit cut the search short.
    folder : str, Path or None, default None
        Where finished draws are kept. After an interrupt, a time limit or a crash the same call goes on from there, and
        ends with the result of an uninterrupted one. The folder is refused when the evidence, the knowledge, the seed
        or a setting differs (`resamples`, `time_limit` and `workers` may).
    workers : int or None, default None
        Threads that share the bootstrap samples; the result is the same for any number. None: the processors of this
        process, at most four.

    Raises
    ------
    DiscoveryError
        If a setting is out of range.
    """

    penalty: float = 1.0
    ebic: float = 0.5
    resamples: int = 100
    restarts: int = 50
    draw_restarts: int = 5
    time_limit: float | None = None
    folder: str | Path | None = None
    workers: int | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.penalty) and self.penalty > 0):
            raise DiscoveryError(
                f"`penalty` is {self.penalty}. Give a positive multiple of the standard BIC, such as 1."
            )
        if not 0 <= self.ebic <= 1:
            raise DiscoveryError(f"`ebic` is {self.ebic}. Give a number from 0 (plain BIC) to 1.")
        if self.resamples < 1 or self.restarts < 0 or self.draw_restarts < 0:
            raise DiscoveryError("`resamples` must be at least 1, and `restarts` and `draw_restarts` at least 0.")
        if self.time_limit is not None and not self.time_limit > 0:
            raise DiscoveryError(f"`time_limit` is {self.time_limit}. Give seconds above zero, or None.")
        if self.workers is not None and self.workers < 1:
            raise DiscoveryError(f"`workers` is {self.workers}. Give a number of threads from 1 on, or None.")

    def learn(self, evidence: Evidence, knowledge: Knowledge, seed: int) -> GraphPosterior:
        """Return what `order_search` finds with these settings."""
        return order_search(evidence, self, knowledge, seed)

    def learn_environments(self, environments: Environments, knowledge: Knowledge, seed: int) -> GraphPosterior:
        """Return what `order_search` finds on conditions in which some values were forced."""
        return order_search(environments, self, knowledge, seed)


def order_search(
    evidence: Evidence | Environments,
    method: OrderSearch | None = None,
    knowledge: Knowledge | None = None,
    seed: int = 0,
) -> GraphPosterior:
    """Search on bootstrap samples and return the graphs found, with equal weights.

    Each draw is a random member of the equivalence class that its sample leads to, within what knowledge allows, so
    that an open direction shows up as about one half, not as the accident of a search order. (The members are drawn
    by a maximum-cardinality search with random ties: uniform for trees and cliques, close to it otherwise.)

    Parameters
    ----------
    evidence : Evidence or Environments
        Without cluster sums, samples come from the Wishart distribution of its correlations. With environments each
        value is scored on the rows in which it was free, and draws are members of the interventional equivalence class.
    method : OrderSearch, optional
    knowledge : Knowledge, optional
        Obeyed by every draw.
    seed : int, default 0

    Returns
    -------
    GraphPosterior
        Of kind "bootstrap". `settings` holds the resolved settings, and the edges and score of the data's own graph.

    Raises
    ------
    DiscoveryError
        If there are too few rows, or fewer than two values.
    CheckError
        If the moments cannot carry a graph (constant, duplicate or ipsative columns).
    KnowledgeError
        If knowledge names unknown values.
    DataError
        If the folder of the method keeps draws of something else, or cannot be written.
    KeyboardInterrupt
        With how many draws are done, and how to go on.
    """
    search = OrderRun(evidence, method or OrderSearch(), knowledge or Knowledge(), seed)
    best, score, complete = search.run()
    draws = search.found
    if not draws:
        raise DiscoveryError(
            f"In every one of {search.method.resamples} bootstrap samples some value does not vary. There are too few "
            "clusters: collect answers of more personas, or drop the values that hardly vary."
        )
    back = np.argsort(search.places)
    stack = np.array(draws)[:, back][:, :, back]
    settings, givens = search.settings(), search.givens(len(draws), complete)
    edges = sorted(Dag(search.names, best).edges)
    return GraphPosterior(
        names=evidence.names,
        draws=stack,
        weights=np.ones(len(draws)),
        kind="bootstrap",
        edge=stack.mean(axis=0),
        prior_edge=np.where(search.problem.must, 1.0, np.where(search.problem.allowed, np.nan, 0.0))[
            np.ix_(back, back)
        ],
        exact=False,
        method=f"order search, {search.score_name}, {len(draws)} bootstrap samples",
        givens=givens,
        settings={**settings, "graph": [list(edge) for edge in edges], "score": score},
        seed=seed,
        levers=evidence.levers,
        lever_mode="saturated" if evidence.levers else "none",
        targets=evidence.targets if isinstance(evidence, Environments) else (),
    )


def best_graph(
    evidence: Evidence | Environments,
    method: OrderSearch | None = None,
    knowledge: Knowledge | None = None,
    seed: int = 0,
) -> Dag:
    """Return the graph with the best score that the search finds on the data: one member of its equivalence class.

    Parameters and errors are those of `order_search`; `resamples`, `draw_restarts` and `folder` are not used.
    """
    search = OrderRun(evidence, method or OrderSearch(), knowledge or Knowledge(), seed)
    back = np.argsort(search.places)
    return Dag(evidence.names, search.on_the_data()[0][np.ix_(back, back)])
