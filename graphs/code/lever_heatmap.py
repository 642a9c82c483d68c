"""What did each prompt do to each value, by itself?"""

from pathlib import Path

from causalvalues import demo_responses, effects_heatmap, lever_effects, score, scoring_key, theory
from causalvalues.scene import Scene


def figure(run: Path) -> Scene:
    """Draw differences from the design alone, paired within persona; no graph and no run folder is needed."""
    effects = lever_effects(score(demo_responses(), scoring_key("smollm2-demo")))
    values = theory("schwartz-10")
    labels = {f"do_{name}": f"Prompt: {label}" for name, label in values.labels.items()}
    return effects_heatmap(effects, values, labels, title="What prompts did")
