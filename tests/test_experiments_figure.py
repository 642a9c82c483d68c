"""The picture of a design shows every chosen candidate, and the numbers of its table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from causalvalues.errors import FigureError
from causalvalues.experiments import AboutModel, Design, LinearBayes, design_next, lever_settings
from causalvalues.figures.next_experiment import MOST_ROWS, next_experiment_figure
from causalvalues.interventions import Lever
from causalvalues.model import StructuralModel
from causalvalues.scene.svg import svg_text


def design(levers: int = 30) -> Design:
    rng = np.random.default_rng(0)
    b = np.zeros((60, 2 + levers, 2 + levers))
    b[:, 2:, :2] = rng.normal(size=(60, levers, 2)) * np.linspace(0.2, 1.5, levers)[:, None]
    scales = np.c_[np.ones((60, 2)), np.zeros((60, levers))]
    names = tuple(f"lever {i:02d}" for i in range(levers))
    model = StructuralModel(("a", "b"), b, np.zeros((60, 2 + levers)), scales, np.ones(60), names)
    return design_next(model, lever_settings([Lever(name) for name in names]), AboutModel(), LinearBayes(batch=3))


def test_the_figure_shows_all_that_are_chosen_and_the_best_of_the_others() -> None:
    found = design()
    scene = next_experiment_figure(found)
    names = [row[0] for row in scene.rows]
    assert len(names) == MOST_ROWS
    assert set(found.chosen) <= set(names)
    assert found.table.gain[names].is_monotonic_decreasing
    assert "6 candidates that tell less are not shown" in scene.caption
    assert "lever" in svg_text(scene)


def test_a_design_in_which_nothing_is_chosen_is_drawn_too() -> None:
    found = design(3)
    none = replace(found, chosen=(), gain=0.0, cost=0.0, table=found.table.assign(chosen=0))
    assert len(next_experiment_figure(none).rows) == 3


def test_a_design_without_candidates_is_refused() -> None:
    found = design(3)
    with pytest.raises(FigureError, match="no candidates"):
        next_experiment_figure(replace(found, table=found.table.iloc[:0]))
