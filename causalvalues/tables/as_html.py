"""A table in HTML: semantic, without scripts, readable on light and dark pages."""

from __future__ import annotations

from dataclasses import dataclass

from causalvalues.scene.metrics import printable
from causalvalues.scene.xml_text import attribute, content
from causalvalues.tables.apa import cell_text, symbol_runs
from causalvalues.tables.arguments import a_table
from causalvalues.tables.nouns import Cell, Column, Table

CSS = """
:root { color-scheme: light dark; }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; font: 15px/1.45 system-ui, sans-serif;
  color: CanvasText; background: Canvas; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; border-top: 2px solid; border-bottom: 2px solid; }
caption { text-align: left; font-weight: 600; padding-bottom: .6rem; }
th, td { padding: .2rem .5rem; overflow-wrap: anywhere; text-align: left; vertical-align: baseline; font-weight: 400; }
thead th { border-bottom: 1px solid; vertical-align: bottom; }
tbody th { min-width: 7rem; }
.number { text-align: right; white-space: nowrap; overflow-wrap: normal;
  font-variant-numeric: tabular-nums lining-nums; }
.note { font-size: .875rem; max-width: 46rem; }
""".strip()


@dataclass(frozen=True)
class HtmlStyle:
    """How a table is written in HTML.

    Parameters
    ----------
    page : bool, default True
        A whole page with its own style; else only the table and its note, for another page.
    language : str, default "en"
        Of the page.
    """

    page: bool = True
    language: str = "en"


def html_text(table: Table, style: HtmlStyle | None = None) -> str:
    """Return a table as HTML.

    Parameters
    ----------
    table : Table
    style : HtmlStyle, optional

    Returns
    -------
    str
        One page that needs nothing else. The caption is a ``caption``, headings are ``th`` with a ``scope``, the first
        cell of a row is its heading when it is text; every name is text, whatever it holds.

    Examples
    --------
    >>> print(html_text(Table("T", (Column("a", "A"),), (("<b>",),)), HtmlStyle(page=False)))
    <table>
    <caption>T</caption>
    <thead><tr><th scope="col">A</th></tr></thead>
    <tbody>
    <tr><th scope="row">&lt;b&gt;</th></tr>
    </tbody>
    </table>
    <BLANKLINE>
    """
    table, style = a_table(table), style or HtmlStyle()
    lines = _table(table)
    note = [f'<p class="note"><em>Note.</em> {_runs(table.note)}</p>'] if table.note.strip() else []
    if style.page:
        title = content(printable(table.title)) if table.title.strip() else "Table"
        head = [
            "<!DOCTYPE html>",
            f'<html lang="{attribute(style.language)}">',
            '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>",
            f"<style>\n{CSS}\n</style></head>",
            '<body><main><div class="scroll" role="region" aria-label="Table" tabindex="0">',
        ]
        lines = [*head, *lines, "</div>", *note, "</main></body>", "</html>"]
    else:
        lines += note
    return "\n".join(lines) + "\n"


def _table(table: Table) -> list[str]:
    lines = ["<table>"]
    if table.title.strip():
        lines.append(f"<caption>{content(printable(table.title))}</caption>")
    heads = "".join(f'<th scope="col"{_kind(column)}>{_heading(column)}</th>' for column in table.columns)
    lines += [f"<thead><tr>{heads}</tr></thead>", "<tbody>"]
    for row in table.rows:
        cells = [
            _cell(column, cell, place == 0) for place, (column, cell) in enumerate(zip(table.columns, row, strict=True))
        ]
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return [*lines, "</tbody>", "</table>"]


def _kind(column: Column) -> str:
    return "" if column.kind == "text" else ' class="number"'


def _heading(column: Column) -> str:
    symbol = f"<i>{content(printable(column.symbol))}</i>" if column.symbol else ""
    return symbol + (content(column.tail) if column.tail.strip() else "")


def _cell(column: Column, cell: Cell, first: bool) -> str:
    said = content(cell_text(column, cell))
    if first and column.kind == "text":
        return f'<th scope="row">{said}</th>'
    return f"<td{_kind(column)}>{said}</td>"


def _runs(text: str) -> str:
    said = []
    for run, italic in symbol_runs(" ".join(text.split())):
        said.append(f"<i>{content(run)}</i>" if italic else content(run))
    return "".join(said)
