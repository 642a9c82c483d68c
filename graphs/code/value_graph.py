"""What hangs together in the answers, how surely, and in which direction?"""

from pathlib import Path

from causalvalues import GraphOptions, direct_effects, load, theory, value_graph
from causalvalues.scene import Scene
from causalvalues.study.blocking import NOTE


def figure(run: Path) -> Scene:
    """Draw the averaged graph on the circle of the theory, with direct effects at the edges."""
    posterior = load(run / "graph" / "posterior.json")
    model = load(run / "graph" / "model.json")
    return value_graph(posterior, direct_effects(model), theory("schwartz-10"), options=GraphOptions(note=NOTE))
