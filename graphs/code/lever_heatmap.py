"""What does each prompt do to each value, by itself?"""

from pathlib import Path

from causalvalues import effects_heatmap, load, theory, total_effects
from causalvalues.model.effects import Effects
from causalvalues.scene import Scene


def figure(run: Path) -> Scene:
    """Draw the total effects of levers on values."""
    model = load(run / "graph" / "model.json")
    found, levers = total_effects(model), [name for name in model.levers if "+" not in name]
    tables = (found.mean, found.lower, found.upper, found.positive, found.negative)
    of_levers = Effects(*(table.loc[levers] for table in tables), level=found.level)
    values = theory("schwartz-10")
    labels = {f"do_{name}": f"Prompt: {label}" for name, label in values.labels.items()}
    return effects_heatmap(of_levers, values, labels, title="Total effects of prompts")
