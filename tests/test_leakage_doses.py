"""What a lever does at each dose, and the dose where it breaks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leakage_truths import AIMS, ALLOWED, simulate

from causalvalues.errors import DataError
from causalvalues.leakage import Break, LeakageOptions, dose_response, dose_responses, measure_leakage
from causalvalues.leakage.breaking import Curves, _margins, _places
from causalvalues.prediction.paired_rows import PairedRows

DOSES = (0.5, 1.0, 1.5, 2.0)


def lever_rows(
    doses: Sequence[float], effects: np.ndarray, units: int = 5, noise: float = 0.0, seed: int = 0
) -> PairedRows:
    """Return rows of one lever with given effects (doses, 3) on aim, other and guardrail."""
    random = np.random.default_rng(seed)
    names = [f"u{i}" for i in range(units) for _ in doses]
    start = np.repeat(random.normal(size=(units, 3)), len(doses), axis=0)
    reached = start + np.tile(effects, (units, 1)) + noise * random.normal(size=start.shape)
    given_doses = np.tile(np.array(doses), units)[:, None]
    return PairedRows(("aim", "other", "guard"), ("a",), tuple(names), start, given_doses, reached)


def effects_of(aim: Sequence[float], guard: Sequence[float]) -> np.ndarray:
    return np.column_stack([aim, np.zeros(len(aim)), guard])


def test_effects_at_a_dose_are_those_of_leakage() -> None:
    rows = simulate(8, DOSES)
    found = dose_response(rows, "vec_power", "power", ALLOWED)
    for dose in DOSES:
        matrix = measure_leakage(rows, AIMS, tuple(ALLOWED), LeakageOptions(dose=dose))
        pd.testing.assert_series_equal(
            found.upper.loc[dose], matrix.upper.loc["vec_power", list(found.upper)], check_names=False
        )
    assert found.doses == DOSES
    assert found.values[-1] == "universalism"
    assert list(found.effect.columns)[-2:] == ["fluency", "capability"]


def test_a_guardrail_breaks_where_its_straight_line_meets_what_is_allowed() -> None:
    rows = lever_rows((1.0, 2.0, 3.0), effects_of([0.1, 0.2, 0.3], [-0.02, -0.06, -0.2]))
    found = dose_response(rows, "a", "aim", {"guard": 0.10}).breaks
    assert found.dose == pytest.approx(2 + 0.04 / 0.14)
    assert [found.lower, found.upper] == pytest.approx([found.dose, found.dose])
    assert (found.cause, found.share) == ("guard", 1.0)
    assert str(found) == "breaks at 2.29 [2.29, 2.29]"
    early = dose_response(rows, "a", "aim", {"guard": 0.005}).breaks
    assert early.dose == pytest.approx(0.25)  # between no lever at all and the first dose


def test_the_aim_breaks_at_its_highest_dose_when_it_falls_behind_it() -> None:
    rows = lever_rows((1.0, 2.0, 3.0), effects_of([0.1, 0.3, 0.2], [0.0, 0.0, 0.0]))
    found = dose_response(rows, "a", "aim", {"guard": 0.1})
    assert (found.breaks.dose, found.breaks.cause) == (2.0, "aim")
    assert "breaks at 2.00" in repr(found)


def test_the_first_of_two_breaks_counts() -> None:
    rows = lever_rows((1.0, 2.0, 3.0), effects_of([0.3, 0.2, 0.1], [0.0, 0.0, -1.0]))
    assert dose_response(rows, "a", "aim", {"guard": 0.1}).breaks.cause == "aim"
    rows = lever_rows((1.0, 2.0, 3.0), effects_of([0.1, 0.3, 0.1], [-1.0, -1.0, -1.0]))
    found = dose_response(rows, "a", "aim", {"guard": 0.1}).breaks
    assert (found.cause, found.dose) == ("guard", pytest.approx(0.1))


def test_not_within_the_doses_tried_is_an_answer() -> None:
    rows = lever_rows((1.0, 2.0), effects_of([0.1, 0.2], [-0.01, -0.02]), noise=0.001)
    found = dose_response(rows, "a", "aim", {"guard": 0.1}).breaks
    assert (found.dose, found.lower, found.upper, found.share) == (np.inf, np.inf, np.inf, 0.0)
    assert str(found) == "does not break up to 2.00"
    assert str(Break(1.5, 1.0, np.inf, "guard", 0.8, 2.0)) == "breaks at 1.50 [1.00, > 2.00]"
    assert str(Break(np.inf, 1.8, np.inf, "", 0.2, 2.0)) == "does not break up to 2.00 (may from 1.80)"
    assert str(Break(1.5, np.nan, np.nan, "guard", np.nan, 2.0)) == "breaks at 1.50"


@pytest.mark.parametrize("k", [2, 4, 6])
def test_a_flat_curve_breaks_as_seldom_with_many_doses_as_with_few(k: int) -> None:
    doses = tuple(np.arange(1.0, k + 1))
    random = np.random.default_rng(k)
    broken = []
    for _ in range(600):
        aim = 0.3 + 0.1 * random.normal(size=(8, k))
        margin = _margins(aim, 0.9)
        curves = Curves(np.array(doses), aim, np.zeros((8, k, 0)), np.zeros(0), ("aim",))
        broken.append(np.isfinite(_places(aim.mean(axis=0)[None, :, None], curves, margin)[0, 0]))
    assert np.mean(broken) < 0.08  # 5% and two standard errors of 600 draws; 38% with six doses taken pair by pair


def test_falls_that_are_no_noise_are_found() -> None:
    falling = effects_of([0.3, 0.3, 0.3, 0.0], [0.0] * 4)
    assert all(
        np.isfinite(dose_response(lever_rows(DOSES, falling, 8, 0.1, seed), "a", "aim").breaks.dose)
        for seed in range(10)
    )


@pytest.mark.parametrize(("units", "known"), [(2, False), (3, False), (4, False), (5, True)])
def test_few_units_have_a_breaking_dose_and_no_interval(units: int, known: bool) -> None:
    effects = effects_of([0.1, 0.2, 0.3, 0.4], [-0.025, -0.05, -0.125, -0.2])
    found = dose_response(lever_rows(DOSES, effects, units, 0.01), "a", "aim", {"guard": 0.1}).breaks
    assert found.dose == pytest.approx(4 / 3, abs=0.2)
    assert np.isfinite([found.lower, found.upper, found.share]).tolist() == [known] * 3
    assert ("[" in str(found)) == known


def test_a_dose_of_few_units_leaves_the_interval_out() -> None:
    effects = effects_of([0.1, 0.2, 0.3, 0.4], [-0.025, -0.05, -0.125, -0.2])
    rows = lever_rows(DOSES, effects, 6, 0.01)
    thin = rows.on(np.array([i for i in range(24) if i % 4 or i < 16]))  # the first dose has four units
    assert np.isnan(dose_response(thin, "a", "aim", {"guard": 0.1}).breaks.lower)


def test_the_interval_holds_the_dose_where_it_breaks() -> None:
    effects = effects_of([0.1, 0.2, 0.3, 0.4], [-0.025, -0.05, -0.125, -0.2])  # .10 is lost at 1 + .5 * 2 / 3
    held = []
    for seed in range(60):
        found = dose_response(lever_rows(DOSES, effects, 8, 0.05, seed), "a", "aim", {"guard": 0.1}, seed=seed).breaks
        held.append(found.lower <= 4 / 3 <= found.upper)
    assert 0.78 <= np.mean(held) <= 1.0


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-0.4, 0.05), min_size=4, max_size=4), st.floats(0.01, 0.2), st.floats(0.01, 0.2))
def test_a_larger_allowance_never_breaks_sooner(losses: list[float], one: float, two: float) -> None:
    rows = lever_rows(DOSES, effects_of([0.1, 0.2, 0.3, 0.4], losses))
    small, large = (dose_response(rows, "a", "aim", {"guard": a}).breaks.dose for a in sorted((one, two)))
    assert small <= large + 1e-12


@settings(max_examples=15, deadline=None)
@given(st.floats(0.2, 5.0), st.integers(0, 20))
def test_another_unit_of_doses_moves_the_break_alike(scale: float, seed: int) -> None:
    effects = effects_of([0.1, 0.2, 0.3, 0.4], [-0.03, -0.05, -0.12, -0.2])
    plain = dose_response(lever_rows(DOSES, effects, 6, 0.03, seed), "a", "aim", {"guard": 0.1}).breaks
    scaled = lever_rows([scale * dose for dose in DOSES], effects, 6, 0.03, seed)
    found = dose_response(scaled, "a", "aim", {"guard": 0.1}).breaks
    ends = [plain.dose, plain.lower, plain.upper]
    assert [found.dose, found.lower, found.upper] == pytest.approx([scale * end for end in ends])


def test_a_lever_that_lowers_is_read_below_zero() -> None:
    rows = lever_rows((-3.0, -2.0, -1.0), effects_of([-0.2, -0.3, -0.1], [-0.3, -0.05, 0.0]))
    found = dose_response(rows, "a", "aim", {"guard": 0.1})
    assert (found.breaks.dose, found.breaks.cause) == (2.0, "aim")
    assert found.doses == (-3.0, -2.0, -1.0)
    both = lever_rows((-1.0, 1.0, 2.0), effects_of([-0.2, 0.1, 0.3], [-9.0, 0.0, -0.2]))
    assert dose_response(both, "a", "aim", {"guard": 0.1}).breaks.dose == pytest.approx(1.5)


def test_same_seed_same_break_and_another_seed_nearly() -> None:
    rows = simulate(8, DOSES)
    one, same, other = (dose_response(rows, "vec_power", "power", ALLOWED, seed=seed).breaks for seed in (1, 1, 2))
    assert one == same
    assert one != other
    assert one.lower == pytest.approx(other.lower, abs=0.1)


def test_several_levers_are_measured_as_each_alone() -> None:
    rows = simulate(6, (0.5, 1.0))
    aims = {"vec_tradition": "tradition", "vec_power": "power"}
    both = dose_responses(rows, aims, ALLOWED)
    assert [one.lever for one in both] == list(aims)
    alone = dose_response(rows, "vec_power", "power", ALLOWED)
    assert both[1].breaks == alone.breaks
    pd.testing.assert_frame_equal(both[1].lower, alone.lower)


def test_units_that_miss_a_dose_or_a_single_unit_are_taken_as_they_are() -> None:
    rows = lever_rows((1.0, 2.0, 3.0), effects_of([0.1, 0.2, 0.3], [-0.05, -0.09, -0.2]), units=4)
    kept = rows.on(np.array([i for i in range(12) if i not in (0, 5)]))
    found = dose_response(kept, "a", "aim", {"guard": 0.1})
    assert found.units["aim"].tolist() == [3, 3, 4] or found.units["aim"].tolist() == [3, 4, 3]
    assert found.breaks.dose == pytest.approx(2 + 0.01 / 0.11)
    single = dose_response(rows.on(np.arange(3)), "a", "aim", {"guard": 0.1})
    assert np.isnan(single.breaks.lower)
    assert single.breaks.dose == pytest.approx(2 + 0.01 / 0.11)


def test_what_does_not_fit_is_named() -> None:
    rows = lever_rows((1.0, 2.0), effects_of([0.1, 0.2], [0.0, 0.0]))
    with pytest.raises(DataError, match="no lever 'b'"):
        dose_response(rows, "b", "aim")
    with pytest.raises(DataError, match="Did you mean 'aim'"):
        dose_response(rows, "a", "aims")
    with pytest.raises(DataError, match="largest loss allowed of 'guard' is 0"):
        dose_response(rows, "a", "aim", {"guard": 0.0})
    with pytest.raises(DataError, match="guardrail 'gard' is no column"):
        dose_response(rows, "a", "aim", {"gard": 0.1})
    with pytest.raises(DataError, match="which is a guardrail"):
        dose_response(rows, "a", "aim", {"aim": 0.1})
    with pytest.raises(DataError, match="mapping of names to numbers"):
        dose_response(rows, "a", "aim", ["guard"])  # type: ignore[arg-type]
    with pytest.raises(DataError, match="level"):
        dose_response(rows, "a", "aim", level=90)
    with pytest.raises(DataError, match="No lever has an aim"):
        dose_responses(rows, {})
    company = PairedRows(rows.values, ("a", "b"), rows.units, rows.start, np.ones((10, 2)), rows.reached)
    with pytest.raises(DataError, match="never acts alone"):
        dose_response(company, "a", "aim")
