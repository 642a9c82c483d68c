"""A report as Markdown text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from causalvalues.numerals import number
from causalvalues.study.document import Block, Bullets, Cell, Code, Heading, Paragraph, Picture, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~#])")


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


def escaped(text: str) -> str:
    r"""Return text on one line that Markdown shows as it is.

    Examples
    --------
    >>> print(escaped("self_direction <b>"))
    self\_direction \<b\>
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _block(block: Block, suffix: str) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {escaped(block.text)}"
    if isinstance(block, Paragraph):
        return escaped(block.text)
    if isinstance(block, Bullets):
        return "\n".join(f"- {f'**{escaped(head)}** ' if head else ''}{escaped(text)}" for head, text in block.items)
    if isinstance(block, Picture):
        scene = block.scene
        return f"![{escaped(scene.title)}](figures/{block.stem}.{suffix})\n\n*{escaped(scene.caption)}*"
    if isinstance(block, Code):
        return "```\n" + block.text.replace("```", "") + "\n```"
    return _table(block)


def _table(table: Table) -> str:
    lines = ["| " + " | ".join(escaped(column) for column in table.columns) + " |"]
    lines.append("|" + "|".join(" ---: " if right else " --- " for right in table.numeric) + "|")
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in table.rows]
    return "\n".join(lines) + f"\n\n*{escaped(table.caption)}*"


def _cell(cell: Cell) -> str:
    return escaped(cell) if isinstance(cell, str) else number(cell)
