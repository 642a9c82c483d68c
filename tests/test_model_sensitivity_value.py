"""Sensitivity values: how strong a hidden cause would remove an arrow."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.errors import ModelError
from causalvalues.evidence import summarise
from causalvalues.graph import Dag
from causalvalues.model import MaximumLikelihood, fit
from causalvalues.model.sensitivity_value import SensitivitySettings, robustness_value, sensitivity_values

EDGES = [("x", "d"), ("w", "d"), ("x", "y"), ("w", "y"), ("d", "y")]


def data(n: int = 300, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=(2, n))
    d = 0.5 * x + 0.3 * w + rng.normal(size=n)
    y = 0.4 * d + 0.5 * x + 0.4 * w + rng.normal(size=n)
    return pd.DataFrame({"d": d, "w": w, "x": x, "y": y})


def residual(column: np.ndarray, others: np.ndarray) -> np.ndarray:
    basis = np.column_stack([np.ones(len(column)), others])
    return column - basis @ np.linalg.lstsq(basis, column, rcond=None)[0]


def adjusted(rows: pd.DataFrame, hidden: np.ndarray) -> float:
    basis = np.column_stack([np.ones(len(rows)), rows[["d", "x", "w"]], hidden])
    return float(np.linalg.lstsq(basis, rows["y"].to_numpy(), rcond=None)[0][1])


def confounder(rows: pd.DataFrame, on_cause: float, on_effect: float) -> np.ndarray:
    """A column that explains these shares of what is left of d (given x, w) and of y (given d, x, w)."""
    given_columns = rows[["x", "w"]].to_numpy()
    d = residual(rows["d"].to_numpy(), given_columns)
    y = residual(rows["y"].to_numpy(), np.column_stack([given_columns, d]))
    free = residual(np.random.default_rng(9).normal(size=len(rows)), np.column_stack([given_columns, d, y]))
    unit = [column / np.linalg.norm(column) for column in (d, y, free)]
    left = 1 - on_cause
    parts = np.sqrt([on_cause, left * on_effect, left * (1 - on_effect)])
    return sum(part * column for part, column in zip(parts, unit, strict=True))


def arrow(table: pd.DataFrame, cause: str, effect: str) -> pd.Series:
    return table[(table["cause"] == cause) & (table["effect"] == effect)].iloc[0]


def test_a_confounder_of_exactly_the_robustness_value_makes_the_adjusted_estimate_zero():
    rows = data()
    found = arrow(sensitivity_values(Dag.from_edges(rows.columns, EDGES), summarise(rows)), "d", "y")
    hidden = confounder(rows, found["robustness"], found["robustness"])
    assert abs(adjusted(rows, hidden)) < 1e-10
    weaker = confounder(rows, 0.9 * found["robustness"], 0.9 * found["robustness"])
    assert adjusted(rows, weaker) > 0.01


def test_the_sentence_speaks_of_the_estimate_and_takes_the_arrow_for_given():
    dag, evidence = Dag.from_edges("dwxy", EDGES), summarise(data())
    for share, said in ((1.0, "cannot bring the estimate to zero, if the arrow is there"), (0.5, "by 50%, if the")):
        table = sensitivity_values(dag, evidence, SensitivitySettings(share=share))
        assert table["meaning"].str.contains(said, regex=False).all()


def test_a_share_of_one_half_halves_the_estimate():
    rows = data()
    how = SensitivitySettings(share=0.5)
    found = arrow(sensitivity_values(Dag.from_edges(rows.columns, EDGES), summarise(rows), how), "d", "y")
    hidden = confounder(rows, found["robustness"], found["robustness"])
    assert adjusted(rows, hidden) == pytest.approx(found["estimate"] / 2, abs=1e-10)


def test_a_confounder_that_explains_all_of_the_effect_needs_the_partial_r2_of_the_cause():
    rows = data()
    found = arrow(sensitivity_values(Dag.from_edges(rows.columns, EDGES), summarise(rows)), "d", "y")
    assert abs(adjusted(rows, confounder(rows, found["partial_r2"], 1.0 - 1e-13))) < 1e-6


def test_the_significance_value_leaves_t_at_its_critical_value():
    rows = data()
    found = arrow(sensitivity_values(Dag.from_edges(rows.columns, EDGES), summarise(rows)), "d", "y")
    hidden = confounder(rows, found["robustness_significant"], found["robustness_significant"])
    basis = np.column_stack([np.ones(len(rows)), rows[["d", "x", "w"]], hidden])
    slopes, rest = np.linalg.lstsq(basis, rows["y"].to_numpy(), rcond=None)[:2]
    error = np.sqrt(rest[0] / (len(rows) - 5) * np.linalg.inv(basis.T @ basis)[1, 1])
    assert slopes[1] / error == pytest.approx(1.968, abs=0.001)  # t quantile .975, 295 degrees of freedom


def test_published_numbers_of_the_darfur_example():
    # Cinelli and Hazlett (2020), table 1: t 4.18, 783 degrees of freedom
    assert robustness_value(4.184, 783) == pytest.approx(0.139, abs=5e-4)
    assert robustness_value(4.184, 783, alpha=0.05) == pytest.approx(0.076, abs=5e-4)


@settings(max_examples=60, deadline=None)
@given(t=st.floats(0, 80), freedom=st.floats(5, 2000), share=st.floats(0.1, 1.0))
def test_robustness_solves_its_equation_and_grows_with_t(t: float, freedom: float, share: float):
    value = robustness_value(t, freedom, share)
    assert 0 <= value < 1
    assert value**2 / (1 - value) == pytest.approx(share**2 * t**2 / freedom, rel=1e-6, abs=1e-12)
    assert robustness_value(t + 1, freedom, share) > value
    assert robustness_value(-t, freedom, share) == value
    assert robustness_value(t, freedom, share, 0.05) <= value


def bound(rows: pd.DataFrame, k: float) -> tuple[float, float]:
    """Strength of a confounder k times as strong as x, as sensemakr's ovb_partial_r2_bound has it."""
    d, y, x = (rows[name].to_numpy() for name in "dyx")
    w = rows[["w"]].to_numpy()
    on_d = np.corrcoef(residual(d, w), residual(x, w))[0, 1] ** 2
    wd = rows[["w", "d"]].to_numpy()
    on_y = np.corrcoef(residual(y, wd), residual(x, wd))[0, 1] ** 2
    r_d = k * on_d / (1 - on_d)
    shared = k * on_d**2 / ((1 - k * on_d) * (1 - on_d))
    return r_d, ((np.sqrt(k) + np.sqrt(shared)) / np.sqrt(1 - shared)) ** 2 * on_y / (1 - on_y)


def test_so_many_times_the_benchmark_is_just_enough():
    rows = data()
    edges = [("x", "d"), ("w", "d"), ("x", "y"), ("d", "y"), ("w", "y")]
    found = arrow(sensitivity_values(Dag.from_edges(rows.columns, edges), summarise(rows)), "d", "y")
    assert found["benchmark"] == "x"
    assert abs(adjusted(rows, confounder(rows, *bound(rows, found["times_benchmark"])))) < 1e-8
    assert adjusted(rows, confounder(rows, *bound(rows, 0.8 * found["times_benchmark"]))) > 0.01


def test_the_estimate_is_the_direct_effect_of_the_fitted_model():
    rows = data()
    dag = Dag.from_edges(rows.columns, EDGES)
    table = sensitivity_values(dag, summarise(rows))
    model = fit(dag, summarise(rows), MaximumLikelihood())
    for found in table.itertuples():
        assert found.estimate == pytest.approx(model.mean_coefficients.loc[found.cause, found.effect], rel=1e-9)


def test_a_posterior_averages_over_the_graphs_that_have_the_arrow():
    rows = data(200, 1)
    evidence = summarise(rows)
    posterior = discover(evidence, ExactPosterior(draws=40))
    found = arrow(sensitivity_values(posterior, evidence), "d", "y")
    place = [posterior.names.index(name) for name in ("d", "y")]
    total, weight = 0.0, 0.0
    for number in np.flatnonzero(posterior.draws[:, place[0], place[1]]):
        one = arrow(sensitivity_values(posterior.dag(int(number)), evidence), "d", "y")
        total += posterior.weights[number] * one["robustness"]
        weight += posterior.weights[number]
    assert found["probability"] == pytest.approx(weight)
    assert found["robustness"] == pytest.approx(total / weight)
    assert found["lower"] <= found["robustness"] <= found["upper"]


def test_units_and_the_order_of_the_columns_change_nothing():
    rows = data()
    first = sensitivity_values(Dag.from_edges(rows.columns, EDGES), summarise(rows))
    turned = (rows * [1e6, 1e-4, 1, 10])[["y", "x", "w", "d"]]
    second = sensitivity_values(Dag.from_edges(turned.columns, EDGES), summarise(turned))
    assert second["robustness"].to_numpy() == pytest.approx(first["robustness"].to_numpy(), rel=1e-8)
    assert list(second["cause"] + second["effect"]) == list(first["cause"] + first["effect"])


def test_other_values_and_too_few_rows_are_refused():
    rows = data()
    dag = Dag.from_edges(["d", "y"], [("d", "y")])
    with pytest.raises(ModelError, match="w, x"):
        sensitivity_values(dag, summarise(rows))
    with pytest.raises(ModelError, match="too few"):
        sensitivity_values(Dag.from_edges(rows.columns, EDGES), summarise(rows.iloc[:6]))
    with pytest.raises(ModelError, match="share"):
        SensitivitySettings(share=0.0)
