"""How reliable the score of each dimension is, from the answers to its items."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from causalvalues.errors import DataError
from causalvalues.evidence.coefficients import FEWEST, CoefficientName
from causalvalues.evidence.finding import Finding, columns
from causalvalues.evidence.moments import Evidence, Moments
from causalvalues.evidence.part_scores import PartScores, part_scores
from causalvalues.evidence.parts import Parts, item_parts, repeat_parts
from causalvalues.evidence.product_moments import ProductMoments
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.theories import ScoringKey

LOW = 0.5
"""Alpha below which a dimension is named."""


def reliability(
    matrix: ResponseMatrix, key: ScoringKey, within: str = "", over: str = "", moments: Moments | None = None
) -> pd.DataFrame:
    """Estimate the reliability of every dimension within design cells.

    Parameters
    ----------
    matrix : ResponseMatrix
        Answers to items. Levers are partialled out; rows of one cluster are not taken as independent.
    key : ScoringKey
        Signs and weights are honoured.
    within : str, default ""
        Label whose group means are removed.
    over : str, default ""
        A label of repeats or paraphrases; adds the split-half reliability of the scores averaged over its levels.
    moments : Moments, optional
        How the moments of the items are made; default `ProductMoments()`.

    Returns
    -------
    DataFrame
        Index: dimensions in the order of the key. Columns ``items``, ``mean_correlation`` (of the items), and for
        ``alpha``, ``omega`` (three items or more) and, with `over`, ``split_half``: the coefficient, ``_se`` (delta
        method over clusters), ``_lower`` and ``_upper`` (95%, symmetric in log(1 - coefficient)). NaN where a
        dimension has too few items. With equal weights alpha is at most the reliability (errors unrelated); where the
        key weights the items of a dimension unequally it can lie above: read omega there.

    Raises
    ------
    DataError
        If items are absent, or a label is unknown.

    References
    ----------
    The interval: Bonett (2002), Journal of Educational and Behavioral Statistics 27, 335-340 (the transformation);
    its standard error here is that of the data, not of the normal theory.
    """
    method = ProductMoments() if moments is None else moments
    made = item_parts(matrix, key)
    parts = method.summarise(made.matrix, within)
    scores = part_scores(parts, made.weights)
    table = pd.DataFrame(index=list(made.weights))
    table["items"] = [len(items) for items in made.weights.values()]
    table["mean_correlation"] = pd.Series({name: _mean_correlation(scores, j) for j, name in enumerate(scores.names)})
    for name in ("alpha", "omega"):
        table = table.join(_columns(scores, parts, name))
    if over:
        repeats: Parts = repeat_parts(matrix, key, over)
        averaged = method.summarise(repeats.matrix, within if within in repeats.matrix.labels else "")
        table = table.join(_columns(part_scores(averaged, repeats.weights), averaged, "split_half"))
    return table


def low_reliabilities(table: pd.DataFrame, limit: float = LOW) -> list[Finding]:
    """Return what the data doctor says about unreliable dimensions: the warning CV601, or nothing.

    Parameters
    ----------
    table : DataFrame
        Made by `reliability`.
    limit : float, default 0.5
        Alpha below which a dimension is named: half of what its score varies by is error.
    """
    low = table["alpha"].dropna().sort_values(kind="stable")
    low = low[low < limit]
    if low.empty:
        return []
    shown = ", ".join(f"{name!r} ({value:.2f})" for name, value in low.items())
    message = (
        f"Alpha is below {limit:g}: {shown}. Their edges are weakened, and what they mediate shows as direct edges."
    )
    remedy = "Run `expected_false_edges`, add items, or learn from CorrectedMoments(key)."
    return [Finding("CV601", "warning", columns([str(name) for name in low.index]), message, remedy)]


def _columns(scores: PartScores, parts: Evidence, name: CoefficientName) -> pd.DataFrame:
    rows = {}
    for j, score in enumerate(scores.names):
        if len(scores.members[j]) < FEWEST[name]:
            rows[score] = (math.nan, math.nan, math.nan, math.nan)
            continue
        found = scores.coefficient(j, name)
        error = scores.standard_error(j, found.gradient, float(parts.n))
        rest = 1.0 - found.value
        step = math.exp(min(1.959964 * error / rest, 700.0)) if rest > 0 else 1.0
        rows[score] = (found.value, error, 1.0 - rest * step, 1.0 - rest / step)
    return pd.DataFrame.from_dict(rows, orient="index", columns=[name, f"{name}_se", f"{name}_lower", f"{name}_upper"])


def _mean_correlation(scores: PartScores, j: int) -> float:
    block = scores.block(j)
    k = len(block)
    if k < 2:
        return math.nan
    scale = np.sqrt(np.diag(block))
    if not (scale > 0).all():
        raise DataError(f"An item of {scores.names[j]!r} does not vary within design cells. Drop it.")
    return float((block / np.outer(scale, scale)).sum() - k) / (k * (k - 1))
