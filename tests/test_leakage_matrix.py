"""What each lever does to every value: effects, gains, leakage, controls and guardrails."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leakage_truths import AIMS, CONTROLS, GUARDS, VALUES, simulate, true_effects

from causalvalues.errors import DataError
from causalvalues.leakage.leakage_matrix import LeakageMatrix, LeakageOptions, bh_adjusted, measure_leakage
from causalvalues.leakage.lever_scores import lever_scores
from causalvalues.leakage.ratios import jackknife_covariance, root_ratio
from causalvalues.leakage.unit_changes import flip_p_values, mean_change, squared_means
from causalvalues.prediction.paired_rows import PairedRows

changes_of_units = st.integers(3, 7).flatmap(
    lambda units: st.lists(
        st.lists(st.floats(-2, 2, allow_subnormal=False), min_size=3, max_size=3), min_size=units, max_size=units
    )
)


@pytest.fixture(scope="module")
def rows() -> PairedRows:
    return simulate(12)


@pytest.fixture(scope="module")
def found(rows: PairedRows) -> LeakageMatrix:
    return measure_leakage(rows, AIMS, GUARDS)


def altered(rows: PairedRows, change: np.ndarray, **other: object) -> PairedRows:
    """Return the rows with another change from their starts."""
    parts = {"values": rows.values, "levers": rows.levers, "units": rows.units, "start": rows.start}
    parts |= {"doses": rows.doses, "reached": rows.start + change, "weights": rows.weights}
    return PairedRows(**(parts | other))  # type: ignore[arg-type]


def one_lever(changes: np.ndarray, units: list[str]) -> PairedRows:
    values = tuple(f"v{j}" for j in range(changes.shape[1]))
    return PairedRows(values, ("a",), tuple(units), np.zeros(changes.shape), np.ones((len(units), 1)), changes)


def test_effects_are_means_over_units_of_means_over_rows(rows: PairedRows, found: LeakageMatrix) -> None:
    table = pd.DataFrame(rows.change, columns=list(rows.values))
    table["lever"] = [rows.levers[k] for k in rows.doses.argmax(axis=1)]
    table["unit"] = rows.units
    by_unit = table.groupby(["lever", "unit"]).mean()
    pd.testing.assert_frame_equal(
        by_unit.groupby("lever").mean().loc[found.effect.index, found.effect.columns],
        found.effect,
        check_names=False,
    )


def test_intervals_are_those_of_student_over_units(rows: PairedRows, found: LeakageMatrix) -> None:
    from scipy import stats

    table = pd.DataFrame({"x": rows.change[:, 4], "unit": rows.units})
    units = table[rows.doses[:, 4] == 1].groupby("unit")["x"].mean()
    low, high = stats.ttest_1samp(units, 0).confidence_interval(0.9)
    lever, value = rows.levers[4], rows.values[4]
    assert found.lower.loc[lever, value] == pytest.approx(low)
    assert found.upper.loc[lever, value] == pytest.approx(high)


def test_the_gain_is_the_paired_difference_with_its_t_interval(rows: PairedRows, found: LeakageMatrix) -> None:
    from scipy import stats

    table = pd.DataFrame(rows.change[:, :10], columns=list(VALUES)).assign(unit=rows.units)
    units = table[rows.doses[:, 2] == 1].groupby("unit").mean()
    aim = VALUES[2]
    gains = units[aim] - units.drop(columns=aim).mean(axis=1)
    row = found.levers.loc[f"vec_{aim}"]
    low, high = stats.ttest_1samp(gains, 0).confidence_interval(0.9)
    assert [row["gain"], row["gain_lower"], row["gain_upper"]] == pytest.approx([gains.mean(), low, high])


def test_p_values_are_shares_of_all_sign_patterns() -> None:
    parts = np.random.default_rng(0).normal(0.3, 1, (6, 2))
    parts[2, 1] = np.nan
    expected = []
    for column in np.nan_to_num(parts).T:
        sums = [abs(np.dot(signs, column)) for signs in product((1, -1), repeat=6)]
        expected.append(np.mean([total >= abs(column.sum()) - 1e-12 for total in sums]))
    assert flip_p_values(parts, 0) == pytest.approx(expected)
    assert flip_p_values(np.ones((6, 1)), 0)[0] == 2 / 2**6


def test_random_sign_patterns_agree_with_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = np.random.default_rng(1).normal(0.3, 1, (11, 3))
    whole = flip_p_values(parts, 0)
    monkeypatch.setattr("causalvalues.leakage.unit_changes.ALL_FLIPS_UP_TO", 5)
    assert flip_p_values(parts, 0) == pytest.approx(whole, abs=0.02)
    assert (flip_p_values(parts, 1) != flip_p_values(parts, 2)).any()


def test_corrections_are_those_of_statsmodels_and_within_families(found: LeakageMatrix) -> None:
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(2).random(30) ** 2
    assert bh_adjusted(p) == pytest.approx(multipletests(p, method="fdr_bh")[1])
    off = [(lever, value) for lever in AIMS for value in VALUES if AIMS[lever] != value]
    own = np.array([found.p.loc[cell] for cell in off])
    assert [found.adjusted.loc[cell] for cell in off] == pytest.approx(multipletests(own, method="fdr_bh")[1])


def test_holm_is_stricter_than_the_share_of_false_claims(rows: PairedRows, found: LeakageMatrix) -> None:
    holm = measure_leakage(rows, AIMS, GUARDS, LeakageOptions(correction="holm"))
    assert (holm.adjusted >= found.adjusted - 1e-12).all().all()
    assert holm.differs.to_numpy().sum() < found.differs.to_numpy().sum()


@settings(max_examples=40, deadline=None)
@given(changes_of_units)
def test_squared_means_are_squares_less_squared_errors_and_leave_each_unit_out(numbers: list[list[float]]) -> None:
    x = np.array(numbers)
    whole, without = squared_means(x)
    expected = x.mean(axis=0) ** 2 - x.var(axis=0, ddof=1) / len(x)
    assert whole == pytest.approx(expected, abs=1e-9)
    for u in range(len(x)):
        assert without[u] == pytest.approx(squared_means(np.delete(x, u, axis=0))[0], abs=1e-9)


def test_levers_that_leak_nothing_seem_to_leak_without_the_correction_only() -> None:
    random = np.random.default_rng(3)
    corrected, plain = [], []
    for _ in range(300):
        x = random.normal(0, 1, (8, 5)) + np.array([2.0, 0, 0, 0, 0])
        corrected.append(squared_means(x)[0][1:].mean())
        plain.append(lever_scores(x, 0, 0.9, 0)[8])
    assert abs(np.mean(corrected)) < 0.01  # 1 / 8 would be the noise
    assert np.mean(plain) > 0.15


def test_the_interval_of_a_ratio_holds_the_ratios_that_do_not_differ() -> None:
    from scipy.special import stdtrit

    left_out = np.column_stack([np.linspace(0.4, 0.6, 9) ** 2, np.linspace(1.1, 1.3, 9)[::-1]])
    n, d = 0.26, 1.2
    found = root_ratio(np.array([n, d]), left_out, 0.9)
    spread, q = jackknife_covariance(left_out), float(stdtrit(8, 0.95))
    grid = np.linspace(0, 2, 20001)
    error = spread[0, 0] - 2 * grid**2 * spread[0, 1] + grid**4 * spread[1, 1]
    held = grid[(n - grid**2 * d) ** 2 <= q**2 * error]
    assert [found.lower, found.upper] == pytest.approx([held.min(), held.max()], abs=2e-4)
    assert found.value == pytest.approx(np.sqrt(n / d))


def test_an_aim_that_is_not_moved_gives_no_upper_end_or_no_leakage() -> None:
    random = np.random.default_rng(4)
    weak = random.normal(0, 1, (8, 4)) + np.array([0.5, 1.0, 1.0, 1.0])
    told = dict(zip(("leakage", "lower", "upper"), lever_scores(weak, 0, 0.9, 0)[5:8], strict=True))
    assert told["upper"] == np.inf or np.isnan(told["leakage"])
    assert np.isnan(lever_scores(weak - weak[:, [0]].mean() * np.eye(4)[0], 0, 0.9, 0)[5])


def test_repeated_rows_of_a_unit_change_nothing(rows: PairedRows, found: LeakageMatrix) -> None:
    places = np.repeat(np.arange(len(rows)), [4 if unit == "unit 003" else 1 for unit in rows.units])
    again = measure_leakage(rows.on(places), AIMS, GUARDS)
    pd.testing.assert_frame_equal(again.lower, found.lower)
    pd.testing.assert_frame_equal(again.levers, found.levers)


def test_the_order_of_rows_levers_and_values_does_not_matter(rows: PairedRows, found: LeakageMatrix) -> None:
    random = np.random.default_rng(5)
    r, k, p = random.permutation(len(rows)), random.permutation(len(rows.levers)), random.permutation(len(rows.values))
    turned = PairedRows(
        tuple(rows.values[j] for j in p),
        tuple(rows.levers[j] for j in k),
        tuple(rows.units[i] for i in r),
        rows.start[np.ix_(r, p)],
        rows.doses[np.ix_(r, k)],
        rows.reached[np.ix_(r, p)],
    )
    again = measure_leakage(turned, dict(reversed(AIMS.items())), GUARDS[::-1])
    pd.testing.assert_frame_equal(again.upper[list(found.upper)], found.upper, rtol=1e-12, atol=1e-13)
    pd.testing.assert_frame_equal(again.levers, found.levers, rtol=1e-9, atol=1e-13)
    assert again.overall.value == pytest.approx(found.overall.value)


def test_scaling_scores_scales_gains_and_not_leakage(rows: PairedRows, found: LeakageMatrix) -> None:
    again = measure_leakage(altered(rows, 3 * rows.change), AIMS, GUARDS)
    np.testing.assert_allclose(again.levers["gain_upper"], 3 * found.levers["gain_upper"])
    for name in ("leakage", "leakage_upper", "uncorrected"):
        np.testing.assert_allclose(again.levers[name], found.levers[name], atol=1e-9)


def test_what_moves_all_values_alike_is_no_gain(rows: PairedRows, found: LeakageMatrix) -> None:
    again = measure_leakage(altered(rows, rows.change + 0.7), AIMS, GUARDS)
    np.testing.assert_allclose(again.levers["gain"], found.levers["gain"])
    np.testing.assert_allclose(again.levers["any_gain"], found.levers["any_gain"], atol=1e-9)
    assert (again.levers["size"] > 0.5).all()


def test_guardrails_count_in_no_gain_and_no_leakage(rows: PairedRows, found: LeakageMatrix) -> None:
    change = rows.change.copy()
    change[:, [rows.values.index(name) for name in GUARDS]] *= -50
    again = measure_leakage(altered(rows, change), AIMS, GUARDS)
    pd.testing.assert_frame_equal(again.levers, found.levers)
    assert list(found.effect.columns) == [*VALUES, *GUARDS]
    assert again.effect.loc["vec_power", "fluency"] == pytest.approx(-50 * found.effect.loc["vec_power", "fluency"])


def test_controls_have_effects_and_no_aim(found: LeakageMatrix) -> None:
    assert found.controls == CONTROLS
    assert found.levers.loc[list(CONTROLS), ["gain", "leakage"]].isna().all().all()
    truth = true_effects()[10:, :10]
    apart = (truth - (truth.sum(axis=1, keepdims=True) - truth) / 9)[0]
    assert found.levers.loc["random_1", "any_gain"] == pytest.approx(np.sqrt((apart**2).mean()), abs=0.03)


def test_known_effects_and_leakage_are_found(found: LeakageMatrix) -> None:
    truth = true_effects()
    order = [*AIMS, *CONTROLS]
    assert np.abs(found.effect.loc[order].to_numpy() - truth).max() < 0.12
    assert found.overall.lower < 0.08 < found.overall.upper
    assert "leakage .0" in repr(found)


def test_intervals_hold_their_level_with_few_units_and_unequal_rows() -> None:
    random = np.random.default_rng(6)
    for units in (6, 20):
        held, gains = [], []
        for _ in range(250):
            counts = random.integers(1, 6, units)
            own = random.normal([1.0, 0.2, 0.0], [0.5, 0.3, 0.6], (units, 3))
            drawn = np.repeat(own, counts, axis=0) + random.normal(0, 0.5, (counts.sum(), 3))
            names = [f"u{i}" for i in np.repeat(np.arange(units), counts)]
            found = measure_leakage(one_lever(drawn, names), {"a": "v0"}, options=LeakageOptions(correction="holm"))
            held += [found.lower.loc["a", "v0"] <= 1.0 <= found.upper.loc["a", "v0"]]
            row = found.levers.loc["a"]
            gains += [row["gain_lower"] <= 0.9 <= row["gain_upper"]]
        assert 0.85 <= np.mean(held) <= 0.95
        assert 0.85 <= np.mean(gains) <= 0.95


def test_lost_answers_leave_the_others_as_they_are(rows: PairedRows, found: LeakageMatrix) -> None:
    change = rows.change.copy()
    of_unit = np.array([unit == "unit 001" for unit in rows.units])
    change[of_unit, rows.values.index("power")] = np.nan
    again = measure_leakage(altered(rows, change), AIMS, GUARDS)
    assert (again.units["power"] == found.units["power"] - 1).all()
    others = [value for value in found.effect if value != "power"]
    pd.testing.assert_frame_equal(again.lower[others], found.lower[others])
    aim, rest = again.effect.loc["vec_power", "power"], again.effect.loc["vec_power", list(VALUES)].drop("power")
    assert again.levers.loc["vec_power", "gain"] == pytest.approx(aim - rest.mean())


def test_levers_in_company_and_at_other_doses_do_not_count(rows: PairedRows, found: LeakageMatrix) -> None:
    doses = np.vstack([rows.doses, rows.doses[:40] * 2, rows.doses[:40] + np.eye(13)[12]])
    places = [*range(len(rows)), *range(40), *range(40)]
    more = PairedRows(
        rows.values,
        rows.levers,
        tuple(rows.units[i] for i in places),
        rows.start[places],
        doses,
        rows.reached[places] + np.r_[np.zeros(len(rows)), np.full(80, 9.0)][:, None],
    )
    pd.testing.assert_frame_equal(measure_leakage(more, AIMS, GUARDS).effect, found.effect)


def test_one_unit_has_effects_and_no_intervals() -> None:
    found = measure_leakage(one_lever(np.array([[1.0, 0.5], [2.0, 0.5]]), ["u", "u"]), {"a": "v0"})
    assert found.effect.loc["a"].tolist() == [1.5, 0.5]
    assert found.lower.isna().all().all()
    assert np.isnan(found.overall.value)


def test_controls_without_rows_at_the_dose_are_told(rows: PairedRows) -> None:
    doses = rows.doses.copy()
    doses[:, 12] *= 2
    found = measure_leakage(altered(rows, rows.change, doses=doses), AIMS, GUARDS)
    assert found.controls == CONTROLS[:2]
    assert found.notes == ("Left out, without a row alone at the dose 1: random_3.",)


def test_a_lever_of_two_units_is_left_out_of_the_overall_leakage_and_named(rows: PairedRows) -> None:
    lever = rows.levers.index("vec_power")
    thin = rows.on(np.array([d[lever] == 0 or u < "unit 002" for d, u in zip(rows.doses, rows.units, strict=True)]))
    found = measure_leakage(thin, AIMS, GUARDS)
    assert found.levers.loc["vec_power", "units"] == 2
    assert np.isnan(found.levers.loc["vec_power", "leakage"])
    others = {name: value for name, value in AIMS.items() if name != "vec_power"}
    assert found.overall == measure_leakage(rows, others, GUARDS).overall
    assert np.isfinite(found.overall.value)
    assert found.notes == ("Left out of the overall leakage, with fewer than 3 units: vec_power.",)
    pair = rows.on(np.array([u < "unit 002" for u in rows.units]))
    nothing = measure_leakage(pair, AIMS, GUARDS)
    assert np.isnan(nothing.overall.value)
    assert all(name in nothing.notes[0] for name in AIMS)


def test_what_does_not_fit_is_named(rows: PairedRows) -> None:
    with pytest.raises(DataError, match="Did you mean 'vec_power'"):
        measure_leakage(rows, {"vec_powr": "power"})
    with pytest.raises(DataError, match="aim of 'vec_power', 'powr' is no column"):
        measure_leakage(rows, {"vec_power": "powr"})
    with pytest.raises(DataError, match="aims at 'fluency', which is a guardrail"):
        measure_leakage(rows, {"vec_power": "fluency"}, GUARDS)
    with pytest.raises(DataError, match=r"at the dose 3\. It acts alone at 1"):
        measure_leakage(rows, AIMS, GUARDS, LeakageOptions(dose=3.0))
    with pytest.raises(DataError, match="No lever has an aim"):
        measure_leakage(rows, {})
    with pytest.raises(DataError, match="guardrail 'flu' is no column"):
        measure_leakage(rows, AIMS, ("flu",))
    with pytest.raises(DataError, match="one value"):
        measure_leakage(one_lever(np.ones((3, 1)), ["a", "b", "c"]), {"a": "v0"})
    for wrong in ({"dose": 0.0}, {"dose": np.nan}, {"level": 1.0}, {"correction": "bonferroni"}):
        with pytest.raises(DataError):
            LeakageOptions(**wrong)  # type: ignore[arg-type]


def test_means_over_nothing_are_unknown() -> None:
    found = mean_change(np.full((3, 2), np.nan), 0.9)
    assert np.isnan(found.mean).all()
    assert np.isnan(flip_p_values(np.full((3, 2), np.nan), 0)).all()
