"""Along which paths do prompts reach two values that matter to us?"""

from pathlib import Path

from causalvalues import direct_effects, load, theory
from causalvalues.figures import Paths, path_diagram
from causalvalues.scene import Scene
from causalvalues.study.blocking import NOTE


def figure(run: Path) -> Scene:
    """Draw levers on the left, values in the middle, benevolence and universalism on the right."""
    posterior = load(run / "graph" / "posterior.json")
    effects = direct_effects(load(run / "graph" / "model.json"))
    values = theory("schwartz-10")
    labels = {f"do_{name}": f"Prompt: {label}" for name, label in values.labels.items()}
    outcomes = ["benevolence", "universalism"]
    paths = Paths(least=0.15, note=NOTE)
    return path_diagram(posterior, outcomes, effects=effects, theory=values, labels=labels, paths=paths)
