"""How many equally weighted draws weighted ones are worth."""

from __future__ import annotations

import numpy as np

from causalvalues.frozen import FloatArray


def effective_number(weights: FloatArray) -> float:
    """Return Kish's effective number of draws with normalised weights (s,): 1 / sum of squared weights."""
    return float(1.0 / np.square(weights).sum())
