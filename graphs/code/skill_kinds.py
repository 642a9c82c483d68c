"""Are the changes under levers inside a model foreseen as well as those under prompts, alone and mixed?

Four simple predictors and the fitted mechanism on 24 personas under ten prompts and ten value vectors; `skill_report`
with its own settings also judges models with a graph, and takes minutes.
"""

from pathlib import Path

from causalvalues import Mechanism, demo_responses, paired_rows, score, scoring_key
from causalvalues.figures import skill_kinds_figure
from causalvalues.scene import Scene
from causalvalues.skill.contenders import Contender
from causalvalues.skill.report import SkillReport, SkillSettings, skill_report
from causalvalues.skill.scale_start import ScaleStart
from causalvalues.skill.simple import MeanOfOthers, NoChange, SumOfSingles


def report() -> SkillReport:
    """Judge five predictors in four folds."""
    rows = paired_rows(score(demo_responses("steered"), scoring_key("smollm2-steered")))
    kinds = {lever: "prompts" if lever.startswith("do_") else "inside" for lever in rows.levers}
    tried = (NoChange(), MeanOfOthers(), SumOfSingles(), ScaleStart())
    contenders = (*(Contender(each) for each in tried), Contender(Mechanism(), "mechanism"))
    asked = SkillSettings(contenders, splits=("pair", "unit"), folds=4, resamples=200, kinds=kinds)
    return skill_report(rows, 1, asked)


def figure(run: Path) -> Scene:
    """Draw R2 of each predictor for each kind of lever."""
    return skill_kinds_figure(report())
