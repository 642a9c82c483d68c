"""Expected and unexpected changes averaged over steered values, as published for language models."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from causalvalues.errors import ModelError
from causalvalues.graph import Dag
from causalvalues.model import LabelPermutations, MovementTest, SteeredChanges, descendants_move_more

VALUES = LabelPermutations(magnitude="signed", average="values")
FEATURES = {
    "gemma": "14351 1025 2965 10096 1341 1975 10605 14049 1312 4752",
    "llama": "49202 58305 8546 12477 7754 9332 1897 62769 47207 54606",
}
FILES = {"gemma": "gemma2b_17dims_test_steer25.csv.gz", "llama": "llama3_8b_17dims_test_steer25.csv.gz"}


def published_statistic(graph: nx.DiGraph, changes: list[tuple[str, dict[str, float]]]) -> float:
    """Mean over steered values of the mean over descendants, less the same of the others, in plain loops."""
    expected, unexpected = [], []
    for value in sorted(graph):
        for side, means in ((True, expected), (False, unexpected)):
            cells = [
                change
                for steered, row in changes
                for other, change in row.items()
                if steered == value and other != value and (other in nx.descendants(graph, value)) == side
            ]
            if cells:
                means.append(np.mean(cells))
    return float(np.mean(expected) - np.mean(unexpected)) if expected and unexpected else float("nan")


@pytest.mark.parametrize("seed", range(6))
def test_the_mean_over_steered_values_and_its_exact_p_equal_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = list("cadeb")
    graph = nx.DiGraph([("a", "b"), ("b", "a"), ("b", "c"), ("d", "c")] if seed % 2 else [("a", "b"), ("c", "b")])
    graph.add_nodes_from(names)
    steered = ["a", "b", "a", "d", "c", "a"]  # unequally often, and never e
    moved = pd.DataFrame(rng.normal(size=(6, 5)), columns=names)
    pairs = [(value, dict(row)) for value, (_, row) in zip(steered, moved.iterrows(), strict=True)]
    frame = nx.to_pandas_adjacency(graph, nodelist=names)
    found = descendants_move_more(frame, SteeredChanges.from_frame(moved, steered), VALUES)
    observed = published_statistic(graph, pairs)
    null = np.array(
        [
            published_statistic(nx.relabel_nodes(graph, dict(zip(sorted(names), labels, strict=True))), pairs)
            for labels in itertools.permutations(sorted(names))
        ]
    )
    null = null[~np.isnan(null)]
    assert found.exact
    assert found.standard_error == 0
    assert found.difference == pytest.approx(observed)
    np.testing.assert_allclose(np.sort(found.permuted), np.sort(null), atol=1e-12)
    assert found.p == pytest.approx(np.mean(null >= observed - 1e-12))


def test_each_steered_value_counts_once_however_often_it_was_pushed() -> None:
    chain = Dag.from_edges("abcd", [("a", "b"), ("b", "c")])
    moved = pd.DataFrame([[0, 4, 2, 1], [0, 4, 2, 1], [0, 4, 2, 1], [1, 0, 5, 3]], columns=list("abcd"), dtype=float)
    found = descendants_move_more(chain, SteeredChanges.from_frame(moved, ["a", "a", "a", "b"]), VALUES)
    assert found.difference == pytest.approx((3 + 5) / 2 - (1 + 2) / 2)
    cells = descendants_move_more(chain, SteeredChanges.from_frame(moved, ["a", "a", "a", "b"]))
    assert cells.difference == pytest.approx((3 * 6 + 5) / 7 - (3 * 1 + 1 + 3) / 5)
    leaf = descendants_move_more(chain, SteeredChanges.from_frame(moved, ["a", "a", "a", "c"]), VALUES)
    assert leaf.difference == pytest.approx(3 - (1 + (1 + 0 + 3) / 3) / 2)  # c has others, and no descendant


def test_the_monte_carlo_error_is_that_of_repeated_permutations() -> None:
    names = tuple(f"v{j}" for j in range(9))
    dag = Dag.from_edges(names, list(itertools.pairwise(names[:5])))
    changes = SteeredChanges(names, names, np.random.default_rng(2).normal(size=(9, 9)))
    few = LabelPermutations(number=300, average="values")
    tests = [descendants_move_more(dag, changes, few, seed) for seed in range(60)]
    spread = float(np.std([test.p for test in tests], ddof=1))
    assert 0.7 < spread / np.mean([test.standard_error for test in tests]) < 1.3


def test_every_value_that_changed_counts_as_pushed() -> None:
    before = pd.DataFrame([[0.5, 1.0, np.nan], [0.0, 0.0, 0.0]], columns=list("cab"))
    after = pd.DataFrame([[0.0, 0.0, 0.5], [0.0, 0.3, 0.1]], columns=list("abc"))
    found = SteeredChanges.from_changed_answers(after, before)
    assert found.names == ("a", "b", "c")
    assert found.steered == ("a", "b", "c")  # a in the first row; b and c in the second
    np.testing.assert_array_equal(found.changes, [[1, np.nan, 0], [0, 1, 1], [0, 1, 1]])
    np.testing.assert_array_equal(found.weights, np.ones((3, 3)))
    one = SteeredChanges.from_changed_answers(after, pd.Series({"b": 0.0, "c": 0.5, "a": 0.0}))
    assert one.steered == ("b", "c")


def test_answers_that_do_not_belong_together_or_did_not_change_are_refused() -> None:
    after = pd.DataFrame([[0.0, 1.0]], columns=["a", "b"])
    with pytest.raises(ModelError, match="differ in their columns"):
        SteeredChanges.from_changed_answers(after, pd.Series({"a": 0.0, "c": 1.0}))
    with pytest.raises(ModelError, match="differ in their columns"):
        SteeredChanges.from_changed_answers(after, pd.concat([after, after]))
    with pytest.raises(ModelError, match="No answer changed"):
        SteeredChanges.from_changed_answers(after, after)


# ---------------------------------------------------------------- the published table


class Published:
    """The published graph of a model, its test answers, and its table of changes."""

    def __init__(self, folder: Path, model: str) -> None:
        edges = json.loads((folder / "value_graph_data1.json").read_text())
        self.values = sorted(edges["nodes"])
        self.graph = pd.DataFrame(0, self.values, self.values)
        for cause, effect, *_ in edges["edges"][model]:
            self.graph.loc[cause, effect] = 1
        answers = pd.read_csv(folder / FILES[model])
        answers["player_name"] = answers["player_name"].fillna("")
        self.plain = answers[answers["steer_dim"].isna()].set_index("player_name")[self.values]
        self.steered = answers[answers["steer_dim"].isin([int(feature) for feature in FEATURES[model].split()])]
        self.table = pd.read_csv(folder / f"paper_table2_{model}.csv", index_col=0)

    def prompt(self) -> MovementTest:
        return self.tested(self.plain.iloc[2:], self.plain.iloc[1])

    def sae(self, roles: list[str]) -> MovementTest:
        some = self.steered[self.steered["player_name"].isin(roles)]
        return self.tested(some[self.values], self.plain.loc[some["player_name"]])

    def tested(self, after: pd.DataFrame, before: pd.DataFrame | pd.Series) -> MovementTest:
        changes = SteeredChanges.from_changed_answers(after, before)
        return descendants_move_more(self.graph, changes, VALUES, seed=1)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("model", "channel", "p"),
    [("gemma", "prompt", 0.20), ("gemma", "sae", 0.31), ("llama", "prompt", 0.24), ("llama", "sae", 0.006)],
)
def test_the_published_table_comes_out_and_its_p_values(shared_data: Path, model: str, channel: str, p: float) -> None:
    data = Published(shared_data / "value_causal_graph_llm", model)
    found = data.prompt() if channel == "prompt" else data.sae(["Mary Holt"])
    assert len(found.permuted) + found.undefined == 2000
    for side in ("expected", "unexpected"):
        theirs = data.table.loc[f"mean_scorechange__{channel}_ours_{side}"]
        np.testing.assert_allclose(found.table[side].reindex(theirs.index), theirs, atol=1e-12)
    assert found.difference == pytest.approx(found.table["expected"].mean() - found.table["unexpected"].mean())
    assert found.p == pytest.approx(p, abs=0.03)


@pytest.mark.shared
def test_over_all_roles_nothing_is_left_of_the_small_p_of_one(shared_data: Path) -> None:
    data = Published(shared_data / "value_causal_graph_llm", "llama")
    assert data.sae([role for role in data.plain.index if role]).p == pytest.approx(0.20, abs=0.03)
    assert data.sae(["Mary Holt"]).p < 0.02
