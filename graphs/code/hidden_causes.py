"""What can still be said when something that was not measured may move several values?"""

from pathlib import Path

from causalvalues import demo_responses, fci, score, scoring_key, summarise, theory, value_graph
from causalvalues.figures import GraphOptions
from causalvalues.scene import Scene


def figure(run: Path) -> Scene:
    """Draw the partial ancestral graph that FCI finds: heads, tails and circles say what is settled at each end."""
    answers = score(demo_responses(), scoring_key("smollm2-demo"))
    found = fci(summarise(answers))
    options = GraphOptions(title="With hidden causes allowed")
    return value_graph(found.graph, theory=theory("schwartz-10"), options=options)
