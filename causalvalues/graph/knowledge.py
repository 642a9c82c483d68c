"""What is known before the data: tiers, required edges, forbidden edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from causalvalues.errors import KnowledgeError, ModelError, did_you_mean
from causalvalues.frozen import BoolArray
from causalvalues.graph.dag import Dag


@dataclass(frozen=True)
class Knowledge:
    """Background knowledge about edges between value dimensions.

    Parameters
    ----------
    tiers : sequence of sequences of str, default ()
        Earlier tiers may cause later ones, never the reverse; nodes in no tier are free.
    required : frozenset of (cause, effect)
        Edges that every graph must have.
    forbidden : frozenset of (cause, effect)
        Edges that no graph may have.

    Raises
    ------
    KnowledgeError
        If a node is in two tiers, or an edge is required and forbidden (by itself or by the tiers), or required edges
        form a cycle.
    """

    tiers: tuple[tuple[str, ...], ...] = ()
    required: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    forbidden: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tiers", tuple(tuple(tier) for tier in self.tiers))
        for what in ("required", "forbidden"):
            object.__setattr__(self, what, frozenset((str(a), str(b)) for a, b in getattr(self, what)))
        self._tier_of()
        self._check_contradictions()

    def _tier_of(self) -> dict[str, int]:
        tier_of: dict[str, int] = {}
        for number, tier in enumerate(self.tiers):
            for name in tier:
                if name in tier_of:
                    raise KnowledgeError(f"{name!r} is in tier {tier_of[name] + 1} and in tier {number + 1}. Keep one.")
                tier_of[name] = number
        return tier_of

    def _check_contradictions(self) -> None:
        tier_of = self._tier_of()
        for cause, effect in sorted(self.required):
            if cause == effect:
                raise KnowledgeError(f"The required edge {cause!r} -> {effect!r} is a loop. Remove it.")
            if (cause, effect) in self.forbidden:
                raise KnowledgeError(f"The edge {cause!r} -> {effect!r} is required and forbidden. Keep one.")
            if cause in tier_of and effect in tier_of and tier_of[cause] > tier_of[effect]:
                raise KnowledgeError(
                    f"The edge {cause!r} -> {effect!r} is required, but the tiers put {effect!r} before {cause!r}. "
                    "Move one of them, or drop the edge."
                )
        nodes = sorted({name for edge in self.required for name in edge})
        try:
            Dag.from_edges(nodes, sorted(self.required))
        except ModelError as error:
            raise KnowledgeError(f"Required edges contradict each other. {error}") from None

    def allowed(self, names: Sequence[str]) -> BoolArray:
        """Return (p, p): True at [i, j] when names[i] -> names[j] may exist; unknown names raise `KnowledgeError`."""
        self._check_names(names)
        p = len(names)
        place = {name: i for i, name in enumerate(names)}
        allowed = ~np.eye(p, dtype=bool)
        tier_of = self._tier_of()
        for cause in names:
            for effect in names:
                if cause in tier_of and effect in tier_of and tier_of[cause] > tier_of[effect]:
                    allowed[place[cause], place[effect]] = False
        for cause, effect in self.forbidden:
            allowed[place[cause], place[effect]] = False
        for cause, effect in self.required:
            allowed[place[effect], place[cause]] = False
        return allowed

    def must(self, names: Sequence[str]) -> BoolArray:
        """Return (p, p): True at [i, j] when names[i] -> names[j] is required."""
        self._check_names(names)
        place = {name: i for i, name in enumerate(names)}
        must = np.zeros((len(names), len(names)), dtype=bool)
        for cause, effect in self.required:
            must[place[cause], place[effect]] = True
        return must

    def _check_names(self, names: Sequence[str]) -> None:
        mentioned = {name for tier in self.tiers for name in tier}
        mentioned |= {name for edge in self.required | self.forbidden for name in edge}
        for name in sorted(mentioned - set(names)):
            raise KnowledgeError(f"The knowledge names the unknown value {name!r}." + did_you_mean(name, names))
