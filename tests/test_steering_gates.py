"""Do gates open where the value is, and on no more neutral tokens than allowed?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from causalvalues.elicitation.local_model import LocalModel
from causalvalues.errors import SteeringError
from causalvalues.steering.contrast_pairs import contrast_pairs
from causalvalues.steering.gates import GateFit, GateTexts, TokenStates, fit_gate, gate_for

D = 10


def tokens(draw: np.random.Generator, texts: int, each: int, along: int | None = None) -> TokenStates:
    """Texts of `each` tokens; in each of them one token in two lies along an axis."""
    states = draw.normal(size=(texts * each, D))
    if along is not None:
        states[::2, along] += 6
    return TokenStates(states, np.repeat(np.arange(texts), each))


def texts(seed: int, neutral: int = 200, along: int | None = 0) -> GateTexts:
    draw = np.random.default_rng(seed)
    kinds = (tokens(draw, 48, 8, along), tokens(draw, 48, 8), tokens(draw, 60, 8, 1), tokens(draw, neutral, 20))
    return GateTexts(*kinds)


def opens(gate: object, states: np.ndarray) -> np.ndarray:
    weights, intercept, threshold = (getattr(gate, name) for name in ("weights", "intercept", "threshold"))
    return 1 / (1 + np.exp(-(states @ weights + intercept))) > threshold


def test_a_gate_opens_for_tokens_of_the_value_and_hardly_for_any_others() -> None:
    found = fit_gate("power", 4, texts(0))
    assert found.gate.layer == 4
    assert 0.4 < found.affirmed <= 0.6  # one token in two has the value
    assert max(found.plain, found.others, found.neutral) < 0.1
    assert found.sentences > 0.95
    fresh = texts(99)
    assert opens(found.gate, fresh.affirmed.states).mean() == pytest.approx(found.affirmed, abs=0.08)


@pytest.mark.parametrize("share", [0.02, 0.05, 0.2])
@pytest.mark.parametrize("along", [0, None])
def test_at_most_the_stated_share_of_new_neutral_tokens_opens_it_on_average(share: float, along: int | None) -> None:
    shares = []
    for seed in range(12):
        gate = fit_gate("power", 0, texts(seed, 24, along), GateFit(share, seed=seed)).gate
        shares.append(opens(gate, tokens(np.random.default_rng(1000 + seed), 100, 20).states).mean())
    assert 0.5 * share < np.mean(shares) < 1.25 * share


def test_without_any_sign_of_the_value_as_many_of_its_tokens_open_as_neutral_ones() -> None:
    found = fit_gate("power", 0, texts(3, along=None), GateFit(0.2))
    assert found.affirmed == pytest.approx(0.2, abs=0.12)


def test_held_out_shares_come_from_texts_that_were_neither_fitted_nor_chose_the_threshold() -> None:
    """States without any sign but one mark a text: a gate knows the marks of the texts that it was fitted to."""
    draw = np.random.default_rng(8)
    marked = TokenStates(np.repeat(draw.normal(size=(48, 300)), 8, axis=0), np.repeat(np.arange(48), 8))
    rest = [TokenStates(draw.normal(size=(n * 8, 300)), np.repeat(np.arange(n), 8)) for n in (48, 60, 120)]
    found = fit_gate("power", 0, GateTexts(marked, *rest), GateFit(0.05, penalty=0.01))
    assert found.affirmed < 0.4
    assert opens(found.gate, marked.states).mean() > 0.5


def test_the_same_seed_gives_the_same_gate_and_another_one_splits_otherwise() -> None:
    one, same, other = (fit_gate("power", 0, texts(0), GateFit(seed=seed)) for seed in (1, 1, 2))
    assert one.gate.weights.tobytes() == same.gate.weights.tobytes()
    assert one.gate.threshold == same.gate.threshold
    assert one.gate.threshold != other.gate.threshold


def test_what_no_gate_can_be_learned_from_is_refused() -> None:
    draw = np.random.default_rng(0)
    whole = texts(0)
    with pytest.raises(SteeringError, match="cannot be told from 20 neutral tokens"):
        fit_gate("power", 0, texts(0, neutral=4), GateFit(0.01))
    with pytest.raises(SteeringError, match="There are 3 texts among the others"):
        fit_gate("power", 0, GateTexts(whole.affirmed, whole.plain, tokens(draw, 3, 8), whole.neutral))
    with pytest.raises(SteeringError, match="as many plain texts"):
        fit_gate("power", 0, GateTexts(whole.affirmed, tokens(draw, 47, 8), whole.others, whole.neutral))
    with pytest.raises(SteeringError, match="share of opened tokens is 1"):
        GateFit(1.0)
    with pytest.raises(SteeringError, match="not finite"):
        TokenStates(np.full((2, 3), np.nan), np.zeros(2, np.int64))
    with pytest.raises(SteeringError, match="shape"):
        TokenStates(np.zeros((2, 3)), np.zeros(3, np.int64))


@pytest.fixture(scope="module")
def embedded() -> Iterator[LocalModel]:
    model = LocalModel(device="cpu")
    yield model
    model.close()


@pytest.mark.local
def test_a_gate_of_the_model_opens_more_for_its_value_than_for_anything_else(embedded: LocalModel) -> None:
    pairs = [pair for pair in contrast_pairs("schwartz-10") if pair.value in {"tradition", "stimulation"}]
    found = gate_for(embedded, pairs, "tradition", 4)
    assert found.affirmed > 2 * max(found.plain, found.others, found.neutral)
    assert "tradition, layer 4" in repr(found)
    with pytest.raises(SteeringError, match="0 pairs of 'power'"):
        gate_for(embedded, pairs, "power", 4)
