"""Does a plan say how sure it is: are interval and chance those of the process that makes the answers?"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from scipy.stats import t as student

from causalvalues.discovery.discover import discover
from causalvalues.evidence import summarise
from causalvalues.graph.dag import Dag
from causalvalues.interventions import Lever
from causalvalues.model.fitting import fit
from causalvalues.model.structural import StructuralModel
from causalvalues.planning import Enumerate, Heterogeneity, Target, plan
from causalvalues.planning.outlook import interval, reached_samples
from causalvalues.planning.pose import pose
from causalvalues.responses import demo_responses, score
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.theories import scoring_key

VALUES = ("a", "b")


def one_lever(effects: np.ndarray, scales: tuple[float, float] = (0.0, 0.0), arrow: float = 0.0) -> StructuralModel:
    """Draws of a -> b with a lever on both; `effects` is (s, 2)."""
    s = len(effects)
    b = np.zeros((s, 3, 3))
    b[:, 0, 1] = arrow
    b[:, 2, :2] = effects
    return StructuralModel(
        values=VALUES,
        levers=("do",),
        coefficients=b,
        intercepts=np.zeros((s, 3)),
        residual_scales=np.tile([*scales, 0.0], (s, 1)),
        weights=np.ones(s),
        kind="posterior",
    )


def diagonal(a: float, b: float, both: float = 0.0) -> pd.DataFrame:
    return pd.DataFrame([[a**2, both], [both, b**2]], index=VALUES, columns=VALUES)


def test_a_new_unit_brings_its_own_residual_through_the_graph() -> None:
    model = one_lever(np.array([[1.0, 0.0]]), scales=(0.5, 0.4), arrow=0.6)
    found = plan(model, None, Target({"a": 1.0, "b": 0.6}, tolerance=0.7), [Lever("do")])
    spread = math.hypot(0.6 * 0.5, 0.4)
    assert found.predicted.loc["b", "lower"] == pytest.approx(0.6 - 1.645 * spread, abs=0.05)
    assert found.predicted.loc["a", "upper"] == pytest.approx(1.0 + 1.645 * 0.5, abs=0.05)
    e = np.random.default_rng(0).normal(size=(400_000, 2)) * (0.5, 0.4)
    apart = np.column_stack([e[:, 0], 0.6 * e[:, 0] + e[:, 1]])
    assert found.chance == pytest.approx((np.abs(apart) <= 0.7).all(axis=1).mean(), abs=0.03)
    assert "residual of a new unit" in found.notes[0]
    assert found.chance_of == "a new unit"
    assert "(a new unit)" in repr(found)


def test_a_known_unit_keeps_its_residual_and_the_plan_says_what_is_left_out() -> None:
    model = one_lever(np.array([[1.0, 0.0]]), scales=(0.5, 0.4), arrow=0.6)
    found = plan(model, {"a": 0.3, "b": -2.0}, Target({"a": 1.3}, tolerance=0.01), [Lever("do")])
    assert found.chance == 1.0
    assert found.predicted.loc["b", ["mean", "lower", "upper"]].tolist() == pytest.approx([-1.4] * 3)
    assert "leave out parameters and graph (one draw), the noise of a repeated answer" in found.notes[0]
    assert "how units differ in the effect of do (give `heterogeneity`)" in found.notes[0]
    assert found.chance_of == "the average effect"
    assert "(the average effect)" in repr(found)
    assert "the chance that the AVERAGE effect hits; one unit differs more" in found.notes[0]


def test_parameters_and_graph_widen_the_interval_by_the_spread_of_the_draws() -> None:
    rng = np.random.default_rng(1)
    effects = np.column_stack([rng.normal(1.0, 0.3, 4000), np.where(rng.random(4000) < 0.5, 1.0, 0.0)])
    found = plan(one_lever(effects), {"a": 0.0, "b": 0.0}, Target({"a": 1.0, "b": 1.0}, tolerance=0.3), [Lever("do")])
    inside = (np.abs(effects - 1.0) <= 0.3).all(axis=1)
    assert found.chance_in_sample == pytest.approx(inside.mean(), abs=1e-9)
    assert found.predicted.loc["a", "lower"] == pytest.approx(np.quantile(effects[:, 0], 0.05), abs=0.01)
    assert found.predicted.loc["b", ["lower", "upper"]].tolist() == [0.0, 1.0]


def test_draws_count_by_their_weight() -> None:
    model = replace(one_lever(np.array([[1.0, 0.0], [3.0, 0.0]])), weights=np.array([39.0, 1.0]))
    found = plan(model, {"a": 0.0, "b": 0.0}, Target({"a": 1.0}, tolerance=0.1), [Lever("do")])
    assert found.objective == pytest.approx(0.05)
    assert found.chance_in_sample == pytest.approx(0.975)
    assert found.predicted.loc["a", ["mean", "lower", "upper"]].tolist() == pytest.approx([1.05, 1.0, 1.0])


def test_units_that_differ_in_the_effect_widen_interval_and_chance_as_the_normal_law_says() -> None:
    model = one_lever(np.array([[1.0, 0.5]]))
    spread = Heterogeneity({"do": diagonal(0.4, 0.2)})
    target = Target({"a": 2.0}, tolerance=0.5)
    found = plan(model, {"a": 0.0, "b": 0.0}, target, [Lever("do", (2.0,))], Enumerate(heterogeneity=spread))
    assert found.chance == pytest.approx(2 * norm.cdf(0.5 / 0.8) - 1, abs=0.03)
    assert found.side_effects.loc["b", "upper"] == pytest.approx(1.0 + 1.645 * 0.4, abs=0.04)
    assert found.side_effects.loc["b", "positive"] == pytest.approx(norm.cdf(1.0 / 0.4), abs=0.01)
    assert found.chance_of == "a unit"
    assert "AVERAGE" not in found.notes[0]
    assert "how units differ in the effect of do" in found.notes[0]


def test_a_spread_from_few_units_has_the_tails_of_student() -> None:
    model = one_lever(np.array([[1.0, 0.5]]))
    few = Heterogeneity({"do": diagonal(0.4, 0.2)}, units={"do": 5})
    found = plan(model, {"a": 0.0, "b": 0.0}, Target({"a": 1.0}), [Lever("do")], Enumerate(heterogeneity=few))
    assert found.predicted.loc["a", "upper"] == pytest.approx(1.0 + 0.4 * student.ppf(0.95, 4), abs=0.06)


def test_values_that_move_together_hit_together() -> None:
    model = one_lever(np.array([[1.0, 1.0]]))
    start, target = {"a": 0.0, "b": 0.0}, Target({"a": 1.0, "b": 1.0}, tolerance=0.3)
    apart, joined = (Heterogeneity({"do": diagonal(0.3, 0.3, both)}) for both in (0.0, 0.09))
    alone = 2 * norm.cdf(1.0) - 1
    chances = [plan(model, start, target, [Lever("do")], Enumerate(heterogeneity=h)).chance for h in (apart, joined)]
    assert chances == pytest.approx([alone**2, alone], abs=0.03)


def test_a_combination_uses_its_own_spread_and_else_the_sum() -> None:
    b = np.zeros((5, 5))
    b[2, 0] = b[3, 0] = 1.0
    model = StructuralModel(
        values=VALUES,
        levers=("x", "y"),
        combinations=(("x", "y"),),
        coefficients=b[None],
        intercepts=np.zeros((1, 5)),
        residual_scales=np.zeros((1, 5)),
        weights=np.ones(1),
    )
    start, target, levers = {"a": 0.0, "b": 0.0}, Target({"a": 3.0}), [Lever("x", (2.0,)), Lever("y")]
    single = {"x": diagonal(0.15, 0.0), "y": diagonal(0.4, 0.0)}
    for spread, sd in ((single, 0.5), ({**single, "y+x": diagonal(0.05, 0.0)}, 0.1)):
        found = plan(model, start, target, levers, Enumerate(heterogeneity=Heterogeneity(spread)))
        assert found.doses == {"x": 2.0, "y": 1.0}
        assert found.predicted.loc["a", "upper"] == pytest.approx(3.0 + 1.645 * sd, abs=0.05 * sd / 0.5)


def test_a_combination_that_few_rows_had_says_how_unsure_its_effect_is() -> None:
    rng = np.random.default_rng(8)
    b = np.zeros((2000, 5, 5))
    b[:, 2, 0], b[:, 3, 0] = rng.normal(0.4, 0.02, (2, 2000))
    for spread, said in ((0.3, True), (0.02, False)):
        b[:, 4, 0] = rng.normal(0.2, spread, 2000)
        model = StructuralModel(
            values=VALUES,
            levers=("x", "y"),
            combinations=(("x", "y"),),
            coefficients=b,
            intercepts=np.zeros((2000, 5)),
            residual_scales=np.zeros((2000, 5)),
            weights=np.ones(2000),
        )
        found = plan(model, {"a": 0.0, "b": 0.0}, Target({"a": 1.0}), [Lever("x"), Lever("y")])
        assert set(found.doses) == {"x", "y"}
        low, high = np.quantile(b[:, 2:, 0].sum(axis=1), [0.05, 0.95])
        for basis, rests_on in zip(found.ledger["basis"], found.ledger["rests_on"], strict=True):
            assert basis != "extrapolated"
            assert f"used together they change 'a' by 1 (90% interval {low:.2g} to {high:.2g})" in rests_on
            assert ("few rows had this combination" in rests_on) == said
        alone = plan(model, {"a": 0.0, "b": 0.0}, Target({"a": 0.4}), [Lever("x"), Lever("y")])
        assert not any("used together" in rests_on for rests_on in alone.ledger["rests_on"])


def test_the_noise_of_a_repeated_answer_counts_where_no_spread_is_known() -> None:
    model = one_lever(np.array([[1.0, 0.5]]))
    repeated = Heterogeneity(repeat={"a": 0.2})
    found = plan(model, {"a": 0.0, "b": 0.0}, Target({"a": 1.0}), [Lever("do")], Enumerate(heterogeneity=repeated))
    assert found.predicted.loc["a", "upper"] == pytest.approx(1.0 + 1.645 * 0.2, abs=0.02)
    assert found.predicted.loc["b", "upper"] == 0.5
    assert "the noise of a repeated answer;" in found.notes[0]


def test_the_chance_of_a_ranking_is_the_chance_that_the_unit_ends_in_that_order() -> None:
    model = one_lever(np.array([[1.0, 0.0]]))
    method = Enumerate(heterogeneity=Heterogeneity({"do": diagonal(0.6, 0.8)}))
    found = plan(model, {"a": 0.0, "b": 0.5}, Target(ranking=("a", "b"), margin=0.1), [Lever("do")], method)
    assert found.chance == pytest.approx(norm.cdf((0.5 - 0.1) / 1.0), abs=0.03)
    assert found.predicted["target"].isna().all()


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others() -> None:
    model = one_lever(np.array([[1.0, 0.5]] * 30), scales=(0.5, 0.5))
    one, same, other = (
        plan(model, None, Target({"a": 1.0}), [Lever("do")], Enumerate(seed=seed)).predicted for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, same, check_exact=True)
    assert (one["lower"] != other["lower"]).any()


def test_interval_and_chance_hold_for_units_that_nobody_planned_with() -> None:
    """Effects differ between units and answers are noisy; model and spread come from 60 paired units."""
    rng = np.random.default_rng(5)
    mean, root = np.array([1.0, -0.5]), np.array([[0.4, 0.0], [0.2, 0.3]])
    covered, hit, promised = [], [], []

    def differences(n: int) -> np.ndarray:
        noise = rng.normal(size=(2, n, 2)) * 0.2
        return mean + rng.normal(size=(n, 2)) @ root.T + noise[0] - noise[1]

    target = Target({"a": 1.0, "b": -0.5}, tolerance=0.6)
    for seed in range(40):
        seen = differences(60)
        draws = np.array([seen[rng.integers(0, 60, 60)].mean(axis=0) for _ in range(40)])
        spread = Heterogeneity.from_differences({"do": pd.DataFrame(seen, columns=VALUES)})
        method = Enumerate(heterogeneity=spread, seed=seed)
        found = plan(one_lever(draws), {"a": 0.0, "b": 0.0}, target, [Lever("do")], method)
        new = differences(400)
        inside = (new >= found.predicted["lower"].to_numpy()) & (new <= found.predicted["upper"].to_numpy())
        covered.append(inside.mean())
        hit.append((np.abs(new - mean) <= 0.6).all(axis=1).mean())
        promised.append(found.chance)
    assert 0.88 < np.mean(covered) < 0.92
    assert np.mean(promised) == pytest.approx(np.mean(hit), abs=0.02)


def test_spreads_come_from_answers_of_the_same_clusters_with_and_without_the_lever() -> None:
    rng = np.random.default_rng(6)
    base, gain = rng.normal(size=(30, 2)), rng.normal(size=(30, 2)) * (0.5, 0.1)
    few = base[:4] + rng.normal(size=(4, 2))
    matrix = ResponseMatrix(
        names=VALUES,
        scores=np.vstack([base, base + 2 * gain, few]),
        unit_ids=[str(i) for i in range(64)],
        labels={"person": [str(i) for i in [*range(30), *range(30), *range(4)]]},
        cluster_by="person",
        levers=("x", "y"),
        doses=np.vstack([np.zeros((30, 2)), np.tile([2.0, 0.0], (30, 1)), np.ones((4, 2))]),
    )
    spread = Heterogeneity.from_answers(matrix)
    assert list(spread.covariance) == ["x"]
    np.testing.assert_allclose(spread.covariance["x"].to_numpy(), np.cov(gain.T))
    assert spread.units == {"x": 30}


@pytest.mark.shared
def test_intervals_hold_for_personas_of_a_language_model_that_nobody_planned_with(shared_data: Path) -> None:
    """Effects of ten prompts from half of 40 personas, intervals for the other half, both ways round; 90% asked for."""
    answers = pd.read_csv(shared_data / "smollm2_values" / "responses.csv.gz", keep_default_na=False)
    answers = answers[~answers["levers"].str.contains("+", regex=False)]
    names = tuple(sorted({column[:-2] for column in answers.columns if column.endswith("_1")}))
    items = [answers[[f"{name}_{i}" for i in range(1, 5)]].to_numpy(float) for name in names]
    levers = tuple(sorted(set(answers["levers"]) - {""}))
    persona = answers["persona_id"].astype(int).to_numpy()
    matrix = ResponseMatrix(
        names=names,
        scores=np.stack([item.mean(axis=1) for item in items], axis=1),
        unit_ids=[str(i) for i in range(len(answers))],
        labels={"persona_id": [str(i) for i in persona]},
        cluster_by="persona_id",
        levers=levers,
        doses=np.array([[float(used == lever) for lever in levers] for used in answers["levers"]]),
    )
    without, with_spread = [], []
    for half in (0, 1):
        seen = matrix.rows((persona % 2 == half) & (persona < 40))
        unseen = matrix.rows((persona % 2 != half) & (persona < 40))
        spread = Heterogeneity.from_answers(seen)
        model = resampled_effects(seen)
        for row in np.flatnonzero(unseen.doses.any(axis=1)):
            person = unseen.labels["persona_id"][row]
            plain = [i for i, p in enumerate(unseen.labels["persona_id"]) if p == person and not unseen.doses[i].any()]
            start = dict(zip(names, unseen.scores[plain[0]], strict=True))
            target = Target({names[0]: 0.0})
            offered = [Lever(lever) for lever in levers]
            choice = ((int(np.flatnonzero(unseen.doses[row])[0]), 1.0),)
            for settings, covered in ((None, without), (spread, with_spread)):
                problem = pose(model, start, target, offered, Enumerate(heterogeneity=settings, seed=half))
                low, high = interval(problem, reached_samples(problem, choice))
                covered.append((unseen.scores[row] >= low) & (unseen.scores[row] <= high))
    assert 0.86 < np.mean(with_spread) < 0.95
    assert np.mean(without) < 0.4


def resampled_effects(matrix: ResponseMatrix, draws: int = 50) -> StructuralModel:
    """Lever effects by design, one draw a resample of the paired personas; no arrows between values."""
    rng = np.random.default_rng(7)
    p, k = len(matrix.names), len(matrix.levers)
    persons = np.array(matrix.labels["persona_id"])
    names = sorted(set(persons))
    blocks = np.array(
        [
            [
                matrix.scores[(persons == person) & (matrix.doses[:, lever] > 0)][0]
                - matrix.scores[(persons == person) & ~matrix.doses.any(axis=1)][0]
                for lever in range(k)
            ]
            for person in names
        ]
    )
    b = np.zeros((draws, p + k, p + k))
    for draw in b:
        draw[p:, :p] = blocks[rng.integers(0, len(names), len(names))].mean(axis=0)
    return StructuralModel(
        values=matrix.names,
        levers=matrix.levers,
        coefficients=b,
        intercepts=np.zeros((draws, p + k)),
        residual_scales=np.zeros((draws, p + k)),
        weights=np.ones(draws),
        kind="bootstrap",
    )


def test_intervals_of_a_fitted_model_hold_for_personas_that_it_has_not_seen() -> None:
    """Answers of a language model through evidence, graphs, model and plan; half of the paired personas are held out.

    A given unit keeps its residual, so its interval is that of one start moved by the difference of the starts.
    """
    matrix = score(demo_responses(), scoring_key("smollm2-demo"))
    persona, used = np.array(matrix.labels["persona_id"]), (matrix.doses != 0).sum(axis=1)
    paired = sorted(set(persona[used == 1]))
    covered = []
    for half in (0, 1):
        hidden = np.isin(persona, paired[half::2])
        seen, unseen = matrix.rows(~hidden), matrix.rows(hidden)
        evidence = summarise(seen)
        model = fit(discover(evidence), evidence)
        method = Enumerate(heterogeneity=Heterogeneity.from_answers(seen), alternatives=0, seed=half)
        effects = np.einsum("s,sij->ij", model.weights, model.total)
        own = dict(
            zip(np.array(unseen.labels["persona_id"])[used[hidden] == 0], unseen.scores[used[hidden] == 0], strict=True)
        )
        for place, lever in enumerate(model.levers):
            goal = effects[model.place(lever), : len(model.values)]
            start = dict.fromkeys(model.values, 0.0)
            found = plan(model, start, Target(dict(zip(model.values, goal, strict=True))), [Lever(lever)], method)
            assert (found.doses, found.chance_of) == ({lever: 1.0}, "a unit")
            rows = (unseen.doses[:, place] > 0) & (used[hidden] == 1)
            people = np.array(unseen.labels["persona_id"])[rows]
            change = unseen.scores[rows] - np.array([own[person] for person in people])
            low, high = found.predicted["lower"].to_numpy(), found.predicted["upper"].to_numpy()
            covered.append(((change >= low) & (change <= high)).mean())
    assert 0.84 < np.mean(covered) < 0.97


def answers_with_and_without(
    rng: np.random.Generator, effects: np.ndarray, spreads: tuple[float, float, float], people: int
) -> ResponseMatrix:
    """Every person answers without lever and with each lever: own level, own share of the effect, noise."""
    k, p = effects.shape
    level = rng.normal(size=(people, p)) * spreads[0]
    scores, doses = [level + rng.normal(size=(people, p)) * spreads[2]], [np.zeros((people, k))]
    for lever in range(k):
        differs, noise = rng.normal(size=(2, people, p)) * np.array(spreads[1:])[:, None, None]
        scores.append(level + effects[lever] + differs + noise)
        doses.append(np.tile(np.eye(k)[lever], (people, 1)))
    return ResponseMatrix(
        names=[f"v{i}" for i in range(p)],
        scores=np.vstack(scores),
        unit_ids=[str(i) for i in range(people * (k + 1))],
        labels={"person": [f"p{i}" for i in range(people)] * (k + 1)},
        cluster_by="person",
        levers=tuple(f"x{i:02d}" for i in range(k)),
        doses=np.vstack(doses),
    )


def test_a_new_unit_is_as_uncertain_as_new_units_are_and_heterogeneity_is_not_counted_twice() -> None:
    effects, wanted, graph = (
        np.array([[1.0, 0.5]]),
        {"v0": 1.0, "v1": 0.5},
        Dag.from_edges(["v0", "v1"], [("v0", "v1")]),
    )
    for spreads in ((0.8, 0.3, 0.2), (0.3, 0.2, 0.4)):
        promised, hit, covered = [], [], []
        for seed in range(15):
            rng = np.random.default_rng([41, seed])
            seen = answers_with_and_without(rng, effects, spreads, 60)
            model = fit(graph, summarise(seen), seed=seed)
            method = Enumerate(heterogeneity=Heterogeneity.from_answers(seen), seed=seed)
            found = plan(model, None, Target(wanted, tolerance=0.6), [Lever("x00")], method)
            new = answers_with_and_without(rng, effects, spreads, 500).scores[500:]
            low, high = found.predicted["lower"].to_numpy(), found.predicted["upper"].to_numpy()
            covered.append(((new >= low) & (new <= high)).mean())
            hit.append((np.abs(new - effects[0]) <= 0.6).all(axis=1).mean())
            promised.append(found.chance)
        assert np.mean(promised) == pytest.approx(np.mean(hit), abs=0.05)
        assert 0.85 < np.mean(covered) < 0.93
