"""Does the sparse autoencoder compute what it says, find what is there, and say how well it stands in for states?"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalvalues.elicitation.local_model import LocalModel
from causalvalues.errors import CausalValuesError, SteeringError
from causalvalues.randomness import stream
from causalvalues.steering.capturing import capture_tokens
from causalvalues.steering.loss_recovered import loss_recovered
from causalvalues.steering.modules import layer_at
from causalvalues.steering.sparse_autoencoder import (
    SparseAutoencoder,
    held_out_tokens,
    sparse_quality,
    typical_activations,
)
from causalvalues.steering.sparse_training import SparseTraining, _batches, train_autoencoder
from causalvalues.steering.training_texts import training_texts

writing = importlib.import_module("causalvalues.steering.training_texts")  # the room has a function of its name
WIDTH, ATOMS, ACTIVE = 24, 36, 3
SMALL = SparseTraining(features=72, k=ACTIVE, tokens=80_000, batch=256, dead_after=4000, threads=1)


def made(d: int = 4, m: int = 7, seed: int = 0, **more: Any) -> SparseAutoencoder:
    draws = np.random.default_rng(seed)
    arrays = [draws.normal(size=shape) for shape in ((d, m), (m,), (m, d), (d,))]
    return SparseAutoencoder(2, *arrays, **more)


def dictionary() -> tuple[Any, Any]:
    """States that are sums of three of 36 directions each, and the directions."""
    draws = np.random.default_rng(1)
    atoms = draws.normal(size=(ATOMS, WIDTH))
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    weights = np.zeros((8000, ATOMS))
    chosen = np.argsort(draws.random(weights.shape), axis=1)[:, :ACTIVE]
    np.put_along_axis(weights, chosen, draws.uniform(10, 30, chosen.shape), 1)
    return (weights @ atoms + 5).astype(np.float32), atoms


@pytest.fixture(scope="module")
def learned() -> tuple[SparseAutoencoder, Any, Any]:
    states, atoms = dictionary()
    return train_autoencoder(states[:7000], 3, SMALL, "toy"), states[7000:], atoms


def by_hand(one: SparseAutoencoder, state: Any) -> list[float]:
    """Features of one state, one number after the other."""
    x = [float(a - b) if one.centred else float(a) for a, b in zip(state, one.b_dec, strict=True)]
    before = [
        sum(x[i] * float(one.W_enc[i, j]) for i in range(one.width)) + float(one.b_enc[j]) for j in range(one.features)
    ]
    if one.k is not None:
        best = sorted(range(one.features), key=lambda j: -before[j])[: one.k]
        return [max(a, 0.0) if j in best else 0.0 for j, a in enumerate(before)]
    bars = [0.0] * one.features if one.threshold is None else [max(float(t), 0.0) for t in one.threshold]
    return [a if a > bar else 0.0 for a, bar in zip(before, bars, strict=True)]


@given(st.integers(0, 30), st.integers(1, 7), st.booleans(), st.sampled_from(["topk", "relu", "jumprelu"]))
def test_features_are_those_computed_by_hand(seed: int, k: int, centred: bool, kind: str) -> None:
    draws = np.random.default_rng(seed)
    more: dict[str, Any] = {"topk": {"k": k}, "relu": {}, "jumprelu": {"threshold": draws.normal(0.5, 1, 7)}}[kind]
    one = made(seed=seed, centred=centred, **more)
    states = draws.normal(size=(3, 4)).astype(np.float32)
    features = one.encode(states)
    assert features == pytest.approx(np.array([by_hand(one, state) for state in states]), abs=1e-5)
    expected = features @ np.asarray(one.W_dec) + np.asarray(one.b_dec)
    assert one.reconstructed(states) == pytest.approx(expected, abs=1e-5)


def test_features_do_not_depend_on_what_they_are_encoded_with() -> None:
    one = made(k=3)
    states = np.random.default_rng(2).normal(size=(9000, 4)).astype(np.float32)
    alone = np.concatenate([one.encode(states[i : i + 1000]) for i in range(0, 9000, 1000)])
    assert one.encode(states) == pytest.approx(alone, abs=1e-6)
    parts = [(place, features) for place, features in one.encoded(states)]
    assert len(parts) == 3
    assert np.concatenate([features for _, features in parts]) == pytest.approx(alone, abs=1e-6)


def test_training_finds_the_directions_that_states_are_made_of(learned: Any) -> None:
    one, held_out, atoms = learned
    nearest = (one.W_dec @ atoms.T).max(0)
    assert nearest.min() > 0.95
    quality = sparse_quality(one, held_out)
    assert quality.explained > 0.9
    assert quality.active == pytest.approx(ACTIVE, abs=0.1)
    assert quality.dead == sum(typical_activations(one, held_out) == 0)
    assert np.linalg.norm(one.W_dec, axis=1) == pytest.approx(np.ones(72), abs=1e-5)


def test_features_are_in_the_units_of_the_states(learned: Any) -> None:
    one, _, atoms = learned
    feature = int((one.W_dec @ atoms[0]).argmax())
    assert one.typical is not None
    assert one.typical[feature] == pytest.approx(29, abs=4)  # weights are 10 to 30
    larger = train_autoencoder(dictionary()[0][:2000] * 1000, 3, replace(SMALL, tokens=2000))
    smaller = train_autoencoder(dictionary()[0][:2000], 3, replace(SMALL, tokens=2000))
    assert larger.b_dec == pytest.approx(smaller.b_dec * 1000, rel=1e-2, abs=1)
    assert larger.W_enc == pytest.approx(smaller.W_enc, abs=1e-2)
    assert larger.b_enc == pytest.approx(smaller.b_enc * 1000, rel=1e-2, abs=1)
    assert np.abs(smaller.b_enc).max() > 0.01


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    states = dictionary()[0][:1500]
    short = replace(SMALL, tokens=6000)
    one, again, other = (train_autoencoder(states, 3, replace(short, seed=seed)) for seed in (4, 4, 5))
    for name in ("W_enc", "b_enc", "W_dec", "b_dec", "typical"):
        assert getattr(one, name).tobytes() == getattr(again, name).tobytes(), name
        assert getattr(one, name).tobytes() != getattr(other, name).tobytes(), name


def test_dead_features_learn_from_what_is_left_over_and_from_nothing_else() -> None:
    states = dictionary()[0][:3000] * 0.2
    states[::2, 0] += 200  # far apart, so that many features are never active
    short = replace(SMALL, features=150, tokens=15_000)
    start = stream(short.seed, "sparse autoencoder", "directions").standard_normal((150, WIDTH))
    start /= np.linalg.norm(start, axis=1, keepdims=True)
    unmoved = [
        int((np.abs(train_autoencoder(states, 3, replace(short, dead_after=after)).W_dec - start).max(1) < 1e-6).sum())
        for after in (10**9, 1000)
    ]
    assert unmoved[0] > 30
    assert unmoved[1] < unmoved[0] / 3


def test_quality_is_that_of_its_formula() -> None:
    one = made(k=2)
    states = np.random.default_rng(3).normal(size=(50, 4)).astype(np.float32)
    quality = sparse_quality(one, states)
    back, features = one.reconstructed(states), one.encode(states)
    lost, spread = ((states - back) ** 2).sum(), ((states - states.mean(0)) ** 2).sum()
    assert quality.explained == pytest.approx(1 - lost / spread, rel=1e-5)
    assert quality.active == pytest.approx((features > 0).sum() / 50)
    assert quality.dead == 7 - (features > 0).any(0).sum()
    assert (quality.tokens, quality.features) == (50, 7)


def test_an_autoencoder_that_says_the_mean_explains_nothing_and_a_perfect_one_everything() -> None:
    states = np.random.default_rng(4).normal(size=(100, 4)).astype(np.float32)
    eye, no = np.eye(4), np.zeros(8)
    perfect = SparseAutoencoder(0, np.hstack([eye, -eye]), no, np.vstack([eye, -eye]), np.zeros(4), k=8)
    assert sparse_quality(perfect, states).explained == pytest.approx(1, abs=1e-9)
    mean = SparseAutoencoder(0, np.zeros((4, 8)), no, np.zeros((8, 4)), states.mean(0))
    assert sparse_quality(mean, states).explained == pytest.approx(0, abs=1e-6)
    assert sparse_quality(mean, states).dead == 8


def test_typical_activations_are_means_of_the_largest() -> None:
    one = made(k=3)
    states = 9 * np.random.default_rng(5).normal(size=(9000, 4)).astype(np.float32)
    assert set((one.encode(states[:6]) > 0).sum(0).tolist()) & {1, 2, 3, 4}
    for some in (states, states[:6]):  # six tokens: features that are active on fewer than five
        features = np.sort(one.encode(some), axis=0)
        expected = [column[-5:][column[-5:] > 0].mean() if (column > 0).any() else 0 for column in features.T]
        assert typical_activations(one, some, 5) == pytest.approx(np.array(expected), rel=1e-5)


@given(st.integers(3, 40), st.integers(0, 9))
def test_held_out_tokens_are_whole_texts(texts: int, seed: int) -> None:
    which = np.repeat(np.arange(texts), 1 + np.arange(texts) % 4)
    out = held_out_tokens(which, 0.34, seed)
    assert not set(which[out]) & set(which[~out])
    assert len(set(which[out])) == round(0.34 * texts)
    assert (out == held_out_tokens(which, 0.34, seed)).all()


def test_arrays_cannot_be_changed() -> None:
    one = made(k=2)
    with pytest.raises(ValueError, match="read-only"):
        one.W_dec[0, 0] = 1.0


def test_autoencoders_that_cannot_be_are_refused_by_name() -> None:
    good = made(k=2)
    for change, message in (
        ({"layer": -1}, "The layer -1"),
        ({"layer": True}, "The layer True"),
        ({"W_enc": np.ones(3)}, r"W_enc has the shape \(3,\)"),
        ({"b_enc": np.ones(3)}, r"b_enc has the shape \(3,\)"),
        ({"W_dec": good.W_dec.T}, "W_dec has the shape"),
        ({"b_dec": np.full(4, np.nan)}, "b_dec has 4 numbers of 4 that are not finite"),
        ({"W_enc": "weights"}, "W_enc is no array"),
        ({"k": 8}, "between 1 and the 7 features"),
        ({"k": 0}, "between 1 and the 7 features"),
        ({"threshold": np.zeros(7)}, "both k and thresholds"),
        ({"typical": np.zeros(3)}, "typical has the shape"),
    ):
        with pytest.raises(SteeringError, match=message):
            replace(good, **change)  # type: ignore[arg-type]


def test_states_that_do_not_fit_are_refused() -> None:
    one = made(k=2)
    for states, message in (
        (np.ones((3, 5)), r"reads \(tokens, 4\)"),
        (np.ones(4), r"reads \(tokens, 4\)"),
        (np.ones((0, 4)), r"reads \(tokens, 4\)"),
        (np.array([[1, np.nan, 0, 0]]), "1 tokens have states that are not finite"),
    ):
        with pytest.raises(SteeringError, match=message):
            one.encode(states)
    with pytest.raises(SteeringError, match=r"Give \(tokens, 7\)"):
        one.decode(np.ones((2, 4)))
    with pytest.raises(SteeringError, match="no variance to explain"):
        sparse_quality(one, np.ones((5, 4)))
    with pytest.raises(SteeringError, match="leaves one side empty"):
        held_out_tokens(np.zeros(10))


def test_trainings_that_cannot_be_are_refused() -> None:
    states = dictionary()[0][:100]
    for keywords, message in (
        ({"k": 0}, "`k` is 0"),
        ({"tokens": 1.5}, "`tokens`"),
        ({"batch": True}, "`batch`"),
        ({"batch": 1}, "`batch` is 1. Give 2 or more"),
        ({"rate": -1.0}, "`rate`"),
        ({"rate": float("nan")}, "`rate`"),
        ({"device": "tpu"}, "'tpu' does not exist"),
        ({"seed": -1}, "seed"),
    ):
        with pytest.raises(CausalValuesError, match=message):
            SparseTraining(**keywords)  # type: ignore[arg-type]
    for given_states, training, message in (
        (np.ones((100, 4)), SparseTraining(k=2), "All states are the same"),
        (np.full((100, 4), np.inf), SparseTraining(k=2), "not finite"),
        (np.ones(100), SparseTraining(k=2), r"Give \(tokens, d\)"),
        (states, SparseTraining(k=40, features=20), "Give a smaller k"),
        (states[:5], SparseTraining(k=6), "Give a smaller k"),
    ):
        with pytest.raises(SteeringError, match=message):
            train_autoencoder(given_states, 0, training)


def test_a_training_that_diverges_stops_and_says_so() -> None:
    with pytest.raises(SteeringError, match=r"diverged in step \d+ of \d+. Give a smaller `rate`"):
        train_autoencoder(dictionary()[0][:500], 0, replace(SMALL, rate=1e30, tokens=5000))


def test_a_few_states_beyond_the_last_batch_do_not_stop_a_training() -> None:
    for count in (513, 514, 520):
        short = train_autoencoder(dictionary()[0][:count], 0, replace(SMALL, tokens=2 * count))
        assert np.isfinite(short.W_dec).all()


@given(st.integers(2, 600), st.integers(2, 300), st.integers(1, 2000))
def test_batches_are_never_short_and_hold_each_state_once_a_turn(tokens: int, size: int, wanted: int) -> None:
    found = [np.asarray(part) for part in _batches(tokens, SparseTraining(batch=size, tokens=wanted))]
    least = min(size, tokens)
    assert all((least + 1) // 2 <= len(part) < 1.5 * least + 1 for part in found)
    read = np.concatenate(found)
    assert len(read) >= wanted
    assert len(read) < wanted + 1.5 * least
    for turn in range(len(read) // tokens):
        assert sorted(read[turn * tokens : (turn + 1) * tokens].tolist()) == list(range(tokens))


@pytest.fixture(scope="module")
def model() -> Iterator[LocalModel]:
    one = LocalModel(device="cpu")
    yield one
    one.close()


TEXTS = ("Bread is baked early in the morning.", "A quiet street with old trees and good neighbours.")


@pytest.mark.local
def test_loss_is_recovered_by_a_perfect_autoencoder_and_not_by_one_that_says_the_mean(model: LocalModel) -> None:
    states, _ = capture_tokens(model, TEXTS, 6)
    eye, no = np.eye(576), np.zeros(1152)
    perfect = SparseAutoencoder(6, np.hstack([eye, -eye]), no, np.vstack([eye, -eye]), np.zeros(576))
    found = loss_recovered(perfect, model, TEXTS)
    assert found.recovered == pytest.approx(1, abs=1e-5)
    assert found.recovered_from_zero == pytest.approx(1, abs=1e-5)
    assert found.tokens == sum(len(model.tokenizer(text)["input_ids"]) - 1 for text in TEXTS)
    assert found.plain == pytest.approx(plain_loss(model), abs=1e-5)
    mean = replace(perfect, W_dec=np.zeros((1152, 576)), b_dec=states.mean(0), centred=False)
    assert loss_recovered(mean, model, TEXTS).recovered == pytest.approx(0, abs=1e-4)
    nothing = loss_recovered(replace(mean, b_dec=np.zeros(576)), model, TEXTS[:1])
    assert nothing.recovered_from_zero == pytest.approx(0, abs=1e-4)
    assert not layer_at(model.network.model, 6)._forward_hooks


def plain_loss(model: LocalModel) -> float:
    """Mean cross-entropy of the tokens, one text after the other, by the library alone."""
    import torch

    total, count = 0.0, 0
    with torch.inference_mode():
        for text in TEXTS:
            ids = torch.tensor([model.tokenizer(text)["input_ids"]])
            total += float(model.network.model(input_ids=ids, labels=ids).loss) * (ids.shape[1] - 1)
            count += ids.shape[1] - 1
    return total / count


@pytest.mark.local
def test_a_failure_while_another_state_stands_in_leaves_no_hook(model: LocalModel) -> None:
    broken = made(576, 8, k=2)
    object.__setattr__(broken, "W_dec", np.zeros((7, 576), np.float32))
    with pytest.raises(ValueError, match="mismatch"):
        loss_recovered(broken, model, TEXTS)
    assert not layer_at(model.network.model, 2)._forward_hooks


@pytest.mark.local
def test_autoencoders_of_other_models_and_short_texts_are_refused(model: LocalModel) -> None:
    with pytest.raises(SteeringError, match="made for another model"):
        loss_recovered(made(k=2), model, TEXTS)
    one = made(576, 8, k=2)
    with pytest.raises(SteeringError, match="There is no layer 50"):
        loss_recovered(replace(one, layer=50), model, TEXTS)
    for texts in ((), ("a",)):
        with pytest.raises(SteeringError, match="three tokens or more"):
            loss_recovered(one, model, texts)


@pytest.mark.local
def test_the_model_writes_the_same_texts_again_and_none_of_those_that_levers_are_tested_with(model: LocalModel) -> None:
    from causalvalues.elicitation.guardrails import neutral_texts
    from causalvalues.elicitation.items import item_set

    one, again, other = (training_texts(model, 6, seed, tokens=5) for seed in (0, 0, 1))
    assert one == again
    assert len(set(one)) == len(one)
    assert len(set(one) - set(training_texts(model, 0))) == 6
    assert set(other) - set(one)
    assert not set(one) & {item.statement for item in item_set("schwartz-10").items}
    assert not set(one) & set(neutral_texts())


@pytest.mark.local
def test_texts_written_side_by_side_are_those_written_alone(model: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    openings = ["News about money:", "They talked about an old stranger who came to the village.", "My advice about"]
    assert writing._written(model, openings, 0, 0, 5) != writing._written(model, openings, 1, 0, 5)

    class Fixed:
        def random(self, number: int) -> Any:
            return np.full(number, 0.37)

    monkeypatch.setattr(writing, "stream", lambda *_: Fixed())
    alone = [writing._written(model, [opening], 0, 0, 6)[0] for opening in openings]
    assert writing._written(model, openings, 0, 0, 6) == alone
    assert all(text.startswith(opening) for text, opening in zip(alone, openings, strict=True))
