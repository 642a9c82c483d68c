"""Forced answers as levers: rows, the fitted response, and how ways of forcing compare."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from experimental_helpers import Respondents, asked, dag_effects

from causalvalues.errors import ModelError
from causalvalues.prediction import PairedRows
from causalvalues.skill.experimental_effects import experimental_effects
from causalvalues.skill.forced_answers import ForcedAnswers, forced_answers
from causalvalues.skill.forced_model import ForcedSettings, forced_response, way_slope
from causalvalues.skill.forced_rows import forced_rows, joined


def _answers(truth: Respondents, seed: int = 0) -> ForcedAnswers:
    return forced_answers(asked(truth, seed), truth.key)


def test_forced_statements_become_doses_of_levers() -> None:
    answers = ForcedAnswers(
        ("a", "b"),
        ("u", "u", "w"),
        (("a", "a"), ("a", "b"), ("b",)),
        (("agrees", "agrees"), ("agrees", "rejects"), ("rejects",)),
        (("a1", "a2"), ("a1", "b1"), ("b2",)),
        np.array([[1.0, 2.0], [1.0, 2.0], [3.0, 4.0]]),
        np.array([[0.1, 0.2], [0.3, np.nan], [0.5, 0.6]]),
    )
    apart, same, negative = (forced_rows(answers, how) for how in ("apart", "same", "negative"))  # type: ignore[arg-type]
    assert apart.levers == ("say_a", "say_b~rejects")
    np.testing.assert_array_equal(apart.doses, [[2, 0], [1, 1], [0, 1]])
    np.testing.assert_array_equal(same.doses, [[2, 0], [1, 1], [0, 1]])
    np.testing.assert_array_equal(negative.doses, [[2, 0], [1, -1], [0, -1]])
    np.testing.assert_allclose(apart.reached - apart.start, answers.change)
    sentences = forced_rows(answers, by_statement=True)
    assert sentences.levers == ("say_a~a1", "say_a~a2", "say_b~rejects b1", "say_b~rejects b2")
    with pytest.raises(ModelError, match="Choose 'apart'"):
        forced_rows(answers, "both")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="not named"):
        forced_rows(replace(answers, statements=(("", ""), ("", ""), ("",))), by_statement=True)


def test_statements_that_cancel_leave_no_row() -> None:
    answers = ForcedAnswers(
        ("a",), ("u", "u"), (("a", "a"), ("a",)), (("agrees", "rejects"), ("agrees",)), (("x", "y"), ("x",)),
        np.zeros((2, 1)), np.ones((2, 1)),
    )  # fmt: skip
    assert len(forced_rows(answers, "negative")) == 1


def test_joined_rows_keep_changes_and_start_at_the_level_of_the_prompts() -> None:
    answers = _answers(Respondents(dag_effects(3, 0), units=5, noise=0.2))
    forced = forced_rows(answers)
    starts = np.arange(15.0).reshape(5, 3)
    prompts = PairedRows(
        ("v2", "v0", "v1"), ("do_v0",), tuple(f"u0{i}" for i in range(5)), starts, np.ones((5, 1)), starts + 1
    )
    both = joined(prompts, forced)
    assert both.values == prompts.values
    assert both.levers == ("do_v0", *forced.levers)
    assert len(both) == 5 + len(forced)
    np.testing.assert_allclose(both.change[5:], forced.change[:, [2, 0, 1]], atol=1e-12)
    np.testing.assert_allclose(both.start[5:].mean(axis=0), starts.mean(axis=0))
    np.testing.assert_array_equal(both.doses[5:, 0], 0)
    with pytest.raises(ModelError, match="'v1'"):
        joined(PairedRows(("v2", "v0"), ("x",), ("u",), np.zeros((1, 2)), np.ones((1, 1)), np.ones((1, 2))), forced)
    with pytest.raises(ModelError, match="in both designs"):
        joined(forced, forced)


@pytest.mark.parametrize("rejected", [-1.0, 0.5, 1.0])
def test_the_slope_of_rejecting_on_agreeing_is_recovered(rejected: float) -> None:
    truth = Respondents(dag_effects(4, 1), units=20, noise=0.3, rejected=rejected)
    found = [
        way_slope(experimental_effects(asked(truth, seed), truth.key), "rejects", "agrees", seed, 100)
        for seed in range(30)
    ]
    assert np.mean([each.mean for each in found]) == pytest.approx(rejected, abs=0.05)
    assert np.mean([each.lower <= rejected <= each.upper for each in found]) > 0.7


def test_a_way_of_forcing_is_itself_times_one() -> None:
    truth = Respondents(dag_effects(4, 1), units=12, noise=0.4)
    assert way_slope(experimental_effects(asked(truth, 0), truth.key), "agrees", "agrees").mean == pytest.approx(1.0)


def test_noise_cannot_be_compared_with() -> None:
    truth = Respondents(np.zeros((4, 4)), units=6, noise=1.0, rejected=1.0)
    matrices = [experimental_effects(asked(truth, seed), truth.key) for seed in range(20)]
    with pytest.raises(ModelError, match="no larger than their errors"):
        [way_slope(matrix, "rejects", "agrees", resamples=10) for matrix in matrices]


def test_left_out_units_and_pairs_of_additive_effects_are_foreseen() -> None:
    truth = Respondents(dag_effects(3, 2), units=14, noise=0.02, pairs=4)
    found = forced_response(_answers(truth), ForcedSettings(by_statement=False))
    for what in ("units", "pairs"):
        assert found.table.loc[(what, "mechanism"), "r2"] > 0.9
    assert found.rejects == "same"
    assert len(found.codings) == 1
    start = np.zeros((1, 3))
    told = found.response.predict(start, np.array([[1.0, 0.0, 0.0]])).mean - start
    np.testing.assert_allclose(told[0], truth.effects[0], atol=0.15)


def test_rejections_that_do_the_opposite_are_coded_as_negative_doses() -> None:
    truth = Respondents(dag_effects(3, 3), units=14, noise=0.3, rejected=-1.0, pairs=3)
    found = forced_response(_answers(truth), ForcedSettings(by_statement=False))
    assert found.rejects == "negative"
    assert any("negative doses" in line for line in found.verdict)
    assert found.codings.loc["negative", "lead_lower"] > 0


def test_statements_of_their_own_foresee_better_where_sentences_differ() -> None:
    truth = Respondents(dag_effects(3, 4), units=30, noise=0.05, sentence=0.5, pairs=3)
    answers = _answers(truth)
    one, many = (forced_response(answers, ForcedSettings(by_statement=each)) for each in (False, True))
    assert many.table.loc[("units", "mechanism"), "r2"] > one.table.loc[("units", "mechanism"), "r2"] + 0.1
    assert forced_response(answers).response.levers == many.response.levers


def test_forced_answers_stand_beside_prompts_in_plans() -> None:
    from causalvalues.interventions import Lever
    from causalvalues.planning import Enumerate, Target, plan
    from causalvalues.prediction import Mechanism

    truth = Respondents(np.diag([1.0, 1.0, 1.0]), units=12, noise=0.05)
    forced = forced_rows(_answers(truth))
    rng = np.random.default_rng(0)
    starts = rng.normal(0, 0.3, (12, 3))
    weak = starts + np.array([0.2, 0.0, 0.0]) + rng.normal(0, 0.05, (12, 3))
    prompts = PairedRows(truth.names, ("do_v0",), tuple(f"u{i:02d}" for i in range(12)), starts, np.ones((12, 1)), weak)
    both = joined(prompts, forced)
    response = Mechanism(interactions=False, moderated=False, draws=20).fit(both, 0)
    levers = [Lever(name) for name in both.levers]
    found = plan(
        response, dict.fromkeys(truth.names, 0.0), Target({"v0": 1.0, "v1": 0.0, "v2": 0.0}), levers, Enumerate()
    )
    assert set(found.doses) == {"say_v0"}
