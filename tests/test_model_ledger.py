"""The ledger: what arrows, effects, levers and plans rest on, and whether its sentences say the same."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.evidence import Evidence, summarise
from causalvalues.graph import Dag, GraphPosterior
from causalvalues.model import Basis, StructuralModel, effect_ledger, fit, plan_ledger
from causalvalues.model.dose_rows import tried_doses
from causalvalues.model.path_support import lever_support, path_support
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.study import StudyRun

Edges = list[tuple[str, str]]

FORWARD: Edges = [("a", "b"), ("c", "b")]
BACKWARD: Edges = [("b", "a"), ("c", "a")]
OPEN: Edges = [("a", "b")]


def posterior_of(counts: list[tuple[Edges, int]], prior: np.ndarray | None = None, times: int = 1000) -> GraphPosterior:
    draws = np.array([Dag.from_edges("abc", edges).adjacency for edges, count in counts for _ in range(times * count)])
    prior = 0.3 * (1 - np.eye(3)) if prior is None else prior
    weights = np.ones(len(draws))
    return GraphPosterior(tuple("abc"), draws, weights, "posterior", draws.mean(axis=0), prior, False, "by hand")


def ledger_of(posterior: GraphPosterior) -> pd.DataFrame:
    p = len(posterior.names)
    facts = summarise(pd.DataFrame(np.random.default_rng(0).normal(size=(50, p)), columns=list(posterior.names)))
    model = StructuralModel.from_coefficients(posterior.names, np.zeros((p, p)))
    return effect_ledger(model, posterior, facts).set_index(["kind", "cause", "effect"])


def test_there_are_five_bases() -> None:
    assert [basis.value for basis in Basis] == [
        "by design",
        "by graph",
        "contested",
        "by prior only",
        "extrapolated",
    ]


# arrows


@pytest.mark.parametrize(
    ("counts", "basis", "words"),
    [
        (
            [(FORWARD, 7), (OPEN, 3)],
            "by graph",
            "the data compel this direction with probability 0.70, given no hidden",
        ),
        ([(FORWARD, 5), (BACKWARD, 4), (OPEN, 1)], "contested", "a -> b 0.50, the reverse 0.40, open 0.10"),
        ([(FORWARD, 2), (OPEN, 8)], "by prior only", "most graphs leave the direction open (probability 0.80)"),
    ],
)
def test_an_arrow_rests_on_what_its_verdict_says(counts: list[tuple[Edges, int]], basis: str, words: str) -> None:
    row = ledger_of(posterior_of(counts)).loc[("arrow", "a", "b")]
    assert row["basis"] == basis
    assert words in row["sentence"]
    assert row["probability"] == pytest.approx({"by graph": 0.7, "contested": 0.5, "by prior only": 0.2}[basis])


def test_a_contested_arrow_says_why() -> None:
    absent = ledger_of(posterior_of([(FORWARD, 50), ([("b", "c")], 45)])).loc[("arrow", "a", "b")]
    assert absent["basis"] == "by graph"
    less = ledger_of(posterior_of([(FORWARD, 45), (OPEN, 8), ([("b", "c")], 47)])).loc[("arrow", "a", "b")]
    assert less["basis"] == "contested"
    assert "graphs that fit about equally well lack the edge" in less["sentence"]
    near = ledger_of(posterior_of([(FORWARD, 51), ([("b", "c")], 49)], times=1)).loc[("arrow", "a", "b")]
    assert near["basis"] == "contested"
    assert "(0.510) exceeds one half by no more than twice its Monte Carlo error" in near["sentence"]


def test_a_direction_that_knowledge_gives_is_called_so_and_what_follows_from_it_names_knowledge() -> None:
    prior = 0.3 * (1 - np.eye(3))
    prior[1, 0] = 0
    table = ledger_of(posterior_of([([("a", "b"), ("b", "c")], 4)], prior))
    arrow = table.loc[("arrow", "a", "b")]
    assert (arrow["basis"], arrow["probability"]) == ("by prior only", 1.0)
    assert "given by your knowledge" in arrow["sentence"]
    for kind in ("arrow", "effect"):
        row = table.loc[(kind, "b", "c")]
        assert row["basis"] == "by graph"
        assert "given no hidden cause and your knowledge" in row["sentence"]


# effects


@pytest.mark.parametrize(
    ("counts", "basis", "words"),
    [
        ([(FORWARD, 6), (BACKWARD, 4)], "by graph", "a acts on b (probability of a path 0.60): implied"),
        ([(FORWARD, 3), (BACKWARD, 7)], "by graph", "a does not act on b (probability of a path 0.30): implied"),
        ([(FORWARD, 4), (BACKWARD, 3), (OPEN, 3)], "contested", "(0.40, the opposite 0.30, open 0.30)"),
        ([(FORWARD, 2), (BACKWARD, 2), (OPEN, 6)], "by prior only", "most graphs leave this open (probability 0.60)"),
    ],
)
def test_an_effect_is_contested_when_graphs_disagree_and_by_prior_only_when_they_are_silent(
    counts: list[tuple[Edges, int]], basis: str, words: str
) -> None:
    row = ledger_of(posterior_of(counts)).loc[("effect", "a", "b")]
    assert row["basis"] == basis
    assert words in row["sentence"]


def test_no_probability_is_printed_with_a_minus_sign() -> None:
    """Weights of a tenth add up to a hair more than one."""
    posterior = posterior_of([(FORWARD, 10)], times=1)
    odd = dataclasses.replace(posterior, weights=np.full(10, 0.1))
    object.__setattr__(odd, "weights", np.full(10, 0.1 + 1e-16))
    for table in path_support(odd):
        assert 0 <= table.min() <= table.max() <= 1
    assert not ledger_of(odd)["sentence"].str.contains("-0.00", regex=False).any()


@given(st.lists(st.integers(0, 4), min_size=3, max_size=3).filter(any))
@settings(max_examples=40, deadline=None)
def test_a_sure_path_is_a_path_and_a_path_is_possible(counts: list[int]) -> None:
    path, sure, may = path_support(posterior_of(list(zip((FORWARD, BACKWARD, OPEN), counts, strict=True))))
    assert (sure <= path + 1e-12).all()
    assert (path <= may + 1e-12).all()


# levers


def lever_facts(mode: str) -> tuple[StructuralModel, GraphPosterior, Evidence]:
    """A lever on a, a -> b, and c by itself."""
    rng, n = np.random.default_rng(1), 2000
    dose = np.repeat([0.0, 1.0], n // 2)
    a = dose + rng.normal(size=n)
    scores = np.column_stack([a, 0.7 * a + rng.normal(size=n), rng.normal(size=n)])
    answers = ResponseMatrix(tuple("abc"), scores, [str(i) for i in range(n)], levers=("do_a",), doses=dose[:, None])
    facts = summarise(answers)
    posterior = discover(facts, ExactPosterior(levers="sparse" if mode == "sparse" else "saturated", draws=400), seed=0)
    return fit(posterior, facts), posterior, facts


def test_saturated_levers_act_by_design_on_everything() -> None:
    table = effect_ledger(*lever_facts("saturated"))
    rows = table[table["kind"] == "lever"]
    assert rows["basis"].tolist() == ["by design"] * 3
    assert rows["probability"].tolist() == [1.0] * 3


def test_a_sparse_lever_acts_by_design_where_it_acts_directly_and_by_graph_further_on() -> None:
    model, posterior, facts = lever_facts("sparse")
    table = effect_ledger(model, posterior, facts).set_index(["kind", "cause", "effect"])
    direct = posterior.lever_probabilities.loc["do_a"]
    assert direct["a"] > 0.99
    assert direct["b"] < 0.1
    assert table.loc[("lever", "do_a", "a"), ["basis", "probability"]].tolist() == ["by design", direct["a"]]
    onward = table.loc[("lever", "do_a", "b")]
    assert onward["basis"] == "by graph"
    assert f"do_a acts directly on b with probability {direct['b']:.2f} only. do_a acts on b" in onward["sentence"]
    assert onward["probability"] > 0.98
    idle = table.loc[("lever", "do_a", "c")]
    assert (idle["basis"], idle["probability"] < 0.5) == ("by graph", True)
    assert "does not act on c" in idle["sentence"]
    assert table.loc[("arrow", "a", "b"), "basis"] == "by graph"
    assert table.loc[("effect", "b", "a"), "basis"] == "by graph"


def test_paths_of_levers_start_with_a_direct_effect() -> None:
    posterior = posterior_of([([("a", "b")], 3), ([], 1)], times=1)
    levers = np.zeros((4, 1, 3), dtype=bool)
    levers[:2, 0, 0] = levers[3, 0, 0] = levers[2, 0, 2] = True
    sparse = dataclasses.replace(posterior, levers=("pull",), lever_mode="sparse", lever_draws=levers)
    path, sure, may = lever_support(sparse)
    np.testing.assert_allclose(path, [[0.75, 0.5, 0.25]])
    np.testing.assert_allclose(sure, path)  # a lever on a settles a -> b; the one on c reaches neither
    np.testing.assert_allclose(may, path)


def test_a_plan_with_a_sparse_lever_stands_by_graph() -> None:
    for mode, basis in (("sparse", "by graph"), ("saturated", "by design")):
        row = plan_ledger(*lever_facts(mode), {"do_a": 1.0}).iloc[0]
        assert row["basis"] == basis
        assert "do_a at dose 1: tried, contrast of the design" in row["sentence"]


# plans


def dose_facts() -> tuple[StructuralModel, GraphPosterior, Evidence]:
    """Lever `do_a` at -1, 1 and 3; lever `do_b` at 2; 20 rows with `do_a` at 1 and `do_b` together."""
    rng = np.random.default_rng(2)
    cells = [(0, 0)] * 60 + [(-1, 0)] * 40 + [(1, 0)] * 40 + [(3, 0)] * 40 + [(0, 2)] * 40 + [(1, 2)] * 20
    doses = np.array(cells, dtype=float)
    scores = rng.normal(size=(len(doses), 2)) + doses
    answers = ResponseMatrix(
        ("a", "b"), scores, [str(i) for i in range(len(doses))], levers=("do_a", "do_b"), doses=doses
    )
    facts = summarise(answers)
    posterior = discover(facts, ExactPosterior(draws=50), seed=0)
    return fit(posterior, facts), posterior, facts


@pytest.mark.parametrize(
    ("dose", "basis", "words"),
    [
        (1.0, "by design", "tried, contrast"),
        (3.0 * (1 + 1e-10), "by design", "tried, contrast"),
        (-1.0, "by design", "tried, contrast"),
        (2.0, "by design", "interpolated between tried doses (-1 and 1 and 3)"),
        (3.001, "extrapolated", "the data speak of dose -1 and 1 and 3; the rest is a straight line"),
        (0.5, "extrapolated", "straight line"),
        (-0.5, "extrapolated", "straight line"),
        (-2.0, "extrapolated", "straight line"),
    ],
)
def test_a_dose_is_by_design_when_it_was_tried_or_lies_between_tried_ones(dose: float, basis: str, words: str) -> None:
    row = plan_ledger(*dose_facts(), {"do_a": dose}).iloc[0]
    assert row["basis"] == basis
    assert words in row["sentence"]


def test_evidence_that_does_not_list_doses_falls_back_on_its_moments() -> None:
    _, _, facts = dose_facts()
    assert tried_doses(facts, "do_a") == (-1.0, 1.0, 3.0)
    unknown = dataclasses.replace(facts, doses=())
    assert tried_doses(unknown, "do_b") == pytest.approx((2.0,))


def test_levers_used_together_say_in_how_many_rows_and_how_wide_their_interval_is() -> None:
    model, posterior, facts = dose_facts()
    row = plan_ledger(model, posterior, facts, {"do_b": 2.0, "do_a": 1.0}).iloc[-1]
    assert row["basis"] == "by design"
    assert "tried together in about 20 of 240 rows" in row["sentence"]
    p = len(model.values)
    parts = [model.total[:, model.place(node), :p] for node in ("do_a", "do_b", "do_a+do_b")]
    effect = parts[0] + 2 * parts[1] + 2 * parts[2]
    lower, upper = np.quantile(effect, [0.05, 0.95], axis=0, method="inverted_cdf")
    narrow, wide = np.sort(upper - lower)
    assert f"its 90% intervals are {narrow:.2g} to {wide:.2g} wide" in row["sentence"]


def test_a_direct_push_says_how_many_of_its_claims_are_paths() -> None:
    names = tuple("abcde")
    edges = [("a", "c"), ("b", "c"), ("c", "d")]
    draws = np.array([Dag.from_edges(names, edges).adjacency] * 4)
    posterior = GraphPosterior(
        names, draws, np.ones(4), "posterior", draws.mean(axis=0), 0.3 * (1 - np.eye(5)), False, "hand"
    )
    facts = summarise(pd.DataFrame(np.random.default_rng(0).normal(size=(50, 5)), columns=list(names)))
    model = StructuralModel.from_coefficients(names, np.zeros((5, 5)))
    row = plan_ledger(model, posterior, facts, {"a": 1.0}).iloc[0]
    assert row["basis"] == "by graph"
    assert "it acts on 2 of 4 other values (2 of these by graph) and not on 2 (2 of these by graph)" in row["sentence"]
    assert "100%" not in row["sentence"]


def test_a_push_whose_paths_are_contested_is_contested_though_it_does_not_act_on_most_values() -> None:
    posterior = posterior_of([(FORWARD, 5), ([("b", "a")], 2), (OPEN, 3)])
    facts = summarise(pd.DataFrame(np.random.default_rng(0).normal(size=(50, 3)), columns=list("abc")))
    model = StructuralModel.from_coefficients("abc", np.zeros((3, 3)))
    row = plan_ledger(model, posterior, facts, {"a": 1.0}).iloc[0]
    assert (row["basis"], row["probability"]) == ("contested", 0.0)
    assert "it acts on 1 of 2 other values (0 of these by graph) and not on 1 (1 of these by graph)" in row["sentence"]


# the demo


def test_on_the_demo_few_arrows_are_open_and_several_contested(demo_run: StudyRun) -> None:
    results = demo_run.results
    edges = results.posterior.averaged_graph().set_index(["cause", "effect"])
    row = edges.loc[("hedonism", "stimulation")]
    assert row["verdict"] == "compelled"
    assert row["compelled"] == pytest.approx(0.65, abs=0.1)
    arrows = results.ledger[results.ledger["kind"] == "arrow"].set_index(["cause", "effect"])
    basis = {"compelled": "by graph", "contested": "contested", "open": "by prior only"}
    assert arrows["basis"].to_dict() == edges["verdict"].map(basis).to_dict()
    counts = arrows["basis"].value_counts()
    assert 6 <= counts["by graph"] <= 12
    assert counts["contested"] >= 3
    assert counts.get("by prior only", 0) <= 3
    assert not results.ledger["sentence"].str.contains("-0.00", regex=False).any()


def test_on_the_demo_the_graph_does_not_lead_the_simple_predictors(demo_run: StudyRun) -> None:
    assert demo_run.results.levers is not None
    comparison = demo_run.results.levers.comparison
    assert comparison is not None
    here, lower, upper = comparison.difference
    assert lower < here < 0
    assert upper < 0.05
    assert upper - lower > 0.1
    assert "better simple predictor (difference -0." in comparison.verdict
