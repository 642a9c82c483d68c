from __future__ import annotations

import json
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalvalues.discovery import arrow_stability, pooled_pc, without_shortcuts
from causalvalues.errors import DataError, DiscoveryError
from causalvalues.responses import ReadOptions, ResponseMatrix, read_responses

NAMES = ("a", "b", "c", "d", "e")
RESULTS = Path(__file__).resolve().parents[1] / "benchmarks" / "results"
FEATURES = {
    "gemma": "14351 1025 2965 10096 1341 1975 10605 14049 1312 4752",
    "llama": "49202 58305 8546 12477 7754 9332 1897 62769 47207 54606",
}
FILES = {"gemma": "gemma2b_17dims_train_steer25.csv.gz", "llama": "llama3_8b_17dims_train_steer25.csv.gz"}


def published(folder: Path, model: str) -> set[tuple[str, str]]:
    edges = json.loads((folder / "value_causal_graph_llm" / "value_graph_data1.json").read_text())["edges"][model]
    return {(edge[0], edge[1]) for edge in edges}


def answers(folder: Path, model: str) -> ResponseMatrix:
    path = folder / "value_causal_graph_llm" / FILES[model]
    header = pd.read_csv(path, nrows=0).columns
    values = tuple(name for name in header[2:] if ":" not in name and name not in ("stds", "scstds"))
    drop = tuple(name for name in header[2:] if name not in values)
    return read_responses(path, ReadOptions(columns=values, drop=drop, labels=("steer_dim",), cluster_by="player_name"))


def steered_by(matrix: ResponseMatrix, features: list[str]) -> ResponseMatrix:
    return matrix.rows([feature in ("", *features) for feature in matrix.labels["steer_dim"]])


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] != pair[1])))
def test_cutting_shortcuts_keeps_what_every_value_reaches(arrows):
    reduced = without_shortcuts(arrows, NAMES)
    before, after = nx.DiGraph(arrows), nx.DiGraph(list(reduced))
    for graph in (before, after):
        graph.add_nodes_from(NAMES)
    assert all(nx.descendants(before, name) == nx.descendants(after, name) for name in NAMES)
    for arrow in reduced:
        less = after.copy()
        less.remove_edge(*arrow)
        assert not nx.has_path(less, *arrow)


def test_without_cycles_cutting_shortcuts_is_the_transitive_reduction():
    arrows = [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("a", "d"), ("e", "d"), ("b", "d")]
    assert set(without_shortcuts(arrows, NAMES)) == set(nx.transitive_reduction(nx.DiGraph(arrows)).edges)


def test_an_edge_without_direction_counts_as_two_arrows():
    random = np.random.default_rng(0)
    a = random.normal(size=400)
    scores = np.column_stack([a, a + random.normal(size=400), random.normal(size=400)])
    found = pooled_pc(ResponseMatrix(("a", "b", "c"), scores, tuple(map(str, range(400)))))
    assert set(found.arrows) == {("a", "b"), ("b", "a")}
    assert found.undirected == 1


def test_a_collider_keeps_its_arrows():
    random = np.random.default_rng(1)
    a, b = random.normal(size=(2, 2000))
    scores = np.column_stack([a, a + b + random.normal(size=2000), b])
    found = pooled_pc(ResponseMatrix(("a", "c", "b"), scores, tuple(map(str, range(2000)))))
    assert set(found.arrows) == {("a", "c"), ("b", "c")}
    assert found.undirected == 0


def test_missing_answers_and_constant_columns_are_refused():
    scores = np.random.default_rng(2).normal(size=(50, 3))
    units = tuple(map(str, range(50)))
    with pytest.raises(DiscoveryError, match="'b' is constant"):
        pooled_pc(ResponseMatrix(("a", "b", "c"), scores * [1, 0, 1], units))
    scores[0, 0] = np.nan
    with pytest.raises(DataError, match="complete rows only"):
        pooled_pc(ResponseMatrix(("a", "b", "c"), scores, units))


@pytest.mark.shared
@pytest.mark.parametrize(("model", "rows", "edges"), [("gemma", 1111, 28), ("llama", 814, 19)])
def test_the_recipe_gives_exactly_the_published_edges(shared_data, model, rows, edges):
    matrix = steered_by(answers(shared_data, model), FEATURES[model].split())
    found = pooled_pc(matrix)
    assert len(matrix) == rows
    assert len(found.reduced) == edges
    assert set(found.reduced) == published(shared_data, model)


@pytest.mark.shared
@pytest.mark.parametrize("model", ["gemma", "llama"])
def test_with_one_feature_left_out_the_edges_differ(shared_data, model):
    matrix, features = answers(shared_data, model), FEATURES[model].split()
    for left_out in features[:1]:
        found = pooled_pc(steered_by(matrix, [feature for feature in features if feature != left_out]))
        assert set(found.reduced) != published(shared_data, model)


@pytest.mark.shared
@pytest.mark.parametrize(("model", "arrows"), [("gemma", 58), ("llama", 52)])
def test_all_pooled_rows_give_the_known_number_of_arrows(shared_data, model, arrows):
    assert len(pooled_pc(answers(shared_data, model)).arrows) == arrows


def test_an_arrow_is_joined_at_least_as_often_as_found_and_found_at_least_as_often_as_kept():
    random = np.random.default_rng(3)
    a, b = random.normal(size=(2, 300))
    c = 0.15 * a + 0.5 * b + random.normal(size=300)
    scores = np.column_stack([a, b, c, c + a + random.normal(size=300)])
    matrix = ResponseMatrix(("a", "b", "c", "d"), scores, tuple(map(str, range(300))))
    arrows = (("a", "c"), ("c", "a"), ("a", "d"), ("b", "d"))
    table = arrow_stability(matrix, arrows, resamples=20, seed=2).set_index(["cause", "effect"])
    assert (table["adjacent"] >= table["found"]).all()
    assert (table["found"] >= table["kept"]).all()
    assert table.loc[("a", "c"), "adjacent"] == table.loc[("c", "a"), "adjacent"]
    assert table.loc[("a", "d")].tolist() != [1.0, 1.0, 1.0]  # often a shortcut of a -> c -> d
    assert 0 < table.loc[("a", "d"), "kept"] < table.loc[("a", "d"), "found"] <= table.loc[("a", "d"), "adjacent"]


@pytest.mark.shared
@pytest.mark.parametrize(("model", "mean"), [("gemma", 0.51), ("llama", 0.42)])
def test_the_kept_table_of_500_resamples_is_about_the_published_arrows(shared_data, model, mean):
    table = pd.read_csv(RESULTS / "published_stability.csv").query("model == @model and resamples == 500")
    assert set(zip(table["cause"], table["effect"], strict=True)) == published(shared_data, model)
    assert (table["used"] >= 490).all()
    assert table["found"].mean() == pytest.approx(mean, abs=0.04)


@pytest.mark.shared
def test_the_kept_table_is_what_the_resamples_give(shared_data):
    matrix = steered_by(answers(shared_data, "gemma"), FEATURES["gemma"].split())
    arrows = tuple(sorted(published(shared_data, "gemma")))
    table = arrow_stability(matrix, arrows, resamples=2, seed=1)
    kept = pd.read_csv(RESULTS / "published_stability.csv").query("model == 'gemma' and resamples == 2")
    assert table.attrs["resamples"] == 2
    pd.testing.assert_frame_equal(table, kept[list(table.columns)].reset_index(drop=True), atol=1e-5)
