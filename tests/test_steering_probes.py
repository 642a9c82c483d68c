"""Do probes find the layer where a value can be read, and say no more than chance where it cannot?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from statsmodels.stats.proportion import proportion_confint

from causalvalues.errors import SteeringError
from causalvalues.steering.decoding import decode_values
from causalvalues.steering.pairs import ContrastPair
from causalvalues.steering.probes import CHANCE, ProbeFit, ValueProbes, accuracy_interval, fit_probes, logistic
from causalvalues.steering.value_vectors import ValueVectors

VALUES = ("power", "security", "tradition")
EACH, D = 30, 8


def pairs(each: int = EACH) -> list[ContrastPair]:
    return [ContrastPair(value, f"Context {i} of", f"{value} {i}.", "plain.") for value in VALUES for i in range(each)]


def states(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Layer 0 holds a strong context and no value; layer 1 holds the value as well; layer 2 is as layer 1."""
    draw = np.random.default_rng(seed)
    of = np.repeat(np.arange(len(VALUES)), EACH)
    context = 3 * draw.normal(size=(len(of), 3, D))
    context[:, :, :3] = 0
    affirmed = context + 0.5 * draw.normal(size=context.shape)
    plain = context + 0.5 * draw.normal(size=context.shape)
    affirmed[np.arange(len(of)), 1, of] += 3
    affirmed[:, 2], plain[:, 2] = affirmed[:, 1], plain[:, 1]
    return affirmed, plain


@pytest.fixture(scope="module")
def found() -> ValueProbes:
    return fit_probes(pairs(), *states(0), [2, 5, 9])


def test_a_layer_that_holds_the_value_is_read_and_one_that_does_not_is_not(found: ValueProbes) -> None:
    assert (found.accuracy[:, 1] > 0.95).all()
    assert (found.lower[:, 0] < CHANCE).all()
    assert (found.upper[:, 0] > CHANCE).all()


def test_the_best_layer_is_the_lowest_of_those_that_read_best(found: ValueProbes) -> None:
    np.testing.assert_array_equal(found.accuracy[:, 1], found.accuracy[:, 2])
    assert found.best_layer() == 5
    assert found.best_layer("security") == 5


def test_the_accuracy_is_made_of_its_three_shares_and_lies_in_its_interval(found: ValueProbes) -> None:
    made = found.recognised / 2 + found.twins_rejected / 4 + found.others_rejected / 4
    np.testing.assert_allclose(found.accuracy, made)
    assert (found.lower <= found.accuracy).all()
    assert (found.accuracy <= found.upper).all()
    assert (found.lower[found.accuracy > 0.99] < 0.99).all()


def test_the_two_sentences_of_a_pair_are_never_split() -> None:
    """States are the context of the pair alone: who knows the twin of a sentence gets its label wrong."""
    draw = np.random.default_rng(1)
    context = draw.normal(size=(3 * EACH, 1, 200))
    apart = 1e-3 * draw.normal(size=context.shape)
    found = fit_probes(pairs(), context + apart, context - apart, fit=ProbeFit(penalty=1e-3))
    own = found.recognised / 2 + found.twins_rejected / 2  # exactly one half if twins always get the same answer
    np.testing.assert_allclose(own, 0.5, atol=0.02)


def test_any_order_of_the_pairs_gives_the_same_probes(found: ValueProbes) -> None:
    affirmed, plain = states(0)
    order = np.random.default_rng(4).permutation(len(affirmed))
    known = pairs()
    other = fit_probes([known[i] for i in order], affirmed[order], plain[order], [2, 5, 9])
    assert other.weights.tobytes() == found.weights.tobytes()
    assert other.lower.tobytes() == found.lower.tobytes()


def test_the_weights_are_those_of_an_optimiser_on_the_penalised_loss() -> None:
    draw = np.random.default_rng(2)
    x = draw.normal(size=(60, 3)) * [1, 10, 0.1] + [0, 5, 1]
    said = (x[:, 0] + draw.normal(size=60) > 0).astype(float)
    share = draw.uniform(size=60)
    share /= share.sum()
    weights, intercept = logistic(x, said, share, 0.3)
    centre = share @ x
    scale = np.sqrt(share @ (x - centre) ** 2)
    z = (x - centre) / scale

    def loss(at: np.ndarray) -> float:
        logits = z @ at[:3] + at[3]
        return float(share @ (np.logaddexp(0, logits) - said * logits) + 0.15 * at[:3] @ at[:3])

    best = minimize(loss, np.zeros(4), tol=1e-12).x
    np.testing.assert_allclose(weights * scale, best[:3], atol=2e-3)
    assert intercept + weights @ centre == pytest.approx(best[3], abs=2e-3)


def test_what_cannot_be_probed_is_refused() -> None:
    affirmed, plain = states(0)
    with pytest.raises(SteeringError, match=r"'power' has 4 pairs.*Give 5 pairs or more"):
        fit_probes(pairs()[26:], affirmed[26:], plain[26:])
    with pytest.raises(SteeringError, match="positive penalty"):
        ProbeFit(penalty=0)
    with pytest.raises(SteeringError, match="nothing at layer 1"):
        replace(fit_probes(pairs(), affirmed[:, :1], plain[:, :1], [4]), layers=(4,)).probe("power", 1)


@pytest.mark.parametrize("each", [24, 48])
@pytest.mark.parametrize(("true", "copied"), [(0.7, 0.5), (0.9, 0.0), (0.98, 0.0), (0.98, 0.5), (0.995, 0.0)])
def test_intervals_cover_the_true_accuracy_near_one_as_well(each: int, true: float, copied: float) -> None:
    """Sentences and twins are right together as often as `copied` says; a percentile bootstrap covers .60 of .98."""
    draw = np.random.default_rng(each)
    covered = 0
    for _ in range(1000):
        said = draw.random(each) < true
        twin = np.where(draw.random(each) < copied, said, draw.random(each) < true)
        others = draw.random(9 * each) < true
        middle, low, high = accuracy_interval((said * 1.0, twin * 1.0, others * 1.0), 0.95)
        assert 0 <= low <= middle <= high <= 1
        covered += low <= true <= high
    assert 0.915 <= covered / 1000 <= 0.98


def test_an_interval_has_a_width_where_all_are_right_or_wrong_and_narrows_with_more_pairs() -> None:
    widths = []
    for each in (24, 96):
        ones = (np.ones(each), np.ones(each), np.ones(9 * each))
        middle, low, high = accuracy_interval(ones, 0.95)
        assert (middle, high) == (1, 1)
        assert 1 - 3 / each < low < 1 - 0.5 / each
        wrong = accuracy_interval(tuple(1 - part for part in ones), 0.95)
        np.testing.assert_allclose(wrong, (0, 0, 1 - low), atol=1e-12)
        widths.append(high - low)
        assert accuracy_interval(ones, 0.99)[1] < low
    assert 3 < widths[0] / widths[1] < 5


def test_words_are_read_by_the_direction_that_they_lie_along_most() -> None:
    draw = np.random.default_rng(3)
    vectors = ValueVectors(VALUES, (1, 2), draw.normal(size=(3, 2, D)), np.ones(2))
    said = [value for value in VALUES for _ in range(10)]
    signal = 4 * vectors.directions.repeat(10, axis=0)
    signal[:, 1] = 0
    words = 50 + signal + 0.5 * draw.normal(size=(30, 2, D))
    found = decode_values(vectors, words, said)
    assert found.accuracy[0] > 0.85
    assert found.lower[1] < 1 / 3 < found.upper[1]
    brute = [
        VALUES[max(range(3), key=lambda v: float((one - words.mean(0))[0] @ vectors.directions[v, 0]))] for one in words
    ]
    assert found.accuracy[0] == np.mean(np.array(brute) == said)
    assert found.by_value[:, 0].mean() == pytest.approx(found.accuracy[0])
    lower, upper = proportion_confint(found.accuracy[0] * 30, 30, method="wilson")
    np.testing.assert_allclose([found.lower[0], found.upper[0]], [lower, upper])
    assert found.chance == pytest.approx(1 / 3)
    assert "layer 1: " in repr(found)
    with pytest.raises(SteeringError, match=r"Give \(29, 2, 8\)"):
        decode_values(vectors, words, said[1:])


def test_probes_decode_words_as_well(found: ValueProbes) -> None:
    draw = np.random.default_rng(5)
    words = 0.3 * draw.normal(size=(30, 3, D))
    said = [value for value in VALUES for _ in range(10)]
    words[np.arange(30), 1, np.repeat(np.arange(3), 10)] += 3
    assert decode_values(found, words, said).accuracy[1] > 0.9
