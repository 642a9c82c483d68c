"""Learn the graphs of several groups together: what they share is learned from all, what differs from each alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
import pandas as pd

from causalvalues.discovery.exact import ExactPosterior, scored_lattice
from causalvalues.discovery.joint_sums import HYPOTHESES, GroupScores, JointSums, JointTables
from causalvalues.discovery.lattice import Lattice
from causalvalues.errors import DiscoveryError
from causalvalues.evidence import Evidence
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.graph import GraphPosterior, Knowledge
from causalvalues.randomness import stream

MOST_VALUES = 12


@dataclass(frozen=True)
class GroupPrior:
    """What is believed about several groups before their data.

    Three hypotheses, each with a normalised prior: *one graph* for all groups (uniform over graphs, or as the learner's
    prior says); a *common order*, in which the graphs of the groups together have no cycle and each value has the same
    causes in all groups with weight `share` and else any causes in each; *separate graphs*, independent of each other.
    Strengths of effects and residual variances are free in every group under all three.

    Parameters
    ----------
    share : float, default 0.5
        Weight of shared causes of one value under a common order. Free causes must fit a common order, too, so the
        prior probability of sharing is a little higher; `JointPosterior.shared` prints it.
    one_graph, common_order, separate : float, default 1/3 each
        Prior probabilities, brought to sum 1.
    """

    share: float = 0.5
    one_graph: float = 1 / 3
    common_order: float = 1 / 3
    separate: float = 1 / 3

    def __post_init__(self) -> None:
        if not 0 <= self.share < 1:
            raise DiscoveryError(f"`share` is {self.share}; it lies from 0 to below 1. For 1 use one_graph=1.")
        if min(self.weights) < 0 or not 0 < sum((self.one_graph, self.common_order, self.separate)) < np.inf:
            raise DiscoveryError(f"The probabilities of the hypotheses are not negative, and not all 0: {self}.")

    @property
    def weights(self) -> tuple[float, float, float]:
        """Prior probabilities of one graph, a common order and separate graphs."""
        total = self.one_graph + self.common_order + self.separate
        total = total if total > 0 else 1.0
        return self.one_graph / total, self.common_order / total, self.separate / total


@dataclass(frozen=True, eq=False)
class JointPosterior:
    """Graphs of several groups, learned together.

    Parameters
    ----------
    groups : mapping of str to GraphPosterior
        One posterior a group. Draw i of each belongs to draw i of the others: they are draws of all graphs together.
    edges : DataFrame
        One row for each ordered pair of values: ``cause, effect, everywhere`` (P(the edge is in every group)),
        ``in NAME`` and ``only NAME`` for each group (P(in the group), P(in it and in no other)), and ``prior
        everywhere``.
    hypotheses : DataFrame
        Indexed by hypothesis: ``prior, posterior, log_evidence`` (natural log, the largest is 0).
    shared : DataFrame
        Indexed by value: P(its causes are shared by all groups), ``prior`` and ``posterior``.
    notes : tuple of str
    """

    groups: Mapping[str, GraphPosterior]
    edges: pd.DataFrame
    hypotheses: pd.DataFrame
    shared: pd.DataFrame
    notes: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        best = self.hypotheses["posterior"].idxmax()
        return f"JointPosterior({', '.join(self.groups)}; {best} {self.hypotheses['posterior'].max():.3f})"


def learn_jointly(
    evidences: Mapping[str, Evidence],
    prior: GroupPrior | None = None,
    method: ExactPosterior | None = None,
    knowledge: Knowledge | None = None,
    seed: int = 0,
) -> JointPosterior:
    """Learn the graphs of several groups, with edges that may belong to some of the groups only.

    All sums are exact. Under a common order the families of all groups (one parent set each) are the items of one sum
    by root layers (Kuipers and Moffa 2017) over the union of the graphs, so each tuple of graphs counts once and no
    order is favoured.

    Parameters
    ----------
    evidences : mapping of str to Evidence
        Two groups or more, over the same values (at most 12).
    prior : GroupPrior, optional
    method : ExactPosterior, optional
        Its score, prior over graphs, number of draws and lever mode; each group is scored at its own effective n, on
        its one matrix of moments.
    knowledge : Knowledge, optional
        Holds in every group.
    seed : int, default 0

    Returns
    -------
    JointPosterior

    Raises
    ------
    DiscoveryError
        If there are fewer than two groups, other values in one of them, or too many values.

    Notes
    -----
    In simulations with graphs from this prior (5 values, 60 to 600 rows, standardised, coefficients of .2 to .6) the
    probability that a pair is joined in one group only has a calibration error of .04, against .17 when groups are
    learned alone. P(adjacent) is too low where effects are weak, as it is for one group: the score expects larger
    ones. With two groups of 6 values the Brier score of P(adjacent) is 20% to 60% below that of separate learning when
    all edges are shared, 4% to 9% below it at 100 to 400 rows when 80% are, and no better at 2,000; when no edge is
    shared it is 5% above it at 100 rows and equal from 400 on (`benchmarks/groups.py`). Rows of clusters count by the
    one effective n of their group; the posterior is not averaged over the cluster bootstrap.

    Examples
    --------
    >>> from causalvalues.evidence import summarise
    >>> rng = np.random.default_rng(0)
    >>> def rows():
    ...     a = rng.normal(size=300)
    ...     return pd.DataFrame({"a": a, "b": a + rng.normal(size=300), "c": rng.normal(size=300)})
    >>> joint = learn_jointly({"x": summarise(rows()), "y": summarise(rows())})
    >>> joint.hypotheses["posterior"].idxmax()
    'one graph'
    """
    prior = GroupPrior() if prior is None else prior
    method = ExactPosterior() if method is None else method
    knowledge = Knowledge() if knowledge is None else knowledge
    names, labels = _same_values(evidences), sorted(evidences)
    scored = [scored_lattice(evidences[label], method, knowledge)[0] for label in labels]
    order = sorted(names)
    empty = Lattice.empty(len(names), method.prior).masked(knowledge.allowed(order), knowledge.must(order))
    before = JointSums(GroupScores.of([empty] * len(labels), empty), prior.share)
    after = JointSums(GroupScores.of(scored, empty), prior.share)
    chances, nothing = np.array(prior.weights), before.log_totals()
    tables = after.tables(after.log_totals() - nothing, chances), before.tables(np.zeros(3), chances)
    draws = _draws(after, tables[0].weights, method.draws, seed)
    back = [order.index(name) for name in names]
    givens = (
        "linear-Gaussian mechanisms",
        "no hidden common cause",
        f"learned together with {len(labels) - 1} other group{'s' if len(labels) > 2 else ''}: {prior}",
        "each group's one matrix of moments at its effective n",
    )
    posteriors = {}
    for label in evidences:
        g, evidence = labels.index(label), evidences[label]
        place = [order.index(name) for name in evidence.names]
        both = np.ix_(place, place)
        posteriors[label] = GraphPosterior(
            names=evidence.names,
            draws=draws[g][:, place][:, :, place],
            weights=np.ones(draws.shape[1]),
            kind="posterior",
            edge=tables[0].group[g][both],
            prior_edge=tables[1].group[g][both],
            exact=True,
            method=f"joint exact posterior of groups, {method.score}, {type(method.prior).__name__}",
            givens=(*givens, f"effective rows: {evidence.n_score:.0f} of {evidence.n}"),
            settings={"joint": asdict(prior), "groups": labels, "draws": method.draws},
            seed=seed,
            levers=evidence.levers,
            lever_mode="saturated" if evidence.levers else "none",
        )
    return _joint(posteriors, (names, back, labels), tables, prior)


def _same_values(evidences: Mapping[str, Evidence]) -> tuple[str, ...]:
    if len(evidences) < 2:
        raise DiscoveryError(f"There are {len(evidences)} groups. Give the evidence of two or more.")
    (first, one), *rest = evidences.items()
    for label, other in rest:
        odd = sorted(set(one.names) ^ set(other.names))
        if odd:
            raise DiscoveryError(
                f"The groups {first!r} and {label!r} differ in the values {', '.join(odd)}. "
                "Use the same values in both."
            )
    if len(one.names) > MOST_VALUES:
        raise DiscoveryError(
            f"There are {len(one.names)} values; groups are learned together with {MOST_VALUES} at most. Learn them "
            "one by one, or drop values."
        )
    return one.names


def _draws(sums: JointSums, weights: FloatArray, number: int, seed: int) -> BoolArray:
    """Draw the graphs of all groups (K, number, p, p): first the hypothesis, then the graphs."""
    which = np.searchsorted(np.cumsum(weights), stream(seed, "joint hypothesis").random(number) * weights.sum())
    out = np.zeros((sums.groups, number, sums.p, sums.p), dtype=bool)
    for hypothesis, name in enumerate(HYPOTHESES):
        mine = np.flatnonzero(np.minimum(which, len(HYPOTHESES) - 1) == hypothesis)
        if len(mine):
            out[:, mine] = sums.draw(hypothesis, len(mine), stream(seed, "joint graphs", name))
    return out


def _joint(
    posteriors: dict[str, GraphPosterior],
    order: tuple[tuple[str, ...], list[int], list[str]],
    tables: tuple[JointTables, JointTables],
    prior: GroupPrior,
) -> JointPosterior:
    names, back, labels = order
    after, before = tables
    i, j = np.nonzero(~np.eye(len(names), dtype=bool))
    a, b = np.array(back)[i], np.array(back)[j]
    columns: dict[str, object] = {
        "cause": [names[x] for x in i],
        "effect": [names[x] for x in j],
        "everywhere": after.everywhere[a, b],
    }
    columns |= {f"in {label}": after.group[labels.index(label)][a, b] for label in posteriors}
    columns |= {f"only {label}": after.only[labels.index(label)][a, b] for label in posteriors}
    columns["prior everywhere"] = before.everywhere[a, b]
    relative = after.log_evidence - after.log_evidence.max()
    return JointPosterior(
        groups=posteriors,
        edges=pd.DataFrame(columns),
        hypotheses=pd.DataFrame(
            {"prior": prior.weights, "posterior": after.weights, "log_evidence": relative}, index=list(HYPOTHESES)
        ),
        shared=pd.DataFrame({"prior": before.shared[back], "posterior": after.shared[back]}, index=list(names)),
        notes=(str(prior), *next(iter(posteriors.values())).givens[:2]),
    )
