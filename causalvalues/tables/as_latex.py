r"""A table in LaTeX: booktabs rules, siunitx columns, the caption above and the note below."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from causalvalues.errors import FigureError, did_you_mean
from causalvalues.formats.tikz_words import DEFINITIONS, OTHER, tex_words
from causalvalues.tables.apa import symbol_runs
from causalvalues.tables.latex_columns import GROUPS, cell_tex, column_type, heading_tex, shares
from causalvalues.tables.nouns import Table

MANY = 8
"""Columns beyond which they stand closer to each other."""
Size = Literal["normalsize", "small", "footnotesize", "scriptsize"]

PACKAGES = ("booktabs", "siunitx")
"""What a document needs in its preamble (siunitx 3; it loads array)."""


@dataclass(frozen=True)
class LatexStyle:
    r"""How a table is set in LaTeX.

    Parameters
    ----------
    standalone : bool, default False
        A document that compiles alone, in place of a float for ``\input``.
    wide : bool, default False
        Across both columns (``table*``).
    size : {"normalsize", "small", "footnotesize", "scriptsize"}, default "small"
    place : str, default "tb"
        Where the float may go: letters of ``htbp!H``.

    Raises
    ------
    FigureError
        If size or place is unknown.
    """

    standalone: bool = False
    wide: bool = False
    size: Size = "small"
    place: str = "tb"

    def __post_init__(self) -> None:
        if self.size not in get_args(Size):
            raise FigureError(f"The size {self.size!r} is unknown.{did_you_mean(str(self.size), get_args(Size))}")
        if not re.fullmatch("[htbpH!]*", self.place):
            raise FigureError(f"The place {self.place!r} of a float is not understood. Use letters of htbp!H.")


def latex_text(table: Table, style: LatexStyle | None = None) -> str:
    r"""Return a table in LaTeX.

    Parameters
    ----------
    table : Table
    style : LatexStyle, optional

    Returns
    -------
    str
        A float for ``\input`` into a document that loads booktabs and siunitx 3 (no threeparttable), or a document.
        Every heading, name and note is shown as it is written; no text can be a command. Numbers are printed as
        `causalvalues.tables.apa` says, aligned on the decimal marker.

    Examples
    --------
    >>> from causalvalues.tables.nouns import Column
    >>> print(latex_text(Table("A & B", (Column("who", "Who"), Column("r", "", "correlation", symbol="r")),
    ...     (("x_1", -0.5),))))
    \begin{table}[tb]
    \centering
    \caption{A \& B}
    \smallskip
    \sisetup{group-digits=integer, group-separator={,}, group-minimum-digits=4}
    \small
    \begin{tabular}{@{}
      l
      S[table-format=-0.2, print-zero-integer=false]
    @{}}
    \toprule
    {Who} & {\textit{r}} \\
    \midrule
    x\_1 & -.50 \\
    \bottomrule
    \end{tabular}
    \end{table}
    <BLANKLINE>
    """
    style = style or LatexStyle()
    lines = _float(table, style)
    if any(OTHER in line for line in lines):
        lines = [*DEFINITIONS, *lines]
    return "\n".join(_document(lines) if style.standalone else lines) + "\n"


def _float(table: Table, style: LatexStyle) -> list[str]:
    name = "table*" if style.wide else "table"
    lines = [rf"\begin{{{name}}}[{style.place}]" if style.place else rf"\begin{{{name}}}", r"\centering"]
    if table.title.strip():
        lines.append(rf"\caption{{{tex_words(table.title)}}}")
        if label_key(table.label) != "tab:":
            lines.append(rf"\label{{{label_key(table.label)}}}")
        lines.append(r"\smallskip")
    if len(table.columns) > MANY:
        lines.append(r"\setlength{\tabcolsep}{4pt}")
    if any(column.kind not in ("text", "interval") for column in table.columns):
        lines.append(rf"\sisetup{{{GROUPS}}}")
    lines += [rf"\{style.size}", *_tabular(table)]
    if table.note.strip():
        lines.append(rf"\par\medskip{{\footnotesize\raggedright\textit{{Note.}} {_note(table.note)}\par}}")
    return [*lines, rf"\end{{{name}}}"]


def _tabular(table: Table) -> list[str]:
    widths = shares(table.columns, table.rows)
    types = [
        column_type(column, [row[place] for row in table.rows], widths[place])
        for place, column in enumerate(table.columns)
    ]
    lines = [r"\begin{tabular}{@{}", *(f"  {each}" for each in types), "@{}}", r"\toprule"]
    lines += [" & ".join(heading_tex(column) for column in table.columns) + r" \\", r"\midrule"]
    for row in table.rows:
        cells = [cell_tex(column, cell) for column, cell in zip(table.columns, row, strict=True)]
        if cells[0][:1] in ("[", "*"):
            cells[0] = "{}" + cells[0]
        lines.append(" & ".join(cells).strip() + r" \\")
    return [*lines, r"\bottomrule", r"\end{tabular}"]


def _note(text: str) -> str:
    """Return a note with its statistic symbols in italics."""
    held = ""
    for run, italic in symbol_runs(text):
        words = tex_words(run) if run.strip() else ""
        before, after = (" " if run[:1].isspace() else ""), (" " if run[-1:].isspace() else "")
        held += rf"\textit{{{words}}}" if italic else f"{before}{words}{after}"
    return held.strip()


def label_key(label: str) -> str:
    """Return the key of a label, letters that could mean something to LaTeX replaced by hyphens.

    Examples
    --------
    >>> label_key("edges of the demo")
    'tab:edges-of-the-demo'
    """
    return "tab:" + re.sub(r"[^A-Za-z0-9.:-]+", "-", label.removeprefix("tab:")).strip("-")


def _document(lines: list[str]) -> list[str]:
    head = [
        r"\documentclass{article}",
        r"\usepackage{iftex}",
        r"\ifPDFTeX\usepackage[T1]{fontenc}\usepackage{mathptmx}\fi",
        *(rf"\usepackage{{{package}}}" for package in PACKAGES),
        r"\usepackage[margin=2.5cm]{geometry}",
        r"\pagestyle{empty}",
        r"\begin{document}",
    ]
    return [*head, *lines, r"\end{document}"]
