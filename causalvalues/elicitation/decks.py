"""Dealing from shuffled cards, so that everything that may be drawn is drawn about equally often."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from typing import Generic, TypeVar

from causalvalues.errors import ElicitationError
from causalvalues.randomness import stream

Card = TypeVar("Card", bound=Hashable)


class Deck(Generic[Card]):
    """Cards that are dealt in rounds: each round holds every card once, in a new seeded order.

    What was dealt does not depend on what is dealt later, so a design grows at its end without a change before.

    Parameters
    ----------
    cards : sequence
        All different.
    seed : int
    *names : str or int
        What the deck is for; decks of different names are independent.
    """

    def __init__(self, cards: Sequence[Card], seed: int, *names: str | int) -> None:
        self._cards = tuple(cards)
        self._seed = seed
        self._names = names
        self._round = 0
        self._left: list[Card] = []

    def deal(self, number: int = 1, without: Collection[Card] = ()) -> list[Card]:
        """Return the next `number` different cards; cards in `without` and doubles wait for the next hand.

        Raises
        ------
        ElicitationError
            If there are not so many different cards.
        """
        hand: list[Card] = []
        if number > len(set(self._cards) - set(without)):
            raise ElicitationError(f"{number} different draws are asked for, and there are {len(self._cards)}.")
        while len(hand) < number:
            place = next((k for k, card in enumerate(self._left) if card not in hand and card not in without), None)
            if place is None:
                order = stream(self._seed, *self._names, "round", self._round).permutation(len(self._cards))
                self._left += [self._cards[k] for k in order]
                self._round += 1
            else:
                hand.append(self._left.pop(place))
        return hand

    def one(self) -> Card:
        """Return the next card."""
        return self.deal(1)[0]
