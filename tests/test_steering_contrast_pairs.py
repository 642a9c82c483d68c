"""Are the sentences for directions inside a model read whole, and malformed files refused by name?"""

from __future__ import annotations

from pathlib import Path

import pytest

from causalvalues.elicitation.guardrails import capability_probe, neutral_texts
from causalvalues.errors import DataError, SteeringError
from causalvalues.steering.contrast_pairs import (
    contrast_pairs,
    contrast_poles,
    held_out_words,
)
from causalvalues.theories import theory

VALUES = theory("schwartz-10").dimensions
PAIRS = """format = "causalvalues-contrast-pairs 1"
[[pairs]]
value = "security"
context = "When I choose a flat, I look for"
with = "solid locks."
without = "tall windows."
"""
POLES = """format = "causalvalues-contrast-poles 1"
[[dimensions]]
name = "openness"
high = "open"
low = "closed"
[[pairs]]
dimension = "openness"
context = "What our street needs is"
high = "new faces."
low = "quiet nights."
"""
MORE = """[[dimensions]]
name = "NAME"
high = "a"
low = "b"
[[pairs]]"""
WORDS = """format = "causalvalues-value-words 1"
[[words]]
value = "power"
words = ["might", "rule"]
"""
PROBE = """format = "causalvalues-capability-probe 1"
[[questions]]
prompt = "The dog"
right = "is"
wrong = "are"
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


def test_shipped_pairs_come_in_the_order_of_the_theory_with_whole_sentences() -> None:
    pairs = contrast_pairs("schwartz-10")
    assert [pair.value for pair in pairs] == [value for value in VALUES for _ in range(48)]
    first = pairs[0]
    assert first.affirmed_sentence == f"{first.context} {first.affirmed}"
    assert first.plain_sentence == f"{first.context} {first.plain}"
    assert first.affirmed != first.plain


def test_shipped_poles_words_texts_and_probe_are_read() -> None:
    poles = contrast_poles("schwartz-10")
    assert [(pole.name, len(pole.pairs)) for pole in poles] == [("self_transcendence", 48), ("openness_to_change", 48)]
    assert (poles[1].high, poles[1].low) == ("openness_to_change", "conservation")
    assert poles[0].pairs[0].high_sentence.startswith(poles[0].pairs[0].context)
    words = held_out_words("schwartz-10")
    assert tuple(words) == VALUES
    assert {len(found) for found in words.values()} == {16}
    assert len(neutral_texts()) == 60
    assert len(capability_probe()) == 80


def test_a_file_of_ones_own_is_read(written: Path) -> None:
    written.write_text(PAIRS, "utf-8")
    (pair,) = contrast_pairs(written)
    assert (pair.value, pair.context, pair.affirmed, pair.plain) == (
        "security",
        "When I choose a flat, I look for",
        "solid locks.",
        "tall windows.",
    )
    written.write_text(WORDS, "utf-8")
    assert held_out_words(written) == {"power": ("might", "rule")}
    written.write_text(POLES, "utf-8")
    assert contrast_poles(str(written))[0].pairs[0].low_sentence == "What our street needs is quiet nights."
    written.write_text(PROBE, "utf-8")
    assert capability_probe(written)[0].wrong == "are"


@pytest.mark.parametrize("reader", [contrast_pairs, contrast_poles, held_out_words])
def test_what_is_neither_shipped_nor_a_file_is_refused_by_name(reader: object) -> None:
    assert callable(reader)
    with pytest.raises(SteeringError, match=r"There is no file nowhere.toml .* Check the path"):
        reader("nowhere.toml")
    with pytest.raises(SteeringError, match=r"'schwarz'.*The path of a file works too"):
        reader("schwarz")


def test_a_name_that_is_nearly_right_gets_a_proposal() -> None:
    with pytest.raises(SteeringError, match="Did you mean 'schwartz-10'"):
        contrast_pairs("schwartz10")


@pytest.mark.parametrize(
    ("reader", "text", "change", "message"),
    [
        (contrast_pairs, PAIRS, ("contrast-pairs 1", "contrast-pairs 2"), "has the format"),
        (contrast_pairs, PAIRS, ("without =", "plain ="), "plain"),
        (contrast_pairs, PAIRS, ("tall windows.", "  "), r"`without` is empty in entry 1 of 'pairs'"),
        (contrast_pairs, PAIRS, ("tall windows.", "solid locks."), "both ends of"),
        (contrast_pairs, PAIRS, (PAIRS, PAIRS + PAIRS.split("\n", 1)[1]), "occurs twice"),
        (contrast_pairs, PAIRS, ('"solid locks."', "3"), "with"),
        (contrast_poles, POLES, ('dimension = "openness"', 'dimension = "opennes"'), "Did you mean 'openness'"),
        (contrast_poles, POLES, ("[[pairs]]", MORE.replace("NAME", "x")), "'x' has no pair"),
        (contrast_poles, POLES, ("[[pairs]]", MORE.replace("NAME", "openness")), "twice"),
        (held_out_words, WORDS, (WORDS, WORDS + WORDS.split("\n", 1)[1]), "'power' has words twice"),
        (held_out_words, WORDS, ('"might"', '""'), "words of power"),
        (capability_probe, PROBE, ('"are"', '"is"'), "two different words"),
    ],
)
def test_a_malformed_file_is_refused_with_its_name_and_the_fault(
    reader: object, text: str, change: tuple[str, str], message: str, written: Path
) -> None:
    assert callable(reader)
    written.write_text(text, "utf-8")
    reader(written)
    written.write_text(text.replace(*change), "utf-8")
    with pytest.raises(DataError, match=message) as refused:
        reader(written)
    assert "mine.toml" in str(refused.value)
