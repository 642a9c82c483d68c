"""Bad and extreme evidence: learners refuse it with the name of the offender."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import causalvalues as cv
from causalvalues.discovery import FactorGraph, HiddenCauseSettings
from causalvalues.errors import CausalValuesError

ROWS = pd.DataFrame(np.random.default_rng(1).normal(size=(60, 4)), columns=list("abcd"))
PLAIN = cv.ExactPosterior(draws=20)
LEARNERS: dict[str, Callable[[cv.Evidence], object]] = {
    "exact": lambda evidence: cv.discover(evidence, PLAIN),
    "orders": lambda evidence: cv.discover(evidence, cv.OrderSearch(resamples=3)),
    "pc": cv.pc,
    "fci": cv.fci,
    "false edges": lambda evidence: cv.expected_false_edges(evidence, dict.fromkeys("abcd", 0.8), repeats=2),
    "hidden causes": lambda evidence: cv.hidden_cause_models(
        evidence, settings=HiddenCauseSettings(plain=PLAIN, factor=FactorGraph(starts=2, draws=10))
    ),
    "jointly": lambda evidence: cv.learn_jointly({"x": evidence, "y": evidence}),
}


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("constant", [1.0, 0.1])
def test_a_constant_value_is_named_by_every_learner(learner: str, constant: float) -> None:
    evidence = cv.summarise(ROWS.assign(c=constant))
    with pytest.raises(CausalValuesError, match=r"'c'.*[Dd]rop"):
        LEARNERS[learner](evidence)


@pytest.mark.parametrize("moments", [cv.RankMoments(), cv.PolychoricMoments(ordinal=())], ids=str)
def test_a_constant_value_is_not_taken_for_an_independent_one(moments: cv.RankMoments | cv.PolychoricMoments) -> None:
    with pytest.raises(CausalValuesError, match="'c'"):
        cv.discover(cv.summarise(ROWS.assign(c=0.1), moments=moments), PLAIN)


@pytest.mark.parametrize("seed", [-1, 0.5])
def test_learners_refuse_a_seed_that_is_no_whole_number(seed: float) -> None:
    for method in (PLAIN, cv.OrderSearch(resamples=2)):
        with pytest.raises(CausalValuesError, match="`seed` is"):
            cv.discover(cv.summarise(ROWS), method, seed=seed)  # type: ignore[arg-type]
