"""Widths of text in DejaVu Sans, which ships with matplotlib, so that every file breaks and places text alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

ASCENT = 0.76
DESCENT = 0.24
LEADING = 1.18
ELLIPSIS = "\u2026"
_BREAK_AFTER = frozenset(" -_/:.,;+&|\u2013\u2014")


def font_file(bold: bool = False, italic: bool = False) -> Path:
    """Return the path of a DejaVu Sans face inside the installed matplotlib."""
    import matplotlib as mpl

    face = {(0, 0): "", (1, 0): "-Bold", (0, 1): "-Oblique", (1, 1): "-BoldOblique"}[int(bold), int(italic)]
    return Path(mpl.get_data_path()) / "fonts" / "ttf" / f"DejaVuSans{face}.ttf"


@lru_cache(maxsize=4)
def _advances(bold: bool, italic: bool) -> Mapping[int, float]:
    """Advance width in em of every character of a face, by code point."""
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    with TTFont(font_file(bold, italic), lazy=True) as font:
        glyphs, em = font["hmtx"].metrics, font["head"].unitsPerEm
        return {code: glyphs[glyph][0] / em for code, glyph in font.getBestCmap().items()}


def text_width(text: str, size: float, bold: bool = False, italic: bool = False) -> float:
    """Return the width of one line of text.

    Parameters
    ----------
    text : str
    size : float
        Type size in points.
    bold, italic : bool, default False

    Returns
    -------
    float
        Points; characters that the font lacks count one em (East Asian wide ones) or .6 em.
    """
    table = _advances(bold, italic)
    return size * sum(table[ord(c)] if ord(c) in table else _guess(c) for c in text)


def _guess(character: str) -> float:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0.0
    return 1.0 if unicodedata.east_asian_width(character) in "WF" else 0.6


def printable(text: str) -> str:
    r"""Return a name as it can be shown on one line: breaks become spaces, control characters their Unicode pictures.

    Examples
    --------
    >>> printable("a\nb\x00")
    'a b␀'
    """
    return "".join(_shown(character) for character in text).strip() or "\u2423"


def _shown(character: str) -> str:
    code = ord(character)
    if character.isspace():
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0x80 <= code < 0xA0 or 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE:
        return "\ufffd"
    return character


def wrap(text: str, width: float, size: float, lines: int = 3) -> tuple[str, ...]:
    """Break a name into lines of about equal width.

    Parameters
    ----------
    text : str
        Shown through `printable`.
    width : float
        Widest line, in points.
    size : float
        Type size in points.
    lines : int, default 3
        Most lines; what does not fit ends in an ellipsis.

    Returns
    -------
    tuple of str
        One to `lines` lines, none wider than `width`.
    """
    pieces = _pieces(printable(text), width, size)
    broken = _fill(pieces, width, size)
    if len(broken) > lines:
        return (*broken[: lines - 1], _shorten(broken[lines - 1] + ELLIPSIS, width, size))
    low, high = 0.0, width
    for _ in range(12):  # the narrowest measure that needs no more lines
        middle = (low + high) / 2
        trial = _fill(pieces, middle, size)
        fits = len(trial) <= len(broken) and max(text_width(line, size) for line in trial) <= middle
        low, high = (low, middle) if fits else (middle, high)
    return _fill(pieces, high, size)


def longest_word(text: str, width: float, size: float) -> float:
    """Return the width of the widest piece of a name that `wrap` would not break, at most `width`."""
    return max(text_width(piece.rstrip(), size) for piece in _pieces(printable(text), width, size))


def _pieces(text: str, width: float, size: float) -> list[str]:
    """Split after spaces and joining signs (not inside numbers), and anywhere where a piece is wider than a line."""
    pieces, current = [], ""
    for character, after in zip(text, [*text[1:], ""], strict=True):
        if current and text_width(current.rstrip() + character, size) > width:
            pieces.append(current)
            current = ""
        current += character
        inside_number = character in ".," and after.isdigit()
        if character in _BREAK_AFTER and not inside_number:
            pieces.append(current)
            current = ""
    return [piece for piece in [*pieces, current] if piece]


def _fill(pieces: list[str], width: float, size: float) -> tuple[str, ...]:
    lines = [""]
    for piece in pieces:
        if lines[-1] and text_width((lines[-1] + piece).rstrip(), size) > width:
            lines.append("")
        lines[-1] += piece
    return tuple(line.strip() for line in lines if line.strip()) or ("",)


def _shorten(line: str, width: float, size: float) -> str:
    while len(line) > 1 and text_width(line, size) > width:
        line = line[:-2] + ELLIPSIS
    return line
