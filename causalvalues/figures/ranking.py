"""Columns of a layered drawing: causes left of effects, by longest paths (Sugiyama, Tagawa and Toda 1981)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Pair = tuple[str, str]


def acyclic(nodes: Sequence[str], pairs: Sequence[Pair]) -> list[Pair]:
    """Turn round as few edges as needed, the last ones first, so that no cycle is left.

    Parameters
    ----------
    nodes : sequence of str
    pairs : sequence of (cause, effect)
        The most important first; each is kept as it is unless the edges before it already lead from effect to cause.

    Returns
    -------
    list of (left, right)
        In the order of `pairs`.

    Examples
    --------
    >>> acyclic(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a")])
    [('a', 'b'), ('b', 'c'), ('a', 'c')]
    """
    after: dict[str, set[str]] = {node: set() for node in nodes}
    turned = []
    for cause, effect in pairs:
        left, right = (effect, cause) if _leads(after, effect, cause) else (cause, effect)
        after[left].add(right)
        turned.append((left, right))
    return turned


def _leads(after: Mapping[str, set[str]], start: str, goal: str) -> bool:
    waiting, seen = [start], {start}
    while waiting:
        node = waiting.pop()
        if node == goal:
            return True
        new = after[node] - seen
        seen |= new
        waiting += sorted(new)
    return False


def columns_of(
    levers: Sequence[str], values: Sequence[str], pairs: Sequence[Pair], most: int, outcomes: Sequence[str] = ()
) -> dict[str, int]:
    """Give each node a column.

    Parameters
    ----------
    levers : sequence of str
        All in column 0.
    values : sequence of str
        In the order that breaks ties; outcomes included.
    pairs : sequence of (left, right)
        Acyclic; none leads from an outcome to another value.
    most : int
        Most columns; a longer chain is folded so that neighbours on it share a column.
    outcomes : sequence of str, default ()
        All in the last column.

    Returns
    -------
    dict
        Node -> column, no column empty.
    """
    outer = {*levers, *outcomes}
    middle = [node for node in values if node not in outer]
    inner = [(a, b) for a, b in pairs if not {a, b} & outer]
    rank = dict.fromkeys(middle, 0)
    for _ in middle:  # longest paths: at most one round a value
        for a, b in inner:
            rank[b] = max(rank[b], rank[a] + 1)
    for node in sorted(middle, key=lambda node: (-rank[node], middle.index(node))):
        right = [rank[b] for a, b in inner if a == node]
        if right and not any(b == node for _, b in inner):
            rank[node] = min(right) - 1  # a source moves next to what it acts on
    depth = max(rank.values(), default=0) + 1
    shift = 1 if levers else 0
    free = max(most - shift - (1 if outcomes else 0), 1)
    folded = {node: shift + (r if depth <= free else r * free // depth) for node, r in rank.items()}
    used = sorted(set(folded.values()))
    found = dict.fromkeys(levers, 0) | {node: shift + used.index(column) for node, column in folded.items()}
    return found | dict.fromkeys(outcomes, shift + len(used))
