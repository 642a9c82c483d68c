"""What else moves when one lever is pulled, by how much, how surely, and how directly?"""

from pathlib import Path

from causalvalues import Set, load, theory
from causalvalues.figures import side_effects_figure
from causalvalues.scene import Scene


def figure(run: Path) -> Scene:
    """Return the figure of a run folder of the demo study."""
    model = load(run / "graph" / "model.json")
    labels = {"do_benevolence": "Prompt for benevolence"}
    return side_effects_figure(model, Set("do_benevolence", 1.0), theory=theory("schwartz-10"), labels=labels)
