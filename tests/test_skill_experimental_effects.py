"""Effects of forced answers: what is recovered, how sure, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from experimental_helpers import Respondents, asked, dag_effects
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.errors import DataError, ModelError
from causalvalues.evidence import as_levers
from causalvalues.model import lever_effects
from causalvalues.responses import demo_responses, score
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.skill.experimental_effects import ExperimentSettings, experimental_effects
from causalvalues.skill.experimental_inference import equivalence_p, false_discovery
from causalvalues.skill.experimental_statements import statement_effects
from causalvalues.skill.forced_answers import ForcedLabels, forced_answers
from causalvalues.theories import scoring_key


@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_without_noise_the_effects_of_a_linear_structural_model_are_recovered_exactly(seed: int) -> None:
    truth = Respondents(dag_effects(4, seed), units=3)
    found = experimental_effects(asked(truth, seed), truth.key).effects()
    np.testing.assert_allclose(found.mean, truth.effects, atol=1e-12)


def test_a_forced_statement_does_not_count_in_the_effect_on_its_own_value() -> None:
    truth = Respondents(np.eye(3), units=4)
    matrix = asked(truth, 0)
    loud = np.array(matrix.scores)
    for row, names in enumerate(matrix.labels["forced_items"]):
        if names:
            loud[row, matrix.names.index(names)] = np.nan
    found = experimental_effects(replace(matrix, scores=loud), truth.key).effects()
    np.testing.assert_allclose(np.diag(found.mean), 1.0, atol=1e-12)
    without_key = experimental_effects(score(matrix, truth.key)).effects()
    assert np.isnan(np.diag(without_key.mean)).all()
    np.testing.assert_allclose(without_key.mean.to_numpy()[~np.eye(3, dtype=bool)], 0.0, atol=1e-12)


def test_means_and_errors_are_those_of_paired_lever_effects() -> None:
    truth = Respondents(dag_effects(4, 1), units=9, noise=0.3)
    matrix = score(asked(truth, 1), truth.key)
    plain = replace(matrix, labels={name: matrix.labels[name] for name in ("persona_id", "forced")})
    mine = experimental_effects(plain).effects()
    other = lever_effects(as_levers(plain, "forced", "neutral"))
    rows = [f"forced={name}" for name in mine.mean.index]
    for table in ("mean", "se", "lower", "upper"):
        np.testing.assert_allclose(getattr(mine, table), getattr(other, table).loc[rows, list(mine.mean.columns)])


def test_intervals_cover_the_truth() -> None:
    truth = Respondents(dag_effects(4, 2), units=10, noise=0.4)
    own = np.eye(4, dtype=bool)
    special = truth.effects - np.where(own, 0.0, truth.effects).sum(axis=0) / 3
    hits: dict[bool, list[np.ndarray]] = {False: [], True: []}
    for seed in range(120):
        matrix = experimental_effects(asked(truth, seed), truth.key)
        for centred, right in ((False, truth.effects), (True, special)):
            found = matrix.effects(centred=centred)
            hits[centred].append(((found.lower <= right) & (right <= found.upper)).to_numpy())
    for found in hits.values():
        assert 0.87 < np.mean(found) < 0.93


def test_few_of_the_effects_that_are_said_to_differ_are_zero() -> None:
    effects = np.eye(5) + np.eye(5, k=1) * 0.6
    truth = Respondents(effects, units=16, noise=0.4)
    false, power = [], []
    for seed in range(80):
        differs = experimental_effects(asked(truth, seed), truth.key).effects().differs.to_numpy()
        apart = ~np.eye(5, dtype=bool)
        claims, wrong = differs[apart].sum(), (differs & (effects == 0) & apart).sum()
        false.append(wrong / max(claims, 1))
        power.append(differs[effects == 0.6].mean())
    assert np.mean(false) < 0.08
    assert np.mean(power) > 0.7


def test_effects_as_large_as_the_smallest_of_interest_are_rarely_called_still() -> None:
    rng = np.random.default_rng(0)
    mean = 0.2 + rng.normal(0, 0.05, 4000)
    p = equivalence_p(mean, np.full(4000, 0.05), np.full(4000, 1e6), np.full(4000, 0.2))
    assert 0.035 < (p < 0.05).mean() < 0.065
    zero = equivalence_p(mean - 0.2, np.full(4000, 0.05), np.full(4000, 1e6), np.full(4000, 0.2))
    assert (zero < 0.05).mean() > 0.9


def test_false_discovery_follows_the_definition() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        p = np.round(rng.random(12) ** 3, 3)
        ordered = np.sort(p)
        most = max((k for k in range(1, 13) if ordered[k - 1] <= 0.1 * k / 12), default=0)
        assert false_discovery(p, 0.1).sum() == (p <= (ordered[most - 1] if most else -1)).sum()
    assert not false_discovery(np.array([np.nan, 0.9])).any()


def test_a_pair_that_is_known_to_be_small_is_called_still_and_never_moved() -> None:
    truth = Respondents(np.eye(4), units=40, noise=0.05)
    found = experimental_effects(asked(truth, 0), truth.key, settings=ExperimentSettings(smallest=0.5)).effects()
    apart = ~np.eye(4, dtype=bool)
    assert found.still.to_numpy()[apart].all()
    assert not found.still.to_numpy()[~apart].any()
    assert found.differs.to_numpy()[~apart].all()


def test_neither_the_order_of_columns_nor_of_rows_changes_anything() -> None:
    truth = Respondents(dag_effects(4, 5), units=6, noise=0.3, sentence=0.2, rejected=0.5)
    matrix = asked(truth, 5)
    order, rows = np.random.default_rng(0).permutation(12), np.random.default_rng(1).permutation(len(matrix))
    turned = ResponseMatrix(
        tuple(matrix.names[i] for i in order),
        matrix.scores[rows][:, order],
        tuple(matrix.unit_ids[i] for i in rows),
        labels={name: tuple(column[i] for i in rows) for name, column in matrix.labels.items()},
        cluster_by="persona_id",
    )
    for over in ("units", "statements"):
        one, two = (experimental_effects(each, truth.key, over=over) for each in (matrix, turned))
        assert one.values == two.values
        for centred in (False, True):
            np.testing.assert_allclose(one.effects(centred=centred).se, two.effects(centred=centred).se, atol=1e-12)
        np.testing.assert_allclose(one.effects("rejects").mean, two.effects("rejects").mean, atol=1e-12)


def test_centred_effects_are_effects_less_the_mean_of_the_other_forced_values() -> None:
    truth = Respondents(dag_effects(4, 6), units=5, noise=0.3)
    matrix = experimental_effects(asked(truth, 6), truth.key)
    raw = matrix.effects().mean.to_numpy()
    means = np.where(np.eye(4, dtype=bool), 0.0, raw).sum(axis=0) / 3
    np.testing.assert_allclose(matrix.effects(centred=True).mean, raw - means, atol=1e-12)
    assert np.ptp(raw.mean(axis=0)) > 0.01


def test_a_bootstrap_over_units_has_the_errors_of_the_formula() -> None:
    truth = Respondents(dag_effects(4, 7), units=30, noise=0.5)
    matrix = experimental_effects(asked(truth, 7), truth.key)
    drawn = matrix.resampled(matrix.draws(2000, 0)).std(axis=0)
    np.testing.assert_allclose(drawn, matrix.effects().se, rtol=0.12)


def test_sentences_and_values_are_told_apart() -> None:
    effects = np.array([[1.0, 0.5, -0.5], [-0.5, 1.0, 0.5], [0.5, -0.5, 1.0]])
    truth = Respondents(effects, units=60, noise=0.6, sentence=0.3)
    shares = [
        statement_effects(forced_answers(asked(truth, seed), truth.key)).components.loc["pooled"] for seed in range(80)
    ]
    found = np.mean([share["between_statements"] for share in shares])
    assert found == pytest.approx(0.09, rel=0.15)
    assert np.mean([share["p"] < 0.05 for share in shares]) > 0.8


def test_sentences_that_do_the_same_are_rarely_said_to_differ() -> None:
    truth = Respondents(dag_effects(3, 8), units=30, noise=0.3)
    p = [
        statement_effects(forced_answers(asked(truth, seed), truth.key)).components["p"].iloc[:3] for seed in range(60)
    ]
    assert np.mean(np.array(p) < 0.1) < 0.16
    assert 0.35 < np.mean(p) < 0.65


def test_errors_over_statements_cover_the_effect_of_values() -> None:
    truth = Respondents(dag_effects(3, 9), units=30, noise=0.1, sentence=0.3, rejected=1.0)
    apart, covered, narrow = ~np.eye(3, dtype=bool), [], []
    for seed in range(60):
        answers = forced_answers(asked(truth, seed), truth.key)
        for over, hits in (("statements", covered), ("units", narrow)):
            found = experimental_effects(answers, over=over).effects()
            hits.append(((found.lower <= truth.effects) & (truth.effects <= found.upper)).to_numpy()[apart])
    assert np.mean(covered) > np.mean(narrow) + 0.2
    assert np.mean(covered) > 0.75


def test_controls_have_as_many_sentences_where_the_unit_has_them() -> None:
    labels = {"persona_id": list("aaabbb"), "forced": ["neutral", "neutral+neutral", "x+x", "neutral", "x", "x+x"]}
    scores = np.array([[1.0, 5.0], [2.0, 6.0], [4.0, 9.0], [10.0, 20.0], [11.0, 22.0], [12.0, 25.0]])
    matrix = ResponseMatrix(("x", "y"), scores, tuple("123456"), labels=labels, cluster_by="persona_id")
    found = forced_answers(matrix)
    np.testing.assert_allclose(found.change, [[2.0, 3.0], [1.0, 2.0], [2.0, 5.0]])


def test_units_without_neutral_rows_are_left_out_and_named() -> None:
    truth = Respondents(np.eye(3), units=4)
    matrix = asked(truth, 0)
    keep = [
        not (unit == "u00" and what == "neutral")
        for unit, what in zip(matrix.labels["persona_id"], matrix.labels["forced"], strict=True)
    ]
    found = forced_answers(matrix.rows(keep), truth.key)
    assert "u00" not in found.units
    assert "3 rows" in found.notes[0]


def _changed(matrix: ResponseMatrix, **labels: tuple[str, ...]) -> ResponseMatrix:
    return replace(matrix, labels={**matrix.labels, **labels})


def test_bad_input_is_refused_with_a_remedy() -> None:
    truth = Respondents(np.eye(3), units=4)
    matrix = asked(truth, 0)
    forced = matrix.labels["forced"]
    with pytest.raises(DataError, match=r"No row has 'forced' = 'neutral'"):
        forced_answers(matrix.rows([name != "neutral" for name in forced]), truth.key)
    with pytest.raises(DataError, match=r"1 units answered both"):
        forced_answers(matrix.rows([unit == "u01" for unit in matrix.labels["persona_id"]]), truth.key)
    with pytest.raises(DataError, match=r"unknown value 'v9'"):
        forced_answers(_changed(matrix, forced=("v9", *forced[1:])), truth.key)
    with pytest.raises(DataError, match=r"no label 'forcd'.*Did you mean 'forced'"):
        forced_answers(matrix, truth.key, ForcedLabels(forced="forcd"))
    with pytest.raises(DataError, match=r"mixes forced and neutral"):
        forced_answers(_changed(matrix, forced=("v0+neutral", *forced[1:])), truth.key)
    with pytest.raises(DataError, match=r"names 2\. Name one for each"):
        forced_answers(_changed(matrix, stances=("agrees agrees", *matrix.labels["stances"][1:])), truth.key)
    with pytest.raises(DataError, match=r"unknown stance 'agree'"):
        forced_answers(_changed(matrix, stances=("agree", *matrix.labels["stances"][1:])), truth.key)
    with pytest.raises(ModelError, match=r"in the way 'agree'"):
        experimental_effects(matrix, truth.key).effects("agree")
    with pytest.raises(ModelError, match=r"smallest effect of interest"):
        ExperimentSettings(smallest=0)
    with pytest.raises(ModelError, match=r"cannot be halved"):
        experimental_effects(matrix.rows([unit < "u03" for unit in matrix.labels["persona_id"]]), truth.key).halves()
    unnamed = _changed(matrix, forced_items=("",) * len(matrix))
    with pytest.raises(ModelError, match=r"not named"):
        statement_effects(forced_answers(unnamed, truth.key))


def test_the_demo_respondent_is_moved_by_sentences_more_than_by_values() -> None:
    answers = forced_answers(demo_responses("forced"), scoring_key("smollm2-demo"))
    special = experimental_effects(answers).effects(centred=True)
    apart = ~np.eye(10, dtype=bool)
    assert special.differs.to_numpy()[apart].sum() == pytest.approx(62, abs=2)
    assert special.mean.loc["tradition", "universalism"] == pytest.approx(0.087, abs=0.001)
    assert experimental_effects(answers, over="statements").effects(centred=True).differs.to_numpy()[apart].sum() <= 4
    pooled = statement_effects(answers).components.loc["pooled"]
    share = pooled["between_statements"] / (pooled["between_statements"] + pooled["between_values"])
    assert share == pytest.approx(0.93, abs=0.02)
    assert pooled["generalises"] < 0.5
