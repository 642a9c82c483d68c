"""Moments of several conditions: each value's own come from the rows in which it was free, with the same clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.errors import DataError
from causalvalues.evidence import ProductMoments, as_levers, bootstrap_counts, environments, summarise
from causalvalues.evidence.resampling import joint_bootstrap_scatters
from causalvalues.responses import ResponseMatrix

FORCED: Mapping[str, tuple[str, ...]] = {"seen": (), "set a": ("a",), "set a and b": ("b", "a"), "set d": ("d",)}


def answers(rows: int = 240, clusters: int = 0, names: Sequence[str] = "abcd", seed: int = 0) -> ResponseMatrix:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(rows, len(names))) + rng.normal(size=(rows, 1))
    labels = {"condition": [sorted(FORCED)[i % 4] for i in range(rows)]}
    if clusters:
        labels["persona"] = [f"p{int(g):03d}" for g in rng.integers(clusters, size=rows)]
    ids = [str(i) for i in range(rows)]
    return ResponseMatrix(tuple(names), scores, ids, labels=labels, cluster_by="persona" if clusters else "")


def condition_of(matrix: ResponseMatrix) -> np.ndarray:
    return np.array(matrix.labels["condition"])


@pytest.mark.parametrize("clusters", [0, 12])
def test_moments_of_a_value_are_those_of_the_rows_in_which_it_was_free(clusters: int) -> None:
    matrix = answers(clusters=clusters)
    found = environments(matrix, "condition", FORCED)
    for name in "abcd":
        free = [c for c in FORCED if name not in FORCED[c]]
        x = matrix.scores[np.isin(condition_of(matrix), free)]
        evidence = found.of(name)
        assert evidence.n == len(x)
        assert evidence.mean == pytest.approx(x.mean(axis=0))
        assert evidence.scatter == pytest.approx((x - x.mean(axis=0)).T @ (x - x.mean(axis=0)))
    assert [evidence.n for evidence in map(found.of, "abcd")] == [120, 180, 240, 180]
    assert found.targets == ((), ("a",), ("a", "b"), ("d",))


def test_each_condition_has_moments_of_its_own() -> None:
    matrix = answers()
    found = environments(matrix, "condition", FORCED)
    assert [condition.name for condition in found.conditions] == sorted(FORCED)
    for condition in found.conditions:
        x = matrix.scores[condition_of(matrix) == condition.name]
        assert condition.evidence is not None
        assert condition.evidence.mean == pytest.approx(x.mean(axis=0))
        assert condition.rows == len(x)
        assert condition.forced == tuple(sorted(FORCED[condition.name]))


@pytest.mark.parametrize("clusters", [0, 12])
def test_without_forced_values_the_moments_are_those_of_all_rows(clusters: int) -> None:
    matrix = answers(clusters=clusters)
    found, plain = environments(matrix, "condition", dict.fromkeys(FORCED, ())), summarise(matrix)
    assert len(found.free) == 1
    assert np.array_equal(found.free[0].scatter, plain.scatter)
    assert found.free[0].n_score == plain.n_score
    assert found.free[0].clusters is not None
    assert plain.clusters is not None
    assert np.array_equal(found.free[0].clusters.second, plain.clusters.second)


@given(seed=st.integers(0, 10**6), clusters=st.sampled_from([0, 9]))
@settings(max_examples=20, deadline=None)
def test_the_order_of_columns_conditions_and_rows_changes_nothing(seed: int, clusters: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = answers(clusters=clusters, seed=seed % 3)
    found = environments(matrix, "condition", FORCED)
    order = rng.permutation(4)
    turned = replace(matrix, names=tuple("abcd"[j] for j in order), scores=matrix.scores[:, order], status=None)
    names = list(FORCED)
    again = environments(turned, "condition", {names[i]: FORCED[names[i]] for i in rng.permutation(4)})
    assert again.targets == found.targets
    rows = rng.permutation(len(matrix))
    shuffled = environments(
        ResponseMatrix(
            matrix.names,
            matrix.scores[rows],
            [matrix.unit_ids[i] for i in rows],
            labels={name: [column[i] for i in rows] for name, column in matrix.labels.items()},
            cluster_by=matrix.cluster_by,
        ),
        "condition",
        FORCED,
    )
    for name in "abcd":
        back = np.argsort(order)
        assert np.array_equal(again.of(name).scatter[np.ix_(back, back)], found.of(name).scatter)
        assert shuffled.of(name).scatter == pytest.approx(found.of(name).scatter, abs=1e-9)
        assert shuffled.of(name).n_score == pytest.approx(found.of(name).n_score)


@pytest.mark.parametrize("holes", [False, True])
def test_one_draw_takes_the_same_clusters_in_the_rows_of_every_value(holes: bool) -> None:
    """A persona that was asked in two conditions counts as often in one as in the other."""
    matrix = answers(clusters=15)
    if holes:
        scores = matrix.scores.copy()
        scores[::7, 1] = np.nan
        matrix = replace(matrix, scores=scores, status=None)
    found = environments(matrix, "condition", FORCED, moments=ProductMoments("listwise"))
    counts = bootstrap_counts(found.free[0], 3, 4)
    drawn = joint_bootstrap_scatters(found.free, 3, 4)
    persona = np.array(matrix.labels["persona"])
    kept = ~np.isnan(matrix.scores).any(axis=1)
    for name in "abcd":
        mine = np.isin(condition_of(matrix), [c for c in FORCED if name not in FORCED[c]]) & kept
        for number in range(4):
            times = counts[number][np.searchsorted(np.unique(persona), persona[mine])].astype(int)
            x = np.repeat(matrix.scores[mine], times, axis=0)
            expected = (x - x.mean(axis=0)).T @ (x - x.mean(axis=0))
            assert drawn[found.which["abcd".index(name)]][number] == pytest.approx(expected, abs=1e-8)


def test_a_cluster_without_rows_in_some_conditions_is_there_with_weight_zero() -> None:
    matrix = answers(clusters=15)
    gone = (np.array(matrix.labels["persona"]) == "p003") & ~np.isin(condition_of(matrix), ["set a", "set a and b"])
    found = environments(matrix.rows(~gone), "condition", FORCED)
    sums = {name: found.of(name).clusters for name in "abcd"}
    weights = {name: part.weight for name, part in sums.items() if part is not None}
    assert {len(weight) for weight in weights.values()} == {15}
    assert weights["a"][3] == 0 < weights["c"][3]
    assert sum(weights["a"]) == found.of("a").n


def test_estimates_with_missing_answers_keep_the_clusters_aligned() -> None:
    matrix = answers(clusters=15)
    scores = matrix.scores.copy()
    scores[np.random.default_rng(0).random(scores.shape) < 0.1] = np.nan
    found = environments(replace(matrix, scores=scores, status=None), "condition", FORCED)
    for evidence in found.free:
        assert evidence.clusters is not None
        assert evidence.clusters.estimated
        assert evidence.clusters.second.sum(axis=0) == pytest.approx(evidence.scatter)
    assert all(np.isfinite(drawn).all() for drawn in joint_bootstrap_scatters(found.free, 0, 5))


def test_independent_rows_are_resampled_within_conditions_as_the_design_fixes_their_sizes() -> None:
    found = environments(answers(rows=400), "condition", FORCED)
    counts = bootstrap_counts(found.free[0], 0, 10)
    assert np.ptp(counts) > 1
    for evidence in found.free:
        assert evidence.clusters is not None
        assert evidence.clusters.independent
        assert (counts @ evidence.clusters.weight == evidence.n).all()


def test_an_intercept_for_each_condition_leaves_covariances_only() -> None:
    matrix = answers()
    shifted = np.array(matrix.scores)
    for k, name in enumerate(sorted(FORCED)):
        shifted[condition_of(matrix) == name] += 10.0 * k
    moved = replace(matrix, scores=shifted)
    plain = environments(matrix, "condition", FORCED, within="condition")
    for name in "abcd":
        again = environments(moved, "condition", FORCED, within="condition").of(name)
        assert again.scatter == pytest.approx(plain.of(name).scatter, abs=1e-9)
        assert not np.allclose(environments(moved, "condition", FORCED).of(name).scatter, again.scatter)


def test_a_condition_with_few_rows_counts_and_has_no_moments_of_its_own() -> None:
    matrix = answers()
    few = condition_of(matrix) != "set d"
    few[np.flatnonzero(~few)[:3]] = True
    found = environments(matrix.rows(few), "condition", FORCED)
    small = next(condition for condition in found.conditions if condition.name == "set d")
    assert small.evidence is None
    assert small.rows == 3
    assert found.of("c").n == 183
    assert any("'set d' has no moments of its own (3 rows)" in note for note in found.notes)
    assert any(note.startswith("Equation of d: 180 rows of 3 of 4 conditions") for note in found.notes)


@pytest.mark.parametrize(
    ("forced", "message"),
    [
        ({**FORCED, "sett d": ()}, "No row has the condition 'sett d'. Did you mean 'set d'"),
        ({"seen": (), "set a": ("a",), "set d": ("d",)}, "which values the condition 'set a and b' forces"),
        ({**FORCED, "seen": ("e",)}, "'seen' forces the unknown value 'e'"),
        ({**FORCED, "seen": "a"}, r"are one text. Write \('a',\)"),
        ({**FORCED, "set d": tuple("abcd")}, "'set d' forces all values"),
        (dict.fromkeys(FORCED, ("b",)), "'b' is forced in every condition"),
    ],
)
def test_errors_name_the_condition_and_the_remedy(forced: Mapping[str, Sequence[str]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        environments(answers(), "condition", forced)


def test_unknown_labels_too_few_free_rows_and_unseen_levers_are_refused() -> None:
    matrix = answers()
    with pytest.raises(DataError, match=r"There is no label 'conditions'. Did you mean 'condition'"):
        environments(matrix, "conditions", FORCED)
    few = np.isin(condition_of(matrix), ["set a", "set a and b"])
    few[np.flatnonzero(~few)[:5]] = True
    with pytest.raises(DataError, match=r"in which 'a' was free \('seen', 'set d'\): Only 5 of 5 rows"):
        environments(matrix.rows(few), "condition", FORCED)
    used = np.isin(condition_of(matrix), ["set d"]) & (np.arange(len(matrix)) % 8 < 4)
    levered = replace(matrix, levers=("praise",), doses=used[:, None].astype(float))
    with pytest.raises(DataError, match="'praise' was used only in rows in which some value was forced"):
        environments(levered, "condition", FORCED)


def test_conditions_become_levers_and_the_posterior_finds_what_they_act_on() -> None:
    rng = np.random.default_rng(1)
    rows = 600
    condition = rng.integers(3, size=rows)
    a = rng.normal(size=rows) + 1.0 * (condition == 1)
    b = 0.7 * a + rng.normal(size=rows)
    c = 0.7 * b + rng.normal(size=rows) - 0.8 * (condition == 2)
    labels = {"prompt": [("plain", "a", "flattery")[k] for k in condition]}
    matrix = ResponseMatrix(("a", "b", "c"), np.column_stack([a, b, c]), [str(i) for i in range(rows)], labels=labels)
    levered = as_levers(matrix, "prompt", "plain")
    assert levered.levers == ("prompt=a", "prompt=flattery")
    assert np.array_equal(levered.doses, np.column_stack([condition == 1, condition == 2]))
    found = discover(summarise(levered), ExactPosterior(levers="sparse"))
    acts = found.lever_probabilities
    assert acts.loc["prompt=a", "a"] > 0.99
    assert acts.loc["prompt=flattery", "c"] > 0.99
    assert acts.loc["prompt=a", ["b", "c"]].max() < 0.2
    assert acts.loc["prompt=flattery", ["a", "b"]].max() < 0.2
    assert found.compelled_probabilities.loc["a", "b"] > 0.9


def test_as_levers_names_what_is_wrong() -> None:
    with pytest.raises(DataError, match=r"No row has the 'condition' 'see'. Did you mean 'seen'"):
        as_levers(answers(), "condition", "see")
    with pytest.raises(DataError, match="There is no label 'c'"):
        as_levers(answers(), "c", "seen")
    matrix = answers()
    with pytest.raises(DataError, match="there is no condition to compare"):
        as_levers(matrix.rows(condition_of(matrix) == "seen"), "condition", "seen")
