"""Tables for papers: typed cells, printed by APA rules as LaTeX, Markdown or HTML, or with all digits as CSV."""

from causalvalues.tables.as_csv import csv_text
from causalvalues.tables.as_html import HtmlStyle, html_text
from causalvalues.tables.as_latex import latex_text
from causalvalues.tables.as_markdown import markdown_text
from causalvalues.tables.edges import EdgeRows, edge_table
from causalvalues.tables.effects import EffectRows, effects_table
from causalvalues.tables.fit import fit_table
from causalvalues.tables.fitting import FittedTable, fitted
from causalvalues.tables.latex_style import LatexStyle
from causalvalues.tables.leakage import dose_response_table, leakage_table
from causalvalues.tables.nouns import Cell, Column, Table
from causalvalues.tables.plans import plan_levers_table, plan_table
from causalvalues.tables.writing import write_table

__all__ = [
    "Cell",
    "Column",
    "EdgeRows",
    "EffectRows",
    "FittedTable",
    "HtmlStyle",
    "LatexStyle",
    "Table",
    "csv_text",
    "dose_response_table",
    "edge_table",
    "effects_table",
    "fit_table",
    "fitted",
    "html_text",
    "latex_text",
    "leakage_table",
    "markdown_text",
    "plan_levers_table",
    "plan_table",
    "write_table",
]
