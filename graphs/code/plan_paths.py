"""Along which values do the prompts of a plan reach their targets?

The picture takes the edges as they are (``false_edges=0``). For a claim, give the share of edges that measurement error
may have made (`expected_false_edges`): above .10, paths are withheld.
"""

from pathlib import Path

from causalvalues import explain, load, theory
from causalvalues.figures import influence_figure
from causalvalues.scene import Scene


def figure(run: Path) -> Scene:
    """Draw how two prompts act."""
    model = load(run / "graph" / "model.json")
    found = explain(model, None, {"do_benevolence": 1.0, "do_security": 0.5}, false_edges=0.0)
    values = theory("schwartz-10")
    labels = {f"do_{name}": f"Prompt: {label}" for name, label in values.labels.items()}
    return influence_figure(found, values, labels, most=12)
