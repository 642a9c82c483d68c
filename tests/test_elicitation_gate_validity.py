"""Does the score tell who holds which value, and does the negation control tell endorsement from talk?"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from elicitation_respondents import ITEMS, VALUES, Respondent, answer, item_set, known_sheets, plain_sheets, refuse
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from causalvalues.elicitation.intervals import Estimate, mean_interval, share_interval, t_quantile, tail
from causalvalues.elicitation.items import ItemSet
from causalvalues.elicitation.known_groups import area
from causalvalues.elicitation.validity import Validity, validity
from causalvalues.elicitation.wordings import affirmed, negated
from causalvalues.errors import ElicitationError

SCORES = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=8)
TOPIC, ENDORSING = Respondent(topic=1.0), Respondent(endorsement=0.7)
AREAS = ("score", "affirmed", "negated", "contrast", "margin")


def moved(answered: list, by: dict[str, float], level: float = 0.0) -> list:
    """Add a number to both wordings of each item, and one to everything of every second sheet."""
    return [
        (
            sheet,
            [
                answer(
                    each.item,
                    each.score + by[each.item] + level * (row % 2),
                    dict(each.parts)["negated_with"] + 4.0 + by[each.item] + level * (row % 2),
                )
                for each in answers
            ],
        )
        for row, (sheet, answers) in enumerate(answered)
    ]


def same_areas(first: Validity, second: Validity) -> None:
    for name in AREAS:
        one, two = getattr(first, name), getattr(second, name)
        np.testing.assert_allclose([one.value, one.lower, one.upper], [two.value, two.lower, two.upper], atol=1e-12)


# Laws


@given(own=SCORES, other=SCORES)
@settings(max_examples=60, deadline=None)
def test_the_area_is_the_share_of_pairs_that_are_won_with_ties_half(own: list[float], other: list[float]) -> None:
    wins = [1.0 if a > b else 0.5 if a == b else 0.0 for a in own for b in other]
    found = area(np.array(own), np.array(other))
    assert found == pytest.approx(sum(wins) / len(wins))
    assert found + area(np.array(other), np.array(own)) == pytest.approx(1.0)
    assert found == area(np.exp(np.array(own)), np.exp(np.array(other)))
    u = stats.mannwhitneyu(own, other, method="asymptotic").statistic if len({*own, *other}) > 1 else wins
    assert found == pytest.approx(u / (len(own) * len(other)) if not isinstance(u, list) else 0.5)


def test_the_area_leaves_out_what_is_no_number_and_needs_both_sides() -> None:
    assert area(np.array([math.nan, 2.0]), np.array([1.0, math.nan])) == 1.0
    assert math.isnan(area(np.array([math.nan]), np.array([1.0])))


def test_a_statement_that_everybody_likes_and_a_persona_that_likes_everything_change_nothing() -> None:
    answered = known_sheets(Respondent(0.6, 0.3), 15, 3)
    rng = np.random.default_rng(0)
    liked = {item.id: float(rng.normal(0, 5)) for item in ITEMS.items}
    plain, shifted = validity(answered, ITEMS, 1), validity(moved(answered, liked, 7.0), ITEMS, 1)
    same_areas(plain, shifted)
    assert plain.verdict == shifted.verdict
    assert plain.first == shifted.first
    assert abs(plain.raw.value - shifted.raw.value) > 0.03, "the raw area does hang on how much items are liked"


def test_the_order_of_sheets_and_answers_changes_nothing() -> None:
    answered = known_sheets(Respondent(0.6, 0.3), 20, 5)
    turned = [(sheet, answers[::-1]) for sheet, answers in reversed(answered)]
    same_areas(validity(answered, ITEMS, 2), validity(turned, ITEMS, 2))


def test_the_same_seed_gives_the_same_numbers_and_another_seed_other_intervals() -> None:
    answered = known_sheets(TOPIC, 20, 6)
    assert validity(answered, ITEMS, 4) == validity(answered, ITEMS, 4)
    assert validity(answered, ITEMS, 4).score != validity(answered, ITEMS, 5).score
    assert validity(answered, ITEMS, 4).score.value == validity(answered, ITEMS, 5).score.value


def test_denying_instead_of_affirming_mirrors_the_areas() -> None:
    answered = known_sheets(Respondent(0.0, 0.5), 20, 8)
    swapped = [
        (sheet, [answer(e.item, dict(e.parts)["negated_with"] + 4.0, e.score) for e in answers])
        for sheet, answers in answered
    ]
    one, two = validity(answered, ITEMS), validity(swapped, ITEMS)
    assert one.affirmed.value == pytest.approx(two.negated.value)
    assert one.contrast.value == pytest.approx(1 - two.contrast.value)


# Independent oracles


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 9, 19, 100])
def test_the_quantile_of_student_is_that_of_scipy(freedom: int) -> None:
    assert t_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), abs=3e-3)


@pytest.mark.parametrize(("hits", "tries"), [(0, 12), (2, 12), (10, 12), (12, 12)])
def test_the_interval_of_a_share_is_that_of_statsmodels(hits: int, tries: int) -> None:
    found = share_interval(hits, tries)
    np.testing.assert_allclose([found.lower, found.upper], proportion_confint(hits, tries, method="wilson"), atol=1e-6)


def test_bootstrap_intervals_have_the_length_of_students_where_the_mean_is_normal() -> None:
    clusters = [f"c{k:03}" for k in range(12)]
    longer = []
    for k in range(40):
        numbers = np.random.default_rng(k).normal(size=12)
        found = mean_interval(numbers, clusters, k, "law")
        half = stats.t.ppf(0.975, 11) * numbers.std(ddof=1) / math.sqrt(12)
        longer.append((found.upper - found.lower) / (2 * half))
    assert np.mean(longer) == pytest.approx(1.0, abs=0.05)
    assert 0 < tail(12) < tail(60) < 0.025


def test_a_mean_of_one_cluster_has_no_interval_and_a_mean_of_nothing_no_number() -> None:
    assert str(mean_interval(np.array([1.0, 2.0]), ["a", "a"], 0, "x")) == "1.50"
    assert not mean_interval(np.array([math.nan]), ["a"], 0, "x").known
    assert str(Estimate(-0.001, -0.25, 1.5)) == ".00 [\u2212.25, 1.50]"
    assert str(Estimate(math.nan)) == "\u2013"


def test_the_difference_of_a_value_is_the_pooled_t_interval_of_scipy() -> None:
    answered = known_sheets(TOPIC, 30, 2)
    group = next(each for each in validity(answered, ITEMS).groups if each.value == "power")
    means = {
        sheet.persona.id: (sheet.persona.holds, np.mean([a.score for a in answers if a.item.startswith("power_")]))
        for sheet, answers in answered
    }
    own = [mean for held, mean in means.values() if held == "power"]
    other = [mean for held, mean in means.values() if held != "power"]
    found = stats.ttest_ind(own, other).confidence_interval(0.95)
    assert group.personas == 3
    np.testing.assert_allclose([group.affirmed.lower, group.affirmed.upper], [found.low, found.high], atol=1e-6)


# The rule


def passes(who: Respondent, personas: int, sets: int) -> float:
    verdicts = [validity(known_sheets(who, personas, seed), ITEMS, seed).verdict for seed in range(sets)]
    return verdicts.count("endorsement") / sets


@pytest.mark.parametrize("personas", [12, 30])
@pytest.mark.parametrize(
    "who",
    [
        TOPIC,
        Respondent(topic=1.0, artefact=0.6),
        Respondent(topic=1.5, dilution=0.6),
        Respondent(topic=1.0, error=4.0),
    ],
    ids=["topic", "items that favour one wording", "a negation that dilutes", "a negation that is noisy"],
)
def test_who_only_talks_about_values_hardly_ever_passes_for_endorsing_them(who: Respondent, personas: int) -> None:
    assert passes(who, personas, 40) <= 0.05


def test_a_diluting_negation_makes_a_significant_contrast_which_alone_is_no_control() -> None:
    found = validity(known_sheets(Respondent(topic=1.5, dilution=0.6), 30, 1), ITEMS)
    assert found.contrast.above(0.5)
    assert not found.margin.above(0.0)
    assert found.verdict == "salience"


def test_a_noisy_negation_rises_little_and_only_the_contrast_shows_that_nothing_is_endorsed() -> None:
    found = validity(known_sheets(Respondent(topic=1.5, error=6.0), 30, 1), ITEMS)
    assert found.margin.above(0.0)
    assert not found.contrast.above(0.5)
    assert found.verdict == "salience"


def test_a_score_that_is_noise_endorses_nothing_whatever_its_wordings_show() -> None:
    rng = np.random.default_rng(0)
    answered = [
        (sheet, [replace(each, score=float(rng.normal())) for each in answers])
        for sheet, answers in known_sheets(Respondent(endorsement=1.0), 30, 1)
    ]
    found = validity(answered, ITEMS)
    assert found.contrast.above(0.5)
    assert found.verdict == "salience"


def test_who_endorses_passes_and_who_does_both_is_found() -> None:
    power = {f"topic {t}, endorsement {e}": passes(Respondent(t, e), 20, 15) for t, e in [(0, 0.7), (0.6, 0.6)]}
    print("share found to endorse, 20 personas:", power)  # noqa: T201
    assert min(power.values()) >= 0.9


def test_who_does_neither_shows_nothing() -> None:
    verdicts = [validity(known_sheets(Respondent(), 20, seed), ITEMS, seed).verdict for seed in range(20)]
    assert verdicts.count("neither") >= 17


def test_talk_is_salience_and_the_areas_are_those_of_the_truth() -> None:
    found = validity(known_sheets(TOPIC, 30, 1), ITEMS)
    expected = stats.norm.cdf(1 / math.sqrt(2))
    assert found.verdict == "salience"
    assert found.affirmed.value == pytest.approx(expected, abs=0.05)
    assert found.negated.value == pytest.approx(expected, abs=0.05)
    assert found.contrast.value == pytest.approx(0.5, abs=0.06)
    assert found.first_share.lower > found.chance == 0.1


def test_the_wordings_of_an_answer_are_gains_ratings_or_nothing() -> None:
    assert (affirmed(answer("a", 0.5, -0.25)), negated(answer("a", 0.5, -0.25))) == (0.5, -0.25)
    assert (affirmed(answer("a", 4.0, 2.0, False)), negated(answer("a", 4.0, 2.0, False))) == (4.0, 2.0)
    contrast = replace(answer("a", 0.5, -0.25), score=0.75)
    assert (affirmed(contrast), negated(contrast)) == (0.5, -0.25)
    assert math.isnan(negated(answer("a", 0.5)))
    refused = replace(answer("a", 0.5, -0.25), status="refusal")
    assert math.isnan(affirmed(refused))
    assert math.isnan(negated(refused))


def test_ratings_carry_the_negated_wording_in_their_parts() -> None:
    gains, ratings = (known_sheets(ENDORSING, 20, 4, gain=gain) for gain in (True, False))
    same_areas(validity(gains, ITEMS), validity(ratings, ITEMS))


def test_a_negation_contrast_of_a_talker_is_salience_and_its_own_score_shows_nothing() -> None:
    answered = [
        (sheet, [replace(e, score=e.score - dict(e.parts)["negated_with"] - 4.0) for e in answers])
        for sheet, answers in known_sheets(TOPIC, 30, 1)
    ]
    found = validity(answered, ITEMS)
    assert found.verdict == "salience"
    assert not found.score.above(0.5)
    assert found.affirmed.above(0.5)


def test_statements_against_a_value_may_rise_by_less_than_half_as_much() -> None:
    items = item_set(each=9, reverse=4)
    found = validity(turned(known_sheets(Respondent(endorsement=2.0), 50, 1, items), items, 0.35), items)
    assert found.reverse.above(0.5)
    assert found.reverse_margin.above(0.0)
    assert found.verdict == "endorsement"


def test_a_value_that_many_hold_is_not_judged_more_harshly() -> None:
    answered = known_sheets(Respondent(topic=3.0), 110, 1)
    kept = [pair for k, pair in enumerate(answered) if k < 10 or pair[0].persona.holds == "power"]
    by_value = {group.value: group for group in validity(kept, ITEMS).groups}
    assert by_value["power"].personas == 11
    assert by_value["power"].auc_affirmed > 0.96


def test_without_negated_wordings_nothing_passes() -> None:
    answered = [
        (sheet, [answer(each.item, each.score) for each in answers])
        for sheet, answers in known_sheets(ENDORSING, 30, 1)
    ]
    found = validity(answered, ITEMS)
    assert found.verdict == "salience"
    assert not found.controlled


def turned(answered: list, items: ItemSet, affirmed: float) -> list:
    """Give reverse-keyed items a score that says how much they rise with the own value."""
    rng = np.random.default_rng(1)
    return [
        (
            sheet,
            [
                answer(e.item, affirmed * (items.item(e.item).value == sheet.persona.holds) + float(rng.normal()), 0.0)
                if items.item(e.item).reverse
                else e
                for e in answers
            ],
        )
        for sheet, answers in answered
    ]


def test_reverse_keyed_items_do_not_count_but_as_a_control() -> None:
    items = item_set(each=8, reverse=2)
    answered = known_sheets(ENDORSING, 20, 1, items)
    down, up = (validity(turned(answered, items, by), items) for by in (-1.0, 1.0))
    same_areas(down, up)
    assert down.reverse.below(0.5)
    assert up.reverse.above(0.5)
    assert (down.verdict, up.verdict) == ("endorsement", "salience")
    assert validity(turned(answered, items, 0.0), items).verdict == "endorsement"
    assert not validity(known_sheets(ENDORSING, 20, 1), ITEMS).reverse.known


def test_without_known_groups_or_with_few_values_it_is_not_checked() -> None:
    nobody = validity(plain_sheets(np.zeros((3, len(ITEMS.items)))), ITEMS)
    assert (nobody.verdict, nobody.groups) == ("not checked", ())
    few = item_set(VALUES[:4])
    found = validity(known_sheets(ENDORSING, 20, 1, few), few)
    assert found.verdict == "not checked"
    assert "5 values" in found.reason
    assert found.affirmed.known, "the numbers are shown all the same"


def test_answers_that_are_no_number_are_left_out_and_all_lost_is_not_checked() -> None:
    answered = known_sheets(TOPIC, 20, 1)
    some = validity(refuse(answered, {"power_0", "security_3"}), ITEMS)
    assert some.verdict == "salience"
    everything = {item.id for item in ITEMS.items}
    assert validity(refuse(answered, everything), ITEMS).verdict == "not checked"


def test_a_persona_that_holds_an_unknown_value_and_an_unknown_item_are_named() -> None:
    sheet, answers = known_sheets(TOPIC, 1, 1)[0]
    strange = replace(sheet, persona=replace(sheet.persona, holds="powr"))
    with pytest.raises(ElicitationError, match=r"'k00'.*'powr'.*Did you mean 'power'"):
        validity([(strange, answers)], ITEMS)
    with pytest.raises(ElicitationError, match="no item 'power_77'"):
        validity([(sheet, [replace(answers[0], item="power_77")])], ITEMS)
