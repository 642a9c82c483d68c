"""The report ``experiment``: what forced answers do to values, and which model foresees it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from causalvalues.errors import StudyError
from causalvalues.reports.experiment_blocks import experiment_blocks, experiment_files, verdict
from causalvalues.reports.frame import Given, Made
from causalvalues.reports.parts import Claim, below_the_first_lines, closing, opening
from causalvalues.reports.settings import ExperimentReportSettings
from causalvalues.responses import ResponseMatrix, demo_responses, read_responses
from causalvalues.responses.demo import DEMO
from causalvalues.skill.experimental_candidates import StructuralSettings
from causalvalues.skill.experimental_sequences import SequentialAnswers, read_sequential
from causalvalues.skill.experimental_study import Experiment, ExperimentPlan, run_experiment
from causalvalues.skill.forced_answers import ForcedLabels
from causalvalues.study.answers import read_options

TITLE = "What saying one value does to the others: forced answers"
ABOUT = (
    "Statements of one value, chosen at random, are put into the mouth of the respondent, and all values are "
    "measured afterwards: effects of values on values by experiment. Models learned from other rows are scored on "
    "predicting them.",
    "Published studies draw graphs between the values of language models from answers that nobody forced, and hold "
    "them against people's opinions or other graphs.",
    "A truth to hold graphs against: sign, size, rank and which pairs do not move, beside simple predictors, with "
    "intervals over units and over the sentences.",
)
CLAIMS: list[Claim] = [
    ("What a forced statement does", "by design: chosen at random, against neutral sentences in the same unit"),
    ("That other sentences of a value would do the same", "variation over the sentences that were used"),
    ("That one model foresees it better", "bootstrap over units and values"),
]


def report(given: Given) -> Made:
    """Make the report.

    Raises
    ------
    StudyError
        If no rows after forced answers are named.
    DataError
        If labels are missing, or there are no neutral rows.
    """
    found = experiment(given)
    theory = given.answers.theory
    blocks = below_the_first_lines(experiment_blocks(found, theory))
    lead = [("", sentence) for sentence in verdict(found)]
    files = {f"tables/{name}": text for name, text in experiment_files(found).items()}
    return Made(TITLE, [*opening(TITLE, lead, ABOUT), *blocks, *closing("experiment", given, CLAIMS)], files)


def experiment(given: Given) -> Experiment:
    """Compute everything that the report shows."""
    asked, answers = given.asked(ExperimentReportSettings), given.answers
    forced, others = _rows(given, asked)
    how = ExperimentPlan(
        others=others,
        theory=answers.theory,
        sequential=_sequential(given, asked),
        own=asked.own or None,
        labels=ForcedLabels(asked.forced_by, asked.stances_by, asked.items_by, asked.neutral),
        models=StructuralSettings(moment_draws=asked.moment_draws),
    )
    given.say("hold models against the experiment")
    return run_experiment(forced, answers.key, how, given.seed)


def _rows(given: Given, asked: ExperimentReportSettings) -> tuple[ResponseMatrix, ResponseMatrix | None]:
    """Return the rows after forced answers, and those that models learn from."""
    answers = given.answers
    own = answers.matrix if answers.items is None else answers.items
    if given.settings.data.demo:
        return demo_responses("forced"), own
    if not asked.forced:
        if asked.forced_by not in own.labels:
            raise StudyError(
                "The report 'experiment' needs rows after forced answers. Give their file ([report.experiment] forced "
                f'= "forced.csv"), or answers with the label {asked.forced_by!r} (forced_by names another one).'
            )
        return own, None
    labels = [*given.settings.data.labels, asked.forced_by, asked.stances_by, asked.items_by]
    path = given.folder / asked.forced
    options = read_options(given.settings.data, given.folder)
    return read_responses(path, replace(options, labels=tuple(dict.fromkeys(labels)), levers=())), own


def _sequential(given: Given, asked: ExperimentReportSettings) -> SequentialAnswers | None:
    if given.settings.data.demo:
        return read_sequential(DEMO / "sequential.csv.gz")
    return read_sequential(Path(given.folder) / asked.sequential) if asked.sequential else None
