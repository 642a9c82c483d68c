"""Whether behaviour, value vectors and the circle look alike."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from number_figures import posterior_of, random_graphs

from causalvalues.errors import DataError
from causalvalues.leakage.inside_outside import PARTIAL, inside_outside, signed_adjacency
from causalvalues.leakage.relabelling import relabellings
from causalvalues.model.circle_order import circle_distances
from causalvalues.theories import ValueTheory, theory

FIVE = ValueTheory("five", "Five", tuple("abcde"), circular=True)
TEN = theory("schwartz-10")
FIRST = "behaviour and inside"


def symmetric(seed: int, names: tuple[str, ...] = FIVE.dimensions) -> pd.DataFrame:
    numbers = np.random.default_rng(seed).normal(size=(len(names), len(names)))
    return pd.DataFrame(numbers + numbers.T, names, names)


def pairs(table: pd.DataFrame) -> np.ndarray:
    return np.asarray(table.to_numpy()[np.triu_indices(len(table), 1)])


@pytest.mark.parametrize("seed", range(4))
def test_rho_and_p_are_those_of_brute_force_over_all_relabellings(seed: int) -> None:
    from scipy import stats

    one, two = symmetric(seed), symmetric(seed + 100)
    found = inside_outside(one, two, FIVE)
    assert found.exact
    null = []
    for order in permutations(range(5)):
        turned = one.to_numpy()[np.ix_(order, order)]
        null.append(stats.spearmanr(turned[np.triu_indices(5, 1)], pairs(two)).statistic)
    assert found.table.loc[FIRST, "rho"] == pytest.approx(null[0])
    assert found.table.loc[FIRST, "p"] == pytest.approx(np.mean(np.abs(null) >= abs(null[0]) - 1e-9))
    assert found.table.loc[FIRST, "null_upper"] == pytest.approx(np.quantile(null, 0.975))


def test_the_partial_correlation_is_that_of_ranks_by_regression() -> None:
    from scipy import stats

    one, two = symmetric(1, TEN.dimensions), symmetric(2, TEN.dimensions)
    x, y = stats.rankdata(pairs(one)), stats.rankdata(pairs(two))
    z = stats.rankdata(-circle_distances(list(TEN.dimensions), TEN)[np.triu_indices(10, 1)])
    design = np.column_stack([np.ones(45), z])
    rest = [each - design @ np.linalg.lstsq(design, each, rcond=None)[0] for each in (x, y)]
    found = inside_outside(one, two, TEN)
    assert found.table.loc[PARTIAL, "rho"] == pytest.approx(np.corrcoef(rest)[0, 1])


def test_the_same_matrix_twice_gives_one() -> None:
    one = symmetric(3, TEN.dimensions)
    found = inside_outside(one, 3 * one + 7, TEN)
    assert found.table.loc[FIRST, "rho"] == pytest.approx(1.0)
    assert found.table.loc[FIRST, "p"] == pytest.approx(1 / 20001)
    assert found.verdict(FIRST) == "alike"
    assert inside_outside(one, -one, TEN).verdict(FIRST) == "opposite"


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.permutations(range(5)))
def test_the_order_of_values_and_monotone_scales_do_not_matter(seed: int, order: list[int]) -> None:
    one, two = symmetric(seed), symmetric(seed + 1)
    names = [FIVE.dimensions[i] for i in order]
    plain = inside_outside(one, two, FIVE).table
    turned = inside_outside(np.exp(one).loc[names, names[::-1]], two**3, FIVE).table
    pd.testing.assert_frame_equal(plain, turned, rtol=1e-12, atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_exchanging_the_matrices_changes_nothing(seed: int) -> None:
    one, two = symmetric(seed), symmetric(seed + 1)
    there, back = inside_outside(one, two).table, inside_outside(two, one).table
    assert there.loc[FIRST, ["rho", "p"]].tolist() == pytest.approx(back.loc[FIRST, ["rho", "p"]].tolist())


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.permutations(range(5)))
def test_relabelling_both_matrices_alike_changes_nothing(seed: int, order: list[int]) -> None:
    one, two = symmetric(seed), symmetric(seed + 1)
    name = dict(zip(FIVE.dimensions, (FIVE.dimensions[i] for i in order), strict=True))
    plain = inside_outside(one, two).table
    turned = inside_outside(one.rename(index=name, columns=name), two.rename(index=name, columns=name)).table
    pd.testing.assert_frame_equal(plain, turned, rtol=1e-9, atol=1e-12)


def test_unrelated_matrices_are_called_alike_as_often_as_they_should_be_and_pairs_as_independent_more_often() -> None:
    from scipy import stats

    random = np.random.default_rng(5)
    by_relabelling, naive = [], []
    for _ in range(200):
        tables = []
        for _ in range(2):  # some values are like all others, some like none
            own, noise = random.normal(size=6), random.normal(size=(6, 6))
            tables.append(pd.DataFrame(own[:, None] + own + 0.3 * (noise + noise.T), list("abcdef"), list("abcdef")))
        by_relabelling.append(inside_outside(*tables).table.loc[FIRST, "p"])
        naive.append(stats.spearmanr(*map(pairs, tables)).pvalue)
    assert np.mean(np.array(by_relabelling) <= 0.1) == pytest.approx(0.1, abs=0.06)
    assert np.mean(np.array(naive) <= 0.1) > 0.2


def test_seven_values_take_all_relabellings_and_ten_a_sample_that_agrees_over_seeds() -> None:
    labels, exact = relabellings(7, 0)
    assert exact
    assert len({tuple(each) for each in labels.tolist()}) == 5040
    one, two = symmetric(1, TEN.dimensions), symmetric(2, TEN.dimensions)
    found = [inside_outside(one, two, TEN, seed) for seed in (0, 0, 1)]
    pd.testing.assert_frame_equal(found[0].table, found[1].table)
    assert not found[0].exact
    assert found[0].table["p"].tolist() == pytest.approx(found[2].table["p"].tolist(), abs=0.015)


def test_a_posterior_gives_its_adjacencies_and_signs_come_from_partial_correlations() -> None:
    names = list(TEN.dimensions)
    posterior = posterior_of(names, random_graphs(10))
    found = inside_outside(posterior, symmetric(4, TEN.dimensions), TEN)
    assert found.what == "P(adjacent)"
    seen = found.matrices["behaviour"].loc["power", "security"]
    assert seen == pytest.approx(posterior.adjacent_probabilities.loc["power", "security"])
    base = np.random.default_rng(6).normal(size=(200, 10))
    base[:, 1] -= base[:, 0]
    correlation = pd.DataFrame(np.corrcoef(base.T), names, names)
    signed = signed_adjacency(posterior, correlation)
    assert np.abs(signed).equals(posterior.adjacent_probabilities)
    assert signed.iloc[0, 1] <= 0
    assert signed.equals(signed.T)


def test_without_a_circle_there_is_one_comparison_and_names_may_be_spelled_otherwise() -> None:
    one, two = symmetric(1, TEN.dimensions), symmetric(2, TEN.dimensions)
    assert list(inside_outside(one, two).table.index) == [FIRST]
    labelled = two.rename(index=TEN.labels, columns=TEN.labels)
    pd.testing.assert_frame_equal(inside_outside(one, labelled, TEN).table, inside_outside(one, two, TEN).table)
    assert inside_outside(one, two, TEN).names == TEN.dimensions
    assert "behaviour and inside" in repr(inside_outside(one, two))


def test_a_pattern_that_is_the_circle_leaves_nothing_given_the_circle() -> None:
    circle = pd.DataFrame(-circle_distances(list(TEN.dimensions), TEN), TEN.dimensions, TEN.dimensions)
    found = inside_outside(circle, symmetric(2, TEN.dimensions), TEN)
    assert found.table.loc["behaviour and circle", "rho"] == pytest.approx(1.0)
    assert np.isnan(found.table.loc[PARTIAL, "rho"])
    assert found.verdict(PARTIAL) == "does not confirm a likeness"


def test_what_does_not_fit_is_named() -> None:
    one = symmetric(1)
    with pytest.raises(DataError, match="'e' is in one of the two"):
        inside_outside(one, one.iloc[:4, :4])
    with pytest.raises(DataError, match="3 values"):
        inside_outside(one.iloc[:3, :3], one.iloc[:3, :3])
    with pytest.raises(DataError, match="not symmetric"):
        inside_outside(one, one + pd.DataFrame(np.triu(np.ones((5, 5)), 1), one.index, one.columns))
    with pytest.raises(DataError, match="not finite"):
        inside_outside(one, one.where(one < one.max().max()))
    with pytest.raises(DataError, match="same number"):
        inside_outside(one, one * 0 + 1)
    with pytest.raises(DataError, match="other rows than columns"):
        inside_outside(one, one.rename(columns={"a": "x"}))
    with pytest.raises(DataError, match="twice"):
        inside_outside(one, one.rename(columns={"a": "b"}, index={"a": "b"}))
    with pytest.raises(DataError, match="Give a DataFrame"):
        inside_outside(one, one.to_numpy())  # type: ignore[arg-type]
    with pytest.raises(DataError, match="different values"):
        signed_adjacency(posterior_of(list("abcd"), random_graphs(4)), one)
