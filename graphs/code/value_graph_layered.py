"""Which prompts act on which values, and what follows from them?"""

from pathlib import Path

from causalvalues import direct_effects, load, theory, value_graph
from causalvalues.figures import GraphOptions, Layered
from causalvalues.scene import Scene
from causalvalues.study.blocking import NOTE


def figure(run: Path) -> Scene:
    """Draw the same graph in layers: causes to the left, levers first."""
    posterior = load(run / "graph" / "posterior.json")
    model = load(run / "graph" / "model.json")
    values = theory("schwartz-10")
    labels = {f"do_{name}": f"Prompt: {label}" for name, label in values.labels.items()}
    return value_graph(posterior, direct_effects(model), values, labels, GraphOptions(layout=Layered(), note=NOTE))
