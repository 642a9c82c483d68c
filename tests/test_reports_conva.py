"""The report ``conva``: least shifts, gate, leakage, doses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.optimize
import scipy.stats
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from report_helpers import demo_settings, given_of, small_answers, small_settings

from causalvalues.errors import StudyError
from causalvalues.model import lever_effects
from causalvalues.reports import Given
from causalvalues.reports.conva import Conva, conva, report
from causalvalues.reports.conva_detectors import LogisticDetector, ThresholdDetector, fit_logistic
from causalvalues.reports.conva_forced import forced_of, forced_table
from causalvalues.reports.conva_leaks import dose_table, leakage_table, leaks_per_unit
from causalvalues.reports.settings import ConvaSettings
from causalvalues.responses import ResponseMatrix

NUMBER = st.floats(-3, 3, allow_subnormal=False)
SHARE = st.floats(0.02, 0.98)


# ---------------------------------------------------------------- the least shift


@settings(deadline=None)
@given(st.lists(NUMBER, min_size=3, max_size=3), st.lists(NUMBER, min_size=3, max_size=3), NUMBER, SHARE)
def test_the_least_shift_reaches_the_probability_and_not_more(
    weights: list[float], scores: list[float], bias: float, p0: float
) -> None:
    w = np.array(weights)
    if np.linalg.norm(w) < 1e-2:
        w = np.array([1.0, -0.5, 0.0])
    for detector in (LogisticDetector(w, bias), ThresholdDetector(1, 3, bias, 0.4)):
        x = np.array([scores])
        before, shift = detector.probability(x)[0], detector.least_shift(x, p0)[0]
        after = detector.probability(x + shift * detector.direction)[0]
        assert shift >= 0
        assert np.linalg.norm(detector.direction) == pytest.approx(1)
        if before >= p0:
            assert shift == pytest.approx(0, abs=1e-9)
        else:
            assert after == pytest.approx(p0, abs=1e-9)


def test_no_shorter_shift_in_any_direction_will_do() -> None:
    detector = LogisticDetector(np.array([0.7, -1.2, 0.3]), -0.4)
    x, p0 = np.array([[0.1, 0.8, -0.2]]), 0.9
    shortest = scipy.optimize.minimize(
        lambda shift: shift @ shift,
        np.ones(3),
        constraints={"type": "ineq", "fun": lambda shift: detector.probability(x + shift)[0] - p0},
        options={"maxiter": 500, "ftol": 1e-14},
    )
    assert detector.least_shift(x, p0)[0] == pytest.approx(np.sqrt(shortest.fun), rel=1e-4)


def test_the_logistic_regression_is_that_of_statsmodels() -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=(5000, 3)) * [1, 3, 0.2] + [0, 5, 1]
    present = (random.random(5000) < 1 / (1 + np.exp(-(x @ [1.0, 0.3, -2.0] - 1)))).astype(float)
    ours = fit_logistic(x, present, "a")
    theirs = sm.Logit(present, sm.add_constant(x)).fit(disp=0).params
    np.testing.assert_allclose(ours.weights, theirs[1:], rtol=0.02)
    assert ours.bias == pytest.approx(theirs[0], abs=0.05)


def test_a_judge_who_agrees_with_the_scores_everywhere_gives_finite_weights() -> None:
    x = np.linspace(-1, 1, 40)[:, None]
    found = fit_logistic(x, (x[:, 0] > 0).astype(float), "a")
    assert np.isfinite(found.weights).all()
    assert found.probability(np.array([[0.5]]))[0] > 0.95
    with pytest.raises(StudyError, match="The judge finds 'a' in no row"):
        fit_logistic(x, np.zeros(40), "a")


# ---------------------------------------------------------------- leakage and doses


def _dosed() -> ResponseMatrix:
    random = np.random.default_rng(3)
    n = 25
    plain = random.normal(size=(n, 3))
    rows = [plain] + [
        plain + dose * np.array([1.0, -0.25, 0.0]) + 0.01 * random.normal(size=(n, 3)) for dose in (0.5, 1.0)
    ]
    doses = np.repeat([[0.0], [0.5], [1.0]], n, axis=0)
    units = [f"u{i}" for i in range(n)] * 3
    ids = [f"r{i}" for i in range(3 * n)]
    labels = {"unit": units, "seen": ["yes" if row[0] > 0 else "no" for row in np.concatenate(rows)]}
    scores = np.concatenate(rows)
    return ResponseMatrix(("a", "b", "c"), scores, ids, labels=labels, cluster_by="unit", levers=("do_a",), doses=doses)


def test_leakage_is_what_others_move_over_what_the_own_value_moves() -> None:
    matrix = _dosed()
    sd = pd.Series([1.0, 0.5, 2.0], index=["a", "b", "c"])
    effects = lever_effects(matrix)
    row = leakage_table(matrix, effects, {"do_a": "a"}, sd, 1).iloc[0]
    moved = (matrix.scores[25:50] - matrix.scores[:25]).mean(axis=0) / sd.to_numpy()
    assert row["own"] == pytest.approx(moved[0])
    assert row["leak"] == pytest.approx(np.abs(moved[1:]).mean() / moved[0])
    assert row["leak_lower"] < row["leak"] < row["leak_upper"]
    assert (row["most"], row["units"]) == ("b", 25)
    per_unit = leaks_per_unit(effects, {"do_a": "a"}, sd)["a"]
    np.testing.assert_allclose(per_unit, moved / (moved[0] * sd["a"]))


def test_doses_that_were_used_alone_stand_in_order() -> None:
    table = dose_table(lever_effects(_dosed()), {"do_a": "a"}, pd.Series(np.ones(3), index=["a", "b", "c"]))
    assert table["dose"].tolist() == [0.5, 1.0]
    np.testing.assert_allclose(table["effect"], [0.5, 1.0], atol=0.02)


def test_two_forced_statements_do_more_than_one_and_rejecting_raises_as_agreeing_does() -> None:
    study = given_of("conva", demo_settings())
    forced = forced_of(study, ConvaSettings())
    assert forced is not None
    sd = pd.Series(np.ones(10), index=list(forced.values))
    table = forced_table(forced, sd, 0.9).set_index(["value", "stance", "dose"])
    for stance in ("agrees", "rejects"):
        one, two = (table.loc[("all values", stance, dose)] for dose in (1.0, 2.0))
        assert 0 < one["lower"] < one["upper"] < two["lower"]
    mine = [i for i, said in enumerate(forced.said) if said == ("power",) and forced.stances[i] == ("agrees",)]
    place = forced.values.index("power")
    changes = pd.Series(forced.change[mine, place], index=[forced.units[i] for i in mine]).groupby(level=0).mean()
    row = table.loc[("power", "agrees", 1.0)]
    assert row["effect"] == pytest.approx(changes.mean())
    half = scipy.stats.t.ppf(0.95, len(changes) - 1) * changes.std() / np.sqrt(len(changes))
    assert row["upper"] - row["effect"] == pytest.approx(half)


# ---------------------------------------------------------------- on the demo answers


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Given:
    return given_of("conva", small_settings(small_answers(tmp_path_factory.mktemp("conva")), conva={"p0": 0.8}))


@pytest.fixture(scope="module")
def found(study: Given) -> Conva:
    return conva(study)


def asking(study: Given, **asked: Any) -> Given:
    other = Given(study.settings, study.folder, ConvaSettings(**asked))
    other.__dict__["answers"] = study.answers
    return other


def test_units_are_met_shifted_or_left_by_the_gate(found: Conva) -> None:
    shares = found.shifts[["met", "gated", "shifted"]].sum(axis=1)
    np.testing.assert_allclose(shares, 1)
    units = pd.crosstab(found.units["value"], found.units["state"]) / 60
    by_value = found.shifts.set_index("value")
    for value in by_value.index:
        assert units.loc[value, "met"] == pytest.approx(by_value.loc[value, "met"])
        assert units.loc[value].get("left by the gate", 0.0) == pytest.approx(by_value.loc[value, "gated"])
    assert (found.units.loc[found.units["state"] != "shifted", "shift"] == 0).all()
    assert (found.units.loc[found.units["state"] == "shifted", "shift"] > 0).all()
    assert (found.units.loc[found.units["state"] == "left by the gate", "probability"] <= 0.3).all()


def test_the_gate_never_adds_side_effects_and_an_open_gate_saves_none(study: Given, found: Conva) -> None:
    assert (found.shifts["side_gate"] <= found.shifts["side_all"] + 1e-12).all()
    assert (found.shifts["side_gate"] < found.shifts["side_all"]).any()
    wide = conva(asking(study, gate=0.0)).shifts
    np.testing.assert_allclose(wide["side_gate"], wide["side_all"])


def test_the_other_half_of_the_items_can_judge(study: Given) -> None:
    made = conva(asking(study, detector="logistic", values=["power", "tradition"]))
    assert list(made.found) == ["power", "tradition"]
    for name, detector in made.found.items():
        assert isinstance(detector, LogisticDetector)
        assert detector.weights[list(made.people.profiles).index(name)] > 0
    assert "the other half of its items" in made.how


def test_a_page_has_leakage_and_says_that_there_is_one_dose(study: Given) -> None:
    made = report(study)
    assert set(made.scenes) == {"leakage"}  # no forced answers beside this file
    assert "There is one dose of each lever" in repr(made.blocks)
    assert "tables/forced_doses.csv" not in made.files


def test_a_judges_label_is_used(study: Given) -> None:
    plain = study.answers
    said = tuple("yes" if row > 0 else "no" for row in plain.matrix.scores[:, 0] - np.median(plain.matrix.scores[:, 0]))
    from dataclasses import replace

    judged = replace(plain, matrix=replace(plain.matrix, labels={**plain.matrix.labels, "seen": said}))
    other = asking(study, detector="logistic", judge={plain.matrix.names[0]: "seen"})
    other.__dict__["answers"] = judged
    made = conva(other)
    detector = made.found[plain.matrix.names[0]]
    scores = plain.matrix.frame()[list(made.people.profiles)].to_numpy()
    right = (detector.probability(scores) > 0.5) == (np.array(said) == "yes")
    assert right.mean() > 0.97
    odd = replace(judged, matrix=replace(judged.matrix, labels={**judged.matrix.labels, "seen": ("maybe", *said[1:])}))
    other.__dict__["answers"] = odd
    with pytest.raises(StudyError, match="holds 'maybe', which is neither yes nor no"):
        conva(other)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"values": ["powr"]}, "names 'powr'.*Did you mean 'power'"),
        ({"detector": "logistic", "judge": {"power": "seen"}}, "there is no label 'seen'"),
    ],
)
def test_values_and_labels_that_do_not_exist_are_named(study: Given, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(StudyError, match=said):
        conva(asking(study, **asked))
