"""How the line of a value looks among ranks: colour and sign of its higher-order group, dashes and fill of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from causalvalues.figures.legend import Item, stroke
from causalvalues.figures.signs import sign
from causalvalues.scene.nouns import Shape
from causalvalues.scene.palette import INK, PAPER
from causalvalues.theories.theory import ValueTheory

SAMPLE = 26.0
_GROUPS = (
    (0, "#0079BC", True),
    (1, "#F56700", False),
    (2, "#006239", True),
    (4, "#5F1072", True),
    (5, "#1E1712", True),
)
"""Form of the sign, colour, and whether it is filled; the colours differ in lightness too, so that greys are apart."""
_ALONE = ((3, False), (3, True), (1, True), (2, False), (4, False), (5, False))
"""Form and fill of the signs of values in no group, all in `INK`: the next where the dashes of one are used up."""
_DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (5.0, 2.2),
    (1.3, 1.7),
    (7.0, 2.0, 1.3, 2.0),
    (2.8, 1.6),
    (9.0, 2.0, 1.3, 2.0, 1.3, 2.0),
)


@dataclass(frozen=True)
class Look:
    """Group of a value ("" for none), place of its looks, dashes of its line, and which round of dashes these are."""

    group: str
    place: int
    dash: tuple[float, ...]
    turn: int = 0

    @property
    def colour(self) -> str:
        """Colour of the line and of the sign."""
        return self._form[1]

    @property
    def width(self) -> float:
        """Width of the line in points; values of no group have thinner ones."""
        return 1.5 if self.group else 0.9

    def sign(self, part: str, x: float, y: float) -> Shape:
        """Return the sign about (x, y)."""
        form, colour, filled = self._form
        return replace(sign(part, form, x, y), fill=colour if filled else PAPER, stroke=colour)

    @property
    def seen(self) -> tuple[object, ...]:
        """What of it can be seen: form, colour and fill of the sign, dashes and width of the line."""
        return (*self._form, self.dash, self.width)

    @property
    def _form(self) -> tuple[int, str, bool]:
        if not self.group:
            form, filled = _ALONE[self.turn % len(_ALONE)]
            return form, INK, filled
        form, colour, filled = _GROUPS[self.place % len(_GROUPS)]
        return form, colour, filled != bool(self.turn % 2)


def looks_of(values: Sequence[str], theory: ValueTheory | None) -> dict[str, Look]:
    """Give each value the looks of its group, the first that names it, and dashes of its own.

    There are six dashes. Where a group has more values, dashes begin again with the fill of the sign turned round, and
    among values of no group with the next sign. So no two look alike up to twelve values in a group (of five groups at
    most) and 36 in none; beyond, looks repeat, which `alike` tells.

    Parameters
    ----------
    values : sequence of str
    theory : ValueTheory or None
        Groups take their looks by name, so that figures of one theory agree.
    """
    groups = {} if theory is None else theory.groups
    places = {group: place for place, group in enumerate(sorted(groups))}
    found: dict[str, Look] = {}
    taken: dict[str, int] = {}
    for value in values:
        group = next((group for group in groups if value in groups[group]), "")
        turn, dash = divmod(taken.get(group, 0), len(_DASHES))
        found[value] = Look(group, places.get(group, 0), _DASHES[dash], turn)
        taken[group] = taken.get(group, 0) + 1
    return found


def alike(looks: Mapping[str, Look]) -> list[list[str]]:
    """Return the values that cannot be told apart by their looks, each set of them together."""
    sharing: dict[tuple[object, ...], list[str]] = {}
    for value, look in looks.items():
        sharing.setdefault(look.seen, []).append(value)
    return [values for values in sharing.values() if len(values) > 1]


def look_items(looks: Mapping[str, Look]) -> list[Item]:
    """Return the legend: each group that occurs in several, by name."""
    first: dict[str, Look] = {}
    for look in looks.values():
        first.setdefault(look.group, replace(look, dash=(), turn=0))
    if not any(first):
        return []
    items: list[Item] = []
    for group in sorted(first, key=lambda group: (not group, group)):
        look = first[group]
        words = group.replace("self_", "self-").replace("_", " ") or "in no group"
        marks = (stroke(SAMPLE, look.width, look.colour), look.sign("legend", SAMPLE / 2, 0.0))
        items.append((SAMPLE, words, marks))
    return items
