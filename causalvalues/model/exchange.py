"""Hand a structural model to other libraries: pgmpy networks and dowhy.gcm models with the same numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.model.structural import StructuralModel

if TYPE_CHECKING:
    from dowhy.gcm import InvertibleStructuralCausalModel
    from pgmpy.models import LinearGaussianBayesianNetwork


def pgmpy_network(model: StructuralModel, draw: int = 0) -> LinearGaussianBayesianNetwork:
    """Return one draw as pgmpy's linear-Gaussian network (no rounding on the way).

    Parameters
    ----------
    model : StructuralModel
        Without levers: a lever has no distribution of its own.
    draw : int, default 0
        Which draw.

    Returns
    -------
    pgmpy.models.LinearGaussianBayesianNetwork
        Nodes, edges, intercepts, coefficients and residual standard deviations.

    Raises
    ------
    ModelError
        If the model has levers, or the draw does not exist.
    """
    from pgmpy.factors.continuous import LinearGaussianCPD
    from pgmpy.models import LinearGaussianBayesianNetwork

    b = _one_draw(model, draw, "pgmpy")
    network = LinearGaussianBayesianNetwork()
    network.add_nodes_from(model.nodes)
    network.add_edges_from(_edges(model, b))
    for j, node in enumerate(model.nodes):
        parents = np.flatnonzero(b[:, j])
        network.add_cpds(
            LinearGaussianCPD(
                node,
                [float(model.intercepts[draw, j]), *b[parents, j].tolist()],
                float(model.residual_scales[draw, j]),
                [model.nodes[i] for i in parents],
            )
        )
    return network


def gcm_model(model: StructuralModel, draw: int = 0) -> InvertibleStructuralCausalModel:
    """Return one draw as a `dowhy.gcm` model with the same equations and Gaussian noise; nothing is fitted again.

    Parameters
    ----------
    model : StructuralModel
        Without levers.
    draw : int, default 0
        Which draw.

    Returns
    -------
    dowhy.gcm.InvertibleStructuralCausalModel

    Raises
    ------
    ModelError
        If the model has levers, or the draw does not exist.
    """
    import networkx as nx
    from dowhy import gcm
    from scipy.stats import norm

    b = _one_draw(model, draw, "dowhy.gcm")
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(model.nodes)
    graph.add_edges_from(_edges(model, b))
    other = gcm.InvertibleStructuralCausalModel(graph)
    for j, node in enumerate(model.nodes):
        parents = sorted(graph.predecessors(node))
        constant, spread = float(model.intercepts[draw, j]), float(model.residual_scales[draw, j])
        noise = gcm.ScipyDistribution(norm, loc=0.0 if parents else constant, scale=spread)
        slopes = np.array([b[model.place(parent), j] for parent in parents])
        mechanism = gcm.AdditiveNoiseModel(_known_line(slopes, constant), noise) if parents else noise
        other.set_causal_mechanism(node, mechanism)
        other.graph.nodes[node]["parents_during_fit"] = parents
    return other


def _one_draw(model: StructuralModel, draw: int, library: str) -> np.ndarray:
    if model.levers:
        raise ModelError(
            f"{library} has no levers: fit the model without them, or export the value part with "
            "StructuralModel.from_coefficients."
        )
    if not 0 <= draw < len(model.weights):
        raise ModelError(f"There is no draw {draw}; the model has {len(model.weights)}.")
    return np.asarray(model.coefficients[draw])


def _edges(model: StructuralModel, b: np.ndarray) -> list[tuple[str, str]]:
    return [(model.nodes[i], model.nodes[j]) for i, j in zip(*np.nonzero(b), strict=True)]


def _known_line(slopes: np.ndarray, constant: float) -> Any:
    """Return a dowhy prediction model with given numbers; its parents come in name order."""
    from dowhy.gcm.ml import PredictionModel

    class KnownLine(PredictionModel):  # type: ignore[misc]
        def fit(self, X: np.ndarray, Y: np.ndarray) -> None:
            """Do nothing: the numbers are known."""

        def predict(self, X: np.ndarray) -> np.ndarray:
            return np.asarray(np.asarray(X, dtype=float) @ slopes + constant).reshape(-1, 1)

        def clone(self) -> PredictionModel:
            return _known_line(slopes, constant)

    return KnownLine()
