"""The embedded model itself, beside the plain model of the library in the same precision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from causalvalues.elicitation.backend import Backend
from causalvalues.elicitation.local_model import LocalModel
from causalvalues.elicitation.local_text import write_on
from causalvalues.elicitation.questions import (
    Asked,
    Message,
    OptionsQuestion,
    Reply,
    StatementQuestion,
    TextQuestion,
)
from causalvalues.errors import ElicitationError

pytestmark = pytest.mark.local

ASK = Message("user", "Say what matters to you.")
BAKER = (Message("system", "You are a baker who rises at three and loves quiet streets."), ASK)
SAILOR = (Message("system", "You are a sailor who is never bored."), ASK)
TALK = (*BAKER, Message("assistant", "Bread matters."), Message("user", "And what else?"))
QUESTIONS = [
    StatementQuestion(BAKER, "I like an orderly life."),
    StatementQuestion(BAKER, "I like an orderly"),
    StatementQuestion(BAKER, "I like an orderly life."),
    StatementQuestion(BAKER, "Mir ist Ruhe wichtig – naïve, 平和 🕊."),
    StatementQuestion(SAILOR, "I like an orderly life."),
    StatementQuestion((ASK,), "I look for adventure."),
    StatementQuestion(TALK, "I look for adventure."),
]


@pytest.fixture(scope="module")
def embedded() -> Iterator[LocalModel]:
    model = LocalModel(precision="float32", device="cpu")
    yield model
    model.close()


def answers(model: LocalModel, questions: Sequence[Any], repeat: int = 0) -> list[Reply]:
    found = dict(pair for part in model.answer([Asked(one, repeat) for one in questions]) for pair in part)
    assert sorted(found) == list(range(len(questions)))
    return [found[position] for position in range(len(questions))]


def plain_chances(model: LocalModel, conversation: tuple[Message, ...], text: str) -> Any:
    """Log-probabilities of each token of a text, shape (tokens of the text, vocabulary), by the library alone."""
    import torch

    turns = [{"role": turn.role, "content": turn.text} for turn in conversation]
    layout = model.tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    prompt = model.tokenizer(layout, add_special_tokens=False)["input_ids"]
    end = model.tokenizer(text, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        logits = model.network.model(input_ids=torch.tensor([[*prompt, *end]])).logits[0]
    return torch.log_softmax(logits[len(prompt) - 1 : -1].double(), dim=-1), end


def test_statements_score_as_in_the_plain_model(embedded: LocalModel) -> None:
    for question, reply in zip(QUESTIONS, answers(embedded, QUESTIONS), strict=True):
        chances, end = plain_chances(embedded, question.conversation, question.statement)
        expected = sum(float(row[token]) for row, token in zip(chances, end, strict=True))
        assert reply.numbers == pytest.approx((expected,), abs=1e-3)
        assert (reply.status, reply.tokens) == ("ok", len(end))


def test_a_statement_scores_the_same_alone_and_among_others(embedded: LocalModel) -> None:
    together = answers(embedded, QUESTIONS)
    assert together[0] == together[2]
    for question, reply in zip(QUESTIONS[3:5], together[3:5], strict=True):
        assert answers(embedded, [question])[0].numbers == pytest.approx(reply.numbers, abs=5e-4)


def test_the_same_call_gives_the_same_bytes(embedded: LocalModel) -> None:
    assert answers(embedded, QUESTIONS[:4]) == answers(embedded, QUESTIONS[:4])


def test_options_are_the_log_probabilities_of_the_next_tokens(embedded: LocalModel) -> None:
    options = ("1", "2", "Yes", "Not at all")
    (reply,) = answers(embedded, [OptionsQuestion(BAKER, options)])
    for option, number in zip(options, reply.numbers, strict=True):
        chances, end = plain_chances(embedded, BAKER, option)
        assert number == pytest.approx(sum(float(row[t]) for row, t in zip(chances, end, strict=True)), abs=1e-3)
    assert reply.tokens == 0
    assert reply.prompt_tokens == embedded.tokens(OptionsQuestion(BAKER, options))[0]


def test_the_likeliest_text_is_that_of_the_library_and_ends_with_the_turn(embedded: LocalModel) -> None:
    import torch

    question = TextQuestion(BAKER, max_tokens=10, temperature=0.0)
    (reply,) = answers(embedded, [question])
    prompt = torch.tensor([embedded._prompt(BAKER)])
    network = embedded.network.model
    with torch.no_grad():
        whole = network.generate(
            prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=10, do_sample=False, pad_token_id=0
        )
    assert reply.text == embedded.tokenizer.decode(whole[0, prompt.shape[1] :], skip_special_tokens=True)
    assert reply.completion_tokens == 10
    end = network.generation_config.eos_token_id
    said = write_on(network, [*embedded._prompt(BAKER), *embedded._continuation("Yes.")], question, 0)
    assert end not in said


def test_text_and_scores_can_be_asked_in_one_call(embedded: LocalModel) -> None:
    drawn = TextQuestion(BAKER, max_tokens=4, seed=3)
    both = answers(embedded, [drawn, QUESTIONS[1], drawn])
    assert both[0] == both[2]
    assert both[0].text
    assert both[1].numbers == pytest.approx(answers(embedded, QUESTIONS[1:2])[0].numbers, abs=5e-4)


def test_the_model_is_a_backend_that_says_who_it_is(embedded: LocalModel) -> None:
    backend: Backend = embedded
    assert backend.model == embedded.model
    assert embedded.model == "SmolLM2-135M-Instruct.Q4_1"
    assert embedded.identity == "local:SmolLM2-135M-Instruct.Q4_1:b179c9523d0e:float32"
    assert embedded.capabilities == {"options", "statements", "text"}
    assert embedded.at_once == 1
    assert embedded.tokens(TextQuestion(BAKER, max_tokens=7))[1] == 7
    assert embedded.tokens(QUESTIONS[0])[1] == answers(embedded, QUESTIONS[:1])[0].tokens


def test_wrong_settings_are_refused_with_what_there_is() -> None:
    with pytest.raises(ElicitationError, match=r"'flaot32' does not exist\. Did you mean 'float32'"):
        LocalModel(precision="flaot32")  # type: ignore[arg-type]
    with pytest.raises(ElicitationError, match="'auto', 'cpu' or 'cuda'"):
        LocalModel(device="tpu")  # type: ignore[arg-type]


def test_an_answer_of_blanks_is_refused(embedded: LocalModel) -> None:
    with pytest.raises(ElicitationError, match="holds nothing that the model could say"):
        answers(embedded, [OptionsQuestion(BAKER, ("Yes", "  "))])
