"""The fitted mechanism of levers: its laws, its closed forms against brute force, and known truths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from causalvalues.errors import ModelError
from causalvalues.prediction import LeverResponse, Mechanism, PairedRows
from causalvalues.prediction.mechanism_errors import coefficient_draws, left_out_residuals
from causalvalues.prediction.mechanism_penalties import FIRST, Settings, choose, own_columns, solve
from causalvalues.prediction.mechanism_sums import row_sums
from causalvalues.prediction.mechanism_terms import KEPT, OWN, pull, saturation, terms_of
from tests.prediction_worlds import World, drawn, effects_of

ROWS = drawn(World(w=0.8, pull=0.2, interactions=0.2), 3)
FITTED = Mechanism(draws=40).fit(ROWS, 1)
SETTINGS = Settings((0.7, 1.4), FIRST * np.array([1, 2, 3, 0.1, 1, 1, 1, 2.0]), -0.2)


def mixed_order(rows: PairedRows, values: list[int], levers: list[int]) -> PairedRows:
    return PairedRows(
        tuple(rows.values[i] for i in values),
        tuple(rows.levers[i] for i in levers),
        rows.units,
        rows.start[:, values],
        rows.doses[:, levers],
        rows.reached[:, values],
        rows.weights,
    )


def with_lost(rows: PairedRows) -> PairedRows:
    reached = np.array(rows.reached)
    reached[::7, 0] = np.nan
    reached[3::11, 2] = np.nan
    return replace(rows, reached=reached)


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3))
def test_no_dose_returns_the_start_exactly(start: list[float]) -> None:
    x, none = np.array([start]), np.zeros((1, 5))
    told = FITTED.predict(x, none)
    for found in (*FITTED.profiles(x, none), told.mean, told.lower, told.upper):
        assert np.array_equal(found, x)


@settings(max_examples=30)
@given(st.lists(st.floats(-2, 2), min_size=3, max_size=3), st.lists(st.floats(0, 1.5), min_size=5, max_size=5))
def test_within_a_total_dose_profiles_are_what_affine_says(start: list[float], doses: list[float]) -> None:
    d = np.array(doses)
    form = FITTED.affine(np.array(start), float(np.abs(d).sum()))
    said = form.base + np.einsum("k,skp->sp", d, form.effects)
    for c, (i, j) in enumerate(form.pairs):
        said = said + d[i] * d[j] * form.pair_effects[:, c]
    assert np.allclose(said, FITTED.profiles(np.array([start]), d[None])[:, 0], atol=1e-10)


def test_the_order_of_columns_changes_nothing() -> None:
    values, levers = [2, 0, 1], [4, 1, 0, 3, 2]
    other = Mechanism(draws=40).fit(mixed_order(ROWS, values, levers), 1)
    doses = np.array([[1.0, 0, 0, 0, 0], [0, 1.0, 0, 1.0, 0]])
    a = FITTED.profiles(ROWS.start[:2], doses)
    b = other.profiles(ROWS.start[:2][:, values], doses[:, levers])
    assert np.allclose(a[:, :, values], b, atol=1e-12)
    one, two = FITTED.predict(ROWS.start[:2], doses), other.predict(ROWS.start[:2][:, values], doses[:, levers])
    assert np.allclose(one.upper[:, values], two.upper, atol=1e-12)
    assert other.tried == FITTED.tried
    assert np.allclose(FITTED.kept[:, values][:, :, values], other.kept, atol=1e-12)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    again = Mechanism(draws=40).fit(ROWS, 1)
    assert again.draws.tobytes() == FITTED.draws.tobytes()
    assert Mechanism(draws=40).fit(ROWS, 2).draws.tobytes() != FITTED.draws.tobytes()


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_another_unit_of_measurement_only_rescales(scale: float) -> None:
    other = Mechanism(draws=40).fit(replace(ROWS, start=ROWS.start * scale, reached=ROWS.reached * scale), 1)
    one = FITTED.predict(ROWS.start[:5], ROWS.doses[:5])
    two = other.predict(ROWS.start[:5] * scale, ROWS.doses[:5])
    for part in ("mean", "lower", "upper"):
        assert np.allclose(getattr(one, part), getattr(two, part) / scale, rtol=1e-8)


@pytest.mark.parametrize("lost", [False, True])
def test_the_likelihood_is_that_of_a_dense_normal(lost: bool) -> None:
    rows = with_lost(ROWS) if lost else ROWS
    terms = terms_of(rows, True, True, True)
    sums = row_sums(terms, rows, False)
    found = solve(sums.at(SETTINGS.shape), terms, SETTINGS)
    design, total = terms.design(rows.start, rows.doses, SETTINGS.shape), 0.0
    for j in range(3):
        seen = np.isfinite(rows.reached[:, j])
        penalty, prior = SETTINGS.penalties[terms.kinds].copy(), np.zeros(design.shape[1])
        penalty[own_columns(terms)[j]], prior[own_columns(terms)[j]] = SETTINGS.penalties[OWN], SETTINGS.common
        z, y = design[seen], (rows.change / terms.spread)[seen, j]
        beta = np.linalg.solve(z.T @ z + np.diag(penalty), z.T @ y + penalty * prior)
        assert np.allclose(found.coefficients[:, j], beta, atol=1e-9)
        covariance = found.noise[j] * (np.eye(len(z)) + z @ np.diag(1 / penalty) @ z.T)
        total += multivariate_normal(z @ prior, covariance).logpdf(y) + len(z) / 2 * (1 + np.log(2 * np.pi))
    assert found.likelihood == pytest.approx(total, abs=1e-6)


def test_the_chosen_settings_are_at_a_maximum_of_the_likelihood() -> None:
    terms = terms_of(ROWS, True, True, False)
    sums = row_sums(terms, ROWS, False)
    chosen = choose(sums, True)
    best = solve(sums.at(chosen.shape), terms, chosen).likelihood
    for kind in sorted({*terms.kinds.tolist(), OWN}):
        for factor in (0.25, 4.0):
            penalties = np.array(chosen.penalties)
            penalties[kind] *= factor
            assert solve(sums.at(chosen.shape), terms, replace(chosen, penalties=penalties)).likelihood < best + 0.1
    for shape in ((chosen.shape[0] * 2, chosen.shape[1]), (0.0, chosen.shape[1]), (chosen.shape[0], 15.0)):
        assert solve(sums.at(shape), terms, replace(chosen, shape=shape)).likelihood < best + 0.1


@pytest.mark.parametrize(("lost", "own"), [(False, False), (True, False), (False, True)])
def test_left_out_residuals_are_those_of_fits_without_the_unit(lost: bool, own: bool) -> None:
    rows = with_lost(ROWS) if lost else ROWS
    terms = terms_of(rows, True, True, not own)
    sums = row_sums(terms, rows, own)
    found = solve(sums.at(SETTINGS.shape), terms, SETTINGS)
    told = left_out_residuals(sums, rows.units, SETTINGS, found)
    for unit in ("u000", "u031"):
        out = np.array([name == unit for name in rows.units])
        without = row_sums(terms, rows.on(~out), own)
        again = solve(without.at(SETTINGS.shape), terms, SETTINGS)
        design = terms.design(rows.start[out], rows.doses[out], SETTINGS.shape)
        brute = rows.change[out] / terms.spread - design @ again.coefficients
        assert np.allclose(told[out], brute, atol=1e-9, equal_nan=True)


def test_draws_have_the_covariance_of_the_penalised_sandwich() -> None:
    terms = terms_of(ROWS, True, False, False)
    sums = row_sums(terms, ROWS, False)
    found = solve(sums.at(SETTINGS.shape), terms, SETTINGS)
    residuals = left_out_residuals(sums, ROWS.units, SETTINGS, found)
    draws = coefficient_draws(sums, ROWS.units, SETTINGS, found, (residuals, 20_000, 1))
    design, units = terms.design(ROWS.start, ROWS.doses, SETTINGS.shape), np.array(ROWS.units)
    penalty = SETTINGS.penalties[terms.kinds].copy()
    penalty[own_columns(terms)[1]] = SETTINGS.penalties[OWN]
    bread = np.linalg.inv(design.T @ design + np.diag(penalty))
    scores = np.stack([design[units == u].T @ residuals[units == u, 1] for u in sorted(set(ROWS.units))])
    wanted = bread @ (scores.T @ scores + found.noise[1] * np.diag(penalty)) @ bread
    seen = np.cov(draws[:, :, 1].T)
    size = np.sqrt(np.diag(wanted))
    assert np.abs((seen - wanted) / np.outer(size, size)).max() < 0.05


def test_a_known_mechanism_is_found() -> None:
    world = World(units=400, w=1.0, pull=0.25, noise=0.3, unit=0.1)
    fitted = Mechanism().fit(drawn(world, 5), 1)
    assert fitted.shape == pytest.approx((1.0, 1.0), abs=0.25)
    assert fitted.effects.mean(axis=0) == pytest.approx(effects_of(world, 5), abs=0.1)
    assert fitted.kept.mean(axis=0) == pytest.approx(0.75 * np.eye(3), abs=0.05)
    assert np.diag(fitted.components.unit) == pytest.approx(0.01, abs=0.006)
    assert np.diag(fitted.noise) == pytest.approx(0.1, abs=0.02)


def test_the_averaging_mechanism_is_one_of_its_forms() -> None:
    w, levels, x = 0.6, np.array([2.0, -1.0]), 0.4
    for on in ([1.0, 0.0], [1.0, 1.0]):
        d = np.array(on)
        averaged = (x + w * d @ levels) / (1 + w * d.sum())
        k = w / (1 + w)
        form = x - pull(d.sum(), w) * k * x + saturation(d.sum(), w) * d @ (k * levels)
        assert form == pytest.approx(averaged)


def test_effects_that_add_up_give_no_saturation() -> None:
    fitted = Mechanism(interactions=False).fit(drawn(World(units=300, pull=0.2), 7), 1)
    assert fitted.shape[0] < 0.15


def test_intervals_hold_nine_of_ten_answers_of_new_units() -> None:
    world = World(units=150, w=0.8, pull=0.2, interactions=0.2)
    rows = drawn(world, 3)
    units = np.array(rows.units)
    old = units < "u090"
    told = Mechanism().fit(rows.on(old), 1).predict(rows.start[~old], rows.doses[~old])
    inside = (told.lower <= rows.reached[~old]) & (rows.reached[~old] <= told.upper)
    assert 0.86 < inside.mean() < 0.94


def test_untried_pairs_have_wider_intervals_than_tried_ones() -> None:
    rows = drawn(World(units=100, interactions=0.6, noise=0.2, unit=0.1), 4)
    together = (rows.doses[:, 0] != 0) & (rows.doses[:, 1] != 0)
    tried, untried = Mechanism().fit(rows, 1), Mechanism().fit(rows.on(~together), 1)
    assert frozenset({"l0", "l1"}) in tried.tried
    assert frozenset({"l0", "l1"}) not in untried.tried
    doses = np.array([[1.0, 1.0, 0, 0, 0]])
    widths = [one.predict(rows.start[:1], doses) for one in (tried, untried)]
    assert ((widths[1].upper - widths[1].lower) > 1.3 * (widths[0].upper - widths[0].lower)).all()
    spread = untried.profiles(rows.start[:1], doses).std(axis=0)
    assert np.allclose(spread**2, untried.spread_of(rows.start[:1], doses), rtol=0.6)
    assert (spread > untried.untried / 2).all()


def test_the_covariance_of_an_answer_is_that_of_the_intervals() -> None:
    for doses in (np.array([1.0, 0, 0, 0, 0]), np.array([0, 1.0, 1.0, 0, 0])):
        told, noise = FITTED.predict(ROWS.start[:1], doses[None]), FITTED.answer_covariance(doses)
        wide = FITTED.components.reach / 1.6448536269514722
        variance = np.diag(noise) + FITTED.spread_of(ROWS.start[:1], doses[None])[0] * wide**2
        assert told.upper[0] - told.mean[0] == pytest.approx(1.6448536269514722 * np.sqrt(variance))
    assert not FITTED.answer_covariance(np.zeros(5)).any()


@pytest.mark.parametrize("persistence", ["full", "own", "none"])
def test_persistence_is_as_asked(persistence: str) -> None:
    fitted = Mechanism(persistence=persistence, moderated=False, draws=10).fit(ROWS, 1)  # type: ignore[arg-type]
    off = fitted.kept[:, ~np.eye(3, dtype=bool)]
    assert (off == 0).all() == (persistence != "full")
    assert np.allclose(fitted.kept, np.eye(3)) == (persistence == "none")


def test_lost_answers_are_left_out_value_by_value() -> None:
    fitted = Mechanism(draws=10).fit(with_lost(ROWS), 1)
    told, whole = (one.predict(ROWS.start, ROWS.doses).mean for one in (fitted, FITTED))
    assert np.isfinite(told).all()
    assert np.abs(told - whole).max() < 0.5


def test_many_total_doses_give_what_few_give() -> None:
    rows = replace(ROWS, doses=ROWS.doses * np.random.default_rng(1).uniform(0.5, 1.5, (len(ROWS), 1)))
    terms = terms_of(rows, True, True, True)
    sums = row_sums(terms, rows, False)
    assert not sums.parts
    few = row_sums(terms, ROWS, False)
    slow = replace(few, parts=())
    for part in ("gram", "cross", "squares", "counts"):
        assert np.allclose(getattr(few.at((0.5, 2.0)), part), getattr(slow.at((0.5, 2.0)), part))
    assert np.isfinite(Mechanism(draws=5).fit(rows, 1).predict(rows.start, rows.doses).mean).all()


def test_single_levers_alone_leave_saturation_at_zero() -> None:
    fitted = Mechanism(draws=20).fit(ROWS.on(ROWS.used == 1), 1)
    assert fitted.shape == (0.0, 0.0)
    assert not fitted.terms.pairs
    both = fitted.predict(ROWS.start[:1], np.array([[1.0, 1.0, 0, 0, 0]]))
    one = fitted.predict(ROWS.start[:1], np.array([[1.0, 0, 0, 0, 0]]))
    assert ((both.upper - both.lower) > (one.upper - one.lower)).all()


def refusals() -> list[tuple[str, object]]:
    return [
        ("`persistence` is 'some'", lambda: Mechanism(persistence="some")),  # type: ignore[arg-type]
        ("at least three units", lambda: Mechanism().fit(ROWS.on(np.arange(12)), 1)),
        ("have the shape", lambda: FITTED.predict(ROWS.start, ROWS.doses[:, :2])),
        ("not finite", lambda: FITTED.profiles(np.full((1, 3), np.nan), np.zeros((1, 5)))),
        ("total dose is -1", lambda: FITTED.affine(ROWS.start[0], -1)),
        ("one for each asked row", lambda: FITTED.updated(ROWS.start[0], ROWS.doses[:2], ROWS.reached[:1])),
    ]


@pytest.mark.parametrize(("words", "call"), refusals(), ids=[words for words, _ in refusals()])
def test_bad_input_is_named(words: str, call: object) -> None:
    with pytest.raises(ModelError, match=words):
        call()  # type: ignore[operator]


def test_the_noun_says_what_it_is() -> None:
    assert isinstance(FITTED, LeverResponse)
    assert "5 levers, 3 values, 40 draws" in repr(FITTED)
    assert KEPT in FITTED.terms.kinds
