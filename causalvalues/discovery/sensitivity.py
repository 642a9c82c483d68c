"""How much of an edge comes from the prior: the same posterior under other priors, side by side."""

from __future__ import annotations

import pandas as pd

from causalvalues.discovery.discover import discover
from causalvalues.discovery.exact import ExactPosterior
from causalvalues.discovery.moment_draws import draws_wanted
from causalvalues.discovery.priors import FairParents, SparseDags
from causalvalues.discovery.scores import BIC, BGe
from causalvalues.evidence import Environments, Evidence
from causalvalues.evidence.environments import value_parts
from causalvalues.graph import Knowledge

MOMENT_DRAWS = 20
"""Bootstrap matrices behind each column: the same for all columns, so that these differ by their priors alone."""


def prior_sensitivity(
    evidence: Evidence | Environments, knowledge: Knowledge | None = None, seed: int = 0
) -> pd.DataFrame:
    """Return P(adjacent) of every pair under several parameter priors and graph priors.

    Parameters
    ----------
    evidence : Evidence or Environments
        Moments of 2 to 14 values (above, each column costs one run of weighted draws).
    knowledge : Knowledge, optional
    seed : int, default 0

    Returns
    -------
    DataFrame
        One row a pair, sorted by the default's probability: ``first, second``, one column a prior, ``least`` and
        ``most`` over them. Where the posterior is averaged over bootstrap matrices, all columns rest on the same 20 of
        them, so ``default`` differs a little from the posterior's own table.
    """
    m = len(evidence.names)
    averaged = min(draws_wanted(evidence, None, m), MOMENT_DRAWS)
    methods = {
        "default": ExactPosterior(moment_draws=averaged),
        "alpha_w m + 5": ExactPosterior(score=BGe(alpha_w=m + 5.0), moment_draws=averaged),
        "alpha_w 2 m + 10": ExactPosterior(score=BGe(alpha_w=2.0 * m + 10.0), moment_draws=averaged),
        "sparse graphs": ExactPosterior(prior=SparseDags(), moment_draws=averaged),
        "fair parents": ExactPosterior(prior=FairParents(), moment_draws=averaged),
        "BIC": ExactPosterior(score=BIC(), moment_draws=averaged),
    }
    if min(part.degrees_of_freedom for part in value_parts(evidence)[0]) <= m:
        del methods["BIC"]
    knowledge = Knowledge() if knowledge is None else knowledge
    tables = {
        name: discover(evidence, method, knowledge, seed).adjacent_probabilities for name, method in methods.items()
    }
    rows = []
    for i, first in enumerate(evidence.names):
        for j, second in enumerate(evidence.names[i + 1 :], start=i + 1):
            values = {name: float(table.to_numpy()[i, j]) for name, table in tables.items()}
            rows.append(
                {"first": first, "second": second}
                | values
                | {"least": min(values.values()), "most": max(values.values())}
            )
    table = pd.DataFrame(rows)
    return table.sort_values(["default", "first", "second"], ascending=[False, True, True], ignore_index=True)
