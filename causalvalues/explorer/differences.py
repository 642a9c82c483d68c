"""Two averaged graphs edge by edge."""

from __future__ import annotations

from typing import Any

from causalvalues.explorer.run_files import Run
from causalvalues.scene.nouns import Edge, Scene

Pair = frozenset[str]


def differences(first: Scene, second: Scene, shown: tuple[int, int]) -> list[dict[str, Any]]:
    """Compare the edges that two figures show.

    Parameters
    ----------
    first, second : Scene
        Graphs over values, of which those in both are compared.
    shown : (int, int)
        How many of the edges of each stand in its paper's figure; the others stand beneath the threshold.

    Returns
    -------
    list of dict
        One for each pair that is joined in one of them, those that differ first: ``cause, effect`` (as the first graph
        has it, where it does), ``change`` ("first", "second", "turned" or "same": settled in opposite directions is
        turned), ``first, second`` with ``adjacent, mean, verdict, ends`` or None.
    """
    common = {node.name for node in first.nodes} & {node.name for node in second.nodes}
    one, two = (
        {_pair(edge): (edge, k < most) for k, edge in enumerate(scene.edges) if _pair(edge) <= common}
        for scene, most in zip((first, second), shown, strict=True)
    )
    rows = []
    for pair in {**one, **two}:
        a, b = one.get(pair), two.get(pair)
        here, there = a is not None and a[1], b is not None and b[1]
        if a and here:
            rows.append(_row(a[0], (a[0], b and b[0]), (here, there)))
        elif b and there:
            rows.append(_row(b[0], (a and a[0], b[0]), (here, there)))
    order = {"turned": 0, "first": 1, "second": 2, "same": 3}
    return sorted(rows, key=lambda row: (order[row["change"]], row["cause"], row["effect"]))


def _row(lead: Edge, edges: tuple[Edge | None, Edge | None], shown: tuple[bool, bool]) -> dict[str, Any]:
    return {
        "cause": lead.cause,
        "effect": lead.effect,
        "change": _change(*(edge if there else None for edge, there in zip(edges, shown, strict=True))),
        "first": _facts(edges[0], lead),
        "second": _facts(edges[1], lead),
    }


def only_in_one(first: Run, second: Run) -> tuple[list[str], list[str]]:
    """Return the values that only the first, and only the second run has."""
    one, two = set(first.model.values), set(second.model.values)
    return sorted(one - two), sorted(two - one)


def _pair(edge: Edge) -> Pair:
    return frozenset((edge.cause, edge.effect))


def _change(one: Edge | None, two: Edge | None) -> str:
    if one is None:
        return "second"
    if two is None:
        return "first"
    turned = one.directed and two.directed and one.cause != two.cause
    return "turned" if turned else "same"


def _facts(edge: Edge | None, lead: Edge) -> dict[str, Any] | None:
    if edge is None:
        return None
    return {
        "adjacent": edge.adjacent,
        "mean": edge.mean,
        "verdict": edge.verdict,
        "arrow": "" if not edge.directed else "forward" if edge.cause == lead.cause else "backward",
    }
