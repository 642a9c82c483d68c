"""The noise ceiling, from repeats, item halves and other questions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from skill_truths import simulate

import causalvalues as cv
from causalvalues.errors import CausalValuesError, ModelError
from causalvalues.prediction import PairedRows, paired_rows
from causalvalues.prediction.left_out import micro_r2
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.skill.noise import Noise, noise_ceiling
from causalvalues.skill.noise_sources import item_noise, retest_noise
from causalvalues.skill.question_agreement import question_agreement
from causalvalues.skill.single_effects import most_moved

ITEMS = 6


def repeated(rows: PairedRows) -> PairedRows:
    return PairedRows(
        rows.values,
        rows.levers,
        rows.units * 2,
        np.tile(rows.start, (2, 1)),
        np.tile(rows.doses, (2, 1)),
        np.tile(rows.reached, (2, 1)),
    )


def test_retest_error_is_found_again() -> None:
    truth = simulate(0, units=80)
    rows = repeated(truth.rows)
    fresh = truth.reached(rows.start, rows.doses) + 0.05 * np.random.default_rng(5).normal(size=rows.start.shape)
    found = retest_noise(replace(rows, reached=fresh))
    for value in rows.values:
        assert found.variance[value] == pytest.approx(0.05**2, rel=0.15)


def test_retest_error_counts_wordings_of_a_lever_as_repeats() -> None:
    rows = repeated(simulate(0).rows)
    half = len(rows) // 2
    doses = np.zeros((len(rows), 8))
    doses[:half, :4], doses[half:, 4:] = rows.doses[:half], rows.doses[half:]
    levers = tuple(f"{lever}~w{w}" for w in (0, 1) for lever in rows.levers)
    reached = np.array(rows.reached)
    reached[half:] += 0.2
    found = retest_noise(replace(rows, levers=levers, doses=doses, reached=reached))
    assert list(found.variance.values()) == pytest.approx([0.02] * 4)


def test_the_ceiling_is_the_r2_of_the_truth() -> None:
    for seed in range(3):
        truth = simulate(seed, units=100, noise=0.3)
        rows = truth.rows
        best = micro_r2(rows.change, truth.reached(rows.start, rows.doses) - rows.start)
        ceiling = noise_ceiling(rows.change, rows.cells, rows.values, Noise(dict.fromkeys(rows.values, 0.09)))
        assert ceiling.micro == pytest.approx(best, abs=0.02)
        assert ceiling.effects > ceiling.micro


def test_without_error_the_ceiling_is_one_and_with_much_it_is_zero() -> None:
    rows = simulate().rows
    for variance, top in ((0.0, 1.0), (100.0, 0.0)):
        ceiling = noise_ceiling(rows.change, rows.cells, rows.values, Noise(dict.fromkeys(rows.values, variance)))
        assert ceiling.micro == ceiling.macro == top


def items_of(seed: int, own_error: float, trait: float) -> tuple[ResponseMatrix, float]:
    """Items of one value: the unit's level, a stable part of each unit's item, and error of each answer."""
    random = np.random.default_rng(seed)
    units, levers = 150, 3
    level = random.normal(size=(units, 1))
    habit = trait * random.normal(size=(units, ITEMS))
    rows, doses, who = [], [], []
    for cell in range(levers + 1):
        push = 0.5 * cell + random.normal(size=ITEMS) * 0.5
        rows.append(0.8 * level + habit + push + own_error * random.normal(size=(units, ITEMS)))
        doses.append(np.tile([float(cell == i + 1) for i in range(levers)], (units, 1)))
        who += [f"u{i}" for i in range(units)]
    scores = np.vstack(rows)
    matrix = ResponseMatrix(
        names=tuple(f"i{i}" for i in range(ITEMS)),
        scores=scores,
        unit_ids=tuple(str(i) for i in range(len(scores))),
        labels={"persona": tuple(who)},
        cluster_by="persona",
        levers=("a", "b", "c"),
        doses=np.vstack(doses),
    )
    return matrix, own_error**2 / ITEMS


def test_item_halves_find_the_error_that_the_start_does_not_tell() -> None:
    demo = cv.scoring_key("smollm2-demo")
    matrix, error = items_of(1, own_error=0.6, trait=0.0)
    whole = as_demo(matrix, demo)
    assert item_noise(whole, demo).variance["power"] == pytest.approx(error, rel=0.2)
    matrix, error = items_of(1, own_error=0.2, trait=1.0)
    stable = item_noise(as_demo(matrix, demo), demo).variance["power"]
    # what stays in an item of a unit is known from the start, but for the error of the start
    assert error < stable < 3 * error


def as_demo(matrix: ResponseMatrix, demo: cv.ScoringKey) -> ResponseMatrix:
    """The six items as each of the ten values' items."""
    names = [item for dimension in demo.dimensions for item in demo.items_of(dimension)]
    return replace(matrix, names=tuple(names), scores=np.tile(matrix.scores, (1, len(demo.dimensions))), status=None)


def test_halves_of_the_demo_answers_leave_room_above_all_predictors() -> None:
    noise = item_noise(cv.demo_responses("answers"), cv.scoring_key("smollm2-demo"), splits=3)
    rows = paired_rows(cv.score(cv.demo_responses("answers"), cv.scoring_key("smollm2-demo")))
    pairs = rows.on(rows.used == 2)
    ceiling = noise_ceiling(pairs.change, pairs.cells, pairs.values, noise)
    assert 0.86 < ceiling.micro < 0.92


def test_questions_that_share_nothing_have_no_signal_and_equal_ones_all() -> None:
    rows = simulate(0, units=60).rows
    same = question_agreement(rows, rows)
    assert (same.correlation, same.within, same.signal) == pytest.approx((1, 1, 1))
    random = np.random.default_rng(0)
    noise = replace(rows, reached=rows.start + random.normal(size=rows.start.shape))
    other = replace(rows, reached=rows.start + random.normal(size=rows.start.shape))
    assert abs(question_agreement(noise, other).signal) < 0.7


def test_the_signal_is_the_share_of_the_variance_that_is_true() -> None:
    random = np.random.default_rng(1)
    values, levers = tuple(f"v{i}" for i in range(30)), tuple(f"l{i}" for i in range(40))
    true = random.normal(size=(40, 30))

    def rows(error: float) -> PairedRows:
        reached = true + error * random.normal(size=true.shape)
        return PairedRows(values, levers, tuple("u" * 40), np.zeros((40, 30)), np.eye(40), reached)

    found = question_agreement(rows(0.5), rows(1.0))
    assert found.signal == pytest.approx(1 / 2, abs=0.06)
    assert found.within == pytest.approx(1 / np.sqrt(1.25 * 2), abs=0.05)


@pytest.mark.shared
@pytest.mark.parametrize(("model", "r"), [("gemma2b", 0.27), ("llama3_8b", 0.51)])
def test_effects_on_train_and_test_questions_correlate_as_published(shared_data: Path, model: str, r: float) -> None:
    parts = [steered(shared_data / "value_causal_graph_llm", model, part) for part in ("train", "test")]
    found = question_agreement(*parts)
    assert found.effects == 24 * 17
    assert found.correlation == pytest.approx(r, abs=0.005)
    assert found.signal < 0.55
    assert set(most_moved(parts[0])) == set(parts[0].levers)


def steered(folder: Path, model: str, part: str) -> PairedRows:
    table = pd.read_csv(folder / f"{model}_17dims_{part}_steer25.csv.gz")
    values = [name for name in table if ":" not in name and name not in ("steer_dim", "player_name", "stds", "scstds")]
    feature = table["steer_dim"].fillna(-1).astype(int)
    features = sorted(set(feature) - {-1})
    matrix = ResponseMatrix(
        names=tuple(values),
        scores=table[values].to_numpy(dtype=float),
        unit_ids=tuple(str(i) for i in range(len(table))),
        labels={"player": tuple(table["player_name"].fillna("no persona"))},
        cluster_by="player",
        levers=tuple(f"feature {each}" for each in features),
        doses=np.column_stack([(feature == each).astype(float) for each in features]),
    )
    return paired_rows(matrix)


def test_too_few_repeats_are_refused_in_clear_words() -> None:
    with pytest.raises(ModelError, match=r"0 rows repeat another one.*item_noise"):
        retest_noise(simulate().rows)


def test_bad_input_is_named() -> None:
    rows = simulate().rows
    with pytest.raises(ModelError, match="'v3' is not given"):
        noise_ceiling(rows.change, rows.cells, rows.values, Noise({"v0": 1.0, "v1": 1.0, "v2": 1.0}))
    with pytest.raises(ModelError, match="differ in values or levers"):
        question_agreement(rows, replace(rows, levers=("a", "b", "c", "d")))
    with pytest.raises(CausalValuesError, match="splits"):
        item_noise(cv.demo_responses("answers"), cv.scoring_key("smollm2-demo"), splits=0)
