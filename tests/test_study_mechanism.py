"""Plans of a study are made with the mechanism of the levers where units answered both with and without them."""

from __future__ import annotations

import numpy as np
import pytest

from causalvalues.errors import StudyError
from causalvalues.interventions import Lever
from causalvalues.model import StructuralModel
from causalvalues.responses import ResponseMatrix
from causalvalues.study.halving import PlanModels
from causalvalues.study.mechanism_models import LEAST_UNITS, mechanism_models
from causalvalues.study.plan_settings import PlanSettings
from causalvalues.study.questions import mechanism_for


def answers(units: int, lone: bool = False) -> ResponseMatrix:
    """Two values, two levers that share their effect; with `lone`, one unit alone has both levers together."""
    random = np.random.default_rng(1)
    rows, doses, names = [], [], []
    for unit in range(units):
        own = random.normal(0, 1, 2)
        for a, b in ((0, 0), (1, 0), (0, 1), (1, 1)):
            if lone and unit and a and b:
                continue
            rows.append(own * (1 - 0.2 * (a + b)) + np.array([a, b]) * (2 / (1 + 0.5 * (a + b - 1) * (a + b > 0))))
            doses.append((a, b))
            names.append(f"u{unit:02d}")
    labels = {"who": tuple(names)}
    ids = [f"r{i}" for i in range(len(rows))]
    return ResponseMatrix(
        ["x", "y"], np.array(rows) + random.normal(0, 0.05, (len(rows), 2)), ids,
        labels=labels, cluster_by="who", levers=["a", "b"], doses=np.array(doses, dtype=float),
    )  # fmt: skip


GRAPH = StructuralModel.from_coefficients(["x", "y", "a", "b"], np.zeros((4, 4)), levers=["a", "b"])


def test_enough_paired_units_give_a_mechanism_with_two_halves() -> None:
    found = mechanism_models(answers(LEAST_UNITS + 10), 0)
    assert found is not None
    assert found.halves is not None
    assert found.units == LEAST_UNITS + 10
    told = found.whole.predict(np.zeros((1, 2)), np.array([[1.0, 1.0]])).mean[0]
    assert told == pytest.approx([4 / 3, 4 / 3], abs=0.1), "levers that act together share their effect"
    one, other = (half.predict(np.zeros((1, 2)), np.array([[1.0, 0.0]])).mean[0, 0] for half in found.halves)
    assert one != other


def test_too_few_units_or_no_levers_give_none_and_a_lone_lever_set_gives_no_halves() -> None:
    assert mechanism_models(answers(LEAST_UNITS - 1), 0) is None
    assert mechanism_models(ResponseMatrix(["x"], np.zeros((30, 1)), [str(i) for i in range(30)]), 0) is None
    found = mechanism_models(answers(LEAST_UNITS, lone=True), 0)
    assert found is not None
    assert found.halves is None


@pytest.mark.parametrize(
    ("by", "start", "lever", "mechanism"),
    [
        ("auto", "typical", "a", True),
        ("auto", "population", "a", False),
        ("auto", "typical", "x", False),
        ("mechanism", "population", "a", True),
        ("graph", "typical", "a", False),
    ],
)
def test_auto_takes_the_mechanism_for_one_unit_and_levers_only(
    by: str, start: str, lever: str, mechanism: bool
) -> None:
    models = PlanModels(GRAPH, None, "", mechanism_models(answers(LEAST_UNITS), 0))
    asked = PlanSettings.model_validate({"by": by, "start": start, "profile": {"x": 1.0}})
    assert (mechanism_for(asked, models, [Lever(lever)]) is not None) is mechanism


def test_a_mechanism_that_cannot_be_had_is_refused_with_the_reason() -> None:
    asked = PlanSettings.model_validate({"by": "mechanism", "title": "T", "profile": {"x": 1.0}})
    with pytest.raises(StudyError, match="too few units"):
        mechanism_for(asked, PlanModels(GRAPH, None), [Lever("a")])
    models = PlanModels(GRAPH, None, "", mechanism_models(answers(LEAST_UNITS), 0))
    with pytest.raises(StudyError, match="push of 'x'"):
        mechanism_for(asked, models, [Lever("x")])
