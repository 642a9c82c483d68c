"""Which prompts bring a respondent nearest to the profile that we want, and how near is that?"""

from pathlib import Path

from causalvalues import Lever, Target, intervene, load, plan, plan_figure, theory
from causalvalues.planning import Enumerate
from causalvalues.scene import Scene


def figure(run: Path) -> Scene:
    """Plan for more benevolence, more universalism and less power."""
    model = load(run / "graph" / "model.json")
    now = intervene(model).summary()["mean"]
    wanted = {
        name: now[name] + change for name, change in [("benevolence", 0.2), ("universalism", 0.2), ("power", -0.2)]
    }
    target = Target(wanted, tolerance=0.15)
    found = plan(model, None, target, [Lever(name) for name in model.levers], Enumerate(max_levers=2))
    values = theory("schwartz-10")
    labels = {f"do_{name}": f"Prompt: {label}" for name, label in values.labels.items()}
    return plan_figure(found, target, values, labels)
