"""What a lever does when the statements, too, are a sample."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from causalvalues.errors import DataError
from causalvalues.leakage import LeakageOptions, measure_leakage
from causalvalues.leakage.statement_error import StatementEffects, statement_effects
from causalvalues.prediction import paired_rows
from causalvalues.responses import ResponseMatrix, demo_responses, score
from causalvalues.theories import ItemKey, ScoringKey, scoring_key

ITEMS = {f"{value}_{i}": value for value in ("a", "b", "c") for i in (1, 2, 3)}
KEY = ScoringKey("k", "K", "none", {item: ItemKey(value) for item, value in ITEMS.items()})
EFFECTS = np.array([0.9, 0.3, 0.6, 0.1, -0.2, 0.3, 0.0, 0.1, 0.2])


def answers(effects: np.ndarray = EFFECTS, key: ScoringKey = KEY, units: int = 4) -> ResponseMatrix:
    """Return rows of every unit without lever, and under ``vec_a`` at the doses 1 and 2 (twice the effect, plus 5)."""
    random = np.random.default_rng(0)
    start = random.normal(size=(units, len(ITEMS)))
    lean = np.linspace(-0.1, 0.1, units)[:, None]
    scores = np.vstack([start, start + effects + lean, start + 2 * effects + 5])
    signs = np.array([key.items[item].sign for item in ITEMS])
    return ResponseMatrix(
        names=tuple(ITEMS),
        scores=scores * signs,
        unit_ids=tuple(f"r{i}" for i in range(3 * units)),
        labels={"who": tuple(f"u{i}" for i in range(units)) * 3},
        cluster_by="who",
        levers=("vec_a",),
        doses=np.repeat([0.0, 1.0, 2.0], units)[:, None],
    )


def of_aim(found: StatementEffects) -> list[float]:
    return [float(found.levers.loc["vec_a", name]) for name in found.levers]


def test_effect_and_gain_have_the_intervals_of_student_and_welch_over_statements() -> None:
    found = statement_effects(answers(), KEY, {"vec_a": "a"}, LeakageOptions(level=0.8))
    assert found.effect.loc["vec_a", list(ITEMS)].to_numpy() == pytest.approx(EFFECTS)
    effect = stats.ttest_1samp(EFFECTS[:3], 0).confidence_interval(0.8)
    gain = stats.ttest_ind(EFFECTS[:3], EFFECTS[3:], equal_var=False).confidence_interval(0.8)
    expected = [3, 0.6, effect.low, effect.high, 0.6 - 0.5 / 6, gain.low, gain.high]
    assert of_aim(found) == pytest.approx(expected)


def test_items_that_speak_against_their_value_are_turned_and_doses_are_told_apart() -> None:
    turned = replace(KEY, items={**KEY.items, "a_2": ItemKey("a", -1), "b_1": ItemKey("b", -1)})
    expected = of_aim(statement_effects(answers(), KEY, {"vec_a": "a"}))
    assert of_aim(statement_effects(answers(key=turned), turned, {"vec_a": "a"})) == pytest.approx(expected)
    twice = statement_effects(answers(), KEY, {"vec_a": "a"}, LeakageOptions(dose=2.0)).levers.loc["vec_a"]
    assert twice["effect"] == pytest.approx(6.2)


def test_the_order_of_statements_and_lost_answers_do_not_matter() -> None:
    held = answers()
    order = np.random.default_rng(1).permutation(9)
    mixed = replace(
        held, names=tuple(held.names[j] for j in order), scores=held.scores[:, order], status=held.status[:, order]
    )
    expected = of_aim(statement_effects(held, KEY, {"vec_a": "a"}))
    assert of_aim(statement_effects(mixed, KEY, {"vec_a": "a"})) == expected
    scores = held.scores.copy()
    scores[0, 0] = np.nan  # a start: this unit then says nothing of this statement alone
    lost = statement_effects(replace(held, scores=scores, status=None), KEY, {"vec_a": "a"})
    assert lost.effect.loc["vec_a", "a_1"] == pytest.approx(0.9 + 0.1 / 3)
    assert lost.effect.loc["vec_a", "c_1"] == pytest.approx(0.0)


def test_centring_is_that_of_the_scores() -> None:
    items, key = demo_responses("doses"), scoring_key("smollm2-steered")
    found = statement_effects(items, key, {"vec_power": "power"}, centring="person_mean")
    leaks = measure_leakage(paired_rows(score(items, key, "person_mean")), {"vec_power": "power"})
    assert found.levers.loc["vec_power", "effect"] == pytest.approx(leaks.effect.loc["vec_power", "power"])
    plain = statement_effects(items, key, {"vec_power": "power"})
    assert abs(found.levers.loc["vec_power", "effect"] - plain.levers.loc["vec_power", "effect"]) > 0.01
    assert found.levers.loc["vec_power", "gain_lower"] == pytest.approx(plain.levers.loc["vec_power", "gain_lower"])


def test_one_statement_has_an_effect_and_no_interval() -> None:
    few = answers().drop(["a_2", "a_3"])
    found = statement_effects(few, KEY.subset(few.names), {"vec_a": "a"}).levers.loc["vec_a"]
    assert (found["statements"], found["effect"]) == (1, pytest.approx(0.9))
    assert found[["effect_lower", "gain_lower", "gain_upper"]].isna().all()


def test_statements_of_the_demo_are_less_sure_than_its_personas() -> None:
    items, key = demo_responses("doses"), scoring_key("smollm2-steered")
    aims = {f"vec_{value}": value for value in key.dimensions}
    found = statement_effects(items, key, aims)
    leaks = measure_leakage(paired_rows(score(items, key)), aims)
    for lever, value in aims.items():
        assert found.levers.loc[lever, "effect"] == pytest.approx(leaks.effect.loc[lever, value])
        assert found.levers.loc[lever, "gain"] == pytest.approx(leaks.levers.loc[lever, "gain"])
    over_statements = (found.levers["gain_upper"] - found.levers["gain_lower"]).mean()
    over_units = (leaks.levers["gain_upper"] - leaks.levers["gain_lower"]).mean()
    assert over_statements > 2 * over_units
    assert (found.levers["gain_lower"] > 0).sum() < (leaks.levers["gain_lower"] > 0).sum()


def test_an_aim_without_statements_is_named() -> None:
    with pytest.raises(DataError, match="'vec_a' aims at 'z', which has no statements"):
        statement_effects(answers(), KEY, {"vec_a": "z"})
