"""What does a value vector do to the values that it does not aim at, and is it more than a random direction does?

Ten value vectors and three random directions of the same length inside the demo model, at a dose of 1, on eight
personas.
"""

from pathlib import Path

from causalvalues import demo_responses, measure_leakage, paired_rows, score, scoring_key, theory
from causalvalues.figures import leakage_figure
from causalvalues.scene import Scene


def figure(run: Path) -> Scene:
    """Draw effects of levers on values and guardrails."""
    rows = paired_rows(score(demo_responses("doses"), scoring_key("smollm2-steered"), guardrails=True))
    aims = {lever: lever.removeprefix("vec_") for lever in rows.levers if lever.startswith("vec_")}
    circle = theory("schwartz-10")
    labels = {lever: circle.labels[aim] for lever, aim in aims.items()}
    labels |= {lever: f"random {k}" for k, lever in enumerate((x for x in rows.levers if x not in aims), 1)}
    found = measure_leakage(rows, aims, guardrails=("fluency", "capability"))
    return leakage_figure(found, circle, labels | {"fluency": "Fluency", "capability": "Capability"})
