"""The report ``adaem``: what items tell, which separate nobody, and the priming check."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.spatial.distance
from hypothesis import given, settings
from hypothesis import strategies as st
from report_helpers import given_of, small_answers, small_settings

from causalvalues.errors import StudyError
from causalvalues.model import lever_effects
from causalvalues.reports import Given
from causalvalues.reports.adaem import Adaem, adaem, groups_of, report
from causalvalues.reports.adaem_items import (
    Groups,
    classes,
    divergence,
    gaussian_bits,
    information,
    separation,
    verdicts,
)
from causalvalues.reports.adaem_priming import (
    CENTRED,
    OPPOSITE,
    RAW,
    SAME,
    TARGET,
    holds,
    opposite_groups,
    priming_table,
)
from causalvalues.reports.adaem_set import short_set
from causalvalues.reports.settings import AdaemSettings
from causalvalues.responses import ResponseMatrix
from causalvalues.theories import scoring_key, theory

CODES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=12, max_size=60).filter(
    lambda pairs: {group for _, group in pairs} == {0, 1, 2}
)


# ---------------------------------------------------------------- items


@settings(deadline=None)
@given(CODES)
def test_the_divergence_is_the_information_about_the_group(pairs: list[tuple[int, int]]) -> None:
    codes, groups = (np.array(each) for each in zip(*pairs, strict=True))
    joint = np.zeros((3, 4))
    for code, group in pairs:
        joint[group, code] += 1 / (3 * np.sum(groups == group))
    product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    there = joint > 0
    mutual = float((joint[there] * np.log2(joint[there] / product[there])).sum())
    assert divergence(codes, groups, 3) == pytest.approx(mutual, abs=1e-12)
    assert -1e-12 <= divergence(codes, groups, 3) <= np.log2(3) + 1e-12


def test_for_two_groups_it_is_scipys_jensen_shannon_divergence() -> None:
    random = np.random.default_rng(2)
    codes, groups = random.integers(5, size=300), random.integers(2, size=300)
    shares = [np.bincount(codes[groups == group], minlength=5) / np.sum(groups == group) for group in (0, 1)]
    theirs = float(scipy.spatial.distance.jensenshannon(*shares, base=2)) ** 2
    assert divergence(codes, groups, 2) == pytest.approx(theirs)
    assert divergence(np.r_[codes, -1], np.r_[groups, 0], 2) == pytest.approx(theirs)  # a lost answer tells nothing


def test_few_levels_stay_and_many_become_classes_of_equal_size() -> None:
    np.testing.assert_array_equal(classes(np.array([3.0, 1.0, np.nan, 1.0]), 5), [1, 0, -1, 0])
    counts = np.bincount(classes(np.random.default_rng(0).normal(size=1000), 5))
    assert counts.tolist() == [200] * 5


def _items(signal: float, seed: int = 3) -> tuple[ResponseMatrix, Groups]:
    random = np.random.default_rng(seed)
    codes = np.repeat([0, 1, 2], 60)
    scores = np.column_stack(
        [codes * signal + random.normal(size=180), random.normal(size=180), np.full(180, 2.0) + (np.arange(180) == 7)]
    )
    units = [f"u{i % 60}" for i in range(180)]
    matrix = ResponseMatrix(("told", "noise", "same"), scores, [f"r{i}" for i in range(180)], labels={"unit": units})
    return matrix, Groups(("a", "b", "c"), np.arange(180), codes, tuple(units))


def test_an_item_that_separates_is_found_and_others_are_not() -> None:
    items, groups = _items(1.5)
    assert groups.within
    table = separation(items, groups, (5, 99, 1)).join(information(items, None, np.arange(180)))
    said = verdicts(table, 0.05)
    assert said.to_dict() == {"told": "informative", "noise": "separates nobody", "same": "saturated"}
    assert table.loc["told", "beyond"] > 0.3
    assert table["beyond"].idxmax() == "told"


def test_p_values_of_items_that_tell_nothing_are_even() -> None:
    p = [float(separation(*_items(0.0, seed), (4, 19, seed)).loc["told", "p"]) for seed in range(30)]
    assert 0.3 < np.mean(p) < 0.7
    assert np.mean(np.array(p) <= 0.1) < 0.3


def test_labels_are_exchanged_within_units_or_with_the_whole_unit() -> None:
    _, groups = _items(1.0)
    drawn = groups.exchanged(1, 0)
    for unit in set(groups.clusters):
        mine = np.array([each == unit for each in groups.clusters])
        assert sorted(drawn[mine]) == sorted(groups.codes[mine])
    assert (drawn != groups.codes).any()
    whole = Groups(("a", "b"), np.arange(8), np.array([0, 0, 1, 1, 0, 0, 1, 1]), tuple("ppqqrrss"))
    assert not whole.within
    drawn = np.array([whole.exchanged(5, number) for number in range(20)])
    assert (drawn[:, ::2] == drawn[:, 1::2]).all()
    assert (drawn.sum(axis=1) == 4).all()
    assert len({tuple(row) for row in drawn.tolist()}) > 2


def test_bits_about_a_score_follow_the_correlation() -> None:
    random = np.random.default_rng(4)
    x = random.normal(size=500)
    y = 0.8 * x + random.normal(size=500)
    r = np.corrcoef(x, y)[0, 1]
    assert gaussian_bits(x, y) == pytest.approx(-0.5 * np.log2(1 - r**2))
    assert gaussian_bits(x, np.ones(500)) == 0
    assert np.isnan(gaussian_bits(x[:2], y[:2]))


def test_an_item_is_judged_by_the_other_items_of_its_value() -> None:
    key = scoring_key("smollm2-demo")
    random = np.random.default_rng(5)
    value = {dimension: random.normal(size=400) for dimension in key.dimensions}
    items = key.all_items
    scores = np.column_stack(
        [key.items[item].sign * (value[key.items[item].dimension] + random.normal(size=400)) for item in items]
    )
    odd = items.index("power_1")
    scores[:, odd] = value["security"] + 0.1 * random.normal(size=400)
    matrix = ResponseMatrix(items, scores, [f"u{i}" for i in range(400)])
    table = information(matrix, key, np.arange(400))
    assert table.loc["power_1", "other_value"] == "security"
    assert table.loc["power_1", "other"] > 10 * table.loc["power_1", "own"]
    rest = [items.index(name) for name in key.items_of("hedonism") if name != "hedonism_1"]
    again = gaussian_bits(scores[:, items.index("hedonism_1")], scores[:, rest].mean(axis=1))
    assert table.loc["hedonism_1", "own"] == pytest.approx(again)


def test_a_short_set_takes_no_item_twice_and_leaves_out_what_is_said_already() -> None:
    items, groups = _items(1.5)
    other = np.where(groups.codes == 1, 1.0, 0.0) + 0.5 * np.random.default_rng(9).normal(size=180)
    copy = items.scores[:, 0] + 0.01 * np.random.default_rng(8).normal(size=180)
    scores = np.column_stack([items.scores[:, 0], copy, other])
    matrix = ResponseMatrix(("told", "told_again", "middle"), scores, items.unit_ids)
    table, why = short_set(matrix, groups, 3)
    assert why == ""
    assert table["item"].tolist()[1] == "middle"
    assert set(table["item"]) == {"told", "told_again", "middle"}
    assert (table["least"] <= table["most"] + 1e-12).all()
    assert table["least"].is_monotonic_increasing
    assert table["least"].iloc[0] <= table["alone"].iloc[0] <= table["most"].iloc[0] <= np.log2(3) + 1e-9
    assert short_set(
        matrix.rows(np.arange(180) < 2), Groups(("a", "b"), np.arange(2), np.array([0, 1]), ("u", "v")), 3
    )[1]


# ---------------------------------------------------------------- priming


def test_groups_stand_opposite_as_schwartz_has_them() -> None:
    assert opposite_groups(theory("schwartz-10")) == {
        "openness_to_change": "conservation",
        "conservation": "openness_to_change",
        "self_enhancement": "self_transcendence",
        "self_transcendence": "self_enhancement",
    }


def _primed(effect: dict[str, float], general: float) -> ResponseMatrix:
    random = np.random.default_rng(6)
    names = theory("schwartz-10").dimensions
    plain = random.normal(size=(40, 10))
    moved = plain + np.array([effect.get(name, 0.0) for name in names]) + general + 0.1 * random.normal(size=(40, 10))
    units = [f"u{i}" for i in range(40)]
    return ResponseMatrix(
        names,
        np.concatenate([plain, moved]),
        [f"r{i}" for i in range(80)],
        labels={"unit": units * 2},
        cluster_by="unit",
        levers=("do_power",),
        doses=np.repeat([[0.0], [1.0]], 40, axis=0),
    )


def test_a_general_rise_hides_the_pattern_and_centring_shows_it() -> None:
    effect = {"power": 2.0, "achievement": 1.0, "universalism": -1.0, "benevolence": -0.8}
    for general, plainly in ((0.0, True), (1.5, False)):
        matrix = _primed(effect, general)
        sd = pd.Series(np.std(matrix.scores[:40], axis=0, ddof=1), index=list(matrix.names))
        table = priming_table(matrix, lever_effects(matrix), {"do_power": "power"}, theory("schwartz-10"), sd)
        found = holds(table).set_index(["lever", "scale"])["holds"]
        assert bool(found[("do_power", RAW)]) is plainly
        assert bool(found[("do_power", CENTRED)])
        row = table.set_index(["lever", "scale", "side"]).loc[("do_power", RAW, SAME)]
        changes = (matrix.scores[40:, 3] - matrix.scores[:40, 3]) / sd["achievement"]
        assert row["effect"] == pytest.approx(changes.mean())
        half = float(scipy.stats.t.ppf(0.95, 39)) * changes.std(ddof=1) / np.sqrt(40)
        assert (row["lower"], row["upper"]) == pytest.approx((changes.mean() - half, changes.mean() + half))


def test_without_an_opposite_fall_the_pattern_does_not_hold() -> None:
    matrix = _primed({"power": 2.0, "universalism": 1.0, "benevolence": 1.0}, 0.0)
    sd = pd.Series(np.ones(10), index=list(matrix.names))
    table = priming_table(matrix, lever_effects(matrix), {"do_power": "power"}, theory("schwartz-10"), sd)
    row = holds(table).set_index(["lever", "scale"]).loc[("do_power", RAW)]
    assert (row["target"], row["opposite"], bool(row["holds"])) == ("up", "up", False)
    assert set(table["side"]) == {TARGET, SAME, OPPOSITE}


# ---------------------------------------------------------------- on the demo answers


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Given:
    answers = small_answers(tmp_path_factory.mktemp("adaem"))
    return given_of("adaem", small_settings(answers, adaem={"by": "levers", "permutations": 19}))


def asking(study: Given, **asked: Any) -> Given:
    other = Given(study.settings, study.folder, AdaemSettings(**asked))
    other.__dict__["answers"] = study.answers
    return other


def test_the_demo_items_tell_levers_apart_and_the_circle_answers_when_centred(study: Given) -> None:
    found: Adaem = adaem(study)
    assert len(found.items) == 60
    assert (found.items["beyond"].to_numpy()[:-1] >= found.items["beyond"].to_numpy()[1:]).all()
    assert len(found.groups.names) == 10
    pattern = found.pattern.set_index(["lever", "scale"])["holds"]
    assert bool(pattern[("all levers", CENTRED)])
    assert not bool(pattern[("all levers", RAW)])
    made = report(study)
    assert set(made.scenes) == {"items", "priming"}
    assert "Priming." in dict(made.blocks[1].items)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("modle", "there is no label 'modle'"),
        ("persona", "Did you mean 'persona_id'"),
        ("wording", "nothing to tell apart"),
    ],
)
def test_groups_that_do_not_exist_are_named(study: Given, by: str, said: str) -> None:
    with pytest.raises(StudyError, match=said):
        adaem(asking(study, by=by))


def test_groups_of_a_label_are_rows_without_lever(study: Given) -> None:
    found = groups_of(study.answers.matrix, "persona_id")
    assert not (study.answers.matrix.doses[found.rows] != 0).any()
