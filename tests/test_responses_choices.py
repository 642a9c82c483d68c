from __future__ import annotations

import json
from itertools import combinations

import evalica
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from causalvalues.errors import DataError
from causalvalues.evidence import check
from causalvalues.responses import (
    AnswerStatus,
    BradleyTerry,
    Choices,
    Davidson,
    Elo,
    Thurstone,
    read_choices,
    score_choices,
    strengths,
    transitivity,
)

TRUE = np.array([1.0, 0.4, 0.0, -0.5, -0.9])
NAMES = ("care", "fairness", "sanctity", "liberty", "loyalty")


def simulated(seed: int = 0, dilemmas: int = 300, tie: float = 0.1) -> Choices:
    random = np.random.default_rng(seed)
    first = random.integers(0, 5, dilemmas)
    second = (first + random.integers(1, 5, dilemmas)) % 5
    won = random.random(dilemmas) < 1 / (1 + np.exp(TRUE[second] - TRUE[first]))
    outcome = np.where(random.random(dilemmas) < tie, 0.0, np.where(won, 1.0, -1.0))
    return Choices(NAMES, first, second, outcome, tuple(f"d{i}" for i in range(dilemmas)))


def of_wins(wins: np.ndarray, names: tuple[str, ...]) -> Choices:
    first, second, weights = [], [], []
    for i, j in zip(*np.nonzero(wins), strict=True):
        first.append(i)
        second.append(j)
        weights.append(wins[i, j])
    c = len(first)
    return Choices(
        names, np.array(first), np.array(second), np.ones(c), tuple(map(str, range(c))), weights=np.array(weights)
    )


def by_option(table: pd.DataFrame) -> np.ndarray:
    return table.set_index("option")["strength"].reindex(list(NAMES)).to_numpy()


def test_bradley_terry_is_the_maximum_of_its_likelihood():
    choices = simulated()
    wins = choices.wins.to_numpy()

    def loss(free: np.ndarray) -> float:
        s = np.append(free, -free.sum())
        return float((wins * np.logaddexp(0, s[None, :] - s[:, None])).sum())

    best = optimize.minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-9})
    assert np.allclose(by_option(strengths(choices, resamples=0)), np.append(best.x, -best.x.sum()), atol=1e-5)


def test_bradley_terry_agrees_with_evalica():
    choices = simulated()
    first, second = ([NAMES[i] for i in side] for side in (choices.first, choices.second))
    winner = [{1: evalica.Winner.X, -1: evalica.Winner.Y, 0: evalica.Winner.Draw}[int(x)] for x in choices.outcome]
    theirs = np.log(evalica.bradley_terry(first, second, winner, tolerance=1e-10, limit=5000).scores[list(NAMES)])
    assert np.allclose(BradleyTerry().strengths(choices), theirs - theirs.mean(), atol=1e-4)


def test_davidson_is_the_maximum_of_its_likelihood():
    choices = simulated(tie=0.3)

    def loss(free: np.ndarray) -> float:
        s, v = np.append(free[:4], -free[:4].sum()), np.exp(free[4])
        a, b = np.exp(s[choices.first]), np.exp(s[choices.second])
        tied = 2 * v * np.sqrt(a * b)
        chosen = np.select([choices.outcome == 1, choices.outcome == -1], [a, b], tied)
        return float(-np.log(chosen / (a + b + tied)).sum())

    best = optimize.minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-8})
    assert np.allclose(Davidson().strengths(choices), np.append(best.x[:4], -best.x[:4].sum()), atol=1e-3)


def test_thurstone_is_close_to_the_probit_maximum_with_many_choices():
    choices = simulated(dilemmas=2000, tie=0.1)
    wins = choices.wins.to_numpy()

    def loss(free: np.ndarray) -> float:
        s = np.append(free, -free.sum())
        return float(-(wins * stats.norm.logcdf(s[:, None] - s[None, :])).sum())

    best = optimize.minimize(loss, np.zeros(4), method="BFGS").x
    assert np.allclose(Thurstone().strengths(choices), np.append(best, -best.sum()), atol=0.02)


def test_elo_moves_by_half_the_step_in_the_first_game():
    choices = Choices(("a", "b"), np.array([0]), np.array([1]), np.array([1.0]), ("d",))
    assert np.allclose(Elo(step=4).strengths(choices), [2.0, -2.0])


def test_swapping_the_sides_of_every_choice_changes_nothing():
    choices = simulated()
    swapped = Choices(NAMES, choices.second, choices.first, -choices.outcome, choices.dilemmas)
    pd.testing.assert_frame_equal(strengths(choices, resamples=20), strengths(swapped, resamples=20))


def test_intervals_cover_the_true_difference():
    inside = 0
    for seed in range(60):
        choices = simulated(seed, 250, tie=0.0)
        table = strengths(choices, level=0.9, resamples=100, seed=1).set_index("option")
        inside += table.loc["care", "lower"] <= TRUE[0] - TRUE.mean() <= table.loc["care", "upper"]
    assert 47 <= inside <= 59


def test_intervals_come_from_dilemmas_not_from_rows():
    choices = simulated(dilemmas=100)
    four = {name: np.tile(getattr(choices, name), 4) for name in ("first", "second", "outcome")}
    repeated = Choices(NAMES, **four, dilemmas=choices.dilemmas * 4)
    once, again = (strengths(c, resamples=200).set_index("option") for c in (choices, repeated))
    assert np.allclose(once["upper"] - once["lower"], again["upper"] - again["lower"], atol=1e-5)


def test_the_same_seed_gives_the_same_table():
    pd.testing.assert_frame_equal(
        strengths(simulated(), resamples=30, seed=3), strengths(simulated(), resamples=30, seed=3)
    )


def test_groups_that_were_never_compared_are_named():
    wins = np.zeros((4, 4))
    wins[0, 1] = wins[1, 0] = wins[2, 3] = wins[3, 2] = 2
    choices = of_wins(wins, ("a", "b", "c", "d"))
    for rating in (BradleyTerry(), Thurstone(), Elo(), BradleyTerry(prior_wins=1.0)):
        with pytest.raises(DataError, match=r"2 groups.*\{a, b\}; \{c, d\}"):
            strengths(choices, rating)


def test_options_that_never_lost_are_named():
    wins = np.array([[0, 3, 2], [0, 0, 1], [0, 2, 0]], dtype=float)
    choices = of_wins(wins, ("a", "b", "c"))
    with pytest.raises(DataError, match=r"\{a\} never lost"):
        strengths(choices)
    assert strengths(choices, BradleyTerry(prior_wins=0.5))["option"][0] == "a"


def test_no_outcome_at_all_is_an_error():
    choices = Choices(("a", "b"), np.array([0]), np.array([1]), np.array([np.nan]), ("d",))
    with pytest.raises(DataError, match="No choice has an outcome"):
        strengths(choices)


def test_an_option_cannot_meet_itself():
    with pytest.raises(DataError, match="meets itself"):
        Choices(("a", "b"), np.array([0]), np.array([0]), np.array([1.0]), ("d",))


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(4)), st.integers(0, 100))
def test_choices_from_an_order_have_no_violation(order, seed):
    strength = np.array(order, dtype=float)
    wins = 100 / (1 + np.exp(strength[None, :] - strength[:, None]))
    np.fill_diagonal(wins, 0)
    found = transitivity(of_wins(wins, ("a", "b", "c", "d")), resamples=0, seed=seed)
    assert found.violations == {"weak": 0, "moderate": 0, "strong": 0}
    assert len(found.triples) == 4
    assert found.cycles == ()


def test_a_cycle_of_three_is_named_and_counted_once():
    wins = np.zeros((3, 3))
    wins[0, 1], wins[1, 2], wins[2, 0] = 3, 3, 3
    wins += wins.T / 3
    found = transitivity(of_wins(wins, ("a", "b", "c")), resamples=0)
    assert found.violations == {"weak": 1, "moderate": 1, "strong": 1}
    assert found.cycles == (("a", "b", "c"),)


def test_moderate_and_strong_violations_of_published_win_rates():
    # Win rates of one model in the multi-step dilemmas (row of DeepSeek-V3, Wu et al. 2025, project page), with the
    # last three pairs in alphabetical order; brute force over ordered chains gives the same counts.
    names = ("authority", "care", "fairness", "liberty", "loyalty", "sanctity")
    rates = [0.30, 0.32, 0.56, 0.66, 0.28, 0.52, 0.70, 0.82, 0.59, 0.77, 0.83, 0.43, 0.53, 0.33, 0.14]
    wins = np.zeros((6, 6))
    for (i, j), rate in zip(combinations(range(6), 2), rates, strict=True):
        wins[i, j], wins[j, i] = rate, 1 - rate
    expected = {"weak": 0, "moderate": 0, "strong": 0}
    for i, j, k in combinations(range(6), 3):
        a, b, c = sorted((i, j, k), key=lambda x: -sum(wins[x, y] > 0.5 for y in (i, j, k)))
        expected["weak"] += wins[a, c] < 0.5
        expected["moderate"] += wins[a, c] < min(wins[a, b], wins[b, c])
        expected["strong"] += wins[a, c] < max(wins[a, b], wins[b, c])
    found = transitivity(of_wins(wins, names), resamples=0)
    assert expected["weak"] == 0
    assert found.violations == expected
    assert found.cycles == ()


@pytest.mark.shared
def test_a_cycle_of_four_without_complete_triples_is_named(shared_data):
    lines = (shared_data / "preference_cycle" / "four_cycle.jsonl").read_text().splitlines()
    pairs = [(row["chosen"], row["reject"]) for row in map(json.loads, lines)]
    names = ("A", "B", "C", "D")
    first, second = (np.array([names.index(pair[side]) for pair in pairs]) for side in (0, 1))
    choices = Choices(names, first, second, np.ones(4), ("0", "1", "2", "3"))
    found = transitivity(choices)
    assert found.cycles == (("A", "B", "C", "D"),)
    assert len(found.triples) == 0
    assert "A > B > C > D > A" in found.summary()
    assert np.allclose(strengths(choices, resamples=0)["strength"], 0.0, atol=1e-6)


def test_a_file_with_ties_refusals_and_units_is_read(tmp_path):
    path = tmp_path / "choices.csv"
    path.write_text(
        "model,dilemma,first,second,chosen\nm1,d1,care,power,care\nm1,d2,care,power,tie\nm2,d1,power,care,first\n"
        "m2,d2,power,care,refusal\nm2,d3,power,care,\n"
    )
    choices = read_choices(path)
    assert choices.names == ("care", "power")
    assert choices.units == ("m1", "m1", "m2", "m2", "m2")
    assert choices.dilemmas == ("d1", "d2", "d1", "d2", "d3")
    assert (choices.ties, choices.lost) == (1, 2)
    assert list(choices.status[3:]) == [AnswerStatus.REFUSAL, AnswerStatus.MISSING]
    assert choices.wins.loc["care", "power"] == 1.5
    assert choices.wins.loc["power", "care"] == 1.5


def test_a_cell_that_names_neither_option_is_an_error_with_its_row(tmp_path):
    path = tmp_path / "choices.csv"
    path.write_text("first,second,chosen\ncare,power,care\ncare,power,tradition\n")
    with pytest.raises(DataError, match=r"row 3; the first is 'tradition'"):
        read_choices(path)


def test_a_file_without_the_columns_says_which_are_needed(tmp_path):
    path = tmp_path / "choices.csv"
    path.write_text("x,y\n1,2\n")
    with pytest.raises(DataError, match="no column 'first'"):
        read_choices(path)


def test_units_become_rows_that_are_known_to_be_centred():
    random = np.random.default_rng(1)
    parts = [simulated(seed, 60) for seed in range(40)]
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in ("first", "second", "outcome")}
    units = tuple(f"u{i:02d}" for i in range(40) for _ in range(60))
    dilemmas = tuple(str(x) for x in random.integers(0, 99, 2400))
    matrix = score_choices(Choices(NAMES, **joined, dilemmas=dilemmas, units=units))
    assert matrix.scores.shape == (40, 5)
    assert np.allclose(matrix.scores.sum(axis=1), 0)
    assert matrix.centring == "person_mean"
    assert any(finding.severity == "blocking" for finding in check(matrix))


def test_a_unit_that_cannot_be_rated_is_missing_and_said():
    choices = Choices(("a", "b", "c"), np.array([0, 0, 1]), np.array([1, 2, 2]), np.array([1.0, -1.0, np.nan]),
                      ("1", "2", "3"), units=("u", "u", "v"))  # fmt: skip
    matrix = score_choices(choices)
    assert np.isnan(matrix.scores[1]).all()
    assert "1 of 2 units could not be rated (v)" in matrix.notes[-1]
