"""The figure lint: what a reader, a reviewer or a printer would object to, before the figure is sent.

Codes, which stay: FIG101 text too small, FIG102 text too large, FIG103 width, FIG104 height; FIG201 overlap, FIG202 off
the page, FIG203 a name cut short, FIG204 a label that hides the line of another edge for more than two type sizes,
FIG205 more than two thirds of the labels interrupt lines of other edges, FIG206 more than a tenth of the edges lack the
label of their number (a note, a warning above half); FIG301 contrast of text, FIG302 contrast of lines and dots, FIG303
line too thin, FIG304 two meanings told by colour alone; FIG401 no alternative text, FIG402 no caption, FIG403 no table
of the numbers; FIG501 no wanted font is installed, FIG502 a character that no font has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from causalvalues.scene.fonts import FALLBACK, face_for, family_of
from causalvalues.scene.lint_colour import colour_alone, faint_marks, faint_texts
from causalvalues.scene.lint_labels import label_flaws
from causalvalues.scene.metrics import ELLIPSIS
from causalvalues.scene.nouns import Scene, Shape, Text
from causalvalues.scene.overlap import overlaps
from causalvalues.scene.palette import SMALLEST
from causalvalues.scene.printing import SLACK
from causalvalues.scene.venues import Venue

Severity = Literal["error", "warning", "note"]
THINNEST = 0.25
WIDTH_SLACK = 0.5
"""Points by which a figure may miss the width of a venue."""


@dataclass(frozen=True)
class Flaw:
    """One thing that is wrong with a figure.

    Parameters
    ----------
    code : str
        Stable, for example ``"FIG201"``; listed in `causalvalues.scene.lint`.
    severity : {"error", "warning", "note"}
        An error should not be printed; a note is what an author should know.
    where : str
        Part of the scene, for example ``"edge-3-label"``, or ``"page"``.
    message : str
        What is wrong.
    remedy : str
        What to do.
    """

    code: str
    severity: Severity
    where: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.code} {self.severity}: {self.where}: {self.message} {self.remedy}"


def lint(scene: Scene, venue: Venue | None = None) -> list[Flaw]:
    """Find what is wrong with a figure.

    Parameters
    ----------
    scene : Scene
        With a venue: as `printed` returns it.
    venue : Venue, optional
        Whose limits on size, type and lines are checked; without one, text must have 7 points and lines .25.

    Returns
    -------
    list of Flaw
        Errors first, then by code and place; empty for a clean figure.
    """
    found = [*_sizes(scene, venue), *_page(scene, venue), *_places(scene), *_looks(scene, venue), *_words(scene)]
    found += [*_labels(scene), *_fonts(scene, venue)]
    order = get_args(Severity)
    return sorted(
        dict.fromkeys(found), key=lambda flaw: (order.index(flaw.severity), flaw.code, flaw.where, flaw.message)
    )


def has_errors(flaws: Iterable[Flaw]) -> bool:
    """Say whether one of the flaws is an error."""
    return any(flaw.severity == "error" for flaw in flaws)


def lint_text(flaws: Iterable[Flaw]) -> str:
    """Return flaws as text, one a line, or that there are none."""
    return "\n".join(str(flaw) for flaw in flaws) or "No flaw found."


def lint_rows(found: Mapping[str, Sequence[Flaw]]) -> tuple[tuple[str, str, str, str], ...]:
    """Return one row a figure for a report: name, number of errors, number of warnings, codes.

    Examples
    --------
    >>> lint_rows({"graph": [Flaw("FIG401", "error", "page", "", "")]})
    (('graph', '1', '0', 'FIG401'),)
    """
    rows = []
    for name, flaws in found.items():
        severities = [flaw.severity for flaw in flaws]
        codes = ", ".join(sorted({flaw.code for flaw in flaws}))
        rows.append((name, str(severities.count("error")), str(severities.count("warning")), codes))
    return tuple(rows)


def _sizes(scene: Scene, venue: Venue | None) -> list[Flaw]:
    smallest, largest = (venue.smallest, venue.largest) if venue else (SMALLEST, float("inf"))
    who = f" ({venue.title})" if venue else ""
    again = f"Draw it {venue.room():g} or {venue.room(2):g} points wide and print it with `printed`." if venue else ""
    found = []
    for text in scene.marks:
        if not isinstance(text, Text):
            continue
        if text.size < smallest * (1 - SLACK):
            said = f"{text.text!r} has {text.size:.2g} points; {smallest:g} is the least{who}."
            found.append(Flaw("FIG101", "error", text.part, said, again or "Use a larger type size."))
        if text.size > largest * (1 + SLACK):
            said = f"{text.text!r} has {text.size:.3g} points; {largest:g} is the most{who}."
            found.append(Flaw("FIG102", "error", text.part, said, again))
    return found


def _page(scene: Scene, venue: Venue | None) -> list[Flaw]:
    if venue is None:
        return []
    found = []
    wanted = (venue.width(1), venue.width(2))
    if not any(abs(scene.width - width) <= WIDTH_SLACK for width in wanted):
        said = f"It is {scene.width:.1f} points wide; {venue.title} has {wanted[0]:.1f} and {wanted[1]:.1f}."
        remedy = f"Draw it {venue.room():g} or {venue.room(2):g} points wide and print it with `printed`."
        found.append(Flaw("FIG103", "error", "page", said, remedy))
    if scene.height > venue.tallest + WIDTH_SLACK:
        said = f"It is {scene.height:.0f} points high; {venue.title} allows {venue.tallest:.0f}."
        found.append(Flaw("FIG104", "error", "page", said, "Use two columns, or draw fewer rows."))
    return found


def _places(scene: Scene) -> list[Flaw]:
    found = []
    for each in overlaps(scene):
        if each.kind == "off the page":
            found.append(Flaw("FIG202", "error", each.first, "It leaves the page.", "Shorten it or widen the figure."))
        else:
            said = f"{each.kind[:1].upper()}{each.kind[1:]}: meets {each.second}."
            found.append(Flaw("FIG201", "error", each.first, said, "Widen the figure, or draw less."))
    for text in scene.marks:
        if isinstance(text, Text) and text.text.endswith(ELLIPSIS):
            remedy = "Give a shorter name (`labels=`), or widen the figure."
            found.append(Flaw("FIG203", "warning", text.part, f"{text.text!r} is cut short.", remedy))
    return found


def _labels(scene: Scene) -> list[Flaw]:
    remedies = {
        "FIG204": "Widen the figure, or leave intervals out.",
        "FIG205": "Widen the figure, leave intervals out, or draw it in layers.",
        "FIG206": "They are in the table; widen the figure, or draw it in layers, to print more.",
    }
    return [
        Flaw(code, cast(Severity, severity), where, said, remedies[code])
        for code, severity, where, said in label_flaws(scene)
    ]


def _looks(scene: Scene, venue: Venue | None) -> list[Flaw]:
    found = []
    for part, said in faint_texts(scene):
        found.append(Flaw("FIG301", "error", part, said, "Use a darker colour, or a lighter ground."))
    for part, said in faint_marks(scene):
        found.append(Flaw("FIG302", "error", part, said, "Use a darker colour, or a lighter ground."))
    thinnest = venue.thinnest if venue else THINNEST
    for shape in scene.marks:
        if isinstance(shape, Shape) and shape.stroke != "none" and 0 < shape.stroke_width < thinnest * (1 - SLACK):
            said = f"The {shape.role} is {shape.stroke_width:.2g} points thick; {thinnest:g} is the least."
            found.append(Flaw("FIG303", "error", shape.part, said, "Print it with `printed`, which thickens lines."))
    for part, said in colour_alone(scene):
        found.append(Flaw("FIG304", "warning", part, said, "Tell them apart by dashes, by shape or by a label too."))
    return found


def _words(scene: Scene) -> list[Flaw]:
    found = []
    if not scene.alt.strip():
        found.append(Flaw("FIG401", "error", "page", "It has no alternative text.", "Say in `alt` what can be seen."))
    if not scene.caption.strip():
        found.append(Flaw("FIG402", "error", "page", "It has no caption.", "Say in `caption` what is drawn."))
    if not scene.rows:
        said = "Its numbers are not kept as a table."
        found.append(Flaw("FIG403", "warning", "page", said, "Fill `columns` and `rows`."))
    return found


def _fonts(scene: Scene, venue: Venue | None) -> list[Flaw]:
    found = []
    wanted = scene.fonts or (venue.fonts if venue else ())
    if any(family != FALLBACK for family in wanted) and family_of(wanted) == FALLBACK:
        said = f"None of {', '.join(family for family in wanted if family != FALLBACK)} is installed as TrueType."
        remedy = f"It is painted in {FALLBACK}; install Liberation Sans, which has the widths of Arial."
        found.append(Flaw("FIG501", "warning", "page", said, remedy))
    for text in scene.marks:
        if isinstance(text, Text):
            lost = face_for(text.text, wanted, text.bold, text.italic).lacks(text.text)
            if lost:
                said = f"No font here has {', '.join(f'{c!r} (U+{ord(c):04X})' for c in lost[:5])}."
                remedy = "Show another name (`labels=`); in SVG and LaTeX the reader's fonts decide."
                found.append(Flaw("FIG502", "error", text.part, said, remedy))
    return found
