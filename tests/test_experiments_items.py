"""Which items tell most: divergences against quadrature and known cases, laws of the choice."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.experiments import Groups, Item, most_informative_items
from causalvalues.experiments.divergence import jensen_shannon, jensen_shannon_bounds

VALUES = ("care", "fairness", "power")


def random_groups(seed: int, g: int = 3) -> Groups:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(g, 3, 3)) * 0.5
    covariances = root @ root.transpose(0, 2, 1) + 0.3 * np.eye(3)
    names = tuple(f"model {i}" for i in range(g))
    return Groups(names, VALUES, rng.normal(size=(g, 3)), covariances, rng.uniform(0.5, 2, g))


def random_items(seed: int, count: int = 6) -> list[Item]:
    rng = np.random.default_rng(seed + 1)
    return [
        Item(f"item {i}", dict(zip(VALUES, rng.normal(size=3).tolist(), strict=True)), float(rng.uniform(0.3, 2)))
        for i in range(count)
    ]


def by_grid(means: np.ndarray, deviations: np.ndarray, weights: np.ndarray) -> float:
    y = np.linspace(-24, 24, 24_001)
    laws = (
        np.exp(-0.5 * ((y - means[:, None]) / deviations[:, None]) ** 2) / deviations[:, None] / math.sqrt(2 * math.pi)
    )
    mixed = weights @ laws
    ratio = np.where(laws > 0, np.log(np.maximum(laws, 1e-300) / np.maximum(mixed, 1e-300)), 0.0)
    return float(weights @ np.trapezoid(laws * ratio, y, axis=1))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_the_divergence_of_one_answer_is_its_integral(seed: int) -> None:
    rng = np.random.default_rng(seed)
    means, deviations, weights = rng.normal(size=4) * 2, rng.uniform(0.6, 1.8, 4), rng.dirichlet(np.ones(4))
    assert jensen_shannon(means, deviations, weights) == pytest.approx(by_grid(means, deviations, weights), abs=2e-4)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_the_bounds_enclose_the_divergence(seed: int) -> None:
    rng = np.random.default_rng(seed)
    means, deviations, weights = rng.normal(size=3) * 2, rng.uniform(0.6, 1.8, 3), rng.dirichlet(np.ones(3))
    low, high = jensen_shannon_bounds(means[:, None], np.square(deviations)[:, None, None], weights)
    assert low - 1e-4 <= by_grid(means, deviations, weights) <= high + 1e-4


def test_bounds_of_far_and_of_equal_laws_meet() -> None:
    weights = np.array([0.25, 0.75])
    assert jensen_shannon_bounds(np.zeros((2, 2)), np.tile(np.eye(2), (2, 1, 1)), weights) == (0.0, 0.0)
    far = jensen_shannon_bounds(np.array([[0.0, 0], [90, 0]]), np.tile(np.eye(2), (2, 1, 1)), weights)
    entropy = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    np.testing.assert_allclose(far, (entropy, entropy))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_what_items_tell_of_respondents_is_half_the_log_of_a_ratio_of_determinants(seed: int) -> None:
    groups, items = random_groups(seed, 1), random_items(seed)
    found = most_informative_items(items, groups, 4, aim="respondents")
    loadings = np.array([[item.loadings[value] for value in VALUES] for item in items])
    noise = {item.name: item.noise**2 for item in items}
    rows = [[item.name for item in items].index(name) for name in found.chosen]
    shrunk = (
        np.linalg.inv(groups.covariances[0]) + (loadings[rows] / [[noise[n]] for n in found.chosen]).T @ loadings[rows]
    )
    exact = (np.linalg.slogdet(shrunk)[1] + np.linalg.slogdet(groups.covariances[0])[1]) / 2
    assert found.table.least.iloc[3] == pytest.approx(exact)
    assert found.table["most"].iloc[3] == pytest.approx(exact)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_the_chosen_items_tell_most_of_what_the_best_ones_do(seed: int) -> None:
    groups, items = random_groups(seed), random_items(seed)
    told = most_informative_items(items, groups, 2, aim="respondents").table.least.iloc[1]
    best = max(
        most_informative_items(pair, groups, 2, aim="respondents").table.least.iloc[1]
        for pair in itertools.combinations(items, 2)
    )
    assert (1 - 1 / math.e) * best <= told <= best + 1e-9


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["groups", "respondents"]))
def test_more_items_tell_more_and_never_more_than_there_is_to_know(seed: int, aim: str) -> None:
    groups = random_groups(seed)
    found = most_informative_items(random_items(seed), groups, 6, aim)  # type: ignore[arg-type]
    told = found.table.least.to_numpy()
    assert (np.diff(told) >= -1e-9).all()
    assert (found.table["most"] >= found.table.least - 1e-12).all()
    if aim == "groups":
        assert found.table["most"].max() <= found.ceiling + 1e-9 <= math.log(3) + 1e-9
        assert (found.table.divergence <= found.ceiling + 1e-9).all()


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.permutations(range(3)))
def test_the_order_of_items_values_and_groups_changes_nothing(seed: int, turn: list[int]) -> None:
    groups, items = random_groups(seed), random_items(seed)
    turned = Groups(
        tuple(groups.names[i] for i in turn),
        tuple(VALUES[i] for i in turn),
        groups.means[turn][:, turn],
        groups.covariances[turn][:, turn][:, :, turn],
        groups.weights[turn],
    )
    one, other = most_informative_items(items, groups, 3), most_informative_items(items[::-1], turned, 3)
    assert one.chosen == other.chosen
    np.testing.assert_allclose(one.table, other.table, rtol=0, atol=1e-10)


def test_an_item_on_which_all_groups_answer_alike_is_chosen_last() -> None:
    groups = Groups(("x", "y"), VALUES, [[0, 0, 0], [2, 1, 0]], [np.eye(3), np.eye(3)])
    items = [Item("a power", {"power": 3}, 0.1), Item("b fair", {"fairness": 1}, 0.5), Item("c care", {"care": 1}, 0.5)]
    found = most_informative_items(items, groups, 2)
    assert found.chosen == ("c care", "b fair")
    assert found.table.divergence["a power"] == pytest.approx(0.0, abs=1e-12)
    assert most_informative_items(items, groups, 1, aim="respondents").chosen == ("a power",)


def test_noise_lowers_both_kinds_of_information() -> None:
    groups = random_groups(1)
    clear, noisy = (most_informative_items([Item("q", {"care": 1}, e)], groups, 1).table.iloc[0] for e in (0.2, 1.0))
    assert clear.information > noisy.information
    assert clear.divergence > noisy.divergence
