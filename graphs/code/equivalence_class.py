"""Which directions do the data settle, and which do they leave open?"""

from pathlib import Path

from causalvalues import load, theory, value_graph
from causalvalues.figures import GraphOptions
from causalvalues.scene import Scene


def figure(run: Path) -> Scene:
    """Draw the most probable equivalence class: every graph in it fits the data equally well."""
    found, weight = load(run / "graph" / "posterior.json").most_probable_class()
    note = f"this class holds {weight:.1%} of the draws: there are many others"
    title = "The most probable equivalence class"
    return value_graph(found, theory=theory("schwartz-10"), options=GraphOptions(title=title, note=note))
