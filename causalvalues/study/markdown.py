"""A report as Markdown text."""

from __future__ import annotations

from collections.abc import Sequence

from causalvalues.numerals import number
from causalvalues.study.document import Block, Bullets, Cell, Code, Heading, Paragraph, Picture, Table
from causalvalues.tables.as_markdown import markdown_escaped


def markdown_text(blocks: Sequence[Block], suffix: str) -> str:
    """Return a report as Markdown.

    Parameters
    ----------
    blocks : sequence of Block
    suffix : str
        Of the picture files that the text points to, for example ``"svg"``.

    Returns
    -------
    str
        Names cannot turn into markup: every special character is escaped.
    """
    return "\n\n".join(_block(block, suffix) for block in blocks) + "\n"


def _block(block: Block, suffix: str) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {markdown_escaped(block.text)}"
    if isinstance(block, Paragraph):
        return markdown_escaped(block.text)
    if isinstance(block, Bullets):
        return "\n".join(
            f"- {f'**{markdown_escaped(head)}** ' if head else ''}{markdown_escaped(text)}"
            for head, text in block.items
        )
    if isinstance(block, Picture):
        scene = block.scene
        return (
            f"![{markdown_escaped(scene.title)}](figures/{block.stem}.{suffix})\n\n*{markdown_escaped(scene.caption)}*"
        )
    if isinstance(block, Code):
        return "```\n" + block.text.replace("```", "") + "\n```"
    return _table(block)


def _table(table: Table) -> str:
    lines = ["| " + " | ".join(markdown_escaped(column) for column in table.columns) + " |"]
    lines.append("|" + "|".join(" ---: " if right else " --- " for right in table.numeric) + "|")
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in table.rows]
    return "\n".join(lines) + f"\n\n*{markdown_escaped(table.caption)}*"


def _cell(cell: Cell) -> str:
    return markdown_escaped(cell) if isinstance(cell, str) else number(cell)
