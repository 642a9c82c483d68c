"""Colours, type sizes and line widths that all figures share; lengths in points (1/72 inch)."""

from __future__ import annotations

INK = "#222222"
BLACK = "#000000"
QUIET = "#595959"
ASIDE = "#747474"
FAINT = "#8C8C8C"
RULE = "#BDBDBD"
SECTOR = "#ECEEF0"
PAPER = "#FFFFFF"

# Okabe and Ito (2008), "Color universal design": told apart under every common colour blindness.
POSITIVE = "#0072B2"
NEGATIVE = "#D55E00"
UNSIGNED = "#4D4D4D"
DASH = (4.5, 2.5)

NAME_SIZE = 8.0
LABEL_SIZE = 7.0
SMALLEST = 7.0
MARGIN = 6.0


def blend(colour: str, share: float) -> str:
    """Mix a colour with white.

    Parameters
    ----------
    colour : str
        ``#RRGGBB``.
    share : float
        0 gives white, 1 the colour.

    Examples
    --------
    >>> blend("#0072B2", 0.0)
    '#FFFFFF'
    """
    channels = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 + share * (channel - 255)):02X}" for channel in channels)


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#RRGGBB`` from 0 (black) to 1 (white) (WCAG 2.2, "relative luminance")."""
    linear = []
    for i in (1, 3, 5):
        channel = int(colour[i : i + 2], 16) / 255
        linear.append(channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def readable_ink(background: str) -> str:
    """Return black or white, whichever stands out more on a background: always a contrast of 4.5 at least."""
    return BLACK if contrast(BLACK, background) >= contrast(PAPER, background) else PAPER
