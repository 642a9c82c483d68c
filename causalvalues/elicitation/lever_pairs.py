"""Pairs of levers: which there are, and which are kept for a test set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from causalvalues.elicitation.sheets import DesignLever
from causalvalues.errors import ElicitationError, did_you_mean
from causalvalues.randomness import stream

Pair = tuple[str, str]
"""Names of two levers, sorted."""
Pairs = tuple[Pair, ...]


def split_pairs(levers: Sequence[DesignLever], share: float, seed: int = 0) -> tuple[Pairs, Pairs]:
    """Part the pairs of levers into those to learn from and those kept for a test set.

    Parameters
    ----------
    levers : sequence of PromptLever or ActivationLever
    share : float
        Of all pairs that are left out, above 0 and below 1; at least one pair is on each side.
    seed : int, default 0

    Returns
    -------
    kept, left_out : tuple of (str, str)
        Every lever is in about equally many left-out pairs.

    Raises
    ------
    ElicitationError
        If the share is not between 0 and 1, or there are fewer than two pairs.

    Examples
    --------
    >>> from causalvalues.elicitation.prompt_levers import prompt_levers
    >>> [len(side) for side in split_pairs(prompt_levers("schwartz-10"), 0.2)]
    [36, 9]
    """
    pairs = _pairs(levers)
    if not 0 < share < 1:
        raise ElicitationError(f"The share of pairs to leave out is {share}. Give a number between 0 and 1.")
    if len(pairs) < 2:
        raise ElicitationError(f"{len(levers)} levers make {len(pairs)} pairs, too few to part. Give 3 or more.")
    waiting = [pairs[k] for k in stream(seed, "split pairs").permutation(len(pairs))]
    used = dict.fromkeys((lever.name for lever in levers), 0)
    out: list[Pair] = []
    for _ in range(min(max(round(share * len(pairs)), 1), len(pairs) - 1)):
        chosen = min(waiting, key=lambda pair: (max(used[name] for name in pair), sum(used[name] for name in pair)))
        waiting.remove(chosen)
        out.append(chosen)
        for name in chosen:
            used[name] += 1
    return tuple(pair for pair in pairs if pair not in out), tuple(sorted(out))


def parted_pairs(levers: Sequence[DesignLever], leave_out: Iterable[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Return the pairs of levers without those to leave out, and those.

    Raises
    ------
    ElicitationError
        If something to leave out is no pair of these levers.
    """
    pairs = _pairs(levers)
    out = set(leave_out)
    for pair in sorted(out - set(pairs)):
        known = [lever.name for lever in levers]
        wrong = next((name for name in pair if name not in known), None)
        hint = did_you_mean(wrong, known) if wrong is not None else " Name two different levers."
        raise ElicitationError(f"The pair {pair} to leave out is no pair of the levers.{hint}")
    return [pair for pair in pairs if pair not in out], [pair for pair in pairs if pair in out]


def _pairs(levers: Sequence[DesignLever]) -> list[Pair]:
    return [sorted_pair((a.name, b.name)) for a, b in combinations(levers, 2)]


def sorted_pair(pair: Sequence[str]) -> Pair:
    """Return two names in the order of the alphabet."""
    a, b = sorted(pair)
    return a, b
