"""What text formats write of an edge beside its ends: numbers and words by their names."""

from __future__ import annotations

from causalvalues.errors import FigureError
from causalvalues.scene.nouns import Edge, Scene, Text

NUMBERS = (
    "adjacent",
    "direction",
    "compelled",
    "compelled_reverse",
    "open",
    "prior_direction",
    "mean",
    "lower",
    "upper",
    "positive",
)
"""Numbers of an edge, in the order in which files have them."""


def need_graph(scene: Scene, what: str) -> None:
    """Raise `FigureError` when a scene has no nodes and edges to write."""
    if not scene.nodes:
        raise FigureError(
            f"{what} holds graphs, and this picture is a figure of {scene.kind}. "
            "Write it as .svg, .pdf, .png, .json or .csv."
        )


def warning_of(scene: Scene) -> str:
    """Return the warning that a picture shows below its graph as one line, "" where it has none."""
    lines = [mark.text for mark in scene.marks if isinstance(mark, Text) and (mark.part, mark.role) == ("note", "note")]
    return " ".join(" ".join(lines).split())


def numbers_of(edge: Edge) -> list[tuple[str, float]]:
    """Return the numbers of an edge that are known, by name."""
    return [(key, getattr(edge, key)) for key in NUMBERS if getattr(edge, key) is not None]


def words_of(edge: Edge) -> list[tuple[str, str]]:
    """Return what an edge says in words, beside its ends: ``kind``, and ``verdict`` and ``change`` where known."""
    words = (("kind", edge.kind), ("verdict", edge.verdict), ("change", edge.change))
    return [(key, word) for key, word in words if word]
