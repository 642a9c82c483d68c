"""Counterfactuals of known units: facts stay facts, blocks are whole, and what a unit answered is used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from causalvalues.errors import ModelError
from causalvalues.prediction import Mechanism, counterfactual_under, moderated
from causalvalues.prediction.mechanism_terms import saturation
from causalvalues.prediction.moderated import line_under
from causalvalues.prediction.variance_components import told_factor
from tests.prediction_worlds import World, drawn

ROWS = drawn(World(units=80, w=0.8, pull=0.2, interactions=0.2, unit=0.6), 3)
FITTED = Mechanism(draws=60).fit(ROWS, 1)
FIRST = [ROWS.units.index(u) for u in sorted(set(ROWS.units))]
UNITS = pd.DataFrame(ROWS.start[FIRST], index=sorted(set(ROWS.units)), columns=list(ROWS.values))
SCENARIOS = pd.DataFrame(
    {"l0": [0.0, 1.0, 1.0, 0.5], "l3": [0.0, 0.0, 1.0, 0.25]}, index=["nothing", "one", "two", "some"]
)


def asked_rows(unit: str) -> pd.DataFrame:
    here = [i for i, name in enumerate(ROWS.units) if name == unit]
    table = pd.DataFrame(ROWS.reached[here], columns=list(ROWS.values), index=[unit] * len(here))
    return pd.concat([table, pd.DataFrame(ROWS.doses[here], columns=list(ROWS.levers), index=table.index)], axis=1)


def test_a_scenario_that_changes_nothing_returns_the_facts_exactly() -> None:
    found = counterfactual_under(FITTED, UNITS, SCENARIOS, asked_rows("u003"))
    for profile in found.profiles("nothing"):
        assert np.array_equal(profile, UNITS.to_numpy())
    assert np.array_equal(dict(found.mean())["nothing"].to_numpy(), UNITS.to_numpy())


def test_a_scenario_under_which_a_unit_was_asked_returns_its_answer_exactly() -> None:
    asked = asked_rows("u003")
    scenario = asked[list(ROWS.levers)].iloc[[2]].set_axis(["asked"], axis=0)
    found = counterfactual_under(FITTED, UNITS, scenario, asked).profiles("asked")
    assert (found[:, 3] == asked[list(ROWS.values)].to_numpy()[2]).all()
    assert found[:, 4].std() > 0


def test_profiles_are_those_of_the_response() -> None:
    found = counterfactual_under(FITTED, UNITS, SCENARIOS)
    for name in SCENARIOS.index:
        doses = np.zeros((len(UNITS), 5))
        doses[:, [0, 3]] = SCENARIOS.loc[name].to_numpy()
        wanted = FITTED.profiles(UNITS.to_numpy(), doses)
        assert np.allclose(found.profiles(str(name)), wanted, atol=1e-11)
        assert np.allclose(dict(found.mean())[str(name)], wanted.mean(axis=0), atol=1e-11)


def test_blocks_put_together_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = counterfactual_under(FITTED, UNITS, SCENARIOS)
    monkeypatch.setattr(moderated, "BLOCK_NUMBERS", 60 * 3 * 7)
    parts: dict[str, list[moderated.Block]] = {}
    for block in whole.blocks():
        assert block.profiles.size <= 60 * 3 * 7
        parts.setdefault(block.scenario, []).append(block)
    assert list(parts) == list(SCENARIOS.index)
    for name, blocks in parts.items():
        assert [unit for block in blocks for unit in block.units] == list(UNITS.index)
        assert np.allclose(np.concatenate([b.profiles for b in blocks], axis=1), whole.profiles(name), atol=1e-12)


def test_the_summary_is_that_of_the_means() -> None:
    found = counterfactual_under(FITTED, UNITS, SCENARIOS)
    table = dict(found.mean())["two"]
    row = found.summary().loc[("two", "v1")]
    assert row["mean"] == pytest.approx(table["v1"].mean())
    assert row["spread"] == pytest.approx(table["v1"].std(ddof=0))
    assert row["change"] == pytest.approx((table["v1"] - UNITS["v1"]).mean())


def test_a_line_has_the_slopes_of_what_is_kept() -> None:
    fitted = Mechanism(moderated=False, draws=10).fit(ROWS, 1)
    line = line_under(fitted, np.array([1.0, 0, 0, 0, 0]))
    assert np.allclose(np.eye(3) + line.slopes, fitted.kept)
    assert np.allclose(line.change, fitted.effects[:, 0])


def test_conditioning_is_that_of_a_dense_normal() -> None:
    fitted = Mechanism(draws=4000, moderated=False).fit(ROWS, 1)
    fitted = replace(fitted, draws=np.repeat(fitted.draws.mean(axis=0)[None], 4000, axis=0))
    start, doses = ROWS.start[6], ROWS.doses[6:10]
    reached = np.array(ROWS.reached[6:10])
    reached[1, 2] = np.nan
    told = fitted.updated(start, doses, reached)
    new = np.array([[0.0, 1.0, 0.0, 1.0, 0.0]])
    rows = np.concatenate([doses, new])
    parts, totals = fitted.components, rows.sum(axis=1)
    acting = saturation(totals, fitted.shape[0])[:, None] * rows
    shared = np.kron(np.ones((5, 5)), parts.unit) + np.kron(acting @ acting.T, parts.lever)
    noise = np.kron(np.diag(parts.factor(rows) ** 2), parts.cell)
    seen = np.append(np.isfinite(reached).ravel(), np.zeros(3, dtype=bool))
    mean = fitted.profiles(np.repeat(start[None], 5, axis=0), rows)[0].ravel()
    gain = shared[12:, seen] @ np.linalg.inv((shared + noise)[np.ix_(seen, seen)])
    wanted = mean[12:] + gain @ (reached.ravel()[seen[:12]] - mean[seen])
    spread = shared[12:, 12:] - gain @ shared[seen, 12:]
    found = told.profiles(start[None], new)[:, 0]
    size = np.sqrt(np.diag(spread))
    assert found.mean(axis=0) == pytest.approx(wanted, abs=5 * size.max() / np.sqrt(4000))
    assert np.abs(np.cov(found.T) - spread).max() < 0.1 * size.max() ** 2


def test_what_a_unit_answered_brings_its_other_answers_nearer() -> None:
    units, before, after, inside = np.array(ROWS.units), [], [], []
    for unit in sorted(set(ROWS.units))[:40]:
        here = np.flatnonzero(units == unit)
        asked, new = here[:5], here[5:]
        known = FITTED.updated(ROWS.start[here[0]], ROWS.doses[asked], ROWS.reached[asked])
        before.append(FITTED.predict(ROWS.start[new], ROWS.doses[new]).mean - ROWS.reached[new])
        told = known.predict(ROWS.start[new], ROWS.doses[new])
        after.append(told.mean - ROWS.reached[new])
        inside.append((told.lower <= ROWS.reached[new]) & (ROWS.reached[new] <= told.upper))
    assert np.abs(after).mean() < 0.9 * np.abs(before).mean()
    assert 0.82 < np.mean(inside) < 0.97


def test_the_width_once_told_comes_from_answers_predicted_by_the_others() -> None:
    rows = ROWS.on(np.arange(12 * 6))
    g = np.random.default_rng(1)
    residuals, spread = g.normal(size=(72, 3)), np.zeros((72, 3))
    parts, errors = FITTED.components, []
    for first in range(0, 72, 6):
        here = slice(first, first + 6)
        shared, own = parts.covariance(rows.doses[here], 0.5)
        e = residuals[here].ravel()
        for i in range(6):
            out = np.isin(np.arange(18), np.arange(3 * i, 3 * i + 3))
            gain = (shared + own)[np.ix_(out, ~out)] @ np.linalg.inv((shared + own)[np.ix_(~out, ~out)])
            left = (shared + own)[np.ix_(out, out)] - gain @ (shared + own)[np.ix_(~out, out)]
            errors.append(np.abs(e[out] - gain @ e[~out]) / np.sqrt(np.diag(left)))
    wanted = np.quantile(np.array(errors) / parts.reach, 0.9)
    assert told_factor(parts, residuals, (rows, spread, 0.5)) == pytest.approx(wanted)


def refusals() -> list[tuple[str, object]]:
    twice = pd.concat([UNITS, UNITS])
    lost, other = UNITS.copy(), asked_rows("u003").set_axis(["x"] * 6)
    lost.iloc[0, 0] = np.nan
    return [
        ("no column 'v1'", lambda: counterfactual_under(FITTED, UNITS.drop(columns="v1"), SCENARIOS)),
        ("Did you mean 'l3'", lambda: counterfactual_under(FITTED, UNITS, SCENARIOS.rename(columns={"l3": "l33"}))),
        ("'u000' is named twice", lambda: counterfactual_under(FITTED, twice, SCENARIOS)),
        ("not finite", lambda: counterfactual_under(FITTED, lost, SCENARIOS)),
        ("dose is not finite", lambda: counterfactual_under(FITTED, UNITS, SCENARIOS * np.nan)),
        ("names the unit 'x'", lambda: counterfactual_under(FITTED, UNITS, SCENARIOS, other)),
        ("no scenario 'on'", lambda: counterfactual_under(FITTED, UNITS, SCENARIOS).profiles("on")),
    ]  # fmt: skip


@pytest.mark.parametrize(("words", "call"), refusals(), ids=[words for words, _ in refusals()])
def test_bad_input_is_named(words: str, call: object) -> None:
    with pytest.raises(ModelError, match=words):
        call()  # type: ignore[operator]
