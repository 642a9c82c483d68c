"""Rows that come in chunks: from an iterator, a Parquet data set, or the partitions of a Dask data frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalvalues.errors import DataError, did_you_mean
from causalvalues.evidence.rows import as_matrix
from causalvalues.frozen import FloatArray
from causalvalues.responses.matrix import ResponseMatrix

ROWS_A_CHUNK = 50_000
"""Fits into the cache of a processor, which makes sums over chunks faster than over larger ones."""
Labels = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some rows, with the columns in sorted order.

    Parameters
    ----------
    names : tuple of str, length p
        Values in the order in which they were given.
    scores : array (n, p)
        In sorted order of the names; NaN where there is no answer.
    levers : tuple of str, length k
    doses : array (n, k)
        In the order of `levers`.
    weights : array (n,) or None
        None: all 1.
    clusters, groups : array (n,) of labels, or None
    measures : str, default "unknown"
    """

    names: tuple[str, ...]
    scores: FloatArray
    levers: tuple[str, ...] = ()
    doses: FloatArray | None = None
    weights: FloatArray | None = None
    clusters: Labels | None = None
    groups: Labels | None = None
    measures: str = "unknown"


@dataclass(frozen=True)
class ParquetRows:
    """A Parquet file, or a folder of them, that is read chunk by chunk and may be larger than memory.

    Parameters
    ----------
    path : str or Path
        A file, or a folder with Parquet files in it.
    columns : sequence of str, default ()
        The values; empty: every column of numbers that is not named below.
    cluster_by : str, default ""
        The column whose rows are not independent.
    labels : sequence of str, default ()
        Columns of numbers that are no values (a label to work `within`, for example).
    levers : sequence of str, default ()
        Columns of doses.
    weight : str, default ""
        The column of row weights.
    """

    path: str | Path
    columns: tuple[str, ...] = ()
    cluster_by: str = ""
    labels: tuple[str, ...] = ()
    levers: tuple[str, ...] = ()
    weight: str = ""

    def __post_init__(self) -> None:
        for name in ("columns", "labels", "levers"):
            if isinstance(getattr(self, name), str):
                raise DataError(f"ParquetRows({name}=...) must be a sequence of names: [{getattr(self, name)!r}].")
            object.__setattr__(self, name, tuple(getattr(self, name)))

    def chunks(self, within: str = "") -> Iterator[Chunk]:
        """Yield the rows in the order of the files.

        Raises
        ------
        DataError
            If there is no such file or column, or a value is not numeric.
        """
        from pyarrow.dataset import ParquetFragmentScanOptions

        source = self._open()
        values = self._values(source.schema, within)
        wanted = dict.fromkeys([*values, *self.levers, self.cluster_by, within, self.weight])
        batches = source.to_batches(
            columns=[name for name in wanted if name],
            batch_size=ROWS_A_CHUNK,
            batch_readahead=1,
            fragment_readahead=1,
            fragment_scan_options=ParquetFragmentScanOptions(pre_buffer=False),  # else the whole file is kept
        )
        for batch in batches:
            if batch.num_rows:
                yield self._chunk(batch, values, within)

    def _open(self) -> Any:
        import pyarrow as pa
        from pyarrow import dataset

        if not Path(self.path).exists():
            raise DataError(f"There is no file or folder {self.path}.")
        try:
            return dataset.dataset(self.path, format="parquet")
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{self.path} cannot be read as Parquet: {error}.") from None

    def _values(self, schema: Any, within: str) -> tuple[str, ...]:
        import pyarrow as pa

        for name in (*self.columns, *self.labels, *self.levers, self.cluster_by, self.weight, within):
            if name and name not in schema.names:
                raise DataError(f"{self.path} has no column {name!r}." + did_you_mean(name, schema.names))
        for name in (self.cluster_by, within):
            if name and pa.types.is_nested(schema.field(name).type):
                raise DataError(f"Column {name!r} of {self.path} holds {schema.field(name).type}, which is no label.")
        numeric = [
            field.name for field in schema if pa.types.is_floating(field.type) or pa.types.is_integer(field.type)
        ]
        others = {*self.labels, *self.levers, self.cluster_by, self.weight, within}
        values = self.columns or tuple(name for name in numeric if name not in others)
        for name in (*values, *self.levers, *([self.weight] if self.weight else [])):
            if name not in numeric:
                raise DataError(f"Column {name!r} of {self.path} is not numeric ({schema.field(name).type}).")
        if not values:
            raise DataError(f"{self.path} has no column of numbers. Name the values: ParquetRows(columns=[...]).")
        return tuple(values)

    def _chunk(self, batch: Any, values: tuple[str, ...], within: str) -> Chunk:
        def numbers(name: str) -> FloatArray:
            array = batch.column(name)
            return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float64)

        def labels(name: str) -> Labels | None:
            if not name:
                return None
            found = batch.column(name).to_pylist()
            if None in found:
                raise DataError(
                    f"Column {name!r} of {self.path} lacks a label in some rows. Fill them in or drop them."
                )
            return np.array(found, dtype=object).astype(str)

        columns = np.empty((len(values), batch.num_rows))  # each is contiguous, as in the file
        for j, name in enumerate(sorted(values)):
            columns[j] = batch.column(name).to_numpy(zero_copy_only=False)
        doses = np.column_stack([numbers(name) for name in self.levers]) if self.levers else None
        weights = numbers(self.weight) if self.weight else None
        return Chunk(values, columns.T, self.levers, doses, weights, labels(self.cluster_by), labels(within))


def chunk_of(data: ResponseMatrix | pd.DataFrame, within: str = "") -> Chunk:
    """Return a response matrix or a numeric data frame as one chunk.

    Raises
    ------
    DataError
        If a column is not numeric, or the label `within` is unknown.
    """
    if not isinstance(data, (ResponseMatrix, pd.DataFrame)):
        raise DataError(
            f"A chunk must be a pandas DataFrame or a ResponseMatrix, and is {type(data).__name__}. For a file larger "
            "than memory give ParquetRows(path)."
        )
    matrix = as_matrix(data)
    if within and within not in matrix.labels:
        raise DataError(f"There is no label {within!r} to work within." + did_you_mean(within, matrix.labels))
    if matrix.strata_by:
        raise DataError(
            f"A stream does not keep the strata ({matrix.strata_by!r}). Give all rows at once, or leave them out: "
            'dataclasses.replace(matrix, strata_by="").'
        )
    order = sorted(range(len(matrix.names)), key=lambda j: matrix.names[j])
    return Chunk(
        matrix.names,
        np.ascontiguousarray(matrix.scores[:, order]),
        matrix.levers,
        matrix.doses if matrix.levers else None,
        matrix.weights,
        None if matrix.clusters is None else np.array(matrix.clusters),
        np.array(matrix.labels[within]) if within else None,
        matrix.measures,
    )


def chunks_of(data: Iterable[ResponseMatrix | pd.DataFrame] | ParquetRows, within: str) -> Iterator[Chunk]:
    """Yield chunks from an iterable of matrices or frames, or from Parquet files."""
    if isinstance(data, ParquetRows):
        yield from data.chunks(within)
    else:
        for part in data:
            yield chunk_of(part, within)
