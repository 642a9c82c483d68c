"""Cosines between value vectors, from a file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from causalvalues.errors import DataError

COLUMNS = ("layer", "one", "other", "cosine")


def read_cosines(path: str | Path, layer: int | None = None) -> pd.DataFrame:
    """Read the cosines between value vectors.

    Parameters
    ----------
    path : str or Path
        CSV with the columns ``layer, one, other, cosine``, a row a pair of values, as ``steer-vectors`` writes it; or a
        square matrix with the names of values in the first line and the first column.
    layer : int, optional
        One of the file's. Default: the mean over its layers.

    Returns
    -------
    DataFrame (p, p)
        Symmetric, 1 on the diagonal, values in name order.

    Raises
    ------
    DataError
        If there is no such file or layer, or pairs are missing or not numbers.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"There is no file {path} of cosines. Give the cosines.csv that steer-vectors writes.")
    try:
        table = pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise DataError(f"{path} cannot be read as a table of cosines ({error}).") from None
    if set(COLUMNS) <= set(table.columns):
        return _from_pairs(path, table, layer)
    square = table.set_index(table.columns[0])
    names = sorted(map(str, square.columns))
    if sorted(map(str, square.index)) != names:
        raise DataError(f"{path} is neither a square matrix nor a table with the columns {', '.join(COLUMNS)}.")
    return square.loc[names, names].rename_axis(None)


def _from_pairs(path: Path, table: pd.DataFrame, layer: int | None) -> pd.DataFrame:
    layers = sorted(set(table["layer"].tolist()))
    if layer is not None and layer not in layers:
        raise DataError(f"{path} has no layer {layer}. It has {', '.join(map(str, layers))}.")
    kept = table if layer is None else table[table["layer"] == layer]
    names = sorted({*map(str, kept["one"]), *map(str, kept["other"])})
    sums: dict[tuple[str, str], list[float]] = {}
    for one, other, cosine in zip(kept["one"], kept["other"], kept["cosine"], strict=True):
        sums.setdefault((str(one), str(other)), []).append(float(cosine))
    found = pd.DataFrame(float("nan"), names, names)
    for (one, other), cosines in sums.items():
        found.loc[one, other] = found.loc[other, one] = sum(cosines) / len(cosines)
    for name in names:
        found.loc[name, name] = 1.0
    if found.isna().to_numpy().any():
        raise DataError(f"{path} lacks the cosine of a pair of its {len(names)} values. Write it again.")
    return found
