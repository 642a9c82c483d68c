"""How well changes are foreseen: predictors held against each other, against noise, and against experiments."""

from causalvalues.skill.contenders import Contender, baselines, standard_contenders, structures
from causalvalues.skill.noise import Ceiling, Noise, noise_ceiling
from causalvalues.skill.noise_sources import item_noise, retest_noise
from causalvalues.skill.question_agreement import Agreement, question_agreement
from causalvalues.skill.report import SkillReport, SkillSettings, skill_report
from causalvalues.skill.single_effects import most_moved

__all__ = [
    "Agreement",
    "Ceiling",
    "Contender",
    "Noise",
    "SkillReport",
    "SkillSettings",
    "baselines",
    "item_noise",
    "most_moved",
    "noise_ceiling",
    "question_agreement",
    "retest_noise",
    "skill_report",
    "standard_contenders",
    "structures",
]
