"""How far does a change of one value carry over to the others?"""

from pathlib import Path

from causalvalues import effects_heatmap, load, theory, total_effects
from causalvalues.model.effects import Effects
from causalvalues.scene import Scene


def figure(run: Path) -> Scene:
    """Draw the total effects of values on values."""
    model = load(run / "graph" / "model.json")
    found, values = total_effects(model), list(model.values)
    tables = (found.mean, found.lower, found.upper, found.positive, found.negative)
    between = Effects(*(table.loc[values] for table in tables), level=found.level)
    return effects_heatmap(between, theory("schwartz-10"))
