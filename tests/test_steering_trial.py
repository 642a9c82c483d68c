"""Are gains what the model says with and without a lever, are intervals Welch's, and are twins random and as long?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from causalvalues.elicitation.frames import frames
from causalvalues.elicitation.guardrails import capability_probe, neutral_texts
from causalvalues.elicitation.items import Item, ItemSet, item_set
from causalvalues.elicitation.local_model import LocalModel
from causalvalues.elicitation.questions import Asked, Conversation, Message, StatementQuestion, steering_turn
from causalvalues.errors import CausalValuesError, SteeringError
from causalvalues.steering import Act, SteeringLever, SteeringLevers
from causalvalues.steering.calibrating import text_scores
from causalvalues.steering.contrast_pairs import held_out_words
from causalvalues.steering.trial import LEAD, Trial, random_levers, run_trial
from tests.toy_model_folder import WIDTH, write_toy_model

ALL = item_set("schwartz-10")
VALUES = ("power", "security", "hedonism")
ITEMS = ALL.keep([i.id for i in ALL.items if i.value in VALUES and not i.reverse])
WORDS = {value: held_out_words("schwartz-10")[value][:5] for value in VALUES}
NUMBERS = st.lists(st.floats(-5, 5), min_size=2, max_size=12).filter(lambda x: np.ptp(x) > 1e-3)


def lever(seed: int, value: str = "power", **more: Any) -> SteeringLever:
    draw = np.random.default_rng(seed)
    acts = tuple(Act(layer, draw.normal(size=WIDTH), 0.5) for layer in (1, 3))
    return SteeringLever(f"vec_{value}_{seed}", acts, value, **more)


def trial_of(own: list[float], others: list[float], negated: list[float]) -> Trial:
    kinds = ("statement",) * len(own + others) + ("negated",) * len(negated)
    values = ("power",) * len(own) + ("security",) * len(others) + ("power",) * len(negated)
    gains = np.array([own + others + negated])
    return Trial((lever(0),), (1.0,), kinds, values, gains, np.zeros(1), np.ones(2))


@settings(max_examples=60, deadline=None)
@given(NUMBERS, NUMBERS)
def test_the_interval_of_a_gain_is_welchs(own: list[float], others: list[float]) -> None:
    found = trial_of(own, others, own).gain(0)
    expected = stats.ttest_ind(own, others, equal_var=False)
    low, high = expected.confidence_interval(0.95)
    np.testing.assert_allclose((found.lower, found.upper), (low, high), rtol=1e-9, atol=1e-9)
    assert found.mean == pytest.approx(np.mean(own) - np.mean(others), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=2, max_size=10))
def test_the_negation_control_is_a_paired_t_interval(pairs: list[tuple[float, float]]) -> None:
    affirmed, negated = (list(each) for each in zip(*pairs, strict=True))
    change = np.subtract(affirmed, negated)
    if np.ptp(change) < 1e-3:
        return
    found = trial_of(affirmed, [0.0, 1.0], negated).endorsement(0)
    low, high = stats.ttest_rel(affirmed, negated).confidence_interval(0.95)
    np.testing.assert_allclose((found.mean, found.lower, found.upper), (change.mean(), low, high), rtol=1e-8, atol=1e-9)


def test_one_text_has_no_ends_and_equal_texts_no_width() -> None:
    one = trial_of([1.0], [0.0, 0.5], [0.0])
    assert (one.gain(0).mean, one.gain(0).lower, one.gain(0).upper) == (0.75, -np.inf, np.inf)
    assert one.endorsement(0).upper == np.inf
    equal = trial_of([1.0, 1.0], [0.5, 0.5], [1.0, 1.0]).gain(0)
    assert (equal.mean, equal.lower, equal.upper) == (0.5, 0.5, 0.5)


def test_values_without_texts_are_refused_by_name() -> None:
    found = trial_of([1.0, 2.0], [0.0, 0.5], [0.0, 0.1])
    with pytest.raises(SteeringError, match=r"no texts about 'tradition'.*power, security"):
        found.gain(0, value="tradition")
    with pytest.raises(SteeringError, match="no texts about values other than 'power'"):
        trial_of([1.0, 2.0], [], [0.0, 0.1]).gain(0)


def test_the_matrix_holds_means_by_value() -> None:
    names, cells = trial_of([1.0, 2.0], [0.0, 0.5], [9.0, 9.0]).matrix(("statement",))
    assert names == ("power", "security")
    assert cells.tolist() == [[1.5, 0.25]]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 4))
def test_random_twins_are_as_long_layer_by_layer_and_come_again(seed: int, each: int) -> None:
    levers = [lever(1), lever(2, "security", positions="answer")]
    twins = random_levers(levers, seed, each)
    assert [twin.fingerprint for twin in twins] == [twin.fingerprint for twin in random_levers(levers, seed, each)]
    assert len({twin.fingerprint for twin in twins}) == len({twin.name for twin in twins}) == 2 * each
    for k, twin in enumerate(twins):
        of = levers[k // each]
        assert (twin.value, twin.positions, twin.method, twin.layers) == (of.value, of.positions, "random", of.layers)
        assert twin.name.startswith(f"rand_{of.name.removeprefix('vec_')}")
        for act, before in zip(twin.acts, of.acts, strict=True):
            assert np.linalg.norm(act.direction) == pytest.approx(np.linalg.norm(before.direction), rel=1e-6)
            assert act.coefficient == before.coefficient
    other = random_levers(levers, seed + 1, each)
    assert not {twin.fingerprint for twin in twins} & {twin.fingerprint for twin in other}


def test_random_twins_point_anywhere() -> None:
    """Cosines of random directions in d dimensions have mean 0 and standard deviation 1 / sqrt(d)."""
    of = lever(3)
    twins = random_levers([of], 0, 400)
    first = np.array([twin.acts[0].direction for twin in twins]) / np.linalg.norm(of.acts[0].direction)
    along = first @ of.acts[0].direction / np.linalg.norm(of.acts[0].direction)
    assert abs(along.mean()) < 4 / np.sqrt(WIDTH * 400)
    assert along.std() * np.sqrt(WIDTH) == pytest.approx(1, abs=0.15)
    assert np.abs(first.mean(0)).max() < 4.5 / np.sqrt(WIDTH * 400)


def test_random_twins_of_neurons_change_as_many_neurons_by_the_same_numbers() -> None:
    draw = np.random.default_rng(9)
    numbers = np.zeros(1536)
    numbers[draw.choice(1536, 50, replace=False)] = draw.uniform(0.5, 3, 50)
    of = SteeringLever("neurons_power", (Act(2, numbers, 1.5, "scale"), Act(4, numbers, -1.0, "scale")), "power")
    twins = random_levers([of], 0, 40)
    assert all(
        sorted(act.direction) == sorted(before.direction)
        for twin in twins
        for act, before in zip(twin.acts, of.acts, strict=True)
    )
    shared = [((twin.acts[0].direction != 0) & (numbers != 0)).sum() for twin in twins]
    assert np.mean(shared) == pytest.approx(50 * 50 / 1536, abs=1)
    assert not np.array_equal(twins[0].acts[0].direction, twins[0].acts[1].direction)
    assert len({twin.fingerprint for twin in twins}) == 40
    assert "random neurons" in twins[0].description
    assert "random direction" in random_levers([lever(1)])[0].description


def test_the_number_of_twins_is_whole_and_positive() -> None:
    with pytest.raises(CausalValuesError, match="`each` is 0"):
        random_levers([lever(1)], 0, 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return write_toy_model(tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="module")
def model(folder: Any) -> LocalModel:
    return LocalModel(folder, device="cpu")


def answered(model: LocalModel, talk: Conversation, texts: list[str]) -> np.ndarray:
    """Sums of log-probabilities and numbers of tokens of answers, through the front door of the model."""
    replies = dict(
        pair for part in model.answer([Asked(StatementQuestion(talk, text)) for text in texts]) for pair in part
    )
    return np.array([(replies[i].numbers[0], replies[i].tokens) for i in range(len(texts))])


@pytest.mark.local
def test_gains_are_what_the_model_answers_with_the_lever_minus_without(folder: Any) -> None:
    one = lever(4)
    model = LocalModel(folder, device="cpu", levers=SteeringLevers([one]))
    talk: Conversation = (Message("user", frames("en").statement_request(0)),)
    under: Conversation = (steering_turn(((one.fingerprint, 1.0),)), *talk)
    found = run_trial(model, [one], ITEMS, WORDS)
    statements = [i.statement for i in ITEMS.items] + [i.negated for i in ITEMS.items]
    plain, moved = answered(model, talk, statements), answered(model, under, statements)
    n = len(statements)
    assert found.kinds[:n] == ("statement",) * (n // 2) + ("negated",) * (n // 2)
    assert found.values[:n] == tuple(i.value for i in ITEMS.items) * 2
    np.testing.assert_allclose(found.gains[0, :n], (moved - plain)[:, 0] / plain[:, 1], atol=1e-4)


@pytest.mark.local
def test_the_gain_of_a_word_is_that_of_its_own_tokens(folder: Any) -> None:
    """Whole sentences and the lead alone are asked for as answers; what is left belongs to the word and its stop."""
    one = lever(5)
    model = LocalModel(folder, device="cpu", levers=SteeringLevers([one]))
    talk: Conversation = (Message("user", frames("en").statement_request(0)),)
    under: Conversation = (steering_turn(((one.fingerprint, 1.0),)), *talk)
    found = run_trial(model, [one], ITEMS, WORDS)
    words = [word for mine in WORDS.values() for word in mine]
    texts = [LEAD, *(f"{LEAD} {word}." for word in words)]
    plain, moved = answered(model, talk, texts), answered(model, under, texts)
    change, tokens = moved[:, 0] - plain[:, 0], plain[:, 1]
    expected = (change[1:] - change[0]) / (tokens[1:] - tokens[0])
    places = [i for i, kind in enumerate(found.kinds) if kind == "word"]
    np.testing.assert_allclose(found.gains[0, places], expected, atol=2e-4)
    assert [found.values[i] for i in places] == [value for value, mine in WORDS.items() for _ in mine]
    naive = change[1:] / tokens[1:]
    assert np.abs(naive - expected).max() > 0.01  # to count the lead as well would be seen


@pytest.mark.local
def test_the_loss_is_on_texts_that_doses_are_not_set_by_and_the_probe_counts_pairs(model: LocalModel) -> None:
    one = lever(6)
    found = run_trial(model, [one], ITEMS, {})
    left = neutral_texts()[1::2]
    assert found.losses[0] == pytest.approx((text_scores(model, left) - text_scores(model, left, [(one, 1.0)])).mean())
    for acting, share in (([(one, 1.0)], found.right[0]), ([], found.right[1])):
        right = 0
        for each in capability_probe():
            texts = [f"{each.prompt} {each.right}", f"{each.prompt} {each.wrong}"]
            counts = [len(model.tokenizer(text, add_special_tokens=False)["input_ids"]) - 1 for text in texts]
            sums = text_scores(model, texts, acting) * counts
            right += bool(sums[0] > sums[1])
        assert share == pytest.approx(right / len(capability_probe()), abs=1.5 / len(capability_probe()))


@pytest.mark.local
def test_without_words_gains_are_over_statements_alone(model: LocalModel) -> None:
    found = run_trial(model, [lever(6)], ITEMS, {})
    assert "word" not in found.kinds
    assert found.gain(0) == found.gain(0, ("statement",))
    with pytest.raises(SteeringError, match="no texts about 'power'"):
        found.gain(0, ("word",))


@pytest.mark.local
@pytest.mark.parametrize("positions", ["prompt", "answer"])
def test_levers_on_a_part_of_the_tokens_are_tried_as_the_model_answers_under_them(folder: Any, positions: Any) -> None:
    one = lever(2, positions=positions)
    model = LocalModel(folder, device="cpu", levers=SteeringLevers([one]))
    talk: Conversation = (Message("user", frames("en").statement_request(0)),)
    under: Conversation = (steering_turn(((one.fingerprint, 1.0),)), *talk)
    found = run_trial(model, [one], ITEMS, {})
    statements = [i.statement for i in ITEMS.items]
    plain, moved = answered(model, talk, statements), answered(model, under, statements)
    np.testing.assert_allclose(found.gains[0, : len(statements)], (moved - plain)[:, 0] / plain[:, 1], atol=1e-4)
    assert abs(found.losses[0]) > 1e-4  # a lever on the prompt is priced in answers to one


@pytest.mark.local
def test_a_dose_scales_the_lever_and_levers_are_tried_alone(model: LocalModel) -> None:
    one, other = lever(7), lever(8, "security")
    twice = replace(one, acts=tuple(replace(act, coefficient=2 * act.coefficient) for act in one.acts))
    found = run_trial(model, [one, other, twice], ITEMS, WORDS, [2.0, 1.0, 1.0])
    np.testing.assert_allclose(found.gains[0], found.gains[2], atol=1e-5)
    np.testing.assert_allclose(found.gains[1], run_trial(model, [other], ITEMS, WORDS).gains[0], atol=1e-5)


@pytest.mark.local
def test_an_item_without_a_negated_wording_is_refused_by_name(model: LocalModel) -> None:
    bare = ItemSet("own", "", (Item("calm_1", "calm", "I want quiet."),))
    with pytest.raises(SteeringError, match="'calm_1' has no negated wording"):
        run_trial(model, [lever(1)], bare, {})


@pytest.fixture(scope="module")
def embedded() -> Any:
    model = LocalModel(device="cpu")
    yield model
    model.close()


@pytest.mark.local
def test_vectors_move_unseen_texts_towards_their_value_and_backwards_away_from_it(embedded: LocalModel) -> None:
    """On the embedded model, with a quarter of the pairs, 3 layers and 3 values (the first by name)."""
    from causalvalues.steering.calibrating import calibrated
    from causalvalues.steering.contrast_pairs import contrast_pairs
    from causalvalues.steering.value_vectors import learn_vectors, vector_levers

    layers = [6, 10, 14]
    vectors = learn_vectors(embedded, contrast_pairs("schwartz-10")[::4], layers, halves=0)
    made = calibrated(embedded, vector_levers(vectors, layers, 0.03)[:3], 0.08, neutral_texts()[::4])
    levers = [each.lever for each in made]
    items = ALL.keep([i.id for i in ALL.items if not i.reverse][::2])
    words = {value: mine[:6] for value, mine in held_out_words("schwartz-10").items()}
    tried = [*levers, *random_levers(levers)]
    found = run_trial(embedded, [*tried, levers[0]], items, words, [1.0] * 6 + [-1.0])
    gains = [found.gain(i) for i in range(7)]
    assert np.mean([each.mean for each in gains[:3]]) >= 0.35
    assert all(each.lower > 0 for each in gains[:3])
    assert abs(np.mean([each.mean for each in gains[3:6]])) <= np.mean([each.mean for each in gains[:3]]) / 5
    assert gains[6].mean < -0.1
    assert found.losses[:3].mean() <= 0.12
