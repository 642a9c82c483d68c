"""Which font paints a scene: the first wanted family that is installed as TrueType, else DejaVu Sans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from causalvalues.scene.metrics import font_file

FALLBACK = "DejaVu Sans"
_SPACES = frozenset("\u200b\u200c\u200d\u2060\ufeff")


@dataclass(frozen=True)
class Face:
    """One TrueType file: its family, and the advance width in em of every character that it has."""

    family: str
    path: Path

    def has(self, text: str) -> bool:
        """Whether the face has a glyph for every character."""
        return not self.lacks(text)

    def lacks(self, text: str) -> str:
        """Return the characters of a text that the face has no glyph for, each once, in their order."""
        table = _advances(self.path)
        return "".join(dict.fromkeys(c for c in text if ord(c) not in table and c not in _SPACES))

    def width(self, text: str, size: float) -> float:
        """Return the width of a line of text in points; a character without glyph counts .6 em."""
        table = _advances(self.path)
        return size * sum(table.get(ord(c), 0.6) for c in text)


def face_of(families: Sequence[str], bold: bool = False, italic: bool = False) -> Face:
    """Return the face that paints: of the first family that is installed in this weight and slope.

    Parameters
    ----------
    families : sequence of str
        The most wanted first, as in ``scene.fonts``.
    bold, italic : bool, default False

    Returns
    -------
    Face
        A face of DejaVu Sans, which ships with matplotlib, where no wanted family is installed.
    """
    for family in families:
        path = FALLBACK if family == FALLBACK else _installed(family).get((bold, italic))
        if path == FALLBACK:
            break
        if path is not None:
            return Face(family, Path(path))
    return Face(FALLBACK, font_file(bold, italic))


def family_of(families: Sequence[str]) -> str:
    """Return the family that paints upright text of medium weight."""
    return face_of(families).family


def face_for(text: str, families: Sequence[str], bold: bool = False, italic: bool = False) -> Face:
    """Return the face that paints a line of text: `face_of`, or DejaVu Sans where that lacks one of its characters."""
    wanted = face_of(families, bold, italic)
    if wanted.family == FALLBACK or wanted.has(text):
        return wanted
    return face_of((), bold, italic)


@lru_cache(maxsize=32)
def _installed(family: str) -> Mapping[tuple[bool, bool], str]:
    """Return the TrueType files of a family by (bold, italic); fonts that were installed a moment ago count."""
    from matplotlib.font_manager import findSystemFonts

    stem = family.replace(" ", "").lower()
    found: dict[tuple[bool, bool], str] = {}
    for path in sorted(findSystemFonts(fontext="ttf")):
        name = Path(path).name.replace(" ", "").lower()
        if not name.startswith(stem) or not name.endswith(".ttf"):
            continue
        style = _style(path, family)
        if style is not None:
            found.setdefault(style, path)
    return found


def _style(path: str, family: str) -> tuple[bool, bool] | None:
    """Return (bold, italic) of a TrueType file of this very family, None for other files."""
    from fontTools.ttLib import TTFont, TTLibError  # type: ignore[import-untyped]

    try:
        with TTFont(path, lazy=True) as font:
            if "glyf" not in font or font["name"].getBestFamilyName() != family:
                return None
            look = (font["name"].getBestSubFamilyName() or "").lower()
    except (TTLibError, OSError):
        return None
    known = {"regular": (0, 0), "normal": (0, 0), "book": (0, 0), "bold": (1, 0), "italic": (0, 1), "oblique": (0, 1)}
    known |= {"bold italic": (1, 1), "bold oblique": (1, 1)}
    style = known.get(look)
    return None if style is None else (bool(style[0]), bool(style[1]))


@lru_cache(maxsize=32)
def _advances(path: Path) -> Mapping[int, float]:
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        glyphs, em = font["hmtx"].metrics, font["head"].unitsPerEm
        return {code: glyphs[glyph][0] / em for code, glyph in font.getBestCmap().items()}
