"""Which edges would measurement error make, and which hang on a single item?"""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.discovery.item_stability import item_stability
from causalvalues.discovery.measurement_error import expected_false_edges
from causalvalues.errors import DataError, DiscoveryError
from causalvalues.evidence import Evidence, summarise
from causalvalues.evidence.corrected_moments import CorrectedMoments
from causalvalues.evidence.reliability import reliability
from causalvalues.graph import Knowledge
from causalvalues.responses import ResponseMatrix, demo_responses, score
from causalvalues.theories import ItemKey, ScoringKey, scoring_key

NAMES = tuple("abcde")


def chain(n: int, noise: float = 0.0) -> Evidence:
    """a -> b -> c -> d -> e, measured with error of the given variance (exact moments)."""
    slopes = np.eye(5) - 0.6 * np.eye(5, k=1)
    covariance = np.linalg.inv(slopes).T @ np.diag([1.0, *[0.64] * 4]) @ np.linalg.inv(slopes)
    scatter = (covariance + noise * np.eye(5)) * n
    return Evidence(NAMES, np.zeros(5), scatter, n, float(n), np.full((5, 5), float(n)))


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "benchmarks" / "measurement_error.py"
    spec = importlib.util.spec_from_file_location("measurement_error_benchmark", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_raw_scores_make_more_false_edges_the_more_rows_and_corrected_moments_do_not(benchmark: ModuleType) -> None:
    few = benchmark.cell(240, 6, ("raw",))
    many = benchmark.cell(10_000, 6, ("raw", "naive", "corrected, one"))
    assert few["raw"]["false"] <= 0.08
    assert many["raw"]["false"] >= 0.15
    assert many["naive"]["false"] >= 0.25
    assert many["corrected, one"]["false"] <= 0.07
    assert many["corrected, one"]["found"] >= 0.85
    assert many["corrected, one"]["effective n"] < 2000


def test_a_lever_of_one_value_seems_to_act_on_the_next_when_answers_are_unreliable(benchmark: ModuleType) -> None:
    shares = benchmark.lever_table(736, 20)
    assert shares[1.0] < 0.2
    assert shares[0.65] > shares[1.0] + 0.2
    assert shares[0.45] > shares[0.65] + 0.1


# Expected false edges


def test_expected_false_edges_are_few_without_error_and_grow_with_rows_and_error() -> None:
    share = dict.fromkeys(NAMES, 0.45)
    perfect = expected_false_edges(chain(5000), dict.fromkeys(NAMES, 1.0), repeats=15)
    few = expected_false_edges(chain(150, noise=1 / 0.45 - 1), share, repeats=15)
    many = expected_false_edges(chain(5000, noise=1 / 0.45 - 1), share, repeats=15)
    assert perfect.expected() <= 0.05
    assert not perfect.blocks()
    assert few.expected() < many.expected()
    assert many.expected() > 0.3
    assert many.blocks()
    assert many.edges == 4
    assert many.n == 5000
    assert not many.blocks("corrected")
    found = many.table.set_index(["graph", "scores"])["found"]
    assert found["learned", "corrected"] > 0.9


def test_uncertain_reliabilities_cost_the_corrected_moments_power() -> None:
    evidence = chain(500, noise=1.0)
    tables = [
        expected_false_edges(evidence, dict.fromkeys(NAMES, 0.5), dict.fromkeys(NAMES, error), repeats=15).table
        for error in (0.0, 0.1)
    ]
    sure, unsure = (table.set_index(["graph", "scores"]) for table in tables)
    assert unsure.loc[("learned", "corrected"), "found"] < sure.loc[("learned", "corrected"), "found"]
    assert unsure.loc[("learned", "corrected"), "false"] <= 0.1


def test_findings_say_that_claims_are_blocked_and_learning_is_not() -> None:
    [blocked] = expected_false_edges(chain(5000, noise=1.2), dict.fromkeys(NAMES, 0.45), repeats=8).findings()
    assert (blocked.code, blocked.severity) == ("CV602", "warning")
    assert "'a' (0.45)" in blocked.where
    assert "from corrected moments (which find" in blocked.message
    assert "Claims about direct effects and paths are blocked" in blocked.remedy
    assert "CorrectedMoments(key)" in blocked.remedy
    [fine] = expected_false_edges(chain(300), dict.fromkeys(NAMES, 1.0), repeats=8).findings()
    assert (fine.code, fine.severity) == ("CV603", "note")


def test_same_seed_gives_the_same_shares_in_any_order_of_columns() -> None:
    evidence = chain(300, noise=0.5)
    order = [3, 0, 4, 2, 1]
    other = replace(evidence, names=tuple(NAMES[i] for i in order), scatter=evidence.scatter[np.ix_(order, order)])
    share = dict(zip(NAMES, (0.5, 0.6, 0.7, 0.8, 0.9), strict=True))
    first = expected_false_edges(evidence, share, repeats=4, seed=3)
    again = expected_false_edges(other, dict(reversed(share.items())), repeats=4, seed=3)
    pd.testing.assert_frame_equal(first.table, again.table, check_exact=True)
    assert not first.table.equals(expected_false_edges(evidence, share, repeats=4, seed=4).table)


def test_reliabilities_can_be_the_column_of_a_table() -> None:
    given = dict.fromkeys(NAMES, 0.7) | {"b": 0.5}
    errors = dict.fromkeys(NAMES, 0.05)
    column = expected_false_edges(chain(400), pd.Series(given), pd.Series(errors), repeats=2, seed=3)
    by_name = expected_false_edges(chain(400), given, errors, repeats=2, seed=3)
    pd.testing.assert_frame_equal(column.table, by_name.table)
    assert column.reliabilities == by_name.reliabilities == given


def test_reliabilities_that_make_no_sense_are_refused_by_name() -> None:
    share = dict.fromkeys(NAMES, 0.5)
    with pytest.raises(DataError, match="No reliability was given for 'e'"):
        expected_false_edges(chain(300), dict.fromkeys("abcd", 0.5))
    with pytest.raises(DataError, match=r"'b' \(-0.1\)"):
        expected_false_edges(chain(300), share | {"b": -0.1})
    with pytest.raises(DataError, match="no value 'f'"):
        expected_false_edges(chain(300), share | {"f": 0.5})
    with pytest.raises(DiscoveryError, match="one repeat"):
        expected_false_edges(chain(300), share, repeats=0)


def test_claims_about_direct_effects_are_blocked_on_the_demo_answers() -> None:
    matrix, key = demo_responses(), scoring_key("smollm2-demo")
    table = reliability(matrix, key)
    found = expected_false_edges(
        summarise(score(matrix, key)), table["alpha"].to_dict(), table["alpha_se"].to_dict(), repeats=6
    )
    assert found.blocks()
    assert 0.1 < found.expected() < 0.4


# Stability


KEY = ScoringKey("five", "Five", "none", {f"{name}_{i}": ItemKey(name) for name in "abc" for i in range(3)})


def contaminated(n: int = 500) -> ResponseMatrix:
    """Three unrelated values; one item of a also measures c. b causes c."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, n))
    c = 0.6 * b + rng.normal(size=n)
    columns = [x + 0.5 * rng.normal(size=n) for x in (a, b, c) for _ in range(3)]
    columns[1] = columns[1] + 1.5 * c
    return ResponseMatrix(tuple(KEY.items), np.column_stack(columns), tuple(map(str, range(n))))


def test_an_edge_that_one_item_makes_is_named_with_that_item() -> None:
    found = item_stability(contaminated(), KEY)
    pairs = {frozenset((row["cause"], row["effect"])): row for row in found.pairs.to_dict("records")}
    spurious, true = pairs[frozenset("ac")], pairs[frozenset("bc")]
    assert spurious["adjacent"] > 0.9
    assert spurious["lowest"] < 0.5
    assert spurious["lowest_item"] == "a_1"
    assert not spurious["stable"]
    assert true["stable"]
    assert true["lowest"] > 0.9
    assert found.kept == ()
    assert len(found.items) == 9 * 3


@pytest.mark.parametrize("corrected", [False, True])
def test_each_row_equals_learning_without_that_item(corrected: bool) -> None:
    matrix = contaminated(200)
    method = ExactPosterior(draws=1, moment_draws=0)
    found = item_stability(matrix, CorrectedMoments(KEY) if corrected else KEY, method)
    key = KEY.subset([item for item in KEY.items if item != "b_2"])
    left = matrix.drop(["b_2"])
    evidence = summarise(left, moments=CorrectedMoments(key)) if corrected else summarise(score(left, key))
    expected = discover(evidence, method)
    for row in found.items[found.items["item"] == "b_2"].to_dict("records"):
        edge = expected.edge_probabilities
        both = edge.loc[row["cause"], row["effect"]] + edge.loc[row["effect"], row["cause"]]
        assert row["adjacent"] == both
        assert row["direction"] == edge.loc[row["cause"], row["effect"]] / both


def test_lowest_and_highest_are_those_of_the_long_table_in_any_order_of_columns() -> None:
    matrix = contaminated(150)
    found = item_stability(matrix, KEY, knowledge=Knowledge(forbidden=[("a", "b")]))
    for row in found.pairs.to_dict("records"):
        part = found.items[(found.items["cause"] == row["cause"]) & (found.items["effect"] == row["effect"])]
        assert (row["lowest"], row["highest"]) == (part["adjacent"].min(), part["adjacent"].max())
        assert row["lowest_item"] in set(part.loc[part["adjacent"] == row["lowest"], "item"])
    order = np.random.default_rng(1).permutation(9)
    shuffled = replace(matrix, names=tuple(matrix.names[j] for j in order), scores=matrix.scores[:, order],
                       status=matrix.status[:, order])  # fmt: skip
    again = item_stability(shuffled, KEY, knowledge=Knowledge(forbidden=[("a", "b")]))
    pd.testing.assert_frame_equal(found.pairs, again.pairs, check_exact=True)
    pd.testing.assert_frame_equal(found.items, again.items, check_exact=True)
    ab = found.items[(found.items["cause"] == "b") & (found.items["effect"] == "a")]
    assert len(ab) == 9
    assert (ab["direction"] == 1.0).all()


def test_items_without_which_a_dimension_has_too_few_are_kept() -> None:
    matrix = contaminated(150)
    short = KEY.subset(["a_0", *list(KEY.items)[3:]])
    found = item_stability(matrix.drop(["a_1", "a_2"]), short)
    assert found.kept == ("a_0",)
    assert set(found.items["item"]) == set(KEY.items) - {"a_0", "a_1", "a_2"}
    pair = KEY.subset([item for item in KEY.items if not item.endswith("2")])
    with pytest.raises(DataError, match="No item of five can be left out"):
        item_stability(matrix, CorrectedMoments(pair))
