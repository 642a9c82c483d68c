"""Published linear-Gaussian networks (ecoli70, arth150, bnlearn.com/bnrepository): exact answers and dowhy.gcm."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from causalvalues.interventions import Set, Shift
from causalvalues.model import StructuralModel, counterfactual, intervene

pytestmark = pytest.mark.shared
Network = dict[str, dict[str, float]]


def read_network(path: Path) -> tuple[list[str], Network, Network]:
    """Return the nodes, the coefficients {node: {parent: number}} and {node: {constant, variance}}."""
    content = json.loads(path.read_text())
    coefficients, rest = {}, {}
    for node in content["nodes"]:
        table = content["cpds"][node]
        terms = {name: float(number[0]) for name, number in table["coefficients"].items()}
        rest[node] = {"constant": terms.pop("(Intercept)"), "variance": float(table["variance"][0])}
        assert sorted(terms) == sorted(table["parents"])
        coefficients[node] = terms
    return list(content["nodes"]), coefficients, rest


def model_of(nodes: list[str], coefficients: Network, rest: Network) -> StructuralModel:
    matrix = pd.DataFrame(0.0, index=nodes, columns=nodes)
    for node, terms in coefficients.items():
        for parent, number in terms.items():
            matrix.loc[parent, node] = number
    constants = np.array([rest[node]["constant"] for node in nodes])
    spreads = np.sqrt([rest[node]["variance"] for node in nodes])
    return StructuralModel.from_coefficients(nodes, matrix.to_numpy(), constants, spreads)


def causal_order(nodes: list[str], coefficients: Network) -> list[str]:
    order: list[str] = []
    while len(order) < len(nodes):
        order += [node for node in nodes if node not in order and set(coefficients[node]) <= set(order)]
    return order


def moments_by_recursion(
    network: tuple[list[str], Network, Network], action: dict[str, Set | Shift]
) -> tuple[Network, Network]:
    """Means and covariances under an action, node by node, causes first: cov(x, v) = sum of b cov(x, parent)."""
    nodes, coefficients, rest = network
    means: dict[str, float] = {}
    covariances: Network = {}
    done: list[str] = []
    for node in causal_order(nodes, coefficients):
        change = action.get(node)
        terms = {} if isinstance(change, Set) else coefficients[node]
        start = change.value if isinstance(change, Set) else rest[node]["constant"]
        start += change.amount if isinstance(change, Shift) else 0.0
        means[node] = start + math.fsum(number * means[parent] for parent, number in terms.items())
        own = 0.0 if isinstance(change, Set) else rest[node]["variance"]
        row = {
            other: math.fsum(number * covariances[parent][other] for parent, number in terms.items()) for other in done
        }
        covariances[node] = row | {node: own + math.fsum(number * row[parent] for parent, number in terms.items())}
        for other in done:
            covariances[other][node] = row[other]
        done.append(node)
    return {"mean": means}, covariances


def counterfactual_by_recursion(
    network: tuple[list[str], Network, Network], facts: dict[str, float], action: dict[str, Set | Shift]
) -> dict[str, float]:
    nodes, coefficients, rest = network
    answer: dict[str, float] = {}
    for node in causal_order(nodes, coefficients):
        change, terms = action.get(node), coefficients[node]
        noise = (
            facts[node] - rest[node]["constant"] - math.fsum(number * facts[parent] for parent, number in terms.items())
        )
        answer[node] = (
            rest[node]["constant"] + noise + math.fsum(number * answer[parent] for parent, number in terms.items())
        )
        if isinstance(change, Set):
            answer[node] = change.value
        elif isinstance(change, Shift):
            answer[node] += change.amount
    return answer


@pytest.mark.parametrize("name", ["ecoli70", "arth150"])
@pytest.mark.parametrize("kind", [Set, Shift])
def test_every_single_intervention_has_the_exact_mean_and_covariance_everywhere(
    shared_data: Path, name: str, kind: type[Set] | type[Shift]
) -> None:
    network = read_network(shared_data / "bnlearn_networks" / f"{name}.json")
    model, nodes = model_of(*network), network[0]
    for target in nodes:
        change = kind(target, 1.75)
        answer = intervene(model, [change])
        means, covariances = moments_by_recursion(network, {target: change})
        expected = np.array([[covariances[a][b] for b in nodes] for a in nodes])
        np.testing.assert_allclose(answer.means[0], [means["mean"][node] for node in nodes], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(answer.covariances[0], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["ecoli70", "arth150"])
def test_every_counterfactual_is_exact(shared_data: Path, name: str) -> None:
    network = read_network(shared_data / "bnlearn_networks" / f"{name}.json")
    model, nodes = model_of(*network), network[0]
    rng = np.random.default_rng(1)
    rows = pd.DataFrame(rng.normal(size=(2, len(nodes))) * 3, columns=nodes)
    facts = [row.to_dict() for _, row in rows.iterrows()]
    for number, target in enumerate(nodes):
        other = nodes[number - 7]
        for changes in ([Set(target, -2.0)], [Shift(target, 1.5)], [Set(target, 0.5), Shift(other, -1.0)]):
            answer = counterfactual(model, rows, changes).values[0]
            for unit in range(2):
                expected = counterfactual_by_recursion(
                    network, facts[unit], {change.node: change for change in changes}
                )
                np.testing.assert_allclose(answer[unit], [expected[node] for node in nodes], rtol=1e-9, atol=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_dowhy_agrees_on_interventions_within_its_sampling_error_and_on_counterfactuals_exactly(
    shared_data: Path,
) -> None:
    import networkx as nx
    from dowhy import gcm

    network = read_network(shared_data / "bnlearn_networks" / "ecoli70.json")
    nodes, coefficients, rest = network
    model, known = model_of(*network), _known_mechanisms()
    graph = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from((parent, node) for node in nodes for parent in coefficients[node])
    theirs = gcm.InvertibleStructuralCausalModel(graph)
    for node in nodes:
        parents = sorted(coefficients[node])
        slopes = np.array([coefficients[node][parent] for parent in parents])
        constant, spread = rest[node]["constant"], math.sqrt(rest[node]["variance"])
        theirs.set_causal_mechanism(node, known(slopes, constant, spread))
        theirs.graph.nodes[node]["parents_during_fit"] = parents
    gcm.util.general.set_random_seed(11)
    hub = max(nodes, key=lambda node: sum(node in coefficients[other] for other in nodes))
    n = 100_000
    for changes in ([Set(hub, 3.0)], [Shift(hub, -1.0), Set("lacY", 0.5)]):
        callables = {change.node: _as_callable(change) for change in changes}
        samples = gcm.interventional_samples(theirs, callables, num_samples_to_draw=n)[nodes].to_numpy()
        ours = intervene(model, changes)
        variance = np.diag(ours.covariances[0])
        fixed = variance == 0
        z = (samples.mean(axis=0) - ours.means[0])[~fixed] / np.sqrt(variance[~fixed] / n)
        z_variance = (samples.var(axis=0, ddof=1) / np.where(fixed, 1, variance) - 1)[~fixed] / math.sqrt(2 / n)
        assert np.abs(z).max() < 4
        assert np.abs(z_variance).max() < 4
        np.testing.assert_allclose(
            samples[:, fixed], np.broadcast_to(ours.means[0, fixed], (n, fixed.sum())), atol=1e-12
        )
        facts = pd.DataFrame(samples[:50], columns=nodes)
        twins = gcm.counterfactual_samples(theirs, callables, observed_data=facts)[nodes].to_numpy()
        np.testing.assert_allclose(counterfactual(model, facts, changes).values[0], twins, atol=1e-9)


def _as_callable(change: Set | Shift):
    return (lambda _: change.value) if isinstance(change, Set) else (lambda x: x + change.amount)


def _known_mechanisms():
    """Return a maker of dowhy mechanisms with given numbers, so that dowhy estimates nothing."""
    from dowhy import gcm
    from dowhy.gcm.ml import PredictionModel
    from scipy.stats import norm

    class Linear(PredictionModel):
        def __init__(self, slopes: np.ndarray, constant: float) -> None:
            self.slopes, self.constant = slopes, constant

        def fit(self, X: np.ndarray, Y: np.ndarray) -> None:
            raise AssertionError("nothing is to be estimated")

        def predict(self, X: np.ndarray) -> np.ndarray:
            return (np.asarray(X, dtype=float) @ self.slopes + self.constant).reshape(-1, 1)

        def clone(self) -> Linear:
            return Linear(self.slopes, self.constant)

    def make(slopes: np.ndarray, constant: float, spread: float):
        if len(slopes) == 0:
            return gcm.ScipyDistribution(norm, loc=constant, scale=spread)
        return gcm.AdditiveNoiseModel(Linear(slopes, constant), gcm.ScipyDistribution(norm, loc=0.0, scale=spread))

    return make
