"""Do guardrails measure what a row does to plain texts and to ability, and stay out of the values?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from causalvalues.elicitation import (
    Elicitation,
    Persona,
    Rating,
    StatementGain,
    Store,
    elicit,
    frames,
    full_design,
    item_set,
)
from causalvalues.elicitation.guardrails import (
    Guardrails,
    ProbeQuestion,
    capability_probe,
    guardrails,
    neutral_texts,
)
from causalvalues.elicitation.prompt_levers import prompt_levers
from causalvalues.elicitation.questions import Asked, Capability, Question, Reply, StatementQuestion
from causalvalues.errors import CausalValuesError, DataError, ElicitationError
from causalvalues.responses import read_responses, score
from causalvalues.study.elicitation_files import answer_files, key_text
from causalvalues.theories import scoring_key

RAILS = Guardrails(("Rice absorbs water.", "Milk boils over."), (ProbeQuestion("The dogs", "are", "is"),))


@dataclass
class Talker:
    """A backend whose log-probability of a statement is a known function of the talk and of the statement."""

    capabilities: frozenset[Capability] = frozenset({"statements", "options"})
    lost: str = ""
    seen: list[StatementQuestion] = field(default_factory=list)
    identity: str = "talker"
    model: str = "talker"
    at_once: int = 1
    whole_sheets: bool = False

    def answer(self, asked: Sequence[Asked]) -> Iterator[list[tuple[int, Reply]]]:
        for place, one in enumerate(asked):
            if not isinstance(one.question, StatementQuestion):
                yield [(place, Reply("ok", tuple(-1.0 - k for k in range(len(one.question.options)))))]
                continue
            self.seen.append(one.question)
            tokens = len(one.question.statement.split())
            said = sum(len(turn.text) for turn in one.question.conversation if turn.role == "system")
            refused = bool(self.lost) and self.lost in one.question.statement
            number = -len(one.question.statement) - 0.01 * said * tokens
            yield [(place, Reply("refusal") if refused else Reply("ok", (number,), tokens))]

    def tokens(self, question: Question) -> tuple[int, int]:
        return 1, 1

    def close(self) -> None:
        pass


def asked(method: object = None, rails: Guardrails | None = RAILS) -> Elicitation:
    items = item_set("schwartz-10")
    items = items.keep([item.id for item in items.items if not item.reverse][:2])
    sheets = full_design([Persona("p0", "You are a nurse.")], prompt_levers("schwartz-10")[:1])
    return Elicitation(items, method or StatementGain(), tuple(sheets), frames("en"), guardrails=rails)  # type: ignore[arg-type]


def test_fluency_and_capability_are_what_their_definitions_say() -> None:
    with Store(":memory:") as store:
        found = elicit(asked(), Talker(), store)
    for (sheet, answers), beside in zip(found.answered, found.guarded, strict=True):
        said = len(" ".join([sheet.persona.text, *sheet.lever_texts]))
        assert [answer.item for answer in answers] == [item.id for item in found.elicitation.items.items]
        assert [answer.item for answer in beside] == ["fluency_1", "fluency_2", "capability_1"]
        assert np.allclose([answer.score for answer in beside[:2]], -0.01 * said)
        assert beside[2].score == pytest.approx(len("The dogs is") - len("The dogs are"))


def test_guardrails_change_no_answer_to_an_item() -> None:
    with Store(":memory:") as store:
        without = elicit(asked(rails=None), Talker(), store)
        beside = elicit(asked(), Talker(), store)
    assert without.answered == beside.answered
    assert all(not more for more in without.guarded)


def test_any_way_of_measuring_can_have_guardrails_where_statements_can_be_scored() -> None:
    with Store(":memory:") as store:
        found = elicit(asked(Rating(6)), Talker(), store)
        assert len(found.guarded[0]) == 3
        with pytest.raises(ElicitationError, match="Measuring guardrails needs"):
            elicit(asked(Rating(6)), Talker(frozenset({"options"})), store)


def test_a_lost_reply_is_no_number() -> None:
    with Store(":memory:") as store:
        found = elicit(asked(), Talker(lost="Rice"), store)
    assert [answer.status for answer in found.guarded[0]] == ["refusal", "ok", "ok"]


def test_tables_and_key_carry_guardrails_and_scores_leave_them_out_unless_asked(tmp_path: Path) -> None:
    with Store(":memory:") as store:
        found = elicit(asked(), Talker(), store)
    (tmp_path / "answers.csv").write_text(answer_files(found)["answers.csv"])
    (tmp_path / "key.toml").write_text(
        key_text(found.elicitation.items, "salience", None, turned=False, guardrails=RAILS)
    )
    key = scoring_key(tmp_path / "key.toml")
    assert dict(key.guardrails) == {"fluency": ("fluency_1", "fluency_2"), "capability": ("capability_1",)}
    matrix = read_responses(tmp_path / "answers.csv")
    plain, beside = score(matrix, key), score(matrix, key, guardrails=True)
    assert plain.names == ("self_direction",)
    assert beside.names == ("self_direction", "fluency", "capability")
    expected = [np.mean([answer.score for answer in more[:2]]) for more in found.guarded]
    assert np.allclose(beside.scores[:, 1], expected, atol=1e-4)
    centred = score(matrix, key, "person_mean", guardrails=True)
    assert np.array_equal(centred.scores[:, 1:], beside.scores[:, 1:])


def test_the_shipped_selection_is_spread_and_keeps_pairs_of_questions() -> None:
    rails = guardrails(7, 10)
    assert len(set(rails.texts)) == 7
    for first, second in zip(rails.questions[::2], rails.questions[1::2], strict=True):
        assert (first.right, first.wrong) == (second.wrong, second.right)
    assert len(guardrails(0, 3).questions) == 3
    with pytest.raises(CausalValuesError, match="texts"):
        guardrails(-1, 0)


@pytest.mark.parametrize("number", [(7, 10), (2, 3), (60, 80), (0, 1)])
def test_an_id_is_the_place_in_the_shipped_file_whatever_else_is_asked(number: tuple[int, int]) -> None:
    rails = guardrails(*number)
    every = {f"fluency_{k}": text for k, text in enumerate(neutral_texts(), 1)}
    every_question = {f"capability_{k}": one for k, one in enumerate(capability_probe(), 1)}
    assert tuple(every[name] for name in rails.dimensions.get("fluency", ())) == rails.texts
    assert tuple(every_question[name] for name in rails.dimensions.get("capability", ())) == rails.questions
    assert rails.names == tuple(name for names in rails.dimensions.values() for name in names)


def test_places_must_be_as_many_as_texts() -> None:
    for places in ((1,), (3, 3)):
        with pytest.raises(DataError, match="text_places"):
            Guardrails(("a", "b"), (), places)
