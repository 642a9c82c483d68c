"""How the line of a value looks among ranks: colour and sign of its higher-order group, dashes of its own."""

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
_ALONE = (3, INK, False)
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
    """Group of a value ("" for none), place of its looks, and the dashes of its line."""

    group: str
    place: int
    dash: tuple[float, ...]

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
    def _form(self) -> tuple[int, str, bool]:
        return _GROUPS[self.place % len(_GROUPS)] if self.group else _ALONE


def looks_of(values: Sequence[str], theory: ValueTheory | None) -> dict[str, Look]:
    """Give each value the looks of its group, the first that names it, and dashes that differ within the group.

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
        found[value] = Look(group, places.get(group, 0), _DASHES[taken.get(group, 0) % len(_DASHES)])
        taken[group] = taken.get(group, 0) + 1
    return found


def look_items(looks: Mapping[str, Look]) -> list[Item]:
    """Return the legend: each group that occurs in several, by name."""
    first: dict[str, Look] = {}
    for look in looks.values():
        first.setdefault(look.group, replace(look, dash=()))
    if not any(first):
        return []
    items: list[Item] = []
    for group in sorted(first, key=lambda group: (not group, group)):
        look = first[group]
        words = group.replace("self_", "self-").replace("_", " ") or "in no group"
        marks = (stroke(SAMPLE, look.width, look.colour), look.sign("legend", SAMPLE / 2, 0.0))
        items.append((SAMPLE, words, marks))
    return items
