"""What an ordinal model refuses, and what it says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from causalvalues.errors import ModelError
from causalvalues.evidence import PolychoricMoments, ProductMoments, summarise
from causalvalues.graph import Dag
from causalvalues.interventions import Set, Shift
from causalvalues.model import MaximumLikelihood, StructuralModel, fit
from causalvalues.ordinal import (
    Gibbs,
    OrdinalModel,
    SetCategory,
    SetLatent,
    abduct_ordinal,
    counterfactual_categories,
    ordinal_model,
    predict_categories,
)
from causalvalues.responses import ResponseMatrix

LATENT = StructuralModel.from_coefficients(["care", "power"], [[0, 0.6], [0, 0]], residual_scales=[1, 0.8])
MODEL = OrdinalModel(LATENT, {"care": (-1, 1), "power": (0,)}, {"care": (1, 2, 3), "power": (0, 1)})
ROW = pd.DataFrame({"care": [1], "power": [1]})


def answers(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    a = rng.standard_normal(n)
    b = 0.6 * a + 0.8 * rng.standard_normal(n)
    return pd.DataFrame({"care": np.digitize(a, (-1, 0, 1)) + 1.0, "power": np.digitize(b, (-0.5, 0.5)) + 1.0})


def fitted(data: pd.DataFrame, moments: PolychoricMoments | ProductMoments) -> StructuralModel:
    graph = Dag.from_edges(data.columns, [("care", "power")])
    return fit(graph, summarise(data, moments=moments), MaximumLikelihood())


def test_means_of_several_items_are_not_ordinal() -> None:
    data = answers()
    data["power"] = (data["power"] + np.roll(data["power"], 1)) / 2
    model = fitted(data, PolychoricMoments())
    with pytest.raises(ModelError, match=r"'power' holds answers such as 1\.5.*average of several ordinal items"):
        ordinal_model(model, data)


def test_evidence_without_thresholds_is_not_ordinal() -> None:
    data = answers()
    with pytest.raises(ModelError, match=r"no thresholds of 'care'.*not ordinal"):
        ordinal_model(fitted(data, ProductMoments()), summarise(data))
    mixed = PolychoricMoments(ordinal=("care",))
    with pytest.raises(ModelError, match="no thresholds of 'power'"):
        ordinal_model(fitted(data, mixed), summarise(data, moments=mixed))


def test_a_model_of_raw_scores_is_refused() -> None:
    data = answers()
    with pytest.raises(ModelError, match=r"'care' has the mean 2\.\d+ .*latent scores.*have 0 and 1"):
        ordinal_model(fitted(data, ProductMoments()), data)


def test_too_many_answers_are_refused() -> None:
    data = answers()
    model = fitted(data, PolychoricMoments())
    data["care"] = np.arange(len(data))
    with pytest.raises(ModelError, match="'care' holds 400 different answers"):
        ordinal_model(model, data)


def test_answers_without_a_value_of_the_model_are_refused() -> None:
    data = answers()
    with pytest.raises(ModelError, match="no column 'power'"):
        ordinal_model(fitted(data, PolychoricMoments()), data.assign(other=data["power"]).drop(columns="power"))


def test_levers_that_differ_are_refused() -> None:
    data = answers()
    doses = (np.arange(len(data)) % 2)[:, None]
    units = [str(i) for i in range(len(data))]
    matrix = ResponseMatrix(tuple(data.columns), data.to_numpy(), units, levers=("say",), doses=doses)
    with pytest.raises(ModelError, match="differ in the levers say"):
        ordinal_model(fitted(data, PolychoricMoments()), matrix)


def test_evidence_within_groups_is_refused() -> None:
    data = answers()
    units = [str(i) for i in range(len(data))]
    country = ["A", "B"] * (len(data) // 2)
    matrix = ResponseMatrix(tuple(data.columns), data.to_numpy(), units, labels={"country": country})
    evidence = summarise(matrix, within="country", moments=PolychoricMoments())
    with pytest.raises(ModelError, match="within the groups of 'country'"):
        ordinal_model(fitted(data, PolychoricMoments()), evidence)


def test_categories_come_from_answers_or_with_evidence() -> None:
    data = answers()
    model = fitted(data, PolychoricMoments())
    evidence = summarise(data, moments=PolychoricMoments())
    assert ordinal_model(model, evidence).categories == ordinal_model(model, data).categories
    named = ordinal_model(model, evidence, {"power": (0, 1, 2)})
    assert named.categories == {"care": (1, 2, 3, 4), "power": (0, 1, 2)}
    for name, steps in ordinal_model(model, data).thresholds.items():
        assert named.thresholds[name] == pytest.approx(steps)
    with pytest.raises(ModelError, match="3 thresholds and 2 categories"):
        ordinal_model(model, evidence, {"care": (0, 1)})
    with pytest.raises(ModelError, match="read from the answers"):
        ordinal_model(model, data, {"care": (1, 2, 3, 4)})


@pytest.mark.parametrize(
    ("thresholds", "categories", "said"),
    [
        ({"care": (1, -1), "power": (0,)}, MODEL.categories, "thresholds of 'care' should be finite and rise"),
        ({"care": (-1, 1)}, MODEL.categories, "'power' has no thresholds"),
        ({"care": (-1, 1), "power": (0,), "powr": (0,)}, MODEL.categories, "Did you mean 'power'"),
        (MODEL.thresholds, {"care": (1, 1, 2), "power": (0, 1)}, "categories of 'care' should be finite and rise"),
        (MODEL.thresholds, {"care": (1, 2), "power": (0, 1)}, "2 thresholds and 2 categories"),
    ],
)
def test_thresholds_and_categories_must_fit(thresholds: object, categories: object, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        OrdinalModel(LATENT, thresholds, categories)  # type: ignore[arg-type]


def test_latent_scores_need_noise_of_their_own() -> None:
    bare = StructuralModel.from_coefficients(["care", "power"], [[0, 0.6], [0, 0]], residual_scales=[1, 0])
    with pytest.raises(ModelError, match="'power' has no noise of its own"):
        OrdinalModel(bare, MODEL.thresholds, MODEL.categories)


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        ([Set("care", 3)], "SetCategory\\('care', ...\\) or SetLatent"),
        ([SetCategory("care", 4)], "4 is no category of 'care'. Its categories are 1, 2, 3"),
        ([SetCategory("cares", 1)], "Did you mean 'care'"),
        ([SetLatent("say", 1.0)], "no value 'say'"),
        ([Shift("cares", 1.0)], "no node 'cares'"),
        ([SetCategory("care", 1), Shift("care", 1.0)], "has two interventions"),
        ([SetCategory("care", 1), SetLatent("care", 1.0)], "has two interventions"),
    ],
)
def test_interventions_that_are_not_well_formed_are_refused(actions: list[Shift], said: str) -> None:
    for ask in (lambda: counterfactual_categories(MODEL, ROW, actions), lambda: predict_categories(MODEL, actions)):
        with pytest.raises(ModelError, match=said):
            ask()


def test_a_latent_score_is_finite() -> None:
    with pytest.raises(ModelError, match="Give a finite number"):
        SetLatent("care", np.inf)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (ROW.assign(care=7), "Row 0 answers 7 to 'care', whose categories are 1, 2, 3"),
        (ROW.assign(care=1.5), "Row 0 answers 1.5 to 'care'"),
        (ROW.assign(care="high"), "'care' holds text"),
        (ROW.assign(cares=1), "Did you mean 'care'"),
        (ROW[["care"]], "lack the values power"),
        (pd.concat([ROW, ROW[["care"]]], axis=1), "occurs twice"),
    ],
)
def test_rows_that_do_not_fit_are_refused(rows: pd.DataFrame, said: str) -> None:
    for ask in (lambda: counterfactual_categories(MODEL, rows, []), lambda: abduct_ordinal(MODEL, rows)):
        with pytest.raises(ModelError, match=said):
            ask()


def test_a_dose_that_is_not_known_is_refused() -> None:
    levered = StructuralModel.from_coefficients(
        ["care", "power", "say"], np.zeros((3, 3)), residual_scales=[1, 1, 0], levers=["say"]
    )
    model = OrdinalModel(levered, MODEL.thresholds, MODEL.categories)
    with pytest.raises(ModelError, match="dose of 'say' is no finite number in row 0"):
        counterfactual_categories(model, ROW.assign(say=np.nan), [])


@pytest.mark.parametrize(("settings", "said"), [({"draws": 0}, "draws"), ({"sweeps": 0.5}, "sweeps")])
def test_settings_of_the_sampler_are_checked(settings: dict[str, int], said: str) -> None:
    with pytest.raises(Exception, match=f"`{said}` is"):
        Gibbs(**settings)
    with pytest.raises(ModelError, match="between 0 and 1"):
        Gibbs(level=1.0)


def test_a_value_that_is_unknown_in_the_result_is_named() -> None:
    with pytest.raises(ModelError, match="Did you mean 'care'"):
        counterfactual_categories(MODEL, ROW, []).of("cares")
