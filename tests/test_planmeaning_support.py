"""What lies outside the data: doses, combinations and starting levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.errors import PlanError
from causalvalues.explaining.outlying import outlying
from causalvalues.explaining.support import support
from causalvalues.prediction import PairedRows
from causalvalues.responses.matrix import ResponseMatrix


def rows(units: int = 40, seed: int = 0) -> PairedRows:
    """Every unit under x alone, half of them under x and y, a few under y with z; doses 1 and 2 of x."""
    rng = np.random.default_rng(seed)
    names, doses, starts = [], [], []
    start = rng.normal(0.5, 0.1, (units, 2))
    for unit in range(units):
        cells = [[1.0 + unit % 2, 0.0, 0.0]]
        cells += [[1.0, 1.0, 0.0]] if unit < units // 2 else []
        cells += [[0.0, 1.0, 1.0]] if unit < 2 else []
        for cell in cells:
            names.append(f"u{unit:03d}")
            doses.append(cell)
            starts.append(start[unit])
    return PairedRows(("power", "care"), ("x", "y", "z"), tuple(names), starts, doses, np.array(starts) + 0.1)


def codes(found: object) -> list[str]:
    return [finding.code for finding in found.findings]  # type: ignore[attr-defined]


def test_what_was_tried_raises_no_finding() -> None:
    found = support(rows(), {"x": 1.0, "y": 1.0}, {"power": 0.5, "care": 0.5})
    assert codes(found) == []
    assert not found.extrapolated
    assert found.basis.value == "by design"
    assert (found.tried_by, found.nearest, found.nearest_by) == (20, ("x", "y"), 20)


@pytest.mark.parametrize(
    ("doses", "code", "words"),
    [
        ({"x": 3.0}, "dose outside", "outside the doses that were tried .1 to 2."),
        ({"x": -1.0}, "dose outside", "Stay within 0 and 2"),
        ({"x": 1.5}, "dose between", "lies between doses that were"),
        ({"x": 1.0, "z": 1.0}, "never tried together", r"nearest tried set is x \(40 units\): from there, add z"),
        ({"x": 1.0, "y": 1.0, "z": 1.0}, "never tried together", r"x \+ y \(20 units\): from there, add z"),
        ({"y": 1.0, "z": 1.0}, "tried by few units", "by 2 units only"),
    ],
)
def test_doses_and_combinations_outside_the_data_are_said(doses: dict[str, float], code: str, words: str) -> None:
    import re

    found = support(rows(), doses)
    assert codes(found) == [code]
    assert re.search(words, str(found.findings[0]))
    assert found.extrapolated == (code in {"dose outside", "never tried together"})
    assert list(found.table["code"]) == [code]


def test_a_start_beyond_every_unit_is_said_value_by_value_and_as_a_whole() -> None:
    found = support(rows(), {"x": 1.0}, {"power": 3.0, "care": 0.5})
    assert codes(found) == ["value outside", "start outside"]
    assert "value 'power'" in str(found.findings[0])
    assert found.rarity == pytest.approx(1 / 41)
    assert found.distance > 10


def test_an_unusual_mixture_of_usual_scores_is_an_unusual_start() -> None:
    rng = np.random.default_rng(1)
    one = rng.normal(size=200)
    units = np.column_stack([one, one + 0.1 * rng.normal(size=200)])
    distance, rarity = outlying(units, np.array([1.5, -1.5]))
    assert distance > 5
    assert rarity < 0.01
    assert outlying(units, np.array([1.5, 1.5]))[1] > 0.05


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_the_distance_is_that_of_the_textbook_and_knows_no_units_of_measurement(seed: int) -> None:
    rng = np.random.default_rng(seed)
    units, one = rng.normal(size=(30, 3)) @ rng.normal(size=(3, 3)), rng.normal(size=3)
    away = one - units.mean(axis=0)
    expected = np.sqrt(away @ np.linalg.inv(np.cov(units.T)) @ away)
    found = outlying(units, one)
    assert found[0] == pytest.approx(expected, rel=1e-6)
    scaled = outlying(units * [1e6, 1.0, 1e-6], one * [1e6, 1.0, 1e-6])
    assert scaled == pytest.approx(found, rel=1e-6)


def test_the_rarity_is_even_for_units_of_the_same_kind() -> None:
    rng = np.random.default_rng(3)
    rare = [outlying(rng.normal(size=(39, 2)), rng.normal(size=2))[1] for _ in range(400)]
    assert np.mean(np.array(rare) <= 0.1) == pytest.approx(0.1, abs=0.045)
    assert np.mean(np.array(rare) <= 0.5) == pytest.approx(0.5, abs=0.075)


def test_too_few_units_say_so_and_flag_nothing() -> None:
    few = support(rows(units=3), {"x": 1.0}, {"power": 0.5, "care": 0.5})
    assert "few starts" in codes(few)
    assert np.isnan(few.rarity)


def test_a_push_rests_on_the_graph_and_is_noted() -> None:
    found = support(rows(), {"x": 1.0, "power": 0.2})
    assert codes(found) == ["push"]
    assert not found.extrapolated


def test_a_matrix_is_paired_first() -> None:
    matrix = ResponseMatrix(
        names=["power"],
        scores=[[0.1], [0.4], [0.2], [0.5]],
        unit_ids=["a", "a", "b", "b"],
        levers=["x"],
        doses=[[0.0], [1.0], [0.0], [1.0]],
    )
    assert codes(support(matrix, {"x": 1.0})) == []
    assert codes(support(matrix, {"x": 2.0})) == ["dose outside"]


def test_bad_input_is_named() -> None:
    with pytest.raises(PlanError, match="Did you mean 'power'"):
        support(rows(), {}, {"powr": 1.0, "care": 1.0})
    with pytest.raises(PlanError, match="no lever 'w'"):
        support(rows(), {"w": 1.0})
    with pytest.raises(PlanError, match="Give a share"):
        support(rows(), {}, None, 1.5)
    with pytest.raises(PlanError, match="nothing was tried"):
        support(rows().on(np.zeros(62, dtype=bool)), {})
