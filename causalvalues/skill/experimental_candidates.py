"""Structural models that are held against the experiment, each learned from other rows than the forced ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from causalvalues.discovery import ExactPosterior, Learner, discover
from causalvalues.discovery.factor_graph import FactorGraph
from causalvalues.evidence import Evidence, summarise
from causalvalues.graph import GraphPosterior, Knowledge
from causalvalues.model import fit, total_effects
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.responses.scoring import score
from causalvalues.skill.experimental_context import HiddenContext, balanced
from causalvalues.skill.experimental_measures import centred
from causalvalues.skill.experimental_score import Candidate
from causalvalues.skill.experimental_sequences import SequentialAnswers, earlier_effects
from causalvalues.skill.experimental_simple import lever_matrix, unit_means
from causalvalues.theories.key import ScoringKey
from causalvalues.theories.theory import ValueTheory

NO_LEVER, LEVER, BOTH = "rows without levers", "all rows, levers partialled out", "all rows"
STEERED, IN_TURN = "rows with and without levers", "questionnaires in turn"


@dataclass(frozen=True)
class StructuralSettings:
    """How structural models are learned.

    Parameters
    ----------
    moment_draws : int, default 20
        Bootstrap moments to average over.
    context : HiddenContext
    factor : FactorGraph
        Groups are those of the theory for group factors.
    """

    moment_draws: int = 20
    context: HiddenContext = field(default_factory=HiddenContext)
    factor: FactorGraph = field(default_factory=lambda: FactorGraph(starts=8, draws=80, moment_draws=0))


def structural_candidates(
    answers: ResponseMatrix,
    key: ScoringKey | None = None,
    theory: ValueTheory | None = None,
    sequential: SequentialAnswers | None = None,
    seed: int = 0,
) -> list[Candidate]:
    """Learn structural models and return what each says that forced answers do.

    The prediction of a graph is its matrix of mean total effects. *Plain graph* on rows without levers, and on all rows
    as if levers were none; *saturated* and *sparse* levers; *factor plus graph* with a general factor or one for each
    group of the theory (total effects given the factors); *levers as instruments*: effect of lever i on j over its
    effect on i, each shrunk by the error of the latter; *hidden context* without arrows between values
    (`HiddenContext`), from all rows and from those without levers; *hidden context and pushes*: what is said tells of
    the context, and also pushes as the lever of its value does, both counted the same; and from questionnaires in turn,
    the graph of their answers and the effects of earlier answers on later ones.

    Parameters
    ----------
    answers : ResponseMatrix
        Items (with `key`) or scores, with levers ``do_<value>``, clustered by unit, and rows without levers.
    key : ScoringKey, optional
    theory : ValueTheory, optional
        For group factors.
    sequential : SequentialAnswers, optional
        For the last two; the effects of earlier answers need items.
    seed : int, default 0

    Raises
    ------
    CausalValuesError
        As the verbs that learn.
    """
    return learn_candidates(Given(answers, key, theory, sequential), StructuralSettings(), seed)


@dataclass(frozen=True, eq=False)
class Given:
    """What `structural_candidates` learns from; see there. `own` says which value each lever aims at."""

    answers: ResponseMatrix
    key: ScoringKey | None = None
    theory: ValueTheory | None = None
    sequential: SequentialAnswers | None = None
    own: Mapping[str, str] | None = None


def learn_candidates(given: Given, settings: StructuralSettings, seed: int) -> list[Candidate]:
    """Return `structural_candidates` with settings."""
    scored = given.answers if given.key is None else score(given.answers, given.key)
    scored = _by_name(scored)
    plain = scored.rows(~(scored.doses != 0).any(axis=1))
    without = replace(plain, levers=(), doses=np.zeros((len(plain), 0)))
    evidences = {
        NO_LEVER: summarise(without),
        LEVER: summarise(scored),
        BOTH: summarise(replace(scored, levers=(), doses=np.zeros((len(scored), 0)))),
    }
    exact = ExactPosterior(moment_draws=settings.moment_draws)
    graphs: list[tuple[str, str, Learner]] = [
        ("plain graph", NO_LEVER, exact),
        ("plain graph, levers not modelled", BOTH, exact),
        ("graph with saturated levers", LEVER, exact),
        ("graph with sparse levers", LEVER, replace(exact, levers="sparse")),
        ("general factor plus graph", NO_LEVER, replace(settings.factor, groups={})),
        ("general factor plus graph, all rows", LEVER, replace(settings.factor, groups={})),
    ]
    groups = {} if given.theory is None else _groups(given.theory, scored.names)
    if groups:
        graphs.append(("group factors plus graph", NO_LEVER, replace(settings.factor, groups=groups)))
        graphs.append(("group factors plus graph, all rows", LEVER, replace(settings.factor, groups=groups)))
    found = [Candidate(name, _totals(evidences[rows], method, seed), True, rows) for name, rows, method in graphs]
    found.append(Candidate("levers as instruments", instruments(scored, given.own), True, STEERED))
    found += context_candidates(given, settings)
    return [*found, *_in_turn(given, exact, seed)]


def context_candidates(given: Given, settings: StructuralSettings) -> list[Candidate]:
    """Return the models with a hidden context: from all rows, mixed with the pushes of levers, without levers."""
    scored = _by_name(given.answers if given.key is None else score(given.answers, given.key))
    context = _context(given, scored, settings.context)
    without = ~(given.answers.doses != 0).any(axis=1)
    only, plain = replace(given, answers=given.answers.rows(without)), scored.rows(without)
    return [
        Candidate("hidden context", context, True, BOTH),
        Candidate("hidden context and pushes", mixed(context, lever_matrix(scored, given.own)), True, BOTH),
        Candidate("hidden context, no levers", _context(only, plain, settings.context), True, NO_LEVER),
    ]


def instruments(answers: ResponseMatrix, own: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return total effects if the lever of a value acted on that value alone: effect on j over effect on i, shrunk.

    The ratio b_j / b_i is taken times b_i^2 / (b_i^2 + s^2), s the standard deviation of the cross-effects: a lever
    that moves its own value hardly more than others says little about it.

    Parameters
    ----------
    answers : ResponseMatrix
        Scores of values.
    own : mapping of lever to value, optional
    """
    table = lever_matrix(answers, own)
    effects = table.to_numpy(dtype=float)
    own_effects = np.diag(effects)
    apart = ~np.eye(len(effects), dtype=bool)
    error = float(np.square(effects[apart] - effects[apart].mean()).mean())
    weight = own_effects / (np.square(own_effects) + error)
    return table.mul(pd.Series(weight, index=table.index), axis=0)


def mixed(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of two predictions (p, p), each centred by column and scaled to the same spread over pairs."""
    names = sorted(first.index)
    apart = ~np.eye(len(names), dtype=bool)
    found = np.zeros(apart.shape)
    for table in (first, second):
        effects = table.loc[names, names].to_numpy(dtype=float)
        special = centred(effects[None], apart[None].astype(float))[0]
        found += special / max(float(special[apart].std()), 1e-300) / 2
    return pd.DataFrame(found, index=names, columns=names)


def _by_name(matrix: ResponseMatrix) -> ResponseMatrix:
    order = [matrix.names.index(name) for name in sorted(matrix.names)]
    names = tuple(matrix.names[i] for i in order)
    return replace(matrix, names=names, scores=matrix.scores[:, order], status=matrix.status[:, order])


def _totals(evidence: Evidence, learner: Learner, seed: int) -> pd.DataFrame:
    posterior: GraphPosterior = discover(evidence, learner, Knowledge(), seed)
    names = list(evidence.names)
    return total_effects(fit(posterior, evidence, seed=seed)).mean.loc[names, names]


def _groups(theory: ValueTheory, names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    here = {theory.canonical(name): name for name in names if theory.knows(name)}
    found = {group: tuple(here[each] for each in members if each in here) for group, members in theory.groups.items()}
    return {group: members for group, members in found.items() if len(members) > 1}


def _context(given: Given, scored: ResponseMatrix, model: HiddenContext) -> pd.DataFrame:
    values = pd.DataFrame(np.array(scored.scores), columns=list(scored.names))
    items, owners = values, {name: name for name in scored.names}
    if given.key is not None:
        known = [
            name
            for name in given.answers.names
            if given.key.knows(name) and given.key.canonical(name) in given.key.items
        ]
        owners = {name: given.key.items[given.key.canonical(name)].dimension for name in known}
        all_items = pd.DataFrame(np.array(given.answers.scores), columns=list(given.answers.names))
        items = all_items[known]
    complete = (items.notna().all(axis=1) & values.notna().all(axis=1)).to_numpy()
    weights = balanced((scored.doses[complete] != 0).sum(axis=1).tolist())
    return model.between_values(items[complete], owners, values[complete], weights)


def _in_turn(given: Given, learner: Learner, seed: int) -> list[Candidate]:
    if given.sequential is None:
        return []
    rows: Callable[[], pd.DataFrame] = given.sequential.rows
    found = [
        Candidate("plain graph of answers in turn", _totals(summarise(rows().dropna()), learner, seed), True, IN_TURN)
    ]
    if given.key is not None:
        start = unit_means(given.answers)
        found.append(
            Candidate("earlier answers on later ones", earlier_effects(given.sequential, start), True, IN_TURN)
        )
    return found
