"""Are the sentences that value directions are learned from and tested with well formed, balanced and unseen?"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import causalvalues
from causalvalues.elicitation.items import item_set
from causalvalues.theories import theory

DATA = Path(causalvalues.__file__).parent / "steering" / "data"
VALUES = theory("schwartz-10").dimensions
KINDS = {
    "pairs-schwartz-10": "contrast-pairs",
    "poles-schwartz-10": "contrast-poles",
    "heldout-words-schwartz-10": "value-words",
    "neutral-texts": "neutral-texts",
    "capability-probe": "capability-probe",
}
NEGATIONS = frozenset(
    ("not", "no", "never", "nobody", "nothing", "nowhere", "none", "nor", "neither", "without", "cannot")
)
SMALL_WORDS = frozenset(("that", "this", "with", "from", "your", "their", "they", "them", "what", "when", "into"))


BESIDE = Path(causalvalues.__file__).parent / "elicitation" / "data"


def read(name: str) -> dict[str, Any]:
    folder = DATA if (DATA / f"{name}.toml").exists() else BESIDE
    return tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))


PAIRS = read("pairs-schwartz-10")["pairs"]
POLES = read("poles-schwartz-10")["pairs"]
HELD_OUT = {entry["value"]: entry["words"] for entry in read("heldout-words-schwartz-10")["words"]}
# (what a pair speaks for, context, one end, other end)
TABLES = {
    "pairs": [(p["value"], p["context"], p["with"], p["without"]) for p in PAIRS],
    "poles": [(p["dimension"], p["context"], p["high"], p["low"]) for p in POLES],
}
Row = tuple[str, str, str, str]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


def stems(text: str) -> set[str]:
    return {word[:5] for word in words(text)}


def sentences(rows: Sequence[Row]) -> list[str]:
    return [f"{context} {end}" for _, context, *ends in rows for end in ends]


def repeated(texts: Sequence[str]) -> list[str]:
    return [text for text, count in Counter(text.casefold() for text in texts).items() if count > 1]


def shared_in_order(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for word in one:
        before = row
        row = [0]
        for place, second in enumerate(other):
            row.append(before[place] + 1 if word == second else max(before[place + 1], row[-1]))
    return row[-1]


def long_words(text: str) -> list[str]:
    return [word for word in words(text) if len(word) >= 4]


@pytest.fixture(params=sorted(TABLES))
def rows(request: pytest.FixtureRequest) -> list[Row]:
    return TABLES[request.param]


@pytest.mark.parametrize("name", KINDS)
def test_each_file_says_what_it_is_and_whose_words_it_holds(name: str) -> None:
    fields = read(name)
    assert fields["format"] == f"causalvalues-{KINDS[name]} 1"
    assert fields["id"] == ("schwartz-10" if name.endswith("schwartz-10") else name)
    assert fields.get("theory") == ("schwartz-10" if name.endswith("schwartz-10") else None)
    assert (fields["language"], fields["licence"]) == ("en", "CC0-1.0")
    assert fields["source"] == "written for this package"


def test_each_value_has_forty_eight_pairs_in_the_order_of_the_theory() -> None:
    assert [pair["value"] for pair in PAIRS] == [value for value in VALUES for _ in range(48)]
    assert {frozenset(pair) for pair in PAIRS} == {frozenset({"value", "context", "with", "without"})}


def test_the_first_quarter_of_the_pairs_of_a_value_are_declarations_of_the_speaker() -> None:
    for start in range(0, len(PAIRS), 48):
        for pair in PAIRS[start : start + 12]:
            spoken = words(f"{pair['context']} {pair['with']}")
            assert {"i", "me", "my", "myself", "mine"} & set(spoken), pair


def test_each_dimension_of_higher_order_values_has_forty_eight_pairs_and_two_groups_of_the_theory_as_poles() -> None:
    dimensions = read("poles-schwartz-10")["dimensions"]
    poles = [pole for dimension in dimensions for pole in (dimension["high"], dimension["low"])]
    assert sorted(poles) == sorted(theory("schwartz-10").groups)
    assert [pair["dimension"] for pair in POLES] == [d["name"] for d in dimensions for _ in range(48)]
    assert {frozenset(pair) for pair in POLES} == {frozenset({"dimension", "context", "high", "low"})}


def test_no_sentence_and_no_end_occurs_twice_in_any_file() -> None:
    everything = [*TABLES["pairs"], *TABLES["poles"]]
    assert repeated(sentences(everything)) == []
    assert repeated([end for _, _, *ends in everything for end in ends]) == []


def test_no_context_occurs_twice_for_one_value(rows: list[Row]) -> None:
    assert repeated([f"{value}: {context}" for value, context, _, _ in rows]) == []


def test_contexts_and_ends_are_neither_too_short_nor_too_long(rows: list[Row]) -> None:
    assert [context for _, context, _, _ in rows if not 3 <= len(words(context)) <= 12] == []
    assert [end for _, _, *ends in rows for end in ends if not 4 <= len(words(end)) <= 14] == []


def test_the_two_ends_of_a_pair_are_about_as_long(rows: list[Row]) -> None:
    for _, _, one, other in rows:
        for lengths in ((len(one), len(other)), (len(words(one)), len(words(other)))):
            assert max(lengths) - min(lengths) <= 0.4 * max(lengths), (one, other)


def test_over_all_pairs_of_a_value_the_two_kinds_of_ends_are_equally_long(rows: list[Row]) -> None:
    for value in dict.fromkeys(row[0] for row in rows):
        ends = [(one, other) for name, _, one, other in rows if name == value]
        for length in (len, lambda end: len(words(end))):
            first, second = sum(length(one) for one, _ in ends), sum(length(other) for _, other in ends)
            assert abs(first - second) <= 0.08 * max(first, second), (value, first, second)


def test_no_end_is_made_by_denying_something(rows: list[Row]) -> None:
    assert [end for _, _, *ends in rows for end in ends if NEGATIONS & set(words(end)) or "n't" in end] == []


def test_sentences_begin_with_a_capital_letter_and_end_with_one_full_stop(rows: list[Row]) -> None:
    for _, context, *ends in rows:
        assert re.fullmatch(r"[A-Z][A-Za-z',\- ]*([a-z,]| I)", context), context
        for end in ends:
            assert re.fullmatch(r"([a-z]|I )[A-Za-z',\- ]*[A-Za-z]\.", end), end
            sentence = f"{context} {end}"
            assert "  " not in sentence
            assert not re.search(r" [,.]|,[^ ]|\b(\w+) \1\b", sentence), sentence


def test_no_single_word_gives_a_value_away() -> None:
    for value in VALUES:
        ends = [set(long_words(pair["with"])) - SMALL_WORDS for pair in PAIRS if pair["value"] == value]
        seen = Counter(word for end in ends for word in end)
        assert seen.most_common(1)[0][1] <= 12, (value, seen.most_common(3))


def test_each_value_has_sixteen_held_out_words_of_its_own() -> None:
    assert tuple(HELD_OUT) == VALUES
    assert {value: len(found) for value, found in HELD_OUT.items()} == dict.fromkeys(VALUES, 16)
    every = [word for found in HELD_OUT.values() for word in found]
    assert repeated(every) == []
    assert [word for word in every if not re.fullmatch(r"[a-z]+(-[a-z]+)?( [a-z]+)?", word)] == []


def test_no_held_out_word_shares_its_stem_with_a_word_in_the_pairs_of_its_value() -> None:
    for value, context, *ends in TABLES["pairs"]:
        held_out = stems(" ".join(HELD_OUT[value]))
        for text in (context, *ends):
            assert not stems(text) & held_out, (value, text)


def test_the_statements_that_models_are_asked_about_are_unseen_in_the_pairs() -> None:
    groups = theory("schwartz-10").groups
    spoken_for = {value: {value} for value in VALUES}
    for dimension in read("poles-schwartz-10")["dimensions"]:
        spoken_for[dimension["name"]] = {*groups[dimension["high"]], *groups[dimension["low"]]}
    asked = [
        (item.value, long_words(text))
        for item in item_set("schwartz-10").items
        for text in (item.statement, item.negated, *item.paraphrases)
    ]
    for row in [*TABLES["pairs"], *TABLES["poles"]]:
        statements = [text for value, text in asked if value in spoken_for[row[0]]]
        for sentence in sentences([row]):
            known = long_words(sentence)
            assert all(shared_in_order(text, known) <= 3 for text in statements), sentence


def test_the_sixty_neutral_texts_are_plain_and_free_of_value_words() -> None:
    texts = read("neutral-texts")["texts"]
    assert len(texts) == 60
    assert repeated(texts) == []
    value_words = {word for found in HELD_OUT.values() for phrase in found for word in words(phrase)}
    for text in texts:
        assert 12 <= len(re.findall(r"[\w'-]+", text)) <= 40, text
        assert re.fullmatch(r"[A-Z][^.]*[a-z]\.( [A-Z][^.]*[a-z]\.)?", text), text
        assert not value_words & set(words(text)), text


def test_each_of_the_eighty_probe_questions_offers_two_single_words() -> None:
    questions = read("capability-probe")["questions"]
    assert len(questions) == 80
    assert {frozenset(question) for question in questions} == {frozenset({"prompt", "right", "wrong"})}
    assert repeated([question["prompt"] for question in questions]) == []
    for question in questions:
        assert re.fullmatch(r"[A-Z][A-Za-z', ]*[a-z]", question["prompt"]), question
        for option in (question["right"], question["wrong"]):
            assert re.fullmatch(r"[a-z]+|Paris|London|Europe|Asia", option), question
            assert abs(len(question["right"]) - len(question["wrong"])) <= 4, question


def test_every_option_of_the_probe_is_right_as_often_as_it_is_wrong_against_the_same_word() -> None:
    offered = Counter((question["right"], question["wrong"]) for question in read("capability-probe")["questions"])
    assert all(offered[wrong, right] == count for (right, wrong), count in offered.items())
    assert all(right != wrong for right, wrong in offered)
