"""Is the structure of the answers like the geometry inside the model, and is either like the circle of the theory?

The graphs of the demo answers (P(adjacent) with the sign of the partial correlation), the cosines of the demo model's
value vectors, and the circle of Schwartz's values.
"""

from pathlib import Path

from causalvalues import demo_responses, inside_outside, load, score, scoring_key, theory
from causalvalues.figures import inside_outside_figure
from causalvalues.leakage import read_cosines, signed_adjacency
from causalvalues.responses.demo import DEMO
from causalvalues.scene import Scene


def figure(run: Path) -> Scene:
    """Draw three matrices over the same values, and how well they agree."""
    posterior = load(run / "graph" / "posterior.json")
    answers = score(demo_responses(), scoring_key("smollm2-demo"))
    plain = answers.rows((answers.doses == 0).all(axis=1)).frame()
    correlations = plain[list(answers.names)].corr()
    behaviour = signed_adjacency(posterior, correlations.loc[list(posterior.names), list(posterior.names)])
    circle = theory("schwartz-10")
    return inside_outside_figure(inside_outside(behaviour, read_cosines(DEMO / "cosines.csv"), circle), circle)
