"""Left-out predictions, their measures, and the simple predictor to beat."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray
from causalvalues.prediction import (
    LeftOut,
    PairedRows,
    Prediction,
    ScaleAndStart,
    interval_report,
    interval_score,
    macro_r2,
    micro_r2,
    r2_difference,
)
from causalvalues.prediction.left_out import left_out
from tests.prediction_worlds import World, drawn

ROWS = drawn(World(units=20, w=0.5, pull=0.2), 2)


@dataclass(frozen=True)
class Spy:
    """Remembers what it saw, and says so: the mean is the number of rows of the fit."""

    name: str = "spy"
    seen: list[PairedRows] = field(default_factory=list)

    def fit(self, rows: PairedRows, seed: int) -> Spy:
        self.seen.append(rows)
        return self

    def predict(self, start: FloatArray, doses: FloatArray) -> Prediction:
        mean = np.full(start.shape, float(len(self.seen[-1])))
        return Prediction(mean, mean - 1, mean + 1)


def said_twice(rows: PairedRows) -> PairedRows:
    """The same levers in two wordings, by turns of units."""
    odd = np.array([int(unit[1:]) % 2 == 1 for unit in rows.units])[:, None]
    doses = np.concatenate([rows.doses * ~odd, rows.doses * odd], axis=1)
    levers = tuple(f"{name}~w{i}" for i in range(2) for name in rows.levers)
    return replace(rows, levers=levers, doses=doses)


def levers_of(row: FloatArray, names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(names[i].split("~")[0] for i in np.flatnonzero(row))


def test_a_left_out_pair_is_not_seen_in_any_wording() -> None:
    rows, spy = said_twice(ROWS), Spy()
    told = left_out(spy, rows, "pair", 1)
    assert (told.rows.used == 2).all()
    assert len(told.rows) == (rows.used == 2).sum()
    hidden = sorted(set(told.groups))
    assert len(spy.seen) == len(hidden)
    for pair, fit in zip(hidden, spy.seen, strict=True):
        assert frozenset(pair.split("+")) not in {levers_of(row, fit.levers) for row in fit.doses}
        assert len(fit) == len(rows) - told.groups.count(pair)


def test_a_left_out_lever_is_not_seen_in_any_row() -> None:
    rows, spy = said_twice(ROWS), Spy()
    told = left_out(spy, rows, "lever", 1)
    assert len(told.rows) == len(rows)
    for lever, fit in zip(sorted(set(told.groups)), spy.seen, strict=True):
        assert all(lever not in levers_of(row, fit.levers) for row in fit.doses)
    for group, row in zip(told.groups, told.rows.doses, strict=True):
        assert group in levers_of(row, rows.levers)


def test_a_left_out_persona_is_not_seen() -> None:
    spy = Spy()
    told = left_out(spy, ROWS, "persona", 1, folds=7)
    assert len(spy.seen) == 7
    hidden = [set(ROWS.units) - set(fit.units) for fit in spy.seen]
    assert sorted(unit for units in hidden for unit in units) == sorted(set(ROWS.units))
    assert max(map(len, hidden)) - min(map(len, hidden)) <= 1
    assert np.isfinite(told.mean).all()
    for units, fit in zip(hidden, spy.seen, strict=True):
        here = np.isin(told.rows.units, sorted(units))
        assert (told.mean[here] == len(fit)).all()


@given(st.integers(0, 1000))
def test_r2_is_one_of_the_truth_and_zero_of_each_values_mean(seed: int) -> None:
    change = np.random.default_rng(seed).normal(size=(12, 3)) * [1.0, 5.0, 0.1]
    mean = np.repeat(change.mean(axis=0)[None], 12, axis=0)
    for measure in (micro_r2, macro_r2):
        assert measure(change, change) == pytest.approx(1)
        assert measure(change, mean) == pytest.approx(0, abs=1e-9)
    half = (change + mean) / 2
    assert micro_r2(change, half) == pytest.approx(0.75)


def test_micro_r2_pools_cells_and_macro_r2_counts_values_alike() -> None:
    change = np.array([[0.0, 0.0], [1.0, 10.0]])
    told = np.array([[0.0, 5.0], [1.0, 5.0]])
    assert macro_r2(change, told) == pytest.approx(0.5)
    assert micro_r2(change, told) == pytest.approx(1 - 50 / 50.5)


def test_lost_answers_count_in_neither_measure() -> None:
    change = np.array([[0.0, 1.0], [2.0, 3.0], [np.nan, 5.0]])
    told = np.array([[0.5, 1.0], [1.0, 2.0], [9.0, 4.0]])
    by_hand = [1 - (0.25 + 1) / 2, 1 - 2 / 8]
    assert macro_r2(change, told) == pytest.approx(np.mean(by_hand))
    assert micro_r2(change, told) == pytest.approx(1 - 3.25 / 10)


def made(name: str, mean: FloatArray) -> LeftOut:
    return LeftOut(name, "persona", ROWS, ROWS.units, mean, mean - 1, mean + 1)


@pytest.mark.parametrize("measure", ["micro", "macro"])
def test_the_paired_bootstrap_is_that_of_rows_drawn_group_by_group(measure: str) -> None:
    g = np.random.default_rng(3)
    one, two = (made(name, ROWS.reached + s * g.normal(size=ROWS.start.shape)) for name, s in (("a", 0.6), ("b", 0.8)))
    told = r2_difference(one, two, measure, 1, draws=400)  # type: ignore[arg-type]
    r2 = {"micro": micro_r2, "macro": macro_r2}[measure]
    assert told.values[0] == pytest.approx(r2(ROWS.change, one.mean - ROWS.start))
    names, places = sorted(set(ROWS.units)), {u: np.flatnonzero(np.array(ROWS.units) == u) for u in ROWS.units}
    drawn_ = []
    for _ in range(400):
        rows = np.concatenate([places[names[i]] for i in g.integers(len(names), size=len(names))])
        drawn_.append(
            r2(ROWS.change[rows], (one.mean - ROWS.start)[rows]) - r2(ROWS.change[rows], (two.mean - ROWS.start)[rows])
        )
    assert [told.lower, told.upper] == pytest.approx(np.quantile(drawn_, [0.05, 0.95]), abs=0.02)


def test_better_equal_and_worse_are_said_plainly() -> None:
    good, bad = made("good", ROWS.reached), made("bad", ROWS.start)
    assert "good is better than bad" in str(r2_difference(good, bad, "micro", 1))
    assert "bad is worse than good" in str(r2_difference(bad, good, "micro", 1))
    assert "good is equal to good" in str(r2_difference(good, good, "macro", 1))


def test_the_interval_score_is_least_for_the_true_quantiles() -> None:
    y = np.random.default_rng(1).normal(size=40_000)
    scores = [interval_score(y, np.full(y.shape, -h), np.full(y.shape, h)) for h in (1.2, 1.645, 2.2)]
    assert scores[1] == min(scores)


def test_the_best_constant_width_is_found_by_search() -> None:
    g = np.random.default_rng(2)
    one = made("a", ROWS.reached + g.normal(size=ROWS.start.shape) * [0.2, 1, 2])
    widths = np.linspace(0.1, 5, 2000)
    searched = min(interval_score(ROWS.reached, one.mean - h, one.mean + h) for h in widths)
    found = interval_report(one)
    assert found.best_constant == pytest.approx(searched, rel=1e-3)
    assert found.constant >= found.best_constant
    assert found.constant_by_value < found.best_constant
    inside = np.abs(ROWS.reached - one.mean) <= 1
    assert found.by_value.to_numpy() == pytest.approx(inside.mean(axis=0))
    assert "90% intervals hold" in str(found)


def test_scale_and_start_is_least_squares_value_by_value() -> None:
    fitted = ScaleAndStart().fit(ROWS, 1)
    alone, j = ROWS.used == 1, 1
    effects = np.array([ROWS.change[alone & (ROWS.doses[:, i] == 1), j].mean() for i in range(5)])
    design = np.column_stack([np.ones(len(ROWS)), ROWS.doses @ effects, ROWS.start[:, j]])[~alone]
    found = np.linalg.lstsq(design, ROWS.change[~alone, j], rcond=None)[0]
    told = fitted.predict(ROWS.start, ROWS.doses)
    assert told.mean[~alone, j] == pytest.approx(ROWS.start[~alone, j] + design @ found)
    single = np.column_stack([ROWS.doses, ROWS.start[:, j]])[alone]
    found = np.linalg.lstsq(single, ROWS.change[alone, j], rcond=None)[0]
    assert told.mean[alone, j] == pytest.approx(ROWS.start[alone, j] + single @ found)
    assert 0.8 < ((told.lower <= ROWS.reached) & (ROWS.reached <= told.upper)).mean() < 0.97


def refusals() -> list[tuple[str, object]]:
    one = made("a", ROWS.reached)
    return [
        ("Did you mean 'persona'", lambda: left_out(Spy(), ROWS, "personas", 1)),  # type: ignore[arg-type]
        ("fewer than two groups by pair", lambda: left_out(Spy(), ROWS.on(ROWS.used == 1), "pair", 1)),
        ("same rows and groups", lambda: r2_difference(one, left_out(Spy(), ROWS, "pair", 1), "micro", 1)),
        ("`measure` is 'mean'", lambda: r2_difference(one, one, "mean", 1)),  # type: ignore[arg-type]
        ("no row uses one lever alone", lambda: ScaleAndStart().fit(ROWS.on(ROWS.used == 2), 1)),
    ]


@pytest.mark.parametrize(("words", "call"), refusals(), ids=[words for words, _ in refusals()])
def test_bad_input_is_named(words: str, call: object) -> None:
    with pytest.raises(ModelError, match=f"(?i){words}"):
        call()  # type: ignore[operator]
