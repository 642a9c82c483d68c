"""How stable is each edge of the graph, and is its direction settled by the data?"""

from pathlib import Path

from causalvalues import load, theory
from causalvalues.figures import stability_figure
from causalvalues.scene import Scene


def figure(run: Path) -> Scene:
    """Return the figure of a run folder of the demo study."""
    posterior = load(run / "graph" / "posterior.json")
    return stability_figure(posterior, theory=theory("schwartz-10"))
