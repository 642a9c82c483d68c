"""Whether data need a part of the mechanism: the size of each test under its null, its power, and plain sentences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from causalvalues.errors import ModelError
from causalvalues.prediction import Mechanism, Needs, need_test
from causalvalues.prediction.needs import FEATURES, needs
from causalvalues.prediction.score_tests import score_test
from tests.prediction_worlds import World, drawn

NULLS = {
    "saturation": World(units=40, pull=0.3),
    "interactions": World(units=40, w=0.5, pull=0.3),
    "persistence": World(units=40, w=0.5, interactions=0.3),
    "moderation": World(units=40, w=0.5, pull=0.3, interactions=0.3),
}
TRUTHS = {
    "saturation": replace(NULLS["saturation"], w=0.4),
    "interactions": replace(NULLS["interactions"], interactions=0.5),
    "persistence": replace(NULLS["persistence"], pull=0.2),
    "moderation": replace(NULLS["moderation"], moderation=0.5),
}


@pytest.mark.parametrize("feature", FEATURES)
def test_a_part_that_is_absent_is_found_as_rarely_as_it_should(feature: str) -> None:
    found = np.array([need_test(drawn(NULLS[feature], seed), feature, seed, draws=99) for seed in range(60)])
    assert (found <= 0.05).mean() <= 0.13  # .05 and 2.8 standard errors
    assert 0.28 < (found <= 0.5).mean() < 0.76


@pytest.mark.parametrize("feature", FEATURES)
def test_a_part_that_is_there_is_found(feature: str) -> None:
    found = np.array([need_test(drawn(TRUTHS[feature], seed), feature, seed, draws=99) for seed in range(10)])
    assert (found <= 0.05).mean() >= 0.7


def test_rows_that_cannot_tell_give_no_p_value() -> None:
    alone = drawn(NULLS["saturation"], 1)
    alone = alone.on(alone.used == 1)
    assert np.isnan(need_test(alone, "saturation", 1))
    assert np.isnan(need_test(alone, "interactions", 1))
    assert 0 < need_test(alone, "persistence", 1) <= 1


def test_columns_that_the_null_holds_already_are_never_needed() -> None:
    rows = drawn(NULLS["saturation"], 1)
    null = np.column_stack([rows.doses, rows.start])
    assert score_test(rows, null, rows.start * 2, False, (1, 99)) == 1.0


def test_the_order_of_columns_changes_no_p_value() -> None:
    rows = drawn(TRUTHS["moderation"], 2)
    turned = replace(rows, levers=rows.levers[::-1], doses=rows.doses[:, ::-1])
    assert need_test(rows, "moderation", 1) == need_test(turned, "moderation", 1)


def test_sentences_say_what_is_needed_and_what_it_adds() -> None:
    rows = drawn(World(units=60, w=0.6, pull=0.3), 1)
    found = needs(rows, 1, Mechanism(draws=20), folds=4)
    assert isinstance(found, Needs)
    assert list(found.table.index) == list(FEATURES)
    text = found.sentences
    assert "The data need effects that lose strength" in text[0]
    assert "do not show a need for an interaction" in text[1]
    assert "The data need units that keep only a part" in text[2]
    assert found.table.loc["persistence", "lower"] > 0
    assert "left-out micro R2" in str(found)


def test_an_unknown_part_is_named() -> None:
    with pytest.raises(ModelError, match="Did you mean 'saturation'"):
        need_test(drawn(NULLS["saturation"], 1), "saturations", 1)


def test_few_units_and_many_columns_do_not_make_a_test_rash() -> None:
    world = World(units=25, levers=6, w=0.5, pull=0.3)
    found = np.array([need_test(drawn(world, seed), "moderation", seed, draws=99) for seed in range(50)])
    assert (found <= 0.05).mean() <= 0.13
