"""How much of a value vector is too much: where does fluency fall further than allowed, or the value itself turn?

Four of the value vectors of the demo model at doses from .25 to 1.5, on eight personas.
"""

from pathlib import Path

from causalvalues import demo_responses, dose_response, paired_rows, score, scoring_key, theory
from causalvalues.figures import dose_response_figure
from causalvalues.scene import Scene

SHOWN = ("stimulation", "power", "security", "universalism")


def figure(run: Path) -> Scene:
    """Draw effects against doses, with the dose where each vector breaks."""
    rows = paired_rows(score(demo_responses("doses"), scoring_key("smollm2-steered"), guardrails=True))
    allowed = {"fluency": 0.1, "capability": 0.3}
    found = [dose_response(rows, f"vec_{value}", value, allowed) for value in SHOWN]
    labels = {one.lever: one.aim.capitalize() for one in found}
    return dose_response_figure(found, theory("schwartz-10"), labels)
