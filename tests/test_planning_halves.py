"""Is a plan chosen with one half of the data judged honestly by the other half?"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from causalvalues.errors import PlanError
from causalvalues.evidence import Evidence, summarise
from causalvalues.graph.dag import Dag
from causalvalues.interventions import Lever
from causalvalues.model.fitting import fit
from causalvalues.model.structural import StructuralModel
from causalvalues.planning import Enumerate, Heterogeneity, MixedInteger, Plan, Target, half_models, plan
from causalvalues.planning.halves import design_in_clusters, half_evidence
from causalvalues.responses.matrix import ResponseMatrix

NAMES = ("a", "b", "c")
GRAPH = Dag.from_edges(NAMES, [("a", "b")])
START = dict.fromkeys(NAMES, 0.0)
WANTED = Target({"a": 0.6, "b": 0.6, "c": -0.6}, tolerance=0.35)


def answers(seed: int, effects: np.ndarray, people: int = 40) -> ResponseMatrix:
    """Every person answers without lever and with each lever; persons differ in level and in effect."""
    rng = np.random.default_rng([71, seed])
    k = len(effects)
    moved = np.vstack([np.zeros((1, 3)), effects])[:, None] + rng.normal(size=(k + 1, people, 3)) * 0.3
    moved[0] = 0.0
    scores = rng.normal(size=(people, 3)) * 0.6 + moved + rng.normal(size=(k + 1, people, 3)) * 0.3
    rows = people * (k + 1)
    return ResponseMatrix(
        names=NAMES,
        scores=scores.reshape(-1, 3),
        unit_ids=[str(i) for i in range(rows)],
        labels={"person": [f"p{i}" for i in range(people)] * (k + 1), "group": [f"g{i % 3}" for i in range(rows)]},
        cluster_by="person",
        levers=tuple(f"x{i:02d}" for i in range(k)),
        doses=np.repeat(np.vstack([np.zeros((1, k)), np.eye(k)]), people, axis=0),
    )


def planned(seed: int, halves: bool = True) -> tuple[Plan, float]:
    """A pair chosen among fifteen weak levers, from rows; and its true error."""
    true = np.random.default_rng([72, seed]).normal(size=(15, 3)) * 0.1
    matrix = answers(seed, true)
    evidence = summarise(matrix)
    method = Enumerate(
        max_levers=2,
        untried=True,
        heterogeneity=Heterogeneity.from_answers(matrix),
        halves=half_models(GRAPH, evidence, seed) if halves else None,
        alternatives=0,
        seed=seed,
    )
    found = plan(fit(GRAPH, evidence, seed=seed), START, WANTED, [Lever(lever) for lever in matrix.levers], method)
    reached = np.sum([true[int(lever[1:])] for lever in found.doses], axis=0)
    return found, float(np.abs(np.array([0.6, 0.6, -0.6]) - reached).sum())


def test_a_pair_chosen_among_weak_levers_promises_more_than_it_keeps_and_the_other_half_shows_it() -> None:
    plans = [planned(seed) for seed in range(12)]
    objective, predicted, achieved, promised, chance = np.mean(
        [(f.objective, f.predicted_error, f.achieved_error, f.chance_in_sample, f.chance) for f, _ in plans], axis=0
    )
    true = np.mean([error for _, error in plans])
    assert objective < true < achieved
    assert achieved > predicted + 0.1
    assert sum(f.achieved_error > f.predicted_error for f, _ in plans) >= 10
    assert chance < promised


def test_what_the_halves_say_is_what_each_way_round_says_alone() -> None:
    matrix = answers(3, np.random.default_rng(1).normal(size=(6, 3)) * 0.1)
    evidence = summarise(matrix)
    model, halves = fit(GRAPH, evidence), half_models(GRAPH, evidence, 7)
    levers = [Lever(lever) for lever in matrix.levers]
    found = plan(model, START, WANTED, levers, Enumerate(halves=halves))
    numbers, chosen = [], []
    for chooser, judge in (halves, halves[::-1]):
        alone = plan(chooser, START, WANTED, levers)
        (lever,) = alone.doses
        chosen.append(lever)
        reached = judge.total[:, judge.place(lever), :3]
        errors = np.abs(reached - [0.6, 0.6, -0.6])
        hit = (errors <= 0.35).all(axis=1)
        numbers.append((alone.objective, judge.weights @ errors.sum(axis=1), judge.weights @ hit))
    assert chosen[0] != chosen[1]
    predicted, achieved, chance = np.mean(numbers, axis=0)
    assert (found.predicted_error, found.achieved_error) == pytest.approx((predicted, achieved))
    assert found.chance == found.chance_cross_fitted == pytest.approx(chance)
    assert f"predicted error {predicted:.3f}, achieved {achieved:.3f}; chance {chance:.0%}" in found.notes[1]
    assert "Half of the data makes all four noisier" in found.notes[1]
    other = plan(model, START, WANTED, levers, MixedInteger(halves=halves))
    assert (other.predicted_error, other.achieved_error) == pytest.approx((predicted, achieved))


def test_without_halves_the_chance_is_called_in_sample_and_the_remedy_is_named() -> None:
    found, _ = planned(0, halves=False)
    assert math.isnan(found.chance_cross_fitted)
    assert math.isnan(found.predicted_error)
    assert math.isnan(found.achieved_error)
    assert found.chance == found.chance_in_sample
    assert "in sample, not corrected for the choice among 121 candidates" in found.notes[1]
    assert "halves=half_models(posterior, evidence, seed)" in found.notes[1]


@pytest.mark.parametrize("within", ["", "group"])
def test_a_half_is_the_evidence_of_the_rows_of_its_clusters(within: str) -> None:
    matrix = answers(7, np.full((4, 3), 0.3), people=30)
    evidence = summarise(matrix, within=within)
    rng = np.random.default_rng(8)
    taken = rng.random(30) < 0.5
    codes = {person: i for i, person in enumerate(sorted(set(matrix.labels["person"])))}
    rows = taken[[codes[person] for person in matrix.labels["person"]]]
    assert evidence.clusters is not None
    half, direct = half_evidence(evidence, evidence.clusters, taken), summarise(matrix.rows(rows), within=within)
    np.testing.assert_allclose(half.scatter, direct.scatter)
    one, other = fit(GRAPH, half, seed=1), fit(GRAPH, direct, seed=1)
    np.testing.assert_allclose(one.coefficients, other.coefficients, atol=1e-9)
    np.testing.assert_allclose(one.intercepts, other.intercepts, atol=1e-9)


def test_halves_share_no_cluster_hold_every_lever_and_depend_on_the_seed_alone() -> None:
    matrix = answers(9, np.full((3, 3), 0.3))
    rare = np.isin(matrix.labels["person"], ["p1", "p2", "p3"]) | (matrix.doses[:, 2] == 0)
    evidence = summarise(matrix.rows(rare))
    for seed in range(10):
        one, other = half_models(GRAPH, evidence, seed)
        assert one.levers == other.levers == matrix.levers
        again = half_models(GRAPH, evidence, seed)
        assert (again[0].coefficients == one.coefficients).all()
        assert (again[1].coefficients == other.coefficients).all()
    assert (half_models(GRAPH, evidence, 1)[0].coefficients != half_models(GRAPH, evidence, 2)[0].coefficients).any()


@pytest.mark.parametrize("within", ["", "group"])
def test_which_clusters_hold_a_lever_is_read_from_their_sums(within: str) -> None:
    matrix = answers(10, np.full((3, 3), 0.3), people=12)
    kept = ~(np.isin(matrix.labels["person"], ["p4", "p7", "p9"]) & (matrix.doses[:, 1] > 0))
    evidence = summarise(matrix.rows(kept), within=within)
    assert evidence.clusters is not None
    lacking = [person in {"p4", "p7", "p9"} for person in sorted(set(matrix.labels["person"]))]
    np.testing.assert_array_equal(design_in_clusters(evidence, evidence.clusters)[:, 1], np.logical_not(lacking))


def test_independent_rows_are_dealt_in_blocks() -> None:
    matrix = answers(11, np.full((2, 3), 0.3))
    plain = ResponseMatrix(
        names=NAMES, scores=matrix.scores, unit_ids=matrix.unit_ids, levers=matrix.levers, doses=matrix.doses
    )
    one, other = half_models(GRAPH, summarise(plain), 0)
    assert one.levers == other.levers == matrix.levers
    assert (one.coefficients != other.coefficients).any()


def evidence_of(people: list[str], lever: str = "") -> Evidence:
    """Only these persons; the lever (if named) only with the first of them."""
    matrix = answers(12, np.full((2, 3), 0.3))
    person = np.array(matrix.labels["person"])
    keep = np.isin(person, people)
    if lever:
        keep &= (person == people[0]) | (matrix.doses[:, matrix.levers.index(lever)] == 0)
    return summarise(matrix.rows(keep))


def test_data_that_cannot_be_halved_are_refused_with_a_remedy() -> None:
    many = [f"p{i}" for i in range(20)]
    with pytest.raises(PlanError, match=r"There are 3 clusters; halves need at least 4.*Plan without"):
        half_models(GRAPH, evidence_of(many[:3]))
    with pytest.raises(PlanError, match=r"'x01' was tried in one cluster alone, .*Leave its rows out"):
        half_models(GRAPH, evidence_of(many, "x01"))
    with pytest.raises(PlanError, match="holds no cluster sums"):
        half_models(GRAPH, replace(evidence_of(many), clusters=None))


def test_combinations_that_one_cluster_alone_tried_are_all_named() -> None:
    matrix = answers(14, np.full((3, 3), 0.3))
    doses = np.array(matrix.doses)
    doses[[40, 41]] = [[1, 1, 0], [0, 1, 1]]
    with pytest.raises(PlanError, match=r"'x00\+x01' was tried .*\(nor can 'x01\+x02'\)\. Leave its rows out"):
        half_models(GRAPH, summarise(replace(matrix, doses=doses)))
    doses[42:44] = [[1, 1, 0], [0, 1, 1]]
    halves = half_models(GRAPH, summarise(replace(matrix, doses=doses)))
    assert halves[0].combinations == halves[1].combinations == (("x00", "x01"), ("x01", "x02"))


def test_halves_of_another_model_are_refused() -> None:
    matrix = answers(13, np.full((2, 3), 0.3))
    evidence = summarise(matrix)
    halves = half_models(GRAPH, evidence)
    small = StructuralModel.from_coefficients(["a", "b", "c", "x00"], np.eye(4, k=-1), levers=["x00"])
    with pytest.raises(PlanError, match=r"`halves` and the model differ in 'x01'"):
        plan(small, START, WANTED, [Lever("x00")], Enumerate(halves=halves))
    with pytest.raises(PlanError, match="There are 1 models in `halves`"):
        Enumerate(halves=halves[:1])  # type: ignore[arg-type]
