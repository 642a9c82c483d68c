"""Items: statements that speak for one value each, with a negated wording."""

from __future__ import annotations

from dataclasses import dataclass

from causalvalues.errors import ElicitationError, did_you_mean


@dataclass(frozen=True)
class Item:
    """A first-person statement that somebody who holds a value would make.

    Parameters
    ----------
    id : str
        ``"security_3"``; a column of the answers.
    value : str
        The value dimension, in its canonical name.
    statement : str
        For example "Being very successful matters to me."
    negated : str, default ""
        The same statement denied: "Being very successful does not matter to me."; "" when there is none.
    reverse : bool, default False
        Whether agreeing with `statement` speaks against the value.
    language : str, default "en"
    paraphrases : tuple of str, default ()
        Other wordings of `statement`.
    """

    id: str
    value: str
    statement: str
    negated: str = ""
    reverse: bool = False
    language: str = "en"
    paraphrases: tuple[str, ...] = ()


@dataclass(frozen=True)
class ItemSet:
    """The items of one questionnaire.

    Parameters
    ----------
    id, theory : str
        ``"schwartz-10"`` and the value theory that the values belong to.
    items : tuple of Item
        In the order in which they are asked.
    licence, source : str
        Whose words these are.
    """

    id: str
    theory: str
    items: tuple[Item, ...]
    licence: str = ""
    source: str = ""

    @property
    def values(self) -> tuple[str, ...]:
        """The values, by first appearance."""
        return tuple(dict.fromkeys(item.value for item in self.items))

    def item(self, name: str) -> Item:
        """Return the item with an id."""
        found = next((item for item in self.items if item.id == name), None)
        if found is None:
            raise ElicitationError(f"{self.id} has no item {name!r}.{did_you_mean(name, [i.id for i in self.items])}")
        return found
