"""Which levers and doses may be chosen together, and how many such choices there are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

from causalvalues.planning.problem import Choice, Problem, cost_of


def admissible(problem: Problem, levers: tuple[int, ...]) -> bool:
    """Say whether a set of levers (indices, ascending) respects all rules but the budget.

    These are `max_levers`, exclusions, prerequisites and tried combinations.
    """
    used = set(levers)
    if len(levers) > problem.max_levers or any(pair in problem.excluded for pair in combinations(levers, 2)):
        return False
    if any(lever in used and other not in used for lever, other in problem.required):
        return False
    nodes = tuple(lever for lever in levers if problem.is_node[lever])
    return problem.cells is None or len(nodes) < 2 or nodes in problem.cells


def node_sets(problem: Problem) -> Iterator[tuple[int, ...]]:
    """Yield the sets of lever nodes that may be used together, at most `max_levers` of them."""
    nodes = [i for i, is_node in enumerate(problem.is_node) if is_node]
    most = min(problem.max_levers, len(nodes))
    if problem.cells is None:
        for size in range(most + 1):
            yield from combinations(nodes, size)
        return
    yield ()
    for node in nodes[: len(nodes) if most else 0]:
        yield (node,)
    for cell in sorted(problem.cells):
        if len(cell) <= most:
            yield cell


def affordable(problem: Problem, choice: Choice) -> bool:
    """Say whether a choice costs no more than the budget."""
    return cost_of(problem, choice) <= problem.budget * (1 + 1e-12)


def count_choices(problem: Problem) -> int:
    """Return the number of choices before exclusions, prerequisites and budget, without listing them."""
    counts = [len(lever.doses) for lever in problem.levers]
    most = problem.max_levers
    pushes = _by_size([n for n, is_node in zip(counts, problem.is_node, strict=True) if not is_node], most)
    if problem.cells is None:
        nodes = _by_size([n for n, is_node in zip(counts, problem.is_node, strict=True) if is_node], most)
    else:
        nodes = [0] * (most + 1)
        for levers in node_sets(problem):
            nodes[len(levers)] += math.prod(counts[lever] for lever in levers)
    return sum(nodes[i] * pushes[j] for i in range(most + 1) for j in range(most + 1 - i))


def _by_size(counts: list[int], most: int) -> list[int]:
    """Return the number of ways to take 0, 1, ..., `most` levers, one dose each (elementary symmetric sums)."""
    ways = [1] + [0] * most
    for count in counts:
        for size in range(most, 0, -1):
            ways[size] += count * ways[size - 1]
    return ways
