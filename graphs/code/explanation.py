"""What does each prompt of a plan contribute to the change of each value?"""

from pathlib import Path

from causalvalues import Target, explain, intervene, load, theory
from causalvalues.figures import explanation_figure
from causalvalues.scene import Scene


def figure(run: Path) -> Scene:
    """Explain two prompts that are given together."""
    model = load(run / "graph" / "model.json")
    now = intervene(model).summary()["mean"]
    target = Target({"benevolence": now["benevolence"] + 0.2, "security": now["security"] + 0.2})
    found = explain(model, None, {"do_benevolence": 1.0, "do_security": 0.5}, target)
    values = theory("schwartz-10")
    labels = {f"do_{name}": f"Prompt: {label}" for name, label in values.labels.items()}
    return explanation_figure(found, values, labels)
