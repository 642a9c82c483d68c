"""The mechanism on answers of a real model: at least as good as scale and start, with intervals that hold."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import causalvalues as cv
from causalvalues.prediction import (
    LeverResponse,
    Mechanism,
    PairedRows,
    ScaleAndStart,
    interval_report,
    macro_r2,
    micro_r2,
    need_test,
    paired_rows,
    r2_difference,
)
from causalvalues.prediction.left_out import left_out
from causalvalues.prediction.needs import FEATURES


@cache
def demo_rows(which: str, wordings: str) -> PairedRows:
    return paired_rows(cv.score(cv.demo_responses(which), cv.scoring_key("smollm2-demo")), wordings)


@cache
def fitted() -> LeverResponse:
    return Mechanism(draws=60).fit(demo_rows("answers", "wording"), 1)


def test_by_left_out_persona_it_beats_scale_and_start() -> None:
    rows = demo_rows("answers", "wording")
    one, two = (left_out(p, rows, "persona", 1, folds=3) for p in (Mechanism(draws=40), ScaleAndStart()))
    for measure in ("micro", "macro"):
        told = r2_difference(one, two, measure, 1)  # type: ignore[arg-type]
        assert told.verdict == "better"
        assert told.values[0] > 0.87
    found = interval_report(one)
    assert 0.86 < found.coverage < 0.94
    assert 0.8 < found.by_value.min() <= found.by_value.max() < 0.97
    assert found.score < found.constant_by_value < found.constant


def test_new_personas_under_new_pairs_are_predicted_better() -> None:
    rows, held = demo_rows("answers", "wording"), demo_rows("held_out", "wording")
    assert rows.levers == held.levers
    both = held.used == 2
    told = fitted().predict(held.start, held.doses)
    simple = ScaleAndStart().fit(rows, 1).predict(held.start, held.doses)
    change = held.change[both]
    for measure, least in ((micro_r2, 0.86), (macro_r2, 0.85)):
        reached = measure(change, (told.mean - held.start)[both])
        assert reached > least
        assert reached > measure(change, (simple.mean - held.start)[both]) + 0.01
    inside = (told.lower <= held.reached) & (held.reached <= told.upper)
    assert 0.86 < inside.mean() < 0.94
    assert inside.mean(axis=0).min() > 0.8


def test_answers_of_a_persona_under_single_levers_sharpen_its_pairs() -> None:
    held = demo_rows("held_out", "wording")
    units, before, after = np.array(held.units), [], []
    for unit in sorted(set(held.units))[:20]:
        asked, new = (np.flatnonzero((units == unit) & (held.used == n)) for n in (1, 2))
        known = fitted().updated(held.start[asked[0]], held.doses[asked], held.reached[asked])
        before.append(np.abs(fitted().mean_profiles(held.start[new], held.doses[new]) - held.reached[new]).mean())
        after.append(np.abs(known.mean_profiles(held.start[new], held.doses[new]) - held.reached[new]).mean())
    assert np.mean(after) < 0.9 * np.mean(before)


def test_the_answers_need_every_part_of_the_mechanism() -> None:
    for feature in FEATURES:
        assert need_test(demo_rows("answers", ""), feature, 1, draws=99) == 0.01


@pytest.fixture(scope="module")
def shared_rows(shared_data: Path) -> PairedRows:
    table = pd.read_csv(shared_data / "smollm2_values" / "responses.csv.gz", keep_default_na=False)
    values = tuple(sorted({name.rsplit("_", 1)[0] for name in table.columns[2:]}))
    scores = np.column_stack([table[[f"{v}_{i}" for i in range(1, 5)]].mean(axis=1) for v in values])
    levers = tuple(sorted({name for said in table["levers"] for name in said.split("+") if name}))
    doses = np.array([[float(name in said.split("+")) for name in levers] for said in table["levers"]])
    who, steered = table["persona_id"].astype(str).to_numpy(), doses.any(axis=1)
    start = dict(zip(who[~steered], scores[~steered], strict=True))
    starts = np.array([start[name] for name in who[steered]])
    return PairedRows(values, levers, tuple(who[steered]), starts, doses[steered], scores[steered])


@pytest.mark.shared
def test_on_the_shared_rows_it_is_at_least_equal_to_scale_and_start(shared_rows: PairedRows) -> None:
    for by, least in (("pair", 0.776), ("persona", 0.86)):
        one, two = (left_out(p, shared_rows, by, 1) for p in (Mechanism(draws=40), ScaleAndStart()))  # type: ignore[arg-type]
        if by == "pair":
            assert len(one.rows) == 96
            assert len(set(one.groups)) == 23
            measured = micro_r2(two.rows.change, two.mean - two.rows.start)
            assert measured == pytest.approx(0.776, abs=0.0006)
        for measure in ("micro", "macro"):
            told = r2_difference(one, two, measure, 1)  # type: ignore[arg-type]
            assert told.mean > 0
            assert told.verdict in ("better", "equal")
        assert micro_r2(one.rows.change, one.mean - one.rows.start) > least
        found = interval_report(one)
        assert 0.86 < found.coverage < 0.94
        assert 0.79 < found.by_value.min() <= found.by_value.max() < 0.97
