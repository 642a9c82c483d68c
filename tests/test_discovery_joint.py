"""Groups learned together: enumeration of all tuples of graphs, laws, and gains where graphs are shared."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from brute_force import all_dags, bge_local

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.discovery.joint import GroupPrior, JointPosterior, learn_jointly
from causalvalues.discovery.joint_sums import HYPOTHESES
from causalvalues.errors import DiscoveryError
from causalvalues.evidence import Evidence, summarise
from causalvalues.graph import Knowledge

ONE = ExactPosterior(draws=4000, moment_draws=0)


def rows(b: np.ndarray, n: int, seed: int) -> Evidence:
    p = len(b)
    rng = np.random.default_rng(seed)
    data = rng.normal(size=(n, p)) @ np.linalg.inv(np.eye(p) - b)
    return summarise(pd.DataFrame(data, columns=[f"v{j}" for j in range(p)]))


def weights(p: int, *edges: tuple[int, int, float]) -> np.ndarray:
    b = np.zeros((p, p))
    for i, j, size in edges:
        b[i, j] = size
    return b


def acyclic(graph: np.ndarray) -> bool:
    walks = [np.trace(np.linalg.matrix_power(graph.astype(float), k)) for k in range(1, len(graph) + 1)]
    return sum(walks) == 0


def enumerated(evidences: list[Evidence], prior: GroupPrior) -> dict[str, np.ndarray]:
    """Posterior over all tuples of graphs, family by family, from the definition of the prior."""
    p, groups = len(evidences[0].names), len(evidences)
    graphs = all_dags(p)
    sets = 2 ** (p - 1)
    scores = []
    for evidence in evidences:
        r, n = evidence.correlation.to_numpy(), evidence.degrees_of_freedom
        scores.append(
            [np.array([bge_local(r, n, v, list(np.flatnonzero(g[:, v])), p) for v in range(p)]) for g in graphs]
        )
    found = {name: ([], [], []) for name in HYPOTHESES}  # tuples, prior weight, log likelihood
    for tuple_ in itertools.product(range(len(graphs)), repeat=groups):
        parts = np.array([graphs[k] for k in tuple_])
        like = sum(scores[g][k].sum() for g, k in enumerate(tuple_))
        found["separate graphs"][0].append(parts)
        found["separate graphs"][1].append(1.0)
        found["separate graphs"][2].append(like)
        if len(set(tuple_)) == 1:
            for out, thing in zip(found["one graph"], (parts, 1.0, like), strict=True):
                out.append(thing)
        if acyclic(parts.any(axis=0).astype(int)):
            equal = (parts == parts[0]).all(axis=(0, 1))
            mass = np.prod(prior.share * equal / sets + (1 - prior.share) / sets**groups)
            for out, thing in zip(found["common order"], (parts, mass, like), strict=True):
                out.append(thing)
    top = max(max(likes) for _, _, likes in found.values())
    total, edges, everywhere = [], [], []
    for parts, mass, likes in found.values():
        before = np.array(mass) / np.sum(mass)
        after = before * np.exp(np.array(likes) - top)
        total.append(after.sum())
        edges.append(np.tensordot(after / after.sum(), np.array(parts, dtype=float), axes=1))
        everywhere.append(np.tensordot(after / after.sum(), np.array(parts).all(axis=1).astype(float), axes=1))
    posterior = np.array(prior.weights) * total
    posterior /= posterior.sum()
    return {
        "hypotheses": posterior,
        "edges": np.tensordot(posterior, np.array(edges), axes=1),
        "everywhere": np.tensordot(posterior, np.array(everywhere), axes=1),
    }


def square(joint: JointPosterior, column: str, names: tuple[str, ...]) -> np.ndarray:
    return (
        joint.edges.pivot_table(index="cause", columns="effect", values=column, dropna=False)
        .loc[list(names), list(names)]
        .fillna(0.0)
        .to_numpy()
    )


CASES = [
    (3, [weights(3, (0, 1, 0.5)), weights(3, (0, 1, 0.5), (1, 2, 0.3))], 60),
    (3, [weights(3, (0, 1, 0.3), (2, 1, 0.4)), weights(3, (0, 2, 0.4))], 40),
    (2, [weights(2, (0, 1, 0.3)), weights(2), weights(2, (0, 1, 0.5))], 30),
]


@pytest.mark.parametrize("case", range(len(CASES)))
@pytest.mark.parametrize("prior", [GroupPrior(), GroupPrior(0.3, 0.0, 1.0, 0.0), GroupPrior(0.0, 0.2, 0.5, 0.3)])
def test_the_sums_equal_enumeration_of_all_tuples_of_graphs(case: int, prior: GroupPrior) -> None:
    _, truths, n = CASES[case]
    evidences = [rows(b, n, 5 + g) for g, b in enumerate(truths)]
    labels = [f"g{g}" for g in range(len(truths))]
    joint = learn_jointly(dict(zip(labels, evidences, strict=True)), prior, ONE)
    expected = enumerated(evidences, prior)
    np.testing.assert_allclose(joint.hypotheses["posterior"], expected["hypotheses"], atol=1e-9)
    for g, label in enumerate(labels):
        np.testing.assert_allclose(joint.groups[label].edge, expected["edges"][g], atol=1e-9)
        drawn = joint.groups[label].draws.mean(axis=0)
        np.testing.assert_allclose(drawn, expected["edges"][g], atol=0.04)
    names = evidences[0].names
    np.testing.assert_allclose(square(joint, "everywhere", names), expected["everywhere"], atol=1e-9)
    drawn = np.all([joint.groups[label].draws for label in labels], axis=0).mean(axis=0)
    np.testing.assert_allclose(drawn, expected["everywhere"], atol=0.04)


def test_the_common_order_of_four_values_equals_the_sum_over_all_pairs_of_graphs() -> None:
    """Edges of two groups under a common order, over the pairs of the 543 graphs whose union has no cycle."""
    p, share, sets = 4, 0.3, 2**3
    truths = [weights(p, (0, 1, 0.5), (1, 2, 0.4)), weights(p, (0, 1, 0.5), (3, 2, 0.4))]
    evidences = [rows(b, 70, 9 + g) for g, b in enumerate(truths)]
    graphs = np.array(all_dags(p), dtype=bool)
    codes = graphs.reshape(-1, p * p) @ (1 << np.arange(p * p))
    together = np.isin(codes[:, None] | codes[None], codes)
    mass = np.ones((len(graphs), len(graphs)))
    for v in range(p):
        equal = (graphs[:, None, :, v] == graphs[None, :, :, v]).all(axis=2)
        mass *= share * equal / sets + (1 - share) / sets**2
    likes = []
    for evidence in evidences:
        r, n = evidence.correlation.to_numpy(), evidence.degrees_of_freedom
        likes.append([sum(bge_local(r, n, v, list(np.flatnonzero(g[:, v])), p) for v in range(p)) for g in graphs])
    one, two = np.array(likes) - np.max(likes, axis=1, keepdims=True)
    mass = together * mass * np.exp(one[:, None] + two[None])
    mass /= mass.sum()
    joint = learn_jointly({"x": evidences[0], "y": evidences[1]}, GroupPrior(share, 0, 1, 0), ONE)
    np.testing.assert_allclose(joint.groups["x"].edge, np.tensordot(mass.sum(axis=1), graphs, axes=1), atol=1e-9)
    np.testing.assert_allclose(joint.groups["y"].edge, np.tensordot(mass.sum(axis=0), graphs, axes=1), atol=1e-9)
    both = np.einsum("ab,aij,bij->ij", mass, graphs, graphs, optimize=True)
    np.testing.assert_allclose(square(joint, "everywhere", evidences[0].names), both, atol=1e-9)


def test_an_edge_is_in_a_group_alone_with_others_or_not_at_all() -> None:
    evidences = {"x": rows(CASES[0][1][0], 60, 1), "y": rows(CASES[0][1][1], 60, 2)}
    edges = learn_jointly(evidences, None, ONE).edges
    for label in evidences:
        np.testing.assert_allclose(edges[f"in {label}"], edges[f"only {label}"] + edges["everywhere"], atol=1e-9)


def truth(p: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.triu(rng.random((p, p)) < 0.4, 1) * rng.choice([-0.35, 0.35], (p, p))


def errors(truths: tuple[np.ndarray, np.ndarray], n: int, seed: int) -> list[list[float]]:
    """Brier score of adjacencies in each group: learned alone, and together."""
    evidences = {f"g{g}": rows(one, n, 100 * seed + g) for g, one in enumerate(truths)}
    joint = learn_jointly(evidences, None, ONE)
    found, high = [], np.triu_indices(len(truths[0]), 1)
    for one, (label, evidence) in zip(truths, evidences.items(), strict=True):
        there = (one != 0) | (one != 0).T
        separate = discover(evidence, ONE).adjacent_probabilities.to_numpy()
        together = joint.groups[label].adjacent_probabilities.to_numpy()
        found.append([float(np.mean((x - there)[high] ** 2)) for x in (separate, together)])
    return found


def test_groups_with_one_graph_gain_and_groups_with_other_graphs_lose_little() -> None:
    same = [error for seed in range(8) for error in errors((truth(5, seed), truth(5, seed)), 120, seed)]
    separate, together = np.mean(same, axis=0)
    assert together < 0.8 * separate
    other = [
        error for seed in range(8) for error in errors((truth(5, seed), truth(5, seed + 50)[::-1, ::-1]), 600, seed)
    ]
    separate, together = np.mean(other, axis=0)
    assert together < separate + 0.002


def test_clear_differences_are_found_and_separate_graphs_are_then_learned_as_if_alone() -> None:
    a = weights(4, (0, 1, 0.8), (1, 2, 0.8), (2, 3, 0.8))
    b = weights(4, (0, 2, 0.8), (0, 3, 0.8), (1, 3, -0.8))
    evidences = {"a": rows(a, 2000, 1), "b": rows(b, 2000, 2)}
    joint = learn_jointly(evidences, None, ONE)
    assert joint.hypotheses.loc["one graph", "posterior"] < 1e-6
    for label, evidence in evidences.items():
        alone = discover(evidence, ONE).adjacent_probabilities.to_numpy()
        np.testing.assert_allclose(joint.groups[label].adjacent_probabilities.to_numpy(), alone, atol=0.05)


def test_the_order_of_columns_and_of_groups_changes_nothing() -> None:
    x, y = rows(truth(4, 1), 80, 1), rows(truth(4, 2), 80, 2)
    frame = pd.DataFrame(
        np.random.default_rng(4).normal(size=(80, 4)) @ np.triu(np.ones((4, 4))), columns=list(x.names)
    )
    one = learn_jointly({"x": summarise(frame), "y": y}, None, ONE)
    two = learn_jointly({"y": y, "x": summarise(frame[["v2", "v0", "v3", "v1"]])}, None, ONE)
    order = list(one.groups["x"].names)
    for label in ("x", "y"):
        again = two.groups[label].edge_probabilities.loc[order, order]
        assert (one.groups[label].edge_probabilities.to_numpy() == again.to_numpy()).all()


def test_knowledge_holds_in_every_group_and_draw() -> None:
    knowledge = Knowledge(required=(("v1", "v0"),), forbidden=(("v2", "v1"),))
    evidences = {"x": rows(truth(4, 1), 80, 1), "y": rows(truth(4, 2), 80, 2)}
    joint = learn_jointly(evidences, None, ONE, knowledge)
    for posterior in joint.groups.values():
        assert posterior.draws[:, 1, 0].all()
        assert posterior.edge[1, 0] == pytest.approx(1)
        assert not posterior.draws[:, 2, 1].any()
        assert posterior.edge[2, 1] == pytest.approx(0, abs=1e-12)


def test_other_values_one_group_and_impossible_priors_are_refused() -> None:
    x = rows(truth(3, 1), 50, 1)
    other = summarise(pd.DataFrame(np.random.default_rng(0).normal(size=(50, 3)), columns=["v0", "v1", "w"]))
    with pytest.raises(DiscoveryError, match="v2, w"):
        learn_jointly({"x": x, "y": other})
    with pytest.raises(DiscoveryError, match="two or more"):
        learn_jointly({"x": x})
    with pytest.raises(DiscoveryError, match="below 1"):
        GroupPrior(share=1.0)
