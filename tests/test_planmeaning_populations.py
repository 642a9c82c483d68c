"""Populations: Wasserstein distances, mixtures of lever sets, and the three notions of pluralism."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planmeaning_models import VALUES, responding, structural_model

from causalvalues.errors import PlanError
from causalvalues.interventions import Lever
from causalvalues.planning import Enumerate
from causalvalues.populations.mixtures import CELLS, Setting, match_marginals, match_profiles, normal_atoms
from causalvalues.populations.pluralism import overton_coverage, steerable_share
from causalvalues.populations.populations import Mixture, PopulationTarget, population_plan
from causalvalues.populations.wasserstein import sliced_wasserstein, wasserstein, wasserstein_1d

SEEDS = st.integers(0, 10_000)
LEVERS = [Lever("x"), Lever("y"), Lever("z")]


def cloud(rng: np.random.Generator, n: int, p: int = 2) -> tuple[np.ndarray, np.ndarray]:
    return rng.normal(size=(n, p)), rng.uniform(0.1, 1.0, n)


# distances


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_distances_obey_the_laws_of_a_metric(seed: int) -> None:
    rng = np.random.default_rng(seed)
    (x, a), (y, b), (z, c) = (cloud(rng, n) for n in (4, 5, 3))
    assert wasserstein(x, x, a, a) == pytest.approx(0.0, abs=1e-9)
    assert wasserstein(x, y, a, b) == pytest.approx(wasserstein(y, x, b, a), abs=1e-9)
    assert wasserstein(x, y, a, b) > 0
    assert wasserstein(x, z, a, c) <= wasserstein(x, y, a, b) + wasserstein(y, z, b, c) + 1e-9
    assert wasserstein(x + 2.0, x, a, a) == pytest.approx(2.0)
    assert wasserstein(3 * x, 3 * y, a, b) == pytest.approx(3 * wasserstein(x, y, a, b))


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_one_dimension_agrees_with_scipy_and_with_the_linear_program(seed: int) -> None:
    from scipy.stats import wasserstein_distance

    rng = np.random.default_rng(seed)
    (x, a), (y, b) = cloud(rng, 6, 1), cloud(rng, 4, 1)
    x = np.round(x, 1)
    expected = wasserstein_distance(x[:, 0], y[:, 0], a, b)
    assert wasserstein_1d(x[:, 0], y[:, 0], a, b) == pytest.approx(expected, abs=1e-12)
    assert wasserstein(x, y, a, b) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_many_dimensions_equal_the_best_matching_and_bound_the_marginals(seed: int) -> None:
    from scipy.optimize import linear_sum_assignment

    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
    costs = np.abs(x[:, None] - y[None]).mean(axis=2)
    rows, columns = linear_sum_assignment(costs)
    found = wasserstein(x, y)
    assert found == pytest.approx(costs[rows, columns].mean(), abs=1e-9)
    assert found >= np.mean([wasserstein_1d(x[:, i], y[:, i]) for i in range(3)]) - 1e-9


def test_the_sliced_distance_sees_a_shift_and_keeps_its_seed() -> None:
    x = np.random.default_rng(0).normal(size=(50, 2))
    moved = sliced_wasserstein(x, x + np.array([1.0, 0.0]), directions=2000)
    assert moved == pytest.approx(2 / np.pi, rel=0.03)
    assert moved == sliced_wasserstein(x, x + np.array([1.0, 0.0]), directions=2000)
    assert sliced_wasserstein(x, x) == 0.0


@pytest.mark.parametrize(
    ("first", "weights", "words"),
    [
        (np.zeros((0, 2)), None, "at least one row"),
        (np.array([[np.nan, 0.0]]), None, "not finite"),
        (np.zeros((2, 2)), np.array([-1.0, 2.0]), "zero or more"),
        (np.zeros((2, 3)), None, "Give the same values"),
    ],
)
def test_bad_samples_are_refused(first: np.ndarray, weights: np.ndarray | None, words: str) -> None:
    with pytest.raises(PlanError, match=words):
        wasserstein(first, np.zeros((2, 2)), weights)


def test_too_many_pairs_are_refused_with_a_remedy() -> None:
    with pytest.raises(PlanError, match="sliced_wasserstein"):
        wasserstein(np.zeros((1000, 1)), np.zeros((1000, 1)))


# mixtures


def shared_out(seed: int, groups: int) -> Setting:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(4, 1, 2)) + rng.normal(size=(1, 3, 2)) + 0.1 * rng.normal(size=(4, 3, 2))
    return Setting(points, np.arange(4) % groups if groups < 4 else np.arange(4))


def distance_of(setting: Setting, shares: np.ndarray, wanted: np.ndarray, weights: np.ndarray) -> float:
    mass = shares[setting.group] / len(setting.group)
    return wasserstein(setting.points.reshape(-1, 2), wanted, mass.ravel(), weights)


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.sampled_from([1, 2, 4]))
def test_no_mixture_is_nearer_to_wanted_profiles_than_the_one_found(seed: int, groups: int) -> None:
    setting = shared_out(seed, groups)
    rng = np.random.default_rng(seed)
    wanted, weights = rng.normal(size=(5, 2)), rng.dirichlet(np.ones(5))
    found = match_profiles(setting, wanted, weights)
    assert found.sum(axis=1) == pytest.approx(1.0)
    best = distance_of(setting, found, wanted, weights)
    for _ in range(12):
        other = rng.dirichlet(np.full(3, rng.choice([0.1, 1.0])), setting.groups)
        assert distance_of(setting, other, wanted, weights) >= best - 1e-9
        blend = 0.9 * found + 0.1 * other
        assert distance_of(setting, blend, wanted, weights) >= best - 1e-9


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_a_mixture_for_each_persona_found_by_transport_equals_the_one_of_the_whole_program(seed: int) -> None:
    from causalvalues.populations.mixtures import _grouped

    setting = shared_out(seed, 4)
    wanted, weights = np.random.default_rng(seed).normal(size=(3, 2)), np.array([0.5, 0.3, 0.2])
    quick, slow = match_profiles(setting, wanted, weights), _grouped(setting, wanted, weights)
    one, other = (distance_of(setting, shares, wanted, weights) for shares in (quick, slow))
    assert one == pytest.approx(other, abs=1e-8)


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.sampled_from([1, 2, 4]))
def test_no_mixture_is_nearer_to_wanted_spreads_than_the_one_found(seed: int, groups: int) -> None:
    setting = shared_out(seed, groups)
    atoms = np.column_stack([normal_atoms(0.3, 0.5, 15), normal_atoms(-0.2, 1.0, 15)])

    def distance(shares: np.ndarray) -> float:
        mass = (shares[setting.group] / len(setting.group)).ravel()
        columns = setting.points.reshape(-1, 2)
        return float(np.mean([wasserstein_1d(columns[:, i], atoms[:, i], mass) for i in range(2)]))

    found, gap = match_marginals(setting, atoms)
    assert gap == 0.0
    rng = np.random.default_rng(seed)
    for _ in range(40):
        other = rng.dirichlet(np.full(3, rng.choice([0.1, 1.0])), setting.groups)
        assert distance(other) >= distance(found) - 1e-8
        assert distance(0.9 * found + 0.1 * other) >= distance(found) - 1e-8


def test_with_many_points_the_mixture_is_within_the_stated_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    points = rng.normal(size=(60, 1, 1)) + rng.normal(size=(1, 12, 1)) + 0.1 * rng.normal(size=(60, 12, 1))
    setting = Setting(points, np.zeros(60, dtype=int))
    atoms = normal_atoms(0.5, 0.7, 40)[:, None]
    assert points.size + 40 > CELLS

    def distance(shares: np.ndarray) -> float:
        return wasserstein_1d(points.ravel(), atoms[:, 0], (shares[setting.group] / 60).ravel())

    coarse, gap = match_marginals(setting, atoms)
    monkeypatch.setattr("causalvalues.populations.mixtures.CELLS", 10_000)
    exact, none = match_marginals(setting, atoms)
    assert none == 0.0
    assert 0 < gap < 0.03
    assert distance(exact) - 1e-9 <= distance(coarse) <= distance(exact) + gap


@settings(max_examples=20, deadline=None)
@given(st.floats(-5, 5), st.floats(0, 3), st.integers(2, 60))
def test_atoms_have_the_wanted_mean_and_deviation(mean: float, deviation: float, atoms: int) -> None:
    found = normal_atoms(mean, deviation, atoms)
    assert found.mean() == pytest.approx(mean, abs=1e-9)
    assert found.std() == pytest.approx(deviation, abs=1e-9)


# plans for populations


def personas(seed: int, n: int = 8) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(0.4, 0.1, (n, 3)), index=[f"p{i}" for i in range(n)], columns=list(VALUES))


def test_a_plan_adds_up_and_is_no_worse_than_one_lever_set_for_all() -> None:
    model, starts = responding(3), personas(0)
    wanted = personas(5, 6) + 0.2
    method = Mixture(plan=Enumerate(max_levers=2))
    found = population_plan(model, starts, PopulationTarget(wanted, tolerance=0.1), LEVERS, method)
    assert found.assignment.groupby("group")["share"].sum().to_numpy() == pytest.approx(1.0)
    assert found.mixture["share"].sum() == pytest.approx(1.0)
    assert found.reached["share"].sum() == pytest.approx(1.0)
    assert found.distance <= found.distance_single + 1e-9 <= found.distance_before + 2e-9
    columns = sorted(VALUES)
    points = found.reached[columns].to_numpy()
    assert wasserstein(points, wanted[columns].to_numpy(), found.reached["share"].to_numpy()) == pytest.approx(
        found.distance, abs=1e-7
    )
    row = found.pluralism.loc["Overton"]
    assert row["after"] == pytest.approx(overton_coverage(points, wanted[columns].to_numpy(), 0.1))
    assert "best one lever set for all" in found.text


def test_a_population_that_levers_made_is_matched_exactly() -> None:
    model, starts = structural_model(4, draws=1), personas(1, 5)
    from causalvalues.planning.profiles import profile_of

    given_levers = [{}, {"x": 1.0}, {"x": 1.0, "y": 1.0}, {"z": 1.0}, {"y": 1.0}]
    rows = [profile_of(model, starts.iloc[i], doses)[0] for i, doses in enumerate(given_levers)]
    wanted = pd.DataFrame(rows, columns=sorted(VALUES))
    found = population_plan(model, starts, PopulationTarget(wanted), LEVERS)
    assert found.distance == pytest.approx(0.0, abs=1e-8)
    assert found.pluralism.loc["Overton", "after"] == 1.0


def test_groups_share_one_mixture_and_cost_some_nearness() -> None:
    model, starts = responding(6), personas(2)
    target = PopulationTarget(personas(7, 5) + 0.1, weights=[1, 2, 3, 4, 0])
    alone = population_plan(model, starts, target, LEVERS)
    groups = {name: "even" if int(name[1:]) % 2 == 0 else "odd" for name in starts.index}
    grouped = population_plan(model, starts, target, LEVERS, Mixture(groups=groups))
    assert set(grouped.assignment["group"]) == {"even", "odd"}
    assert alone.distance <= grouped.distance + 1e-9
    assert grouped.distance <= grouped.distance_single + 1e-9


def test_a_spread_is_matched_value_by_value() -> None:
    model, starts = responding(9), personas(3, 12)
    target = PopulationTarget(spread={"power": (0.5, 0.1), "security": (0.45, 0.2)})
    found = population_plan(model, starts, target, LEVERS)
    assert list(found.values.index) == ["power", "security"]
    assert found.values["mean_wanted"].loc["power"] == pytest.approx(0.5)
    assert found.values["sd_wanted"].loc["security"] == pytest.approx(0.2)
    assert found.distance == pytest.approx(found.values["distance_after"].mean(), abs=1e-7)
    assert found.distance <= found.distance_single + 1e-9
    assert found.pluralism.loc["Overton"].isna().all()


def test_the_order_of_rows_and_columns_changes_nothing() -> None:
    model, starts = responding(3), personas(0)
    target = PopulationTarget(personas(5, 4) + 0.2)
    one = population_plan(model, starts, target, LEVERS)
    other = population_plan(model, starts[sorted(VALUES)], target, LEVERS[::-1])
    pd.testing.assert_frame_equal(one.assignment, other.assignment)


def test_coverage_and_steerability_count_what_comes_near() -> None:
    reached = np.array([[0.0, 0.0], [1.0, 1.0]])
    wanted = np.array([[0.1, 0.1], [1.0, 0.8], [0.5, 0.5]])
    assert overton_coverage(reached, wanted, 0.1) == pytest.approx(2 / 3)
    assert overton_coverage(reached, wanted, 0.1, np.array([0.0, 0.0, 1.0])) == 0.0
    points = np.array([[[0.0, 0.0], [1.0, 1.0]], [[0.5, 0.5], [0.5, 0.5]]])
    assert steerable_share(points, wanted, 0.1) == pytest.approx((2 / 3 + 1 / 3) / 2)
    with pytest.raises(PlanError, match="positive number"):
        overton_coverage(reached, wanted, 0.0)


def test_bad_populations_are_named() -> None:
    model, starts = responding(0), personas(0)
    good = PopulationTarget(spread={"power": (0.5, 0.1)})
    with pytest.raises(PlanError, match="one of the two"):
        PopulationTarget()
    with pytest.raises(PlanError, match="deviation >= 0"):
        PopulationTarget(spread={"power": (0.5, -0.1)})
    with pytest.raises(PlanError, match="one weight of zero or more"):
        PopulationTarget(starts, weights=[1.0])
    with pytest.raises(PlanError, match="Did you mean 'power'"):
        population_plan(model, starts, PopulationTarget(spread={"powr": (0.5, 0.1)}), LEVERS)
    with pytest.raises(PlanError, match="'p0' has no group"):
        population_plan(model, starts, good, LEVERS, Mixture(groups={"p1": "a"}))
    with pytest.raises(PlanError, match="stands in two rows"):
        population_plan(model, pd.concat([starts, starts]), good, LEVERS)
    with pytest.raises(PlanError, match="no unit"):
        population_plan(model, starts.iloc[:0], good, LEVERS)
