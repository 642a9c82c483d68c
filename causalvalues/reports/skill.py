"""The report ``skill``: how well changes under levers are foreseen, against baselines and against noise."""

from __future__ import annotations

from causalvalues.model import own_values
from causalvalues.reports.aims import refuse_without_levers
from causalvalues.reports.frame import Given, Made
from causalvalues.reports.parts import Claim, below_the_first_lines, closing, opening
from causalvalues.reports.settings import SkillReportSettings
from causalvalues.reports.skill_blocks import skill_blocks, skill_files
from causalvalues.reports.skill_kinds import inside_aims, kinds_of, levers_inside
from causalvalues.skill.factor_structure import theory_groups
from causalvalues.skill.noise_sources import item_noise
from causalvalues.skill.report import SkillReport, SkillSettings, skill_report
from causalvalues.skill.single_effects import aims

TITLE = "How well changes under levers are foreseen"
ABOUT = (
    "Each predictor foresees what units answer under levers that it has not seen: left-out levers, left-out sets of "
    "levers, left-out units. R2, mean absolute error, rank correlation and interval coverage stand beside each other.",
    "Published studies report effects in sample, or of one unit, and without a baseline (see the report `kang`).",
    "Nine simple predictors, the noise ceiling, factor-plus-graph models, paired bootstrap intervals of every "
    "difference; and a plain word when the graph adds nothing.",
)
CLAIMS: list[Claim] = [
    ("R2, errors, coverage", "rows that the predictor has not seen"),
    ("Differences between predictors", "paired bootstrap over the left-out groups"),
    ("The ceiling", "repeated or split measurement: as much as can be foreseen at all"),
]


def report(given: Given) -> Made:
    """Make the report.

    Raises
    ------
    StudyError
        If there are no levers.
    ModelError
        As `skill_report`.
    DataError, SteeringError
        If the file of levers inside the model cannot be read.
    """
    found = skill(given)
    lead = [("", sentence) for sentence in found.verdict]
    page = [*opening(TITLE, lead, ABOUT), *below_the_first_lines(skill_blocks(found))]
    files = {f"tables/{name}": text for name, text in skill_files(found).items()}
    return Made(TITLE, [*page, *closing("skill", given, CLAIMS)], files)


def skill(given: Given) -> SkillReport:
    """Compute everything that the report shows."""
    asked, answers = given.asked(SkillReportSettings), given.answers
    refuse_without_levers(answers.matrix, "skill")
    levers, values = answers.matrix.levers, answers.matrix.names
    inside = levers_inside(asked.inside, given.folder, levers)
    own = aims(levers, values) | inside_aims(inside, values) | own_values(levers, values, asked.own)
    groups = {} if answers.theory is None else theory_groups(answers.theory, answers.matrix.names)
    noise = None
    if asked.noise == "items" and answers.items is not None and answers.key is not None:
        noise = item_noise(answers.items, answers.key, given.seed)
    settings = SkillSettings(
        own=own or None,
        groups=groups,
        splits=tuple(asked.splits),
        folds=asked.folds,
        noise=noise,
        resamples=asked.resamples,
        wordings=asked.wordings,
        kinds=kinds_of(levers, inside),
    )
    given.say("foresee what was left out")
    return skill_report(answers.matrix, given.seed, settings)
