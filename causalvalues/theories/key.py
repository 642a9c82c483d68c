"""Scoring keys: which item belongs to which dimension, on what scale, and what counts as no answer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from causalvalues.errors import KeyFileError, did_you_mean
from causalvalues.theories.spelling import fold, spellings

LOST_ANSWERS = ("missing", "refusal", "parse_error", "api_error")
_CHOICES = {"most": ("high", "low"), "combine": ("mean", "sum"), "level": ("person", "group")}


@dataclass(frozen=True)
class ItemKey:
    """How one item is scored.

    Parameters
    ----------
    dimension : str
        The dimension it belongs to.
    sign : {1, -1}, default 1
        -1: agreeing speaks against the dimension.
    weight : float, default 1.0
        Positive weight within its dimension.
    optional : bool, default False
        Whether a file may lack this item without complaint (items that replace each other between editions).
    """

    dimension: str
    sign: int = 1
    weight: float = 1.0
    optional: bool = False

    def __post_init__(self) -> None:
        if self.sign not in (1, -1):
            raise KeyFileError(f"An item of {self.dimension!r} has the sign {self.sign!r}. Write 1 or -1.")
        if not (math.isfinite(self.weight) and self.weight > 0):
            raise KeyFileError(
                f"An item of {self.dimension!r} has the weight {self.weight}. Weights are positive; use the sign -1 "
                "for an item that speaks against its dimension."
            )


@dataclass(frozen=True)
class ScoringKey:
    """The scoring key of a questionnaire: numbers only, never the wording of items.

    Parameters
    ----------
    id, name : str
        Short name and name for people.
    theory : str
        Id (or path) of the `ValueTheory` that the dimensions belong to.
    items : mapping of str to ItemKey
        Item -> how it is scored, in theory order of the dimensions.
    item_aliases : mapping of str to str, optional
        Other spelling -> item.
    low, high : float, default -inf, inf
        Ends of the answer scale; a number outside it is no answer.
    most : {"high", "low"}, default "high"
        Which end of the scale means most. "low" when 1 = "very much like me" (European Social Survey, World Values
        Survey): scoring then first turns each answer x into ``low + high - x``, so that high scores mean important.
    missing : mapping of float to str, optional
        Declared codes for no answer -> "missing", "refusal", "parse_error" or "api_error". They win over the range.
    min_answered : int, optional
        How many items of a dimension must be answered for a score (at most as many as it has). None: at least half.
    centring : str, default ""
        What the instrument's authors say about centring, in words. Nothing is centred unless `score` is asked to.
    level : {"person", "group"}, default "person"
        "group": the key scores means of groups, never persons.
    combine : {"mean", "sum"}, default "mean"
        "mean": weighted mean of the answered items; "sum": constant + sum of sign * weight * answer, all items needed.
    constants : mapping of str to float, optional
        Dimension -> constant of a "sum" (0 where it is not given).
    guardrails : mapping of str to sequence of str, optional
        Dimension that belongs to no theory -> its items, whose plain mean it is: what answers cost beside the values
        (fluency, capability). `score` leaves them out unless it is asked for them; they are in no person mean.
    unscored : sequence of str, default ()
        Items that belong to no dimension; they enter the person mean.
    attention : mapping of str to (float, float), optional
        Items that check attention -> lowest and highest answer of an attentive person. Neither scored nor in the
        person mean.
    verified : bool, default True
        False: the key was not checked against its publication.
    measures : {"unknown", "salience", "endorsement"}, default "unknown"
        What the answers stand for.
    source : str, default ""
        Where the numbers are from.

    Raises
    ------
    KeyFileError
        If a field contradicts another one; the message says which.
    """

    id: str
    name: str
    theory: str
    items: Mapping[str, ItemKey]
    item_aliases: Mapping[str, str] = field(default_factory=dict)
    low: float = -math.inf
    high: float = math.inf
    most: str = "high"
    missing: Mapping[float, str] = field(default_factory=dict)
    min_answered: int | None = None
    centring: str = ""
    level: str = "person"
    combine: str = "mean"
    constants: Mapping[str, float] = field(default_factory=dict)
    unscored: tuple[str, ...] = ()
    guardrails: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attention: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    verified: bool = True
    measures: str = "unknown"
    source: str = ""
    _spellings: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "items", dict(self.items))
        put(self, "unscored", tuple(self.unscored))
        put(self, "guardrails", {name: tuple(items) for name, items in self.guardrails.items()})
        put(self, "missing", {float(code): status for code, status in self.missing.items()})
        put(self, "attention", {item: (float(a), float(b)) for item, (a, b) in self.attention.items()})
        kept = set(self.all_items)
        put(self, "item_aliases", {alias: item for alias, item in self.item_aliases.items() if item in kept})
        put(self, "constants", {dim: float(self.constants.get(dim, 0.0)) for dim in self.dimensions})
        self._validate()
        put(self, "_spellings", spellings(f"Key {self.id!r}", self.all_items, self.item_aliases))

    def _validate(self) -> None:
        owner = f"Key {self.id!r}"
        if not self.items:
            raise KeyFileError(f"{owner} has no items.")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise KeyFileError(f"{owner}: {name} is {getattr(self, name)!r}. Choose one of {', '.join(choices)}.")
        if not self.low < self.high:
            raise KeyFileError(f"{owner}: the scale runs from {self.low:g} to {self.high:g}. Give low < high.")
        if self.most == "low" and not math.isfinite(self.high - self.low):
            raise KeyFileError(
                f'{owner}: most = "low" turns answers round as low + high - x and so needs low and high.'
            )
        if self.combine == "sum" and self.most == "low":
            raise KeyFileError(f'{owner}: most = "low" has no meaning when answers are summed; use signs.')
        if self.min_answered is not None and self.min_answered < 1:
            raise KeyFileError(f"{owner}: min_answered is {self.min_answered}. Give 1 or more.")
        sizes = Counter(item.dimension for item in self.items.values())
        if self.min_answered is not None and self.min_answered > max(sizes.values()):
            raise KeyFileError(
                f"{owner}: min_answered is {self.min_answered}, and no dimension has more than {max(sizes.values())} "
                "items. Give a smaller number."
            )
        for code, status in self.missing.items():
            if status not in LOST_ANSWERS:
                raise KeyFileError(f"{owner}: the code {code:g} means {status!r}." + did_you_mean(status, LOST_ANSWERS))
        for name, items in self.guardrails.items():
            if name in self.dimensions or not items:
                raise KeyFileError(f"{owner}: the guardrail {name!r} is a dimension, or has no items. Rename it.")
        names = self.all_items
        if len(set(names)) < len(names):
            repeated = sorted({name for name in names if names.count(name) > 1})
            raise KeyFileError(f"{owner}: the item {repeated[0]!r} is listed more than once.")

    @property
    def all_items(self) -> tuple[str, ...]:
        """Scored items, unscored items, attention checks and items of guardrails, in this order."""
        beside = (item for items in self.guardrails.values() for item in items)
        return (*self.items, *self.unscored, *self.attention, *beside)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions that have items, in the order of the theory."""
        return tuple(dict.fromkeys(item.dimension for item in self.items.values()))

    def items_of(self, dimension: str) -> tuple[str, ...]:
        """Return the items of one dimension."""
        if dimension not in self.dimensions:
            raise KeyFileError(f"Key {self.id!r} scores no {dimension!r}." + did_you_mean(dimension, self.dimensions))
        return tuple(name for name, item in self.items.items() if item.dimension == dimension)

    def needed(self, dimension: str) -> int:
        """Return how many items of a dimension must be answered for a score."""
        count = len(self.items_of(dimension))
        if self.combine == "sum":
            return count
        return -(-count // 2) if self.min_answered is None else min(self.min_answered, count)

    def knows(self, name: str) -> bool:
        """Whether a name is a spelling of one of the items, unscored ones included."""
        return fold(name) in self._spellings

    def canonical(self, name: str) -> str:
        """Return the item that a name stands for.

        Raises
        ------
        KeyFileError
            If it stands for none.
        """
        if not self.knows(name):
            raise KeyFileError(f"{name!r} is no item of {self.id}." + did_you_mean(name, self.all_items))
        return self._spellings[fold(name)]

    def with_range(self, low: float, high: float) -> ScoringKey:
        """Return the key with another answer scale, for example 0-6 where a file uses 0 as an answer.

        Reversed items (and all items when `most` is "low") are turned round within the new scale.
        """
        return replace(self, low=float(low), high=float(high))

    def with_coding(self, most: str) -> ScoringKey:
        """Return the key for answers coded the other way round: `most` says which end of the scale means most.

        ``with_coding("high")`` takes the answers as they are coded.
        """
        return replace(self, most=most)

    def subset(self, items: Iterable[str]) -> ScoringKey:
        """Return the key of some of the items (any spelling), for a short form or a file that holds only these."""
        keep = {self.canonical(item) for item in items}
        items = {name: item for name, item in self.items.items() if name in keep}
        most = max(Counter(item.dimension for item in items.values()).values(), default=1)
        return replace(
            self,
            items=items,
            min_answered=None if self.min_answered is None else min(self.min_answered, most),
            unscored=tuple(name for name in self.unscored if name in keep),
            attention={name: limits for name, limits in self.attention.items() if name in keep},
            guardrails={
                name: kept for name, ids in self.guardrails.items() if (kept := tuple(i for i in ids if i in keep))
            },
        )
