"""Items: statements that speak for one value each, with a negated wording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

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

    Raises
    ------
    ElicitationError
        If the id, the value or the statement is empty, the id has a blank or ``|``, or two wordings are the same.
    """

    id: str
    value: str
    statement: str
    negated: str = ""
    reverse: bool = False
    language: str = "en"
    paraphrases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "paraphrases", tuple(self.paraphrases))
        if not self.id or "|" in self.id or self.id[0] in "=+-@" or any(mark.isspace() for mark in self.id):
            raise ElicitationError(
                f"An item has the id {self.id!r}. Give a short name without blanks and without '|', and with no "
                "= + - @ in front."
            )
        if not self.value.strip():
            raise ElicitationError(f"The item {self.id!r} names no value. Say which value it speaks for.")
        if not all(text.strip() for text in (self.statement, *self.paraphrases)):
            raise ElicitationError(f"The item {self.id!r} has an empty statement or paraphrase. Write a sentence.")
        wordings = [text for text in (self.statement, self.negated, *self.paraphrases) if text]
        if len(set(wordings)) < len(wordings):
            raise ElicitationError(f"The item {self.id!r} says the same in two of its wordings. Change one or drop it.")


@dataclass(frozen=True)
class ItemSet:
    """The items of one questionnaire.

    Parameters
    ----------
    id, theory : str
        ``"schwartz-10"`` and the value theory that the values belong to; "" for values of no theory.
    items : tuple of Item
        In the order in which they are asked.
    licence, source : str
        Whose words these are.

    Raises
    ------
    ElicitationError
        If there is no item, or two items have the same id, or the same statement for one value.
    """

    id: str
    theory: str
    items: tuple[Item, ...]
    licence: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", tuple(self.items))
        if not self.items:
            raise ElicitationError(f"The items {self.id!r} are an empty list. Give one item or more.")
        names: set[str] = set()
        said: set[tuple[str, str]] = set()
        for item in self.items:
            if item.id in names:
                raise ElicitationError(f"{self.id} has two items with the id {item.id!r}. Rename one of them.")
            if (item.value, item.statement) in said:
                raise ElicitationError(f"{self.id} says {item.statement!r} twice for {item.value!r}. Drop one of them.")
            names.add(item.id)
            said.add((item.value, item.statement))

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

    def of(self, value: str) -> tuple[Item, ...]:
        """Return the items of one value, in their order."""
        found = tuple(item for item in self.items if item.value == value)
        if not found:
            raise ElicitationError(f"{self.id} has no items for {value!r}.{did_you_mean(value, self.values)}")
        return found

    def keep(self, names: Sequence[str]) -> ItemSet:
        """Return the set with only the items of these ids, in the order of the set."""
        wanted = {self.item(name).id for name in names}
        return replace(self, items=tuple(item for item in self.items if item.id in wanted))


def item_set(id_or_path: str | Path) -> ItemSet:
    """Return a shipped set of items by its id, or read one from a file.

    Parameters
    ----------
    id_or_path : str or Path
        ``"schwartz-10"``, ``"mft-5"``, ``"schwartz-10-de"`` (in German), or the path of a TOML or CSV file; its
        layout is told at `item_files.read_items`.

    Returns
    -------
    ItemSet

    Raises
    ------
    ElicitationError
        If there is no such set and no such file.
    DataError
        If the file is malformed.

    Examples
    --------
    >>> items = item_set("schwartz-10")
    >>> len(items.items), items.item("power_2").negated
    (80, 'A large fortune is not worth fighting for.')
    """
    from causalvalues.elicitation.data_files import find
    from causalvalues.elicitation.item_files import read_items

    return read_items(find(id_or_path, "items-", "items"))
