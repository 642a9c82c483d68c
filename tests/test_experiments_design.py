"""The next experiment: closed forms, brute force on small cases, and laws of what an experiment is worth."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.experiments import (
    AboutAnswers,
    AboutEdges,
    AboutEffect,
    AboutModel,
    AboutTarget,
    Candidate,
    Item,
    LinearBayes,
    Particles,
    design_next,
    forced_answers,
    lever_settings,
)
from causalvalues.experiments.foreseen import foreseen, thinned
from causalvalues.experiments.goals import Goal
from causalvalues.experiments.linear_bayes import information
from causalvalues.experiments.particles import log_likelihoods
from causalvalues.experiments.uncertainty import uncertainty
from causalvalues.interventions import Lever, Set, Shift
from causalvalues.model import StructuralModel
from causalvalues.planning import Target
from causalvalues.randomness import stream

VALUES = ("a", "b", "c")
FEW = Particles(simulations=60, draws=60)


def drawn(seed: int, draws: int = 60, levers: int = 2) -> StructuralModel:
    """Random graphs over three values with levers, in random weights."""
    rng = np.random.default_rng(seed)
    m = len(VALUES) + levers
    b = np.zeros((draws, m, m))
    for draw in b:
        order = rng.permutation(3)
        for i, j in itertools.combinations(order, 2):
            draw[i, j] = rng.normal() * (rng.random() < 0.6)
        draw[3:, :3] = rng.normal(size=(levers, 3))
    scales = np.c_[rng.uniform(0.5, 1.5, (draws, 3)), np.zeros((draws, levers))]
    intercepts = np.c_[rng.normal(size=(draws, 3)) * 0.2, np.zeros((draws, levers))]
    names = tuple(f"lever {i}" for i in range(levers))
    return StructuralModel(VALUES, b, intercepts, scales, rng.uniform(0.2, 1, draws), names)


def all_candidates(levers: int = 2, rows: int = 2) -> tuple[Candidate, ...]:
    nodes = [Lever(f"lever {i}") for i in range(levers)]
    return (Candidate("seen", rows=rows), *forced_answers(VALUES, rows=rows), *lever_settings(nodes, rows=rows))


TARGET = AboutTarget(Target({"a": 0.5, "b": 0.2}), None, (Lever("lever 0"), Lever("lever 1")))
GOALS: tuple[Goal, ...] = (
    AboutModel(),
    AboutEdges(),
    AboutEffect("a", "c"),
    AboutEffect("lever 0", "b"),
    TARGET,
    AboutAnswers(lever_settings([Lever("lever 1")])),
)
METHODS = (FEW, LinearBayes())


class NormalResponse:
    """A response to levers whose draws have exactly the mean and covariance of a normal posterior."""

    def __init__(self, covariance: np.ndarray, noise: np.ndarray) -> None:
        k, p = len(covariance), len(noise)
        self.values, self.levers = tuple(f"v{i}" for i in range(p)), tuple(f"l{i}" for i in range(k))
        self.noise = noise
        # +- sqrt(kp) times each column of a root of the covariance (k x k, the same for each value, independent)
        root = np.kron(np.linalg.cholesky(covariance), np.eye(p))
        points = np.sqrt(k * p) * np.concatenate([root.T, -root.T])
        self.coefficients = points.reshape(-1, k, p)
        self.weights = np.full(len(points), 1 / len(points))
        self.mean = np.zeros(p)

    def profiles(self, start: np.ndarray, doses: np.ndarray) -> np.ndarray:
        return start[None] + np.einsum("mk,skp->smp", doses, self.coefficients)


def asked(names: tuple[str, ...], doses: list[dict[str, float]], rows: int = 1) -> list[Candidate]:
    start = dict.fromkeys(names, 0.0)
    return [
        Candidate(f"c{i}", (tuple(Set(lever, dose) for lever, dose in each.items()),), rows, start)
        for i, each in enumerate(doses)
    ]


# --- closed forms -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 5])
def test_information_of_a_linear_normal_experiment_is_half_the_log_of_the_ratio_of_determinants(rows: int) -> None:
    prior = np.array([[1.0, 0.3], [0.3, 0.5]])
    noise = np.array([[0.4, 0.1], [0.1, 0.9]])
    model = NormalResponse(prior, noise)
    doses = [{"l0": 1.0}, {"l1": 2.0}, {"l0": 1.0, "l1": 1.0}]
    design = design_next(model, asked(model.values, doses, rows), AboutModel(), LinearBayes(batch=3))
    for name, each in zip(["c0", "c1", "c2"], doses, strict=True):
        x = np.array([each.get("l0", 0.0), each.get("l1", 0.0)])
        inverse = np.linalg.inv(np.kron(prior, np.eye(2))) + rows * np.kron(np.outer(x, x), np.linalg.inv(noise))
        before = np.linalg.slogdet(np.kron(prior, np.eye(2)))[1]
        assert design.table.gain[name] == pytest.approx((before + np.linalg.slogdet(inverse)[1]) / 2, abs=1e-10)
    every = sum(np.outer(x, x) for x in (np.array([each.get("l0", 0.0), each.get("l1", 0.0)]) for each in doses))
    inverse = np.linalg.inv(np.kron(prior, np.eye(2))) + rows * np.kron(every, np.linalg.inv(noise))
    assert design.gain == pytest.approx((before + np.linalg.slogdet(inverse)[1]) / 2, abs=1e-10)


def test_the_variance_of_an_effect_falls_as_in_a_regression() -> None:
    prior = np.array([[1.0, 0.6], [0.6, 2.0]])
    model = NormalResponse(prior, np.array([[0.8]]))
    candidates = asked(model.values, [{"l0": 1.0}, {"l1": 1.0}], rows=2)
    design = design_next(model, candidates, AboutEffect("l0", "v0"))
    assert design.before == pytest.approx(1.0)
    assert design.table.gain["c0"] == pytest.approx(1.0 / (1.0 + 0.4))
    assert design.table.gain["c1"] == pytest.approx(0.36 / (2.0 + 0.4))
    assert design.chosen == ("c0",)


def test_information_is_zero_without_spread_and_symmetric_in_what_is_asked() -> None:
    assert information(np.zeros((2, 2)), np.eye(2)) == 0.0
    both = np.array([[2.0, 0.5], [0.5, 1.0]])
    assert information(both, np.eye(2)) == pytest.approx(information(both[::-1, ::-1], np.eye(2)))


def test_log_likelihoods_are_those_of_scipy_up_to_a_constant_for_each_outcome() -> None:
    from scipy.stats import multivariate_normal

    model = drawn(3, draws=5, levers=0)
    (arm,) = foreseen(model, [Candidate("seen", rows=1)])[0]
    truths = np.array([0, 3, 4])
    found = log_likelihoods((arm,), truths, stream(1, "x"))
    z = stream(1, "x").standard_normal((3, 3))
    for row, truth in enumerate(truths):
        y = arm.means[truth] + np.linalg.cholesky(arm.covariances[truth]) @ z[row]
        expected = [multivariate_normal(arm.means[d], arm.covariances[d]).logpdf(y) for d in range(5)]
        assert np.ptp(found[row] - expected) < 1e-9


def test_many_rows_weigh_like_their_sum() -> None:
    """Mean and scatter are sufficient: the expected log ratio of two draws is rows times their divergence."""
    model = drawn(5, draws=2, levers=0)
    (arm,) = foreseen(model, [Candidate("seen", rows=7)])[0]
    found = log_likelihoods((arm,), np.zeros(20_000, dtype=int), stream(0, "rows"))
    (m0, m1), (c0, c1) = arm.means, arm.covariances
    inverse = np.linalg.inv(c1)
    divergence = 0.5 * (
        np.trace(inverse @ c0)
        + (m1 - m0) @ inverse @ (m1 - m0)
        - 3
        + np.linalg.slogdet(c1)[1]
        - np.linalg.slogdet(c0)[1]
    )
    ratio = found[:, 0] - found[:, 1]
    assert ratio.mean() == pytest.approx(7 * divergence, abs=5 * ratio.std() / math.sqrt(len(ratio)))


# --- brute force ------------------------------------------------------------------------------------------------------


def two_graphs(size: float) -> StructuralModel:
    """a -> b or b -> a, equally likely, with the same joint law: only forcing tells them apart."""
    b = np.zeros((2, 2, 2))
    b[0, 0, 1] = b[1, 1, 0] = size
    rest = math.sqrt(1 - size**2)
    return StructuralModel(("a", "b"), b, np.zeros((2, 2)), np.array([[1.0, rest], [rest, 1.0]]), np.ones(2))


def test_nested_monte_carlo_agrees_with_quadrature_over_all_answers() -> None:
    """With one forced row the answer is b: N(size, rest^2) or N(0, 1); the information is an integral over b."""
    size = 0.6
    rest = math.sqrt(1 - size**2)
    y = np.linspace(-12, 12, 20_001)
    laws = [np.exp(-0.5 * ((y - m) / s) ** 2) / s / math.sqrt(2 * math.pi) for m, s in ((size, rest), (0.0, 1.0))]
    mixed = (laws[0] + laws[1]) / 2
    exact = sum(0.5 * np.trapezoid(law * np.log(law / mixed), y) for law in laws)
    method = Particles(simulations=20_000, draws=2)
    design = design_next(two_graphs(size), [Candidate("set a", ((Set("a", 1.0),),))], AboutEdges(), method)
    assert design.before == pytest.approx(math.log(2))
    assert design.gain == pytest.approx(exact, abs=0.006)
    assert design_next(two_graphs(size), [Candidate("set a", ((Set("a", 1.0),),))], AboutModel(), method).gain == (
        pytest.approx(design.gain)
    )


def test_looking_tells_nothing_about_equivalent_graphs_and_forcing_does() -> None:
    candidates = [Candidate("seen", rows=20), *forced_answers(("a", "b"), rows=10)]
    design = design_next(two_graphs(0.6), candidates, AboutEdges(), Particles())
    assert design.table.gain["seen"] == pytest.approx(0.0, abs=1e-9)
    assert design.table.gain["set a"] > 0.3
    assert design.table.gain["set a"] == pytest.approx(design.table.gain["set b"], abs=0.05)


def test_the_worth_of_answers_for_a_plan_is_what_the_planner_gains_by_knowing() -> None:
    """Two levers, each is the right one in one draw: error 1 for a guess, 0 for who knows. Answers are worth .5."""
    b = np.zeros((2, 3, 3))
    b[0, 1, 0] = b[1, 2, 0] = 1.0
    scales = np.array([[0.05, 0.0, 0.0]] * 2)
    model = StructuralModel(("a",), b, np.zeros((2, 3)), scales, np.ones(2), ("x", "y"))
    goal = AboutTarget(Target({"a": 1.0}), None, (Lever("x"), Lever("y", excludes=frozenset({"x"}))))
    design = design_next(model, lever_settings(goal.levers), goal, Particles(simulations=50, draws=2))
    assert design.before == pytest.approx(0.5)
    assert design.gain == pytest.approx(0.5)
    assert design.unit == "score units of expected error"


def test_items_tell_through_their_loadings_and_noise() -> None:
    model = NormalResponse(np.array([[1.0]]), 0.5 * np.eye(2))
    start = dict.fromkeys(model.values, 0.0)
    arm = ((Set("l0", 1.0),),)
    clear, noisy = Item("q", {"v0": 2.0}, 0.1), Item("q", {"v0": 2.0}, 3.0)
    candidates = [
        Candidate("clear", arm, 1, start, (clear,)),
        Candidate("noisy", arm, 1, start, (noisy,)),
        Candidate("beside it", arm, 1, start, (Item("q", {"v1": 1.0}, 0.1),)),
    ]
    gains = design_next(model, candidates, AboutEffect("l0", "v0")).table.gain
    assert gains["clear"] == pytest.approx(4.0 / (4.0 + 2.0 + 0.01))
    assert gains["noisy"] == pytest.approx(4.0 / (4.0 + 2.0 + 9.0))
    assert gains["beside it"] == pytest.approx(0.0, abs=1e-12)


# --- laws -------------------------------------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(range(len(GOALS))), st.sampled_from(METHODS))
def test_no_candidate_is_expected_to_do_harm(seed: int, goal: int, method: Particles | LinearBayes) -> None:
    design = design_next(drawn(seed), all_candidates(), GOALS[goal], replace(method, batch=2))
    assert (design.table.gain >= 0).all()
    assert (design.steps.added > 0).all()
    if design.before >= 0:
        assert design.gain <= design.before + 1e-9


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 3.0), st.sampled_from(range(len(GOALS))))
def test_noise_lowers_what_answers_tell(seed: int, noise: float, goal: int) -> None:
    model = drawn(seed)
    clear = design_next(model, all_candidates(), GOALS[goal], LinearBayes()).table.gain
    noisy = [replace(each, noise=noise) for each in all_candidates()]
    assert (design_next(model, noisy, GOALS[goal], LinearBayes()).table.gain <= clear + 1e-12).all()


def test_noise_lowers_what_simulated_answers_tell() -> None:
    model = drawn(8)
    gains = [
        design_next(
            model, [replace(each, noise=noise) for each in all_candidates()], AboutEdges(), FEW
        ).table.gain.mean()
        for noise in (0.0, 1.0, 5.0)
    ]
    assert gains[0] > 1.2 * gains[1] > 1.2 * 1.2 * gains[2]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(range(len(GOALS))), st.sampled_from(METHODS))
def test_a_candidate_about_which_all_draws_agree_tells_nothing(
    seed: int, goal: int, method: Particles | LinearBayes
) -> None:
    model = drawn(seed)
    same = Candidate(
        "all the same", ((Set("a", 0.5), Set("b", 0.0), Set("c", 0.0)),), items=(Item("q", {"a": 1}, 1.0),)
    )
    design = design_next(model, [same], GOALS[goal], method)
    assert design.table.gain["all the same"] == pytest.approx(0.0, abs=1e-9)
    assert design_next(model, [same, *all_candidates()], GOALS[goal], method).chosen != ("all the same",)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 3))
def test_a_greedy_batch_gains_most_of_what_the_best_one_does_and_the_bound_holds(seed: int, size: int) -> None:
    model = drawn(seed, levers=3)
    candidates = all_candidates(levers=3, rows=1)
    design = design_next(model, candidates, AboutModel(), LinearBayes(batch=size))
    best = 0.0
    for batch in itertools.combinations(candidates, size):
        best = max(best, design_next(model, batch, AboutModel(), LinearBayes(batch=size)).gain)
    assert (1 - 1 / math.e) * best <= design.gain <= best + 1e-9
    assert design.bound >= best - 1e-9


def test_the_bound_holds_where_the_greedy_batch_is_not_the_best() -> None:
    """The mixed question tells most alone; the two plain ones tell more together than it does with either."""
    model = NormalResponse(np.eye(2), np.array([[0.1]]))
    candidates = asked(model.values, [{"l0": 0.8, "l1": 0.8}, {"l0": 1.0}, {"l1": 1.0}])
    design = design_next(model, candidates, AboutModel(), LinearBayes(batch=2))
    assert design.chosen == ("c0", "c1")
    assert design.gain == pytest.approx(math.log(17.4 * 7.4 - 6.4**2) / 2)
    assert design.bound > math.log(11 * 11) / 2 > design.gain


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.floats(1.0, 4.0))
def test_the_bound_holds_under_a_budget(seed: int, budget: float) -> None:
    model, rng = drawn(seed, levers=3), np.random.default_rng(seed)
    candidates = [replace(each, cost=float(rng.uniform(0.3, 2))) for each in all_candidates(levers=3, rows=1)]
    candidates[0] = replace(candidates[0], cost=1.0)
    method = LinearBayes(batch=4, budget=budget)
    design = design_next(model, candidates, AboutModel(), method)
    assert design.cost <= budget + 1e-9
    best = 0.0
    for size in range(1, 5):
        for batch in itertools.combinations(candidates, size):
            if sum(each.cost for each in batch) <= budget:
                best = max(best, design_next(model, batch, AboutModel(), replace(method, budget=math.inf)).gain)
    assert design.gain <= best + 1e-9
    assert design.bound >= best - 1e-9
    assert design.gain >= (1 - 1 / math.e) / 2 * best


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.permutations(range(3)), st.permutations(range(2)), st.sampled_from(range(len(GOALS))))
def test_the_order_of_columns_and_candidates_changes_nothing(
    seed: int, values: list[int], levers: list[int], goal: int
) -> None:
    model = drawn(seed)
    places = [*values, *(3 + i for i in levers)]
    turned = StructuralModel(
        tuple(model.values[i] for i in values),
        model.coefficients[:, places][:, :, places],
        model.intercepts[:, places],
        model.residual_scales[:, places],
        model.weights,
        tuple(model.levers[i] for i in levers),
    )
    candidates = list(all_candidates())
    for method in METHODS:
        one = design_next(model, candidates, GOALS[goal], replace(method, batch=2), seed=4)
        other = design_next(turned, candidates[::-1], GOALS[goal], replace(method, batch=2), seed=4)
        assert one.chosen == other.chosen
        np.testing.assert_allclose(one.table.gain, other.table.gain, rtol=0, atol=1e-12)


def test_the_same_seed_gives_the_same_design_and_another_seed_other_simulations() -> None:
    model = drawn(1)
    one, same, other = (design_next(model, all_candidates(), AboutEdges(), FEW, seed) for seed in (0, 0, 1))
    assert one.table.equals(same.table)
    assert not np.allclose(one.table.gain, other.table.gain)


def test_ties_go_to_the_first_name() -> None:
    model = NormalResponse(np.eye(2), np.eye(1))
    twins = asked(model.values, [{"l0": 1.0}, {"l0": 1.0}])
    assert design_next(model, twins[::-1], AboutEffect("l0", "v0")).chosen == ("c0",)


def test_a_batch_looks_for_what_the_others_do_not_tell() -> None:
    model = NormalResponse(np.diag([1.0, 0.8]), np.array([[0.05]]))
    candidates = asked(model.values, [{"l0": 1.0}, {"l0": 1.0}, {"l1": 1.0}])
    assert design_next(model, candidates, AboutModel(), LinearBayes(batch=2)).chosen == ("c0", "c2")


def test_a_candidate_may_be_asked_again_where_it_is_allowed() -> None:
    model = NormalResponse(np.diag([4.0, 0.1]), np.array([[2.0]]))
    candidates = [replace(each, most=2) for each in asked(model.values, [{"l0": 1.0}, {"l1": 1.0}])]
    design = design_next(model, candidates, AboutEffect("l0", "v0"), LinearBayes(batch=3))
    assert design.chosen == ("c0", "c0")
    assert design.gain == pytest.approx(16 / (4 + 1))
    again = design_next(
        drawn(2), [replace(each, most=2) for each in all_candidates()], AboutEdges(), replace(FEW, batch=6)
    )
    assert len(set(again.chosen)) < 6 or len(again.chosen) == 6


def test_exclusions_and_costs_hold() -> None:
    model = NormalResponse(np.diag([1.0, 0.9, 0.2]), np.array([[1.0]]))
    candidates = asked(model.values, [{"l0": 1.0}, {"l1": 1.0}, {"l2": 1.0}])
    candidates[1] = replace(candidates[1], excludes=frozenset({"c0"}))
    assert design_next(model, candidates, AboutModel(), LinearBayes(batch=2)).chosen == ("c0", "c2")
    dear = [replace(candidates[0], cost=5.0), replace(candidates[1], excludes=frozenset()), candidates[2]]
    assert design_next(model, dear, AboutModel(), LinearBayes(batch=2, budget=2.0)).chosen == ("c1", "c2")
    assert design_next(model, dear, AboutModel(), LinearBayes(batch=2, budget=5.0)).cost <= 5.0


def test_a_design_says_where_the_draws_are_too_few() -> None:
    few = design_next(drawn(2, draws=30), all_candidates(), AboutModel(), LinearBayes(batch=3))
    assert any("30 draws: chance correlations" in note for note in few.notes)
    many = design_next(drawn(2, draws=120), all_candidates(), AboutModel(), LinearBayes(batch=3))
    assert not any("chance correlations" in note for note in many.notes)


def test_draws_that_stand_for_all_keep_their_shares() -> None:
    weights = np.array([0.5, 0.25, 0.125, 0.125])
    kept = thinned(weights, 80, 0.5)
    assert np.bincount(kept, minlength=4).tolist() == [40, 20, 10, 10]


def test_the_uncertainty_of_edges_is_the_summed_entropy_of_the_states_of_pairs() -> None:
    model = two_graphs(0.5)
    found = uncertainty(model, AboutEdges()).of(np.array([[0.5, 0.5], [1.0, 0.0], [0.9, 0.1]]))
    np.testing.assert_allclose(found, [math.log(2), 0.0, -0.9 * math.log(0.9) - 0.1 * math.log(0.1)], atol=1e-12)


def test_a_persona_answers_from_its_own_start() -> None:
    """A known start leaves the persona's own residuals out of the noise, so its answers tell more than a stranger's."""
    model = drawn(4)
    start = dict.fromkeys(VALUES, 0.3)
    arm = ((Set("lever 0", 1.0),),)
    candidates = [Candidate("persona", arm, 1, start, noise=0.3), Candidate("stranger", arm, 1, noise=0.3)]
    gains = design_next(model, candidates, AboutEffect("lever 0", "b")).table.gain
    assert gains["persona"] > gains["stranger"]


def test_pushes_are_experiments_too() -> None:
    design = design_next(drawn(6), [Candidate("push a", ((Shift("a", 1.0),),), 5)], AboutEffect("a", "c"))
    assert design.gain > 0
