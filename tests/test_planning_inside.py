"""Plans that mix prompts and levers inside the model, under one budget and within guardrails, on real answers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from causalvalues import Enumerate, Lever, LeverResponse, Mechanism, PairedRows, Target, paired_rows, plan
from causalvalues.responses import demo_responses, score
from causalvalues.theories import scoring_key

TWO = Enumerate(max_levers=2, budget=2.0)


@pytest.fixture(scope="module")
def rows() -> PairedRows:
    return paired_rows(score(demo_responses("steered"), scoring_key("smollm2-steered"), guardrails=True))


@pytest.fixture(scope="module")
def response(rows: PairedRows) -> LeverResponse:
    return Mechanism().fit(rows, 0)


def offered(rows: PairedRows, kind: str) -> list[Lever]:
    return [Lever(name, doses=(0.5, 1.0) if kind == "vec" else (1.0,)) for name in rows.levers if name.startswith(kind)]


def test_a_mixed_plan_reaches_what_neither_kind_reaches_alone(rows: PairedRows, response: LeverResponse) -> None:
    start = dict(zip(rows.values, rows.start[0].tolist(), strict=True))
    limits = {"fluency": (start["fluency"] - 0.1, math.inf), "capability": (start["capability"] - 0.3, math.inf)}
    target = Target(raise_by={"tradition": 0.1, "self_direction": 0.1}, bounds=limits, keep_within=0.2)
    prompts, inside = offered(rows, "do"), offered(rows, "vec")
    found = {
        name: plan(response, start, target, levers, method=TWO)
        for name, levers in (("both", prompts + inside), ("prompts", prompts), ("inside", inside))
    }
    assert found["both"].status.name == "OPTIMAL"
    assert {name.partition("_")[0] for name in found["both"].doses} == {"do", "vec"}
    assert all(found[kind].status.name == "INFEASIBLE" for kind in ("prompts", "inside"))
    told = found["both"].predicted["mean"]
    assert told["fluency"] >= limits["fluency"][0]
    assert told["capability"] >= limits["capability"][0]
    moved = np.abs(told - found["both"].predicted["start"]).drop(["tradition", "self_direction", *limits])
    assert (moved <= 0.2 + 1e-9).all()


def test_a_guardrail_changes_what_is_chosen(rows: PairedRows, response: LeverResponse) -> None:
    start = dict(zip(rows.values, rows.start[0].tolist(), strict=True))
    wanted = {"hedonism": start["hedonism"] + 0.3, "stimulation": start["stimulation"] + 0.2}
    floor = start["fluency"] - 0.05
    inside = offered(rows, "vec")
    free = plan(response, start, Target(profile=wanted), inside, method=TWO)
    kept = plan(response, start, Target(profile=wanted, bounds={"fluency": (floor, math.inf)}), inside, method=TWO)
    assert float(free.predicted["mean"]["fluency"]) < floor
    assert float(kept.predicted["mean"]["fluency"]) >= floor
    assert kept.objective > free.objective
