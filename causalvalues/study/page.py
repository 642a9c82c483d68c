"""A report as one HTML page that opens from disk: pictures and style inside, no script, nothing from the network."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from causalvalues.numerals import number
from causalvalues.scene.metrics import printable
from causalvalues.scene.svg import svg_text
from causalvalues.study.document import Block, Bullets, Cell, Code, Heading, Paragraph, Picture, Table

STYLE = Path(__file__).parent / "page.css"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page_text(blocks: Sequence[Block], title: str) -> str:
    """Return a report as a self-contained HTML page.

    Parameters
    ----------
    blocks : sequence of Block
    title : str
        Of the browser window.

    Returns
    -------
    str
        Names cannot turn into markup. A table of contents lists the headings of level 2.
    """
    headings = [block for block in blocks if isinstance(block, Heading) and block.level == 2]
    anchors = {id(heading): f"section-{place}" for place, heading in enumerate(headings, start=1)}
    links = "".join(f'<li><a href="#{anchors[id(each)]}">{_text(each.text)}</a></li>' for each in headings)
    body = "\n".join(_block(block, anchors.get(id(block), "")) for block in blocks)
    style = STYLE.read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f'<nav aria-label="Contents"><ol>{links}</ol></nav>\n<main>\n{body}\n</main>\n</body>\n</html>\n'
    )


def _block(block: Block, anchor: str) -> str:
    if isinstance(block, Heading):
        mark = f' id="{anchor}"' if anchor else ""
        return f"<h{block.level}{mark}>{_text(block.text)}</h{block.level}>"
    if isinstance(block, Paragraph):
        return f"<p>{_text(block.text)}</p>"
    if isinstance(block, Bullets):
        items = "".join(
            f"<li>{f'<strong>{_text(head)}</strong> ' if head else ''}{_text(text)}</li>" for head, text in block.items
        )
        return f'<ul class="lead">{items}</ul>' if block.lead else f"<ul>{items}</ul>"
    if isinstance(block, Picture):
        return f"<figure>{inline_svg(block)}<figcaption>{_text(block.scene.caption)}</figcaption></figure>"
    if isinstance(block, Code):
        return f"<pre><code>{_text(block.text)}</code></pre>"
    return _table(block)


def inline_svg(picture: Picture) -> str:
    """Return the picture as an `svg` element whose ids are its own, so that many of them fit in one page."""
    text = svg_text(picture.scene)
    text = text[text.index("<svg") :].strip()
    stem = re.sub(r"[^A-Za-z0-9-]", "-", picture.stem)
    text = re.sub(r'(<[a-z]+ [^>]*?)\bid="([^"]*)"', rf'\1id="{stem}-\2"', text)
    return re.sub(
        r'aria-labelledby="([^"]*)"',
        lambda found: f'aria-labelledby="{" ".join(f"{stem}-{part}" for part in found[1].split())}"',
        text,
        count=1,
    )


def _table(table: Table) -> str:
    numeric = table.numeric
    head = "".join(
        f'<th scope="col"{_class("number" if right else "")}>{_text(column)}</th>'
        for column, right in zip(table.columns, numeric, strict=True)
    )
    shaded = [column in table.shaded for column in table.columns]
    kinds = ["number" if right else "short" if brief else "" for right, brief in zip(numeric, table.short, strict=True)]
    rows = "".join(
        "<tr>" + "".join(_cell(*each) for each in zip(row, kinds, shaded, strict=True)) + "</tr>" for row in table.rows
    )
    return (
        f'<figure class="table"><div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        f"</div><figcaption>{_text(table.caption)}</figcaption></figure>"
    )


def _cell(cell: Cell, kind: str, shaded: bool) -> str:
    if isinstance(cell, str):
        return f"<td{_class(kind)}>{_text(cell)}</td>"
    tint = ""
    if shaded and cell is not None and math.isfinite(cell):
        tint = f' style="background:rgba(0,114,178,{0.45 * min(max(cell, 0.0), 1.0):.3f})"'
    return f"<td{_class(kind)}{tint}>{number(cell)}</td>"


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _text(text: str) -> str:
    return escape(printable(text)) if text else ""
