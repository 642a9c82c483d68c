"""Are the shipped statements fit to be asked, and are files of users read or refused by name?"""

from __future__ import annotations

import csv
import re
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.elicitation.items import Item, ItemSet, item_set
from causalvalues.errors import DataError, ElicitationError
from causalvalues.theories import theory

SHIPPED = ("schwartz-10", "mft-5")
SMALL_WORDS = """
    i me my myself mine own one ones we our us you your it its itself they them their that this those these who whom
    whoever what which when whenever how why if so than as to of in on at for from with without by about over out up
    down a an the and or but not no nor do does did is are am was were be been being have has had having will would
    should could can may must need there something anything nothing everything everybody everyone somebody nobody
    anyone other others all every each more most less much many few some any such just even still yet only also too
    very before after again then them while whatever make makes made keep keeps get gets give gives feel feels put
    one's people thing things
"""
FUNCTION_WORDS = frozenset(SMALL_WORDS.split())


def content_words(text: str) -> set[str]:
    """Words that carry meaning, without their commonest endings."""
    found = set()
    for word in re.findall(r"[a-z']+", text.lower()):
        if word not in FUNCTION_WORDS:
            ending = next((e for e in ("ing", "ies", "es", "ed", "ly", "s", "e", "y") if word.endswith(e)), "")
            found.add(word.removesuffix(ending) if len(word) - len(ending) >= 3 else word)
    return found


def wordings(item: Item) -> list[str]:
    return [item.statement, item.negated, *item.paraphrases]


def syllables(word: str) -> int:
    return max(1, len(re.findall(r"[aeiouy]+", word.lower())) - word.lower().endswith("e"))


@pytest.fixture(params=SHIPPED)
def items(request: pytest.FixtureRequest) -> ItemSet:
    return item_set(request.param)


def test_each_value_of_the_theory_has_six_statements_for_it_and_two_against_it(items: ItemSet) -> None:
    assert items.values == theory(items.theory).dimensions
    for value in items.values:
        found = items.of(value)
        names = [*(f"{value}_{k}" for k in range(1, 7)), f"{value}_r1", f"{value}_r2"]
        assert [item.id for item in found] == names
        assert [item.reverse for item in found] == [False] * 6 + [True] * 2
        assert all(item.paraphrases for item in found if not item.reverse)


def test_no_sentence_is_said_twice_in_both_sets_together() -> None:
    said = [text for name in SHIPPED for item in item_set(name).items for text in wordings(item)]
    assert len(said) == len(set(said))


def test_every_sentence_is_short_plain_and_one_sentence(items: ItemSet) -> None:
    for item in items.items:
        for text in wordings(item):
            assert 4 <= len(text.split()) <= 14, text
            assert text.isascii()
            assert text[0].isupper()
            assert text.endswith(".")
            assert text.count(".") == 1


def test_a_negated_wording_differs_from_its_statement_by_a_few_letters_only(items: ItemSet) -> None:
    for item in items.items:
        alike = SequenceMatcher(None, item.statement, item.negated, autojunk=False).ratio()
        assert alike > 0.75, (item.statement, item.negated)
        assert len(item.negated.split()) - len(item.statement.split()) in (0, 1, 2)
        assert "not true" not in item.negated


def test_a_negated_wording_says_not_and_its_statement_does_not(items: ItemSet) -> None:
    for item in items.items:
        assert re.search(r"\bnot\b", item.negated), item.negated
        assert not re.search(r"\b(not|never|no)\b", item.statement), item.statement


def test_no_statement_shares_more_than_half_of_its_content_words_with_one_of_another_value(items: ItemSet) -> None:
    for a, b in combinations(items.items, 2):
        if a.value != b.value:
            first, second = content_words(a.statement), content_words(b.statement)
            assert len(first & second) <= min(len(first), len(second)) / 2, (a.statement, b.statement)


def test_the_german_items_are_the_english_ones_in_other_words() -> None:
    english, german = item_set("schwartz-10"), item_set("schwartz-10-de")
    assert german.theory == "schwartz-10"
    said = [text for item in german.items for text in wordings(item)]
    assert len(said) == len(set(said))
    for one, other in zip(english.items, german.items, strict=True):
        assert (one.id, one.value, one.reverse, "de") == (other.id, other.value, other.reverse, other.language)
        assert len(one.paraphrases) == len(other.paraphrases)
        assert SequenceMatcher(None, other.statement, other.negated, autojunk=False).ratio() > 0.75
        assert all(4 <= len(text.split()) <= 14 and text.endswith(".") for text in wordings(other))


def test_few_statements_name_their_value(items: ItemSet) -> None:
    named = {value: content_words(value.replace("_", " ")) for value in items.values}
    naming = [item.id for item in items.items if named[item.value] & content_words(item.statement)]
    assert len(naming) <= 3, naming


def test_statements_do_not_all_begin_alike(items: ItemSet) -> None:
    first = [item.statement.split()[0] for item in items.items]
    assert first.count("I") <= len(first) * 0.4
    assert len(set(first)) >= len(first) * 0.5


def test_the_statements_read_easily(items: ItemSet) -> None:
    """Flesch reading ease (Flesch 1948, Journal of Applied Psychology 32, 221-233), with vowel groups as syllables."""
    words = [re.sub(r"\W", "", word) for item in items.items for word in item.statement.split()]
    sentences = len(items.items)
    ease = 206.835 - 1.015 * len(words) / sentences - 84.6 * sum(map(syllables, words)) / len(words)
    assert ease > 75


def test_an_unknown_set_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ElicitationError, match="Did you mean 'schwartz-10'"):
        item_set("schwarz-10")
    with pytest.raises(ElicitationError, match=r"no file nowhere\.csv"):
        item_set("nowhere.csv")


def test_an_item_is_found_by_its_id_and_a_wrong_id_is_answered_with_the_nearest(items: ItemSet) -> None:
    last = items.items[-1]
    assert items.item(last.id) is last
    with pytest.raises(ElicitationError, match="Did you mean"):
        items.item(last.id + "x")


def test_a_subset_keeps_the_order_of_the_set() -> None:
    items = item_set("mft-5")
    kept = items.keep(["loyalty_2", "care_1"])
    assert [item.id for item in kept.items] == ["care_1", "loyalty_2"]
    with pytest.raises(ElicitationError, match="no item 'care_9'"):
        items.keep(["care_9"])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"id": ""}, "the id ''"),
        ({"id": "a b"}, "without blanks"),
        ({"id": "a|b"}, "without '|'"),
        ({"value": " "}, "names no value"),
        ({"statement": "  "}, "empty statement"),
        ({"paraphrases": ("",)}, "empty statement or paraphrase"),
        ({"negated": "I like tea."}, "says the same"),
        ({"paraphrases": ("Tea.", "Tea.")}, "says the same"),
    ],
)
def test_an_item_that_cannot_be_asked_is_refused(wrong: dict[str, str], message: str) -> None:
    right = {"id": "a", "value": "b", "statement": "I like tea."}
    with pytest.raises(ElicitationError, match=re.escape(message)):
        Item(**right | wrong)  # type: ignore[arg-type]


def test_two_items_with_one_id_or_one_statement_for_a_value_are_refused() -> None:
    one = Item("a", "x", "I like tea.")
    with pytest.raises(ElicitationError, match="two items with the id 'a'"):
        ItemSet("s", "", (one, Item("a", "x", "I like milk.")))
    with pytest.raises(ElicitationError, match="twice for 'x'"):
        ItemSet("s", "", (one, Item("b", "x", "I like tea.")))
    assert len(ItemSet("s", "", (one, Item("b", "y", "I like tea."))).items) == 2
    with pytest.raises(ElicitationError, match="empty list"):
        ItemSet("s", "", ())


words = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="|"), min_size=1, max_size=30)
sentences = words.map(str.strip).filter(bool)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(sentences, st.booleans()), min_size=1, max_size=6, unique_by=lambda pair: pair[0]))
def test_a_table_that_is_written_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, bool]]
) -> None:
    path = tmp_path_factory.mktemp("items") / "mine.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "value", "statement", "reverse"])
        writer.writerows([f"i{k}", "care", text, str(reverse)] for k, (text, reverse) in enumerate(said))
    found = item_set(path)
    assert [(item.statement, item.reverse) for item in found.items] == said
    assert found.id == "mine"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_of_items_may_have_semicolons_a_language_and_a_byte_order_mark(tmp_path: Path) -> None:
    text = "\ufeffID;Value;Statement;Negated;Reverse;Language\na1;care;Ich helfe gern.;Ich helfe nicht gern.;;de\n\n"
    item = item_set(write(tmp_path / "x.csv", text)).items[0]
    assert item == Item("a1", "care", "Ich helfe gern.", "Ich helfe nicht gern.", False, "de")


def test_columns_of_value_bench_are_understood(tmp_path: Path) -> None:
    text = 'NFCC,"I like order, always.",Order,1,Do you?\nNFCC,I like mess.,Order,-1,Do you?\n'
    text = f"questionnaire,item,value,agreement,question\n{text}"
    items = item_set(write(tmp_path / "bench.csv", text)).items
    assert [(i.id, i.statement, i.value, i.reverse) for i in items] == [
        ("nfcc_1", "I like order, always.", "Order", False),
        ("nfcc_2", "I like mess.", "Order", True),
    ]


def test_a_toml_file_with_a_theory_understands_other_spellings_of_a_value(tmp_path: Path) -> None:
    text = """format = "causalvalues-items 1"
theory = "schwartz-10"
[[items]]
id = "a"
value = "Self-direction"
statement = "I choose."
paraphrases = ["The choice is mine."]
"""
    found = item_set(write(tmp_path / "x.toml", text))
    assert found.items[0].value == "self_direction"
    assert found.items[0].paraphrases == ("The choice is mine.",)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "id,value,statement\n", "no rows"),
        ("a.csv", "id,value\na,b\n", "lacks the column 'statement'"),
        ("a.csv", "id,value,statement,reversed\na,b,c,1\n", "unknown column 'reversed'. Did you mean 'reverse'"),
        ("a.csv", "id,value,statement,reverse\na,b,c,maybe\n", "`reverse` is 'maybe'"),
        ("a.csv", "id,value,statement\na,b,c,d\n", "4 cells, 3 columns"),
        ("a.csv", "id,id,statement\na,b,c\n", "names a column twice"),
        ("a.csv", 'id,value,statement\na,b,"c\n', "quotation marks"),
        ("a.csv", "id,value,statement\na,b,\n", "empty statement"),
        ("a.csv", "questionnaire,item,value,agreement\nq,I do.,v,2\n", "`agreement` is '2'"),
        ("a.toml", "format = 'causalvalues-items 2'\n", "causalvalues-items 1"),
        ("a.toml", "format = 'causalvalues-items 1'\nitems = []\n", "one entry or more"),
        (
            "a.toml",
            "format = 'causalvalues-items 1'\nitems = [{ id = 'a', value = 'b' }]",
            "lacks the field 'statement'",
        ),
        ("a.toml", "format = 'causalvalues-items 1'\n[[items]]\nid = 'a'\nvalu = 'b'\n", "Did you mean 'value'"),
        (
            "a.toml",
            "format = 'causalvalues-items 1'\ntheory = 'mft-5'\n[[items]]\nid='a'\nvalue='power'\nstatement='x'\n",
            "power",
        ),
        (
            "a.toml",
            "format = 'causalvalues-items 1'\ntheory = 'mft-50'\nitems = [{id='a',value='b',statement='c'}]",
            "Did you mean 'mft-5'",
        ),
    ],
)
def test_a_malformed_file_is_refused_by_name_and_reason(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = write(tmp_path / name, text)
    with pytest.raises(DataError) as raised:
        item_set(path)
    assert str(path) in str(raised.value)
    assert message in str(raised.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"id,value,statement\n\xff\xfe")
    with pytest.raises(DataError, match="not UTF-8"):
        item_set(path)
