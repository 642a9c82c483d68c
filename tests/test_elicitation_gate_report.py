"""What do the gate, its figure and the report of an elicitation say, and are they safe to open?"""

from __future__ import annotations

import math
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
from elicitation_respondents import ITEMS, VALUES, Answers, Respondent, answer, item_set, known_sheets, plain_sheets

from causalvalues.elicitation.gate import Gate, gate
from causalvalues.elicitation.instrument import Instrument, instrument
from causalvalues.elicitation.items import Item, ItemSet
from causalvalues.elicitation.sheets import Answer, Persona
from causalvalues.elicitation.validity import Validity
from causalvalues.errors import ElicitationError, FigureError
from causalvalues.figures.known_groups import known_groups_figure
from causalvalues.scene import overlaps, scene_from_json, scene_to_json
from causalvalues.scene.svg import svg_text
from causalvalues.study.document import Bullets, Picture, Table
from causalvalues.study.elicitation_facts import ElicitationFacts, Spending, design_counts, known_personas
from causalvalues.study.elicitation_report import elicitation_report
from causalvalues.study.markdown import markdown_text
from causalvalues.study.page import page_text
from causalvalues.theories import theory

SMALL_MODEL = Instrument("SmolLM2-135M-Instruct", "statement_gain", "nats per token", 0.0, False, embedded=True)
SERVED = Instrument("a served model", "rating", "points of the scale", 3.5, False)
EVIL = '<script>alert("1")</script> | *x* [a](b)\n# h'


def gain_gate(who: Respondent, about: Instrument = SMALL_MODEL, measures: str = "endorsement") -> Gate:
    return gate(known_sheets(who, 20, 1), ITEMS, measures, 1, about)  # type: ignore[arg-type]


def facts(found: Gate, answered: Answers, items: ItemSet = ITEMS) -> ElicitationFacts:
    sheets = [sheet for sheet, _ in answered]
    return ElicitationFacts(
        title="Values of a model",
        gate=found,
        items=items,
        design=design_counts(sheets),
        known=known_personas(sheets),
        spending=Spending(1200, 30_000, 40, 1.5, "EUR"),
        learn=("causalvalues study study.toml --out runs/mine",),
        theory=theory("schwartz-10"),
        notes=("The run was interrupted once.",),
    )


# The gate


def test_the_embedded_model_is_said_to_show_salience_and_to_have_passed_no_negation_control() -> None:
    for who in (Respondent(topic=1.0), Respondent(), Respondent(endorsement=1.0)):
        said = " ".join(" ".join(line) for line in gain_gate(who).first_lines())
        assert "passed no negation control" in said
        assert "What it shows is read as salience" in said
        assert "with the Schwartz items" in said
        assert "AUC is .77" in said
    for method in ("rating", "yes_no", "sampled_rating", "forced_choice", "rubric"):
        said = dict(gain_gate(Respondent(), replace(SMALL_MODEL, method=method)).first_lines())["The embedded model."]
        assert "passed no negation control." in said
        assert ".77" not in said
    said = " ".join(" ".join(line) for line in gain_gate(Respondent(topic=1.0), SERVED).first_lines())
    assert "SmolLM2" not in said


def test_the_first_sentence_is_the_verdict() -> None:
    heads = {
        "Salience, not endorsement.": Respondent(topic=1.0),
        "Endorsement: the negation control is passed.": Respondent(endorsement=1.0),
        "Neither endorsement nor salience was shown.": Respondent(),
    }
    for head, who in heads.items():
        assert gain_gate(who, SERVED).first_lines()[0][0] == head
    nothing = gain_gate(Respondent(), SERVED).first_lines()[0][1]
    assert "could not be shown to tell which value a persona holds" in nothing
    assert "do not tell" not in nothing
    unchecked = gate(plain_sheets(np.zeros((6, len(ITEMS.items)))), ITEMS, "salience", 1, SERVED)
    head, text = unchecked.first_lines()[0]
    assert head == "Not checked: read as salience."
    assert "passed no negation control" in text


def test_endorsement_that_fails_is_reported_as_salience_and_salience_is_never_raised() -> None:
    failed = gain_gate(Respondent(topic=1.0))
    assert (failed.declared, failed.measures) == ("endorsement", "salience")
    assert "Endorsement was claimed; everything is reported as salience." in failed.first_lines()[0][1]
    assert gain_gate(Respondent(endorsement=1.0)).measures == "endorsement"
    assert gain_gate(Respondent(endorsement=1.0), measures="salience").measures == "salience"
    assert gain_gate(Respondent(), measures="endorsement").measures == "salience"


def test_a_contrast_that_shows_nothing_says_so() -> None:
    answered = [
        (sheet, [replace(e, score=e.score - dict(e.parts)["negated_with"] - 4.0) for e in answers])
        for sheet, answers in known_sheets(Respondent(topic=1.0), 30, 1)
    ]
    said = gate(answered, ITEMS, "endorsement", 1, replace(SMALL_MODEL, method="negation_contrast")).first_lines()[0][1]
    assert "The score itself (AUC" in said
    assert "statement gain" in said


def test_without_negated_wordings_the_gate_says_that_they_were_not_asked() -> None:
    answered = [
        (sheet, [answer(each.item, each.score) for each in answers])
        for sheet, answers in known_sheets(Respondent(endorsement=1.0), 20, 1)
    ]
    found = gate(answered, ITEMS, "endorsement", 1, SERVED)
    assert found.measures == "salience"
    assert "passed no negation control, because the negated wordings were not asked." in found.first_lines()[0][1]


def test_what_was_not_asked_is_said_in_words() -> None:
    lines = dict(gain_gate(Respondent(topic=1.0)).first_lines())
    assert "over repeats not asked" in lines["Reliability."]
    assert "Not asked" in lines["Order of the options."]
    assert lines["Answers that are no number."] == "None of 1,200."
    assert "in common" in lines["Saying yes."]


def test_the_same_seed_gives_the_same_gate() -> None:
    assert gain_gate(Respondent(1.0)) == gain_gate(Respondent(1.0))


def test_a_wrong_claim_and_no_answers_are_errors() -> None:
    with pytest.raises(ElicitationError, match=r"'endorsment'.*Did you mean 'endorsement'"):
        gain_gate(Respondent(), measures="endorsment")
    with pytest.raises(ElicitationError, match="no answers"):
        gate([], ITEMS, "salience")


def test_the_middle_of_a_scale_comes_from_the_method() -> None:
    def made(units: str, points: int | None = None) -> float:
        return instrument(SimpleNamespace(name="m", units=units, draws=True, points=points), "x").middle  # type: ignore[arg-type]

    assert made("points of the scale", 6) == 3.5
    assert made("log-odds of yes") == made("nats per token") == 0.0
    assert math.isnan(made("points of the rubric"))


# The figure


@pytest.mark.parametrize("personas", [10, 30])
@pytest.mark.parametrize("controlled", [True, False])
def test_nothing_overlaps_in_the_figure_and_it_survives_json(personas: int, controlled: bool) -> None:
    answered = known_sheets(Respondent(0.5, 0.5), personas, 1)
    if not controlled:
        answered = [(s, [answer(e.item, e.score) for e in answers]) for s, answers in answered]
    names = {"power": "Power over people and resources, and a name that does not fit", "security": "<b>&"}
    scene = known_groups_figure(gate(answered, ITEMS, "salience").validity, "nats per token", None, names)
    assert overlaps(scene) == []
    assert scene_from_json(scene_to_json(scene)) == scene
    assert "<b>" not in svg_text(scene)


def test_the_figure_shows_the_numbers_of_the_check() -> None:
    found = gain_gate(Respondent(topic=1.0)).validity
    scene = known_groups_figure(found, "nats per token", theory("schwartz-10"))
    assert [row[0] for row in scene.rows] == list(theory("schwartz-10").dimensions)
    for row in scene.rows:
        cells = dict(zip(scene.columns, row, strict=True))
        group = next(each for each in found.groups if each.value == cells["value"])
        assert cells["affirmed"] == pytest.approx(group.affirmed.value)
        assert cells["negated_auc"] == pytest.approx(group.auc_negated)
    dots = [mark for mark in scene.marks if mark.role == "mean" and mark.part.startswith("row")]
    hollow = [mark for mark in scene.marks if mark.role == "negated" and mark.part.startswith("row")]
    assert len(dots) == len(hollow) == 10
    assert "salience, not endorsement" in scene.alt
    assert "both" in scene.caption


def test_a_figure_of_no_known_groups_is_an_error() -> None:
    with pytest.raises(FigureError, match="known-group"):
        known_groups_figure(Validity("not checked"))


# The report


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)


def test_the_report_begins_with_the_gate() -> None:
    found = gain_gate(Respondent(topic=1.0))
    blocks = elicitation_report(facts(found, known_sheets(Respondent(topic=1.0), 20, 1)))
    assert isinstance(blocks[1], Bullets)
    assert blocks[1].lead
    assert blocks[1].items == found.first_lines()
    text = markdown_text(blocks, "svg")
    assert text.index("Salience, not endorsement") < 100
    for said in ("causalvalues study study.toml", "1.50 EUR", "not asked", "Reported: salience", "interrupted once"):
        assert said in text
    assert [block.stem for block in blocks if isinstance(block, Picture)] == ["known_groups"]


def test_what_models_files_and_personas_say_cannot_become_markup() -> None:
    evil = ItemSet(EVIL, "", (Item("bad<b>", VALUES[0], EVIL, "no " + EVIL), *ITEMS.items), EVIL, EVIL)
    answered = known_sheets(Respondent(topic=1.0), 20, 1)
    answered = [
        (
            replace(sheet, persona=Persona(f"<i>{sheet.persona.id}", EVIL, holds=sheet.persona.holds)),
            [*answers, Answer("bad<b>", math.nan, "refusal", text=EVIL)],
        )
        for sheet, answers in answered
    ]
    found = gate(answered, evil, "endorsement", 1, replace(SERVED, model=EVIL, method=EVIL, units=EVIL))
    said = replace(facts(found, answered, evil), title=EVIL, notes=(EVIL,), learn=("run " + EVIL,))
    blocks = elicitation_report(said)
    page = page_text(blocks, said.title)
    tags = Tags()
    tags.feed(page)
    assert not {"script", "i", "b", "img", "a b"} & set(tags.seen)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 20
    text = markdown_text([block for block in blocks if type(block).__name__ != "Code"], "svg")
    assert "<script" not in text.replace("\\<script", "")
    assert "\n# h" not in text


def test_lost_answers_and_a_design_without_known_groups_are_reported() -> None:
    plain = plain_sheets(np.random.default_rng(1).normal(size=(12, len(ITEMS.items))))
    lost = [
        (s, [replace(e, score=math.nan, status="parse_error", text="well") if e.item == "power_1" else e for e in a])
        for s, a in plain
    ]
    found = gate(lost, ITEMS, "salience", 1, SERVED)
    blocks = elicitation_report(facts(found, lost))
    text = markdown_text(blocks, "svg")
    assert "unparsed 12" in text
    assert "power\\_1 | 12 | 12 | 1.00" in text
    assert not any(isinstance(block, Picture) for block in blocks)
    assert "was not checked" in text
    tables = [block for block in blocks if isinstance(block, Table)]
    assert all(len(row) == len(table.columns) for table in tables for row in table.rows)


def test_a_design_is_counted() -> None:
    sheet, answers = plain_sheets(np.zeros((1, len(ITEMS.items))))[0]
    levers = (("do_power", 1.0), ("do_security", 2.0))
    more = [sheet, replace(sheet, levers=levers[:1], wording=1), replace(sheet, levers=levers, repeat=1)]
    found = design_counts([*more, *(s for s, _ in known_sheets(Respondent(), 10, 1))])
    assert (found.personas, found.levers, found.combinations, found.wordings, found.repeats) == (11, 2, 1, 2, 2)
    assert found.without_lever == 1
    assert dict(found.by_kind) == {
        "personas, with and without levers": 3,
        "personas that hold a known value": 10,
    }
    assert len(answers) == len(ITEMS.items) == len(item_set().items)
