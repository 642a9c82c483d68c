"""The table of edges: what is compelled given the edge, what is contested, what is open, what is given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.discovery import ExactPosterior, OrderSearch, discover
from causalvalues.evidence import summarise
from causalvalues.graph import Dag, GraphPosterior, Knowledge, compelled_edges
from causalvalues.responses.matrix import ResponseMatrix

Edges = list[tuple[str, str]]

FORWARD: Edges = [("a", "b"), ("c", "b")]  # the collider compels a -> b
BACKWARD: Edges = [("b", "a"), ("c", "a")]  # the collider compels b -> a
OPEN: Edges = [("a", "b")]
APART: Edges = [("a", "c"), ("c", "d")]


def posterior_of(counts: list[tuple[Edges, int]], prior: np.ndarray | None = None) -> GraphPosterior:
    graphs = [Dag.from_edges("abcd", edges).adjacency for edges, count in counts for _ in range(count)]
    draws = np.array(graphs)
    return GraphPosterior(
        names=tuple("abcd"),
        draws=draws,
        weights=np.ones(len(draws)),
        kind="posterior",
        edge=draws.mean(axis=0),
        prior_edge=0.3 * (1 - np.eye(4)) if prior is None else prior,
        exact=False,
        method="graphs by hand",
        independent_draws=1e9,  # the shares are what they are, not counts
    )


def row_of(posterior: GraphPosterior, pair: str) -> pd.Series:
    table = posterior.pairs()
    return table[[{a, b} == set(pair) for a, b in zip(table["cause"], table["effect"], strict=True)]].iloc[0]


def test_the_columns_are_these() -> None:
    assert posterior_of([(OPEN, 1)]).averaged_graph().columns.tolist() == [
        "cause",
        "effect",
        "adjacent",
        "direction",
        "compelled",
        "compelled_reverse",
        "open",
        "verdict",
        "prior_direction",
    ]


def test_compelled_is_a_share_of_the_graphs_that_have_the_edge() -> None:
    row = row_of(posterior_of([(FORWARD, 5), (BACKWARD, 2), (OPEN, 1), (APART, 8)]), "ab")
    assert (row["cause"], row["effect"]) == ("a", "b")
    assert row["adjacent"] == pytest.approx(0.5)
    assert row["compelled"] == pytest.approx(5 / 8)
    assert row["compelled_reverse"] == pytest.approx(2 / 8)
    assert row["open"] == pytest.approx(1 / 8)
    assert row["verdict"] == "contested"


def test_an_arrow_is_compelled_when_most_graphs_have_the_edge_and_compel_it() -> None:
    often = row_of(posterior_of([(FORWARD, 9), (BACKWARD, 2), (OPEN, 1), (APART, 4)]), "ab")
    assert often["adjacent"] * often["compelled"] == pytest.approx(9 / 16)
    assert often["verdict"] == "compelled"
    less = row_of(posterior_of([(FORWARD, 8), (BACKWARD, 2), (OPEN, 1), (APART, 5)]), "ab")
    assert less["compelled"] > 0.7
    assert less["verdict"] == "contested"


def test_joint_probabilities_stay_joint() -> None:
    posterior = posterior_of([(FORWARD, 5), (BACKWARD, 2), (OPEN, 1), (APART, 8)])
    assert posterior.compelled_probabilities.loc["a", "b"] == pytest.approx(5 / 16)


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ([(FORWARD, 5), (BACKWARD, 4), (OPEN, 1)], "contested"),
        ([(FORWARD, 4), (BACKWARD, 2), (OPEN, 4)], "contested"),
        ([(FORWARD, 3), (BACKWARD, 1), (OPEN, 6)], "open"),
        ([(FORWARD, 6), (BACKWARD, 4)], "compelled"),
    ],
)
def test_a_split_between_classes_is_contested_and_not_open(counts: list[tuple[Edges, int]], verdict: str) -> None:
    row = row_of(posterior_of(counts), "ab")
    assert row["verdict"] == verdict
    assert row["compelled"] + row["compelled_reverse"] + row["open"] == pytest.approx(1)


def test_a_compelled_edge_stands_in_its_compelled_direction_though_more_mass_points_the_other_way() -> None:
    posterior = posterior_of([(FORWARD, 6), (OPEN, 5)])
    turned = np.array(posterior.edge)
    turned[0, 1], turned[1, 0] = 0.4, 0.6  # exact sums may differ from the draws
    row = row_of(
        GraphPosterior(
            "abcd", posterior.draws, np.ones(11), "posterior", turned, turned, True, "hand", independent_draws=1e9
        ),
        "ab",
    )
    assert (row["cause"], row["effect"], row["verdict"]) == ("a", "b", "compelled")
    assert row["direction"] == pytest.approx(0.4)


def test_a_pair_that_no_draw_joins_has_no_verdict() -> None:
    row = row_of(posterior_of([(OPEN, 3)]), "cd")
    assert row["verdict"] == ""
    assert np.isnan(row["compelled"])
    assert np.isnan(row["open"])


@given(st.lists(st.integers(0, 5), min_size=4, max_size=4).filter(any))
@settings(max_examples=60, deadline=None)
def test_the_shares_of_an_edge_add_up_and_the_verdict_follows_from_them(counts: list[int]) -> None:
    posterior = posterior_of(list(zip((FORWARD, BACKWARD, OPEN, APART), counts, strict=True)))
    table = posterior.pairs()
    table = table[table["adjacent"] > 0]
    shares = table[["compelled", "compelled_reverse", "open"]]
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    named = table["verdict"] == "compelled"
    joint = table["adjacent"] * table["compelled"]
    assert (joint[named] > 0.5).all()
    assert (joint[~named] <= 0.5 + 1e-4).all()
    assert ((table["verdict"] == "open") == (table["open"] > 0.5)).all()
    assert not (table["adjacent"] * table["compelled_reverse"] > 0.5 + 1e-4).any()


# knowledge


def two_values(n: int = 800) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    a = rng.normal(size=n)
    b = a + rng.normal(size=n)
    return pd.DataFrame({"a": a, "b": b, "c": b + rng.normal(size=n)})


@pytest.mark.parametrize("method", [ExactPosterior(draws=200), OrderSearch(resamples=10)])
def test_what_knowledge_decides_is_given_and_what_follows_from_it_is_compelled(
    method: ExactPosterior | OrderSearch,
) -> None:
    facts = summarise(two_values())
    free = discover(facts, method, seed=0).averaged_graph()
    assert set(free["verdict"]) == {"open"}
    known = discover(facts, method, Knowledge(forbidden=frozenset({("b", "a")})), seed=0)
    table = known.averaged_graph().set_index(["cause", "effect"])
    assert table.loc[("a", "b"), ["verdict", "prior_direction", "compelled"]].tolist() == ["given", 1.0, 1.0]
    assert table.loc[("b", "c"), "verdict"] == "compelled"  # c -> b would make a collider
    assert known.most_probable_class()[0].edges == (("a", "->", "b"), ("b", "->", "c"))


def test_a_prior_that_is_not_known_decides_nothing() -> None:
    for prior in (np.full((4, 4), np.nan), np.zeros((4, 4))):
        assert row_of(posterior_of([(OPEN, 3)], prior), "ab")["verdict"] == "open"


# levers


def lever_answers(n: int = 2000) -> ResponseMatrix:
    """A lever on a, and a -> b."""
    rng = np.random.default_rng(1)
    dose = np.repeat([0.0, 1.0], n // 2)
    a = dose + rng.normal(size=n)
    scores = np.column_stack([a, 0.7 * a + rng.normal(size=n)])
    return ResponseMatrix(("a", "b"), scores, [str(i) for i in range(n)], levers=("do_a",), doses=dose[:, None])


def test_a_sparse_lever_on_the_cause_compels_the_direction() -> None:
    facts = summarise(lever_answers())
    sparse = discover(facts, ExactPosterior(levers="sparse"), seed=0)
    row = sparse.averaged_graph().iloc[0]
    assert (row["cause"], row["effect"], row["verdict"]) == ("a", "b", "compelled")
    assert row["direction"] > 0.98
    assert row["compelled"] > 0.95
    assert not compelled_edges(sparse.draws).any()
    assert sparse.most_probable_class()[0].edges == (("a", "->", "b"),)


def test_a_saturated_lever_compels_nothing() -> None:
    saturated = discover(summarise(lever_answers()), ExactPosterior(), seed=0)
    row = saturated.averaged_graph().iloc[0]
    assert (row["verdict"], row["compelled"], row["open"]) == ("open", 0.0, 1.0)
