"""Does the picture still read with thirty values and long names?"""

from pathlib import Path

import numpy as np

from causalvalues import StructuralModel, value_graph
from causalvalues.figures import GraphOptions
from causalvalues.scene import Scene

NAMES = """Self-direction of thought; Stimulation and novelty; Hedonism; Achievement: personal success; Power over
resources; Face and public image; Personal security; Societal security; Tradition; Conformity to rules; Interpersonal
conformity; Humility; Universalism: concern for nature; Universalism: tolerance; Benevolence: dependability;
Benevolence: caring for others; Freedom of expression; Intellectual curiosity; Equality of opportunity; Social
recognition; Forgiveness; Environmental stewardship; Honesty; Loyalty to one's own group; Transparency; Protection of
privacy; Respect for authority; Creativity; Spiritual life; Responsibility towards future generations"""


def figure(run: Path) -> Scene:
    """Draw an invented model of thirty values in the order of the list."""
    names = [" ".join(name.split()) for name in NAMES.split(";")]
    random = np.random.default_rng(7)
    sizes = random.choice([-1, 1], (30, 30)) * random.uniform(0.15, 0.9, (30, 30))
    order = random.permutation(30)
    there = np.triu(random.random((30, 30)) < 0.09, 1)[np.ix_(order, order)]
    model = StructuralModel.from_coefficients(names, np.where(there, sizes, 0.0))
    return value_graph(model, options=GraphOptions(title="Thirty values (invented)"))
