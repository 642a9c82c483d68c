"""From rows to moments: after this step learning touches no row."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from causalvalues.evidence.chunks import ParquetRows
from causalvalues.evidence.moments import Evidence, Moments
from causalvalues.evidence.product_moments import ProductMoments
from causalvalues.evidence.rows import as_matrix
from causalvalues.evidence.streams import summarise_stream
from causalvalues.responses.matrix import ResponseMatrix


def summarise(
    data: ResponseMatrix | pd.DataFrame | Iterable[ResponseMatrix | pd.DataFrame] | ParquetRows,
    within: str = "",
    moments: Moments | None = None,
) -> Evidence:
    """Reduce rows to means, scatter, effective sample sizes and sums for each cluster.

    Parameters
    ----------
    data : ResponseMatrix or pandas.DataFrame
        A plain numeric data frame counts as independent rows; every column is a value. Rows that do not fit into
        memory: an iterable of either, `ParquetRows`, or a Dask data frame; see
        `causalvalues.evidence.streams.summarise_stream`.
    within : str, default ""
        A label (for example ``"model"``) whose group means are removed, so that differences between groups do not
        enter the correlations. Each group but one costs the share 1 / n of the effective n, unless it lies within one
        cluster, where the sums over clusters show the cost.
    moments : Moments, optional
        How the moments are made; default `ProductMoments()`.

    Returns
    -------
    Evidence
        With one column for each value, lever and tried combination of levers. Rows of one cluster
        (`ResponseMatrix.cluster_by`) are not taken as independent; see
        `causalvalues.evidence.effective.pairwise_effective_n`.

    Raises
    ------
    DataError
        If fewer than p + 2 rows can be used, an answer is infinite, all rows are one cluster, the label is unknown,
        or levers cannot be told apart; and as the method says.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rows = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 2)), columns=["power", "security"])
    >>> summarise(rows)
    Evidence(2 values, 0 levers, n 200, effective n 200)
    """
    if not isinstance(data, (ResponseMatrix, pd.DataFrame)):
        return summarise_stream(data, within, moments)
    return (ProductMoments() if moments is None else moments).summarise(as_matrix(data), within)
