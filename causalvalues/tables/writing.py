"""`write_table`: one call that writes a table, in the format that the suffix of the file names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from causalvalues.errors import DataError, FigureError, did_you_mean
from causalvalues.files import write_text
from causalvalues.tables.as_csv import csv_text
from causalvalues.tables.as_html import html_text
from causalvalues.tables.as_latex import latex_text
from causalvalues.tables.as_markdown import markdown_text
from causalvalues.tables.nouns import Table

WRITERS: Mapping[str, Callable[[Table], str]] = {
    ".csv": csv_text,
    ".html": html_text,
    ".md": markdown_text,
    ".tex": latex_text,
}
"""Suffix -> writer."""


def check_suffix(path: str | Path) -> str:
    """Return the suffix of a path in small letters.

    Raises
    ------
    FigureError
        If no table can be written with it.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in WRITERS:
        known = ", ".join(sorted(WRITERS))
        raise FigureError(
            f"The suffix of {path.name!r} names no format of a table.{did_you_mean(suffix or 'no suffix', WRITERS)} "
            f"All suffixes: {known}."
        )
    return suffix


def write_table(table: Table, path: str | Path) -> Path:
    """Write a table; the file appears whole or not at all.

    Parameters
    ----------
    table : Table
    path : str or Path
        The suffix chooses the format: .tex (a float with booktabs and siunitx), .md, .html (one page), .csv (all
        digits). For another style write the text of `latex_text` or `html_text`.

    Returns
    -------
    Path

    Raises
    ------
    FigureError
        If the suffix is unknown, the folder is missing, or the place cannot be written to.
    """
    path = Path(path)
    writer = WRITERS[check_suffix(path)]
    if not path.parent.is_dir():
        raise FigureError(f"There is no folder {str(path.parent)!r} to write {path.name!r} into. Make it first.")
    try:
        return write_text(path, writer(table))
    except DataError as error:
        raise FigureError(str(error)) from None
