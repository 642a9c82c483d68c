"""Which values come first in the answers of several models, or of one model under several prompts?"""

from pathlib import Path

from causalvalues import demo_responses, score, scoring_key, theory
from causalvalues.evidence import group_profiles
from causalvalues.figures import priorities_figure
from causalvalues.scene import Scene

PROMPTS = {
    (): "no prompt",
    ("do_benevolence",): "benevolence",
    ("do_power",): "power",
    ("do_security",): "security",
}


def figure(run: Path) -> Scene:
    """Return the figure for the demo answers; the run folder is not needed."""
    matrix = score(demo_responses(), scoring_key("smollm2-demo"))
    used = [tuple(lever for lever, dose in zip(matrix.levers, doses, strict=True) if dose) for doses in matrix.doses]
    profiles = group_profiles(matrix, [PROMPTS.get(levers, "") for levers in used])
    return priorities_figure(profiles, "mean score (salience)", theory("schwartz-10"))
