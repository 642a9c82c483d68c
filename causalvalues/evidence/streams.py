"""Moments of rows that do not fit into memory: one pass, partial sums."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from causalvalues.errors import DataError
from causalvalues.evidence.chunks import ParquetRows, chunk_of, chunks_of
from causalvalues.evidence.moments import Evidence, Moments
from causalvalues.evidence.partial_sums import PartialSums
from causalvalues.evidence.product_moments import ProductMoments
from causalvalues.responses.matrix import ResponseMatrix


def summarise_stream(
    data: Iterable[ResponseMatrix | pd.DataFrame] | ParquetRows | Any, within: str = "", moments: Moments | None = None
) -> Evidence:
    """Reduce rows that come in chunks, in one pass; `causalvalues.summarise` calls this for such data.

    Parameters
    ----------
    data : iterable of ResponseMatrix or pandas.DataFrame, ParquetRows, or dask.dataframe.DataFrame
        Clusters may spread over chunks. In a Dask data frame every column is a value, and its partitions are summed
        where they lie.
    within : str, default ""
        As in `summarise`.
    moments : ProductMoments, optional
        Only sums of complete rows can be made in one pass: rows with a missing answer are an error, or are left out
        with ``ProductMoments(missing="listwise")``.

    Returns
    -------
    Evidence
        As that of all rows in memory (to about 1e-12 of each moment). Independent rows are dealt to blocks in turn.

    Raises
    ------
    DataError
        As `summarise`; and if chunks differ in their columns, or another way of making moments was asked for.
    """
    method = ProductMoments() if moments is None else moments
    if not isinstance(method, ProductMoments):
        raise DataError(
            f"{type(method).__name__} needs all rows at once; a stream is read once and summed as it comes. Use "
            "ProductMoments(), or read a sample of the rows into memory."
        )
    listwise = method.missing == "listwise"
    if is_dask(data):
        return _dask_sums(data, within, listwise).evidence(within)
    if not isinstance(data, (Iterable, ParquetRows)):
        raise DataError(
            f"The data are {type(data).__name__}. Give a ResponseMatrix, a pandas DataFrame, an iterable of either, or "
            "ParquetRows(path)."
        )
    sums: PartialSums | None = None
    for chunk in chunks_of(data, within):
        sums = PartialSums.begin(chunk, listwise) if sums is None else sums
        sums.add(chunk)
    if sums is None:
        raise DataError("The stream holds no rows.")
    return sums.evidence(within)


def is_dask(data: Any) -> bool:
    """Whether this is a Dask data frame (without importing Dask)."""
    return type(data).__module__.split(".")[0] in ("dask", "dask_expr") and hasattr(data, "to_delayed")


def _dask_sums(data: Any, within: str, listwise: bool) -> PartialSums:
    from dask.base import compute
    from dask.delayed import delayed

    if within:
        raise DataError("A Dask data frame holds values only. To work within groups, give an iterator of matrices.")
    parts = [delayed(_part)(part, listwise) for part in data.to_delayed()]
    done = [part for part in compute(*parts) if part is not None]  # type: ignore[no-untyped-call]
    if not done:
        raise DataError("The Dask data frame holds no rows.")
    whole: PartialSums = done[0]
    for part in done[1:]:
        whole.merge(part)
    return whole


def _part(frame: pd.DataFrame, listwise: bool) -> PartialSums | None:
    if not len(frame):
        return None
    chunk = chunk_of(frame)
    sums = PartialSums.begin(chunk, listwise)
    sums.add(chunk)
    return sums
