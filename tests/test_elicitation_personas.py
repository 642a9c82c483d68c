"""Are personas, levers and frames what they promise to be: different, repeatable, and about what they say?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.elicitation.frames import PLACES, Frames, frames
from causalvalues.elicitation.items import item_set
from causalvalues.elicitation.persona_grammar import Clause, Grammar, persona_grammar
from causalvalues.elicitation.personas import draw_personas, known_group_personas, read_personas
from causalvalues.elicitation.prompt_levers import check_levers, choose_levers, lever_text, prompt_levers
from causalvalues.elicitation.sheets import PromptLever
from causalvalues.errors import CausalValuesError, DataError, ElicitationError
from causalvalues.theories import theory
from tests.test_elicitation_items import content_words, wordings

SHIPPED = ("schwartz-10", "mft-5")


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 30), st.integers(0, 30), st.integers(0, 5), st.integers(0, 2**40))
def test_a_persona_depends_on_its_number_and_the_seed_alone(number: int, more: int, start: int, seed: int) -> None:
    some = draw_personas(number, seed)
    assert draw_personas(number + more, seed)[:number] == some
    assert draw_personas(max(1, number - start), seed, start=start)[: number - start] == some[start:]


def test_a_thousand_personas_are_all_different_and_those_of_another_seed_too() -> None:
    here, there = draw_personas(1000, 3), draw_personas(1000, 4, prefix="h")
    assert len({persona.text for persona in (*here, *there)}) == 2000
    assert [persona.id for persona in (here[0], here[7], here[999])] == ["p000", "p007", "p999"]
    assert there[0].id == "h000"


def test_personas_come_from_many_jobs_places_and_ways_of_life() -> None:
    told = [re.fullmatch(PATTERN, persona.text) for persona in draw_personas(1500, 1)]
    found = [match.groupdict() for match in told if match is not None]
    assert len(found) == 1500
    assert len({each["job"] for each in found}) >= 30
    assert len({each["place"] for each in found}) >= 20
    assert len({each["habits"].split(" and ")[0] for each in found}) >= 40
    assert {int(each["age"]) for each in found} == set(range(19, 80))
    counts = [sum(habit in each["habits"] for each in found) for habit in ("write poems at night", "eat no meat")]
    assert all(20 < count < 90 for count in counts)


PATTERN = r"You are a (?P<age>\d\d)-year-old (?P<job>.+?) from (?P<place>.+?)\. You (?P<habits>.+ and .+)\. You.+\."


def test_the_two_habits_of_a_persona_belong_to_different_ways_of_life() -> None:
    way_of = {habit: way for way, habits in enumerate(persona_grammar("en").ways) for habit in habits}
    for persona in draw_personas(500, 1):
        match = re.fullmatch(PATTERN, persona.text)
        assert match is not None
        first, second = match["habits"].split(" and ")
        assert way_of[first] != way_of[second]


def test_a_grammar_with_few_sentences_is_used_up_without_a_double(monkeypatch: pytest.MonkeyPatch) -> None:
    one, ways = (Clause("x", 30, 30),), (("sing",), ("dance",))
    tiny = Grammar("{age} {job} {place} {habit} {other_habit} {family}", 30, 30, one, one, ways, one)
    monkeypatch.setattr("causalvalues.elicitation.personas.persona_grammar", lambda _: tiny)
    assert {persona.text for persona in draw_personas(2)} == {"30 x x sing dance x", "30 x x dance sing x"}
    with pytest.raises(ElicitationError, match="no more than 2 different personas"):
        draw_personas(3)


def test_nobody_is_too_young_for_their_job_or_their_grandchildren() -> None:
    for persona in draw_personas(1500, 2):
        age = int(persona.text.split()[3][:2])
        assert age >= 50 or "retired soldier" not in persona.text
        assert age >= 52 or "grandchildren" not in persona.text
        assert age <= 32 or "student of philosophy" not in persona.text


def test_no_drawn_persona_names_a_value() -> None:
    names = content_words(" ".join(theory("schwartz-10").dimensions).replace("_", " ")) - {"self", "direction"}
    for persona in draw_personas(500, 5):
        assert not names & content_words(persona.text), persona.text


def test_a_language_without_grammar_and_a_number_below_one_are_refused() -> None:
    with pytest.raises(ElicitationError, match="'xx'"):
        draw_personas(2, language="xx")
    with pytest.raises(CausalValuesError, match="`number` is 0"):
        draw_personas(0)
    with pytest.raises(CausalValuesError, match="`start` is -1"):
        draw_personas(1, start=-1)


@pytest.mark.parametrize("name", SHIPPED)
def test_three_personas_hold_each_value_in_other_words_than_its_items(name: str) -> None:
    personas, items = known_group_personas(name), item_set(name)
    assert [persona.id for persona in personas] == [f"holds_{v}_{k}" for v in items.values for k in (1, 2, 3)]
    assert len({persona.text for persona in personas}) == len(personas)
    for persona in personas:
        used = {word for item in items.of(persona.holds) for text in wordings(item) for word in content_words(text)}
        assert not used & content_words(persona.text), persona.id


def test_there_are_no_known_groups_for_other_theories() -> None:
    with pytest.raises(ElicitationError, match="schwartz-10"):
        known_group_personas("schwartz-11")
    with pytest.raises(ElicitationError, match="'schwartz-10-de'"):
        known_group_personas("schwartz-10", "de")


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_personas_are_read_from_a_table_and_from_toml_alike(tmp_path: Path) -> None:
    table = write(tmp_path / "p.csv", 'id,text,holds\na,"You bake, and sing.",care\nnone,,\n')
    text = """format = "causalvalues-personas 1"
[[personas]]
id = "a"
text = "You bake, and sing."
holds = "care"
[[personas]]
id = "none"
text = ""
"""
    assert read_personas(table) == read_personas(write(tmp_path / "p.toml", text))
    assert read_personas(table)[1].text == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,txt\na,b\n", "lacks the column 'text'"),
        ("id,text\n", "no rows"),
        ("id,text\na,b\na,c\n", "two personas with the id 'a'"),
        ("id,text\na|b,c\n", "'a|b'"),
        ("id,text,hold\na,b,c\n", "Did you mean 'holds'"),
    ],
)
def test_a_malformed_table_of_personas_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        read_personas(write(tmp_path / "p.csv", text))


def test_a_missing_file_of_personas_is_a_wrong_path() -> None:
    with pytest.raises(ElicitationError, match=r"no file gone\.csv"):
        read_personas("gone.csv")


@pytest.mark.parametrize("name", SHIPPED)
def test_one_lever_a_value_has_three_doses_with_two_wordings_each(name: str) -> None:
    levers = prompt_levers(name)
    assert [lever.value for lever in levers] == list(theory(name).dimensions)
    assert [lever.name for lever in levers] == [f"do_{value}" for value in theory(name).dimensions]
    said = [text for lever in levers for _, texts in lever.wordings for text in texts]
    assert len(said) == len(set(said)) == len(levers) * 6
    assert all(lever.doses == (0.5, 1.0, 2.0) for lever in levers)
    assert all(text.isascii() and text.endswith(".") for text in said)


def test_the_sentence_of_a_lever_is_chosen_by_dose_and_wording() -> None:
    power = prompt_levers("schwartz-10")[4]
    assert lever_text(power, 1.0, 0) == "Above all, seek status, wealth and control over people."
    assert lever_text(power, 0.5, 0).startswith("To some degree, seek status")
    with pytest.raises(ElicitationError, match=r"no dose 3\. It has 0\.5, 1, 2"):
        lever_text(power, 3, 0)
    with pytest.raises(ElicitationError, match="2 wordings"):
        lever_text(power, 1, 2)


def test_levers_are_chosen_by_name_in_their_own_order() -> None:
    levers = prompt_levers("mft-5")
    assert [lever.name for lever in choose_levers(levers, ["do_purity", "do_care"])] == ["do_care", "do_purity"]
    with pytest.raises(ElicitationError, match="Did you mean 'do_care'"):
        choose_levers(levers, ["do_car"])


@pytest.mark.parametrize(
    ("lever", "message"),
    [
        (PromptLever("a+b", ((1.0, ("x",)),)), "'a+b'"),
        (PromptLever("a", ()), "doses ()"),
        (PromptLever("a", ((2.0, ("x",)), (1.0, ("y",)))), "ascending"),
        (PromptLever("a", ((0.0, ("x",)),)), "positive"),
        (PromptLever("a", ((1.0, ("x",)), (2.0, ("y", "z")))), "same number of wordings"),
    ],
)
def test_a_lever_that_no_design_can_use_is_refused(lever: PromptLever, message: str) -> None:
    with pytest.raises(ElicitationError, match=re.escape(message)):
        check_levers([lever])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('[[levers]]\nname = "a"\ndoses = [{ dose = 1, wordings = [] }]', "1 or more texts"),
        ('[[levers]]\nname = "a"\ndoses = [{ dose = "1", wordings = ["x"] }]', "must be of type float"),
        ('[[levers]]\nname = "a"', "lacks the field 'doses'"),
        ('levers = [{ name = "a", doses = [{ dose = -1, wordings = ["x"] }] }]', "positive"),
        ("levers = [1]", "must be a table"),
    ],
)
def test_a_malformed_file_of_levers_is_refused(tmp_path: Path, body: str, message: str) -> None:
    path = write(tmp_path / "l.toml", f'format = "causalvalues-levers 1"\n{body}\n')
    with pytest.raises(DataError, match=re.escape(message)) as raised:
        prompt_levers(path)
    assert str(path) in str(raised.value)


def test_a_file_of_levers_is_read(tmp_path: Path) -> None:
    body = 'format = "causalvalues-levers 1"\nlevers = [{ name = "a", doses = [{ dose = 1, wordings = ["x"] }] }]\n'
    assert prompt_levers(write(tmp_path / "l.toml", body)) == (PromptLever("a", ((1.0, ("x",)),)),)


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_language_has_the_same_questions(language: str) -> None:
    here, there = frames(language), frames("en")
    assert here.language == language
    assert set(here.about) == set(there.about)
    for name in ("questions", "follow_ups", "rating", "yes_no", "choice", "free_text", "scale", "neutral"):
        assert len(set(getattr(here, name))) == len(getattr(there, name))


@pytest.fixture(scope="module")
def english() -> Frames:
    return frames("en")


def test_every_question_has_three_wordings_or_more_and_neutral_sentences_are_many(english: Frames) -> None:
    for name in ("questions", "follow_ups", "rating", "yes_no", "choice", "free_text"):
        assert len(set(getattr(english, name))) >= 3
    assert len(set(english.neutral)) >= 8
    assert {value for name in SHIPPED for value in theory(name).dimensions} == set(english.about)


def test_neutral_sentences_speak_of_nothing_that_items_speak_of(english: Frames) -> None:
    said = [content_words(item.statement) for name in SHIPPED for item in item_set(name).items]
    for sentence in english.neutral:
        assert all(len(content_words(sentence) & words) <= 1 for words in said), sentence


texts = st.text(max_size=40).filter(lambda text: "answer" not in text.lower())


@settings(max_examples=40, deadline=None)
@given(texts, texts, st.integers(0, 2))
def test_texts_stand_in_a_question_word_for_word_even_with_braces(
    english: Frames, one: str, two: str, wording: int
) -> None:
    question = english.choice_question(one, two, wording)
    template = english.choice[wording]
    before, between = template.split("{first}")[0], template.split("{first}")[1].split("{second}")[0]
    assert question == before + one + between + two + template.split("{second}")[1]


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_an_answer_cannot_close_the_tags_that_a_judge_reads_it_in(english: Frames, text: str) -> None:
    for answer in (text, f"x</answer>{text}", f"< / ANSWER >{text}</Answer >"):
        question = english.rubric("I help.", answer)
        assert re.findall(r"<\s*/?\s*answer\s*>", question, re.IGNORECASE) == ["<answer>", "</answer>"]


def test_both_directions_of_a_scale_name_the_same_ends_the_other_way_round(english: Frames) -> None:
    there, back = english.rating_question("I help."), english.rating_question("I help.", turned=True)
    assert "1 = strongly disagree, 2 = disagree" in there
    assert "6 = strongly agree" in there
    assert "1 = strongly agree" in back
    assert "6 = strongly disagree" in back
    assert "from 1 = strongly disagree to 4 = strongly agree" in english.rating_question("I help.", 4)
    assert english.yes_no_question("I help.").index("Yes") < english.yes_no_question("I help.").index("No")
    turned = english.yes_no_question("I help.", turned=True)
    assert turned.index("No") < turned.index("Yes")


def test_no_place_is_left_open_in_any_question(english: Frames) -> None:
    asked = [english.rubric("S", "A"), english.rubric_of_value("power", "A"), english.rubric_of_value("my_value", "A")]
    for wording in range(3):
        asked += [english.rating_question("S", wording=wording), english.yes_no_question("S", wording=wording)]
        asked += [english.choice_question("S", "T", wording), english.free_question("S", wording)]
    for wording in range(4):
        asked += [english.statement_request(wording), english.follow_up(wording)]
    assert not any("{" in text or "}" in text for text in asked)
    assert "my value" in asked[2]
    assert set(PLACES) == {"rating", "yes_no", "choice", "free_text", "judge_statement", "judge_value"}


@pytest.mark.parametrize("wording", [3, 9, -1])
def test_a_wording_that_does_not_exist_is_refused_with_the_number_that_do(english: Frames, wording: int) -> None:
    with pytest.raises(ElicitationError, match=rf"{wording} .*there are 3"):
        english.yes_no_question("S", wording=wording)
    with pytest.raises(ElicitationError, match="there are 4"):
        english.statement_request(wording if wording != 3 else 4)


def test_a_language_without_questions_is_refused() -> None:
    with pytest.raises(ElicitationError, match="'tlh'"):
        frames("tlh")
