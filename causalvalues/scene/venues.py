"""Where a figure is to be printed: how wide a column is, how large text must be, which fonts are wanted."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from causalvalues.errors import FigureError, did_you_mean
from causalvalues.scene.palette import SMALLEST

SANS = ("Arial", "Helvetica", "Liberation Sans", "Arimo", "Nimbus Sans", "DejaVu Sans")
"""Arial and Helvetica, fonts with the widths of Arial, and the font that ships with matplotlib."""
COLUMNS = (1, 2)


@dataclass(frozen=True)
class Venue:
    """A journal, a conference or a style guide, as far as it says how figures are printed.

    Parameters
    ----------
    name : str
        As `venue` knows it.
    title : str
        In full.
    column, page : float
        Width of one column and of the whole text, in points (1/72 inch).
    tallest : float
        Height that a figure may have, in points.
    smallest, largest : float
        Smallest and largest type that figures may have, in points.
    label : float
        Size at which `printed` sets the smallest text of a figure, in points.
    body : float
        Type size of the running text, in points.
    thinnest : float
        Thinnest line, in points.
    dots : int
        Fewest dots per inch of a bitmap of lines and text.
    fonts : tuple of str
        Families for figures, the most wanted first.
    notes : tuple of str
        What the numbers rest on.

    Raises
    ------
    FigureError
        If widths, heights or type sizes are not positive, or not in their order.
    """

    name: str
    title: str
    column: float
    page: float
    tallest: float
    smallest: float
    largest: float
    label: float
    body: float
    thinnest: float = 0.25
    dots: int = 300
    fonts: tuple[str, ...] = SANS
    notes: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.column <= self.page or self.tallest <= 0:
            raise FigureError(f"The venue {self.name!r} needs a column that is wider than 0 and fits the page.")
        if not 0 < self.smallest <= self.label <= self.largest:
            raise FigureError(f"The venue {self.name!r} needs 0 < smallest <= label <= largest type size.")

    def width(self, columns: int = 1) -> float:
        """Return how wide a figure over 1 or 2 columns is printed, in points; 2 means the whole text."""
        if columns not in COLUMNS:
            raise FigureError(f"{columns} columns were asked for; a figure is 1 or 2 columns wide.")
        return self.column if columns == 1 else self.page

    def room(self, columns: int = 1) -> float:
        """Return the width at which a figure should be laid out, in points.

        Layouts set their smallest text at 7 points. At this width, scaling to `width` brings that text to `label`.

        Examples
        --------
        >>> NATURE.room(1), ACL.room(2)
        (289.0, 454.0)
        """
        return float(math.ceil(self.width(columns) * SMALLEST / self.label))


def _mm(length: float) -> float:
    return length / 25.4 * 72


ACL = Venue(
    name="acl",
    title="*ACL conferences",
    column=_mm(77),
    page=_mm(160),
    tallest=_mm(247),
    smallest=6.0,
    largest=11.0,
    label=7.0,
    body=11.0,
    notes=(
        "A4 with margins of 2.5 cm, two columns of 7.7 cm with .6 cm between them, running text of 11 points: ACLPUB, "
        "Paper formatting guidelines (acl-org.github.io/ACLPUB/formatting.html) and acl.sty.",
        "The guidelines set no size for text inside figures; 6 points is this package's limit.",
        "Fonts must be embedded; figures should be readable in grey.",
    ),
)
NEURIPS = Venue(
    name="neurips",
    title="NeurIPS",
    column=396.0,
    page=396.0,
    tallest=648.0,
    smallest=6.0,
    largest=10.0,
    label=7.0,
    body=10.0,
    notes=(
        "One column of text, 5.5 by 9 inches, 10 points: the instructions in neurips_2025.tex, section General "
        "formatting instructions.",
        "Only Type 1 or embedded TrueType fonts: section Preparing PDF files.",
        "The instructions set no size for text inside figures; 6 points is this package's limit.",
    ),
)
NATURE = Venue(
    name="nature",
    title="Nature and its research journals",
    column=_mm(89),
    page=_mm(183),
    tallest=_mm(170),
    smallest=5.0,
    largest=7.0,
    label=6.125,
    body=7.0,
    notes=(
        "Widths of 89 and 183 mm, at most 170 mm high so that the legend fits on the page, text of 5 to 7 points in "
        "Arial or Helvetica, editable, TrueType fonts embedded, lines of .25 point or more, 300 dots per inch or more: "
        "research-figure-guide.nature.com, Preparing figures - our specifications.",
        "No coloured text, no patterns and no grid lines are wanted; a palette that the colour-blind can read.",
    ),
)
APA = Venue(
    name="apa",
    title="APA style, 7th edition",
    column=468.0,
    page=468.0,
    tallest=648.0,
    smallest=8.0,
    largest=14.0,
    label=8.0,
    body=12.0,
    notes=(
        "Sans serif type of 8 to 14 points inside figures: Publication Manual of the American Psychological "
        "Association, 7th edition (2020), section 7.26.",
        "APA style sets no width for figures. A manuscript has one column of 6.5 by 9 inches (US letter, margins of "
        "1 inch, section 2.22); a journal's own columns may be narrower.",
    ),
)
VENUES = {each.name: each for each in (ACL, NEURIPS, NATURE, APA)}


def venue(name: str) -> Venue:
    """Return a venue by its name.

    Parameters
    ----------
    name : {"acl", "neurips", "nature", "apa"}
        Upper and lower case alike.

    Raises
    ------
    FigureError
        If the name is not known.

    Examples
    --------
    >>> round(venue("ACL").column)
    218
    """
    found = VENUES.get(name.strip().lower())
    if found is None:
        hint = did_you_mean(name, VENUES)
        raise FigureError(f"There is no venue {name!r}.{hint} All venues: {', '.join(VENUES)}.")
    return found
