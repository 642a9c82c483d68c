"""Conditions are held against what learning assumes of them: other equations stay, forced values lose their causes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from causalvalues.errors import ModelError
from causalvalues.evidence import Environments, environments
from causalvalues.graph import Dag
from causalvalues.model.condition_checks import CUT, SAME, condition_checks
from causalvalues.responses import ResponseMatrix

CHAIN = Dag.from_edges("abc", [("a", "b"), ("b", "c")])
FORCED = {"seen": (), "set b": ("b",), "set a": ("a",)}


def chain(seed: int, n: int = 60, soft: bool = False, stray: float = 0.0, clusters: int = 0) -> ResponseMatrix:
    rng = np.random.default_rng(seed)
    blocks = []
    for condition in FORCED:
        a = rng.normal(size=n) + 1.0 * (condition == "set a")
        cause = 0.8 * a if soft or condition != "set b" else 0.0
        b = cause + rng.normal(size=n) + 1.0 * (condition == "set b")
        c = 0.8 * b + rng.normal(size=n) + stray * (condition == "set a")
        blocks.append(np.column_stack([a, b, c]))
    labels = {"condition": [condition for condition in FORCED for _ in range(n)]}
    if clusters:
        labels["persona"] = [f"p{i % clusters}" for i in range(3 * n)]
    ids = [str(i) for i in range(3 * n)]
    by = "persona" if clusters else ""
    return ResponseMatrix(tuple("abc"), np.concatenate(blocks), ids, labels=labels, cluster_by=by)


def seen(matrix: ResponseMatrix) -> Environments:
    return environments(matrix, "condition", FORCED)


def test_the_tests_equal_those_of_statsmodels() -> None:
    import statsmodels.formula.api as smf

    matrix = chain(1)
    table = condition_checks(CHAIN, seen(matrix)).set_index(["value", "condition"])
    frame = matrix.frame()
    here = (frame["condition"] == "set a").astype(float)
    free = frame.assign(here=here)
    whole, apart = smf.ols("c ~ b", free).fit(), smf.ols("c ~ b * here", free).fit()
    f, p, df = apart.compare_f_test(whole)
    row = table.loc[("c", "set a")]
    assert row["assumption"] == SAME
    assert (row["f"], row["p"], row["df1"]) == (pytest.approx(f), pytest.approx(p), df)
    assert row["df2"] == apart.df_resid
    cut = smf.ols("b ~ a", frame[frame["condition"] == "set b"]).fit()
    row = table.loc[("b", "set b")]
    assert row["assumption"] == CUT
    assert (row["f"], row["p"]) == (pytest.approx(cut.fvalue), pytest.approx(cut.f_pvalue))


def test_with_an_intercept_for_each_condition_the_slopes_are_compared_and_shifts_do_not_matter() -> None:
    """Environments made within conditions; the oracle has a dummy for each of them."""
    import statsmodels.formula.api as smf

    matrix = chain(1, stray=3.0)
    frame = matrix.frame()
    free = frame.assign(here=(frame["condition"] == "set a").astype(float))
    whole = smf.ols("c ~ b + C(condition)", free).fit()
    apart = smf.ols("c ~ b + b:here + C(condition)", free).fit()
    f, p, df = apart.compare_f_test(whole)
    table = condition_checks(CHAIN, environments(matrix, "condition", FORCED, within="condition"))
    row = table.set_index(["value", "condition"]).loc[("c", "set a")]
    assert (row["f"], row["p"], row["df1"]) == (pytest.approx(f), pytest.approx(p), df)
    assert row["df2"] == apart.df_resid


def test_p_values_are_uniform_when_the_assumptions_hold() -> None:
    found = pd.concat([condition_checks(CHAIN, seen(chain(seed))) for seed in range(1000, 1150)])
    for assumption in (SAME, CUT):
        p = found.loc[found["assumption"] == assumption, "p"]
        assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.05)
        assert p.mean() == pytest.approx(0.5, abs=0.09)


def test_a_shift_that_leaves_the_causes_in_place_and_a_stray_effect_are_found() -> None:
    soft = condition_checks(CHAIN, seen(chain(0, soft=True))).iloc[0]
    assert tuple(soft[["value", "condition", "assumption"]]) == ("b", "set b", CUT)
    assert soft["p_holm"] < 0.001
    stray = condition_checks(CHAIN, seen(chain(0, stray=1.5)))
    assert stray.iloc[0]["p_holm"] < 0.001
    assert stray.loc[0, "assumption"] == SAME
    assert stray.loc[0, "value"] == "c"


def test_a_value_that_was_fixed_has_nothing_to_test_and_singular_causes_cost_no_degree_of_freedom() -> None:
    matrix = chain(3)
    fixed = np.array(matrix.scores)
    fixed[np.array(matrix.labels["condition"]) == "set b", 1] = 1.0
    found = seen(ResponseMatrix(matrix.names, fixed, matrix.unit_ids, labels=matrix.labels))
    table = condition_checks(CHAIN, found).set_index(["value", "condition"])
    assert ("b", "set b") not in table.index
    assert table.loc[("c", "set b"), "df1"] == 1  # the level alone: the slope cannot be seen there
    assert table.loc[("c", "set a"), "df1"] == 2


def test_effective_rows_count_and_small_conditions_are_left_out() -> None:
    clustered = condition_checks(CHAIN, seen(chain(2, clusters=10)))
    assert (clustered["df2"] < condition_checks(CHAIN, seen(chain(2)))["df2"].max()).all()
    matrix = chain(2)
    keep = np.array(matrix.labels["condition"]) != "set b"
    keep[np.flatnonzero(~keep)[:3]] = True
    assert "set b" not in set(condition_checks(CHAIN, seen(matrix.rows(keep)))["condition"])


def test_other_values_are_refused() -> None:
    with pytest.raises(ModelError, match="differ in the values c, d"):
        condition_checks(Dag.from_edges("abd", [("a", "b")]), seen(chain(0)))
