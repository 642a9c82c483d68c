"""Each predictor against its formula, written down anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from skill_truths import simulate

from causalvalues.discovery.factor_chain import FactorChain
from causalvalues.prediction import PairedRows
from causalvalues.prediction.scale_and_start import ScaleAndStart
from causalvalues.skill.associations import Correlations, GraphDescendants
from causalvalues.skill.factor_structure import FactorGraphPredictor, theory_groups
from causalvalues.skill.flexible import FlexibleRegressor
from causalvalues.skill.given_effects import GivenEffects
from causalvalues.skill.graphs import PlainGraph, learned_graphs
from causalvalues.skill.rescaled import Rescaled
from causalvalues.skill.scale_start import ScaleStart
from causalvalues.skill.simple import NoChange, SumOfSingles
from causalvalues.skill.single_effects import aims, most_moved, single_effects
from causalvalues.skill.splits import lever_folds
from causalvalues.theories import theory


def starts_of(rows: PairedRows) -> np.ndarray:
    return np.array([rows.start[rows.units.index(unit)] for unit in sorted(set(rows.units))])


def test_single_effects_are_mean_changes_and_slopes_on_the_dose() -> None:
    rows = simulate().rows
    alone = rows.on(rows.used == 1)
    mean = np.array([alone.change[alone.doses[:, i] == 1].mean(axis=0) for i in range(4)])
    np.testing.assert_allclose(single_effects(rows), mean, atol=1e-12)
    doubled = replace(rows, doses=rows.doses * 2)
    np.testing.assert_allclose(single_effects(doubled), mean / 2, atol=1e-12)
    assert np.isnan(single_effects(rows.on(rows.used == 2))).all()


def test_a_lever_aims_at_the_value_in_its_name_whatever_its_wording() -> None:
    assert aims(("do_v0~w1", "do_x", "other"), ("v0", "v1")) == {"do_v0~w1": "v0"}
    assert aims(("a~w0", "b"), ("v0", "v1"), {"a": "v1"}) == {"a~w0": "v1"}


def test_most_moved_is_the_value_with_the_largest_mean_change() -> None:
    rows = simulate().rows
    assert most_moved(rows) == {f"do_v{i}": f"v{i}" for i in range(4)}
    assert most_moved(rows.on(rows.used == 2)) == {}


def test_correlations_follow_their_formula_for_a_left_out_lever() -> None:
    fold = lever_folds(simulate(3, units=80).rows, None, 0)[1]
    rows, lever = fold.train, int((fold.test.doses[0] != 0).argmax())
    starts = starts_of(rows)
    r, s = np.corrcoef(starts.T), starts.std(axis=0, ddof=1)
    effects = single_effects(rows)
    own = np.diag(effects)
    shape = own[:, None] / s[:, None] * r * s
    cross = ~np.eye(4, dtype=bool) & (np.arange(4) != lever)[:, None]
    share = ((effects * shape / s**2)[cross].sum()) / ((shape / s) ** 2)[cross].sum()
    told = Correlations().fit(rows, 0).predict(fold.test.start, fold.test.doses).mean - fold.test.start
    others = np.arange(4) != lever
    np.testing.assert_allclose(told[0][others], share * shape[lever][others], atol=1e-10)
    assert told[0][lever] == pytest.approx(own[lever])


def test_only_descendants_move_under_the_graph_without_equations() -> None:
    rows = simulate(3, units=30).rows
    table = GraphDescendants().fit(rows, 7).table
    posterior = learned_graphs(rows, PlainGraph(), 7)[0]
    reach = np.zeros((4, 4))
    for weight, graph in zip(posterior.weights, posterior.draws, strict=True):
        walks = sum(np.linalg.matrix_power(graph.astype(float), n) for n in range(1, 4))
        reach += weight * (walks > 0)
    starts = starts_of(rows)
    s, sign = starts.std(axis=0, ddof=1), np.sign(np.corrcoef(starts.T))
    shape = np.diag(table.observed)[:, None] / s[:, None] * reach * sign * s
    cross = ~np.eye(4, dtype=bool)
    share = (table.observed * shape / s**2)[cross].sum() / ((shape / s) ** 2)[cross].sum()
    assert reach[cross].max() > 0.5
    np.testing.assert_allclose(table.effects[cross], share * shape[cross], atol=1e-10)


def test_tried_lever_sets_keep_what_they_did() -> None:
    rows = simulate().rows
    none = pd.DataFrame(np.eye(4), list(rows.values), list(rows.values))
    table = GivenEffects(none).fit(rows, 0).table
    for cell in sorted(set(rows.cells)):
        here = rows.on(np.array([each == cell for each in rows.cells]))
        np.testing.assert_allclose(table.change(here.doses[:1])[0], here.change.mean(axis=0), atol=1e-10)


def test_a_share_of_given_common_causes_is_fitted_to_the_known_levers() -> None:
    still = simulate(1, scale=1.0, keep=1.0, noise=0.0)
    names = list(still.rows.values)
    shared = pd.DataFrame(still.total - np.eye(4), names, names)
    table = GivenEffects(pd.DataFrame(np.eye(4), names, names), shared / 0.3).fit(still.rows, 0).table
    np.testing.assert_allclose(table.foreseen, table.observed, atol=1e-10)


def test_scale_and_start_is_that_of_the_prediction_room_for_known_levers() -> None:
    rows = simulate().rows
    one, two = ScaleStart().fit(rows, 0), ScaleAndStart().fit(rows, 0)
    for part in ("mean", "lower", "upper"):
        first, second = (getattr(each.predict(rows.start, rows.doses), part) for each in (one, two))
        np.testing.assert_array_equal(first, second)


def test_for_a_left_out_lever_scale_and_start_is_the_mean_change_of_the_others_with_the_start() -> None:
    fold = lever_folds(simulate().rows, None, 0)[2]
    one, two = (each.fit(fold.train, 0) for each in (ScaleStart(), Rescaled(NoChange())))
    own = ~fold.scored
    first, second = (each.predict(fold.test.start, fold.test.doses).mean for each in (one, two))
    np.testing.assert_allclose(first[~own], second[~own], atol=1e-12)


def test_a_scaled_predictor_is_least_squares_on_effects_and_start() -> None:
    rows = simulate().rows
    table = SumOfSingles().fit(rows, 0).table
    told = Rescaled(SumOfSingles()).fit(rows, 0).predict(rows.start, rows.doses).mean
    for j in range(4):
        for some in (rows.used == 1, rows.used == 2):
            design = np.column_stack([np.ones(len(rows)), (rows.doses @ table.effects)[:, j], rows.start[:, j]])[some]
            fitted = design @ np.linalg.lstsq(design, rows.change[some, j], rcond=None)[0]
            np.testing.assert_allclose((told - rows.start)[some, j], fitted, atol=1e-9)


def test_a_scaled_predictor_of_a_left_out_lever_has_one_slope() -> None:
    still = simulate(1, scale=1.0, keep=0.7, noise=0.0)
    names = list(still.rows.values)
    half = GivenEffects(pd.DataFrame(np.eye(4) + 0.5 * (still.total - np.eye(4)), names, names))
    for fold in lever_folds(still.rows, None, 0):
        told = Rescaled(half).fit(fold.train, 0).predict(fold.test.start, fold.test.doses).mean
        np.testing.assert_allclose(told[fold.scored], fold.test.reached[fold.scored], atol=0.2)


def test_a_common_factor_is_found_and_a_lever_that_pushes_it_foreseen() -> None:
    """All levers push a factor behind four values, so that a graph alone has no arrow that explains them."""
    random = np.random.default_rng(0)
    units, loadings = 120, np.array([0.8, 0.7, 0.9, 0.75])
    base = random.normal(size=(units, 1)) * loadings + 0.6 * random.normal(size=(units, 4))
    start, doses = np.repeat(base, 4, axis=0), np.tile(np.eye(4), (units, 1))
    reached = start + (doses @ np.ones((4, 1))) * loadings + 0.1 * random.normal(size=start.shape)
    values = ("v0", "v1", "v2", "v3")
    rows = PairedRows(
        values, tuple(f"do_{v}" for v in values), tuple(f"u{i // 4}" for i in range(4 * units)), start, doses, reached
    )
    errors = {True: 0.0, False: 0.0}
    for fold in lever_folds(rows, None, 0)[:2]:
        told = FactorGraphPredictor(starts=1, draws=10).fit(fold.train, 0)
        mean = told.predict(fold.test.start, fold.test.doses).mean
        errors[True] += float(np.square((mean - fold.test.reached)[fold.scored]).mean())
        errors[False] += float(np.square((fold.test.start - fold.test.reached)[fold.scored]).mean())
    assert errors[True] < 0.2 * errors[False]


def test_theory_groups_take_the_spelling_of_the_values() -> None:
    groups = theory_groups(theory("schwartz-10"), ["Power", "Achievement", "Security", "other"])
    assert any(set(members) == {"Power", "Achievement"} for members in groups.values())
    assert all(len(members) > 1 for members in groups.values())


def test_a_chain_of_factors_shows_its_coefficients() -> None:
    assert "coefficients" in vars(make_chain())
    chain = make_chain()
    chain.step(np.eye(3))
    total = np.linalg.inv(np.eye(4) - chain.coefficients)
    joint = total.T @ (chain.variances[:, None] * total)
    np.testing.assert_allclose(joint[:3, :3], chain.covariance, atol=1e-12)


def make_chain() -> FactorChain:
    from causalvalues.discovery.factor_chain import FactorProblem
    from causalvalues.discovery.priors import SparseDags

    free = ~np.eye(3, dtype=bool)
    problem = FactorProblem(np.ones((3, 1), dtype=bool), free, np.zeros_like(free), SparseDags(odds=0.25), 50.0)
    return FactorChain(problem, np.random.default_rng(0))


def test_trees_give_intervals_as_wide_as_their_errors_on_rows_they_have_not_seen() -> None:
    rows, new = simulate(0).rows, simulate(5).rows
    fitted = FlexibleRegressor(trees=50).fit(rows, 0)
    told = fitted.predict(new.start, new.doses)
    assert 0.8 < ((new.reached > told.lower) & (new.reached < told.upper)).mean() < 0.97
    errors = np.abs(told.mean - new.reached).mean()
    assert (told.upper - told.lower).mean() < 6 * errors
