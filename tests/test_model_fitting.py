"""Fitting: the posterior of the equations given the moments."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import wishart

from causalvalues.errors import ModelError
from causalvalues.evidence import Evidence, summarise
from causalvalues.graph.dag import Dag
from causalvalues.graph.posterior import GraphPosterior
from causalvalues.model import MaximumLikelihood, PosteriorDraws, fit, total_effects
from causalvalues.model.reduced_form import reduced_form_error
from causalvalues.model.regressions import sorted_moments
from causalvalues.responses.matrix import ResponseMatrix

NAMES = ("warmth", "order", "power", "ease")
LEVERS = ("talk", "calm")
CHAIN = Dag.from_edges(NAMES, [("power", "order"), ("order", "ease"), ("power", "ease"), ("warmth", "ease")])


def rows(n: int = 400, seed: int = 3) -> np.ndarray:
    """Four values, two levers (doses 0 and 1) and their product, in columns of very different units."""
    rng = np.random.default_rng(seed)
    doses = rng.integers(0, 2, (n, 2)).astype(float)
    product = doses.prod(axis=1, keepdims=True)
    power = rng.normal(size=n) + doses[:, 0]
    warmth = rng.normal(size=n) - doses[:, 1]
    order = 0.6 * power + rng.normal(size=n) + 0.4 * product[:, 0]
    ease = -0.5 * order + 0.3 * warmth + 0.2 * power + rng.normal(size=n) * 0.7 + 0.5 * doses[:, 0]
    return np.column_stack([warmth, 100 * order + 7, 0.01 * power, ease, doses, product])


def evidence(table: np.ndarray, n_score: float | None = None, order: tuple[int, ...] = (0, 1, 2, 3)) -> Evidence:
    table = table[:, [*order, 4, 5, 6]]
    mean = table.mean(axis=0)
    n = len(table)
    return Evidence(
        names=tuple(NAMES[i] for i in order),
        mean=mean,
        scatter=(table - mean).T @ (table - mean),
        n=n,
        n_score=float(n_score or n),
        pairwise_n=np.full((4, 4), float(n_score or n)),
        levers=LEVERS,
        combinations=(LEVERS,),
    )


def plain_evidence(table: np.ndarray) -> Evidence:
    values = table[:, :4]
    mean = values.mean(axis=0)
    n = len(values)
    return Evidence(NAMES, mean, (values - mean).T @ (values - mean), n, float(n), np.full((4, 4), float(n)))


def posterior(graphs: np.ndarray, names: tuple[str, ...] = NAMES, **lever: object) -> GraphPosterior:
    edge = graphs.mean(axis=0)
    weights = np.arange(1.0, len(graphs) + 1)
    return GraphPosterior(
        names, graphs, weights, "posterior", edge, np.full_like(edge, np.nan), False, "by hand", **lever
    )


def random_graphs(s: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.random((s, 4, 4)) < 0.5, 1)
    return np.stack(
        [graph[np.ix_(q, q)] for graph, q in zip(upper, (rng.permutation(4) for _ in range(s)), strict=True)]
    )


def least_squares(table: np.ndarray, target: int, columns: list[int]) -> tuple[np.ndarray, float, float]:
    x = np.column_stack([np.ones(len(table)), table[:, columns]])
    found, *_ = np.linalg.lstsq(x, table[:, target], rcond=None)
    return found[1:], found[0], np.sqrt(np.mean((table[:, target] - x @ found) ** 2))


# laws


def test_the_order_of_the_columns_changes_no_bit_of_a_model() -> None:
    table = rows()
    graphs = random_graphs(50)
    turned = (2, 0, 3, 1)
    names = tuple(NAMES[i] for i in turned)
    here = fit(posterior(graphs), evidence(table), seed=4)
    scatter = evidence(table).scatter[np.ix_([*turned, 4, 5, 6], [*turned, 4, 5, 6])]
    mean = evidence(table).mean[[*turned, 4, 5, 6]]
    other = Evidence(names, mean, scatter, 400, 400.0, np.full((4, 4), 400.0), LEVERS, (LEVERS,))
    there = fit(posterior(graphs[:, turned][:, :, turned], names), other, seed=4)
    place = [there.place(node) for node in here.nodes]
    assert (here.coefficients == there.coefficients[:, place][:, :, place]).all()
    assert (here.intercepts == there.intercepts[:, place]).all()
    assert (here.residual_scales == there.residual_scales[:, place]).all()


def test_the_order_of_the_levers_changes_no_bit_of_a_model() -> None:
    first = evidence(rows())
    turn = [0, 1, 2, 3, 5, 4, 6]
    second = Evidence(
        NAMES,
        first.mean[turn],
        first.scatter[np.ix_(turn, turn)],
        400,
        400.0,
        first.pairwise_n,
        LEVERS[::-1],
        (LEVERS[::-1],),
    )
    graphs = random_graphs(20)
    lever_draws = np.random.default_rng(1).random((20, 2, 4)) < 0.5
    here = fit(posterior(graphs, levers=LEVERS, lever_mode="sparse", lever_draws=lever_draws), first)
    there = fit(posterior(graphs, levers=LEVERS[::-1], lever_mode="sparse", lever_draws=lever_draws[:, ::-1]), second)
    assert (here.coefficients == there.coefficients[:, turn][:, :, turn]).all()


def test_a_seed_gives_the_same_model_and_another_seed_another_one() -> None:
    prints = [
        hashlib.sha256(
            fit(posterior(random_graphs(30)), evidence(rows()), seed=seed).coefficients.tobytes()
        ).hexdigest()
        for seed in (0, 0, 1)
    ]
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.parametrize("factor", [1e-8, 1e8])
def test_units_of_measurement_rescale_the_coefficients_and_nothing_else(factor: float) -> None:
    table = rows()
    stretched = table.copy()
    stretched[:, 2] *= factor
    here, there = (fit(CHAIN, evidence(each), PosteriorDraws(5), seed=1).coefficients for each in (table, stretched))
    unit = np.array([1, 1, factor, 1, 1, 1, 1])
    np.testing.assert_allclose(there, here * unit[None, None, :] / unit[None, :, None], rtol=1e-6)


def test_a_model_has_a_coefficient_exactly_where_its_graph_has_an_edge() -> None:
    graphs = random_graphs(40)
    model = fit(posterior(graphs), evidence(rows()))
    assert ((model.coefficients[:, :4, :4] != 0) == graphs).all()
    assert (model.coefficients[:, 4:, :4] != 0).all()
    assert (model.weights == posterior(graphs).weights).all()


def test_total_effects_of_levers_are_the_contrasts_of_the_design_whatever_the_graph() -> None:
    facts = evidence(rows())
    for graph in random_graphs(10):
        model = fit(Dag(NAMES, graph), facts, MaximumLikelihood())
        np.testing.assert_allclose(model.total[0, 4:, :4], facts.design_effects.to_numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("within", ["", "model"])
def test_the_order_of_columns_and_levers_changes_no_bit_of_a_model_of_clustered_rows(within: str) -> None:
    here = steered()
    turned = replace(
        here,
        names=here.names[::-1],
        scores=here.scores[:, ::-1],
        status=here.status[:, ::-1],
        levers=here.levers[::-1],
        doses=here.doses[:, ::-1],
    )
    one, other = (fit(Dag.from_edges("abc", [("b", "a"), ("a", "c")]), summarise(m, within)) for m in (here, turned))
    columns = [frozenset(node.split("+")) for node in other.nodes]
    place = [columns.index(frozenset(node.split("+"))) for node in one.nodes]
    assert (one.coefficients == other.coefficients[:, place][:, :, place]).all()
    assert (one.intercepts == other.intercepts[:, place]).all()
    again = fit(Dag.from_edges("abc", [("b", "a"), ("a", "c")]), summarise(here, within))
    assert one.coefficients.tobytes() == again.coefficients.tobytes()


def test_the_order_of_the_levers_changes_no_bit_when_it_turns_the_names_of_combinations_round() -> None:
    rng = np.random.default_rng(0)
    cells = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 1], [0, 1, 1, 0]])
    doses, scores = np.repeat(cells, 9, axis=0).astype(float), rng.normal(size=(63, 2))
    plain = ResponseMatrix(("a", "b"), scores, range(63), levers=("do_a", "do_b", "do_c", "do_d"), doses=doses)
    clusters = {"labels": {"persona": [f"p{i % 9}" for i in range(63)]}, "cluster_by": "persona"}
    for here in (plain, replace(plain, **clusters)):
        turned = replace(here, levers=here.levers[::-1], doses=here.doses[:, ::-1])
        one, other = (fit(Dag.from_edges("ab", [("a", "b")]), summarise(m), PosteriorDraws(20)) for m in (here, turned))
        columns = [frozenset(node.split("+")) for node in other.nodes]
        place = [columns.index(frozenset(node.split("+"))) for node in one.nodes]
        assert (one.coefficients == other.coefficients[:, place][:, :, place]).all()


def test_units_of_measurement_change_nothing_else_in_a_model_of_clustered_rows() -> None:
    here, unit = steered(), np.array([1e-6, 1.0, 1e6])
    one, other = (
        fit(
            Dag.from_edges("abc", [("a", "c")]), summarise(replace(here, scores=here.scores * scale)), PosteriorDraws(9)
        )
        for scale in (np.ones(3), unit)
    )
    np.testing.assert_allclose(other.coefficients[:, 3:, :3], one.coefficients[:, 3:, :3] * unit, rtol=1e-6)
    np.testing.assert_allclose(other.intercepts[:, :3], one.intercepts[:, :3] * unit, rtol=1e-6)


# independent computations


def test_maximum_likelihood_is_least_squares_on_the_rows() -> None:
    table = rows()
    model = fit(CHAIN, evidence(table), MaximumLikelihood())
    for target, parents in ((0, []), (1, [2]), (2, []), (3, [0, 1, 2])):
        slopes, intercept, scale = least_squares(table, target, [*parents, 4, 5, 6])
        np.testing.assert_allclose(model.coefficients[0, [*parents, 4, 5, 6], target], slopes, rtol=1e-8)
        np.testing.assert_allclose([model.intercepts[0, target], model.residual_scales[0, target]], [intercept, scale])
    assert model.kind == "point"


def test_fitting_many_graphs_at_once_is_fitting_each_alone() -> None:
    graphs, facts = random_graphs(60), evidence(rows())
    together = fit(posterior(graphs), facts, MaximumLikelihood())
    for draw, graph in enumerate(graphs):
        alone = fit(Dag(NAMES, graph), facts, MaximumLikelihood())
        np.testing.assert_allclose(together.coefficients[draw], alone.coefficients[0], rtol=1e-12)
        np.testing.assert_allclose(together.residual_scales[draw], alone.residual_scales[0], rtol=1e-12)


def test_sparse_levers_enter_only_the_equations_that_chose_them() -> None:
    table = rows()
    lever_draws = np.zeros((1, 2, 4), dtype=bool)
    lever_draws[0, 0, 3] = lever_draws[0, 1, 0] = True
    graphs = posterior(CHAIN.adjacency[None], levers=LEVERS, lever_mode="sparse", lever_draws=lever_draws)
    model = fit(graphs, evidence(table), MaximumLikelihood())
    for target, columns in ((0, [5, 6]), (1, [2, 6]), (2, [6]), (3, [0, 1, 2, 4, 6])):
        slopes, _, scale = least_squares(table, target, columns)
        np.testing.assert_allclose(model.coefficients[0, columns, target], slopes, rtol=1e-8)
        np.testing.assert_allclose(model.residual_scales[0, target], scale)
        assert (np.delete(model.coefficients[0, :, target], columns) == 0).all()


def test_parameter_draws_agree_with_regressions_taken_from_wishart_draws_of_the_whole_covariance() -> None:
    table, s = rows(n=60), 20_000
    facts = plain_evidence(table)
    model = fit(CHAIN, facts, PosteriorDraws(s), seed=2)
    freedom = facts.degrees_of_freedom
    scale_matrix = 0.5 * np.eye(4) + freedom * facts.correlation.to_numpy()
    precision = wishart(freedom + 6, np.linalg.inv(scale_matrix)).rvs(s, random_state=5)
    covariance = np.linalg.inv(precision) * np.outer(facts.scale, facts.scale)
    for target, parents in ((1, [2]), (3, [0, 1, 2])):
        among = covariance[:, parents][:, :, parents]
        across = covariance[:, parents, target]
        slopes = np.linalg.solve(among, across[:, :, None])[:, :, 0]
        variance = covariance[:, target, target] - (slopes * across).sum(axis=1)
        ours = np.column_stack([model.coefficients[:, parents, target], np.log(model.residual_scales[:, target])])
        theirs = np.column_stack([slopes, np.log(variance) / 2])
        error = np.sqrt(ours.var(axis=0) / s + theirs.var(axis=0) / s)
        assert (np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 4.5 * error).all()
        np.testing.assert_allclose(ours.std(axis=0), theirs.std(axis=0), rtol=0.03)


def test_intercepts_put_the_equations_through_the_means() -> None:
    table = rows()
    facts = evidence(table)
    model = fit(CHAIN, facts, PosteriorDraws(8000))
    at_mean = model.intercepts + facts.mean @ model.coefficients
    error = (at_mean - facts.mean)[:, :4] / model.residual_scales[:, :4]
    np.testing.assert_allclose(error.mean(axis=0), 0, atol=4.5 / np.sqrt(400 * 8000))
    np.testing.assert_allclose(error.std(axis=0), 1 / np.sqrt(400), rtol=0.05)


def test_intervals_of_a_known_graph_cover_the_truth() -> None:
    truth, covered = np.array([0.8, -0.5]), []
    for number in range(150):
        rng = np.random.default_rng([9, number])
        a = rng.normal(size=80)
        b = truth[0] * a + rng.normal(size=80)
        c = truth[1] * b + rng.normal(size=80)
        table = np.column_stack([a, b, c])
        facts = Evidence(("a", "b", "c"), table.mean(0), np.cov(table.T) * 79, 80, 80.0, np.full((3, 3), 80.0))
        effects = total_effects(
            fit(Dag.from_edges("abc", [("a", "b"), ("b", "c")]), facts, PosteriorDraws(400), seed=number)
        )
        for cause, effect, value in (("a", "b", 0.8), ("b", "c", -0.5), ("a", "c", -0.4)):
            covered.append(effects.lower.loc[cause, effect] <= value <= effects.upper.loc[cause, effect])
    assert 0.86 < np.mean(covered) < 0.94


EFFECTS = np.array([0.3, -0.2])


def clustered(kind: str, clusters: int, size: int, seed: int) -> ResponseMatrix:
    """Two values with intraclass correlation .5; one lever within every cluster, or in half of the clusters."""
    rng = np.random.default_rng([seed, clusters, size])
    cluster = np.repeat(np.arange(clusters), size)
    dose = np.arange(clusters * size) % 2 if kind == "paired" else cluster % 2
    noise = (rng.normal(size=(clusters, 2))[cluster] + rng.normal(size=(clusters * size, 2))) * np.sqrt(0.5)
    scores = 3 + noise @ [[1.0, 0.5], [0.0, 1.0]] + dose[:, None] * EFFECTS
    return ResponseMatrix(
        ("a", "b"), scores, [str(i) for i in range(len(scores))], labels={"persona": [f"p{i:03d}" for i in cluster]},
        cluster_by="persona", levers=("talk",), doses=dose[:, None].astype(float),
    )  # fmt: skip


@pytest.mark.parametrize(("kind", "clusters", "size"), [("paired", 40, 2), ("between", 40, 8), ("between", 12, 8)])
def test_intervals_of_lever_effects_and_base_levels_cover_the_truth_in_clustered_rows(
    kind: str, clusters: int, size: int
) -> None:
    lever, base = [], []
    for number in range(250):
        facts = summarise(clustered(kind, clusters, size, number))
        model = fit(Dag.from_edges("ab", [("a", "b")]), facts, PosteriorDraws(250), seed=number)
        levels = np.einsum("sm,smk->sk", model.intercepts, model.total)
        for draws, truth, covered in ((model.total[:, 2, :2], EFFECTS, lever), (levels[:, :2], 3.0, base)):
            low, high = np.quantile(draws, [0.05, 0.95], axis=0)
            covered.append((low <= truth) & (truth <= high))
    assert 0.86 < np.mean(lever) < 0.94
    assert 0.86 < np.mean(base) < 0.94


def steered(clusters: int = 14, seed: int = 2) -> ResponseMatrix:
    """Three values, two levers and both together, in clusters of 4 to 6 rows with weights and a second label."""
    rng = np.random.default_rng(seed)
    cells = np.array([(0, 0), (1, 0), (0, 1), (1, 1), (0, 0), (1, 0)], dtype=float)
    cluster = np.repeat(np.arange(clusters), [4 + i % 3 for i in range(clusters)])
    doses = np.concatenate([np.roll(cells, i, axis=0)[: 4 + i % 3] for i in range(clusters)])
    scores = (
        rng.normal(size=(clusters, 3))[cluster] + rng.normal(size=(len(cluster), 3)) + doses @ rng.normal(size=(2, 3))
    )
    return ResponseMatrix(
        ("a", "b", "c"), scores, [str(i) for i in range(len(scores))],
        labels={"persona": [f"p{i:02d}" for i in cluster], "model": [f"m{i % 2}" for i in range(len(cluster))]},
        weights=rng.uniform(0.5, 2, len(cluster)), cluster_by="persona", levers=("talk", "calm"), doses=doses,
    )  # fmt: skip


@pytest.mark.parametrize("sparse", [False, True])
def test_errors_of_the_reduced_form_are_those_of_regressions_that_leave_out_one_cluster(sparse: bool) -> None:
    matrix = steered()
    facts = summarise(matrix)
    error = reduced_form_error(facts, sorted_moments(facts, sparse))
    assert error is not None
    talk, calm = matrix.doses.T
    scored = np.column_stack([matrix.scores, calm, talk]) if sparse else matrix.scores
    design = np.column_stack([talk * calm] if sparse else [calm, talk, talk * calm])
    root, labels = np.sqrt(matrix.weights)[:, None], np.array(matrix.clusters)
    x = np.column_stack([np.ones(len(design)), design - np.average(design, axis=0, weights=matrix.weights)])
    whole = np.linalg.lstsq(root * x, root * scored, rcond=None)[0]
    for number, label in enumerate(sorted(set(labels))):
        rest = labels != label
        without = np.linalg.lstsq((root * x)[rest], (root * scored)[rest], rcond=None)[0]
        np.testing.assert_allclose(error.influence[number], (whole - without) * np.sqrt(13 / 14), atol=1e-6)
    draws = error.draws(40_000, np.random.default_rng(0))
    assert (error.freedom < 13).all()
    expected = np.square(error.influence).sum(axis=0) * (error.freedom / (error.freedom - 2))[:, None]
    np.testing.assert_allclose(draws.std(axis=0), np.sqrt(expected), rtol=0.05)


def test_draws_of_lever_effects_have_the_covariance_of_the_jackknife_over_clusters_whatever_the_graph() -> None:
    matrix = steered(clusters=60)
    facts = summarise(replace(matrix, scores=matrix.scores @ [[1, 1, -1], [0, 1, 2], [0, 0, 1]]))
    error = reduced_form_error(facts, sorted_moments(facts, sparse=False))
    assert error is not None
    inflated = np.square(error.influence).sum(axis=0) * (error.freedom / (error.freedom - 2))[:, None]
    expected = np.sqrt(inflated[1:])
    for edges in ([], [("a", "b"), ("b", "c"), ("a", "c")]):
        model = fit(Dag.from_edges("abc", edges), facts, PosteriorDraws(8000))
        here = model.total[:, [4, 3, 5], :3].std(axis=0)
        np.testing.assert_allclose(here, expected, rtol=0.05)


def test_lever_effects_of_independent_rows_have_the_errors_of_least_squares() -> None:
    matrix = replace(steered(clusters=80), cluster_by=None, weights=None)
    model = fit(Dag.from_edges("abc", [("a", "b")]), summarise(matrix), PosteriorDraws(4000))
    x = np.column_stack([np.ones(len(matrix)), matrix.doses, matrix.doses.prod(axis=1)])
    _, rss, *_ = np.linalg.lstsq(x, matrix.scores, rcond=None)
    expected = np.sqrt(np.outer(np.diag(np.linalg.inv(x.T @ x)), rss / (len(x) - 4)))
    np.testing.assert_allclose(model.total[:, 3:, :3].std(axis=0), expected[1:], rtol=0.06)


def test_a_combination_that_one_cluster_tried_is_not_taken_as_certain() -> None:
    """The cell mean of one cluster has the standard deviation .5 + .5 / 8 of a cluster, here 40 of 8 rows."""
    matrix = clustered("between", 40, 8, 0)
    number = np.array([int(label[1:]) for label in matrix.clusters or ()])
    calm = (number % 4 == 2) | (number == 1)
    facts = summarise(replace(matrix, levers=("talk", "calm"), doses=np.column_stack([matrix.doses[:, 0], calm])))
    assert facts.combinations == (("talk", "calm"),)
    cell = fit(Dag.from_edges("ab", []), facts, PosteriorDraws(4000)).total[:, 2:, 0].sum(axis=1)
    assert 0.7 * np.sqrt(0.5 + 0.5 / 8) < cell.std() < 1.5 * np.sqrt(0.5 + 0.5 / 8)


def test_levels_are_not_certain_when_the_means_of_the_clusters_themselves_are_removed() -> None:
    matrix = clustered("paired", 40, 2, 0)
    facts = summarise(matrix, within="persona")
    model = fit(Dag.from_edges("ab", []), facts, PosteriorDraws(4000))
    at_mean = model.intercepts[:, :2] + 0.5 * model.coefficients[:, 2, :2]
    means = matrix.scores.reshape(40, 2, 2).mean(axis=1)
    np.testing.assert_allclose(at_mean.std(axis=0), means.std(axis=0, ddof=1) / np.sqrt(40), rtol=0.1)


def test_design_columns_use_up_their_share_of_the_effective_rows() -> None:
    facts = evidence(rows(), n_score=100.0)
    assert sorted_moments(facts, sparse=False).freedom == pytest.approx(100 * (1 - 3 / 400) - 1)
    assert sorted_moments(facts, sparse=True).freedom == pytest.approx(100 * (1 - 1 / 400) - 1)


# refusals


def test_too_few_effective_rows_are_refused() -> None:
    with pytest.raises(ModelError, match="1 effective of 400 rows are too few for 3 lever"):
        fit(CHAIN, evidence(rows(), n_score=1.0))


def test_values_that_differ_between_graph_and_evidence_are_named() -> None:
    with pytest.raises(ModelError, match="differ in the values ease, joy"):
        fit(Dag.from_edges(["warmth", "order", "power", "joy"], []), evidence(rows()))


def test_levers_that_differ_between_graph_and_evidence_are_named() -> None:
    graphs = posterior(random_graphs(2), levers=("talk",), lever_mode="saturated")
    with pytest.raises(ModelError, match="differ in the levers calm"):
        fit(graphs, evidence(rows()))


def test_a_constant_value_and_an_unused_lever_are_named() -> None:
    constant = rows()
    constant[:, 1] = 3.0
    with pytest.raises(ModelError, match="value 'order' does not vary"):
        fit(CHAIN, evidence(constant))
    unused = rows()
    unused[:, 4] = 0.0
    with pytest.raises(ModelError, match="'talk' does not vary"):
        fit(CHAIN, evidence(unused))


def test_collinear_causes_stop_maximum_likelihood_and_name_the_equation() -> None:
    table = rows()
    table[:, 1] = table[:, 2] * 3
    with pytest.raises(ModelError, match=r"equation of '(ease|order)' cannot be fitted"):
        fit(CHAIN, plain_evidence(table), MaximumLikelihood())
    assert np.isfinite(fit(CHAIN, plain_evidence(table), PosteriorDraws(3)).coefficients).all()


def test_nonsense_settings_are_refused() -> None:
    with pytest.raises(ModelError, match="draws"):
        PosteriorDraws(draws=0)
    with pytest.raises(ModelError, match="proper"):
        PosteriorDraws(extra_degrees=1.0)
