"""Random designs: a few single levers and pairs of levers for each persona, dealt so that all occur equally often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causalvalues.elicitation.decks import Deck
from causalvalues.elicitation.lever_pairs import Pair, Pairs, parted_pairs, sorted_pair
from causalvalues.elicitation.sheets import DesignLever, Kind, Persona, Sheet
from causalvalues.elicitation.variation import LeverSet, Setting, Variation, check_parts, repeated, settings
from causalvalues.errors import ElicitationError
from causalvalues.randomness import stream


@dataclass(frozen=True)
class RandomPlan:
    """How many lever settings each persona of a random design gets.

    Parameters
    ----------
    singles, pairs : tuple of two int, default (3, 4) and (6, 8)
        Least and most single levers, and pairs of levers; the number is drawn for each persona.
    leave_out : tuple of (str, str), default ()
        Pairs of levers that are kept for a test set.

    Raises
    ------
    ElicitationError
        If a least number is above the most.
    """

    singles: tuple[int, int] = (3, 4)
    pairs: tuple[int, int] = (6, 8)
    leave_out: Pairs = ()

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "leave_out", tuple(sorted_pair(pair) for pair in self.leave_out))
        for name in ("singles", "pairs"):
            ends = tuple(getattr(self, name))
            if len(ends) != 2 or any(isinstance(end, bool) or not isinstance(end, int) for end in ends):
                raise ElicitationError(f"`{name}` is {ends}. Give the least and the most, two whole numbers.")
            if not 0 <= ends[0] <= ends[1]:
                raise ElicitationError(f"`{name}` is {ends}. The least is 0 or more and not above the most.")
            put(self, name, ends)


def random_design(
    personas: Sequence[Persona],
    levers: Sequence[DesignLever],
    plan: RandomPlan | None = None,
    variation: Variation | None = None,
    seed: int = 0,
) -> list[Sheet]:
    """Ask every persona without lever, under a few single levers and under a few pairs.

    Levers and pairs are dealt from shuffled cards, and so are the dose, wording and frame of each set of levers:
    everything occurs about equally often.

    Parameters
    ----------
    personas, levers, variation
        As in `full_design`.
    plan : RandomPlan, optional
        How many of each; pairs that it leaves out do not occur.
    seed : int, default 0

    Returns
    -------
    list of Sheet
        Persona by persona. Those of the first k personas are the same however many follow.

    Raises
    ------
    ElicitationError
        As `full_design`; or if more levers or pairs are asked for than there are.
    """
    plan = plan or RandomPlan()
    kept, _ = parted_pairs(levers, plan.leave_out)
    return _dealt(personas, levers, (plan, [(kept, 1)]), variation or Variation(), (seed, "plain"))


def held_out_design(
    personas: Sequence[Persona],
    levers: Sequence[DesignLever],
    plan: RandomPlan,
    variation: Variation | None = None,
    seed: int = 0,
) -> list[Sheet]:
    """Ask a test set of personas: half of their pairs of levers are those that `plan` leaves out elsewhere.

    Parameters
    ----------
    personas : sequence of Persona
        Others than those of the design that is learned from.
    levers, plan, variation, seed
        As in `random_design`; where the number of pairs is odd, one more is a left-out pair.

    Returns
    -------
    list of Sheet
        Of the kind ``"held_out"``.

    Raises
    ------
    ElicitationError
        As `random_design`.
    """
    kept, out = parted_pairs(levers, plan.leave_out)
    sources = [(out, 2), (kept, 1)] if out else [(kept, 1)]
    return _dealt(personas, levers, (plan, sources), variation or Variation(), (seed, "held_out"))


def _dealt(
    personas: Sequence[Persona],
    levers: Sequence[DesignLever],
    how: tuple[RandomPlan, list[tuple[list[Pair], int]]],
    variation: Variation,
    where: tuple[int, Kind],
) -> list[Sheet]:
    """Deal levers and pairs to personas; each source of pairs gives its part of what is still to be dealt."""
    plan, sources = how
    seed, kind = where
    check_parts(personas, levers, variation)
    _check_numbers(levers, sources, plan)
    named = {lever.name: lever for lever in levers}
    singles = Deck([lever.name for lever in levers], seed, kind, "single levers")
    decks = [Deck(pairs, seed, kind, "pairs of levers", k) for k, (pairs, _) in enumerate(sources)]
    ways: dict[tuple[str, ...], Deck[Setting]] = {}
    sheets = []
    for persona in personas:
        random = stream(seed, kind, "how many", persona.id)
        alone, together = (int(random.integers(low, high + 1)) for low, high in (plan.singles, plan.pairs))
        chosen: list[tuple[str, ...]] = [(), *((name,) for name in singles.deal(alone))]
        for deck, (_, divisor) in zip(decks, sources, strict=True):
            part = -(-together // divisor)
            chosen += deck.deal(part)
            together -= part
        for names in chosen:
            acting: LeverSet = tuple(named[name] for name in names)
            if names not in ways:
                ways[names] = Deck(settings(acting, variation), seed, kind, "setting", "+".join(names))
            sheets += repeated(persona, acting, ways[names].one(), variation.repeats, kind)
    return sheets


def _check_numbers(levers: Sequence[DesignLever], sources: list[tuple[list[Pair], int]], plan: RandomPlan) -> None:
    if plan.singles[1] > len(levers):
        raise ElicitationError(f"`singles` asks for up to {plan.singles[1]} of {len(levers)} levers. Ask for fewer.")
    together = plan.pairs[1]
    for pairs, divisor in sources:
        part = -(-together // divisor)
        if part > len(pairs):
            raise ElicitationError(f"`pairs` asks for up to {part} of {len(pairs)} pairs. Ask for fewer.")
        together -= part
