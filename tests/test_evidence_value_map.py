"""Maps of values: scaling, fit to a circle, bootstrap regions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.errors import DataError
from causalvalues.evidence import summarise
from causalvalues.evidence.scaling import Interval, Ordinal, Ratio, Scale, best_points, pair_distances, scaled_points
from causalvalues.evidence.value_map import MapSettings, circle_fit, rotation, value_map
from causalvalues.theories import theory

SHORT = {"SE": "security", "CO": "conformity", "TR": "tradition", "BE": "benevolence", "UN": "universalism"}
SHORT |= {"SD": "self_direction", "ST": "stimulation", "HE": "hedonism", "AC": "achievement", "PO": "power"}
SCALES = [Ordinal(), Interval(), Ratio()]


def distances(points: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.norm(points[:, None] - points, axis=2))


def noise(seed: int, n: int = 8) -> np.ndarray:
    """Return random dissimilarities that no plane holds."""
    return distances(np.random.default_rng(seed).normal(size=(n, 5)))


def wheel(names: list[str]) -> pd.DataFrame:
    """Return correlations of values that stand on a circle in this order."""
    turn = 2 * np.pi * np.arange(len(names)) / len(names)
    return pd.DataFrame(np.cos(turn[:, None] - turn), names, names)


@pytest.mark.parametrize("scale", SCALES)
def test_points_of_a_plane_are_found_again(scale: Scale) -> None:
    points = np.random.default_rng(3).normal(size=(9, 2))
    found = best_points(distances(points), scale, seed=0)
    assert found.stress < 1e-4
    if not isinstance(scale, Ordinal):  # the order alone leaves some play
        wanted, got = (pair_distances(x, np.triu_indices(9, 1)) for x in (points, found.points))
        np.testing.assert_allclose(got / got.mean(), wanted / wanted.mean(), atol=1e-3)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_a_freer_scale_fits_at_least_as_well_from_the_same_start(seed: int) -> None:
    apart = noise(seed)
    ratio = best_points(apart, Ratio(), 0, 2)
    interval = scaled_points(apart, Interval(), ratio.points)
    ordinal = scaled_points(apart, Ordinal(), interval.points)
    assert ordinal.stress <= interval.stress + 1e-9
    assert interval.stress <= ratio.stress + 1e-9


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.floats(0.3, 3.0))
def test_ordinal_maps_only_see_the_order(seed: int, power: float) -> None:
    apart = noise(seed)
    start = np.random.default_rng(seed).normal(size=(8, 2))
    one, two = (scaled_points(each, Ordinal(), start) for each in (apart, apart**power))
    np.testing.assert_array_equal(one.points, two.points)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000))
def test_interval_disparities_are_the_nearest_on_their_cone(seed: int) -> None:
    from scipy.optimize import nnls

    random = np.random.default_rng(seed)
    x, d = random.random(12) + 0.1, random.random(12) + 0.1
    basis = np.column_stack([np.ones(12), x - x.min()])
    np.testing.assert_allclose(Interval().disparities(x, d), basis @ nnls(basis, d)[0], atol=1e-9)


def test_the_metric_map_has_the_stress_of_scikit_learn() -> None:
    from sklearn.manifold import smacof

    apart = noise(5)
    raw = min(
        smacof(apart, n_init=1, max_iter=5000, eps=1e-14, random_state=k, normalized_stress=False)[1] for k in range(8)
    )
    stress = np.sqrt(raw / np.square(apart[np.triu_indices(8, 1)]).sum())
    assert best_points(apart, Ratio(), seed=0).stress == pytest.approx(stress, abs=1e-6)


def test_a_perfect_circle_is_confirmed_whatever_the_order_of_the_columns() -> None:
    values = theory("schwartz-10")
    names = list(values.dimensions)
    found = value_map(wheel(names), values)
    assert found.fit == pytest.approx(1.0, abs=1e-6)
    assert (found.p, found.neighbours, found.order) == (1e-4, 10, values.dimensions)
    np.testing.assert_allclose(found.points, found.theory_points, atol=1e-3)
    mixed = names[::-3] + [name for name in names if name not in names[::-3]]
    other = value_map(wheel(names).loc[mixed, mixed], values)
    assert list(other.points.index) == mixed
    pd.testing.assert_frame_equal(other.points.loc[names], found.points)
    assert (other.stress, other.p) == (found.stress, found.p)


def test_a_shuffled_circle_is_not_confirmed() -> None:
    values = theory("schwartz-10")
    names = list(values.dimensions)
    found = value_map(wheel([names[(3 * k) % 10] for k in range(10)]), values)
    assert found.stress < 0.01
    assert found.neighbours == 0
    assert found.p > 0.2


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_the_fit_is_that_of_scipy_and_does_not_feel_turns_mirrors_or_size(seed: int) -> None:
    from scipy.spatial import procrustes

    random = np.random.default_rng(seed)
    x, y = random.normal(size=(7, 2)), random.normal(size=(7, 2))
    turn = np.linalg.qr(random.normal(size=(2, 2)))[0]
    fit = circle_fit(x, y, 0)[0]
    assert fit == pytest.approx(1 - procrustes(y, x)[2], abs=1e-9)
    assert circle_fit(3 * x @ turn + 5, y, 0)[0] == pytest.approx(fit, abs=1e-9)
    centred = x - x.mean(axis=0)
    again = centred @ turn
    np.testing.assert_allclose(again @ rotation(again, centred), centred, atol=1e-9)


def test_p_is_uniform_where_the_labels_mean_nothing() -> None:
    circle = np.column_stack([np.cos(np.arange(7)), np.sin(np.arange(7))])
    random = np.random.default_rng(11)
    found = np.array([circle_fit(random.normal(size=(7, 2)), circle, 0)[1] for _ in range(60)])
    assert (found <= 0.1).mean() <= 0.22
    assert abs(found.mean() - 0.5) < 0.15  # four standard errors


def test_regions_shrink_with_rows_and_need_clusters() -> None:
    values = theory("schwartz-10")
    spread = np.linalg.cholesky(wheel(list(values.dimensions)).to_numpy() + 0.5 * np.eye(10))
    rows = np.random.default_rng(0).normal(size=(1600, 10)) @ spread.T
    areas = []
    for n in (200, 1600):
        evidence = summarise(pd.DataFrame(rows[:n], columns=list(values.dimensions)))
        found = value_map(evidence, values, settings=MapSettings(Interval(), starts=2, draws=60))
        assert found.covariances is not None
        areas.append(float(np.sqrt(np.linalg.det(found.covariances)).mean()))
        assert 0.5 < found.stability < 1
    assert 4 < areas[0] / areas[1] < 16  # 8 in theory
    assert value_map(evidence.correlation, values, settings=MapSettings(starts=2)).covariances is None


@pytest.mark.shared
def test_the_map_of_us_adults_is_that_of_r_and_shows_the_circle(shared_data: Path) -> None:
    """Stress-1 of `MASS::isoMDS` in R (7.3), best of 60 starts, of sqrt(1 - r): 5.1046443 %."""
    answers = pd.read_csv(shared_data / "smacof_values" / "PVQ40agg.csv").rename(columns=SHORT)
    values = theory("schwartz-10")
    found = value_map(answers.corr(), values)
    assert found.stress == pytest.approx(0.051046443, abs=1e-7)
    assert found.order == values.dimensions
    assert found.p < 0.001


def test_what_is_no_correlation_matrix_is_refused() -> None:
    with pytest.raises(DataError, match="no correlation matrix"):
        value_map(2 * wheel(list("abcde")))
    with pytest.raises(DataError, match="same names"):
        value_map(wheel(list("abcde")).rename(columns={"a": "z"}))
    with pytest.raises(DataError, match="at least 4"):
        value_map(wheel(list("abc")))
    with pytest.raises(DataError, match="does not know 'a'"):
        value_map(wheel(list("abcde")), theory("schwartz-10"))
    with pytest.raises(DataError, match="not all zero"):
        value_map(pd.DataFrame(np.ones((4, 4)), list("abcd"), list("abcd")))
