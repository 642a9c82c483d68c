"""Does a dose of 1 cost what it was set to cost, for every kind of lever, and is a hopeless one refused by name?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from causalvalues.elicitation.guardrails import neutral_texts
from causalvalues.elicitation.local_model import LocalModel
from causalvalues.elicitation.questions import Asked, Message, StatementQuestion
from causalvalues.errors import SteeringError
from causalvalues.steering import Act, SteeringLever
from causalvalues.steering.calibrating import calibrated, prompt_for, text_scores
from causalvalues.steering.hooks import steered
from tests.toy_model_folder import LAYERS, WIDTH, write_toy_model

pytestmark = pytest.mark.local

TEXTS = neutral_texts()[:6]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LocalModel:
    return LocalModel(write_toy_model(tmp_path_factory.mktemp("toy")), device="cpu")


def lever(seed: int, size: float = 1.0, **more: Any) -> SteeringLever:
    draw = np.random.default_rng(seed)
    acts = tuple(Act(layer, draw.normal(size=WIDTH), size) for layer in (1, 3))
    return SteeringLever(f"vec_{seed}", acts, "power", **more)


def direct_score(model: LocalModel, text: str, levers: list[tuple[SteeringLever, float]]) -> float:
    """Mean log-probability per token, from the logits of one whole sequence."""
    import torch

    ids = torch.tensor([model.tokenizer(text, add_special_tokens=False)["input_ids"]])
    network = model.network.model
    with torch.inference_mode(), steered(network, levers):
        logits = network(input_ids=ids).logits[0, :-1]
    each = logits.double().log_softmax(-1).gather(1, ids[0, 1:, None])
    return float(each.mean())


def test_the_score_of_a_text_is_that_of_its_tokens_after_the_first(model: LocalModel) -> None:
    for acting in ([], [(lever(1), 0.7)]):
        expected = [direct_score(model, text, acting) for text in TEXTS]
        assert np.allclose(text_scores(model, TEXTS, acting), expected, atol=2e-4)


@pytest.mark.parametrize("size", [1e-3, 1.0, 300.0])
@pytest.mark.parametrize("wanted", [0.02, 0.08, 0.5])
def test_a_dose_of_one_costs_what_it_was_set_to_cost_however_long_the_direction(
    model: LocalModel, wanted: float, size: float
) -> None:
    (found,) = calibrated(model, [lever(2, size)], wanted, TEXTS)
    plain = np.mean([direct_score(model, text, []) for text in TEXTS])
    cost = plain - np.mean([direct_score(model, text, [(found.lever, 1.0)]) for text in TEXTS])
    assert abs(cost - wanted) <= 0.033 * wanted + 2e-4
    assert abs(found.loss - cost) < 4e-4
    for act, before in zip(found.lever.acts, lever(2, size).acts, strict=True):
        assert act.coefficient == pytest.approx(found.factor * before.coefficient)
        assert np.array_equal(act.direction, before.direction)


def test_the_length_of_a_direction_does_not_change_what_comes_out(model: LocalModel) -> None:
    one, other = (calibrated(model, [lever(3, size)], 0.1, TEXTS)[0].lever.acts[0].coefficient for size in (0.1, 10.0))
    assert one == pytest.approx(other, rel=0.05)


def test_levers_are_set_each_by_itself(model: LocalModel) -> None:
    levers = [lever(2), lever(3), lever(4, positions="answer")]
    together = calibrated(model, levers, 0.1, TEXTS)
    assert [each.lever.name for each in together] == ["vec_2", "vec_3", "vec_4"]
    for one, found in zip(levers, together, strict=True):
        assert calibrated(model, [one], 0.1, TEXTS)[0].lever.fingerprint == found.lever.fingerprint


def test_the_texts_for_setting_doses_are_not_those_for_measuring(model: LocalModel) -> None:
    (found,) = calibrated(model, [lever(5)])
    used, left = neutral_texts()[::2], neutral_texts()[1::2]
    cost = text_scores(model, used).mean() - text_scores(model, used, [(found.lever, 1.0)]).mean()
    assert cost == pytest.approx(found.loss, abs=1e-6)
    assert not set(used) & set(left)


def test_a_lever_on_prompts_is_priced_in_answers_to_one_and_moves_no_text_without_one(model: LocalModel) -> None:
    on_prompt = lever(2, 0.2, positions="prompt")
    assert np.allclose(text_scores(model, TEXTS, [(on_prompt, 1.0)]), text_scores(model, TEXTS), atol=1e-6)
    (found,) = calibrated(model, [on_prompt], 0.05, TEXTS)
    prompt = prompt_for(model, on_prompt)
    cost = text_scores(model, TEXTS, (), prompt) - text_scores(model, TEXTS, [(found.lever, 1.0)], prompt)
    assert cost.mean() == pytest.approx(0.05, rel=0.033)


def test_a_text_after_a_prompt_scores_as_an_answer_does(model: LocalModel) -> None:
    prompt = model.prompt_tokens((Message("user", "Tell me."),))
    asked = [Asked(StatementQuestion((Message("user", "Tell me."),), text)) for text in TEXTS]
    replies = dict(pair for part in model.answer(asked) for pair in part)
    expected = [replies[i].numbers[0] / replies[i].tokens for i in range(len(TEXTS))]
    assert np.allclose(text_scores(model, TEXTS, (), prompt), expected, atol=1e-5)


def test_a_lever_that_costs_nothing_is_refused_by_name(model: LocalModel) -> None:
    first = np.zeros(WIDTH)
    first[0] = 1.0  # more of what makes plain texts likely
    gift = SteeringLever("gift", (Act(LAYERS - 1, first, 1.0),), "power")
    with pytest.raises(SteeringError, match=r"No dose of 'gift' up to .* costs 0\.08 nats"):
        calibrated(model, [gift], 0.08, TEXTS)


def test_a_lever_that_does_not_fit_says_what_does_not_fit(model: LocalModel) -> None:
    wide = SteeringLever("wide", (Act(1, np.ones(WIDTH + 1), 1.0),), "power")
    with pytest.raises(SteeringError, match="'wide' has a direction of 25 numbers"):
        calibrated(model, [wide], 0.08, TEXTS)
    with pytest.raises(SteeringError, match="no layer 9"):
        calibrated(model, [replace(lever(1), acts=(Act(9, np.ones(WIDTH), 1.0),))], 0.08, TEXTS)


@pytest.mark.parametrize("loss", [0.0, -0.1, 10.0, float("nan")])
def test_a_loss_that_is_no_price_is_refused(model: LocalModel, loss: float) -> None:
    with pytest.raises(SteeringError, match="Give nats per token above zero"):
        calibrated(model, [lever(1)], loss)


def test_a_dose_that_sends_activations_to_infinity_is_stepped_back_from(model: LocalModel) -> None:
    (found,) = calibrated(model, [lever(7, 1e20)], 0.08, TEXTS)
    assert found.loss == pytest.approx(0.08, rel=0.033)


def test_a_text_of_one_token_is_refused(model: LocalModel) -> None:
    with pytest.raises(SteeringError, match="has one token only"):
        text_scores(model, ["a"])


def test_the_same_lever_gives_the_same_dose(model: LocalModel) -> None:
    one, other = (calibrated(model, [lever(8)], 0.08, TEXTS)[0] for _ in range(2))
    assert (one.factor, one.loss) == (other.factor, other.loss)
