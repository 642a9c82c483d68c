"""The one graph with the highest score: a reference for searches, not a substitute for the posterior."""

from __future__ import annotations

import numpy as np

from causalvalues.discovery.exact import ExactPosterior, scored_lattice
from causalvalues.errors import DiscoveryError
from causalvalues.evidence import Environments, Evidence
from causalvalues.graph import Dag, Knowledge


def best_dag(
    evidence: Evidence | Environments, method: ExactPosterior | None = None, knowledge: Knowledge | None = None
) -> tuple[Dag, float]:
    """Return the directed acyclic graph with the highest posterior, and its log score.

    Parameters
    ----------
    evidence : Evidence or Environments
        Moments of 2 to 20 values.
    method : ExactPosterior, optional
        Its score, prior and lever mode are used.
    knowledge : Knowledge, optional

    Returns
    -------
    (Dag, float)
        One of the best graphs (others of its equivalence class have the same score), and the sum of its local scores.

    Raises
    ------
    DiscoveryError
        If there are too many values, or none of the graphs agrees with the knowledge.
    """
    from causalvalues.discovery import subset_kernels as kernels

    lattice, names = scored_lattice(
        evidence, ExactPosterior() if method is None else method, Knowledge() if knowledge is None else knowledge
    )
    graph, total = kernels.best_graph(lattice.logs)
    if not np.isfinite(total):
        raise DiscoveryError("No acyclic graph agrees with the knowledge. Relax the required edges or the tiers.")
    place = [names.index(name) for name in evidence.names]
    return Dag(evidence.names, graph[np.ix_(place, place)]), float(total)
