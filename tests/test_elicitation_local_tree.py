from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.elicitation.token_tree import Chunk, TokenTree, chunks, common, grow, totals

words = st.lists(st.integers(0, 3), min_size=1, max_size=6)
sequences = st.lists(st.tuples(words, words), min_size=1, max_size=12)
sizes = st.integers(1, 9)


def spelled(tree: TokenTree, node: int) -> list[int]:
    out: list[int] = []
    while node >= 0:
        out.append(int(tree.tokens[node]))
        node = int(tree.parents[node])
    return out[::-1]


def contexts(tree: TokenTree, size: int) -> list[tuple[Chunk, list[int]]]:
    """Replay what a model would hold: the nodes that each chunk has in front of it, found through `keep` alone."""
    held: list[int] = []
    out = []
    for chunk in chunks(tree, size):
        before = [held[place] for place in chunk.keep]
        held = [*before, *chunk.nodes.tolist()]
        out.append((chunk, held))
    return out


@settings(deadline=None)
@given(sequences)
def test_every_sequence_can_be_read_off_its_path_in_the_tree(pairs: list[tuple[list[int], list[int]]]) -> None:
    tree = grow(pairs)
    for (prompt, continuation), path in zip(pairs, tree.paths, strict=True):
        assert spelled(tree, path[-1]) == prompt + continuation
        assert tree.tokens[list(path)].tolist() == continuation
        assert tree.depths[path[0]] == len(prompt)


@settings(deadline=None)
@given(sequences)
def test_the_tree_has_one_node_for_each_different_beginning(pairs: list[tuple[list[int], list[int]]]) -> None:
    whole = [tuple(prompt + continuation) for prompt, continuation in pairs]
    beginnings = {sequence[:end] for sequence in whole for end in range(1, len(sequence) + 1)}
    tree = grow(pairs)
    assert {tuple(spelled(tree, node)) for node in range(len(tree.tokens))} == beginnings
    assert len(tree.tokens) == len(beginnings)


@settings(deadline=None)
@given(sequences)
def test_the_nodes_are_in_preorder(pairs: list[tuple[list[int], list[int]]]) -> None:
    tree = grow(pairs)
    spellings = [spelled(tree, node) for node in range(len(tree.tokens))]
    assert spellings == sorted(spellings)


@settings(deadline=None)
@given(sequences, st.randoms(use_true_random=False))
def test_the_tree_does_not_depend_on_the_order_of_asking(pairs: list[tuple[list[int], list[int]]], random) -> None:
    order = list(range(len(pairs)))
    random.shuffle(order)
    tree, other = grow(pairs), grow([pairs[i] for i in order])
    assert tree.tokens.tolist() == other.tokens.tolist()
    assert tree.parents.tolist() == other.parents.tolist()
    assert [tree.paths[i] for i in order] == list(other.paths)


@settings(deadline=None)
@given(sequences, sizes)
def test_each_inner_node_is_fed_once_and_no_leaf_is(pairs: list[tuple[list[int], list[int]]], size: int) -> None:
    tree = grow(pairs)
    fed = [node for chunk in chunks(tree, size) for node in chunk.nodes.tolist()]
    assert fed == sorted({int(parent) for parent in tree.parents if parent >= 0})
    assert all(len(chunk.nodes) <= size for chunk in chunks(tree, size))


@settings(deadline=None)
@given(sequences, sizes)
def test_a_node_sees_its_ancestors_and_itself_and_nothing_else(
    pairs: list[tuple[list[int], list[int]]], size: int
) -> None:
    tree = grow(pairs)
    for chunk, held in contexts(tree, size):
        for row, node in enumerate(chunk.nodes.tolist()):
            seen = [held[place] for place in np.flatnonzero(chunk.visible[row])]
            assert [int(tree.tokens[one]) for one in seen] == spelled(tree, node)
            assert seen[-1] == node
            assert [int(tree.depths[one]) for one in seen] == list(range(len(seen)))


@settings(deadline=None)
@given(sequences, sizes)
def test_what_a_chunk_has_before_it_is_one_plain_path(pairs: list[tuple[list[int], list[int]]], size: int) -> None:
    tree = grow(pairs)
    for chunk, held in contexts(tree, size):
        before = held[: len(chunk.keep)]
        assert before == sorted(before)
        assert [int(tree.parents[node]) for node in before] == [-1, *before][: len(before)]


@settings(deadline=None)
@given(sequences)
def test_totals_add_the_scores_of_the_continuation_only(pairs: list[tuple[list[int], list[int]]]) -> None:
    tree = grow(pairs)
    scores = np.array([10.0 * token + 1.0 for token in tree.tokens])
    assert totals(tree, scores) == [sum(10.0 * token + 1.0 for token in end) for _, end in pairs]


@settings(deadline=None)
@given(words, words)
def test_common_beginnings_are_common_and_as_long_as_can_be(one: list[int], other: list[int]) -> None:
    shared = common(one, other)
    assert one[:shared] == other[:shared]
    assert one[: shared + 1] != other[: shared + 1] or shared == min(len(one), len(other)) == len(one) == len(other)


def test_sixty_statements_after_one_persona_share_the_persona_and_their_first_words() -> None:
    persona = list(range(100, 190))
    statements = [[1, 2, first, *range(3, 9)] for first in range(20, 80)]
    tree = grow([(persona, statement) for statement in statements])
    assert len(tree.inner) == 90 + 2 + 60 * 6  # in one row each they would be 60 * 99
