"""The plain graph beside models with hidden causes, and which edges survive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from causalvalues.discovery.discover import Learner, discover
from causalvalues.discovery.factor_graph import FactorGraph, graph_only_bic
from causalvalues.errors import DiscoveryError
from causalvalues.evidence import Evidence
from causalvalues.graph import GraphPosterior, Knowledge
from causalvalues.theories import ValueTheory

PLAIN, GENERAL, GROUPS, PARTIALLED = "plain", "general factor", "group factors", "partialled"
GRAPH_ONLY, FACTOR_ONLY = "graph only", "factor only"
CLEAR = 10.0
"""Difference in BIC that counts as very strong evidence (Kass and Raftery 1995)."""


@dataclass(frozen=True, eq=False)
class HiddenCauseModels:
    """Posteriors over the same values under different ideas of what is hidden.

    Parameters
    ----------
    posteriors : mapping of str to GraphPosterior
        "plain" (no hidden cause), "general factor", "group factors" and "partialled", as far as they could be learned.
    pairs : DataFrame
        One row a pair: ``first, second``, P(adjacent) under each model, ``least`` of them, ``survives`` (above .5 under
        every model), ``supported`` (above .5 under every model that the BIC does not rule out by 10 or more; the
        partialled model is never ruled out). Sorted by ``least``.
    comparison : DataFrame
        One row a model: ``bic`` (mean over draws given the data's own moments; lower is better), ``difference`` to
        the best, ``identified``, ``why``. Rows "graph only" and "factor only" are the same sampler without factor and
        without edges. The partialled model rests on other moments, so it has no row.
    verdict : str
        Whether a hidden factor is asked for, not asked for, or undecided (less than 10 apart in BIC).
    """

    posteriors: Mapping[str, GraphPosterior]
    pairs: pd.DataFrame
    comparison: pd.DataFrame
    verdict: str

    def __repr__(self) -> str:
        survive = int(self.pairs["survives"].sum())
        return f"HiddenCauseModels({', '.join(self.posteriors)}; {survive} of {len(self.pairs)} pairs survive in all)"


@dataclass(frozen=True)
class HiddenCauseSettings:
    """How `hidden_cause_models` learns.

    Parameters
    ----------
    plain : Learner or None, default None
        Learner of the plain and the partialled graph; None: the default of `discover`.
    factor : FactorGraph, default FactorGraph()
        Its groups are replaced by those of the theory for the model of group factors.
    """

    plain: Learner | None = None
    factor: FactorGraph = field(default_factory=FactorGraph)


def hidden_cause_models(
    evidence: Evidence,
    theory: ValueTheory | None = None,
    partialled: Evidence | None = None,
    settings: HiddenCauseSettings | None = None,
    seed: int = 0,
) -> HiddenCauseModels:
    """Learn the plain graph, and graphs given a general factor, given group factors, and within clusters.

    Parameters
    ----------
    evidence : Evidence
        Of 3 to 17 values.
    theory : ValueTheory, optional
        Its groups are the latent factors of the second model; left out when none of them has two values here.
    partialled : Evidence, optional
        ``summarise(matrix, within=label)`` of the same values, for a label with several rows a group (for example the
        persona): what all rows of a group share is removed.
    settings : HiddenCauseSettings, optional
    seed : int, default 0

    Returns
    -------
    HiddenCauseModels

    Raises
    ------
    DiscoveryError
        If the partialled evidence speaks of other values, or as in `FactorGraph.learn`.

    Notes
    -----
    A factor and a dense graph cannot be told apart: any correlation matrix has a complete graph that fits it. The
    models with factors rest on sparse graphs, and ``identified`` says when even then several explanations stand side
    by side. An edge that does not survive is not disproved; it is not told apart from a hidden cause.
    """
    how = HiddenCauseSettings() if settings is None else settings
    knowledge = Knowledge()
    posteriors = {PLAIN: discover(evidence, how.plain, knowledge, seed)}
    posteriors[GENERAL] = replace(how.factor, groups={}, edges=True).learn(evidence, knowledge, seed)
    groups = {} if theory is None else _groups(theory, evidence)
    if groups:
        posteriors[GROUPS] = replace(how.factor, groups=groups, edges=True).learn(evidence, knowledge, seed)
    if partialled is not None:
        if set(partialled.names) != set(evidence.names):
            odd = ", ".join(sorted(set(partialled.names) ^ set(evidence.names)))
            raise DiscoveryError(f"The partialled evidence differs in the values {odd}. Summarise the same columns.")
        posteriors[PARTIALLED] = discover(partialled, how.plain, knowledge, seed)
    comparison = _comparison(evidence, posteriors, how.factor, seed)
    return HiddenCauseModels(posteriors, _pairs(posteriors, comparison), comparison, _verdict(comparison))


def _groups(theory: ValueTheory, evidence: Evidence) -> dict[str, tuple[str, ...]]:
    present = {theory.canonical(name): name for name in evidence.names if theory.knows(name)}
    groups = {
        group: tuple(present[member] for member in members if member in present)
        for group, members in theory.groups.items()
    }
    return {group: members for group, members in groups.items() if len(members) > 1}


def _pairs(posteriors: Mapping[str, GraphPosterior], comparison: pd.DataFrame) -> pd.DataFrame:
    names = sorted(posteriors[PLAIN].names)
    gaps = comparison["difference"].rename({GRAPH_ONLY: PLAIN})
    possible = [model for model in posteriors if gaps.get(model, 0.0) < CLEAR]
    tables = {
        model: posterior.adjacent_probabilities.loc[names, names].to_numpy() for model, posterior in posteriors.items()
    }
    rows = []
    for i, first in enumerate(names):
        for j, second in enumerate(names[i + 1 :], start=i + 1):
            found = {model: float(np.clip(table[i, j], 0, 1)) for model, table in tables.items()}
            least = min(found.values())
            supported = all(found[model] > 0.5 for model in possible) and bool(possible)
            judged = {"least": least, "survives": least > 0.5, "supported": supported}
            rows.append({"first": first, "second": second, **found, **judged})
    table = pd.DataFrame(rows)
    return table.sort_values(["least", "first", "second"], ascending=[False, True, True], ignore_index=True)


def _comparison(
    evidence: Evidence, posteriors: Mapping[str, GraphPosterior], factor: FactorGraph, seed: int
) -> pd.DataFrame:
    rows = [{"model": GRAPH_ONLY, "bic": graph_only_bic(evidence, factor, seed), "identified": True, "why": ""}]
    alone = replace(factor, groups={}, edges=False).learn(evidence, Knowledge(), seed)
    for model, posterior in [(FACTOR_ONLY, alone), *posteriors.items()]:
        if "bic" in posterior.settings:
            rows.append({"model": model, **{key: posterior.settings[key] for key in ("bic", "identified", "why")}})
    table = pd.DataFrame(rows).set_index("model")
    table.insert(1, "difference", table["bic"] - table["bic"].min())
    return table


def _verdict(comparison: pd.DataFrame) -> str:
    """Return what the BIC says of the graph alone and the best model with a factor; by less than `CLEAR`, nothing."""
    bic = comparison["bic"]
    best = str(bic.drop(GRAPH_ONLY).idxmin())
    gap = float(bic[GRAPH_ONLY] - bic[best])
    if abs(gap) < CLEAR:
        return (
            f"Models with and without a hidden factor fit about equally well (BIC {abs(gap):.1f} apart; best with one: "
            f"{best}): the data do not decide."
        )
    if gap < 0:
        return f"The data do not ask for a hidden factor: the BIC of the graph alone is lower by {-gap:.1f}."
    words = f"A hidden factor fits clearly better than the graph alone (BIC lower by {gap:.1f}, model {best!r})."
    if not bool(comparison["identified"][best]):
        words += f" It is not identified: {comparison['why'][best]!s}."
    return words
