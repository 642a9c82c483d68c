"""The skill report by kind of lever: laws, one cell counted by hand, aims of levers inside, and bad input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lever_kinds_world import INSIDE, KINDS, PAIRS, PROMPTS, VALUES, lever_sets, simulate_kinds
from skill_truths import QUICK, simulate

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray
from causalvalues.prediction import FittedPredictor, PairedRows
from causalvalues.randomness import stream
from causalvalues.skill.contenders import Contender
from causalvalues.skill.given_effects import GivenEffects
from causalvalues.skill.lever_kinds import COLUMNS, MIXED
from causalvalues.skill.noise import Noise, noise_ceiling
from causalvalues.skill.report import SkillReport, SkillSettings, skill_report
from causalvalues.skill.resampling import LEAST
from causalvalues.skill.single_effects import aims
from causalvalues.skill.splits import BY_LEVER, BY_PAIR, BY_UNIT, NEW, lever_folds

NOISE = Noise(dict.fromkeys(VALUES, 0.01), how="Error: known.")
GRAPH = Contender(
    GivenEffects(pd.DataFrame(np.linalg.inv(np.eye(4) - np.diag([0.6, 0.5, -0.5], 1)), VALUES, VALUES)), "graph"
)
ASKED = SkillSettings((*QUICK, GRAPH), folds=4, noise=NOISE, resamples=100, kinds=KINDS)


@pytest.fixture(scope="module")
def rows() -> PairedRows:
    return simulate_kinds()


@pytest.fixture(scope="module")
def found(rows: PairedRows) -> SkillReport:
    return skill_report(rows, 3, ASKED)


def shuffled(rows: PairedRows, seed: int) -> PairedRows:
    random = np.random.default_rng(seed)
    v, k = random.permutation(len(rows.values)), random.permutation(len(rows.levers))
    values, levers = (tuple(names[i] for i in some) for names, some in ((rows.values, v), (rows.levers, k)))
    return PairedRows(
        values, levers, rows.units, rows.start[:, v], rows.doses[:, k], rows.reached[:, v], rows.weights
    )  # fmt: skip


def test_without_kinds_nothing_changes(rows: PairedRows, found: SkillReport) -> None:
    plain = skill_report(rows, 3, replace(ASKED, kinds={}))
    pd.testing.assert_frame_equal(plain.table, found.table, check_exact=True)
    pd.testing.assert_frame_equal(plain.differences, found.differences, check_exact=True)
    pd.testing.assert_frame_equal(plain.ceiling, found.ceiling, check_exact=True)
    assert (plain.verdict, plain.notes) == (found.verdict, found.notes)
    assert plain.kind_verdict == ()
    assert plain.by_kind.empty
    assert tuple(plain.by_kind) == tuple(found.by_kind) == COLUMNS
    assert plain.by_kind.index.names == found.by_kind.index.names == ["split", "kind", "predictor"]


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10**6))
def test_one_kind_for_all_gives_the_numbers_of_the_main_table(seed: int) -> None:
    rows = simulate_kinds(seed % 11, units=6)
    found = skill_report(rows, seed, replace(ASKED, resamples=30, kinds=dict.fromkeys(rows.levers, "all")))
    whole = found.by_kind.droplevel("kind")
    assert set(found.by_kind.index.get_level_values("kind")) == {"all"}
    for column in ("micro_r2", "lower", "upper", "mae", "coverage"):
        pd.testing.assert_series_equal(whole[column], found.table[column], check_exact=True)
    for ours, column in (("difference", "micro_r2"), ("against", "against")):
        for end in ("", "_lower", "_upper") if ours == "difference" else ("",):
            assert whole[ours + end].tolist() == found.differences[column + end].tolist()
    for split, told in found.predictions.items():
        assert set(whole.loc[split, "ceiling"]) == {found.ceiling.loc[split, "micro"]}
        assert set(whole.loc[split, "rows"]) == {len(told.groups)}


@settings(max_examples=4, deadline=None)
@given(st.permutations(["prompts", "inside", "of a third name"]))
def test_other_names_of_kinds_only_rename_and_order_rows(names: list[str]) -> None:
    rows = simulate_kinds(1, units=6)
    asked = replace(ASKED, resamples=30, splits=("pair", "unit"))
    new = dict(zip(("prompts", "inside"), names, strict=False))
    renamed = dict(reversed([(lever, new[kind]) for lever, kind in KINDS.items()]))
    one, two = (skill_report(rows, 0, replace(asked, kinds=kinds)).by_kind for kinds in (KINDS, renamed))
    back = two.rename(index={new[kind]: kind for kind in ("prompts", "inside")}, level="kind")
    assert list(dict.fromkeys(two.loc[BY_PAIR].index.get_level_values(0))) == [new["inside"], new["prompts"], MIXED]
    pd.testing.assert_frame_equal(back.loc[one.index], one, check_exact=True)


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_columns_changes_nothing(seed: int) -> None:
    rows = simulate_kinds(seed % 5, units=6)
    asked = replace(ASKED, resamples=30)
    one, two = skill_report(rows, 1, asked), skill_report(shuffled(rows, seed), 1, asked)
    pd.testing.assert_frame_equal(one.by_kind, two.by_kind)
    assert one.kind_verdict == two.kind_verdict


def test_the_rows_of_the_kinds_are_all_rows_and_mixed_ones_have_several_levers(found: SkillReport) -> None:
    counts = found.by_kind.xs("no change", level="predictor")[["rows", "lever_sets"]]
    units = 16
    assert counts.loc[BY_LEVER].to_dict("index") == {
        "prompts": {"rows": 4 * units, "lever_sets": 4},
        "inside": {"rows": 8 * units, "lever_sets": 8},
    }
    assert counts.loc[(BY_PAIR, "prompts")].tolist() == [2 * units, 2]
    assert counts.loc[(BY_PAIR, MIXED)].tolist() == [3 * units, 3]
    assert counts.loc[BY_UNIT]["rows"].sum() == len(lever_sets()) * units
    assert counts.loc[(BY_UNIT, "inside")].tolist() == [10 * units, 10]


def brute_force(found: SkillReport, split: str, kind: str, name: str) -> dict[str, float]:
    """Count one cell of `by_kind` from the predictions, row by row."""
    told = found.predictions[split]
    mine = []
    for i, cell in enumerate(told.cells):
        prefixes = {lever.split("=")[0].split("_")[0] for lever in cell.split("+")}
        if {"prompts": {"do"}, "inside": {"vec"}, MIXED: {"do", "vec"}}[kind] == prefixes:
            mine.append(i)
    errors = [[told.observed[i, j] - told.predicted[name].mean[i, j] for j in range(4)] for i in mine]
    inside = [
        told.predicted[name].lower[i, j] <= told.observed[i, j] <= told.predicted[name].upper[i, j]
        for i in mine for j in range(4) if np.isfinite(told.observed[i, j])
    ]  # fmt: skip
    groups = sorted(set(told.groups))
    times = stream(3, "skill bootstrap", split, "groups").multinomial(
        len(groups), np.full(len(groups), 1 / len(groups)), 100
    )
    draws = []
    for drawn in times:
        again = [i for i in mine for _ in range(drawn[groups.index(told.groups[i])])]
        if _spread(told.observed[again]) > LEAST * _spread(told.observed[mine]):
            draws.append(_r2(told.observed[again], told.predicted[name].mean[again]))
    low, high = np.quantile(draws, [0.05, 0.95])
    return {
        "rows": len(mine),
        "lever_sets": len({told.cells[i] for i in mine}),
        "groups": len({told.groups[i] for i in mine}),
        "micro_r2": _r2(told.observed[mine], told.predicted[name].mean[mine]),
        "lower": low,
        "upper": high,
        "mae": float(np.nanmean(np.abs(errors))),
        "coverage": float(np.mean(inside)),
        "ceiling": noise_ceiling(told.observed[mine], tuple(told.cells[i] for i in mine), VALUES, NOISE).micro,
    }


def _spread(observed: FloatArray) -> float:
    return float(np.nansum((observed - np.nanmean(observed, axis=0)) ** 2)) if len(observed) else 0.0


def _r2(observed: FloatArray, predicted: FloatArray) -> float:
    return float(1 - np.nansum((observed - predicted) ** 2) / _spread(observed))


@pytest.mark.parametrize(
    ("split", "kind", "name"),
    [
        (BY_UNIT, "inside", "scale + start"),
        (BY_UNIT, MIXED, "given effects"),
        (BY_PAIR, MIXED, "sum of single effects"),
    ],
)
def test_a_cell_is_what_counting_row_by_row_gives(found: SkillReport, split: str, kind: str, name: str) -> None:
    row = found.by_kind.loc[(split, kind, name)]
    for column, expected in brute_force(found, split, kind, name).items():
        assert row[column] == pytest.approx(expected, abs=1e-9), column


def test_the_difference_is_to_the_best_simple_predictor_of_the_kind(found: SkillReport) -> None:
    for _, here in found.by_kind.groupby(level=["split", "kind"]):
        scores = here.droplevel(["split", "kind"])
        best = scores[scores["predictor_kind"] == "simple"]["micro_r2"].idxmax()
        assert set(scores["against"]) == {best}
        expected = scores["micro_r2"] - scores.loc[best, "micro_r2"]
        assert scores["difference"].to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-12)
        assert scores.loc[best, ["difference_lower", "difference_upper"]].tolist() == [0, 0]
    bests = found.by_kind.loc[BY_LEVER]["against"].groupby(level="kind").first()
    assert bests["prompts"] != bests["inside"] or len(set(found.by_kind["against"])) > 1


def test_a_graph_that_holds_for_prompts_only_is_better_there_and_said_to_add_nothing_inside(rows: PairedRows) -> None:
    found = skill_report(rows, 0, replace(ASKED, splits=("lever",), resamples=300))
    prompts, inside = found.kind_verdict
    assert prompts.startswith("Left-out lever, prompts (64 rows, 4 lever sets): of the simple predictors ")
    assert inside.startswith("Left-out lever, inside (128 rows, 8 lever sets): ")
    assert "is better than the best simple one" in prompts
    assert "adds nothing" not in prompts
    assert "the graph adds nothing" in inside


def test_kinds_are_judged_in_new_rows_too(rows: PairedRows) -> None:
    other = simulate_kinds(5, units=6)
    found = skill_report(rows, 0, replace(ASKED, splits=(), resamples=20), test=other)
    assert set(found.by_kind.index.get_level_values("split")) == {NEW}
    assert set(found.by_kind.index.get_level_values("kind")) == {"prompts", "inside", MIXED}


def test_a_lever_in_wordings_has_the_kind_of_its_name() -> None:
    rows = simulate().rows
    named = replace(rows, levers=tuple(f"{lever}~w{i % 2}" for i, lever in enumerate(rows.levers)))
    asked = SkillSettings(QUICK, splits=("unit",), folds=2, resamples=0)
    kinds = {lever: "inside" if lever == "do_v0" else "prompts" for lever in rows.levers}
    found = skill_report(named, 0, replace(asked, kinds=kinds)).by_kind
    plain = skill_report(rows, 0, replace(asked, kinds=kinds)).by_kind
    pd.testing.assert_frame_equal(found, plain)


def test_the_part_behind_the_first_underscore_is_the_value_that_a_lever_aims_at() -> None:
    assert aims((*PROMPTS, *INSIDE), VALUES) == {lever: lever.partition("_")[2] for lever in (*PROMPTS, *INSIDE)}
    names = ("vec_self_direction~w1", "vec_direction", "self_direction", "_power", "power", "vec_power_off", "vecpower")
    assert aims(names, VALUES) == {"vec_self_direction~w1": "self_direction"}
    assert aims(("rand_power", "random_care", "rand_power~w1", "vec_power"), VALUES) == {"vec_power": "power"}
    assert aims(("rand_power",), VALUES, {"rand_power": "power"}) == {"rand_power": "power"}
    assert aims(("vec_power", "vec_care"), VALUES, {"vec_power": "order"}) == {"vec_power": "order"}


def test_of_a_left_out_vector_only_its_own_value_is_told(rows: PairedRows) -> None:
    folds = {fold.groups[0]: fold for fold in lever_folds(rows, None, 0)}
    assert set(folds) == {*PROMPTS, *INSIDE}
    fold = folds["vec_self_direction"]
    acts = fold.train.doses[:, rows.levers.index("vec_self_direction")] != 0
    assert set(fold.train.used[acts].tolist()) == {1}
    told = np.isfinite(fold.train.reached[acts])
    assert told[:, 3].all()
    assert not told[:, :3].any()
    assert set(np.abs(fold.test.doses).sum(axis=1)) == {0.5, 1.0}


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ({lever: kind for lever, kind in KINDS.items() if lever != "vec_power"}, "'vec_power' is in no kind"),
        ({**KINDS, "vec_pwer": "inside", "vec_power": ""}, "kind of lever 'vec_power' is ''"),
        ({**KINDS, "vec_power": "mixed"}, "'vec_power' is 'mixed'"),
    ],
)
def test_bad_kinds_are_refused_by_name(rows: PairedRows, kinds: dict[str, str], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        skill_report(rows, 0, SkillSettings(QUICK, splits=("unit",), folds=2, resamples=0, kinds=kinds))


class Never:
    """A predictor that must not be asked."""

    name = "never"

    def fit(self, rows: PairedRows, seed: int) -> FittedPredictor:
        raise AssertionError


def test_a_name_that_is_nearly_right_is_suggested_before_anything_is_learned(rows: PairedRows) -> None:
    kinds = {("vec_pwer" if lever == "vec_power" else lever): kind for lever, kind in KINDS.items()}
    asked = SkillSettings((Contender(Never()),), splits=("unit",), folds=2, resamples=0, kinds=kinds)
    with pytest.raises(ModelError, match=r"'vec_power' is in no kind\. Did you mean 'vec_pwer'"):
        skill_report(rows, 0, asked)


def test_changes_that_do_not_vary_are_not_judged(rows: PairedRows) -> None:
    still = np.array(rows.reached)
    mixed = [set(cell.split("+")) in [{*pair} for pair in PAIRS[4:]] for cell in rows.cells]
    still[mixed] = rows.start[mixed]
    flat = replace(rows, reached=still)
    found = skill_report(flat, 0, replace(ASKED, splits=("pair",), resamples=20))
    assert found.by_kind.loc[BY_PAIR].loc[MIXED]["micro_r2"].isna().all()
    assert "The intervals are rough, with 2 left-out groups." in found.kind_verdict[0]
    assert "not judged" in found.kind_verdict[2]
