"""The report ``valuepilot``: rankings of actions, their chances, and agreement beyond chance."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from report_helpers import given_of, small_answers, small_settings

from causalvalues.errors import StudyError
from causalvalues.planning.profiles import profile_of
from causalvalues.prediction import Mechanism, paired_rows
from causalvalues.reports import Given
from causalvalues.reports.settings import ValuepilotSettings
from causalvalues.reports.valuepilot import Valuepilot, report, valuepilot
from causalvalues.reports.valuepilot_methods import (
    CAP,
    FLOW,
    METHODS,
    PRODUCT,
    PROMETHEE,
    SUM,
    TOPSIS,
    central_tendency,
    ranks,
    sigmoid_flow,
    worths,
)
from causalvalues.reports.valuepilot_rankings import (
    agreement,
    beyond_chance,
    chance_similarity,
    kendall,
    order_similarity,
)

ASKED: dict[str, Any] = {"preferences": {"benevolence": 1.0, "security": 0.7, "power": 0.1}, "draws": 20}
TABLES = st.integers(2, 6).flatmap(
    lambda m: st.lists(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), min_size=m, max_size=m)
)


# ---------------------------------------------------------------- agreement


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_the_chance_level_is_the_mean_over_all_rankings(n: int) -> None:
    names = "abcdef"[:n]
    found = [order_similarity(order, names) for order in itertools.permutations(names)]
    assert chance_similarity(n) == pytest.approx(np.mean(found))
    firsts = [order[0] == "a" for order in itertools.permutations(names)]
    assert agreement(names, names, 0).first_chance == pytest.approx(np.mean(firsts))


@settings(deadline=None)
@given(st.permutations("abcdef"))
def test_agreement_runs_from_chance_to_one_and_equals_brute_force(order: list[str]) -> None:
    given_order = "abcdef"
    found = agreement(order, given_order, 0)
    shares = [len(set(order[:d]) & set(given_order[:d])) / d for d in range(1, 7)]
    assert found.similarity == pytest.approx(np.mean(shares))
    null = [order_similarity(each, given_order) for each in itertools.permutations(given_order)]
    assert found.p == pytest.approx(np.mean([each >= found.similarity - 1e-12 for each in null]))
    places = [order.index(name) for name in given_order]
    assert found.kendall == pytest.approx(float(scipy.stats.kendalltau(places, range(6)).statistic))
    assert found.corrected <= 1


def test_the_same_ranking_is_one_beyond_chance_and_other_actions_are_left_out() -> None:
    found = agreement(["x", "c", "y", "a", "b"], ["c", "a", "b"], 0)
    assert (found.similarity, found.corrected, found.first, found.kendall) == (1, 1, 1, 1)
    assert found.p == pytest.approx(1 / 6)
    assert agreement(["b", "a"], ["a", "b"], 0).first_corrected == -1


def test_long_rankings_have_a_p_value_from_random_ones() -> None:
    names = [f"a{i}" for i in range(10)]
    assert agreement(names, names, 0).p < 0.001
    assert agreement(names[::-1], names, 0).p > 0.95
    assert agreement(names, names, 0) == agreement(names, names, 0)


def test_published_scores_beyond_chance() -> None:
    assert beyond_chance(0.7316, 0.6056) == pytest.approx(0.319, abs=1e-3)
    assert beyond_chance(0.6923, 0.6056) == pytest.approx(0.220, abs=1e-3)


def test_no_mix_of_eleven_lists_of_four_to_six_actions_has_exactly_the_published_chance_level() -> None:
    levels = {
        round(float(np.mean([chance_similarity(n) for n in mix])), 4)
        for mix in itertools.combinations_with_replacement((4, 5, 6), 11)
    }
    assert 0.6056 not in levels
    assert {0.6053, 0.6061} <= levels
    assert (min(levels), max(levels)) == (0.5833, 0.625)


# ---------------------------------------------------------------- methods


@settings(deadline=None)
@given(TABLES)
def test_the_methods_are_their_formulas(rows: list[list[float]]) -> None:
    table, weights = np.array(rows), np.array([0.5, 0.3, 0.2])
    m = len(table)
    np.testing.assert_allclose(
        worths(table, weights, SUM), [sum(w * r for w, r in zip(weights, row, strict=True)) for row in rows]
    )
    np.testing.assert_allclose(
        worths(table, weights, PRODUCT), [np.prod([r**w for w, r in zip(weights, row, strict=True)]) for row in rows]
    )
    flow, sigmoid = np.zeros(m), np.zeros(m)
    for i, j in itertools.permutations(range(m), 2):
        apart = table[i] - table[j]
        preferred = (weights * np.clip(apart / CAP, 0, 1)).sum()
        flow[i] += preferred / (m - 1)
        flow[j] -= preferred / (m - 1)
        likely = (weights / (1 + np.exp(-apart))).sum()
        sigmoid[i] += likely / (m - 1)
        sigmoid[j] -= likely / (m - 1)
    np.testing.assert_allclose(worths(table, weights, PROMETHEE), flow, atol=1e-12)
    np.testing.assert_allclose(worths(table, weights, FLOW), sigmoid, atol=1e-12)
    np.testing.assert_allclose(sigmoid_flow(table, weights).sum(), 0, atol=1e-12)


def test_topsis_is_the_relative_distance_from_the_worst() -> None:
    table, weights = np.array([[0.9, 0.2], [0.4, 0.4], [0.1, 0.9]]), np.array([0.7, 0.3])
    scaled = table * weights
    best, worst = scaled.max(axis=0), scaled.min(axis=0)
    away, near = (np.sqrt(((scaled - end) ** 2).sum(axis=1)) for end in (worst, best))
    np.testing.assert_allclose(worths(table, weights, TOPSIS), away / (away + near))


@pytest.mark.parametrize("method", METHODS)
def test_an_action_that_is_better_in_everything_is_never_ranked_lower(method: str) -> None:
    random = np.random.default_rng(1)
    for _ in range(20):
        table = random.uniform(0.05, 0.9, size=(5, 3))
        table[2] = table[4] + 0.05
        found = ranks(worths(table, np.array([0.2, 0.5, 0.3]), method))
        assert found[2] < found[4]


@pytest.mark.parametrize("method", METHODS)
def test_actions_that_lead_to_the_same_share_a_rank(method: str) -> None:
    found = ranks(worths(np.full((3, 2), 0.4), np.array([0.5, 0.5]), method))
    np.testing.assert_array_equal(found, [2, 2, 2])


def test_central_tendency_pulls_away_from_the_middle() -> None:
    found = central_tendency(np.array([0.0, 0.3, 0.5, 0.7, 1.0]))
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-10 * (np.array([0.0, 0.3, 0.5, 0.7, 1.0]) - 0.5))))
    assert found[1] < 0.3
    assert found[3] > 0.7
    assert kendall("abc", "cba") == -1


# ---------------------------------------------------------------- on the demo answers


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Given:
    answers: Path = small_answers(tmp_path_factory.mktemp("valuepilot"))
    return given_of("valuepilot", small_settings(answers, valuepilot=ASKED))


@pytest.fixture(scope="module")
def found(study: Given) -> Valuepilot:
    return valuepilot(study)


def asking(study: Given, **asked: Any) -> Given:
    other = Given(study.settings, study.folder, ValuepilotSettings(**asked))
    other.__dict__["answers"] = study.answers
    return other


def test_outcomes_are_the_profiles_of_the_response_that_was_fitted(study: Given, found: Valuepilot) -> None:
    matrix = study.answers.matrix
    model = Mechanism().fit(paired_rows(matrix), study.seed)
    plain = matrix.rows(~(matrix.doses != 0).any(axis=1)).frame().set_index("unit_id")[list(matrix.names)]
    start = plain.groupby(list(matrix.rows(~(matrix.doses != 0).any(axis=1)).labels["persona_id"])).mean().mean()
    levers = found.found.actions[-1].split("+")
    draws = profile_of(model, start, dict.fromkeys(levers, 1.0))
    kept = np.unique(np.linspace(0, len(draws) - 1, 20).round().astype(int))
    places = [sorted(matrix.names).index(name) for name in found.found.values]
    np.testing.assert_allclose(found.found.scores[:, -1], draws[kept][:, places], atol=1e-9)


def test_doing_nothing_and_every_set_that_was_tried_are_ranked(study: Given, found: Valuepilot) -> None:
    tried = {"+".join(cell) for cell in study.answers.matrix.cells if cell}
    assert set(found.found.actions) == {"nothing", *tried}


def test_the_chances_of_being_first_add_up_and_ranks_hold_their_intervals(found: Valuepilot) -> None:
    for _, part in found.table.groupby("method"):
        assert part["first"].sum() == pytest.approx(1)
        assert part["rank"].sum() == pytest.approx(len(part) * (len(part) + 1) / 2)
        assert (part["rank_lower"] <= part["rank_upper"]).all()
    best = found.order(SUM)[0]
    again = found.table[(found.table["method"] == SUM) & (found.table["action"] == best)]
    assert float(again["worth"].iloc[0]) == found.table.loc[found.table["method"] == SUM, "worth"].max()


def test_a_value_that_alone_matters_is_ranked_by_its_outcome_by_every_method(study: Given) -> None:
    alone = valuepilot(asking(study, preferences={"security": 1.0}, draws=5))
    by_score = np.argsort(-alone.found.mean[:, 0], kind="stable")
    for method in (SUM, PRODUCT, TOPSIS, FLOW):
        assert alone.order(method)[0] == alone.found.actions[int(by_score[0])]


def test_given_rankings_are_compared_and_written(study: Given) -> None:
    ranking = ["do_benevolence", "do_security", "nothing"]
    made = report(asking(study, **ASKED, rankings=[ranking, ranking[::-1]]))
    lines = made.files["tables/agreement.csv"].splitlines()
    assert len(lines) == 1 + 2 * len(METHODS)
    assert "by chance" in repr(made.blocks).lower()
    assert set(made.scenes) == {"ranking"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "`preferences` is empty"),
        ({"preferences": {"powr": 1.0}}, "names 'powr'.*Did you mean 'power'"),
        ({"preferences": {"power": 1.5}}, "the weight 1.5. Weights run from 0 to 1"),
        ({"preferences": {"power": 0.0}}, "are all 0"),
        (ASKED | {"actions": [["do_powr"], []]}, "names 'do_powr'.*Did you mean 'do_power'"),
        (ASKED | {"actions": [["do_power"]]}, "has one action"),
        (ASKED | {"actions": [["do_power"], ["do_power"]]}, "has 'do_power' twice"),
        (ASKED | {"rankings": [["do_power", "do_powr"]]}, "names 'do_powr'"),
        (ASKED | {"rankings": [["do_power", "do_power"]]}, "names 'do_power' twice"),
        (ASKED | {"rankings": [["do_power"]]}, "fewer than two actions"),
        (ASKED | {"start": "p999"}, "p999"),
    ],
)
def test_preferences_actions_and_rankings_are_checked(study: Given, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(StudyError, match=said):
        valuepilot(asking(study, **asked))
