"""Is a local model steered by what a question asks for, question by question, and never otherwise?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from causalvalues.elicitation import LocalModel, Persona, StatementGain, Store, elicit, frames, full_design, item_set
from causalvalues.elicitation.elicit import Elicitation
from causalvalues.elicitation.local_layout import tokens_of
from causalvalues.elicitation.local_precision import arithmetic
from causalvalues.elicitation.local_scoring import padded_scores
from causalvalues.elicitation.questions import (
    Asked,
    Conversation,
    Message,
    OptionsQuestion,
    StatementQuestion,
    TextQuestion,
    steering_turn,
)
from causalvalues.elicitation.variation import Variation
from causalvalues.errors import ElicitationError, SteeringError
from causalvalues.steering import Act, SteeringLever, SteeringLevers, steered

pytestmark = pytest.mark.local

D = 576
TALK: Conversation = (Message("system", "You are a nurse."), Message("user", "What matters to you?"))
OTHER: Conversation = (Message("user", "Tell me more, please."),)
TEXTS = ("I want to help people.", "I want to be rich.", "I want to help animals.")


def unit(seed: int) -> np.ndarray:
    found = np.random.default_rng(seed).normal(size=D)
    return np.asarray(found / np.linalg.norm(found))


ALL = SteeringLever("all", (Act(6, unit(0), 20.0), Act(10, unit(1), 20.0)), "power")
ANSWER = SteeringLever("answer", (Act(8, unit(2), 20.0),), "power", positions="answer")
PROMPT = SteeringLever("prompt", (Act(8, unit(2), 20.0),), "power", positions="prompt")
PHRASE = SteeringLever("phrase", (Act(8, unit(2), 20.0),), "power", positions="phrase:matters to you")
LEVERS = SteeringLevers([ALL, ANSWER, PROMPT, PHRASE])


@pytest.fixture(scope="module")
def model() -> LocalModel:
    return LocalModel(levers=LEVERS)


def under(*levers: tuple[SteeringLever, float], talk: Conversation = TALK) -> Conversation:
    return (steering_turn(tuple((lever.fingerprint, dose) for lever, dose in levers)), *talk)


def scores(model: LocalModel, talks: list[Conversation]) -> np.ndarray:
    asked = [Asked(StatementQuestion(talk, text)) for talk in talks for text in TEXTS]
    found = dict(pair for part in model.answer(asked) for pair in part)
    return np.array([found[i].numbers[0] for i in range(len(asked))]).reshape(len(talks), -1)


def test_a_steered_question_gets_what_a_hooked_model_gives_to_whole_sequences(model: LocalModel) -> None:
    network = model.network.model
    pairs = [(model._prompt(TALK), model._continuation(text)) for text in TEXTS]
    with arithmetic(None), steered(network, [(ALL, 0.5)]):
        expected = padded_scores(network, pairs)
    assert np.allclose(scores(model, [under((ALL, 0.5))])[0], expected, atol=2e-3)
    assert not np.allclose(scores(model, [TALK])[0], expected, atol=0.1)


def test_questions_with_and_without_levers_do_not_touch_each_other(model: LocalModel) -> None:
    talks = [TALK, under((ALL, 1.0)), OTHER, under((ALL, 2.0)), under((ANSWER, 1.0)), under((ANSWER, 1.0), talk=OTHER)]
    together = scores(model, talks)
    alone = np.concatenate([scores(model, [talk]) for talk in talks])
    assert np.allclose(together, alone, atol=2e-3)


def test_levers_on_prompt_and_answer_make_up_the_lever_on_all(model: LocalModel) -> None:
    whole = SteeringLever("whole", (Act(8, unit(2), 20.0),))
    both = LocalModel(levers=SteeringLevers([whole, ANSWER, PROMPT]))
    parts = scores(both, [under((ANSWER, 1.0), (PROMPT, 1.0)), under((whole, 1.0))])
    assert np.allclose(parts[0], parts[1], atol=2e-3)
    single = scores(both, [under((ANSWER, 1.0)), under((PROMPT, 1.0))])
    assert not np.allclose(single[0], parts[1], atol=0.05)
    assert not np.allclose(single[1], parts[1], atol=0.05)


def test_a_lever_on_the_answer_counts_the_token_that_predicts_its_first_word(model: LocalModel) -> None:
    """Whole sequences, moved by hand behind layer 8 from the last token of the prompt on."""
    import torch

    network = model.network.model
    prompt, end = model._prompt(TALK), model._continuation(TEXTS[0])
    shift = torch.tensor(20.0 * unit(2), dtype=torch.float32)

    def move(module: object, given: object, made: object) -> object:
        states = made[0] if isinstance(made, tuple) else made
        states = states.clone()
        states[:, len(prompt) - 1 :] += shift
        return (states, *made[1:]) if isinstance(made, tuple) else states

    handle = network.model.layers[8].register_forward_hook(move)
    try:
        with arithmetic(None):
            expected = padded_scores(network, [(prompt, end)])[0]
    finally:
        handle.remove()
    assert scores(model, [under((ANSWER, 1.0))])[0, 0] == pytest.approx(expected, abs=2e-3)


def test_a_lever_on_a_phrase_acts_on_its_tokens_alone(model: LocalModel) -> None:
    """Whole sequences, moved by hand on the tokens of the phrase, which are found by their text."""
    import torch

    network = model.network.model
    prompt, end = model.prompt_tokens(TALK), model.answer_tokens(TEXTS[0])
    held = tokens_of(model.tokenizer, prompt, "matters to you")
    assert (
        model.tokenizer.decode([token for token, here in zip(prompt, held, strict=True) if here]) == " matters to you"
    )
    shift = torch.tensor(20.0 * unit(2), dtype=torch.float32)

    def move(module: object, given: object, made: object) -> object:
        states = made[0] if isinstance(made, tuple) else made
        states = states.clone()
        states[:, np.flatnonzero(held)] += shift
        return (states, *made[1:]) if isinstance(made, tuple) else states

    handle = network.model.layers[8].register_forward_hook(move)
    try:
        with arithmetic(None):
            expected = padded_scores(network, [(prompt, end)])[0]
    finally:
        handle.remove()
    assert scores(model, [under((PHRASE, 1.0))])[0, 0] == pytest.approx(expected, abs=2e-3)
    assert not np.allclose(scores(model, [TALK])[0, 0], expected, atol=0.02)
    with pytest.raises(SteeringError, match="which the prompt does not hold"):
        scores(model, [under((PHRASE, 1.0), talk=OTHER)])
    texts = [TextQuestion(talk, 8, 0.0) for talk in (TALK, under((PHRASE, 40.0)))]
    said = [reply.text for part in model.answer([Asked(one) for one in texts]) for _, reply in part]
    assert said[0] != said[1]


def test_tokens_of_a_phrase_are_found_wherever_it_stands_and_whatever_its_letters(model: LocalModel) -> None:
    text = "Für mich: your values, your values – naïve 価値!"
    tokens = model.tokenizer(text)["input_ids"]
    for phrase, times in (("your values", 2), ("naïve", 1), ("価値", 1), ("absent", 0)):
        held = tokens_of(model.tokenizer, tokens, phrase)
        runs = int(held[0]) + int((held[1:] & ~held[:-1]).sum())
        assert runs == times
        if times:
            assert phrase in model.tokenizer.decode([t for t, here in zip(tokens, held, strict=True) if here])


def test_options_and_texts_are_steered_too(model: LocalModel) -> None:
    options = [OptionsQuestion(talk, ("Yes", "No")) for talk in (TALK, under((ALL, 2.0)))]
    plain, moved = (reply.numbers for part in model.answer([Asked(one) for one in options]) for _, reply in part)
    assert not np.allclose(plain, moved, atol=0.1)
    texts = [TextQuestion(talk, 12, 0.0) for talk in (TALK, under((ALL, 4.0)), under((ANSWER, 4.0)))]
    said = [reply.text for part in model.answer([Asked(one) for one in texts]) for _, reply in part]
    assert len(set(said)) == 3


def test_a_model_without_levers_refuses_and_names_the_remedy(tmp_path: Path) -> None:
    plain = LocalModel()
    assert "steering" not in plain.capabilities
    asked = elicitation((0.5,))
    with Store(tmp_path / "a.sqlite") as store, pytest.raises(ElicitationError, match="the inside of the model"):
        elicit(asked, plain, store)
    other = LocalModel(levers=SteeringLevers([SteeringLever("else", (Act(1, unit(5), 1.0),))]))
    with pytest.raises(SteeringError, match="no lever with the fingerprint"):
        scores(other, [under((ALL, 1.0))])


def test_a_server_is_not_told_what_it_cannot_do() -> None:
    from causalvalues.elicitation.server_requests import messages

    with pytest.raises(ElicitationError, match="cannot be steered from inside"):
        messages(under((ALL, 1.0)))


HUGE = SteeringLevers([SteeringLever("huge", (Act(6, unit(0), 1e17),))])


def elicitation(doses: tuple[float, ...]) -> Elicitation:
    items = item_set("schwartz-10")
    items = items.keep([item.id for item in items.items[:3]])
    personas = [Persona("p0", "You are a nurse.")]
    sheets = full_design(personas, HUGE.for_design(), 1, Variation(inner_doses=doses))
    return Elicitation(items, StatementGain(), tuple(sheets), frames("en"))


def test_rows_are_stored_and_an_infinite_dose_keeps_the_earlier_ones(tmp_path: Path) -> None:
    steerable = LocalModel(levers=HUGE)
    with Store(tmp_path / "a.sqlite") as store:
        with pytest.raises(SteeringError, match=r"'huge' at dose 1000 sends .* behind layer 6 to infinity"):
            elicit(elicitation((1e-16, 1000.0)), steerable, store)
        kept = len(store)
        again = elicit(elicitation((1e-16,)), steerable, store)
        assert kept == len(store)
        assert again.tally.asked == 0
    assert [sheet.lever_cell for sheet, _ in again.answered] == ["", "huge=1e-16"]
    plain, moved = (np.array([answer.score for answer in answers]) for _, answers in again.answered)
    assert not np.allclose(plain, moved, atol=0.01)
