"""The verb of this room: learn a posterior over graphs from moments."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from causalvalues.discovery.exact import MOST_VALUES, ExactPosterior
from causalvalues.discovery.order_search import OrderSearch
from causalvalues.errors import DiscoveryError
from causalvalues.evidence import Environments, Evidence
from causalvalues.graph import GraphPosterior, Knowledge


class Learner(Protocol):
    """Anything that learns a graph posterior from moments: the one extension point of this room."""

    def learn(self, evidence: Evidence, knowledge: Knowledge, seed: int) -> GraphPosterior:
        """Return weighted graphs over `evidence.names`."""


@runtime_checkable
class EnvironmentLearner(Protocol):
    """A learner that also takes moments of several conditions, in which some values were forced."""

    def learn_environments(self, environments: Environments, knowledge: Knowledge, seed: int) -> GraphPosterior:
        """Return weighted graphs over `environments.names`; each value is scored on the rows in which it was free."""


def discover(
    evidence: Evidence | Environments,
    method: Learner | None = None,
    knowledge: Knowledge | None = None,
    seed: int = 0,
) -> GraphPosterior:
    """Learn how values depend on each other.

    Parameters
    ----------
    evidence : Evidence or Environments
        Moments; no rows are read. With environments (conditions in which known values were forced) each value is
        scored on the rows in which it was free, and what the interventions settle counts as compelled.
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
    knowledge = Knowledge() if knowledge is None else knowledge
    if isinstance(evidence, Evidence):
        return method.learn(evidence, knowledge, seed)
    if not isinstance(method, EnvironmentLearner):
        raise DiscoveryError(
            f"{type(method).__name__} takes the moments of one condition: it would use the rows in which a value was "
            "forced for that value's own equation. Use ExactPosterior() or OrderSearch()."
        )
    return method.learn_environments(evidence, knowledge, seed)
