"""Do directions that lie on a circle agree with the theory, and random ones not?"""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics.pairwise import cosine_similarity

from causalvalues.errors import SteeringError
from causalvalues.steering.value_vectors import ValueVectors
from causalvalues.steering.vector_circle import cosine_matrix, vector_circle
from causalvalues.theories import theory

THEORY = theory("schwartz-10")


def vectors(means: np.ndarray, values: tuple[str, ...] = THEORY.dimensions) -> ValueVectors:
    """Vectors in the order of their names at layer 3."""
    order = sorted(range(len(values)), key=values.__getitem__)
    names = tuple(values[i] for i in order)
    return ValueVectors(names, (3,), means[order][:, None], np.ones(1))


def on_circle(noise: float = 0.0, seed: int = 0) -> np.ndarray:
    angles = 2 * np.pi * np.arange(10) / 10
    draw = np.random.default_rng(seed)
    plane = np.column_stack([np.cos(angles), np.sin(angles), np.zeros((10, 18))])
    return plane + noise * draw.normal(size=plane.shape)


def test_cosines_are_those_of_another_library() -> None:
    means = np.random.default_rng(0).normal(size=(10, 20))
    found = vectors(means)
    np.testing.assert_allclose(cosine_matrix(found, 3), cosine_similarity(found.means[:, 0]), atol=1e-12)


def test_directions_on_a_circle_agree_wholly() -> None:
    found = vector_circle(vectors(on_circle()), 3, THEORY, relabellings=499)
    assert found.values == THEORY.dimensions
    assert found.agreement == pytest.approx(1)
    assert found.p == pytest.approx(1 / 500)
    assert list(found.by_distance.values()) == sorted(found.by_distance.values(), reverse=True)
    assert "lie as on the circle" in found.verdict


def test_agreement_is_the_rank_correlation_of_another_library() -> None:
    found = vector_circle(vectors(on_circle(0.5)), 3, THEORY, relabellings=9)
    high = np.triu_indices(10, 1)
    assert found.agreement == pytest.approx(spearmanr(-found.distances[high], found.cosines[high]).statistic)
    places = np.arange(10)
    steps = np.abs(places[:, None] - places)
    np.testing.assert_array_equal(found.distances, np.minimum(steps, 10 - steps))


def test_with_few_values_all_relabellings_are_taken() -> None:
    values = ("power", "achievement", "benevolence", "self_direction", "security")
    found = vector_circle(vectors(np.random.default_rng(3).normal(size=(5, 6)), values), 3, THEORY)
    high = np.triu_indices(5, 1)
    each = [
        spearmanr(-found.distances[high], found.cosines[np.ix_(new, new)][high]).statistic
        for new in permutations(range(5))
    ]
    assert found.exact
    assert found.p == pytest.approx(np.mean(np.array(each) >= found.agreement - 1e-9))


def test_random_directions_confirm_the_circle_about_as_rarely_as_they_should() -> None:
    draw = np.random.default_rng(5)
    p = np.array([vector_circle(vectors(draw.normal(size=(10, 20))), 3, THEORY, 199, seed).p for seed in range(100)])
    assert 0.35 < p.mean() < 0.65
    assert (p < 0.05).mean() <= 0.12


def test_the_circle_in_another_order_is_not_confirmed_and_the_verdict_says_so() -> None:
    mixed = on_circle()[[0, 5, 1, 6, 2, 7, 3, 8, 4, 9]]
    found = vector_circle(vectors(mixed), 3, THEORY, relabellings=499)
    assert found.p > 0.05
    assert "do not confirm" in found.verdict


def test_the_same_seed_gives_the_same_p() -> None:
    one, other = (vector_circle(vectors(on_circle(0.6)), 3, THEORY, 99, 7) for _ in range(2))
    assert one.p == other.p


def test_what_has_no_circle_is_refused() -> None:
    with pytest.raises(SteeringError, match="has no circle"):
        vector_circle(vectors(on_circle()), 3, theory("mft-5"))
    with pytest.raises(SteeringError, match="needs 4"):
        vector_circle(vectors(on_circle()[:3], THEORY.dimensions[:3]), 3, THEORY)
    with pytest.raises(SteeringError, match="'care' is no dimension"):
        vector_circle(vectors(on_circle()[:4], ("care", *THEORY.dimensions[:3])), 3, THEORY)
    with pytest.raises(SteeringError, match="same dimension"):
        vector_circle(vectors(on_circle()[:4], ("Power", "power", *THEORY.dimensions[:2])), 3, THEORY)
    zero = on_circle()
    zero[4] = 0
    with pytest.raises(SteeringError, match="is zero behind layer 3"):
        cosine_matrix(vectors(zero), 3)
