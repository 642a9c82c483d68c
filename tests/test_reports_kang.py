"""The report ``kang``: what went up and down, and whether descendants moved more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from report_helpers import given_of, small_answers, small_settings
from statsmodels.stats.proportion import proportion_confint

from causalvalues.errors import ModelError, StudyError
from causalvalues.graph import Dag
from causalvalues.model import LabelPermutations, SteeredChanges, descendants_move_more, lever_effects
from causalvalues.reports import Given
from causalvalues.reports.aims import steered_values
from causalvalues.reports.false_discovery import q_values, t_p_values, wilson
from causalvalues.reports.kang import Kang, kang, report
from causalvalues.reports.kang_changes import change_table, unit_changes
from causalvalues.reports.kang_tests import (
    AS_PUBLISHED,
    BY_OWN,
    MOVED,
    lever_table,
    movement,
    published_rows,
    steered_rows,
)
from causalvalues.reports.settings import KangSettings
from causalvalues.responses import ReadOptions, ResponseMatrix, read_responses

P = st.lists(st.floats(0, 1), min_size=1, max_size=30)


# ---------------------------------------------------------------- many claims at once


@settings(deadline=None)
@given(P)
def test_q_values_are_those_of_benjamini_and_hochberg(p: list[float]) -> None:
    np.testing.assert_allclose(q_values(np.array(p)), scipy.stats.false_discovery_control(p), atol=1e-12)


@settings(deadline=None)
@given(st.integers(0, 50), st.integers(1, 50))
def test_intervals_of_shares_are_those_of_statsmodels(count: int, more: int) -> None:
    low, high = wilson(count, count + more, 0.9)
    assert (low, high) == pytest.approx(proportion_confint(count, count + more, 0.1, "wilson"), abs=1e-9)
    assert np.isnan(wilson(0, 0, 0.9)[0])


def test_p_values_of_means_are_those_of_a_t_test() -> None:
    random = np.random.default_rng(1)
    x = random.normal(0.3, 1, size=(12, 4))
    theirs = scipy.stats.ttest_1samp(x, 0).pvalue
    ours = t_p_values(x.mean(axis=0), x.std(axis=0, ddof=1) / np.sqrt(12), np.full(4, 12.0))
    np.testing.assert_allclose(ours, theirs)
    edges = t_p_values(np.array([0.0, 1.0, 1.0]), np.array([0.0, 0.0, np.nan]), np.array([5.0, 5.0, 1.0]))
    np.testing.assert_array_equal(edges, [1.0, 0.0, np.nan])


# ---------------------------------------------------------------- a made-up study


def _chain(steps: bool = False) -> ResponseMatrix:
    """A lever that moves the first of four values, which moves the second; the others stay."""
    random = np.random.default_rng(2)
    n, names = 30, ("a", "b", "c", "d")
    plain = random.normal(size=(n, 4))
    moved = plain + np.array([1.0, 0.8, 0.0, 0.0]) + 0.05 * random.normal(size=(n, 4))
    other = plain + np.array([0.0, 0.0, 0.0, -1.0]) + 0.05 * random.normal(size=(n, 4))
    scores = np.concatenate([plain, moved, other])
    if steps:
        scores = np.round(scores)
    units = [f"u{i}" for i in range(n)] * 3
    doses = np.zeros((3 * n, 2))
    doses[n : 2 * n, 0], doses[2 * n :, 1] = 1, 1
    labels = {"unit": units}
    ids = [f"r{i}" for i in range(3 * n)]
    return ResponseMatrix(names, scores, ids, labels=labels, cluster_by="unit", levers=("do_a", "push"), doses=doses)


def test_up_down_and_same_are_counted_in_each_unit() -> None:
    matrix = _chain()
    effects = lever_effects(matrix)
    own = steered_values(matrix, {}, effects)
    assert own == {"do_a": ("a", "by name"), "push": ("d", "moved most")}
    found = unit_changes(matrix, effects, 0.1)
    table = change_table(found, effects, own, 0.9).set_index(["lever", "value"])
    apart = matrix.scores[30:60] - matrix.scores[:30]
    for j, value in enumerate(matrix.names):
        row = table.loc[("do_a", value)]
        assert (row["up"], row["down"]) == ((apart[:, j] > 0.1).sum(), (apart[:, j] < -0.1).sum())
        assert row["up"] + row["down"] + row["same"] == row["units"] == 30
        assert row["mean"] == pytest.approx(apart[:, j].mean())
        assert row["p"] == pytest.approx(float(scipy.stats.ttest_1samp(apart[:, j], 0).pvalue), abs=1e-9)
    assert table.loc[("push", "d"), "down"] == 30


def test_steps_of_scores_decide_what_counts_as_the_same() -> None:
    effects = lever_effects(_chain())
    plain = _chain().scores[:30]
    np.testing.assert_allclose(unit_changes(_chain(), effects, None).same, 0.2 * plain.std(axis=0, ddof=1))
    rounded = _chain(steps=True)
    assert not unit_changes(rounded, lever_effects(rounded), None).same.any()


def test_a_graph_that_says_what_moves_is_told_from_one_that_does_not() -> None:
    matrix = _chain()
    effects = lever_effects(matrix)
    found = unit_changes(matrix, effects, 0.1)
    own = {"do_a": ("a", "given")}
    rows = steered_rows(found, own, MOVED)
    right, wrong = Dag.from_edges("abcd", [("a", "b")]), Dag.from_edges("abcd", [("a", "c")])
    one, other = (movement("x", graph, rows, (BY_OWN, MOVED), (2000, 0)) for graph in (right, wrong))
    assert one.expected > 0.9 > 0.5 > one.unexpected  # noqa: PLR0133
    assert one.test.p == pytest.approx(1 / 3)  # a has one descendant in 6 relabelled graphs, and it is b in 2
    assert other.test.p == 1
    assert one.random_p < 0.4 < other.random_p
    table = lever_table(found, own, right, (2000, 0)).set_index("lever")
    assert table.loc["do_a", "expected"] == pytest.approx(one.expected)
    assert table.loc["do_a", "descendants"] == 1


def test_as_published_every_value_that_changed_counts_as_pushed() -> None:
    matrix = _chain()
    found = unit_changes(matrix, lever_effects(matrix), 0.1)
    rows = published_rows(found)
    moved = found.moved == 1
    assert len(rows.steered) == moved.sum()
    counts = {name: rows.steered.count(name) for name in found.values}
    assert counts == {name: int(moved[:, j].sum()) for j, name in enumerate(found.values)}


# ---------------------------------------------------------------- the published data


@pytest.mark.shared
def test_the_published_features_are_levers_and_the_published_test_comes_out(shared_data: Path) -> None:
    folder = shared_data / "value_causal_graph_llm"
    held = json.loads((folder / "value_graph_data1.json").read_text())
    edges = [edge[:2] for edge in held["edges"]["llama"]]
    settings = small_settings(folder / "llama3_8b_17dims_test_steer25.csv.gz")
    data = settings.data.model_copy(
        update={"key": "", "unit": "", "labels": ["steer_dim", "player_name"], "cluster_by": "player_name"}
    ).model_copy(update={"columns": sorted(held["nodes"]), "measures": "unknown"})
    options = ReadOptions(columns=tuple(data.columns), labels=tuple(data.labels), cluster_by="player_name")
    matrix = read_responses(Path(data.path), options)
    from causalvalues.evidence import as_levers

    steered = as_levers(matrix, "steer_dim", "")
    assert len(steered.levers) == 24
    effects = lever_effects(steered)
    found = unit_changes(steered, effects, None)
    assert not found.same.any()
    assert len(found.levers) == 24 * 17
    graph = pd.DataFrame(0, sorted(held["nodes"]), sorted(held["nodes"]))
    for cause, effect in edges:
        graph.loc[cause, effect] = 1
    ours = movement("reference", graph, published_rows(found), (AS_PUBLISHED, MOVED), (500, 1))
    frame = pd.read_csv(data.path)
    frame["player_name"] = frame["player_name"].fillna("")
    plain = frame[frame["steer_dim"].isna()].set_index("player_name")[list(graph)]
    pushed = frame[frame["steer_dim"].notna()]
    changes = SteeredChanges.from_changed_answers(pushed[list(graph)], plain.loc[pushed["player_name"]])
    theirs = descendants_move_more(graph, changes, LabelPermutations(500, "signed", "values"), 1)
    assert ours.test.difference == pytest.approx(theirs.difference, abs=1e-12)
    assert ours.test.p == pytest.approx(theirs.p)
    assert ours.expected - ours.unexpected == pytest.approx(theirs.difference)
    assert ours.test.p > 0.05  # the features move all values alike
    assert np.isnan(ours.random_p)  # the published graph has cycles


# ---------------------------------------------------------------- on the demo answers


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Given:
    answers = small_answers(tmp_path_factory.mktemp("kang"))
    asked = {"permutations": 199, "draws": 10, "reference": [["power", "achievement"], ["achievement", "power"]]}
    return given_of("kang", small_settings(answers, kang=asked))


@pytest.fixture(scope="module")
def found(study: Given) -> Kang:
    return kang(study)


def asking(study: Given, **asked: Any) -> Given:
    other = Given(study.settings, study.folder, KangSettings(**asked))
    other.__dict__.update({name: getattr(study, name) for name in ("answers", "results")})
    return other


def test_every_lever_of_the_demo_raises_its_own_value(found: Kang) -> None:
    own = found.table[found.table["own"]]
    assert len(own) == 10
    assert (own["verdict"] == "up").all()
    assert (own["share_up"] > 0.8).all()
    called = found.table["q"] <= 0.05
    assert (called == (found.table["verdict"] != "not shown")).all()


def test_tests_stand_for_the_learned_graph_and_the_reference(study: Given, found: Kang) -> None:
    assert {each.graph for each in found.tests} == {"learned", "reference"}
    assert found.main is not None
    assert found.main.graph == "learned"
    again = descendants_move_more(
        found.graph,
        steered_rows(found.changes, found.own, MOVED),
        LabelPermutations(199, "signed", "values"),
        study.seed,
    )
    assert found.main.test.difference == pytest.approx(again.difference)
    assert found.main.expected - found.main.unexpected == pytest.approx(again.difference)
    assert len(found.draws) <= 10


def test_the_page_has_the_table_of_features_and_values(study: Given) -> None:
    made = report(study)
    assert set(made.scenes) == {"effects", "nulls"}
    assert "Lever by lever" in repr(made.blocks)
    assert len(made.files["tables/changes.csv"].splitlines()) == 101


@pytest.mark.parametrize(
    ("asked", "kind", "said"),
    [
        ({"own": {"do_powr": "power"}}, ModelError, "There is no lever 'do_powr'. Did you mean 'do_power'"),
        ({"own": {"do_power": "powr"}}, ModelError, "unknown value 'powr'. Did you mean 'power'"),
        ({"reference": [["power"]]}, StudyError, "An edge is a pair"),
        ({"reference": [["power", "securty"]]}, StudyError, "names 'securty'.*Did you mean 'security'"),
    ],
)
def test_levers_and_edges_that_do_not_exist_are_named(
    study: Given, asked: dict[str, Any], kind: type, said: str
) -> None:
    with pytest.raises(kind, match=said):
        kang(asking(study, **asked))
