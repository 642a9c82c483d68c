"""What the skill report says when the data do not allow it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from skill_truths import QUICK, Remembers, simulate

from causalvalues.errors import CausalValuesError, ModelError
from causalvalues.prediction import PairedRows
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.skill.associations import Correlations
from causalvalues.skill.contenders import Contender
from causalvalues.skill.factor_structure import FactorGraphPredictor
from causalvalues.skill.flexible import FlexibleRegressor
from causalvalues.skill.given_effects import GivenEffects
from causalvalues.skill.report import SkillSettings, skill_report
from causalvalues.skill.rescaled import Rescaled
from causalvalues.skill.simple import MeanOfOthers, NoChange
from causalvalues.skill.splits import BY_LEVER, BY_PAIR, BY_UNIT

ASKED = SkillSettings(QUICK, folds=3, resamples=20)


def matrix(levers: tuple[str, ...] = ("do_v0",), units: int = 6) -> ResponseMatrix:
    random = np.random.default_rng(0)
    n = 2 * units
    doses = np.zeros((n, len(levers)))
    if levers:
        doses[units:, 0] = 1.0
    return ResponseMatrix(
        names=("v0", "v1", "v2"),
        scores=random.normal(size=(n, 3)),
        unit_ids=tuple(str(i) for i in range(n)),
        labels={"persona": tuple(f"p{i % units}" for i in range(n))},
        cluster_by="persona",
        levers=levers,
        doses=doses,
    )


def test_answers_without_levers_are_refused() -> None:
    with pytest.raises(ModelError, match="no levers"):
        skill_report(matrix(levers=()), 0, ASKED)


def test_one_lever_is_judged_by_unit_only_and_the_rest_is_said() -> None:
    found = skill_report(matrix(), 0, ASKED)
    assert list(found.predictions) == [BY_UNIT]
    assert any(note.startswith(BY_LEVER) and "there are 1" in note for note in found.notes)
    assert any(note.startswith(BY_PAIR) for note in found.notes)
    assert any("No noise ceiling" in note for note in found.notes)


def test_one_unit_with_one_lever_leaves_nothing_to_foresee() -> None:
    with pytest.raises(ModelError, match=r"Nothing could be foreseen.*one unit"):
        skill_report(matrix(units=1), 0, ASKED)


def test_one_unit_is_still_judged_by_lever_and_pair() -> None:
    rows = simulate(units=1).rows
    found = skill_report(rows, 0, ASKED)
    assert set(found.predictions) == {BY_LEVER, BY_PAIR}
    assert any(note.startswith(BY_UNIT) for note in found.notes)


def test_a_constant_value_counts_neither_for_nor_against() -> None:
    rows = simulate().rows
    start, reached = np.array(rows.start), np.array(rows.reached)
    start[:, 1] = reached[:, 1] = 0.25
    flat = replace(rows, start=start, reached=reached)
    asked = replace(ASKED, contenders=(*QUICK, Contender(Correlations()), Contender(FlexibleRegressor(trees=50))))
    found = skill_report(flat, 0, asked)
    assert np.isfinite(found.table[["micro_r2", "macro_r2", "mae"]].to_numpy(dtype=float)).all()
    row = found.table.loc[(BY_UNIT, "scale + start")]
    assert row["macro_r2"] > 0.9


def test_values_that_never_change_have_no_r2() -> None:
    rows = simulate().rows
    found = skill_report(replace(rows, reached=rows.start), 0, ASKED)
    assert found.table["micro_r2"].isna().all()
    assert (found.table["mae"] < 1e-12).all()


def test_levers_that_aim_at_nothing_are_skipped_with_a_remedy() -> None:
    rows = replace(simulate().rows, levers=("a", "b", "c", "d"))
    asked = replace(ASKED, contenders=(*QUICK, Contender(Correlations())))
    found = skill_report(rows, 0, asked)
    assert BY_LEVER not in found.predictions
    assert any("say with `own`" in note and "Correlations".lower() in note.lower() for note in found.notes)
    named = replace(ASKED, own={"a": "v0", "b": "v1", "c": "v2", "d": "v3"})
    assert BY_LEVER in skill_report(rows, 0, named).predictions


def test_an_unknown_own_value_is_named_with_the_nearest() -> None:
    with pytest.raises(ModelError, match=r"'do_v0' aims at the unknown value 'v00'.*v0"):
        MeanOfOthers({"do_v0": "v00"}).fit(simulate().rows, 0)


def test_lost_answers_are_neither_learned_from_nor_judged() -> None:
    rows = simulate().rows
    reached = np.array(rows.reached)
    reached[::7, 2] = np.nan
    reached[3] = np.nan
    found = skill_report(replace(rows, reached=reached), 0, ASKED)
    assert np.isfinite(found.table[["micro_r2", "mae", "coverage"]].to_numpy(dtype=float)).all()
    assert np.isnan(found.predictions[BY_UNIT].observed).sum() == np.isnan(reached).sum()


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"splits": ("levers",)}, "lever"),
        ({"folds": 1}, "folds"),
        ({"resamples": -1}, "resamples"),
        ({"contenders": (Contender(NoChange()), Contender(NoChange()))}, "no change"),
    ],
)
def test_settings_out_of_range_are_named(setting: dict[str, object], words: str) -> None:
    with pytest.raises(CausalValuesError, match=words):
        SkillSettings(**setting)  # type: ignore[arg-type]


def test_test_rows_of_other_levers_are_refused() -> None:
    rows = simulate().rows
    with pytest.raises(ModelError, match="differ in"):
        skill_report(rows, 0, ASKED, test=replace(rows, levers=("do_v0", "do_v1", "do_v2", "x")))


def test_no_rows_are_refused() -> None:
    rows = simulate().rows.on(np.zeros(400, dtype=bool))
    with pytest.raises(ModelError, match="no rows under levers"):
        skill_report(rows, 0, ASKED)


def test_predictors_refuse_what_they_cannot_do() -> None:
    rows = simulate().rows
    with pytest.raises(ModelError, match="no effects of single levers"):
        Rescaled(Remembers()).fit(rows, 0)
    with pytest.raises(ModelError, match="complete rows are too few"):
        FlexibleRegressor().fit(rows.on(np.arange(5)), 0)
    with pytest.raises(CausalValuesError, match="trees"):
        FlexibleRegressor(trees=5)
    with pytest.raises(ModelError, match="three units"):
        Correlations().fit(simulate(units=2).rows, 0)
    with pytest.raises(ModelError, match="'v3' are given"):
        GivenEffects(pd.DataFrame(0.0, ["v0", "v1", "v2"], ["v0", "v1", "v2"])).fit(rows, 0)
    with pytest.raises(ModelError, match="together at most"):
        FactorGraphPredictor(most_columns=4).fit(rows, 0)


def test_a_row_with_two_levers_only_still_has_a_sum() -> None:
    rows: PairedRows = simulate().rows
    pairs = rows.on(rows.used > 1)
    with pytest.raises(ModelError, match="one lever alone"):
        QUICK[2].predictor.fit(pairs, 0)
    found = skill_report(pairs, 0, ASKED)
    assert any("'scale + start'" in note for note in found.notes)
    assert BY_LEVER not in found.predictions
