"""The whole experiment in one go: effects, sentences, models held against them, and the fitted response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from causalvalues.errors import ModelError
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.responses.scoring import score
from causalvalues.skill.experimental_agreement import Candidate, ScoreSettings
from causalvalues.skill.experimental_candidates import Given, StructuralSettings, learn_candidates
from causalvalues.skill.experimental_effects import experimental_effects
from causalvalues.skill.experimental_nouns import ExperimentalMatrix, ExperimentSettings
from causalvalues.skill.experimental_score import ModelScores, score_models
from causalvalues.skill.experimental_sequences import SequentialAnswers
from causalvalues.skill.experimental_simple import simple_candidates
from causalvalues.skill.experimental_statements import StatementEffects, statement_effects
from causalvalues.skill.forced_answers import AGREES, REJECTS, ForcedAnswers, ForcedLabels, forced_answers
from causalvalues.skill.forced_model import ForcedResponse, ForcedSettings, Slope, forced_response, way_slope
from causalvalues.theories.key import ScoringKey
from causalvalues.theories.theory import ValueTheory


@dataclass(frozen=True, eq=False)
class Experiment:
    """What forced answers did, and what foresees it.

    Parameters
    ----------
    answers : ForcedAnswers
    effects : ExperimentalMatrix
        Errors over units.
    over_statements : ExperimentalMatrix or None
        Errors over the statements of each value; None where they are not named or only one was forced.
    statements : StatementEffects or None
        As above.
    candidates : tuple of Candidate
        Empty without other answers.
    scores : ModelScores or None
        Structural models held against the experiment; None without other answers.
    statement_scores : ModelScores or None
        The same over statements, with the model that `scores` chose.
    response : ForcedResponse
    rejection, second : Slope or None
        Effects of rejecting in terms of those of agreeing, and of two statements in terms of those of one; None where
        only one was asked.
    measures : str
        What the scores stand for.
    """

    answers: ForcedAnswers
    effects: ExperimentalMatrix
    over_statements: ExperimentalMatrix | None
    statements: StatementEffects | None
    candidates: tuple[Candidate, ...]
    scores: ModelScores | None
    statement_scores: ModelScores | None
    response: ForcedResponse
    rejection: Slope | None
    second: Slope | None
    measures: str

    def __repr__(self) -> str:
        return f"Experiment({self.effects!r}, {len(self.candidates)} candidates)"


@dataclass(frozen=True, eq=False)
class ExperimentPlan:
    """What the experiment is held against, and how.

    Parameters
    ----------
    others : ResponseMatrix, optional
        Items (or scores) with and without levers ``do_<value>``, from which models learn.
    theory : ValueTheory, optional
    sequential : SequentialAnswers, optional
    own : mapping of lever to value, optional
    labels : ForcedLabels
    effects : ExperimentSettings
    models : StructuralSettings
    scores : ScoreSettings
    forced : ForcedSettings
    """

    others: ResponseMatrix | None = None
    theory: ValueTheory | None = None
    sequential: SequentialAnswers | None = None
    own: Mapping[str, str] | None = None
    labels: ForcedLabels = field(default_factory=ForcedLabels)
    effects: ExperimentSettings = field(default_factory=ExperimentSettings)
    models: StructuralSettings = field(default_factory=StructuralSettings)
    scores: ScoreSettings = field(default_factory=ScoreSettings)
    forced: ForcedSettings = field(default_factory=ForcedSettings)


def run_experiment(
    forced: ResponseMatrix, key: ScoringKey | None = None, plan: ExperimentPlan | None = None, seed: int = 0
) -> Experiment:
    """Estimate the effects of forced answers, hold structural models against them, and fit their response.

    Parameters
    ----------
    forced : ResponseMatrix
        Rows after forced answers and neutral controls.
    key : ScoringKey, optional
    plan : ExperimentPlan, optional
    seed : int, default 0

    Raises
    ------
    CausalValuesError
        As the verbs that are called.
    """
    how = plan or ExperimentPlan()
    answers = forced_answers(forced, key, how.labels)
    effects = experimental_effects(answers, settings=how.effects)
    found: list[Candidate] = []
    if how.others is not None:
        scored = how.others if key is None else score(how.others, key)
        found = simple_candidates(scored, how.theory, how.own)
        found += learn_candidates(Given(how.others, key, how.theory, how.sequential, how.own), how.models, seed)
    scores = score_models(effects, found, how.scores, seed=seed) if found else None
    over, statements = _sentences(answers, how)
    again = None
    if scores is not None and over is not None:
        again = score_models(over, found, how.scores, scores.chosen, seed)
    ways = effects.names_of_ways
    return Experiment(
        answers=answers,
        effects=effects,
        over_statements=over,
        statements=statements,
        candidates=tuple(found),
        scores=scores,
        statement_scores=again,
        response=forced_response(answers, how.forced, seed),
        rejection=_slope(effects, (REJECTS, AGREES), seed) if REJECTS in ways and AGREES in ways else None,
        second=_slope(effects, ("2", "1"), seed) if "2" in ways and "1" in ways else None,
        measures=forced.measures if key is None or key.measures == "unknown" else key.measures,
    )


def _sentences(
    answers: ForcedAnswers, how: ExperimentPlan
) -> tuple[ExperimentalMatrix | None, StatementEffects | None]:
    try:
        statements = statement_effects(answers)
        return experimental_effects(answers, settings=how.effects, over="statements"), statements
    except ModelError:
        return None, None


def _slope(effects: ExperimentalMatrix, ways: tuple[str, str], seed: int) -> Slope | None:
    try:
        return way_slope(effects, *ways, seed=seed)
    except ModelError:
        return None
