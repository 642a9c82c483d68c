"""Which values come first under each prompt, and how sure is their rank?"""

from pathlib import Path

from causalvalues import demo_responses, group_ranks, rank_figure, score, scoring_key, theory
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
    ranks = group_ranks(matrix, [PROMPTS.get(levers, "") for levers in used])
    return rank_figure(ranks, "mean score (salience)", theory("schwartz-10"))
