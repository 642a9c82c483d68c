"""Theories of values: which dimensions there are, in which order, and which of them belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from causalvalues.errors import KeyFileError, did_you_mean
from causalvalues.theories.files import check_fields, find, read_toml, shipped, strings
from causalvalues.theories.spelling import fold, spellings

FORMAT = "causalvalues-theory 1"
_TYPES = {"id": str, "name": str, "circular": bool, "source": str, "dimensions": list, "groups": dict}


@dataclass(frozen=True)
class ValueTheory:
    """The dimensions of a theory of values.

    Parameters
    ----------
    id : str
        Short name, for example ``"schwartz-10"``.
    name : str
        Name for people.
    dimensions : sequence of str
        Canonical names; in circle order when `circular`.
    labels : mapping of str to str, optional
        Dimension -> name for figures and tables; the dimension itself where there is none.
    aliases : mapping of str to str, optional
        Other spelling -> dimension (``"SD"`` -> ``"self_direction"``). Labels are aliases, too.
    groups : mapping of str to sequence of str, optional
        Higher-order group -> its dimensions.
    circular : bool, default False
        Whether neighbours in `dimensions` are neighbours in the theory, the last and the first as well.
    source : str, default ""
        Publication.

    Raises
    ------
    KeyFileError
        If dimensions repeat, a spelling means two of them, or a group names an unknown one.
    """

    id: str
    name: str
    dimensions: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    circular: bool = False
    source: str = ""
    _spellings: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "dimensions", tuple(self.dimensions))
        put(self, "labels", {name: self.labels.get(name, name) for name in self.dimensions})
        put(self, "groups", {name: tuple(members) for name, members in self.groups.items()})
        put(self, "aliases", dict(self.aliases))
        owner = f"Theory {self.id!r}"
        if not self.dimensions or any(not name.strip() for name in self.dimensions):
            raise KeyFileError(f"{owner} needs at least one dimension, each with a name.")
        if len(set(self.dimensions)) < len(self.dimensions):
            repeated = sorted({name for name in self.dimensions if self.dimensions.count(name) > 1})
            raise KeyFileError(f"{owner} lists the dimension {repeated[0]!r} more than once.")
        for group, members in self.groups.items():
            for member in members:
                if member not in self.dimensions:
                    raise KeyFileError(
                        f"{owner}: the group {group!r} names {member!r}." + did_you_mean(member, self.dimensions)
                    )
        labels: dict[str, str] = {}
        for name, label in self.labels.items():
            if labels.setdefault(label, name) != name:
                raise KeyFileError(
                    f"{owner}: {labels[label]!r} and {name!r} both have the label {label!r}. Rename one of them."
                )
        put(self, "_spellings", spellings(owner, self.dimensions, labels | dict(self.aliases)))

    def knows(self, name: str) -> bool:
        """Whether a name is a spelling of one of the dimensions."""
        return fold(name) in self._spellings

    def canonical(self, name: str) -> str:
        """Return the dimension that a name stands for.

        Raises
        ------
        KeyFileError
            If it stands for none.

        Examples
        --------
        >>> theory("schwartz-10").canonical("Self-direction")
        'self_direction'
        """
        if not self.knows(name):
            raise KeyFileError(f"{name!r} is no dimension of {self.id}." + did_you_mean(name, self.dimensions))
        return self._spellings[fold(name)]


def theories() -> tuple[str, ...]:
    """Return the ids of the theories that ship with the package.

    Examples
    --------
    >>> theories()
    ('hofstede-6', 'mft-5', 'mft-6', 'schwartz-10', 'schwartz-19', 'valueeval-20')
    """
    return shipped("data")


def theory(id_or_path: str | Path) -> ValueTheory:
    """Return a theory by its id, or read one from a TOML file.

    Parameters
    ----------
    id_or_path : str or Path
        One of `theories()`, or the path of a file such as::

            format = "causalvalues-theory 1"
            id = "my-theory"
            name = "Two values of mine"
            circular = false                       # optional
            source = "My paper (2026)"             # optional

            [[dimensions]]
            name = "care"
            label = "Care for others"              # optional
            aliases = ["C"]                        # optional

            [[dimensions]]
            name = "order"

            [groups]                               # optional
            social = ["care", "order"]

    Raises
    ------
    KeyFileError
        If there is no such theory, or the file is malformed.

    Examples
    --------
    >>> theory("mft-5").dimensions
    ('care', 'fairness', 'loyalty', 'authority', 'purity')
    """
    path = find(id_or_path, "data", "value theory")
    fields = read_toml(path, FORMAT)
    check_fields(path, fields, _TYPES, ("id", "name", "dimensions"))
    try:
        return _assembled(path, fields)
    except (KeyFileError, TypeError, AttributeError) as error:
        if str(path) in str(error):
            raise
        raise KeyFileError(f"{path}: {error}") from None


def _assembled(path: Path, fields: dict[str, Any]) -> ValueTheory:
    dimensions = [_dimension(path, entry) for entry in fields["dimensions"]]
    aliases: dict[str, str] = {}
    for entry in dimensions:
        for alias in strings(path, f"`aliases` of {entry['name']!r}", entry.get("aliases", [])):
            if aliases.setdefault(alias, entry["name"]) != entry["name"]:
                raise KeyFileError(
                    f"{path}: the alias {alias!r} stands for {aliases[alias]!r} and for {entry['name']!r}. Take it "
                    "away from one of them."
                )
    return ValueTheory(
        id=fields["id"],
        name=fields["name"],
        dimensions=tuple(entry["name"] for entry in dimensions),
        labels={entry["name"]: entry.get("label", entry["name"]) for entry in dimensions},
        aliases=aliases,
        groups={
            name: tuple(strings(path, f"the group {name!r}", members))
            for name, members in fields.get("groups", {}).items()
        },
        circular=fields.get("circular", False),
        source=fields.get("source", ""),
    )


def _dimension(path: Path, entry: Any) -> dict[str, Any]:
    """Return one ``[[dimensions]]`` table, checked; a plain string is a dimension with a name only."""
    table = {"name": entry} if isinstance(entry, str) else entry
    if not isinstance(table, dict):
        raise KeyFileError(f"{path}: each dimension is a name or a table with `name`; one is {entry!r}.")
    check_fields(path, table, {"name": str, "label": str, "aliases": list}, ("name",))
    return table
