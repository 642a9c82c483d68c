"""What one intervention does to all other values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from number_figures import random_model

from causalvalues.errors import ModelError
from causalvalues.interventions import Set, Shift
from causalvalues.model.effects import total_effects
from causalvalues.model.side_effects import side_effects
from causalvalues.model.structural import StructuralModel


def chain() -> StructuralModel:
    return StructuralModel.from_coefficients(
        ["a", "b", "c", "do"],
        [[0, 2, 1, 0], [0, 0, 3, 0], [0, 0, 0, 0], [1, 0, 5, 0]],
        intercepts=[1.0, 0, 0, 0],
        levers=["do"],
    )


def test_a_shift_carries_on_as_the_total_effect_and_its_direct_part_as_the_coefficient() -> None:
    found = side_effects(chain(), Shift("a", 0.5)).table
    assert found["mean"].to_dict() == {"b": 1.0, "c": 3.5}
    assert found["direct"].to_dict() == {"b": 1.0, "c": 0.5}


def test_setting_a_value_moves_it_from_where_it_stands() -> None:
    found = side_effects(chain(), Set("a", 3.0))
    assert found.own == 2.0
    assert found.table["mean"].to_dict() == {"b": 4.0, "c": 14.0}


def test_a_lever_moves_all_values_and_is_no_value_itself() -> None:
    found = side_effects(chain(), Set("do", 1.0)).table
    assert found["mean"].to_dict() == {"a": 1.0, "b": 2.0, "c": 12.0}
    assert found["direct"].to_dict() == {"a": 1.0, "b": 0.0, "c": 5.0}


def test_setting_a_value_leaves_its_causes_alone() -> None:
    found = side_effects(chain(), Set("c", 100.0)).table
    assert (found[["mean", "positive", "negative"]] == 0).all().all()


@settings(deadline=None, max_examples=40)
@given(st.just(0.0) | st.floats(-3, 3).filter(lambda dose: abs(dose) > 1e-3), st.integers(0, 9))
def test_the_effects_of_a_model_tell_the_same_as_the_model_for_every_shift(dose: float, node: int) -> None:
    model = random_model(10)
    shift = Shift(model.values[node], dose)
    own, other = side_effects(model, shift, (0.9,)), side_effects(total_effects(model), shift)
    for column in ("mean", "positive", "negative"):
        np.testing.assert_allclose(own.table[column], other.table[column], atol=1e-9)
    if dose > 0:  # an inverted distribution has another lower end upside down
        np.testing.assert_allclose(own.bands[0][1], other.bands[0][1], atol=1e-9)


def test_the_mean_is_the_weighted_mean_over_draws_and_wider_levels_hold_narrower_ones() -> None:
    model = random_model(10)
    found = side_effects(model, Shift(model.values[0], 1.0), (0.9, 0.5))
    brute = np.mean([np.linalg.inv(np.eye(10) - b)[0, 1:] for b in model.coefficients], axis=0)
    np.testing.assert_allclose(found.table["mean"], brute, atol=1e-12)
    assert [level for level, _ in found.bands] == [0.5, 0.9]
    assert (found.bands[1][1]["lower"] <= found.bands[0][1]["lower"]).all()
    assert (found.bands[1][1]["upper"] >= found.bands[0][1]["upper"]).all()


def test_a_total_effect_cannot_say_what_setting_a_value_does() -> None:
    with pytest.raises(ModelError, match="depends on where it stands"):
        side_effects(total_effects(chain()), Set("a", 1.0))
    assert side_effects(total_effects(chain()), Set("do", 2.0)).table["mean"].to_dict() == {"a": 2, "b": 4, "c": 24}


def test_unknown_nodes_and_lonely_values_are_refused() -> None:
    with pytest.raises(ModelError, match="no node 'x'"):
        side_effects(chain(), Shift("x", 1.0))
    with pytest.raises(ModelError, match="no node 'x'"):
        side_effects(total_effects(chain()), Shift("x", 1.0))
    with pytest.raises(ModelError, match="nothing else can move"):
        side_effects(StructuralModel.from_coefficients(["a"], [[0]]), Shift("a", 1.0))
