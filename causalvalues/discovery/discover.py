"""The verb of this room: learn a posterior over graphs from moments."""

from __future__ import annotations

from typing import Protocol

from causalvalues.discovery.exact import MOST_VALUES, ExactPosterior
from causalvalues.discovery.order_search import OrderSearch
from causalvalues.evidence import Evidence
from causalvalues.graph import GraphPosterior, Knowledge


class Learner(Protocol):
    """Anything that learns a graph posterior from moments: the one extension point of this room."""

    def learn(self, evidence: Evidence, knowledge: Knowledge, seed: int) -> GraphPosterior:
        """Return weighted graphs over `evidence.names`."""


def discover(
    evidence: Evidence, method: Learner | None = None, knowledge: Knowledge | None = None, seed: int = 0
) -> GraphPosterior:
    """Learn how values depend on each other.

    Parameters
    ----------
    evidence : Evidence
        Moments; no rows are read.
    method : Learner, optional
        Default: `ExactPosterior()` up to 20 values, `OrderSearch()` above.
    knowledge : Knowledge, optional
        Tiers, required and forbidden edges; every graph obeys them.
    seed : int, default 0
        Same seed, same result, whatever the order of the columns or the number of threads.

    Returns
    -------
    GraphPosterior
        Weighted graphs with edge, adjacency, compelled and ancestor probabilities.

    Raises
    ------
    DiscoveryError, KnowledgeError, CheckError

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from causalvalues.evidence import summarise
    >>> rng = np.random.default_rng(0)
    >>> a = rng.normal(size=500)
    >>> data = pd.DataFrame({"a": a, "b": a + rng.normal(size=500), "c": rng.normal(size=500)})
    >>> posterior = discover(summarise(data))
    >>> bool(posterior.adjacent_probabilities.loc["a", "b"] > 0.99)
    True
    """
    if method is None:
        method = ExactPosterior() if len(evidence.names) <= MOST_VALUES else OrderSearch()
    return method.learn(evidence, Knowledge() if knowledge is None else knowledge, seed)
