"""Fractional designs: every pair of settings occurs, in a small part of the rows of the full design."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from causalvalues.elicitation.decks import Deck
from causalvalues.elicitation.sheets import DesignLever, Persona, Sheet
from causalvalues.elicitation.variation import Setting, Variation, check_parts, repeated
from causalvalues.randomness import require_whole, stream

Row = dict[int, int]
"""Factor -> level. Factors: 0 persona groups, 1 frames, 2 repeats, 3 wordings, then the levers (level 0 is off)."""
Cell = tuple[int, int, int, int]
"""Two factors with a level each: (factor, level, later factor, level)."""
FIRST_LEVER = 4
WORDING = 3


def covering_design(
    personas: Sequence[Persona] | Mapping[str, Sequence[Persona]],
    levers: Sequence[DesignLever],
    order: int = 2,
    variation: Variation | None = None,
    seed: int = 0,
) -> list[Sheet]:
    """Ask so that any two settings of different factors occur together at least once.

    Factors are the persona groups (with their languages), each lever (off, or at a dose), the wording of the levers,
    the frame of the question and the repeat. Rows are made one at a time: the first pair that is not covered yet is
    taken, and the other factors get the level that covers most new pairs (as in AETG: Cohen et al. 1997, IEEE
    Transactions on Software Engineering 23(7), 437-444). Every persona has a row without lever besides.

    Parameters
    ----------
    personas : sequence of Persona, or mapping of str to sequence of Persona
        Each persona is a factor level of its own; or the personas of each group, who then take turns.
    levers, variation
        As in `full_design`.
    order : int, default 2
        How many levers act together at most; with 1, no two levers meet.
    seed : int, default 0
        Of the order in which pairs are taken and ties are broken.

    Returns
    -------
    list of Sheet
        The rows without lever first. `full_size` says how many the full design of the same order has.

    Raises
    ------
    ElicitationError
        As `full_design`.
    """
    variation = variation or Variation()
    require_whole("order", order)
    members = _members(personas)
    check_parts([persona for those in members.values() for persona in those], levers, variation)
    groups = list(members)
    sizes = [len(groups), variation.frames, variation.repeats, variation.wordings if levers else 1]
    sizes += [1 + len(variation.doses_of(lever)) for lever in levers]
    turn = {cell: Deck(range(len(members[cell])), seed, "covering persona", *cell) for cell in groups}
    asking = Deck(range(variation.frames), seed, "covering frame")
    first = [(persona, {0: groups.index(group), 1: asking.one(), 2: 0} | dict.fromkeys(_lever_factors(sizes), 0))
             for group in groups for persona in members[group]]  # fmt: skip
    more = _cover(sizes, order, [row for _, row in first], seed)
    placed = first + [(members[groups[row[0]]][turn[groups[row[0]]].one()], row) for row in more]
    sheets = {sheet.id: sheet for persona, row in placed for sheet in _sheets(persona, row, levers, variation)}
    return list(sheets.values())


def _members(personas: Sequence[Persona] | Mapping[str, Sequence[Persona]]) -> dict[tuple[str, str], list[Persona]]:
    """Return the personas of each group and language."""
    if isinstance(personas, Mapping):
        grouped = [(group, persona) for group, those in personas.items() for persona in those]
    else:
        grouped = [(persona.id, persona) for persona in personas]
    members: dict[tuple[str, str], list[Persona]] = {}
    for group, persona in grouped:
        members.setdefault((group, persona.language), []).append(persona)
    return members


def _sheets(persona: Persona, row: Row, levers: Sequence[DesignLever], variation: Variation) -> list[Sheet]:
    on = [(lever, row[FIRST_LEVER + k]) for k, lever in enumerate(levers) if row[FIRST_LEVER + k]]
    doses = tuple(variation.doses_of(lever)[level - 1] for lever, level in on)
    setting = Setting(doses, row[WORDING] if on else 0, row[1])
    return repeated(persona, tuple(lever for lever, _ in on), setting, row[2] + 1)[-1:]


def _lever_factors(sizes: Sequence[int]) -> range:
    return range(FIRST_LEVER, len(sizes))


def _acting(row: Row) -> int:
    """Return how many levers are on in a row that may be incomplete."""
    return sum(1 for factor, level in row.items() if factor >= FIRST_LEVER and level)


def _cells(row: Row) -> Iterator[Cell]:
    """Yield the pairs of settings that a row covers; a wording counts only where a lever is said."""
    said = _acting(row) > 0
    settings = sorted((factor, level) for factor, level in row.items() if said or factor != WORDING)
    for (a, i), (b, j) in combinations(settings, 2):
        yield a, i, b, j


def _wanted(sizes: Sequence[int], order: int) -> list[Cell]:
    """Return every pair of settings that some row can have."""
    levers = len(sizes) - FIRST_LEVER
    wanted = []
    for a, b in combinations(range(len(sizes)), 2):
        for i in range(sizes[a]):
            for j in range(sizes[b]):
                both_on = a >= FIRST_LEVER and i > 0 and j > 0
                silent = a == WORDING and j == 0 and levers < 2
                unsaid = WORDING in (a, b) and not levers
                if not (both_on and order < 2) and not silent and not unsaid:
                    wanted.append((a, i, b, j))
    return wanted


def _cover(sizes: Sequence[int], order: int, present: Sequence[Row], seed: int) -> list[Row]:
    """Return rows that cover every pair which the present ones do not."""
    random = stream(seed, "covering")
    wanted = _wanted(sizes, order)
    open_cells = dict.fromkeys(wanted[k] for k in random.permutation(len(wanted)))
    used = [[0] * size for size in sizes]
    for row in present:
        for cell in _cells(row):
            open_cells.pop(cell, None)
    rows = []
    while open_cells:
        a, i, b, j = next(iter(open_cells))
        row = {a: i, b: j}
        for factor in [int(k) for k in random.permutation(len(sizes)) if k not in row]:
            row[factor] = _best(row, factor, _allowed(row, factor, sizes, order), (open_cells, used[factor]))
        rows.append(row)
        for factor, level in row.items():
            used[factor][level] += 1
        for cell in _cells(row):
            open_cells.pop(cell, None)
    return rows


def _allowed(row: Row, factor: int, sizes: Sequence[int], order: int) -> range:
    """Return the levels that a factor may take: at most `order` levers are on, and one at least."""
    if factor < FIRST_LEVER:
        return range(sizes[factor])
    if _acting(row) >= order:
        return range(1)
    last = sum(1 for other in _lever_factors(sizes) if other not in row) == 1
    return range(1 if last and not _acting(row) else 0, sizes[factor])


def _best(row: Row, factor: int, levels: range, state: tuple[dict[Cell, None], list[int]]) -> int:
    """Return the level that covers most open pairs, the less used one in a tie."""
    open_cells, used = state

    def gain(level: int) -> tuple[int, int]:
        new = 0
        for other, chosen in row.items():
            cell = (other, chosen, factor, level) if other < factor else (factor, level, other, chosen)
            new += cell in open_cells
        return -new, used[level]

    return min(levels, key=gain)
