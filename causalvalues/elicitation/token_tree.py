"""Many sequences of tokens as one tree: what they share is computed once, and the rest is packed without padding.

Sequences are put into a trie. Its inner nodes are fed to the model in preorder, in chunks. Because the subtree of a
node is contiguous in preorder, every ancestor of a chunk is either in the chunk or on the path that leads to its
first node, so what has to be remembered of all earlier chunks is one plain sequence.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TokenTree:
    """A trie of token sequences, nodes in preorder (children by ascending token).

    Parameters
    ----------
    tokens : array of int, shape (nodes,)
        The token that leads to each node.
    parents : array of int, shape (nodes,)
        Number of the parent, always smaller than the node's own; -1 for a first token.
    depths : array of int, shape (nodes,)
        Position of the token in its sequences, from 0.
    paths : tuple of tuple of int
        For each sequence given, the nodes of its scored tokens, first to last.
    """

    tokens: Ints
    parents: Ints
    depths: Ints
    paths: tuple[tuple[int, ...], ...]

    @property
    def inner(self) -> Ints:
        """Nodes that have children, ascending: all that a model must read."""
        return np.unique(self.parents[self.parents >= 0])

    @property
    def scored(self) -> Ints:
        """Nodes whose token is scored in at least one sequence, ascending."""
        return np.array(sorted({node for path in self.paths for node in path}), dtype=np.int64)


@dataclass(frozen=True)
class Chunk:
    """Nodes that are fed together, and what each of them may look at.

    Parameters
    ----------
    nodes : array of int, shape (m,)
        Inner nodes, consecutive in preorder.
    keep : array of int, shape (c,)
        What the chunk has before it: places, in the keys of the previous chunk (its own context, then its nodes),
        of the path from the root to the parent of the first node. Empty for the first chunk.
    visible : array of bool, shape (m, c + m)
        Which of the context and the chunk each node sees: its ancestors and itself.
    """

    nodes: Ints
    keep: Ints
    visible: Bools


def grow(sequences: Sequence[tuple[Sequence[int], Sequence[int]]]) -> TokenTree:
    """Put sequences of tokens into one tree.

    Parameters
    ----------
    sequences : sequence of (prompt, continuation)
        Token numbers. The tokens of the continuation are those that are scored; neither part may be empty.

    Returns
    -------
    TokenTree
        The same tree whatever the order of the sequences (but for the order of `paths`).

    Examples
    --------
    >>> tree = grow([([1, 2], [5, 6]), ([1, 2], [5, 7])])
    >>> tree.tokens.tolist(), tree.parents.tolist(), tree.paths
    ([1, 2, 5, 6, 7], [-1, 0, 1, 2, 2], ((2, 3), (2, 4)))
    """
    whole = [(*prompt, *continuation) for prompt, continuation in sequences]
    tokens: list[int] = []
    parents: list[int] = []
    depths: list[int] = []
    found: dict[tuple[int, ...], list[int]] = {}
    last: tuple[int, ...] = ()
    walk: list[int] = []
    for sequence in sorted(set(whole)):  # sorted: a preorder, and the same one for every order of asking
        shared = common(last, sequence)
        walk = walk[:shared]
        for depth in range(shared, len(sequence)):
            parents.append(walk[-1] if walk else -1)
            walk.append(len(tokens))
            tokens.append(sequence[depth])
            depths.append(depth)
        last, found[sequence] = sequence, walk
    paths = tuple(tuple(found[s][len(prompt) :]) for s, (prompt, _) in zip(whole, sequences, strict=True))
    return TokenTree(np.array(tokens, np.int64), np.array(parents, np.int64), np.array(depths, np.int64), paths)


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many first tokens two sequences share.

    Examples
    --------
    >>> common([1, 2, 3], [1, 2, 4, 5])
    2
    """
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return place
    return min(len(one), len(other))


def chunks(tree: TokenTree, size: int) -> Iterator[Chunk]:
    """Cut the inner nodes of a tree into chunks of nearly equal size.

    Parameters
    ----------
    tree : TokenTree
    size : int
        Largest number of nodes in a chunk.

    Yields
    ------
    Chunk
        In the order in which they must be fed.
    """
    inner = tree.inner
    pieces = np.array_split(inner, max(1, math.ceil(len(inner) / size)))
    place: dict[int, int] = {}  # of the nodes that the previous chunk could see, in its keys
    for piece in pieces:
        context = _path(tree, int(tree.parents[piece[0]]))
        keep = np.array([place[node] for node in context], np.int64)
        place = {node: number for number, node in enumerate([*context, *piece.tolist()])}
        visible = np.zeros((len(piece), len(place)), np.bool_)
        for row, node in enumerate(piece.tolist()):
            parent = int(tree.parents[node])
            seen = place.get(parent, -1)
            if seen >= len(context):
                visible[row] = visible[seen - len(context)]
            else:
                visible[row, : seen + 1] = True  # the context is one path, so a prefix of it
            visible[row, len(context) + row] = True
        yield Chunk(piece, keep, visible)


def _path(tree: TokenTree, node: int) -> list[int]:
    nodes = []
    while node >= 0:
        nodes.append(node)
        node = int(tree.parents[node])
    return nodes[::-1]


def totals(tree: TokenTree, scores: Floats) -> list[float]:
    """Return the sum of the scores over the continuation of each sequence.

    Parameters
    ----------
    tree : TokenTree
    scores : array of float, shape (nodes,)
        Log-probability of each node's token after its ancestors (nats); read only where scored.

    Returns
    -------
    list of float
        In the order in which the sequences were given.
    """
    return [math.fsum(float(scores[node]) for node in path) for path in tree.paths]
