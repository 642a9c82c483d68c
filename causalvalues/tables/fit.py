"""The table of fit: the indices of one model counted in several ways, or of several models below each other."""

from __future__ import annotations

from collections.abc import Mapping

from causalvalues.errors import FigureError
from causalvalues.model.fit_indices import EFFECTIVE, FitIndices
from causalvalues.tables.arguments import FITS, needed
from causalvalues.tables.naming import cell, limits
from causalvalues.tables.nouns import Cell, Column, Table

COLUMNS = (
    Column("n", "", "count", symbol="n"),
    Column("chi2", "\u03c7\u00b2", "number"),
    Column("df", "", "number", 0, symbol="df", thousands=False),
    Column("p", "", "p", symbol="p"),
    Column("cfi", "CFI", "number", leading_zero=False),
    Column("tli", "TLI", "number", leading_zero=False, rank=2),
    Column("rmsea", "RMSEA", "number", leading_zero=False),
    Column("rmsea_90", "90% CI", "interval", leading_zero=False, rank=1),
    Column("srmr", "SRMR", "number", leading_zero=False),
)
INFORMATION = (Column("aic", "AIC", "number", 1, rank=4), Column("bic", "BIC", "number", 1, rank=3))


def fit_table(fits: FitIndices | Mapping[str, FitIndices], rows: str = EFFECTIVE) -> Table:
    """Return fit indices, one row a model or a way to count rows.

    Parameters
    ----------
    fits : FitIndices or mapping of str to FitIndices
        Of one model: one row for each column of its table (``effective n``, ``rows as independent``, ``scaled by
        clusters``). Of several models, by name: one row a model, with AIC and BIC.
    rows : str, default "effective n"
        Several models: which way to count rows.

    Returns
    -------
    Table
        Columns ``model`` (or ``rows``), ``n, chi2, df, p, cfi, tli, rmsea, rmsea_90, srmr`` and, for several models,
        ``aic, bic``. CFI, TLI, RMSEA and SRMR are printed without a zero before the decimal marker, as is usual,
        though TLI and RMSEA may exceed one.

    Raises
    ------
    FigureError
        If no model is given, or something else.
    ModelError
        If there is no such way to count rows.
    """
    if not isinstance(fits, FitIndices):
        held = fits if isinstance(fits, Mapping) else {"": fits}
        fits = {str(name): needed(each, FitIndices, "A table of fit", FITS) for name, each in held.items()}
    if isinstance(fits, FitIndices):
        counted = {str(name): fits.numbers(str(name)) for name in fits.table.columns}
        columns: tuple[Column, ...] = (Column("rows", "Rows"), *COLUMNS)
        found, title = [fits], "Fit of the graph"
    else:
        if not fits:
            raise FigureError("There is no model to show the fit of. Give at least one.")
        counted = {name: each.numbers(rows) for name, each in fits.items()}
        columns = (Column("model", "Model"), *COLUMNS, *INFORMATION)
        found, title = list(fits.values()), "Fit of the models"
    cells = tuple((name, *_cells(numbers, columns[1:])) for name, numbers in counted.items())
    how = "" if isinstance(fits, FitIndices) else f"Rows are counted as: {rows}. "
    notes = dict.fromkeys(note for each in found for note in each.notes)
    said = " ".join(f"{_sentence(note)}." for note in notes)
    return Table(title, columns, cells, how + said, "fit")


def _sentence(note: str) -> str:
    """Return a note with the symbol of chi-square and a capital, unless it starts with a symbol."""
    first = note.split(" ", 1)[0]
    return note.replace("chi2", "\u03c7\u00b2") if len(first) < 5 else note[:1].upper() + note[1:]


def _cells(numbers: Mapping[str, float], columns: tuple[Column, ...]) -> list[Cell]:
    cells: list[Cell] = []
    for column in columns:
        if column.kind == "interval":
            cells.append(limits(numbers["rmsea_lower"], numbers["rmsea_upper"]))
        else:
            cells.append(cell(numbers[column.name]))
    return cells
