"""What a claim can rest on, and one row of a ledger."""

from __future__ import annotations

from enum import Enum


class Basis(Enum):
    """What a claim rests on.

    - ``DESIGN``: on the contrast with and without a lever that the experimenter set.
    - ``GRAPH``: on what the data say about the graph, given no hidden common cause; most of the graphs' weight implies
      the claim in every equivalent graph.
    - ``CONTESTED``: the data speak, but not with one voice: graphs that fit about equally well imply the claim, its
      opposite, or leave it open, and none of the three has most of the weight.
    - ``PRIOR``: on what was put in: most graphs leave the claim open, or knowledge gives it.
    - ``EXTRAPOLATED``: on carrying what was seen further than it was seen.
    """

    DESIGN = "by design"
    GRAPH = "by graph"
    CONTESTED = "contested"
    PRIOR = "by prior only"
    EXTRAPOLATED = "extrapolated"


COLUMNS = ["kind", "cause", "effect", "basis", "probability", "sentence"]


def claim_row(kind: str, ends: tuple[str, str], basis: Basis, probability: float, sentence: str) -> dict[str, object]:
    """Return one row of a ledger."""
    return dict(zip(COLUMNS, (kind, *ends, basis.value, probability, sentence), strict=True))
