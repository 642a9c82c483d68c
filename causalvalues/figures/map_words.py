"""What a map of values says in words: its fit, caption and alternative text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from causalvalues.evidence.value_map import ValueMap
from causalvalues.numerals import number
from causalvalues.scene.metrics import text_width
from causalvalues.scene.palette import NAME_SIZE
from causalvalues.theories.theory import ValueTheory

CONFIRMED = 0.05


def filled_lines(pieces: Sequence[str], room: float) -> list[str]:
    """Set pieces on as few lines as hold them, without breaking one."""
    lines = [pieces[0]]
    for piece in pieces[1:]:
        longer = f"{lines[-1]}; {piece}"
        if text_width(longer, NAME_SIZE) <= room:
            lines[-1] = longer
        else:
            lines.append(piece)
    return [line[:1].upper() + line[1:] for line in lines]


def fit_words(mapped: ValueMap) -> list[str]:
    """Return stress, fit to the circle and neighbours, a piece each."""
    said = [f"Stress-1 {number(mapped.stress, 3)} ({mapped.scale})"]
    if math.isnan(mapped.fit):
        return said
    p = "p < .001" if mapped.p < 0.001 else f"p = {number(mapped.p, 3)}"
    around = f"{mapped.neighbours} of {len(mapped.points)} neighbours as in the theory"
    return [*said, f"fit to the circle {number(mapped.fit)}, {p}", around]


def order_warning(mapped: ValueMap) -> str:
    """Return the sentence for a map that does not confirm the theory's order; "" for one that does."""
    return "This map does not confirm the order of the theory" if mapped.p > CONFIRMED else ""


def map_caption(mapped: ValueMap, theory: ValueTheory | None) -> str:
    """Return the caption of a map."""
    words = [
        f"Values by {mapped.scale} multidimensional scaling of sqrt(1 - r) into two dimensions: what stands close "
        f"together correlates highly (stress-1 {number(mapped.stress, 3)})."
    ]
    if not math.isnan(mapped.fit):
        name = "the theory" if theory is None else theory.name
        words.append(
            f"The map is turned, mirrored and sized towards the circle of {name}, never bent: the circle explains "
            f"{number(mapped.fit)} of the spread of the points; {number(mapped.p, 3)} of random relabellings fit at "
            f"least as well. Going round, {mapped.neighbours} of {len(mapped.points)} neighbours are neighbours in the "
            "theory."
        )
        words += [f"{order_warning(mapped)}."] if order_warning(mapped) else []
    if mapped.covariances is not None:
        words.append(
            f"Regions: 90%, normal approximation over {mapped.draws} bootstrap draws of the clusters; stability "
            f"{number(mapped.stability)}."
        )
    return " ".join(words)


def map_alt(mapped: ValueMap, shown: Mapping[str, str]) -> str:
    """Return what can be seen, for those who cannot."""
    around = ", ".join(shown[name] for name in mapped.order)
    fit = "" if math.isnan(mapped.fit) else f" {order_warning(mapped) or '; '.join(fit_words(mapped)[1:])}."
    return f"Map of {len(mapped.points)} values, clockwise: {around}. Stress-1 {number(mapped.stress, 3)}.{fit}"
