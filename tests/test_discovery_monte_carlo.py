"""How sure the tables of a posterior are: compelled edges against enumeration, Monte Carlo errors against seeds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from brute_force import all_dags, bge_local

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.errors import DiscoveryError
from causalvalues.evidence import Evidence, summarise
from causalvalues.graph import GraphPosterior, Knowledge, compelled_edges
from causalvalues.responses import ResponseMatrix

NAMES = ("a", "b", "c", "d")


def evidence_of(clusters: int, seed: int, each: int = 5, clustered: bool = True, values: int = 4) -> Evidence:
    rng = np.random.default_rng(seed)
    n = clusters * each
    persona = np.repeat(np.arange(clusters), each)
    x = rng.normal(size=(n, 4)) + (0.6 * rng.normal(size=(clusters, 4))[persona] if clustered else 0)
    x[:, 2] += 0.3 * x[:, 0] + 0.25 * x[:, 1]
    x[:, 3] += 0.3 * x[:, 2]
    labels = {"persona_id": tuple(f"p{g}" for g in persona)} if clustered else {}
    return summarise(
        ResponseMatrix(
            NAMES[:values],
            x[:, :values],
            tuple(str(i) for i in range(n)),
            labels=labels,
            cluster_by="persona_id" if clustered else None,
        )
    )


def test_compelled_shares_equal_enumeration_over_all_graphs() -> None:
    evidence = evidence_of(60, 1, clustered=False)
    found = discover(evidence, ExactPosterior(draws=20), seed=3)
    r, n = evidence.correlation.to_numpy(), evidence.degrees_of_freedom
    graphs = all_dags(4)
    logs = np.array([sum(bge_local(r, n, v, list(np.flatnonzero(g[:, v])), 4) for v in range(4)) for g in graphs])
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    wanted = np.tensordot(weights, compelled_edges(np.array(graphs)).astype(float), axes=1)
    assert found.compelled is not None
    assert len(found.draws) == 20  # what is kept is less than what was counted
    assert found.independent_draws == pytest.approx(10_000)
    error = np.sqrt(wanted * (1 - wanted) / 10_000)
    assert (np.abs(found.compelled - wanted) < 4 * error + 1e-6).all()
    assert wanted.max() > 0.2  # something is to be found
    np.testing.assert_allclose(found.compelled_probabilities, found.compelled)


def test_the_number_of_draws_that_are_kept_moves_no_verdict() -> None:
    evidence = evidence_of(60, 1)
    few, many = (discover(evidence, ExactPosterior(draws=draws, moment_draws=100), seed=2) for draws in (50, 1000))
    assert np.array_equal(few.edge, many.edge)
    assert np.array_equal(few.compelled_probabilities, many.compelled_probabilities)
    assert few.pairs().equals(many.pairs())


@pytest.mark.parametrize(("clusters", "values"), [(40, 4), (20, 2)])
def test_the_stated_error_is_never_smaller_than_the_scatter_between_seeds(clusters: int, values: int) -> None:
    evidence = evidence_of(clusters, 5, values=values)
    found = [discover(evidence, ExactPosterior(draws=50, moment_draws=100), seed=seed) for seed in range(24)]
    shares = [each.adjacent_probabilities.to_numpy() for each in found]
    share = np.mean(shares, axis=0)
    true = float((share * (1 - share)).sum() / np.var(shares, axis=0, ddof=1).sum())
    stated = [each.independent_draws or 0.0 for each in found]
    assert max(stated) < 1.5 * true
    assert min(stated) > 60  # nor much larger: a hundred matrices are worth about a hundred graphs or more


@pytest.mark.parametrize("moments", [1, 2])
def test_one_matrix_says_nothing_of_its_own_error_and_compels_nothing(moments: int) -> None:
    found = discover(evidence_of(40, 5), ExactPosterior(draws=50, moment_draws=moments), seed=1)
    assert found.independent_draws is not None
    assert 1 <= found.independent_draws < 50
    if moments == 1:
        assert found.independent_draws == 1
        assert "compelled" not in set(found.pairs()["verdict"])


def test_above_fourteen_values_knowledge_still_gives_directions() -> None:
    rng = np.random.default_rng(0)
    names = [f"v{j:02d}" for j in range(15)]
    x = rng.normal(size=(300, 15))
    x[:, 6] += 0.8 * x[:, 0]
    evidence = summarise(pd.DataFrame(x, columns=names))
    knowledge = Knowledge(tiers=(("v00",), tuple(names[1:])))
    found = discover(evidence, ExactPosterior(draws=200, time_limit=5.0), knowledge, seed=1)
    row = found.pairs().iloc[0]
    assert (row["cause"], row["effect"], row["verdict"]) == ("v00", "v06", "given")
    assert found.prior_edge[6, 0] == 0
    assert np.isnan(found.prior_edge[1, 2])


def by_hand(compelling: int, of: int, independent: float | None) -> GraphPosterior:
    collider, chain = np.zeros((3, 3), dtype=bool), np.zeros((3, 3), dtype=bool)
    collider[0, 1] = collider[2, 1] = True
    chain[0, 1] = True
    draws = np.array([collider] * compelling + [chain] * (of - compelling))
    return GraphPosterior(
        ("a", "b", "c"),
        draws,
        np.ones(of),
        "posterior",
        draws.mean(axis=0),
        np.full((3, 3), 0.3),
        False,
        "by hand",
        independent_draws=independent,
    )


@pytest.mark.parametrize(
    ("compelling", "of", "independent", "verdict"),
    [
        (52, 100, None, "contested"),
        (59, 100, None, "contested"),  # .59 - 2 sqrt(.59 x .41 / 100) = .492
        (61, 100, None, "compelled"),  # .61 - 2 sqrt(.61 x .39 / 100) = .512
        (52, 100, 10_000, "compelled"),
        (51, 100, 10_000, "compelled"),
        (505, 1000, 10_000, "contested"),
    ],
)
def test_a_direction_is_compelled_when_it_is_so_by_more_than_twice_the_error(
    compelling: int, of: int, independent: float | None, verdict: str
) -> None:
    row = by_hand(compelling, of, independent).pairs().iloc[0]
    assert (row["cause"], row["effect"], row["verdict"]) == ("a", "b", verdict)


def test_shares_of_the_kept_draws_have_the_larger_error() -> None:
    posterior = by_hand(50, 100, 400.0)
    assert posterior.monte_carlo_error(0.5) == pytest.approx(0.5 / 20)
    assert posterior.monte_carlo_error(0.5, kept=True) == pytest.approx(0.5 * np.sqrt(1 / 400 + 1 / 100))
    assert posterior.monte_carlo_error(1.0) == 0
    for nothing_cut in (by_hand(50, 100, 100.0), by_hand(50, 100, None)):
        assert nothing_cut.monte_carlo_error(0.5, kept=True) == nothing_cut.monte_carlo_error(0.5)


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("inf"), float("nan")])
def test_an_impossible_number_of_draws_is_refused(wrong: float) -> None:
    with pytest.raises(DiscoveryError, match="independent_draws"):
        by_hand(5, 10, wrong)


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(DiscoveryError, match="'a' is named twice"):
        GraphPosterior(("a", "a"), np.zeros((1, 2, 2), bool), np.ones(1), "posterior", *np.zeros((2, 2, 2)), True, "x")
