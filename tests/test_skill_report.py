"""The skill report: laws that hold for any data, and folds that never leak."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skill_truths import QUICK, Knows, Remembers, Truth, simulate

from causalvalues.prediction import PairedRows
from causalvalues.skill.associations import GraphDescendants
from causalvalues.skill.contenders import Contender, standard_contenders
from causalvalues.skill.factor_structure import FactorGraphPredictor
from causalvalues.skill.flexible import FlexibleRegressor
from causalvalues.skill.given_effects import GivenEffects
from causalvalues.skill.graphs import PlainGraph
from causalvalues.skill.noise import Noise
from causalvalues.skill.report import SkillReport, SkillSettings, skill_report
from causalvalues.skill.rescaled import Rescaled
from causalvalues.skill.simple import MeanOfOthers, NoChange, SumOfSingles
from causalvalues.skill.splits import BY_LEVER, BY_PAIR, BY_UNIT, NEW, lever_folds, pair_folds, unit_folds
from causalvalues.skill.structures import StructuralPredictor, sparse_levers


def shuffled(rows: PairedRows, seed: int) -> PairedRows:
    random = np.random.default_rng(seed)
    v, k = random.permutation(len(rows.values)), random.permutation(len(rows.levers))
    return PairedRows(
        tuple(rows.values[j] for j in v),
        tuple(rows.levers[i] for i in k),
        rows.units,
        rows.start[:, v],
        rows.doses[:, k],
        rows.reached[:, v],
        rows.weights,
    )


@pytest.fixture(scope="module")
def truth() -> Truth:
    return simulate()


@pytest.fixture(scope="module")
def found(truth: Truth) -> SkillReport:
    noise = Noise(dict.fromkeys(truth.rows.values, truth.noise**2), how="Error: known.")
    asked = SkillSettings((*QUICK, Contender(Knows(truth), "mechanism")), folds=5, noise=noise, resamples=200)
    return skill_report(truth.rows, 1, asked)


@pytest.mark.parametrize("split", [BY_LEVER, BY_PAIR, BY_UNIT])
def test_a_predictor_that_is_the_truth_reaches_the_ceiling(found: SkillReport, split: str) -> None:
    row, top = found.table.loc[(split, "truth")], found.ceiling.loc[split]
    assert row["micro_r2"] == pytest.approx(top["micro"], abs=0.01)
    assert row["macro_r2"] == pytest.approx(top["macro"], abs=0.01)
    assert row["effects_r2"] == pytest.approx(top["effects"], abs=0.01)
    assert 0.87 < row["coverage"] < 0.93
    assert (found.table.loc[split]["micro_r2"] <= row["micro_r2"] + 0.01).all()


@pytest.mark.parametrize("split", [BY_LEVER, BY_PAIR, BY_UNIT])
def test_no_change_is_never_better_than_the_mean_change(found: SkillReport, split: str) -> None:
    row = found.table.loc[(split, "no change")]
    assert row["micro_r2"] <= 0
    assert row["macro_r2"] <= 0
    assert np.isnan(row["rank"])


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_columns_changes_nothing(seed: int) -> None:
    rows = simulate(seed % 7, units=8).rows
    asked = SkillSettings(QUICK, folds=3, resamples=20)
    one, two = skill_report(rows, 3, asked), skill_report(shuffled(rows, seed), 3, asked)
    pd.testing.assert_frame_equal(one.table, two.table)
    pd.testing.assert_frame_equal(one.differences, two.differences)
    assert one.verdict == two.verdict


def test_the_order_of_columns_changes_nothing_for_graphs_and_trees(truth: Truth) -> None:
    rows = truth.rows.on(np.arange(300))
    few = PlainGraph(draws=20, moment_draws=2)
    some = (
        GraphDescendants(learner=few),
        FlexibleRegressor(trees=50),
        StructuralPredictor(few),
        FactorGraphPredictor(starts=1, draws=5),
    )
    asked = SkillSettings(tuple(Contender(each) for each in some), splits=("pair",), folds=2, resamples=20)
    one, two = skill_report(rows, 3, asked), skill_report(shuffled(rows, 5), 3, asked)
    pd.testing.assert_frame_equal(one.table, two.table, atol=1e-10)
    assert len(one.table) == 4
    fold = pair_folds(rows, 2, 0)[0]
    again = pair_folds(shuffled(rows, 5), 2, 0)[0]
    for each in some:
        first, second = each.fit(fold.train, 0), each.fit(again.train, 0)
        told, other = (
            first.predict(fold.test.start, fold.test.doses),
            second.predict(again.test.start, again.test.doses),
        )
        back = [again.test.values.index(value) for value in fold.test.values]
        np.testing.assert_allclose(told.mean, other.mean[:, back], atol=1e-9)


def test_the_standard_contenders_are_seven_simple_ones_and_more() -> None:
    names = [each.predictor.name for each in standard_contenders() if each.kind == "simple"]
    assert names[:7] == [
        "no change",
        "sum of single effects",
        "scale + start",
        "mean of the other levers",
        "correlations instead of the graph",
        "graph descendants only",
        "flexible regressor",
    ]
    assert {each.kind for each in standard_contenders()} == {"simple", "mechanism", "graph"}


def test_the_same_seed_gives_the_same_and_another_seed_other_folds(truth: Truth) -> None:
    asked = SkillSettings(QUICK, splits=("unit",), folds=4, resamples=50)
    one, two, other = (skill_report(truth.rows, seed, asked) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one.table, two.table, check_exact=True)
    assert one.predictions[BY_UNIT].groups != other.predictions[BY_UNIT].groups


@pytest.mark.parametrize("split", ["lever", "pair", "unit"])
def test_a_predictor_that_remembers_all_it_has_seen_foresees_nothing(truth: Truth, split: str) -> None:
    asked = SkillSettings((*QUICK, Contender(Remembers())), splits=(split,), folds=4, resamples=0)
    found = skill_report(truth.rows, 0, asked)
    here = found.table.droplevel(0)
    assert here.loc["memory", "micro_r2"] == pytest.approx(here.loc["no change", "micro_r2"], abs=1e-12)


def test_a_predictor_that_remembers_would_be_found_out_if_rows_leaked(truth: Truth) -> None:
    fitted = Remembers().fit(truth.rows, 0)
    told = fitted.predict(truth.rows.start, truth.rows.doses)
    np.testing.assert_array_equal(told.mean, truth.rows.reached)


def test_no_row_of_a_left_out_unit_or_lever_set_is_learned_from(truth: Truth) -> None:
    for fold in unit_folds(truth.rows, 7, 0):
        assert not set(fold.train.units) & set(fold.test.units)
        assert len(fold.train) + len(fold.test) == len(truth.rows)
    for fold in pair_folds(truth.rows, 3, 0):
        assert not set(fold.train.cells) & set(fold.test.cells)
        assert (fold.test.used > 1).all()


def test_of_a_left_out_lever_only_its_own_value_is_told_and_only_the_others_are_asked(truth: Truth) -> None:
    folds = lever_folds(truth.rows, None, 0)
    assert len(folds) == 4
    for fold in folds:
        lever = int((fold.test.doses[0] != 0).argmax())
        mine = fold.train.doses[:, lever] != 0
        assert (fold.train.used[mine] == 1).all()
        told = np.isfinite(fold.train.reached[mine])
        assert told[:, lever].all()
        assert told.sum() == mine.sum()
        assert not fold.scored[:, lever].any()
        assert fold.scored.sum() == 3 * len(fold.test)


def test_every_row_is_foreseen_once(found: SkillReport, truth: Truth) -> None:
    told = found.predictions[BY_UNIT]
    assert sorted(told.groups) == sorted(truth.rows.units)
    assert np.sort(told.observed, axis=None) == pytest.approx(np.sort(truth.rows.change, axis=None))


def test_wordings_of_a_left_out_lever_are_left_out_together(truth: Truth) -> None:
    rows = truth.rows
    second = np.array([int(unit[1:]) % 2 == 0 for unit in rows.units])
    doses = np.column_stack([rows.doses * ~second[:, None], rows.doses * second[:, None]])
    levers = tuple(f"{lever}~w{w}" for w in (0, 1) for lever in rows.levers)
    for fold in lever_folds(replace(rows, levers=levers, doses=doses), None, 0):
        places = np.flatnonzero((fold.test.doses != 0).any(axis=0))
        assert len(places) == 2
        assert (fold.train.used[(fold.train.doses[:, places] != 0).any(axis=1)] == 1).all()


def test_the_true_effects_between_values_foresee_left_out_levers(truth: Truth) -> None:
    still = simulate(2, noise=0.05, scale=1.0, keep=1.0)
    between = pd.DataFrame(still.total, index=list(still.rows.values), columns=list(still.rows.values))
    noise = Noise(dict.fromkeys(still.rows.values, still.noise**2))
    asked = SkillSettings(
        (*QUICK, Contender(GivenEffects(between), "graph")), splits=("lever",), noise=noise, resamples=200
    )
    found = skill_report(still.rows, 0, asked)
    row = found.table.loc[(BY_LEVER, "given effects")]
    assert row["micro_r2"] == pytest.approx(found.ceiling.loc[BY_LEVER, "micro"], abs=0.02)
    assert found.differences.loc[(BY_LEVER, "given effects"), "micro_r2_lower"] > 0
    assert not any("adds nothing" in sentence for sentence in found.verdict)


def test_a_wrong_graph_is_said_to_add_nothing(truth: Truth) -> None:
    still = simulate(2, scale=1.0, keep=1.0)
    wrong = pd.DataFrame(-still.total, index=list(still.rows.values), columns=list(still.rows.values))
    asked = SkillSettings((*QUICK, Contender(GivenEffects(wrong), "graph")), splits=("lever",), resamples=200)
    found = skill_report(still.rows, 0, asked)
    assert sum("the graph adds nothing" in sentence for sentence in found.verdict) == 2


def test_with_saturated_levers_the_graph_says_of_pairs_what_least_squares_says(truth: Truth) -> None:
    fold = pair_folds(truth.rows, 3, 0)[0]
    told = StructuralPredictor().fit(fold.train, 0).table
    plain = (fold.train.doses != 0).sum(axis=1) == 1
    some = fold.train.on(plain)
    units, first = np.unique(np.array(some.units), return_index=True)
    design = np.vstack([np.column_stack([np.ones(len(units)), np.zeros((len(units), 4))])
                        , np.column_stack([np.ones(len(some)), some.doses])])  # fmt: skip
    outcome = np.vstack([some.start[first], some.reached])
    np.testing.assert_allclose(told.effects, np.linalg.lstsq(design, outcome, rcond=None)[0][1:], atol=1e-8)


def test_a_scaled_graph_recovers_the_strength_of_pairs(truth: Truth) -> None:
    (_, one, slope), (_, several, same) = Rescaled(SumOfSingles()).fit(truth.rows, 0).known
    assert one == pytest.approx(np.ones(4), abs=0.03)
    assert several == pytest.approx(np.full(4, truth.scale), abs=0.03)
    assert slope == pytest.approx(np.full(4, truth.keep - 1), abs=0.03)
    assert same == pytest.approx(np.full(4, truth.keep - 1), abs=0.03)


def test_sparse_levers_act_through_the_graph() -> None:
    still = simulate(4, units=120, scale=1.0, keep=1.0, noise=0.2)
    table = StructuralPredictor(sparse_levers()).fit(still.rows, 0).table
    expected = np.linspace(0.5, 1, 4)[:, None] * still.total
    np.testing.assert_allclose(table.effects, expected, atol=0.12)


def test_the_mean_of_the_other_levers_leaves_out_the_own_lever_and_those_that_aim_at_a_value(truth: Truth) -> None:
    rows = truth.rows
    fitted = MeanOfOthers().fit(rows, 0)
    change = fitted.predict(np.zeros((1, 4)), np.array([[1.0, 0, 0, 0]])).mean[0]
    by_lever = np.array([rows.change[(rows.used == 1) & (rows.doses[:, i] != 0)].mean(axis=0) for i in range(4)])
    assert change[1] == pytest.approx(by_lever[[2, 3], 1].mean())
    assert change[0] == pytest.approx(by_lever[[1, 2, 3], 0].mean())


def test_new_rows_are_foreseen_from_all_rows(truth: Truth) -> None:
    other = simulate(9, units=15)
    asked = SkillSettings((*QUICK, Contender(Knows(truth), "mechanism")), splits=(), resamples=50)
    found = skill_report(truth.rows, 0, asked, test=other.rows)
    assert list(found.predictions) == [NEW]
    told = ScaleCheck.of(truth.rows, other.rows)
    assert found.table.loc[(NEW, "sum of single effects"), "mae"] == pytest.approx(told)


class ScaleCheck:
    """The mean absolute error of sums of single effects, written down anew."""

    @staticmethod
    def of(rows: PairedRows, test: PairedRows) -> float:
        effects = np.array(
            [rows.change[(rows.used == 1) & (rows.doses[:, i] == 1)].mean(axis=0) for i in range(len(rows.levers))]
        )
        return float(np.abs(test.change - test.doses @ effects).mean())


def test_differences_are_those_of_the_table_and_zero_for_the_best(found: SkillReport) -> None:
    for split, here in found.table.groupby(level=0):
        apart = found.differences.loc[split]
        best = here[here["kind"] == "simple"]["micro_r2"].idxmax()[1]
        assert set(apart["against"]) == {best}
        assert apart.loc[best, ["micro_r2", "micro_r2_lower", "micro_r2_upper"]].tolist() == [0, 0, 0]
        expected = here["micro_r2"] - here.loc[(split, best), "micro_r2"]
        assert apart["micro_r2"].to_numpy() == pytest.approx(expected.to_numpy())


def test_an_interval_holds_the_difference(found: SkillReport) -> None:
    apart = found.differences
    assert (apart["mae_lower"] <= apart["mae"] + 1e-12).all()
    assert (apart["mae_upper"] >= apart["mae"] - 1e-12).all()


def test_a_graph_that_cannot_be_learned_is_left_out_with_its_reason(truth: Truth) -> None:
    rows = truth.rows
    still = np.array(rows.start)
    still[:, 0] = 1.0
    flat = replace(rows, start=still, reached=np.column_stack([np.ones(len(rows)), rows.reached[:, 1:]]))
    asked = SkillSettings((Contender(NoChange()), Contender(StructuralPredictor(), "graph")), splits=("unit",), folds=2)
    found = skill_report(flat, 0, asked)
    assert list(found.table.droplevel(0).index) == ["no change"]
    assert any("plain graph" in note and "v0" in note for note in found.notes)
