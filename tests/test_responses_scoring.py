"""Scoring: laws of the formula, then published scores that it must reproduce."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from causalvalues.errors import DataError, KeyFileError
from causalvalues.responses import (
    AnswerStatus,
    ReadOptions,
    ResponseMatrix,
    attentive,
    demo_responses,
    read_responses,
    score,
)
from causalvalues.theories import ItemKey, ScoringKey, scoring_key

CODES = ("sd", "st", "he", "ac", "po", "se", "co", "tr", "be", "un")
SHORT_FORM = [f"{code}{i}" for code in CODES for i in (1, 2)] + ["un3"]
OPEN = ScoringKey(
    "open", "No ends", "mft-5", {"a": ItemKey("care"), "b": ItemKey("care", -1, 2.0), "c": ItemKey("fairness", 1, 0.5)}
)  # fmt: skip
CLOSED = replace(OPEN, low=1.0, high=6.0)
NUMBERS = st.floats(-100, 100, allow_nan=False)
ANSWERS = st.floats(1, 6, allow_nan=False)


def matrix(scores: object, names: tuple[str, ...] = ("a", "b", "c"), **fields: object) -> ResponseMatrix:
    table = np.array(scores, dtype=float).reshape(-1, len(names))
    return ResponseMatrix(names, table, [str(i) for i in range(len(table))], **fields)  # type: ignore[arg-type]


def full(key: ScoringKey, rows: int = 3, seed: int = 0) -> ResponseMatrix:
    rng = np.random.default_rng(seed)
    low, high = (key.low, key.high) if np.isfinite(key.high) else (0, 6)
    return matrix(rng.integers(low, high, size=(rows, len(key.all_items)), endpoint=True), key.all_items)


@given(arrays(float, (4, 3), elements=NUMBERS), arrays(float, (4, 3), elements=NUMBERS), NUMBERS)
@pytest.mark.parametrize("centring", ["none", "person_mean"])
def test_scores_are_linear_in_the_items(centring: str, one: np.ndarray, two: np.ndarray, times: float) -> None:
    left = score(matrix(one + times * two), OPEN, centring).scores
    right = score(matrix(one), OPEN, centring).scores + times * score(matrix(two), OPEN, centring).scores
    np.testing.assert_allclose(left, right, atol=1e-7)


@given(arrays(float, (3, 3), elements=ANSWERS), st.permutations(range(3)))
def test_the_order_of_the_columns_does_not_change_a_score(answers: np.ndarray, order: list[int]) -> None:
    names = np.array(["a", "b", "c"])
    permuted = matrix(answers[:, order], tuple(names[order]))
    for centring in ("none", "person_mean"):
        np.testing.assert_array_equal(
            score(permuted, CLOSED, centring).scores, score(matrix(answers), CLOSED, centring).scores
        )


@given(arrays(float, (3, 3), elements=ANSWERS))
def test_reverse_coding_twice_changes_nothing(answers: np.ndarray) -> None:
    turned = replace(CLOSED, items={name: replace(item, sign=-item.sign) for name, item in CLOSED.items.items()})
    twice = turned.with_coding("low")  # every item, then the whole scale
    np.testing.assert_allclose(score(matrix(answers), twice).scores, score(matrix(answers), CLOSED).scores, atol=1e-12)
    once = score(matrix(7 - answers), turned).scores
    np.testing.assert_allclose(once, score(matrix(answers), CLOSED).scores, atol=1e-12)


@given(arrays(float, (3, 3), elements=ANSWERS))
def test_scores_stay_within_the_scale(answers: np.ndarray) -> None:
    scores = score(matrix(answers), CLOSED).scores
    assert ((scores >= 1 - 1e-12) & (scores <= 6 + 1e-12)).all()


def test_a_score_is_the_weighted_mean_of_the_turned_answers() -> None:
    scores = score(matrix([[2, 5, 4]]), CLOSED).scores
    np.testing.assert_allclose(scores, [[(2 + 2 * (7 - 5)) / 3, 4]])
    np.testing.assert_allclose(score(matrix([[2, 5, 4]]), OPEN).scores, [[(2 - 2 * 5) / 3, 4]])


@pytest.mark.parametrize("name", ["pvq-21", "pvq-40", "pvq-rr", "svs-57", "twivi-20", "wvs-10"])
def test_the_person_mean_runs_over_all_items_unscored_ones_too(name: str) -> None:
    key = scoring_key(name)
    answers = full(key)
    turned = key.low + key.high - answers.scores if key.most == "low" else answers.scores
    expected = score(answers, key).scores - turned.mean(axis=1)[:, None]
    centred = score(answers, key, "person_mean")
    np.testing.assert_allclose(centred.scores, expected, atol=1e-12)
    assert centred.centring == "person_mean"
    assert score(answers, key).centring == "none"


def test_attention_checks_are_neither_scored_nor_in_the_person_mean() -> None:
    key = scoring_key("mfq-30")
    one = full(key)
    other = replace(one, scores=np.where(np.isin(one.names, ["math", "good"]), 5.0, one.scores))
    for centring in ("none", "person_mean"):
        np.testing.assert_array_equal(score(one, key, centring).scores, score(other, key, centring).scores)
    answers = np.tile(one.scores[:1], (4, 1))
    math, good = one.names.index("math"), one.names.index("good")
    answers[:, [math, good]] = [[3, 2], [4, 5], [0, 1], [np.nan, 5]]
    np.testing.assert_array_equal(attentive(matrix(answers, one.names), key), [True, False, False, True])
    with pytest.raises(DataError, match="math"):
        attentive(one.drop(["math"]), key)


def test_unscored_items_may_be_absent_unless_the_person_mean_needs_them() -> None:
    key = scoring_key("svs-57")
    answers = full(key)
    fewer = answers.drop(list(key.unscored))
    np.testing.assert_array_equal(score(fewer, key).scores, score(answers, key).scores)
    with pytest.raises(DataError, match="svs_2"):
        score(fewer, key, "person_mean")


def test_zero_is_an_answer_where_the_key_says_so_and_missing_elsewhere() -> None:
    zeros = {}
    for name in ("svs-57", "mfq-30", "pvq-40"):
        key = scoring_key(name)
        answers = full(key, rows=40)
        with_zero = answers.scores.copy()
        with_zero[0, :] = 0
        zeros[name] = score(matrix(with_zero, answers.names), key)
    assert (zeros["svs-57"].scores[0] == 0).all()
    assert (zeros["mfq-30"].scores[0] == 0).all()
    assert (zeros["pvq-40"].status[0] == AnswerStatus.MISSING).all()
    assert any("0 (40 times)" in note for note in zeros["pvq-40"].notes)


def test_declared_codes_keep_their_meaning() -> None:
    key = scoring_key("pvq-21")
    answers = full(key, rows=5)
    coded = answers.scores.copy()
    power = [answers.names.index(item) for item in key.items_of("power")]
    coded[0, power], coded[1, power] = 77, 99
    scored = score(matrix(coded, answers.names), key)
    lost = scored.status[:, scored.names.index("power")]
    assert list(lost[:3]) == [AnswerStatus.REFUSAL, AnswerStatus.MISSING, AnswerStatus.OK]
    assert not any("outside the scale" in note for note in scored.notes)


def test_a_lost_answer_keeps_its_status_and_is_never_a_zero() -> None:
    status = [[0, 0, AnswerStatus.REFUSAL], [AnswerStatus.API_ERROR, 0, 0], [0, 0, 0]]
    scored = score(matrix(np.full((3, 3), 2.0), status=status), CLOSED, min_answered=2)
    assert scored.status.tolist() == [[0, AnswerStatus.REFUSAL], [AnswerStatus.API_ERROR, 0], [0, 0]]
    assert np.isnan(scored.scores).sum() == 2


def test_half_of_the_items_must_be_answered_unless_the_key_or_the_call_says_otherwise() -> None:
    key = scoring_key("pvq-40")
    universalism = key.items_of("universalism")
    assert (key.needed("universalism"), key.needed("hedonism"), key.needed("power")) == (3, 2, 2)
    answers = full(key, rows=30)
    holed = answers.scores.copy()
    for row, lost in enumerate((3, 4, 5, 6)):
        holed[row, [answers.names.index(item) for item in universalism[:lost]]] = np.nan
    lost = score(matrix(holed, answers.names), key).column("universalism")
    assert np.isnan(lost[:4]).tolist() == [False, True, True, True]
    lost = score(matrix(holed, answers.names), key, min_answered=1).column("universalism")
    assert np.isnan(lost[:4]).tolist() == [False, False, False, True]
    assert lost[2] == holed[2, answers.names.index(universalism[5])]


def test_an_answer_scale_turned_round_is_said_in_the_notes() -> None:
    key = scoring_key("pvq-21")
    answers = full(key)
    np.testing.assert_allclose(score(answers, key).scores, 7 - score(answers, key.with_coding("high")).scores)
    assert any("7 - x" in note for note in score(answers, key).notes)
    assert not any("7 - x" in note for note in score(answers, key.with_coding("high")).notes)


def test_absent_items_are_an_error_that_offers_the_subset() -> None:
    key = scoring_key("pvq-40")
    answers = full(key).drop(["pvq40_7"])
    with pytest.raises(DataError, match=r"pvq40_7.*key\.subset"):
        score(answers, key)
    assert score(answers, key.subset(answers.names)).names == key.dimensions
    with pytest.raises(DataError, match="None of the 3 columns"):
        score(matrix([[1, 2, 3]], ("x", "y", "z")), key)


def test_benevolence_may_be_asked_by_either_item_but_not_by_none() -> None:
    key = scoring_key("wvs-10")
    answers = full(key)
    society = answers.names.index("wvs_benevolence_society")
    one = answers.drop(["wvs_benevolence_nearby"])
    np.testing.assert_array_equal(score(one, key).column("benevolence"), 7 - answers.scores[:, society])
    with pytest.raises(DataError, match="one of wvs_benevolence_nearby, wvs_benevolence_society"):
        score(one.drop(["wvs_benevolence_society"]), key)


def test_two_columns_of_one_item_are_an_error() -> None:
    key = scoring_key("pvq-21")
    answers = full(key)
    twice = matrix(np.column_stack([answers.scores, answers.scores[:, 0]]), (*answers.names, "ipcrtiv"))
    with pytest.raises(DataError, match=r"'pvq21_1' and 'ipcrtiv'.*drop"):
        score(twice, key)


def test_other_columns_are_left_out_and_named() -> None:
    scored = score(matrix([[1, 2, 3, 44]], ("a", "b", "c", "age")), CLOSED)
    assert scored.names == ("care", "fairness")
    assert any("age" in note for note in scored.notes)


def test_answers_on_another_scale_are_refused() -> None:
    with pytest.raises(DataError, match=r"'a': 2 of 3 answers lie outside the scale 1 to 6.*with_range"):
        score(matrix([[80, 2, 3], [70, 2, 3], [5, 2, 3]]), CLOSED)


def test_centred_scores_are_not_scored_again_and_unknown_centrings_are_named() -> None:
    with pytest.raises(DataError, match="centred already"):
        score(matrix([[1, 2, 3]], centring="person_mean"), CLOSED)
    with pytest.raises(KeyFileError, match="none, person_mean"):
        score(matrix([[1, 2, 3]]), CLOSED, "mrat")


def test_group_keys_score_weighted_means_of_groups_and_nothing_else() -> None:
    key = scoring_key("vsm-2013")
    answers = full(key, rows=6)
    with pytest.raises(KeyFileError, match="group_by"):
        score(answers, key)
    country = ("B", "A", "B", "A", "B", "A")
    weights = np.array([1.0, 1, 2, 1, 1, 2])
    grouped = replace(answers, labels={"country": country}, group_by="country", weights=weights)
    with pytest.raises(KeyFileError, match="person mean"):
        score(grouped, key, "person_mean")
    scored = score(grouped, key)
    assert scored.unit_ids == ("A", "B")
    assert any("UNVERIFIED" in note for note in scored.notes)
    rows = [1, 3, 5]
    mean = {number: np.average(answers.column(f"m{number}")[rows], weights=weights[rows]) for number in range(1, 25)}
    expected = 35 * (mean[7] - mean[2]) + 25 * (mean[20] - mean[23])
    np.testing.assert_allclose(scored.column("power_distance")[0], expected)
    shifted = replace(key, constants={"power_distance": 50.0})
    np.testing.assert_allclose(score(grouped, shifted).column("power_distance")[0], expected + 50)


def test_the_demo_scores_are_plain_means_of_six_statements_and_stay_salience() -> None:
    answers = demo_responses()
    scored = score(answers, scoring_key("smollm2-demo"))
    frame = answers.frame()
    for name in scored.names:
        expected = frame[[f"{name}_{i}" for i in range(1, 7)]].mean(axis=1)
        np.testing.assert_allclose(scored.column(name), expected, atol=1e-12)
    assert (scored.measures, scored.cluster_by, len(scored.levers)) == ("salience", "persona_id", 10)


def test_scoring_leaves_the_answers_as_they_were() -> None:
    answers = demo_responses()
    before = answers.scores.tobytes()
    score(answers, scoring_key("smollm2-demo"), "person_mean")
    assert answers.scores.tobytes() == before


@pytest.mark.shared
@pytest.mark.parametrize(("keep_zero", "agree"), [(True, 151), (False, 147)])
def test_published_value_indices_of_151_adults_come_out_again(shared_data: Path, keep_zero: bool, agree: int) -> None:
    """Borg, Bardi & Schwartz (2017); the file counts 0 as an answer, the safe default does not."""
    published = read_responses(shared_data / "smacof_values" / "PVQ40agg.csv")
    key = scoring_key("pvq-40").subset(SHORT_FORM)
    key = key.with_range(0, 6) if keep_zero else key
    answers = read_responses(shared_data / "smacof_values" / "PVQ40.csv", ReadOptions(key=key))
    scored = score(answers, key, min_answered=1 if keep_zero else None)
    ours = np.column_stack([scored.column(name) for name in published.names])
    same = np.isclose(ours, published.scores, rtol=0, atol=1e-9).all(axis=1)
    assert int(same.sum()) == agree


@pytest.mark.shared
def test_published_scores_of_20466_ess_respondents_come_out_again_in_order(shared_data: Path) -> None:
    """European Social Survey round 11; complete cases, items as coded, repeated profiles dropped keeping the first."""
    path = shared_data / "ess11_pvq21" / "ess11_pvq21_13countries.csv.gz"
    published = read_responses(shared_data / "llm_value_injection" / "ess_distribution.csv.gz")
    answers = read_responses(path, ReadOptions(key="pvq-21"))
    complete = answers.rows((answers.status == AnswerStatus.OK).all(axis=1))
    assert (len(answers), len(complete)) == (22_190, 20_587)
    scored = score(complete, scoring_key("pvq-21").with_coding("high"))
    ours = np.column_stack([scored.column(name) for name in published.names])
    ours = pd.DataFrame(ours).drop_duplicates().to_numpy()
    assert ours.shape == published.scores.shape == (20_466, 10)
    np.testing.assert_allclose(ours, published.scores, rtol=0, atol=1e-12)


def test_a_key_given_by_its_name_is_refused_with_the_call_that_reads_it():
    from causalvalues.responses import demo_responses

    for call in (score, attentive):
        with pytest.raises(KeyFileError, match=r'scoring_key\("smollm2-demo"\)'):
            call(demo_responses(), "smollm2-demo")
