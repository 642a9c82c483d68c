"""Do levers inside a model do what they say, add, stay on their tokens, and leave nothing behind?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from causalvalues.elicitation.local_steering import Fed
from causalvalues.errors import SteeringError
from causalvalues.steering.acts import Act, SteeringLever, TokenGate
from causalvalues.steering.hooks import steered
from causalvalues.steering.modules import layers_of, neurons_at

pytestmark = pytest.mark.local

D, NEURONS, LAYERS = 16, 24, 4
TOKENS = [[3, 9, 4, 1, 7, 5]]


@pytest.fixture(scope="module")
def model() -> Any:
    torch = pytest.importorskip("torch")
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=32, hidden_size=D, intermediate_size=NEURONS, num_hidden_layers=LAYERS, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=64,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


def direction(seed: int, width: int = D) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=width)


def lever(name: str, *acts: Act, **more: Any) -> SteeringLever:
    return SteeringLever(name, acts, **more)


def states(model: Any, levers: list[tuple[SteeringLever, float]], layer: int, fed: Fed | None = None) -> np.ndarray:
    """What stands behind a layer (before the last norm), read by a hook that is put on last."""
    import torch

    seen: list[Any] = []
    with torch.inference_mode(), steered(model, levers) as watch:
        if watch is not None and fed is not None:
            watch(fed)

        def keep(module: Any, given: Any, made: Any) -> None:
            seen.append(made[0] if isinstance(made, tuple) else made)

        handle = layers_of(model)[layer].register_forward_hook(keep)
        try:
            model(input_ids=torch.tensor(TOKENS))
        finally:
            handle.remove()
    found: np.ndarray = seen[0][0].numpy().astype(float)
    return found


def hooks_left(model: Any) -> int:
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in model.modules())


def test_add_moves_every_state_by_dose_times_coefficient_times_direction(model: Any) -> None:
    v = direction(1)
    moved = states(model, [(lever("a", Act(1, v, 2.0)), 1.5)], 1)
    assert np.allclose(moved - states(model, [], 1), 3.0 * v, atol=1e-5)


def test_a_dose_of_zero_does_nothing(model: Any) -> None:
    assert np.array_equal(states(model, [(lever("a", Act(1, direction(1), 2.0)), 0.0)], 3), states(model, [], 3))


def test_two_levers_at_one_layer_add(model: Any) -> None:
    a, b = lever("a", Act(1, direction(1), 2.0)), lever("b", Act(1, direction(2), 1.0))
    clamp = lever("c", Act(1, direction(3), 0.5, "clamp"))
    plain = states(model, [], 1)
    alone = [states(model, [(one, 1.0)], 1) - plain for one in (a, b, clamp)]
    together = states(model, [(a, 1.0), (b, 1.0), (clamp, 1.0)], 1) - plain
    assert np.allclose(together, sum(alone), atol=1e-5)
    turned = states(model, [(clamp, 1.0), (b, 1.0), (a, 1.0)], 1) - plain
    assert np.allclose(together, turned, atol=1e-5)


def test_clamping_sets_the_part_along_the_direction(model: Any) -> None:
    v, offset = direction(4), direction(5)
    found = states(model, [(lever("c", Act(2, v, 0.7, "clamp", offset=offset)), 2.0)], 2)
    unit = v / np.linalg.norm(v)
    assert np.allclose((found - offset) @ unit, 1.4, atol=1e-5)
    plain = states(model, [], 2)
    across = np.eye(D) - np.outer(unit, unit)
    assert np.allclose(found @ across, plain @ across, atol=1e-5)


def test_the_least_shift_reaches_the_probability_and_leaves_those_that_have_it(model: Any) -> None:
    w, a = direction(6), 0.3
    plain = states(model, [], 0)
    goal = float(np.median(plain @ w)) + a
    found = states(model, [(lever("l", Act(0, w, goal, "least_shift", intercept=a)), 1.0)], 0)
    before, after = plain @ w + a, found @ w + a
    assert np.allclose(after, np.maximum(before, goal), atol=1e-4)
    assert np.array_equal(found[before > goal], plain[before > goal])


def test_neurons_are_multiplied_by_gamma(model: Any) -> None:
    import torch

    chosen = np.zeros(NEURONS)
    chosen[[2, 5]] = 1.0
    seen: list[np.ndarray] = []

    def keep(module: Any, given: Any) -> None:
        seen.append(given[0][0].detach().numpy().copy())

    for change in (0.0, 3.0 - 1.0, -1.0):
        with torch.inference_mode(), steered(model, [(lever("n", Act(1, chosen, change, "scale")), 1.0)]):
            handle = neurons_at(model, 1).register_forward_pre_hook(keep)
            model(input_ids=torch.tensor(TOKENS))
            handle.remove()
    plain, amplified, ablated = seen
    expected = plain.copy()
    expected[:, [2, 5]] *= 3.0
    assert np.allclose(amplified, expected, atol=1e-6)
    expected[:, [2, 5]] = 0.0
    assert np.allclose(ablated, expected, atol=1e-6)


@pytest.mark.parametrize("positions", ["prompt", "answer"])
def test_positions_bound_the_tokens_that_are_moved(model: Any, positions: Any) -> None:
    v = direction(7)
    answer = np.array([[False, False, False, True, True, True]])
    acting = [(lever("a", Act(1, v, 1.0), positions=positions), 1.0)]
    change = states(model, acting, 1, Fed(answer, np.arange(6)[None])) - states(model, [], 1)
    here = answer[0] if positions == "answer" else ~answer[0]
    assert np.allclose(change[here], v, atol=1e-5)
    assert np.array_equal(change[~here], np.zeros_like(change[~here]))


def test_a_lever_on_some_tokens_refuses_to_guess_which(model: Any) -> None:
    with pytest.raises(SteeringError, match="was not told which tokens"):
        states(model, [(lever("a", Act(1, direction(7), 1.0), positions="answer"), 1.0)], 1)


def test_a_gate_opens_only_where_its_detector_says_so(model: Any) -> None:
    v, w = direction(8), direction(9)
    read = states(model, [], 0) @ w
    level = float(np.sort(read)[2:4].mean())
    gated = lever("g", Act(2, v, 1.0), gate=TokenGate(0, w, -level + math.log(0.9 / 0.1), 0.9))
    # What is moved at layer 2 is compared with the same model: layers below are not touched.
    change = states(model, [(gated, 1.0)], 2) - states(model, [], 2)
    assert np.allclose(change[read > level], v, atol=1e-5)
    assert np.array_equal(change[read < level], np.zeros_like(change[read < level]))
    assert 0 < (read > level).sum() < len(read)


def test_a_gate_at_the_layer_of_its_lever_reads_what_the_model_made(model: Any) -> None:
    v, w = direction(8), direction(9)
    read = states(model, [], 1) @ w
    level = float(np.sort(read)[2:4].mean())
    other = lever("other", Act(1, 50 * w, 1.0))
    gated = lever("g", Act(1, v, 1.0), gate=TokenGate(1, w, -level, 0.5))
    both = states(model, [(other, 1.0), (gated, 1.0)], 1) - states(model, [(other, 1.0)], 1)
    assert np.allclose(both[read > level], v, atol=1e-3)
    assert np.allclose(both[read < level], 0.0, atol=1e-3)


def test_hooks_are_gone_after_the_context_and_after_an_error(model: Any) -> None:
    chosen = np.ones(NEURONS)
    acting = [(lever("a", Act(0, direction(1), 1.0), Act(2, chosen, 1.0, "scale")), 1.0)]
    plain = states(model, [], 3)
    with steered(model, acting):
        assert hooks_left(model) == 2
    assert hooks_left(model) == 0
    with pytest.raises(RuntimeError, match="on purpose"), steered(model, acting):
        raise RuntimeError("on purpose")
    assert hooks_left(model) == 0
    assert np.array_equal(states(model, [], 3), plain)


def test_a_lever_that_does_not_fit_leaves_no_hook(model: Any) -> None:
    fits, wide = lever("a", Act(0, direction(1), 1.0)), lever("b", Act(1, direction(1, D + 1), 1.0))
    with pytest.raises(SteeringError, match="'b' has a direction of 17 numbers for layer 1, which has 16 activations"):
        states(model, [(fits, 1.0), (wide, 1.0)], 1)
    with pytest.raises(SteeringError, match="which has 24 neurons"):
        states(model, [(lever("n", Act(1, direction(1), 1.0, "scale")), 1.0)], 1)
    with pytest.raises(SteeringError, match=r"no layer 4\. The model has 4"):
        states(model, [(lever("far", Act(4, direction(1), 1.0)), 1.0)], 1)
    assert hooks_left(model) == 0


@pytest.mark.parametrize("dose", [1e20, 1e38])
def test_activations_that_go_to_infinity_are_named(model: Any, dose: float) -> None:
    """Squares overflow long before the states do, and a norm then makes something finite of them."""
    acting = [(lever("big", Act(1, direction(1), 1.0)), dose), (lever("small", Act(1, direction(2), 1.0)), 1.0)]
    with pytest.raises(SteeringError, match=r"'big' at dose 1e\+\d\d with 'small' at dose 1 sends .* behind layer 1"):
        states(model, acting, 1)
    assert hooks_left(model) == 0


def test_a_model_without_known_parts_is_refused_with_what_it_has() -> None:
    torch = pytest.importorskip("torch")

    class Odd(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.stem = torch.nn.Linear(2, 2)
            self.trunk = torch.nn.ModuleList([torch.nn.Linear(2, 2)])

        @property
        def base_model(self) -> Any:
            return self

    with pytest.raises(SteeringError, match="Its parts are: stem, trunk"):
        layers_of(Odd())


def test_parts_of_a_layer_are_listed_when_its_neurons_have_another_name(model: Any) -> None:
    torch = pytest.importorskip("torch")
    odd = torch.nn.Module()
    odd.layers = torch.nn.ModuleList([torch.nn.Sequential(torch.nn.Linear(2, 2))])
    odd.base_model = odd
    with pytest.raises(SteeringError, match=r"It has: 0\."):
        neurons_at(odd, 0)


def test_a_phrase_bounds_the_tokens_that_are_moved_and_must_be_there(model: Any) -> None:
    v = direction(10)
    on = lever("a", Act(1, v, 1.0), positions="phrase:your values")
    held = np.array([False, True, True, False])

    def moved(find: Any) -> np.ndarray:
        import torch

        seen: list[Any] = []
        with torch.inference_mode(), steered(model, [(on, 1.0)], find) as watch:
            assert watch is not None
            watch(Fed(np.zeros((1, 6), dtype=bool), np.arange(6)[None]))
            handle = layers_of(model)[1].register_forward_hook(lambda _, __, made: seen.append(made))
            try:
                model(input_ids=torch.tensor(TOKENS))
            finally:
                handle.remove()
        made = seen[0][0] if isinstance(seen[0], tuple) else seen[0]
        found: np.ndarray = made.reshape(6, D).numpy().astype(float) - states(model, [], 1)
        return found

    change = moved(lambda phrase: held if phrase == "your values" else ~held)
    assert np.allclose(change[1:3], v, atol=1e-5)
    assert np.array_equal(change[[0, 3, 4, 5]], np.zeros((4, D)))
    with pytest.raises(SteeringError, match="which the prompt does not hold"):
        moved(lambda _: np.zeros(4, dtype=bool))
    with pytest.raises(SteeringError, match="here is no prompt"):
        moved(None)
    assert hooks_left(model) == 0
