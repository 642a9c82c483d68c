"""Colours and styles of a TikZ picture: named, and defined once at its head."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from causalvalues.errors import FigureError
from causalvalues.formats.tikz_paths import plain
from causalvalues.formats.tikz_words import wrapped
from causalvalues.scene import palette
from causalvalues.scene.metrics import LEADING
from causalvalues.scene.nouns import Anchor, Mark, Shape, Text

NAMED = {
    palette.INK: "valuesInk",
    palette.QUIET: "valuesQuiet",
    palette.ASIDE: "valuesAside",
    palette.FAINT: "valuesFaint",
    palette.RULE: "valuesRule",
    palette.SECTOR: "valuesSector",
    palette.POSITIVE: "valuesPositive",
    palette.NEGATIVE: "valuesNegative",
    palette.UNSIGNED: "valuesUnsigned",
}
ANCHORS: Mapping[Anchor, str] = {"start": "base west", "middle": "base", "end": "base east"}
Options = dict[str, str]
Face = tuple[float, bool, bool]


def colour_name(colour: str) -> str:
    """Return a colour as xcolor reads it: a name, a share of one with white, a grey, or a name made of its digits.

    Examples
    --------
    >>> colour_name("#0072B2"), colour_name(palette.blend(palette.NEGATIVE, 0.4)), colour_name("#123456")
    ('valuesPositive', 'valuesNegative!40', 'values123456')
    """
    if not re.fullmatch("#[0-9A-Fa-f]{6}", colour):
        raise FigureError(f"{colour!r} is no colour. Give #RRGGBB.")
    colour = colour.upper()
    plain_names = {"#FFFFFF": "white", "#000000": "black", **NAMED}
    if colour in plain_names:
        return plain_names[colour]
    for base in (palette.POSITIVE, palette.NEGATIVE, palette.INK, "#000000"):
        share = _share(colour, base)
        if share:
            return f"{plain_names[base]}!{share}"
    return f"values{colour[1:]}"


def _share(colour: str, base: str) -> str:
    """Return how many percent of a colour, mixed with white, give another; nothing if no share of it does."""
    place = min((1, 3, 5), key=lambda each: base[each : each + 2])  # the channel that changes most
    near = (255 - int(colour[place : place + 2], 16)) / (255 - int(base[place : place + 2], 16))
    tried = sorted({round(near + step / 10000, digits) for step in range(-25, 26) for digits in (2, 3, 4)})
    fitting = [share for share in tried if 0 < share < 1 and palette.blend(base, share) == colour]
    return min((plain(100 * share) for share in fitting), key=lambda text: (len(text), text), default="")


def colour_definitions(marks: Iterable[Mark]) -> list[str]:
    """Return the definitions of the colours that marks use, in the order of the palette."""
    used = set()
    for mark in marks:
        for colour in (mark.fill, mark.stroke) if isinstance(mark, Shape) else (mark.colour,):
            if colour != "none":
                used.add(colour_name(colour).split("!")[0])
    known = {name: colour for colour, name in NAMED.items()}
    digits = {name: f"#{name.removeprefix('values')}" for name in sorted(used - set(known) - {"black", "white"})}
    return [
        f"\\definecolor{{{name}}}{{HTML}}{{{colour.removeprefix('#')}}}"
        for name, colour in (known | digits).items()
        if name in used
    ]


def said(options: Mapping[str, str]) -> str:
    """Return options as TikZ reads them; one without a value stands alone."""
    return ", ".join(f"{key}={value}" if value else key for key, value in options.items())


def bracket(*parts: str) -> str:
    """Return the options of a command in brackets, or nothing."""
    held = ", ".join(part for part in parts if part)
    return f"[{held}]" if held else ""


def font(size: float, bold: bool = False, italic: bool = False) -> str:
    """Return the commands that choose a font."""
    shape = ("\\bfseries\\boldmath" if bold else "") + ("\\itshape" if italic else "")
    return f"\\fontsize{{{plain(size)}bp}}{{{plain(LEADING * size)}bp}}\\selectfont{shape}"


def text_options(text: Text) -> Options:
    """Return how a line of text looks."""
    return {
        "anchor": ANCHORS[text.anchor],
        "text": colour_name(text.colour),
        "font": font(text.size, text.bold, text.italic),
    }


def shape_options(shape: Shape) -> Options:
    """Return how a shape looks."""
    options = {}
    if shape.fill != "none":
        options["fill"] = colour_name(shape.fill)
    if shape.stroke != "none":
        options |= {"draw": colour_name(shape.stroke), "line width": f"{plain(shape.stroke_width)}bp"}
    if shape.dash and shape.stroke != "none":
        options["dash pattern"] = dashes(shape.dash)
    if shape.opacity != 1:
        options["opacity"] = plain(shape.opacity)
    return options


def dashes(lengths: Sequence[float]) -> str:
    """Return the lengths of dashes and gaps; an odd number of them is run through twice, as in SVG."""
    twice = [*lengths, *lengths] if len(lengths) % 2 else lengths
    return " ".join(f"{'off' if i % 2 else 'on'} {plain(length)}bp" for i, length in enumerate(twice))


def changes(options: Options, style: Options) -> Options:
    """Return what must be said beside a style to get these options."""
    undone = {"dash pattern": {"solid": ""}, "opacity": {"opacity": "1"}, "draw": {"draw": "none"}}
    held = {key: value for key, value in options.items() if style.get(key) != value}
    for key in style:
        if key not in options:
            held |= undone.get(key, {})
    return held


@dataclass(frozen=True)
class Styles:
    """The styles of a picture by name, and the usual size, boldness and slant of the texts of each role."""

    options: Mapping[str, Options]
    usual: Mapping[str, Face]

    def of(self, mark: Mark) -> tuple[str, Options]:
        """Return the style of a mark and what its look adds to it."""
        name = _full_name(mark, self.usual)
        return name, changes(_look(mark), self.options[name])

    def lines(self) -> list[str]:
        """Return the definitions."""
        return [definition(name, options) for name, options in self.options.items()]


def definition(name: str, options: Options) -> str:
    """Return the line or lines that define a style."""
    pieces = f"{name}/.style={{{said(options)}}},".replace(", ", ",\0").split("\0")
    return wrapped(pieces, "  ")


def styles_of(marks: Iterable[Mark]) -> Styles:
    """Return one style for each role, as most of its marks look, and one more for each other font of its texts."""
    held = list(marks)
    faces: dict[str, Counter[Face]] = {}
    for mark in held:
        if isinstance(mark, Text):
            faces.setdefault(style_name(mark), Counter())[_face(mark)] += 1
    usual = {name: min(found, key=lambda face: (face[1:], -found[face], face)) for name, found in faces.items()}
    looks: dict[str, Counter[tuple[tuple[str, str], ...]]] = {}
    for mark in held:
        looks.setdefault(_full_name(mark, usual), Counter())[tuple(_look(mark).items())] += 1
    return Styles({name: dict(found.most_common(1)[0][0]) for name, found in sorted(looks.items())}, usual)


def style_name(mark: Mark) -> str:
    """Return the name of the style of a role: two words, so that none of TikZ's own keys is meant."""
    role = " ".join(re.findall("[a-z0-9]+", mark.role.lower())) or "plain"
    if isinstance(mark, Text):
        return f"{role.removesuffix(' text')} text"
    if mark.fill == "none":
        return "plain line" if role == "line" else f"{role} line"
    return f"{role} area" if mark.stroke == "none" else f"{role} mark"


def _look(mark: Mark) -> Options:
    return text_options(mark) if isinstance(mark, Text) else shape_options(mark)


def _face(text: Text) -> Face:
    return (text.size, text.bold, text.italic)


def _full_name(mark: Mark, usual: Mapping[str, Face]) -> str:
    """Return the name of the style of a role, and what is unusual about the font of a text."""
    name = style_name(mark)
    if not isinstance(mark, Text):
        return name
    size, bold, italic = usual[name]
    words = [name] + ([f"size {plain(mark.size)}".replace(".", "-")] if mark.size != size else [])
    words += [{True: "bold", False: "light"}[mark.bold]] if mark.bold != bold else []
    words += [{True: "italic", False: "upright"}[mark.italic]] if mark.italic != italic else []
    return " ".join(words)
