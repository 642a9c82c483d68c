"""Bad and extreme evidence: questions to models are answered rightly, or an error names the offender."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import causalvalues as cv
from causalvalues.errors import CausalValuesError, ModelError
from causalvalues.model import Exchange, GraphNulls, at_equal_n, held_out_prediction, ida_over_draws, joint_ida
from causalvalues.responses import ResponseMatrix
from causalvalues.theories import ItemKey, ScoringKey

ROWS = pd.DataFrame(np.random.default_rng(1).normal(size=(60, 4)), columns=list("abcd"))
CHAIN = cv.Dag.from_edges("abcd", [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")])
STILL = ROWS.assign(c=0.1)
TWIN = ROWS.assign(d=ROWS["a"])
QUESTIONS: dict[str, Callable[[pd.DataFrame], object]] = {
    "ida": lambda rows: cv.ida(cv.summarise(rows), CHAIN),
    "joint_ida": lambda rows: joint_ida(cv.summarise(rows), CHAIN, ["a"], "d"),
    "sensitivity_values": lambda rows: cv.sensitivity_values(CHAIN, cv.summarise(rows)),
    "fit_indices": lambda rows: cv.fit_indices(CHAIN, cv.summarise(rows)),
    "held_out_prediction": lambda rows: held_out_prediction(CHAIN, cv.summarise(rows), cv.summarise(ROWS)),
    "falsify": lambda rows: cv.falsify(rows, CHAIN, cv.HeldOut(nulls=GraphNulls(20, 20))),
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("rows", [STILL, TWIN, ROWS.assign(d=ROWS["a"] + ROWS["b"])], ids=["constant", "twin", "sum"])
def test_values_that_are_constant_or_dependent_are_refused(question: str, rows: pd.DataFrame) -> None:
    with pytest.raises(CausalValuesError, match=r"[Dd]rop"):
        QUESTIONS[question](rows)


def test_assumption_tests_name_a_constant_value_and_one_cluster() -> None:
    with pytest.raises(ModelError, match="'c' does not vary"):
        cv.assumption_tests(STILL, CHAIN)
    rows = ResponseMatrix(tuple("abcd"), ROWS.to_numpy(), tuple(map(str, range(60))), labels={"k": ["x"] * 60})
    with pytest.raises(ModelError, match="one cluster"):
        cv.assumption_tests(replace(rows, cluster_by="k"), CHAIN)


def test_assumption_tests_skip_a_value_that_its_causes_explain_fully() -> None:
    found = cv.assumption_tests(TWIN, CHAIN)
    assert sum("explain it fully" in line for line in found.skipped) == 4
    assert "d" not in set(found.table["value"])
    assert np.isfinite(found.table["p"].to_numpy(dtype=float)).all()


def test_assumption_tests_do_not_depend_on_the_unit() -> None:
    one, other = cv.assumption_tests(ROWS, CHAIN), cv.assumption_tests(ROWS * 1e-99, CHAIN)
    np.testing.assert_allclose(one.table["p"].astype(float), other.table["p"].astype(float), rtol=1e-6)


def test_too_few_rows_for_bootstrap_draws_of_effects_are_named() -> None:
    few = cv.summarise(ROWS[:6])
    with pytest.raises(ModelError, match="too few clusters or rows"):
        ida_over_draws(cv.discover(few, cv.ExactPosterior(draws=60)), few, seed=1)


def test_levels_of_intervals_are_checked() -> None:
    evidence = cv.summarise(ROWS)
    with pytest.raises(ModelError, match="level of an interval is 2"):
        ida_over_draws(cv.discover(evidence, cv.ExactPosterior(draws=10)), evidence, level=2)


def test_comparisons_name_missing_evidence_and_empty_input() -> None:
    evidence = cv.summarise(ROWS)
    posterior = cv.discover(evidence, cv.ExactPosterior(draws=10))
    with pytest.raises(ModelError, match="no evidence of the group 'y'"):
        cv.compare({"x": posterior, "y": posterior}, {"x": evidence})
    with pytest.raises(CausalValuesError, match="`draws` is 0"):
        cv.compare({"x": posterior, "y": posterior}, draws=0)
    with pytest.raises(ModelError, match="no evidence to compare"):
        at_equal_n({})


def grouped(rows: pd.DataFrame) -> ResponseMatrix:
    return ResponseMatrix(
        tuple(rows.columns), rows.to_numpy(), tuple(map(str, range(len(rows)))), labels={"g": ["u", "v"] * 30}
    )


@pytest.mark.parametrize("moment", ["covariance", "correlation"])
@pytest.mark.parametrize("rows", [STILL.assign(c=1.0), TWIN], ids=["constant", "twin"])
def test_equality_of_moments_names_values_that_do_not_vary_or_depend(moment: str, rows: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match=r"In the group 'u'.*Drop"):
        cv.equal_moments(grouped(rows), "g", moment, Exchange(permutations=9))  # type: ignore[arg-type]


def test_exchange_of_groups_refuses_a_value_that_does_not_vary() -> None:
    with pytest.raises(ModelError, match="does not vary"):
        cv.same_structure(grouped(STILL.assign(c=1.0)), "g", exchange=Exchange(permutations=9))


KEY = ScoringKey("k", "K", "none", {f"{a}_{i}": ItemKey(a) for a in "abc" for i in range(3)})


def answers(seed: int = 3, loading: float = 1.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    common = np.repeat(random.normal(size=(60, 3)), 3, axis=1)
    return pd.DataFrame(loading * common + random.normal(size=(60, 9)), columns=list(KEY.items))


@pytest.mark.parametrize("seed", [0])
@pytest.mark.parametrize("loading", [1.0, 0.0])
def test_measurement_invariance_survives_starts_that_do_not_fit(seed: int, loading: float) -> None:
    found = cv.measurement_invariance(grouped(answers(seed, loading)), KEY, "g")
    assert np.isfinite(found.models["chi2"].to_numpy()).all()
    assert found.models["chi2"].is_monotonic_increasing or not found.models["converged"].all()


@pytest.mark.parametrize("size", [1e4, 1e-90])
def test_measurement_invariance_does_not_depend_on_the_unit(size: float) -> None:
    one = cv.measurement_invariance(grouped(answers()), KEY, "g").models["chi2"]
    other = cv.measurement_invariance(grouped(answers() * size), KEY, "g").models["chi2"]
    np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.mark.parametrize(
    ("column", "words"),
    [(answers()["a_0"], "follow from each other"), (np.r_[np.inf, np.ones(59)], "infinity")],
    ids=["twin", "infinite"],
)
def test_measurement_invariance_names_bad_items(column: object, words: str) -> None:
    with pytest.raises(ModelError, match=rf"a_1.*{words}"):
        cv.measurement_invariance(grouped(answers().assign(a_1=column)), KEY, "g")


def test_measurement_invariance_needs_two_clusters() -> None:
    rows = grouped(answers())
    rows = replace(rows, labels={**rows.labels, "k": ("x",) * 60}, cluster_by="k")
    with pytest.raises(ModelError, match="one cluster"):
        cv.measurement_invariance(rows, KEY, "g")
