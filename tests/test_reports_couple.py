"""The report ``couple``: priorities, abduction, intervention, prediction, and the JSON for a language model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from report_helpers import given_of, small_answers, small_settings

from causalvalues.errors import StudyError
from causalvalues.interventions import Set
from causalvalues.model import StructuralModel, counterfactual
from causalvalues.reports import Given
from causalvalues.reports.couple import Couple, couple, report
from causalvalues.reports.couple_blocks import couple_blocks
from causalvalues.reports.couple_priorities import priorities_of, priority_error
from causalvalues.reports.couple_relations import conflicts, relations
from causalvalues.reports.couple_units import BY_NAME, PLANNED, RAW
from causalvalues.reports.settings import CoupleSettings

ASKED: dict[str, Any] = {"target": {"benevolence": 5, "security": 4, "power": 3}, "most_units": 3, "tolerance": 1.0}
PRIORITIES = st.dictionaries(st.sampled_from("abcdef"), st.floats(1, 5), min_size=2)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_answers(tmp_path_factory.mktemp("couple"))


@pytest.fixture(scope="module")
def study(answers: Path) -> Given:
    return given_of("couple", small_settings(answers, couple=ASKED))


@pytest.fixture(scope="module")
def found(study: Given) -> Couple:
    return couple(study)


def asking(study: Given, **asked: Any) -> Given:
    """The same study, read and learned once, with other options."""
    other = Given(study.settings, study.folder, CoupleSettings(**asked))
    other.__dict__.update({name: getattr(study, name) for name in ("answers", "results")})
    return other


# ---------------------------------------------------------------- errors


@settings(deadline=None)
@given(PRIORITIES)
def test_what_is_reached_exactly_has_no_error(wanted: dict[str, float]) -> None:
    error = priority_error(wanted, wanted)
    assert (error.total, error.mean) == (0, 0)
    assert np.isnan(error.rank) or error.rank == pytest.approx(1)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=2, max_size=12))
def test_sum_mean_and_rank_correlation_equal_scipy(pairs: list[tuple[int, int]]) -> None:
    wanted = {f"v{i}": float(pair[0]) for i, pair in enumerate(pairs)}
    reached = {f"v{i}": float(pair[1]) for i, pair in enumerate(pairs)} | {"free": 9.0}
    error = priority_error(wanted, reached)
    assert error.total == pytest.approx(sum(abs(a - b) for a, b in pairs))
    assert error.mean == pytest.approx(error.total / len(pairs))
    x, y = zip(*pairs, strict=True)
    if len(set(x)) > 1 and len(set(y)) > 1:
        assert error.rank == pytest.approx(float(scipy.stats.spearmanr(x, y).statistic))
    else:
        assert np.isnan(error.rank)


# ---------------------------------------------------------------- relations


def test_relations_are_the_signs_of_total_effects_in_the_draws() -> None:
    draws = np.zeros((4, 3, 3))
    draws[:, 0, 1] = [2, 1, 1, 0]  # a -> b in three draws, b -> a in one
    draws[3, 1, 0] = 1
    draws[:2, 1, 2] = -1  # b -| c in half of the draws
    model = StructuralModel(
        values=("a", "b", "c"),
        coefficients=draws,
        intercepts=np.zeros((4, 3)),
        residual_scales=np.ones((4, 3)),
        weights=np.array([0.4, 0.3, 0.2, 0.1]),
        kind="posterior",
    )
    table = relations(model, 0.7).set_index(["first", "second"])
    assert table.loc[("a", "b"), "relation"] == "consistent"
    assert table.loc[("a", "b"), "consistent"] == pytest.approx(1.0)
    assert table.loc[("a", "b"), "forward"] == pytest.approx(0.4 * 2 + 0.3 + 0.2)
    assert table.loc[("a", "b"), "backward"] == pytest.approx(0.1)
    assert table.loc[("b", "c"), "relation"] == "opposing"
    assert table.loc[("a", "c"), "opposing"] == pytest.approx(0.7)
    assert relations(model, 0.75).set_index(["first", "second"]).loc[("b", "c"), "relation"] == "undecided"
    wanted = {"a": 1.0, "b": -1.0, "c": -0.6}
    assert conflicts(relations(model, 0.7), wanted) == [
        "a and b are asked to move apart, and the graph has them as consistent.",
        "b and c are asked to move together, and the graph has them as opposing.",
    ]
    assert conflicts(relations(model, 0.7), {"a": 0.4, "b": -1.0}) == []


# ---------------------------------------------------------------- on the demo answers


def test_residuals_are_what_the_equations_do_not_explain(found: Couple) -> None:
    model = found.way.model
    for each in found.journeys:
        x = each.scores[list(model.values)].to_numpy(dtype=float)
        p = len(x)
        left = [
            x - model.intercepts[draw, :p] - x @ model.coefficients[draw, :p, :p] for draw in range(len(model.weights))
        ]
        np.testing.assert_allclose(each.residuals["mean"], np.average(left, axis=0, weights=model.weights), atol=1e-9)


def test_named_values_are_held_and_others_follow_with_the_residuals_kept(found: Couple) -> None:
    each, model = found.journeys[0], found.way.model
    wanted = found.way.target.profile
    for name, score in wanted.items():
        assert tuple(each.held.loc[name]) == pytest.approx((score, score, score))
    again = counterfactual(model, each.scores.to_frame().T, [Set(name, score) for name, score in wanted.items()])
    np.testing.assert_allclose(each.held["mean"], again.mean().iloc[0][each.held.index], atol=1e-12)
    free = [name for name in model.values if name not in wanted]
    assert (each.held.loc[free, "mean"] - each.scores[free]).abs().max() > 1e-3


def test_priorities_are_places_among_rows_without_lever(study: Given, found: Couple) -> None:
    matrix = study.answers.matrix
    plain = matrix.scores[~(matrix.doses != 0).any(axis=1)]
    mean, sd = plain.mean(axis=0), plain.std(axis=0)
    for j, name in enumerate(matrix.names):
        assert priorities_of(found.way.scale, {name: mean[j] + 1.3 * sd[j]})[name] == pytest.approx(4.3)
        assert priorities_of(found.way.scale, {name: mean[j] + 9 * sd[j]})[name] == 5
    assert found.typical.observed == pytest.approx(dict.fromkeys(found.typical.observed, 3.0), abs=1e-6)


def test_a_plan_is_predicted_nearer_than_the_levers_named_after_the_wanted_values(found: Couple) -> None:
    planned = found.average(PLANNED, lambda error: error.total)
    assert planned < found.average(BY_NAME, lambda error: error.total)
    assert planned < found.average(RAW, lambda error: error.total)
    for each in found.journeys:
        assert each.errors[RAW] == priority_error(ASKED["target"], each.observed)
        if each.plan is not None:
            ends = each.plan.predicted["mean"]
            again = priority_error(ASKED["target"], priorities_of(found.way.scale, ends))
            assert each.errors[PLANNED].total == pytest.approx(again.total, abs=1e-6)


def test_what_units_answered_is_found_in_their_rows(study: Given, found: Couple) -> None:
    matrix = study.answers.matrix
    frame = matrix.frame().assign(persona=matrix.labels["persona_id"])
    seen = 0
    for each in found.journeys:
        for way, error in each.answered.items():
            doses = [each.doses[way].get(lever, 0.0) for lever in matrix.levers]
            rows = frame[(frame["persona"] == each.unit) & (matrix.doses == doses).all(axis=1)]
            reached = rows[list(matrix.names)].mean()
            assert error == priority_error(ASKED["target"], priorities_of(found.way.scale, reached))
            seen += 1
    assert all(RAW not in each.answered for each in found.journeys)
    assert seen <= 2 * len(found.journeys)


def test_records_follow_their_schema_and_say_what_to_do(study: Given) -> None:
    made = report(asking(study, **ASKED | {"units": ["p001"], "theta": 0.5}))
    held, schema = (json.loads(made.files[name]) for name in ("couple_records.json", "couple_schema.json"))
    _check(held, schema)
    record = held["records"][0]
    assert record["unit"] == "p001"
    assert record["question"] is None
    delta = record["delta"]["values"]
    assert record["delta"]["sum"] == pytest.approx(sum(abs(change) for change in delta.values()))
    told = record["instruction"]
    assert set(told["raise"]) == {name for name, change in delta.items() if change >= 0.5}
    assert set(told["lower"]) == {name for name, change in delta.items() if change <= -0.5}
    assert {*told["raise"], *told["lower"], *told["keep"], *told["free"]} == set(record["observed"])
    assert told["by"] == [lever["name"] for lever in record["plan"]["levers"]]
    assert all(lever["text"] for lever in record["plan"]["levers"])
    held["records"][0]["extra"] = 1
    with pytest.raises(AssertionError):
        _check(held, schema)


def _check(held: Any, schema: dict[str, Any]) -> None:
    """A small JSON Schema validator: what our schema uses."""
    if "anyOf" in schema:
        fits = [part for part in schema["anyOf"] if (part.get("type") == "null") == (held is None)]
        assert fits
        _check(held, fits[0])
        return
    if "const" in schema or "enum" in schema:
        assert held in schema.get("enum", [schema.get("const")])
        return
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float), "null": type(None)}
    named = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert any(isinstance(held, kinds[name]) for name in named), (held, schema)
    if isinstance(held, dict):
        assert set(schema.get("required", [])) <= set(held)
        for name, part in held.items():
            rule = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            assert rule is not False, name
            _check(part, rule)
    if isinstance(held, list):
        for part in held:
            _check(part, schema["items"])


def test_a_unit_that_is_near_enough_is_left_as_it_is(study: Given, found: Couple) -> None:
    near = {name: round(priority, 6) for name, priority in found.journeys[0].observed.items()}
    same = couple(asking(study, target=near, most_units=1, theta=0.01))
    assert same.journeys[0].plan is None
    assert same.journeys[0].errors[PLANNED] == same.journeys[0].errors[RAW]
    assert same.journeys[0].apart < 0.01


def test_a_target_out_of_reach_is_a_conflict_in_the_first_lines(study: Given) -> None:
    target = {"power": 1.0, "security": 5.0, "achievement": 1.0}
    made = report(asking(study, target=target, most_units=2, max_levers=1))
    lead = dict(made.blocks[1].items)  # type: ignore[union-attr]
    assert "the target is out of reach" in lead["Conflict."]


def test_the_page_says_that_salience_is_no_endorsement(study: Given, found: Couple) -> None:
    made = couple_blocks(study, found)
    text = repr(made.blocks)
    assert "not which it endorses" in text
    assert "Do it again" in text
    assert set(made.scenes) == {"errors", "typical"}
    assert made.scenes["errors"].rows[0][0] == found.journeys[0].unit


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"target": {}}, "is empty. Give priorities"),
        ({"target": {"powr": 3}}, "names 'powr', which is not a value of these answers. Did you mean 'power'"),
        ({"target": {"power": 6}}, "gives 'power' the priority 6. Priorities run from 1 to 5"),
        ({"target": {"power": 3}, "levers": ["do_powr"]}, "names 'do_powr', which is not a lever.*'do_power'"),
        ({"target": {"power": 3}, "units": ["p999"]}, "p999"),
        ({"target": {"power": 3}, "where": "person"}, "There is no label 'person'"),
    ],
)
def test_targets_levers_and_units_that_do_not_exist_are_named(study: Given, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(StudyError, match=said):
        couple(asking(study, **asked))
