"""Every set of levers and doses that may be chosen, as a list of doses."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product

from causalvalues.errors import PlanError, did_you_mean
from causalvalues.interventions import Lever
from causalvalues.planning.methods import PlanMethod
from causalvalues.planning.profiles import ProfileFunction

MOST = 200_000
"""Longer lists are refused."""

INNER = 7
"""Doses looked at between the ends of a continuous dose."""

Doses = Mapping[str, float]


def menu(function: ProfileFunction, levers: Sequence[Lever], method: PlanMethod, most: int = MOST) -> list[Doses]:
    """Return all admissible choices: at most `max_levers`, within the budget, exclusions kept.

    A continuous dose is looked at at its ends and at seven doses between them.

    Parameters
    ----------
    function : ProfileFunction
    levers : sequence of Lever
    method : PlanMethod
        Its ``max_levers``, ``budget`` and ``untried`` are kept: unless `untried`, lever nodes are combined only as they
        were tried together.
    most : int, default 200000

    Returns
    -------
    list of mapping of str to float
        The empty choice first, then by number of levers and names.

    Raises
    ------
    PlanError
        If a lever is unknown, offered twice or there is none, or there are too many choices.
    """
    offered = checked_levers(function, levers)
    found: list[Doses] = []
    for nodes in _lever_sets(function, offered, method):
        for doses in product(*(doses_of(offered[node]) for node in nodes)):
            cost = math.fsum(offered[node].cost * abs(dose) for node, dose in zip(nodes, doses, strict=True))
            if cost <= method.budget * (1 + 1e-12):
                found.append(dict(zip(nodes, doses, strict=True)))
            if len(found) > most:
                raise PlanError(
                    f"There are more than {most:,} choices of levers and doses to look at one by one. "
                    "Lower `max_levers`, or offer fewer levers or doses."
                )
    return found


def doses_of(lever: Lever) -> tuple[float, ...]:
    """Return the doses of a lever, ascending; a continuous one gives its ends and `INNER` doses between them."""
    if lever.interval is None:
        return tuple(sorted(lever.doses))
    low, high = lever.interval
    grid = [low + (high - low) * step / (INNER + 1) for step in range(INNER + 2)]
    return tuple(dose for dose in grid if dose != 0)


def checked_levers(function: ProfileFunction, levers: Sequence[Lever]) -> dict[str, Lever]:
    """Return the levers by node, in name order; raise `PlanError` on unknown, repeated or no levers."""
    if isinstance(levers, Lever | str) or not isinstance(levers, Iterable):
        raise PlanError(f"`levers` is {levers!r}. Give a list: [Lever(...)].")
    if not levers:
        raise PlanError("There is no lever to choose from. Give at least one `Lever`.")
    seen: dict[str, Lever] = {}
    for lever in levers:
        if not isinstance(lever, Lever):
            raise PlanError(f"{lever!r} is no `Lever`. Give Lever(name).")
        if lever.node not in function.levers and lever.prior:
            raise PlanError(
                f"Lever {lever.node!r} was never seen in the data. `plan` takes its stated prior; here levers of the "
                "model are looked at: leave it out."
            )
        if lever.node not in function.levers:
            raise PlanError(
                f"There is no node {lever.node!r} for a lever to act on." + did_you_mean(lever.node, function.levers)
            )
        if lever.node in seen:
            raise PlanError(f"Two levers act on {lever.node!r}. Offer one with all the doses.")
        seen[lever.node] = lever
    return {node: seen[node] for node in sorted(seen)}


def _lever_sets(
    function: ProfileFunction, offered: Mapping[str, Lever], method: PlanMethod
) -> Iterator[tuple[str, ...]]:
    """Yield sets of levers by size and names; those that exclude each other are left out."""
    nodes = [node for node in offered if node not in function.pushes]
    pushes = [node for node in offered if node in function.pushes]
    cells = sorted(tuple(sorted(cell)) for cell in function.tried if cell <= set(nodes))
    for size in range(min(method.max_levers, len(offered)) + 1):
        for pushed in range(min(size, len(pushes)) + 1):
            used = size - pushed
            if used < 2 or method.untried:
                bases: Iterator[tuple[str, ...]] = combinations(nodes, used)
            else:
                bases = iter([cell for cell in cells if len(cell) == used])
            for base, extra in product(bases, list(combinations(pushes, pushed))):
                chosen = tuple(sorted((*base, *extra)))
                if _allowed(chosen, offered):
                    yield chosen


def _allowed(chosen: tuple[str, ...], offered: Mapping[str, Lever]) -> bool:
    """Whether no lever excludes another one and each has the levers that it requires."""
    if any(not offered[node].requires <= set(chosen) for node in chosen):
        return False
    return not any(b in offered[a].excludes or a in offered[b].excludes for a, b in combinations(chosen, 2))
