"""Is what was captured what the model computes, and is the model as before after it?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from causalvalues.elicitation.local_model import LocalModel
from causalvalues.errors import SteeringError
from causalvalues.steering import capturing
from causalvalues.steering.capturing import capture, capture_tokens, typical_norms
from causalvalues.steering.modules import layer_at, neurons_at
from causalvalues.steering.pairs import ContrastPair
from causalvalues.steering.probes import ProbeFit, fit_probes, learn_probes
from causalvalues.steering.value_vectors import learn_vectors

pytestmark = pytest.mark.local

TEXTS = (
    "Bread rises in an hour.",
    "Above all I want to lead, and to be seen as the one who leads.",
    "Salt.",
    "The clock has two hands and strikes at noon.",
    "Rain falls. The river carries sand down to the plain, and drops it where the current slackens.",
)


@pytest.fixture(scope="module")
def embedded() -> Iterator[LocalModel]:
    model = LocalModel(device="cpu")
    yield model
    model.close()


def plain_states(model: LocalModel, text: str) -> np.ndarray:
    """States (layers but the last, tokens, d) of one text, by the library alone."""
    import torch

    ids = torch.tensor([model.tokenizer(text)["input_ids"]])
    with torch.no_grad():
        states = model.network.model.base_model(input_ids=ids, output_hidden_states=True).hidden_states
    return np.array([state[0].numpy() for state in states[1:-1]])  # the library norms the last one


def hooks(model: LocalModel) -> int:
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in model.network.model.modules())


def test_means_are_those_of_the_library_without_the_first_token(embedded: LocalModel) -> None:
    found = capture(embedded, TEXTS)
    assert found.dtype == np.float32
    assert found.shape == (5, 30, 576)
    for text, one in zip(TEXTS, found, strict=True):
        expected = plain_states(embedded, text)[:, 1:].mean(1)
        np.testing.assert_allclose(one[:-1], expected, rtol=1e-3, atol=2e-3)


def test_the_last_token_and_chosen_layers_in_the_order_asked_for(embedded: LocalModel) -> None:
    found = capture(embedded, TEXTS, (7, 3), "last")
    for text, one in zip(TEXTS, found, strict=True):
        np.testing.assert_allclose(one, plain_states(embedded, text)[[7, 3], -1], rtol=1e-3, atol=2e-3)


def test_tokens_come_in_the_order_of_the_texts_without_the_first_of_each(embedded: LocalModel) -> None:
    states, which = capture_tokens(embedded, TEXTS, 5)
    for i, text in enumerate(TEXTS):
        np.testing.assert_allclose(states[which == i], plain_states(embedded, text)[5, 1:], rtol=1e-3, atol=2e-3)
    assert (np.diff(which) >= 0).all()
    means = capture(embedded, TEXTS, [5])[:, 0]
    np.testing.assert_allclose(means, [states[which == i].mean(0) for i in range(5)], atol=1e-4)
    expected = np.median(np.linalg.norm(states.astype(float), axis=1))
    assert typical_norms(embedded, TEXTS, [5])[0] == pytest.approx(expected, rel=1e-4)


def test_the_first_token_is_massive_and_counts_only_where_it_is_alone(embedded: LocalModel) -> None:
    first = np.linalg.norm(plain_states(embedded, TEXTS[0])[20, 0])
    rest = np.linalg.norm(capture_tokens(embedded, TEXTS, 20)[0], axis=1)
    assert first > 5 * rest.max()
    alone = capture(embedded, ["Salt"], [20])
    assert len(embedded.tokenizer("Salt")["input_ids"]) == 1
    np.testing.assert_allclose(alone[0, 0], plain_states(embedded, "Salt")[20, 0], rtol=1e-3, atol=0.1)


def test_the_tokens_of_a_start_are_read_and_not_counted(embedded: LocalModel) -> None:
    start = "Above all I want"
    count = len(embedded.tokenizer(start)["input_ids"])
    starts = ["", start, "", "The clock", ""]
    found = capture(embedded, TEXTS, [8], starts=starts)
    np.testing.assert_allclose(found[1, 0], plain_states(embedded, TEXTS[1])[8, count:].mean(0), rtol=1e-3, atol=2e-3)
    np.testing.assert_array_equal(found[0], capture(embedded, TEXTS, [8])[0])
    states, which = capture_tokens(embedded, TEXTS, 8, starts=starts)
    np.testing.assert_allclose(states[which == 1].mean(0), found[1, 0], atol=1e-4)


def test_neurons_are_what_goes_into_the_last_product_of_the_block(embedded: LocalModel) -> None:
    import torch

    found, which = capture_tokens(embedded, TEXTS[:1], 6, "neurons")
    heard: list[Any] = []
    network = embedded.network.model
    part = neurons_at(network, 6)
    handle = part.register_forward_hook(lambda _module, inputs, _output: heard.append(inputs[0]))
    with torch.no_grad():
        network.base_model(input_ids=torch.tensor([embedded.tokenizer(TEXTS[0])["input_ids"]]))
    handle.remove()
    assert found.shape[1] == part.in_features
    np.testing.assert_allclose(found, heard[0][0, 1:].numpy(), rtol=1e-3, atol=1e-4)
    assert len(which) == len(found)


def test_a_text_has_the_same_states_in_any_order_and_beside_any_others(
    embedded: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = capture(embedded, TEXTS, [4, 12])
    np.testing.assert_array_equal(capture(embedded, TEXTS[::-1], [4, 12])[::-1], one)
    monkeypatch.setattr(capturing, "TOKENS_AT_ONCE", 8)
    np.testing.assert_allclose(capture(embedded, TEXTS, [4, 12]), one, rtol=1e-3, atol=2e-3)


def test_no_hook_is_left_whether_it_went_well_or_not(embedded: LocalModel) -> None:
    before = hooks(embedded)
    capture(embedded, TEXTS[:2], [3], site="neurons")
    assert hooks(embedded) == before

    def broken(*_: object) -> None:
        raise RuntimeError("stop")

    handle = layer_at(embedded.network.model, 9).register_forward_pre_hook(broken)
    try:
        with pytest.raises(RuntimeError, match="stop"):
            capture(embedded, TEXTS[:1])
    finally:
        handle.remove()
    assert hooks(embedded) == before


def test_the_model_reads_no_further_than_the_last_layer_that_is_wanted(embedded: LocalModel) -> None:
    seen: list[int] = []
    network = embedded.network.model

    def note(layer: int) -> Callable[..., None]:
        return lambda *_: seen.append(layer)

    handles = [layer_at(network, layer).register_forward_hook(note(layer)) for layer in (4, 5, 9)]
    try:
        capture(embedded, TEXTS[:1], [5, 2])
    finally:
        for handle in handles:
            handle.remove()
    assert seen in ([4], [4, 5])
    np.testing.assert_allclose(
        capture(embedded, TEXTS[:1], [28])[0, 0], plain_states(embedded, TEXTS[0])[28, 1:].mean(0), rtol=1e-3, atol=5e-3
    )


def test_a_text_whose_states_are_not_finite_is_named(embedded: LocalModel) -> None:
    import torch

    def spoil(_module: object, _inputs: object, output: torch.Tensor) -> torch.Tensor:
        return torch.where(torch.arange(output.shape[1])[:, None] >= 9, torch.nan, output)

    handle = layer_at(embedded.network.model, 2).register_forward_hook(spoil)
    try:
        with pytest.raises(SteeringError, match="not finite for The text 'Above all I want to lead"):
            capture(embedded, TEXTS[:3], [2])
        with pytest.raises(SteeringError, match="'Above all"):
            capture_tokens(embedded, TEXTS[:3], 2)
    finally:
        handle.remove()


def test_what_cannot_be_captured_is_refused(embedded: LocalModel) -> None:
    for texts, message in (
        ([], "no text"),
        ("Bread rises.", "Give a list"),
        (["Bread.", " "], "Text 2 of 2 is empty"),
        (["Bread " * 9000], r"'Bread Bread .*\.\.\.' has 9\d+ tokens; the model reads 8192"),
    ):
        with pytest.raises(SteeringError, match=message):
            capture(embedded, texts)
    with pytest.raises(SteeringError, match=r"no layer 30\. The model has 30"):
        capture(embedded, TEXTS, [30])
    with pytest.raises(SteeringError, match="No layer"):
        capture(embedded, TEXTS, [])
    for reader in (capture, typical_norms):
        with pytest.raises(SteeringError, match="layer 5 is asked for twice"):
            reader(embedded, TEXTS, [5, 3, np.int64(5)])
    with pytest.raises(SteeringError, match="Use one of mean, last"):
        capture(embedded, TEXTS, what="max")  # type: ignore[arg-type]
    with pytest.raises(SteeringError, match="Use one of residual, neurons"):
        capture_tokens(embedded, TEXTS, 0, "heads")  # type: ignore[arg-type]
    with pytest.raises(SteeringError, match="does not begin with its start 'Milk'"):
        capture(embedded, TEXTS[:1], [0], starts=["Milk"])
    with pytest.raises(SteeringError, match="nothing but its start"):
        capture(embedded, TEXTS[:1], [0], starts=TEXTS[:1])
    with pytest.raises(SteeringError, match="1 texts and 2 starts"):
        capture(embedded, TEXTS[:1], starts=["", ""])


PAIRS = (
    ContrastPair("power", "At work I want", "to rule over many.", "to sit by a window."),
    ContrastPair("power", "In town I seek", "the seat of the mayor.", "the shop with lamps."),
    ContrastPair("hedonism", "At home I want", "to feast and laugh.", "to sort the papers."),
    ContrastPair("hedonism", "On Sundays I seek", "sweet wine and music.", "the timetable of trains."),
)


def test_vectors_are_learned_from_what_follows_the_context(embedded: LocalModel) -> None:
    found = learn_vectors(embedded, PAIRS, [6, 4, 6], "mean_difference", halves=1)
    assert (found.values, found.layers) == (("hedonism", "power"), (4, 6))
    shift = [
        plain_states(embedded, sentence)[4, len(embedded.tokenizer(pair.context)["input_ids"]) :].mean(0)
        for pair in PAIRS
        for sentence in (pair.affirmed_sentence, pair.plain_sentence)
    ]
    differences = np.array(shift[::2], dtype=float) - np.array(shift[1::2])
    power, hedonism = differences[:2].mean(0), differences[2:].mean(0)
    np.testing.assert_allclose(found.means[1, 0], (power - hedonism) / 2, atol=5e-3)


def test_probes_are_learned_from_what_follows_the_context(embedded: LocalModel) -> None:
    found = learn_probes(embedded, PAIRS, [6, 4], ProbeFit(folds=2))
    starts = [pair.context for pair in PAIRS]
    affirmed = capture(embedded, [pair.affirmed_sentence for pair in PAIRS], [4, 6], starts=starts)
    plain = capture(embedded, [pair.plain_sentence for pair in PAIRS], [4, 6], starts=starts)
    expected = fit_probes(PAIRS, affirmed, plain, [4, 6], ProbeFit(folds=2))
    np.testing.assert_allclose(found.weights, expected.weights, atol=1e-6)
    weights, intercept = found.probe("power", 6)
    assert (affirmed[:2, 1] @ weights + intercept > 0).all()
    assert (affirmed[2:, 1] @ weights + intercept < 0).all()
