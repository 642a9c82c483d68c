"""A model handed to pgmpy or dowhy gives the same answers there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from causalvalues.errors import ModelError
from causalvalues.interventions import Set
from causalvalues.model import StructuralModel, counterfactual, gcm_model, intervene, pgmpy_network

NAMES = ("self direction", "power-over", 'be"nevolence')


def three_values() -> StructuralModel:
    b = np.array([[0, 0.8, -0.3], [0, 0, 0.5], [0, 0, 0]])
    return StructuralModel.from_coefficients(NAMES, b, np.array([1.0, -2.0, 0.5]), np.array([1.0, 1e-5, 2.0]))


def test_pgmpy_gets_the_same_joint_distribution_without_rounding() -> None:
    model = three_values()
    network = pgmpy_network(model)
    ours = intervene(model, [])
    assert set(network.nodes()) == set(NAMES)
    assert set(network.edges()) == {(NAMES[0], NAMES[1]), (NAMES[0], NAMES[2]), (NAMES[1], NAMES[2])}
    for j, node in enumerate(NAMES):
        cpd = network.get_cpds(node)
        assert cpd.std == model.residual_scales[0, j]
        assert list(cpd.beta[1:]) == [model.coefficients[0, NAMES.index(parent), j] for parent in cpd.evidence]
    sample = network.simulate(20_000, seed=1)[list(NAMES)]
    error = np.sqrt(np.diag(ours.covariances[0]) / 20_000)
    assert (np.abs(sample.mean().to_numpy() - ours.means[0]) < 4 * error).all()


def test_dowhy_gives_the_same_counterfactuals() -> None:
    from dowhy import gcm

    model = three_values()
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 3)), columns=list(NAMES))
    theirs = gcm.counterfactual_samples(gcm_model(model), {NAMES[1]: lambda _: 3.0}, observed_data=rows)
    ours = counterfactual(model, rows, [Set(NAMES[1], 3.0)]).mean()
    np.testing.assert_allclose(theirs[list(NAMES)].to_numpy(), ours[list(NAMES)].to_numpy(), atol=1e-9)


def test_levers_and_unknown_draws_are_refused() -> None:
    with_lever = StructuralModel.from_coefficients(["a", "l"], np.array([[0, 0], [1.0, 0]]), levers=["l"])
    with pytest.raises(ModelError, match="levers"):
        pgmpy_network(with_lever)
    with pytest.raises(ModelError, match="no draw 7"):
        gcm_model(three_values(), draw=7)
