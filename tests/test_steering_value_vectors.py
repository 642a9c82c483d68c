"""Are directions of values what the pairs say, whatever their order, and do levers carry them in the right doses?"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ortho_group

from causalvalues.errors import SteeringError
from causalvalues.steering.pairs import ContrastPair
from causalvalues.steering.value_vectors import Kind, ValueVectors, value_vectors, vector_levers

VALUES = ("power", "security", "tradition", "universalism")
KINDS: tuple[Kind, ...] = ("mean_difference", "cleaned", "discriminant")
SEEDS = st.integers(0, 10_000)
D = 12


def pairs_of(each: int, values: tuple[str, ...] = VALUES) -> list[ContrastPair]:
    return [ContrastPair(value, f"Context {i} of", f"{value} {i}.", "plain.") for value in values for i in range(each)]


def planted(seed: int, each: int = 12, noise: float = 1.0, layers: int = 2) -> tuple[np.ndarray, ...]:
    """Directions (values, layers, d), and states of affirmed and plain sentences with a context and a common shift."""
    draw = np.random.default_rng(seed)
    truth = draw.normal(size=(len(VALUES), layers, D))
    of = np.repeat(np.arange(len(VALUES)), each)
    context = 5 * draw.normal(size=(len(of), layers, D))
    common = 3 * draw.normal(size=(layers, D))
    affirmed = context + common + truth[of] + noise * draw.normal(size=context.shape)
    return truth, affirmed, context


def cosine(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one * other).sum(-1) / np.linalg.norm(one, axis=-1) / np.linalg.norm(other, axis=-1)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_without_noise_the_vectors_are_the_differences_from_what_all_values_share(seed: int) -> None:
    truth, affirmed, plain = planted(seed, each=2, noise=0.0)
    found = value_vectors(pairs_of(2), affirmed, plain)
    np.testing.assert_allclose(found.means, truth - truth.mean(0), atol=1e-9)
    np.testing.assert_allclose(found.means.sum(0), 0, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(found.directions, axis=2), 1)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from(KINDS))
def test_what_the_pairs_of_all_values_share_is_no_value(seed: int, kind: Kind) -> None:
    _, affirmed, plain = planted(seed)
    one = value_vectors(pairs_of(12), affirmed, plain, kind=kind)
    shift = np.random.default_rng(seed).normal(size=affirmed.shape[1:])
    other = value_vectors(pairs_of(12), affirmed + shift, plain, kind=kind)
    np.testing.assert_allclose(other.means, one.means, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from(KINDS))
def test_any_order_of_the_pairs_gives_the_same_bytes(seed: int, kind: Kind) -> None:
    _, affirmed, plain = planted(seed)
    pairs = pairs_of(12)
    order = np.random.default_rng(seed).permutation(len(pairs))
    learn = partial(value_vectors, kind=kind, halves=2, seed=3)
    one = learn(pairs, affirmed, plain)
    other = learn([pairs[i] for i in order], affirmed[order], plain[order])
    assert one.means.tobytes() == other.means.tobytes()
    assert one.stability is not None
    assert other.stability is not None
    assert one.stability.tobytes() == other.stability.tobytes()


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from(KINDS))
def test_turning_the_space_turns_the_vectors(seed: int, kind: Kind) -> None:
    _, affirmed, plain = planted(seed)
    turn = ortho_group.rvs(D, random_state=seed)
    one = value_vectors(pairs_of(12), affirmed, plain, kind=kind)
    other = value_vectors(pairs_of(12), affirmed @ turn, plain @ turn, kind=kind)
    np.testing.assert_allclose(other.means, one.means @ turn, atol=1e-5)


def noisy(seed: int, each: int = 48) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As `planted`, with massive noise along one direction (1, 1, 0, ...) of each layer."""
    truth, affirmed, plain = planted(seed, each)
    massive = np.zeros(D)
    massive[:2] = np.sqrt(0.5)
    draw = np.random.default_rng(seed + 1)
    return truth, affirmed + 40 * draw.normal(size=(*affirmed.shape[:2], 1)) * massive, plain


@pytest.mark.parametrize("seed", range(3))
def test_massive_noise_drowns_a_difference_of_means_and_neither_a_cleaned_nor_a_discriminant_direction(
    seed: int,
) -> None:
    truth, affirmed, plain = noisy(seed)
    wanted = truth - truth.mean(0)
    wanted[..., :2] -= wanted[..., :2].mean(-1, keepdims=True)  # what is left beside the massive direction
    alike = {}
    for kind in KINDS:
        found = value_vectors(pairs_of(48), affirmed, plain, kind=kind)
        alike[kind] = cosine(found.means, wanted).mean()
        along = np.abs(found.directions[..., :2].sum(-1)).max()
        assert (along < 0.05) == (kind != "mean_difference")
    assert alike["mean_difference"] < 0.7
    assert min(alike["cleaned"], alike["discriminant"]) > 0.8


def test_with_noise_alike_in_all_directions_the_discriminant_is_the_difference_of_means() -> None:
    _, affirmed, plain = planted(0, each=1000)
    one, other = (value_vectors(pairs_of(1000), affirmed, plain, kind=kind) for kind in (KINDS[0], KINDS[2]))
    assert cosine(one.means, other.means).min() > 0.995
    np.testing.assert_allclose(np.linalg.norm(one.means, axis=2), np.linalg.norm(other.means, axis=2), rtol=0.05)


def test_directions_from_two_halves_agree_without_noise_and_not_at_all_in_noise() -> None:
    _, affirmed, plain = planted(1, noise=0.0)
    sure = value_vectors(pairs_of(12), affirmed, plain, halves=5)
    assert sure.stability is not None
    np.testing.assert_allclose(sure.stability, 1)
    noise = np.random.default_rng(2).normal(size=affirmed.shape)
    unsure = value_vectors(pairs_of(12), noise, np.zeros_like(noise), norms=[1, 1], halves=50)
    assert unsure.stability is not None
    assert abs(unsure.stability.mean()) < 0.2
    without = value_vectors(pairs_of(12), affirmed, plain)
    assert without.stability is not None
    assert np.isnan(without.stability).all()


def test_norms_are_the_median_length_of_the_plain_states_or_as_given() -> None:
    _, affirmed, plain = planted(0)
    found = value_vectors(pairs_of(12), affirmed, plain)
    np.testing.assert_allclose(found.norms, np.median(np.sqrt((plain**2).sum(2)), axis=0))
    np.testing.assert_allclose(value_vectors(pairs_of(12), affirmed, plain, norms=[3, 4]).norms, [3, 4])


def test_a_lever_of_each_value_adds_its_unit_vector_in_shares_of_the_typical_length() -> None:
    _, affirmed, plain = planted(0, layers=3)
    vectors = value_vectors(pairs_of(12), affirmed, plain, [4, 6, 8])
    levers = vector_levers(vectors, (8, 4), 0.25, "answer")
    assert [lever.name for lever in levers] == [f"vec_{value}" for value in VALUES]
    assert {(lever.method, lever.positions) for lever in levers} == {("value_vector", "answer")}
    for lever in levers:
        assert [act.layer for act in lever.acts] == [4, 8]
        for act, norm in zip(lever.acts, vectors.norms[[0, 2]], strict=True):
            np.testing.assert_allclose(act.direction, vectors.direction(lever.value, act.layer), atol=1e-6)
            assert (act.action, act.coefficient) == ("add", pytest.approx(0.25 * norm))
    with pytest.raises(SteeringError, match=r"nothing at layer 5\. There is at: 4, 6, 8"):
        vector_levers(vectors, (5,))
    with pytest.raises(SteeringError, match="does nothing"):
        vector_levers(vectors, ())


def test_what_does_not_fit_is_refused() -> None:
    _, affirmed, plain = planted(0)
    pairs = pairs_of(12)
    with pytest.raises(SteeringError, match=r"affirmed states have the shape \(47, 2, 12\)"):
        value_vectors(pairs, affirmed[1:], plain)
    with pytest.raises(SteeringError, match="shapes"):
        value_vectors(pairs, affirmed, plain[:, :1])
    with pytest.raises(SteeringError, match="plain states are not finite"):
        value_vectors(pairs, affirmed, np.where(plain == plain[3, 0, 0], np.nan, plain))
    with pytest.raises(SteeringError, match="must be ascending"):
        value_vectors(pairs, affirmed, plain, [8, 4])
    with pytest.raises(SteeringError, match="all of one value"):
        value_vectors(pairs[:12], affirmed[:12], plain[:12])
    with pytest.raises(SteeringError, match="one pair"):
        value_vectors(pairs_of(1), affirmed[:4], plain[:4], halves=2)
    with pytest.raises(SteeringError, match="does not exist"):
        value_vectors(pairs, affirmed, plain, kind="svd")  # type: ignore[arg-type]
    with pytest.raises(SteeringError, match="Did you mean 'power'"):
        value_vectors(pairs, affirmed, plain).direction("powr", 0)
    with pytest.raises(SteeringError, match="a norm is not positive"):
        value_vectors(pairs, affirmed, plain, norms=[0, 1])
    with pytest.raises(SteeringError, match=r"Give \(values, layers, d\)"):
        ValueVectors(("a",), (0,), np.zeros((2, 1, 3)), np.ones(1))
