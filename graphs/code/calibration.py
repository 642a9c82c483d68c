"""Does what is predicted come, for respondents and prompts that were left out?

As `skill.py`, on the 40 sealed personas of the demo answers.
"""

from pathlib import Path

from causalvalues import demo_responses, paired_rows, score, scoring_key
from causalvalues.figures import calibration_figure
from causalvalues.scene import Scene
from causalvalues.skill.contenders import Contender
from causalvalues.skill.report import SkillSettings, skill_report
from causalvalues.skill.scale_start import ScaleStart
from causalvalues.skill.simple import MeanOfOthers, SumOfSingles


def figure(run: Path) -> Scene:
    """Draw observed against predicted changes of two predictors, unit by unit left out."""
    rows = paired_rows(score(demo_responses("held_out"), scoring_key("smollm2-demo")), wordings="wording")
    contenders = tuple(Contender(each) for each in (MeanOfOthers(), SumOfSingles(), ScaleStart()))
    found = skill_report(rows, 1, SkillSettings(contenders, splits=("unit",), folds=4, resamples=0))
    return calibration_figure(found, predictors=["sum of single effects", "scale + start"])
