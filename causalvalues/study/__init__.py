"""Studies: a study file in, a run folder with tables, figures and a report out; asking models; saving and loading."""

from causalvalues.study.eliciting import ElicitationRun, run_elicitation
from causalvalues.study.running import StudyRun, run_study
from causalvalues.study.saving import load, load_model, save
from causalvalues.study.settings import StudySettings
from causalvalues.study.study_file import DEMO, read_study

__all__ = [
    "DEMO",
    "ElicitationRun",
    "StudyRun",
    "StudySettings",
    "load",
    "load_model",
    "read_study",
    "run_elicitation",
    "run_study",
    "save",
]
