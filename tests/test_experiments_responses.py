"""A mechanism of levers fitted on real answers says what to ask next."""

from __future__ import annotations

import numpy as np
import pytest

from causalvalues.experiments import (
    AboutAnswers,
    AboutEffect,
    AboutModel,
    AboutTarget,
    LinearBayes,
    design_next,
    lever_settings,
)
from causalvalues.interventions import Lever
from causalvalues.planning import Target
from causalvalues.prediction import PairedRows, paired_rows
from causalvalues.prediction.lever_response import LeverResponse
from causalvalues.prediction.mechanism import Mechanism
from causalvalues.responses import demo_responses, score
from causalvalues.theories import scoring_key


@pytest.fixture(scope="module")
def rows() -> PairedRows:
    every = paired_rows(score(demo_responses("answers"), scoring_key("smollm2-demo")))
    return every.on(np.arange(200))


@pytest.fixture(scope="module")
def response(rows: PairedRows) -> LeverResponse:
    return Mechanism(draws=400).fit(rows, 0)


@pytest.fixture(scope="module")
def starts(rows: PairedRows) -> dict[str, dict[str, float]]:
    return {unit: dict(zip(rows.values, rows.start[i].tolist(), strict=True)) for i, unit in enumerate(rows.units[:30])}


def test_the_lever_in_question_is_asked_for_its_own_effect(
    response: LeverResponse, starts: dict[str, dict[str, float]]
) -> None:
    candidates = lever_settings([Lever(name) for name in response.levers], starts)
    lever = response.levers[3]
    design = design_next(response, candidates, AboutEffect(lever, response.values[0]))
    assert design.chosen[0].startswith(f"{lever} @ ")
    assert 0 < design.gain < design.before


def test_every_goal_but_edges_can_be_asked_of_it(response: LeverResponse, starts: dict[str, dict[str, float]]) -> None:
    levers = tuple(Lever(name) for name in response.levers)
    candidates = lever_settings(levers, dict(list(starts.items())[:2]), together=2)
    start = next(iter(starts.values()))
    target = Target({name: score + 0.1 for name, score in start.items()})
    for goal in (AboutModel(), AboutTarget(target, start, levers), AboutAnswers(candidates[:5])):
        design = design_next(response, candidates, goal, LinearBayes(batch=2))
        assert len(design.chosen) == 2
        assert design.gain > 0
