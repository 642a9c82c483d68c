"""How far does a plan bring each value from its start to its target, and how sure is that?"""

from pathlib import Path

import pandas as pd

from causalvalues import theory
from causalvalues.figures import DotRows, profile_figure
from causalvalues.scene import Scene


def figure(run: Path) -> Scene:
    """Return the figure of a run folder of the demo study."""
    predicted = pd.read_csv(run / "tables" / "plan_2.csv", index_col="name")
    return profile_figure(predicted, DotRows(), theory("schwartz-10"))
