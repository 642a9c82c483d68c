"""Do the values hang together in the order of the theory's circle?"""

from pathlib import Path

from causalvalues import demo_responses, score, scoring_key, summarise, theory
from causalvalues.evidence import value_map
from causalvalues.figures import value_circle
from causalvalues.scene import Scene


def figure(run: Path) -> Scene:
    """Return the figure for the demo answers; the run folder is not needed."""
    values = theory("schwartz-10")
    evidence = summarise(score(demo_responses(), scoring_key("smollm2-demo")))
    return value_circle(value_map(evidence, values, seed=1), values)
