r"""A table in LaTeX: booktabs rules, siunitx columns, the caption above and the note below."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from causalvalues.formats.tikz_words import DEFINITIONS, MISSING, OTHER, comment, tex_words
from causalvalues.tables.apa import symbol_runs
from causalvalues.tables.arguments import a_table
from causalvalues.tables.latex_columns import GROUPS, cell_tex, column_type, heading_tex, shares
from causalvalues.tables.latex_style import LatexStyle, points
from causalvalues.tables.latex_widths import table_width
from causalvalues.tables.nouns import Table

MANY = 8
"""Columns beyond which they stand closer to each other."""
PAGE = 455.0
"""Points of a line of A4 with margins of 2.5 cm, where no width is given."""
PACKAGES = ("booktabs", "siunitx")
"""What a document needs in its preamble (siunitx 3; it loads array)."""


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
        Comments at its top name the packages and say about how wide it is. `fitted` makes it fit a narrow column.
        Every heading, name and note is shown as it is written; no text can be a command. Numbers are printed as
        `causalvalues.tables.apa` says, aligned on the decimal marker.

    Examples
    --------
    >>> from causalvalues.tables.nouns import Column
    >>> print(latex_text(Table("A & B", (Column("who", "Who"), Column("r", "", "correlation", symbol="r")),
    ...     (("x_1", -0.5),))))
    % Table, written by causalvalues
    % Preamble: \usepackage{booktabs, siunitx} (siunitx 3)
    % Width: about 51 pt in \small (9 pt)
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
    table, style = a_table(table), style or LatexStyle()
    lines = _float(table, style)
    about = list(_about(table, style, lines))
    if any(OTHER in line for line in lines):
        lines = [*DEFINITIONS, *lines]
    return "\n".join([*about, *(_document(lines, style) if style.standalone else lines)]) + "\n"


def _about(table: Table, style: LatexStyle, lines: list[str]) -> Iterator[str]:
    """Say in comments what the table is, what it needs, and how wide it is."""
    yield from comment("Table, written by causalvalues")
    yield from comment(f"\\usepackage{{{', '.join(PACKAGES)}}} (siunitx 3)", "Preamble: ")
    size = points(style.size, style.body)
    width = table_width(table, size, _gap(table, style), (style.width or PAGE, style.line), style.stacked)
    made = f", made for a line of {style.width:.0f} pt" if style.width else ""
    float_of = " (table*: across both columns)" if style.wide else ""
    about = f"about {width:.0f} pt" if width < math.inf else "more than a line"
    yield from comment(f"{about} in \\{style.size} ({size:g} pt){made}{float_of}", "Width: ")
    if any(MISSING in line for line in lines):
        yield from comment(
            "pdfLaTeX shows a box for characters that its fonts lack; XeLaTeX and LuaLaTeX show them in "
            "a font that has them.",
            "Note: ",
        )


def _gap(table: Table, style: LatexStyle) -> float:
    return style.gap if style.gap is not None else 4.0 if len(table.columns) > MANY else 6.0


def _float(table: Table, style: LatexStyle) -> list[str]:
    name = "table*" if style.wide else "table"
    lines = [rf"\begin{{{name}}}[{style.place}]" if style.place else rf"\begin{{{name}}}", r"\centering"]
    if table.title.strip():
        lines.append(rf"\caption{{{tex_words(table.title)}}}")
        if label_key(table.label) != "tab:":
            lines.append(rf"\label{{{label_key(table.label)}}}")
        lines.append(r"\smallskip")
    if _gap(table, style) != 6:
        lines.append(rf"\setlength{{\tabcolsep}}{{{_gap(table, style):g}pt}}")
    if any(column.kind not in ("text", "interval") for column in table.columns):
        lines.append(rf"\sisetup{{{GROUPS}}}")
    lines += [rf"\{style.size}", *_tabular(table, style)]
    if table.note.strip():
        lines.append(rf"\par\medskip{{\footnotesize\raggedright\textit{{Note.}} {_note(table.note)}\par}}")
    return [*lines, rf"\end{{{name}}}"]


def _tabular(table: Table, style: LatexStyle) -> list[str]:
    widths = shares(table.columns, table.rows, style.line)
    types = [
        column_type(column, [row[place] for row in table.rows], widths[place])
        for place, column in enumerate(table.columns)
    ]
    lines = [r"\begin{tabular}{@{}", *(f"  {each}" for each in types), "@{}}", r"\toprule"]
    lines += [" & ".join(heading_tex(column, style.stacked) for column in table.columns) + r" \\", r"\midrule"]
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


def _document(lines: list[str], style: LatexStyle) -> list[str]:
    head = [
        r"\documentclass{article}" if style.body == 10 else rf"\documentclass[{style.body}pt]{{article}}",
        r"\usepackage{iftex}",
        r"\ifPDFTeX\usepackage[T1]{fontenc}\usepackage{mathptmx}\fi",
        *(rf"\usepackage{{{package}}}" for package in PACKAGES),
        rf"\usepackage[{f'textwidth={style.width:.1f}pt' if style.width else 'margin=2.5cm'}]{{geometry}}",
        r"\pagestyle{empty}",
        r"\begin{document}",
    ]
    return [*head, *lines, r"\end{document}"]
