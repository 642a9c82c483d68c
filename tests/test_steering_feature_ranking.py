"""Are features ranked by what a value does to them, and do their levers add what they say?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from causalvalues.errors import SteeringError
from causalvalues.steering.feature_ranking import FeatureRanking, feature_levers, mean_features, rank_features
from causalvalues.steering.many_tests import PairedTest, q_values
from causalvalues.steering.paired_effects import paired_effects
from causalvalues.steering.sparse_autoencoder import SparseAutoencoder

VALUES = ("power", "security", "tradition")
PAIRS, FEATURES, COMMON = 20, 30, 29


def world(seed: int = 0, planted: bool = True) -> tuple[Any, Any, list[str], list[str]]:
    """Feature i goes with value i; the last feature goes with all of them; feature 5 with the absence of power."""
    draws = np.random.default_rng(seed)
    values = [value for value in VALUES for _ in range(PAIRS)]
    contexts = [f"{value} {i}" for value in VALUES for i in range(PAIRS)]
    plain = np.abs(draws.normal(size=(len(values), FEATURES)))
    affirmed = np.abs(draws.normal(size=plain.shape))
    for row, value in enumerate(values) if planted else ():
        affirmed[row, VALUES.index(value)] += 2
        affirmed[row, COMMON] += 2
        plain[row, 5] += 2 * (value == "power")
    return affirmed, plain, values, contexts


def made(**more: Any) -> SparseAutoencoder:
    draws = np.random.default_rng(3)
    arrays = [draws.normal(size=shape) for shape in ((4, 7), (7,), (7, 4), (4,))]
    return SparseAutoencoder(11, *arrays, k=3, **more)


@pytest.fixture(scope="module")
def ranking() -> FeatureRanking:
    return rank_features(*world())


def test_each_value_finds_its_own_feature_first(ranking: FeatureRanking) -> None:
    assert ranking.values == VALUES
    for place, value in enumerate(VALUES):
        assert ranking.best(value, 3)[0] == place
        first = ranking.table(value).iloc[0]
        assert first["feature"] == place
        assert first["found"]
        assert first["agrees"]
        assert first["effect"] > 1


def test_what_all_values_share_is_left_out_against_the_others_and_found_alone(ranking: FeatureRanking) -> None:
    alone = rank_features(*world(), specific=False)
    for value in VALUES:
        assert COMMON not in ranking.best(value, FEATURES)
        assert COMMON in alone.best(value, 2)


def test_a_feature_of_the_absence_is_not_among_the_best(ranking: FeatureRanking) -> None:
    table = ranking.table("power", FEATURES).set_index("feature")
    assert table.loc[5, "q"] < 0.001
    assert table.loc[5, "effect"] < -1
    assert not table.loc[5, "found"]
    assert 5 not in ranking.best("power", FEATURES)


def test_tests_are_those_of_another_library_and_all_values_count(ranking: FeatureRanking) -> None:
    affirmed, plain, values, _ = world()
    differences, own = affirmed - plain, np.array(values) == "security"
    expected = stats.ttest_ind(differences[own], differences[~own], equal_var=False)
    assert ranking.of("security").p == pytest.approx(expected.pvalue, rel=1e-8)
    together = q_values(np.array([one.p for one in ranking.effects]))
    assert np.array([one.q for one in ranking.effects]) == pytest.approx(together)
    alone = rank_features(affirmed, plain, values, specific=False)
    assert alone.of("security").p == pytest.approx(stats.ttest_rel(affirmed[own], plain[own]).pvalue, rel=1e-8)


def test_flips_are_paid_for_by_the_number_of_values() -> None:
    test = PairedTest("max_t", flips=200)
    affirmed, plain, values, _ = world()
    found = rank_features(affirmed, plain, values, specific=False, test=test)
    for place, value in enumerate(VALUES):
        rows = slice(place * PAIRS, (place + 1) * PAIRS)
        alone = paired_effects((affirmed - plain)[rows], range(rows.start, rows.stop), test)
        assert found.of(value).q == pytest.approx(np.minimum(3 * alone.q, 1))


def test_where_values_do_nothing_hardly_anything_is_found() -> None:
    hits = sum(bool(rank_features(*world(seed, planted=False)).best(value)) for seed in range(20) for value in VALUES)
    assert hits <= 5


def test_the_order_of_the_pairs_changes_no_byte() -> None:
    affirmed, plain, values, contexts = world()
    order = np.random.default_rng(1).permutation(len(values))
    one = rank_features(affirmed, plain, values, contexts)
    other = rank_features(affirmed[order], plain[order], [values[i] for i in order], [contexts[i] for i in order])
    for value in VALUES:
        for name in ("difference", "p", "halves"):
            assert getattr(one.of(value), name).tobytes() == getattr(other.of(value), name).tobytes()


def test_means_of_features_are_those_of_each_text() -> None:
    one = made()
    states = np.random.default_rng(4).normal(size=(9000, 4)).astype(np.float32)
    which = np.sort(np.random.default_rng(5).integers(0, 40, 9000))
    found = mean_features(one, states, which)
    features = one.encode(states)
    assert found == pytest.approx(np.array([features[which == i].mean(0) for i in range(40)]), abs=1e-5)
    mixed = np.random.default_rng(6).permutation(9000)
    assert mean_features(one, states[mixed], which[mixed]) == pytest.approx(found, abs=1e-5)


def test_a_lever_adds_its_direction_as_strongly_as_the_feature_typically_is() -> None:
    one = made(typical=np.array([0, 2.5, 0, 0, 1, 0, 0]))
    held = feature_levers(one, {1: "power", 4: "security"}, positions="answer")
    assert [lever.name for lever in held.levers] == ["feat_11_1", "feat_11_4"]
    assert [lever.value for lever in held.levers] == ["power", "security"]
    act = held["feat_11_1"].acts[0]
    assert (act.layer, act.action, act.coefficient) == (11, "add", 2.5)
    assert act.direction == pytest.approx(one.W_dec[1])
    assert held["feat_11_1"].positions == "answer"
    assert held["feat_11_1"].method == "feature"
    assert feature_levers(one, [0], coefficient=40.0)["feat_11_0"].acts[0].coefficient == 40


BAD_RANKS = [
    (lambda a, p, v, c: rank_features(a[:, :5], p, v, c), r"Give \(pairs, m\) twice"),
    (lambda a, p, v, c: rank_features(a, p, v[:-1], c), "60 pairs, 59 values and 60 contexts"),
    (lambda a, p, v, c: rank_features(a, p, v, c[:-1]), "60 pairs, 60 values and 59 contexts"),
    (lambda a, p, v, c: rank_features(a[:20], p[:20], v[:20], c[:20]), "There is 'power' alone"),
    (lambda a, p, v, c: rank_features(a[18:40], p[18:40], v[18:40], c[18:40]), "power: There are 2 contexts"),
    (lambda a, p, v, c: rank_features(a * np.inf, p, v, c), "not finite"),
    (lambda a, p, v, c: rank_features(a, p, v, c).best("powr"), "Did you mean 'power'"),
    (lambda a, p, v, c: rank_features(a, p, v, c).of("fun"), "not ranked for 'fun'"),
]


@pytest.mark.parametrize(("bad", "message"), BAD_RANKS)
def test_rankings_that_cannot_be_are_refused(bad: Any, message: str) -> None:
    with pytest.raises(SteeringError, match=message):
        bad(*world())


def test_levers_and_means_that_cannot_be_are_refused() -> None:
    one = made(typical=np.array([0, 2.5, 0, 0, 1, 0, 0]))
    for features, message in (
        ([7], "There is no feature 7. The autoencoder has 7, from 0"),
        ([-1], "There is no feature -1"),
        ([1.5], "The feature 1.5 is no number"),
        ([True], "The feature True is no number"),
        ([0], "Feature 0 was never active"),
        ([], "There is no lever"),
    ):
        with pytest.raises(SteeringError, match=message):
            feature_levers(one, features)
    with pytest.raises(SteeringError, match="Give a coefficient, or set it"):
        feature_levers(replace(one, typical=None), [1])
    for which, message in (
        (np.zeros(2, int), "must give each the place of its text"),
        (np.array([0, 0, 2]), "Text 2 has no token"),
        (np.array([0.0, 1, 2]), "must give each"),
        (np.array([0, -1, 2]), "must give each"),
    ):
        with pytest.raises(SteeringError, match=message):
            mean_features(one, np.ones((3, 4)), which)
