"""Ratings in text: what is a rating, what is surely none, and what is a refusal."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.elicitation.rating_parser import parse_rating
from causalvalues.elicitation.refusals import is_refusal

FRAMES = (
    "{}", " {}\n", "{}.", "{}!", "**{}**", "({})", "[{}]", "\u201c{}\u201d", "Rating: {}", "**Rating:** {}",
    "rating={}", "Answer:{}", "I'd say {} out of 6", "I\u2019d say {} out of 6.", "{}/6", "{} von 6",
    "Ich gebe eine {}.", "{} - Very much like me", "{}. Because it matters to me.", '{{"rating": {}}}',
    "<rating>{}</rating>", "$\\boxed{{{}}}$", "#### {}", "{}.0", "<think>1 or 2? Rather 3.</think>\n{}",
    "On a scale from 1 to 6, I would give it a {} because I care.", "Not like me at all: {}",
    "Not like me at all ({})", "{0}\n{0}\n{0}", "I don't have feelings. Rating: {}",
    "My answer is {}, as I value it.", "I cannot say that I agree: {}", "{} stars", "Rating - {}",
)  # fmt: skip

NO_RATING = (
    "", "no", "0", "7", "10", "-5", "Rating: -5", "5.5", "4,5", "4 or 5", "4-5", "4\u20135", "4 to 5", "5/10", "4/5",
    "5 out of 10", "I rate A 3 and B 5", "I have 2 children and love them", "5+", "more than 3", "at least 4", ">4",
    "\u2265 4", "between 3", "not a 5", "I can't give a 5", "I would not give it a 5", "50%", "5th", "Q5", "5 or six",
    "four or 5", "five or six", "5 or more", "1,000", "2024", "5\u00bd", "\u00bd", "\u2464", "\u0665 \u0664", "3..5",
    "1.2.3", "1e1", "0x5", "3:5", "1 2", "one of the best", "<think>5", "9" * 5000, "5" + " " * 20_000 + ".",
    "1 " * 60,
)  # fmt: skip

REFUSALS = (
    "I'm sorry, but I can't answer that.", "I\u2019m sorry, I cannot help with this.", "I cannot answer this.",
    "I must decline.", "As an AI language model, I don't have personal values.", "I do not have personal opinions.",
    "I'd rather not say.", "I am unable to provide a rating.",
)  # fmt: skip

NO_REFUSALS = (
    "5", "", "I'm sorry to hear that. 3", "I can't help loving people.", "I decline in health.",
    "I don't have time for power.", "People who refuse to help are bad.", "Refusing is wrong.",
)  # fmt: skip


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("rating", [1, 4, 6])
def test_a_rating_is_found_in_the_ways_in_which_models_write_it(frame: str, rating: int) -> None:
    assert parse_rating(frame.format(rating), 1, 6) == rating


@pytest.mark.parametrize("text", NO_RATING, ids=lambda text: repr(text[:30]))
def test_what_is_not_surely_one_number_of_the_scale_is_none(text: str) -> None:
    assert parse_rating(text, 1, 6) is None


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("five", 5), ("Five.", 5), ("**Five**", 5), ("My rating is five", 5), ("five out of six", 5), ("nine", None),
        ("five out of ten", None), ("I value one thing", None),
    ],
)  # fmt: skip
def test_a_number_word_counts_only_when_it_is_all_that_is_said(text: str, rating: int | None) -> None:
    assert parse_rating(text, 1, 6) == rating


@pytest.mark.parametrize(("text", "rating"), [("-1", -1), ("Rating: -1", -1), ("7", 7), ("-2", None), ("0", 0)])
def test_a_scale_may_go_below_zero(text: str, rating: int | None) -> None:
    assert parse_rating(text, -1, 7) == rating


def test_other_digits_are_digits() -> None:
    assert parse_rating("\uff15", 1, 6) == parse_rating("\u0665", 1, 6) == parse_rating("5\ufe0f\u20e3", 1, 6) == 5


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.sampled_from("0123456789 .,-/:;()*\n%+<>or naoutfscalethinkI'm½٣"), max_size=40),
    st.integers(-2, 3),
    st.integers(4, 11),
)
def test_any_text_gives_a_number_of_the_scale_that_it_contains_or_none(text: str, low: int, high: int) -> None:
    rating = parse_rating(text, low, high)
    assert rating is None or low <= rating <= high


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 6),
    st.integers(1, 6),
    st.sampled_from([" or ", "-", ", ", "\n", " and B ", ". No: ", " but rather "]),
)
def test_two_different_numbers_are_no_rating(one: int, two: int, between: str) -> None:
    found = parse_rating(f"Rating {one}{between}{two}", 1, 6)
    assert found is None if one != two else found in (one, None)


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_is_recognised_and_holds_no_rating(text: str) -> None:
    assert is_refusal(text)
    assert parse_rating(text, 1, 6) is None


@pytest.mark.parametrize("text", [*NO_REFUSALS, *(frame.format(3) for frame in FRAMES if "cannot" not in frame)])
def test_what_only_sounds_like_a_refusal_is_none(text: str) -> None:
    assert not is_refusal(text)
