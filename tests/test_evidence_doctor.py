"""The data doctor: every finding can be provoked, and clean answers provoke none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.errors import CheckError, DataError
from causalvalues.evidence import Finding, check, refuse, require_learnable, summarise
from causalvalues.evidence.relations import linear_relations
from causalvalues.responses.matrix import AnswerStatus, ResponseMatrix


def clean(n: int = 200, p: int = 4, seed: int = 0) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(seed).normal(3, 1, size=(n, p)), columns=[f"v{j}" for j in range(p)])


def likert(n: int = 300, p: int = 4, seed: int = 0) -> pd.DataFrame:
    return clean(n, p, seed).round().clip(1, 6)


def matrix_of(rows: pd.DataFrame, **labels: object) -> ResponseMatrix:
    return ResponseMatrix(tuple(rows), rows.to_numpy(), [f"u{i}" for i in range(len(rows))], labels=labels)


def found(data: ResponseMatrix | pd.DataFrame, code: str) -> Finding:
    findings = [finding for finding in check(data) if finding.code == code]
    assert len(findings) == 1, [str(finding) for finding in check(data)]
    return findings[0]


def codes(data: ResponseMatrix | pd.DataFrame) -> set[str]:
    return {finding.code for finding in check(data)}


def test_clean_answers_give_no_finding():
    assert check(clean()) == []
    assert check(likert()) == []


@settings(max_examples=20, deadline=None)
@given(st.text(min_size=1, max_size=12))
def test_any_name_is_quoted_and_the_remedy_for_it_runs(name):
    rows = clean()
    rows[name] = 3.0
    finding = found(rows, "CV102")
    assert repr(name) in finding.where
    matrix = matrix_of(rows)
    call = finding.remedy.split("`")[1] if "`" not in name else f"matrix.drop([{name!r}])"
    assert name not in eval(call, {"matrix": matrix}).names  # noqa: S307


def test_findings_do_not_depend_on_the_order_of_the_columns_and_change_nothing():
    rows = clean()
    rows["copy"] = rows["v1"] * -1e8
    copy = rows.copy()
    one = {(finding.code, finding.message) for finding in check(rows)}
    other = {(finding.code, finding.message) for finding in check(rows[rows.columns[::-1]])}
    assert one == other
    pd.testing.assert_frame_equal(rows, copy)


def test_a_constant_column_blocks_and_says_its_value():
    rows = clean().assign(power=3.25)
    finding = found(rows, "CV102")
    assert finding.severity == "blocking"
    assert "'power': 3.25" in finding.message
    with pytest.raises(CheckError, match="Column 'power' is constant in all 200 rows"):
        require_learnable(summarise(rows))


def test_a_column_that_is_constant_up_to_rounding_is_not_learned_from():
    rows = clean()
    rows["power"] = 0.1 + 0.2
    rows.loc[::2, "power"] = 0.3
    with pytest.raises(CheckError, match="'power' is constant"):
        require_learnable(summarise(rows))


def test_a_nearly_constant_column_is_warned_of():
    rows = likert()
    rows["v2"] = 4.0
    rows.loc[:5, "v2"] = 5.0
    assert found(rows, "CV103").where == "column 'v2'"


def test_a_column_without_answers_blocks():
    assert found(clean().assign(power=np.nan), "CV101").severity == "blocking"


@pytest.mark.parametrize("factor", [1.0, -2.0, 1e8, 1e-8])
def test_a_duplicate_column_is_named_whatever_its_scale(factor):
    rows = clean().assign(twin=lambda rows: 5 + factor * rows["v2"])
    finding = found(rows, "CV104")
    assert "'v2'" in finding.where
    assert "'twin'" in finding.where
    assert "'v1'" not in finding.where
    with pytest.raises(CheckError, match=r"Columns '(v2|twin)', '(v2|twin)' hold the same numbers"):
        require_learnable(summarise(rows))


@pytest.mark.parametrize("noise", [0.0, 1e-3])
def test_collinear_columns_are_named_and_others_are_not(noise):
    rows = clean()
    rows["sum"] = rows["v0"] - rows["v2"] + noise * clean(seed=1)["v0"]
    finding = found(rows, "CV105")
    assert [name for name in rows if repr(name) in finding.where] == ["v0", "v2", "sum"]
    with pytest.raises(CheckError, match="collinear: each follows from the others"):
        require_learnable(summarise(rows))


def test_two_separate_relations_are_told_apart():
    rows = clean(p=5)
    rows["twin"] = rows["v0"]
    rows["sum"] = rows["v1"] - rows["v2"]
    findings = {finding.code: finding.where for finding in check(rows)}
    assert sorted(findings) == ["CV104", "CV105"]
    assert "v0" in findings["CV104"]
    assert all(name in findings["CV105"] for name in ("v1", "v2", "sum"))


def test_nearly_collinear_columns_are_warned_of_and_may_be_learned_from():
    rows = clean()
    rows["near"] = rows["v0"] + 0.1 * clean(seed=1)["v0"]
    assert found(rows, "CV106").severity == "warning"
    require_learnable(summarise(rows))


def test_learnable_evidence_passes_in_silence():
    require_learnable(summarise(clean()))
    require_learnable(summarise(clean() * [1e-8, 1e8, 1.0, 1e-3]))
    require_learnable(summarise(clean(p=1)))


def test_a_value_fixed_by_the_levers_is_refused():
    rows = clean()
    lever = np.arange(200) % 2
    rows["power"] = 2.0 + lever
    matrix = replace(matrix_of(rows), levers=("do_power",), doses=lever[:, None])
    with pytest.raises(CheckError, match="'power' is constant within each design cell"):
        require_learnable(summarise(matrix))


def test_two_distinct_values_are_warned_of():
    assert found(clean().assign(yes=np.arange(200) % 2.0), "CV107").where == "column 'yes'"


def test_ceiling_and_floor_are_told_apart():
    rows = clean()
    rows["v1"] = rows["v1"].clip(upper=3.5)
    rows["v3"] = rows["v3"].clip(lower=2.5)
    messages = {finding.where: finding.message for finding in check(rows) if finding.code == "CV108"}
    assert "A ceiling" in messages["column 'v1'"]
    assert "A floor" in messages["column 'v3'"]


def test_infinities_block_and_name_the_rows():
    rows = clean()
    rows.loc[[3, 9], "v1"] = np.inf
    finding = found(rows, "CV109")
    assert finding.severity == "blocking"
    assert "2 rows (row 3, 9," in finding.message


@pytest.mark.parametrize("code", [66.0, 77.0, 88.0, 99.0, 999.0, -99.0])
def test_codes_far_from_the_answers_block(code):
    rows = likert()
    rows.loc[:10, "v1"] = code
    finding = found(rows, "CV110")
    assert (finding.severity, finding.where) == ("blocking", "column 'v1'")
    assert f"{code:g}" in finding.message


@pytest.mark.parametrize("code", [0.0, -1.0, 9.0])
def test_codes_at_the_edge_of_the_scale_are_warned_of(code):
    rows = likert()
    rows.loc[:3, "v1"] = code
    finding = found(rows, "CV110")
    assert (finding.severity, finding.where) == ("warning", "column 'v1'")


def test_answers_that_only_look_like_codes_are_left_alone():
    random = np.random.default_rng(0)
    wide = pd.DataFrame(random.integers(0, 101, size=(3000, 2)), columns=["a", "b"])
    from_zero = pd.DataFrame(random.integers(0, 6, size=(300, 3)), columns=["a", "b", "c"])
    svs = pd.DataFrame(random.integers(-1, 8, size=(300, 3)), columns=["a", "b", "c"])
    gains = clean().sub(3.0)
    gains.iloc[0, 0] = 0.0
    rare_in_one = from_zero.assign(d=from_zero["a"].clip(1))
    rare_in_one.loc[:3, "d"] = 0
    for rows in (wide, from_zero, svs, gains, rare_in_one):
        assert "CV110" not in codes(rows)


def test_fewer_rows_than_needed_block():
    assert found(clean(n=5), "CV201").severity == "blocking"
    assert found(clean(n=12, p=6), "CV202").severity == "warning"


def test_many_rows_lost_to_gaps_are_warned_of():
    rows = clean()
    rows.loc[:60, "v1"] = np.nan
    assert found(rows, "CV207").where == "61 of 200 rows"


@pytest.mark.parametrize("by", ["unit_ids", "persona_id"])
def test_repeated_units_taken_as_independent_block_until_a_cluster_is_named(by):
    units = [f"p{i // 4}" for i in range(200)]
    matrix = matrix_of(clean(), persona_id=units)
    if by == "unit_ids":
        matrix = replace(matrix, unit_ids=tuple(units), labels={})
    finding = found(matrix, "CV203")
    assert finding.severity == "blocking"
    assert "50 units" in finding.message
    if by == "persona_id":
        assert "cluster_by='persona_id'" in finding.remedy
        assert "CV203" not in codes(replace(matrix, cluster_by="persona_id"))


def test_clusters_that_cut_through_units_are_warned_of():
    matrix = matrix_of(
        clean(), persona_id=[f"p{i // 4}" for i in range(200)], prompt=[f"q{i % 40}" for i in range(200)]
    )
    assert found(replace(matrix, cluster_by="prompt"), "CV204").where == "label 'persona_id'"


def test_few_clusters_are_warned_of_and_a_single_one_blocks():
    for number, severity in ((5, "warning"), (1, "blocking")):
        matrix = replace(matrix_of(clean(), persona_id=[i % number for i in range(200)]), cluster_by="persona_id")
        assert found(matrix, "CV205").severity == severity


def test_identical_rows_are_noted():
    rows = pd.concat([clean(150), clean(150).iloc[:50]], ignore_index=True)
    assert "50 of 200 rows" in found(rows, "CV206").where


def test_gaps_that_depend_on_the_group_are_warned_of():
    rows = clean()
    rows.loc[100:130, "v2"] = np.nan
    matrix = matrix_of(rows, model=np.repeat(["a", "b"], 100))
    finding = found(matrix, "CV301")
    assert "'v2': 31% missing in 'b', 0% in 'a'" in finding.message
    rows = clean()
    rows.loc[::7, "v2"] = np.nan
    assert "CV301" not in codes(matrix_of(rows, model=np.repeat(["a", "b"], 100)))


def test_a_dominating_model_is_warned_of():
    matrix = matrix_of(clean(), model=["big"] * 130 + ["small"] * 40 + ["other"] * 30)
    assert "'big' has 65% of the rows" in found(matrix, "CV302").message
    assert "CV302" not in codes(matrix_of(clean(), model=["a", "b"] * 100))


def test_a_sign_that_changes_within_groups_is_warned_of():
    random = np.random.default_rng(0)
    group = np.repeat([0, 1, 2], 100)
    x = random.normal(size=300) + 4 * group
    y = -0.7 * (x - 4 * group) + 4 * group + 0.5 * random.normal(size=300)
    rows = pd.DataFrame({"x": x, "y": y, "z": random.normal(size=300)})
    finding = found(matrix_of(rows, country=group), "CV303")
    assert "1 of 3 correlations" in finding.message
    assert "within='country'" in finding.remedy


def test_steering_without_levers_is_warned_of():
    matrix = matrix_of(clean(), steer_dim=[("", "12", "40", "7")[i % 4] for i in range(200)])
    assert found(matrix, "CV304").where == "label 'steer_dim'"
    declared = replace(matrix, levers=("f12",), doses=np.array([[float(i % 4 == 1)] for i in range(200)]))
    assert "CV304" not in codes(declared)


def test_levers_without_contrast_and_small_cells_are_reported():
    doses = np.zeros((200, 3))
    doses[:50, 0] = 1
    doses[40:43, 1] = 1
    doses[150:190, 1] = 1
    matrix = replace(matrix_of(clean()), levers=("a", "b", "never"), doses=doses)
    assert found(matrix, "CV501").where == "lever 'never'"
    assert found(matrix, "CV502").where == "design cells 'a+b'"


def test_refusing_lists_every_blocking_finding_with_its_remedy():
    rows = clean().assign(power=3.0, security=np.inf)
    with pytest.raises(CheckError) as caught:
        refuse(check(rows))
    text = str(caught.value)
    assert caught.value.exit_code == 1
    assert all(part in text for part in ("CV102", "'power'", "CV109", "'security'", "matrix.drop(['power'])"))
    refuse(finding for finding in check(rows) if finding.severity != "blocking")


def test_a_finding_with_an_unknown_severity_is_refused():
    with pytest.raises(ValueError, match="Severity 'fatal'"):
        Finding("CV000", "fatal", "", "", "")  # type: ignore[arg-type]


def test_lost_answers_are_no_codes_and_no_zeros():
    status = np.zeros((200, 4), dtype=int)
    status[:20, 0] = AnswerStatus.REFUSAL
    rows = clean()
    matrix = replace(matrix_of(rows), status=status)
    assert not codes(matrix) & {"CV110", "CV109"}


def test_many_columns_are_checked_without_their_correlations():
    wide = clean(n=10, p=4000)
    wide["copy"] = wide["v17"]
    findings = {finding.code: finding for finding in check(wide)}
    assert {"CV104", "CV201"} <= set(findings)
    assert "'v17', 'copy'" in findings["CV104"].where
    with pytest.raises(DataError, match="4001 columns need at least 4003"):
        summarise(wide)


def test_an_empty_matrix_is_reported_and_not_a_crash():
    empty = pd.DataFrame({"power": pd.Series(dtype=float), "security": pd.Series(dtype=float)})
    assert {"CV101", "CV201"} <= codes(empty)


def test_no_relation_is_seen_in_unrelated_or_positively_related_columns():
    random = np.random.default_rng(0)
    for p in (2, 3, 5, 10, 20):
        for level in (0.0, 0.8):
            rows = random.normal(size=(120, p)) + level * random.normal(size=(120, 1))
            assert linear_relations(np.corrcoef(rows, rowvar=False)) == ()


@pytest.mark.shared
def test_rare_zeros_in_the_forty_item_portrait_answers_are_found(shared_data):
    """The file has 11 cells of 0 outside its scale from 1 to 6 (SCORING_CHECK.txt)."""
    rows = pd.read_csv(shared_data / "smacof_values" / "PVQ40.csv").select_dtypes("number")
    finding = found(rows, "CV110")
    zero = rows.columns[(rows == 0).any()]
    assert finding.severity == "warning"
    assert f"({len(zero)} in all)" in finding.where
    assert (rows == 0).sum().sum() == 11


@pytest.mark.shared
def test_real_uncentred_scores_pass(shared_data):
    for path in ("smacof_values/PVQ40agg.csv", "llm_value_injection/ess_distribution.csv.gz"):
        rows = pd.read_csv(shared_data / path).select_dtypes("number")
        assert not [finding for finding in check(rows) if finding.severity == "blocking"]
        require_learnable(summarise(rows))


def weighted(weights: np.ndarray) -> ResponseMatrix:
    return replace(matrix_of(clean(len(weights))), weights=weights)


def test_rows_of_weight_zero_do_not_count():
    for count in (0, 1):
        finding = found(weighted(np.r_[np.ones(count), np.zeros(200 - count)]), "CV201")
        assert finding.severity == "blocking"
        assert f"{count} rows with answers with a positive weight" in finding.where


def test_weights_that_lie_on_few_rows_are_found_and_mild_ones_are_not():
    assert found(weighted(np.r_[1e6, np.ones(199)]), "CV208").severity == "blocking"
    half = found(weighted(np.r_[np.full(40, 100.0), np.ones(160)]), "CV208")
    assert half.severity == "warning"
    assert "worth 43.2 rows" in half.message
    assert codes(weighted(np.random.default_rng(0).uniform(0.5, 2, 200))) == set()


def test_little_spread_on_a_large_number_is_not_called_constant():
    rows = clean() + 1e12
    finding = found(rows, "CV111")
    assert finding.severity == "blocking"
    assert "CV102" not in codes(rows)
    with pytest.raises(CheckError, match="too little spread"):
        require_learnable(summarise(rows))
    assert "CV111" not in codes(clean() + 1e9)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("scale", [1e300, 1e160, 1e-170, 1e-300])
def test_very_large_and_very_small_numbers_are_a_finding(scale):
    assert found(clean() * scale, "CV112").severity == "blocking"
    assert codes(clean() * scale) == {"CV112"}
    rows = clean()
    rows["copy"] = rows["v0"] * -2
    assert "CV104" in codes(rows * scale)


@pytest.mark.parametrize("scale", [1e90, 1e-90])
def test_the_unit_of_the_answers_does_not_matter_in_between(scale):
    assert check(clean() * scale) == []
    require_learnable(summarise(clean() * scale))


def test_levers_that_cannot_be_told_apart_are_found_before_learning():
    rows = clean()
    doses = np.tile([[0.0, 0.0], [1.0, 1e-200]], (100, 1))
    finding = found(replace(matrix_of(rows), levers=("x", "y"), doses=doses), "CV503")
    assert finding.severity == "blocking"
    assert "'y'" in finding.where
    assert "'x'" in finding.message
