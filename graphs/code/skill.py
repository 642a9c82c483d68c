"""How well are the changes under an unseen prompt, pair of prompts and respondent foreseen, and what is the ceiling?

Four simple predictors on the 40 sealed personas of the demo answers; `skill_report` with its own settings also judges
mechanisms and models with a graph, and takes minutes.
"""

from pathlib import Path

from causalvalues import demo_responses, paired_rows, score, scoring_key
from causalvalues.figures import skill_figure
from causalvalues.scene import Scene
from causalvalues.skill.contenders import Contender
from causalvalues.skill.report import SkillReport, SkillSettings, skill_report
from causalvalues.skill.scale_start import ScaleStart
from causalvalues.skill.simple import MeanOfOthers, NoChange, SumOfSingles


def report() -> SkillReport:
    """Judge four predictors in four folds."""
    rows = paired_rows(score(demo_responses("held_out"), scoring_key("smollm2-demo")), wordings="wording")
    simple = tuple(Contender(each) for each in (NoChange(), MeanOfOthers(), SumOfSingles(), ScaleStart()))
    asked = SkillSettings(simple, splits=("lever", "unit"), folds=4, resamples=200)
    return skill_report(rows, 1, asked)


def figure(run: Path) -> Scene:
    """Draw R2 of each predictor under two splits."""
    return skill_figure(report())
