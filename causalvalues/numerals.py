"""Numbers as psychology journals print them: no leading zero, a proper minus sign, the interval in brackets."""

from __future__ import annotations

import math

MINUS = "\u2212"
MISSING = "\u2013"


def number(value: float | None, decimals: int = 2) -> str:
    """Return a number without leading zero (APA 7, section 6.36) and with a minus sign, not a hyphen.

    Parameters
    ----------
    value : float or None
        None and NaN give an en dash.
    decimals : int, default 2

    Examples
    --------
    >>> number(0.418), number(1.5), number(-0.3), number(-0.001)
    ('.42', '1.50', '−.30', '.00')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    text = f"{abs(value):.{decimals}f}"
    if float(text) == 0:
        value = 0.0
    text = text.removeprefix("0") if decimals and text.startswith("0.") else text
    return (MINUS if value < 0 else "") + text


def interval(lower: float | None, upper: float | None, decimals: int = 2) -> str:
    """Return ``[.30, .51]``; an empty text when a limit is missing."""
    if lower is None or upper is None or not (math.isfinite(lower) and math.isfinite(upper)):
        return ""
    return f"[{number(lower, decimals)}, {number(upper, decimals)}]"


def estimate(mean: float | None, lower: float | None, upper: float | None, decimals: int = 2) -> str:
    """Return an estimate with its interval.

    Examples
    --------
    >>> estimate(0.42, 0.3, 0.51)
    '.42 [.30, .51]'
    """
    return f"{number(mean, decimals)} {interval(lower, upper, decimals)}".strip()


def scale_number(value: float, decimals: int = 2) -> str:
    """Return the number at a tick of a scale: ``0`` for zero, powers of ten where digits would be lost or too many.

    Examples
    --------
    >>> scale_number(0.25), scale_number(-2e12), scale_number(5e-9)
    ('.25', '−2e12', '5e−9')
    """
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e7:
        return number(value, decimals)
    digits, _, power = f"{abs(value):.2e}".partition("e")
    short = digits.rstrip("0").rstrip(".")
    return f"{MINUS if value < 0 else ''}{short}e{str(int(power)).replace('-', MINUS)}"


def percent(share: float) -> str:
    """Return a share as a whole percentage.

    Examples
    --------
    >>> percent(0.9)
    '90%'
    """
    return f"{100 * share:.3g}%"


def ticks(low: float, high: float, wanted: int = 6) -> tuple[float, ...]:
    """Return round tick positions inside [low, high], about `wanted` of them.

    Examples
    --------
    >>> ticks(0.0, 1.0)
    (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    """
    span = high - low
    if not span > 0:
        return (low,)
    rough = span / max(wanted - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0)), key=lambda size: abs(size - rough))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    digits = max(12, 3 - math.floor(math.log10(step)))
    return tuple(round(i * step, digits) + 0.0 for i in range(first, last + 1))
