"""What shape has the predicted profile beside the start and the target?"""

from pathlib import Path

import pandas as pd

from causalvalues import theory
from causalvalues.figures import Radar, profile_figure
from causalvalues.scene import Scene


def figure(run: Path) -> Scene:
    """Return the figure of a run folder of the demo study."""
    predicted = pd.read_csv(run / "tables" / "plan_2.csv", index_col="name")
    return profile_figure(predicted, Radar(), theory("schwartz-10"))
