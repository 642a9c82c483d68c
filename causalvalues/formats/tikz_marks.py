"""Single marks in TikZ, each with the style of its role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from causalvalues.formats.tikz_looks import Styles, bracket, said
from causalvalues.formats.tikz_paths import path_tokens, plain, point
from causalvalues.formats.tikz_words import tex_words, wrapped
from causalvalues.scene.metrics import LEADING, printable
from causalvalues.scene.nouns import Mark, Shape, Text

ALIGN = {"start": "left", "middle": "center", "end": "right"}


def drawn(marks: Iterable[Mark], styles: Styles) -> Iterator[str]:
    """Return the commands of marks, in their order; lines of text that follow each other are one node."""
    for lines in paragraphs(marks):
        if isinstance(lines[0], Shape):
            shape = lines[0]
            if shape.fill != "none" or shape.stroke != "none":
                yield shape_command(shape, styles)
        else:
            yield text_command([line for line in lines if isinstance(line, Text)], styles)


def shape_command(shape: Shape, styles: Styles) -> str:
    """Return the command that draws or fills a shape."""
    command = "\\fill" if shape.stroke == "none" else "\\draw" if shape.fill == "none" else "\\filldraw"
    name, beside = styles.of(shape)
    tokens = list(path_tokens(shape.path))
    return wrapped([command + bracket(name, said(beside)), *tokens[:-1], tokens[-1] + ";"])


def text_command(lines: Sequence[Text], styles: Styles, place: str = "", dropped: str = "") -> str:
    """Return the node of one or several lines of text; its anchor is on the last one's baseline.

    It stands at `place`, or where the last line says; the option `dropped` is left to the style.
    """
    last = lines[-1]
    name, beside = styles.of(last)
    beside.pop(dropped, None)
    turned = f"rotate={plain(-last.angle)}" if plain(last.angle) != "0" else ""
    aligned = f"align={ALIGN[last.anchor]}" if len(lines) > 1 else ""
    options = bracket(name, said(beside), turned, aligned)
    return f"\\node{options} at {place or point(last.x, last.y)} {{{several(line.text for line in lines)}}};"


def several(lines: Iterable[str]) -> str:
    r"""Return lines of text, broken by ``\\``, which must not take what follows for its argument."""
    held = [tex_words(line) for line in lines]
    return "\\\\".join("{}" + line if i and line.startswith(("[", "*")) else line for i, line in enumerate(held))


def paragraphs(marks: Iterable[Mark]) -> Iterator[list[Mark]]:
    """Group lines of one text: same part, look and side, one line below the other."""
    held: list[Mark] = []
    for mark in marks:
        if held and not _follows(held[-1], mark):
            yield held
            held = []
        held.append(mark)
    if held:
        yield held


def _follows(before: Mark, mark: Mark) -> bool:
    if not isinstance(before, Text) or not isinstance(mark, Text):
        return False
    alike = ("part", "role", "x", "size", "anchor", "bold", "italic", "colour")
    if mark.angle or before.angle or any(getattr(before, key) != getattr(mark, key) for key in alike):
        return False
    return abs(mark.y - before.y - LEADING * mark.size) < 0.02


def grouped(marks: Sequence[Mark], styles: Styles) -> Iterator[str]:
    """Return the commands of a picture that is no graph, under the name of each part."""
    parts = [(part, list(found)) for part, found in groupby(marks, key=lambda mark: mark.part)]
    before = ""
    for part, found in parts:
        kind = part.split("-")[0]
        title = _title(part, found)
        if title or kind != before:
            yield f"% {title or printable(kind)}"
        before = kind if not title else part
        yield from drawn(found, styles)


def _title(part: str, marks: Sequence[Mark]) -> str:
    """Return the heading of a part that has a number and a name of its own."""
    names = [mark.text for mark in marks if isinstance(mark, Text) and mark.role == "name"]
    return f"{printable(part)}: {printable(' '.join(names))[:80]}" if names and "-" in part else ""
