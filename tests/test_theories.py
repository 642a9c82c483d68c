"""Value theories and scoring keys: what ships is complete and consistent, and what users write is checked."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalvalues.errors import KeyFileError
from causalvalues.theories import ItemKey, ScoringKey, ValueTheory, scoring_key, scoring_keys, theories, theory
from causalvalues.theories.spelling import fold

MINE = """
format = "causalvalues-theory 1"
id = "mine"
name = "Mine"
[[dimensions]]
name = "Würde"
aliases = ["W"]
[[dimensions]]
name = "Freiheit"
[groups]
both = ["Würde", "Freiheit"]
"""
KEY = """
format = "causalvalues-key 1"
id = "my-key"
name = "My key"
theory = "mine.toml"
low = 1
high = 5
prefix = "q"
unscored = [9]
[items]
Freiheit = [2, { item = 4, sign = -1 }]
"Würde" = [1, { item = "dignity", weight = 2.0 }]
[missing]
-9 = "refusal"
[aliases]
1 = ["first"]
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@given(st.text())
def test_folding_a_name_twice_changes_nothing_more(name: str) -> None:
    assert fold(fold(name)) == fold(name)


@pytest.mark.parametrize("name", theories())
def test_every_theory_finds_its_dimensions_labels_and_aliases(name: str) -> None:
    one = theory(name)
    assert one.id == name
    assert one.source
    assert len(one.dimensions) == int(name.rsplit("-", 1)[1])
    assert all(dimension == fold(dimension) for dimension in one.dimensions)
    for dimension in one.dimensions:
        assert one.canonical(dimension) == one.canonical(one.labels[dimension]) == dimension
    for alias, dimension in one.aliases.items():
        assert one.canonical(alias.upper()) == dimension
    members = [member for group in one.groups.values() for member in group]
    assert len(members) == len(set(members))


def test_the_circle_of_ten_is_in_the_order_of_the_theory() -> None:
    ten = theory("schwartz-10")
    assert ten.circular
    assert ten.dimensions == (
        "self_direction", "stimulation", "hedonism", "achievement", "power",
        "security", "conformity", "tradition", "benevolence", "universalism",
    )  # fmt: skip
    inside = [group for dimension in ten.dimensions for group, members in ten.groups.items() if dimension in members]
    blocks = [group for i, group in enumerate(inside) if i == 0 or inside[i - 1] != group]
    assert len(blocks) == 4  # each higher-order group is one arc


def test_liberty_is_the_only_difference_between_five_and_six_foundations() -> None:
    assert set(theory("mft-6").dimensions) - set(theory("mft-5").dimensions) == {"liberty"}


@pytest.mark.parametrize("name", scoring_keys())
def test_every_key_scores_dimensions_of_its_theory_and_keeps_its_numbers_apart(name: str) -> None:
    key = scoring_key(name)
    assert key.id == name
    assert key.source
    assert set(key.dimensions) == set(theory(key.theory).dimensions)
    order = [theory(key.theory).dimensions.index(dimension) for dimension in key.dimensions]
    assert order == sorted(order)
    for alias, item in key.item_aliases.items():
        assert key.canonical(alias) == item
    assert sum(len(key.items_of(dimension)) for dimension in key.dimensions) == len(key.items)


@pytest.mark.parametrize(
    ("name", "scored", "unscored", "low", "high"),
    [("pvq-21", 21, 0, 1, 6), ("pvq-21-high", 21, 0, 1, 6), ("pvq-40", 40, 0, 1, 6), ("pvq-rr", 57, 0, 1, 6),
     ("svs-57", 46, 11, -1, 7), ("twivi-20", 20, 0, 1, 6), ("mfq-30", 30, 0, 0, 5), ("vsm-2013", 24, 0, 1, 5),
     ("smollm2-demo", 60, 0, -math.inf, math.inf)],
)  # fmt: skip
def test_keys_have_the_items_and_the_scale_of_their_instrument(
    name: str, scored: int, unscored: int, low: float, high: float
) -> None:
    key = scoring_key(name)
    assert (len(key.items), len(key.unscored), key.low, key.high) == (scored, unscored, low, high)


@pytest.mark.shared
@pytest.mark.parametrize(("name", "file"), [("pvq-21", "pvq21"), ("pvq-40", "pvq40"), ("pvq-rr", "pvq_rr57"),
                                            ("svs-57", "svs57"), ("twivi-20", "twivi20")])  # fmt: skip
def test_item_numbers_agree_with_the_independent_transcription(shared_data: Path, name: str, file: str) -> None:
    facts = json.loads((shared_data / "scoring_keys" / f"{file}.json").read_text())
    key = scoring_key(name)
    for code, numbers in facts["values"].items():
        dimension = theory(key.theory).canonical(code)
        assert {key.canonical(str(number)) for number in numbers} == set(key.items_of(dimension))


@pytest.mark.shared
def test_foundations_and_ess_names_agree_with_the_independent_transcription(shared_data: Path) -> None:
    facts = json.loads((shared_data / "scoring_keys" / "mfq30.json").read_text())
    key = scoring_key("mfq-30")
    for name, items in facts["foundations"].items():
        assert set(items) == set(key.items_of(name.lower()))
    assert tuple(key.attention) == ("math", "good")
    facts = json.loads((shared_data / "scoring_keys" / "pvq21.json").read_text())
    key = scoring_key("pvq-21")
    for code, items in facts["values_by_name"].items():
        dimension = theory("schwartz-10").canonical(code)
        assert {key.canonical(item) for item in items} == set(key.items_of(dimension))


def test_numbers_and_names_of_an_item_are_the_same_item() -> None:
    key = scoring_key("pvq-21")
    assert {key.canonical(name) for name in ("1", "01", "PVQ 1", "pvq21_1", "ipcrtiv", "ipcrtiva")} == {"pvq21_1"}


def test_a_key_says_which_end_of_its_scale_means_most() -> None:
    assert {name: scoring_key(name).most for name in ("pvq-21", "pvq-21-high", "pvq-40", "wvs-10")} == {
        "pvq-21": "low", "pvq-21-high": "high", "pvq-40": "high", "wvs-10": "low"
    }  # fmt: skip


def test_zero_is_an_answer_in_svs_and_mfq_but_not_in_pvq() -> None:
    inside = {name: scoring_key(name).low <= 0 for name in ("svs-57", "mfq-30", "pvq-21", "pvq-40", "pvq-rr")}
    assert inside == {"svs-57": True, "mfq-30": True, "pvq-21": False, "pvq-40": False, "pvq-rr": False}


def test_the_unverified_key_is_marked_and_for_groups_only() -> None:
    unverified = [name for name in scoring_keys() if not scoring_key(name).verified]
    assert unverified == ["vsm-2013"]
    assert scoring_key("vsm-2013").level == "group"


def test_a_key_and_a_theory_of_a_user_are_read_from_files_that_lie_together(tmp_path: Path) -> None:
    write(tmp_path, "mine.toml", MINE)
    mine = theory(tmp_path / "mine.toml")
    assert mine.canonical("würde") == mine.canonical("w") == "Würde"
    key = scoring_key(write(tmp_path, "key.toml", KEY))
    assert key.dimensions == ("Würde", "Freiheit")  # theory order, not file order
    assert key.items["q4"] == ItemKey("Freiheit", sign=-1)
    assert key.items["dignity"].weight == 2.0
    assert key.canonical("first") == "q1"
    assert key.unscored == ("q9",)
    assert key.missing == {-9.0: "refusal"}
    assert theory(key.theory) == mine


def test_a_key_can_extend_another_one(tmp_path: Path) -> None:
    text = 'format = "causalvalues-key 1"\nid = "short"\nextends = "pvq-40"\nlow = 0\nkeep = ["sd1", "po1"]\n'
    key = scoring_key(write(tmp_path, "short.toml", text))
    assert (key.id, key.low, set(key.items)) == ("short", 0.0, {"pvq40_1", "pvq40_2"})
    assert scoring_key("pvq-40").low == 1


def test_variants_leave_the_key_as_it_was() -> None:
    key = scoring_key("pvq-21")
    before = dataclasses.asdict(key)
    key.with_coding("high").with_range(0, 10).subset(["1", "2"])
    assert dataclasses.asdict(key) == before
    assert key.with_coding("high").with_coding("low") == key
    assert key.subset(key.all_items) == key


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (MINE.replace("theory 1", "theory 2"), "causalvalues-theory 2"),
        (MINE.replace("[groups]", "[gruops]"), "Did you mean 'groups'"),
        (MINE.replace('both = ["Würde"', 'both = ["Wurde"'), "Did you mean 'Würde'"),
        (MINE.replace('name = "Freiheit"', 'name = "Würde"'), "more than once"),
        (MINE + '[[dimensions]]\nname = "w"\n', "'W' can be read as"),
        (MINE.replace('id = "mine"', "id = 3"), "must be of type str"),
        (MINE.replace('name = "Mine"', ""), "lacks the field 'name'"),
        (MINE.replace("[groups]", "[groups"), "not valid TOML"),
    ],
)
def test_a_malformed_theory_file_is_an_error_that_says_what_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(KeyFileError) as caught:
        theory(write(tmp_path, "mine.toml", text))
    assert says in str(caught.value)
    assert "mine.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Freiheit = ", "Freihiet = ", "Did you mean 'Freiheit'"),
        ("sign = -1", "sign = 2", "Write 1 or -1"),
        ("sign = -1", "sing = -1", "Did you mean 'sign'"),
        ("weight = 2.0", "weight = 0", "positive"),
        ("low = 1", "low = 7", "Give low < high"),
        ('"refusal"', '"refused"', "Did you mean 'refusal'"),
        ("-9 =", '"x" =', "codes for missing answers are numbers"),
        ("unscored = [9]", "unscored = [1]", "'q1' is listed more than once"),
        ("[2,", "[1,", "'q1' is listed more than once"),
        ("1 = [", "7 = [", "'q7'"),
        ("low = 1\n", 'most = "low"\n', "low and high"),
        ("low = 1\n", 'low = 1\nmost = "up"\n', "high, low"),
        ("low = 1\n", "low = 1\nmin_answered = 0\n", "min_answered"),
        ("low = 1\n", 'low = 1\nlevel = "people"\n', "person, group"),
        ("low = 1\n", 'low = 1\nextends = "pvq-40"\n', "extends"),
        ("low = 1\n", "low = 1\nkeep = [1]\n", "keep"),
    ],
)
def test_a_malformed_key_file_is_an_error_that_names_the_file_and_what_is_wrong(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    write(tmp_path, "mine.toml", MINE)
    path = write(tmp_path, "key.toml", KEY.replace(old, new, 1))
    with pytest.raises(KeyFileError) as caught:
        scoring_key(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)


def test_an_unknown_id_or_path_is_named_with_the_nearest_known(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="Did you mean 'pvq-21'"):
        scoring_key("pvq21")
    with pytest.raises(KeyFileError, match="Did you mean 'schwartz-10'"):
        theory("schwartz10")
    with pytest.raises(KeyFileError, match="no file"):
        theory(tmp_path / "none.toml")
    with pytest.raises(KeyFileError, match="Did you mean 'self_direction'"):
        theory("schwartz-10").canonical("self-directon")
    with pytest.raises(KeyFileError, match="Did you mean 'chastity'"):
        scoring_key("mfq-30").canonical("chastiti")


def test_names_of_any_characters_are_kept() -> None:
    names = ('say "hi"', "<script>", "a\nb", "100%", "_", "class", "+", "自由")
    one = ValueTheory("odd", "Odd", names)
    assert [one.canonical(name) for name in names] == list(names)


def test_a_key_needs_items() -> None:
    with pytest.raises(KeyFileError, match="no items"):
        ScoringKey("empty", "Empty", "mft-5", {})


KEY_HEAD = 'format = "causalvalues-key 1"\nid = "k"\nname = "K"\ntheory = "mft-5"\n'
THEORY_HEAD = 'format = "causalvalues-theory 1"\nid = "t"\nname = "T"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[items]\ncare = 5\n", "items of 'care' must be a list"),
        ("min_answered = 3\n[items]\ncare = [1, 2]\n", "more than 2 items"),
        ("[items]\ncare = [1, 2]\n[aliases]\n1 = [5]\n", "list of texts"),
        ('[items]\ncare = [1, 2]\n[aliases]\n1 = "x"\n', "must be a list"),
        ('[items]\ncare = [1, 2]\n[aliases]\n1 = ["x"]\n2 = ["x"]\n', "'x' stands for '1' and for '2'"),
        ("number_aliases = [1]\n[items]\ncare = [1, 2]\n", "list of texts"),
    ],
)
def test_a_malformed_key_is_refused_in_words(tmp_path, text, says):
    path = tmp_path / "k.toml"
    path.write_text(KEY_HEAD + text)
    with pytest.raises(KeyFileError, match=says) as caught:
        scoring_key(path)
    assert "k.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[dimensions]]\nname = "a"\naliases = [5]\n', "list of texts"),
        ('[[dimensions]]\nname = "a"\naliases = ["X"]\n[[dimensions]]\nname = "b"\naliases = ["X"]\n', "'X' stands"),
        ('[[dimensions]]\nname = "a"\nlabel = "X"\n[[dimensions]]\nname = "b"\nlabel = "X"\n', "the label 'X'"),
        ('[[dimensions]]\nname = "a"\n[groups]\ng = 5\n', "must be a list"),
    ],
)
def test_a_malformed_theory_is_refused_in_words(tmp_path, text, says):
    path = tmp_path / "t.toml"
    path.write_text(THEORY_HEAD + text)
    with pytest.raises(KeyFileError, match=says) as caught:
        theory(path)
    assert "t.toml" in str(caught.value)


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    from pathlib import Path

    path = tmp_path / "k.toml"
    path.write_text(KEY_HEAD + "[items]\ncare = [1, 2]\n")

    def forbidden(*_):
        raise PermissionError(13, "Permission denied")

    for method in ("read_bytes", "is_file"):
        with monkeypatch.context() as patch:
            patch.setattr(Path, method, forbidden)
            with pytest.raises(KeyFileError, match=r"k\.toml.*Permission denied"):
                scoring_key(path)
