"""Ranks of values with intervals that hold all ranks of a group at once."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from causalvalues.errors import DataError
from causalvalues.evidence.cluster_corrections import cluster_corrections, difference_corrections
from causalvalues.evidence.holm import holm_adjusted, holm_rejected
from causalvalues.evidence.profiles import Profiles, group_profiles
from causalvalues.evidence.rank_intervals import Ranks, group_ranks, ranks_of_means
from causalvalues.responses.matrix import ResponseMatrix

P_VALUES = st.lists(st.floats(0, 0.2), min_size=1, max_size=7)


def matrix_of(scores: np.ndarray, who: np.ndarray, weights: np.ndarray | None = None) -> ResponseMatrix:
    names = tuple(f"v{k}" for k in range(scores.shape[1]))
    rows = [str(i) for i in range(len(scores))]
    labels = {"who": [f"p{i}" for i in who]}
    return ResponseMatrix(names, scores, rows, labels=labels, cluster_by="who", weights=weights)


def clustered(means: list[float], seed: int, clusters: int = 20, spread: float = 1.0) -> ResponseMatrix:
    """Return three rows of each cluster, which move together in all values."""
    random = np.random.default_rng(seed)
    who = np.repeat(np.arange(clusters), 3)
    persons = spread * random.normal(size=(clusters, len(means))) + 2 * random.normal(size=(clusters, 1))
    return matrix_of(np.array(means) + persons[who] + 0.3 * random.normal(size=(len(who), len(means))), who)


def ends(ranks: Ranks) -> tuple[pd.DataFrame, pd.DataFrame]:
    assert ranks.lower is not None
    assert ranks.upper is not None
    return ranks.lower, ranks.upper


@given(P_VALUES)
def test_step_down_rejects_what_the_closed_test_of_all_intersections_rejects(p_values: list[float]) -> None:
    of = range(len(p_values))
    sets = list(chain.from_iterable(combinations(of, size) for size in range(1, len(p_values) + 1)))
    refused = {each: min(p_values[i] for i in each) * len(each) <= 0.1 for each in sets}
    closed = [all(refused[each] for each in sets if i in each) for i in of]
    assert holm_rejected(np.array(p_values), 0.1).tolist() == closed


def test_hypotheses_that_are_not_there_are_neither_counted_nor_rejected() -> None:
    found = holm_rejected(np.array([[np.nan, 0.04], [0.6, np.nan]]), 0.1)
    assert found.tolist() == [[False, True], [False, False]]
    assert np.isnan(holm_adjusted(np.array([np.nan]))).all()


def test_two_values_are_told_apart_where_the_cluster_robust_test_of_their_difference_says_so() -> None:
    random = np.random.default_rng(3)
    for shift in (0.1, 0.3, 0.5, 0.7, 0.9):
        who = np.sort(random.integers(0, 12, 60))
        scores = random.normal(size=(12, 2))[who] + np.array([shift, 0.0]) + random.normal(size=(60, 2))
        weights = random.uniform(0.5, 2.0, 60)
        of_difference = group_profiles(matrix_of(scores[:, :1] - scores[:, 1:], who, weights))
        assert of_difference.lower is not None
        assert of_difference.freedom is not None
        mean, freedom = of_difference.mean.iloc[0, 0], of_difference.freedom.iloc[0, 0]
        error = (mean - of_difference.lower.iloc[0, 0]) / t.ppf(0.95, freedom)
        for level in (0.5, 0.8, 0.9, 0.95, 0.99):
            apart = 2 * t.sf(abs(mean) / error, freedom) <= 1 - level
            lower, upper = ends(group_ranks(matrix_of(scores, who, weights), level=level))
            assert bool((lower == upper).all(axis=None)) == apart


def test_ranks_and_intervals_follow_from_what_stands_above_what() -> None:
    found = group_ranks(clustered([5.0, 0.0, 0.05, -5.0], 1))
    lower, upper = ends(found)
    assert found.rank.loc["all", ["v0", "v3"]].tolist() == [1, 4]
    assert lower.loc["all"].tolist() == [1, 2, 2, 4]
    assert upper.loc["all"].tolist() == [1, 3, 3, 4]


@pytest.mark.parametrize("means", [[0.0] * 5, [0.0, 0.0, 0.4, 0.4, 2.0]])
def test_the_intervals_hold_all_true_ranks_at_once_as_often_as_they_say(means: list[float]) -> None:
    better = np.array([sum(other > each for other in means) for each in means])
    worse = np.array([sum(other < each for other in means) for each in means])
    held = {"pairs": 0, "intervals": 0}
    for seed in range(300):
        matrix = clustered(means, seed, clusters=8)
        for ranks in (group_ranks(matrix), ranks_of_means(group_profiles(matrix))):
            lower, upper = ends(ranks)
            low, high = lower.to_numpy()[0], upper.to_numpy()[0]
            held[ranks.basis] += bool(np.all(low <= 1 + better) and np.all(high >= len(means) - worse))
    assert min(held.values()) >= 255  # 90% less three standard errors
    if len(set(means)) == 1:
        assert held["pairs"] <= 294  # nor are they so wide that they never fail


def test_pairs_tell_more_apart_than_single_intervals_when_clusters_move_together() -> None:
    matrix = clustered([0.0, 0.7, 1.4, 2.1], 5)
    narrow, wide = ends(group_ranks(matrix)), ends(ranks_of_means(group_profiles(matrix)))
    assert (narrow[1] - narrow[0]).to_numpy().sum() < (wide[1] - wide[0]).to_numpy().sum()


def test_single_intervals_are_widened_to_hold_all_means_and_then_compared() -> None:
    mean = pd.DataFrame([[3.0, 2.0, 1.0]], ["m"], ["a", "b", "c"])
    half = pd.DataFrame([[0.6, 0.6, 0.25]], ["m"], ["a", "b", "c"])
    freedom = mean * 0 + 9
    by = t.ppf(1 - 0.1 / 6, 9) / t.ppf(0.95, 9)
    assert (0.4 + 0.25) * by < 1 < (0.6 + 0.25) * by  # as given, all three are apart at .25
    found = ends(ranks_of_means(Profiles(mean, mean - half, mean + half, freedom=freedom)))
    assert [end.loc["m"].tolist() for end in found] == [[1, 1, 2], [2, 3, 3]]
    half.loc["m", "b"] = 0.4
    found = ends(ranks_of_means(Profiles(mean, mean - half, mean + half, freedom=freedom)))
    assert [end.loc["m"].tolist() for end in found] == [[1, 1, 3], [2, 2, 3]]


def test_values_that_tie_share_the_better_rank_and_unknown_ones_have_none() -> None:
    mean = pd.DataFrame([[0.1 + 0.2, 0.3, 5.0, np.nan], [1.0, 2.0, 3.0, 4.0]], ["m", "n"], list("abcd"))
    found = ranks_of_means(Profiles(mean))
    assert found.lower is None
    assert found.rank.loc["m"].tolist()[:3] == [2, 2, 1]
    assert np.isnan(found.rank.loc["m", "d"])
    assert found.rank.loc["n"].tolist() == [4, 3, 2, 1]


def test_equal_columns_are_never_told_apart_and_constant_ones_always() -> None:
    base = np.random.default_rng(0).normal(size=30)
    scores = np.column_stack([base, base, base - 1.0])
    lower, upper = ends(group_ranks(matrix_of(scores, np.arange(30) // 3)))
    assert lower.iloc[0].tolist() == [1, 1, 3]
    assert upper.iloc[0].tolist() == [2, 2, 3]


def test_one_cluster_tells_nothing_apart_and_missing_values_take_no_rank() -> None:
    matrix = clustered([3.0, 0.0, -3.0], 2)
    lower, upper = ends(group_ranks(matrix, ["one" if i < 3 else "" for i in range(len(matrix))]))
    assert (lower.loc["one"].tolist(), upper.loc["one"].tolist()) == ([1, 1, 1], [3, 3, 3])
    scores = matrix.scores.copy()
    scores[:, 0] = np.nan
    scores[::4, 1] = np.nan
    found = group_ranks(matrix_of(scores, np.arange(60) // 3))
    lower, upper = ends(found)
    assert np.isnan(found.rank.loc["all", "v0"])
    assert lower.loc["all"].tolist()[1:] == [1, 2]
    assert upper.loc["all"].tolist()[1:] == [1, 2]


def test_the_order_of_rows_and_the_scale_of_scores_change_no_rank() -> None:
    matrix = clustered([0.0, 0.5, 1.0, 1.2], 7)
    turned = np.random.default_rng(0).permutation(len(matrix))
    who = np.arange(60) // 3
    one, two = group_ranks(matrix), group_ranks(matrix_of(3 + 7 * matrix.scores[turned], who[turned]))
    for a, b in zip((one.rank, *ends(one)), (two.rank, *ends(two)), strict=True):
        pd.testing.assert_frame_equal(a, b)


def test_ranks_that_do_not_fit_together_are_refused() -> None:
    rank = pd.DataFrame([[1.0, 2.0]], ["m"], ["a", "b"])
    with pytest.raises(DataError, match="one end"):
        Ranks(rank, lower=rank)
    with pytest.raises(DataError, match="other groups or values"):
        Ranks(rank, rank[["b", "a"]], rank)


def held(ranks: Ranks, means: np.ndarray) -> bool:
    """Say whether the intervals hold the true ranks of all values at once."""
    lower, upper = (end.to_numpy()[0] for end in ends(ranks))
    better = (means[None, :] > means[:, None]).sum(axis=1)
    worse = (means[None, :] < means[:, None]).sum(axis=1)
    return bool(np.all(lower <= 1 + better) and np.all(upper >= len(means) - worse))


def spread_of(seen: np.ndarray, code: np.ndarray, relation: float) -> tuple[np.ndarray, ...]:
    """Return shares, variances, joint variance and the covariance of the sums of a difference, by matrices."""
    share = seen / seen.sum(axis=0)
    in_cluster = np.eye(code.max() + 1)[code].T
    # from the answers of rows to the sums of clusters about the mean
    sums = [in_cluster @ (np.diag(share[:, j]) - np.outer(share[:, j], share[:, j])) for j in (0, 1)]
    both = np.diag(seen[:, 0] * seen[:, 1])
    crossed = sums[0] @ both @ sums[1].T
    covariance = sums[0] @ sums[0].T + sums[1] @ sums[1].T - relation * (crossed + crossed.T)
    joint = in_cluster @ (share[:, 0] * share[:, 1])
    return (in_cluster @ share).T, (in_cluster @ np.square(share)).T, joint, covariance


@pytest.mark.parametrize("seed", range(6))
def test_corrections_of_a_difference_are_those_of_the_covariance_written_out(seed: int) -> None:
    random = np.random.default_rng(seed)
    code = np.concatenate([np.arange(6), random.integers(0, 6, 30)])
    seen = (random.random((36, 2)) < 0.6).astype(float)
    seen[:6, seed % 2] = 1.0  # every cluster has an answer
    relation = random.uniform(-0.9, 0.9)
    shares, variances, joint, covariance = spread_of(seen, code, relation)
    a, freedom = difference_corrections(shares, variances, joint, relation)
    plain = variances.sum(axis=0) - 2 * relation * joint
    np.testing.assert_allclose(a, plain / np.diag(covariance))
    assert freedom == pytest.approx(plain.sum() ** 2 / float((np.outer(a, a) * covariance**2).sum()))


def test_with_complete_rows_corrections_of_a_difference_are_those_of_one_mean() -> None:
    code = np.repeat(np.arange(5), [1, 2, 3, 4, 9])
    shares, variances, joint, _ = spread_of(np.ones((19, 2)), code, 0.7)
    a, freedom = difference_corrections(shares, variances, joint, 0.7)
    one, own = cluster_corrections(shares[0], variances[0])
    np.testing.assert_allclose(a, one)
    assert freedom == pytest.approx(own)


def few(x: np.ndarray, random: np.random.Generator) -> None:
    x[3:, :3] = np.nan


def two_lack_one(x: np.ndarray, random: np.random.Generator) -> None:
    x[28:, 0] = np.nan


def here_and_there(x: np.ndarray, random: np.random.Generator) -> None:
    x[random.random(x.shape) < 0.1] = np.nan


@pytest.mark.parametrize(("gaps", "common"), [(few, 0.0), (two_lack_one, 6.0), (here_and_there, 0.0)])
def test_intervals_hold_the_true_ranks_where_answers_are_missing(
    gaps: Callable[[np.ndarray, np.random.Generator], None], common: float
) -> None:
    kept = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        x = common * random.normal(size=(30, 1)) + random.normal(size=(30, 8))
        gaps(x, random)
        kept += held(group_ranks(matrix_of(x, np.arange(30))), np.zeros(8))
    assert kept >= 82  # 90% less 2.7 standard errors


def test_a_value_that_one_cluster_answered_is_told_apart_from_none() -> None:
    x = np.random.default_rng(0).normal(size=(20, 3)) + np.array([50.0, 0.0, -5.0])
    x[1:, 0] = np.nan
    lower, upper = ends(group_ranks(matrix_of(x, np.arange(20))))
    assert lower.iloc[0].tolist() == [1, 1, 2]
    assert upper.iloc[0].tolist() == [3, 2, 3]


@pytest.mark.parametrize("clusters", [2, 3, 5])
def test_a_few_clusters_of_scores_in_whole_steps_give_no_false_certainty(clusters: int) -> None:
    pairs = singles = 0
    for seed in range(100):
        scores = np.clip(np.random.default_rng(seed).normal(3, 1, (clusters, 5)).round(), 1, 5)
        matrix = matrix_of(scores, np.arange(clusters))
        pairs += held(group_ranks(matrix), np.zeros(5))
        singles += held(ranks_of_means(group_profiles(matrix)), np.zeros(5))
    assert min(pairs, singles) >= 82  # 90% less 2.7 standard errors


def test_means_that_differ_without_any_spread_are_apart_only_where_many_clusters_agree() -> None:
    for clusters, apart in ((2, False), (3, False), (5, False), (6, True), (9, True)):
        matrix = matrix_of(np.tile([4.0, 3.0, 1.0], (clusters, 1)), np.arange(clusters))
        found = group_ranks(matrix)  # of six hypotheses, the first is rejected at .1 / 6 = 1 / 60
        lower, upper = ends(found)
        assert lower.equals(upper) == apart
        assert found.held_back == (() if apart else ("all",))
        if not apart:
            assert (lower.iloc[0].tolist(), upper.iloc[0].tolist()) == ([1, 1, 1], [3, 3, 3])


def test_intervals_of_no_width_are_taken_as_they_stand_only_with_many_clusters() -> None:
    mean = pd.DataFrame([[4.0, 3.0, 1.0]], ["m"], ["a", "b", "c"])
    for counted, apart in ((None, False), (2, False), (5, False), (6, True), (30, True)):
        clusters = None if counted is None else (mean * 0 + counted).astype(int)
        freedom = None if counted is None else mean * 0 + counted - 1
        for made in (Profiles(mean, mean, mean, clusters=clusters), Profiles(mean, mean, mean, freedom=freedom)):
            found = ranks_of_means(made)
            lower, upper = ends(found)
            assert lower.equals(upper) == apart
            assert found.held_back == (() if apart else ("m",))


def test_a_group_of_large_scores_does_not_tie_the_values_of_another() -> None:
    mean = pd.DataFrame([[1e12, 2e12, 3e12], [1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], ["big", "small", "none"], list("abc"))
    found = ranks_of_means(Profiles(mean)).rank
    assert found.to_numpy().tolist() == [[3, 2, 1], [3, 2, 1], [1, 1, 1]]


def test_infinite_means_and_ranks_levels_out_of_range_and_turned_intervals_are_refused() -> None:
    table = pd.DataFrame([[1.0, np.inf]], ["m"], ["a", "b"])
    with pytest.raises(DataError, match="The mean of 'b' in 'm' is infinite"):
        Profiles(table)
    with pytest.raises(DataError, match="The rank of 'b' in 'm' is infinite"):
        Ranks(table)
    whole = pd.DataFrame([[1.0, 2.0]], ["m"], ["a", "b"])
    for level in (0.0, 1.0, 7.0, float("nan")):
        with pytest.raises(DataError, match="The level of an interval is"):
            Profiles(whole, level=level)
        with pytest.raises(DataError, match="The level of an interval is"):
            Ranks(whole, level=level)
    for noun in (Profiles, Ranks):
        with pytest.raises(DataError, match="The interval of 'a' in 'm' has its lower end above"):
            noun(whole, whole + 1, whole)
