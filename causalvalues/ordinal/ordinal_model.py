"""The ordinal model: a structural model of latent scores, and the thresholds that turn them into answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.evidence.moments import Evidence
from causalvalues.frozen import FloatArray, frozen_floats
from causalvalues.given import require_kind
from causalvalues.model.propagation import design_columns
from causalvalues.model.structural import StructuralModel
from causalvalues.ordinal.thresholds import Steps, given_steps, steps_of_answers, threshold_draws
from causalvalues.randomness import stream
from causalvalues.responses.matrix import ResponseMatrix

LEVEL_OFF = 0.5
SPREAD_OFF = 1.5


@dataclass(frozen=True, eq=False)
class OrdinalModel:
    """Latent scores follow linear structural equations; the answer is the category that a latent score falls in.

    The answer to value j is category c when thresholds[j][c - 1] < x_j <= thresholds[j][c]: an ordinal probit for each
    value, joined by the structural equations of x (Pearl's model with a threshold as the last mechanism).

    Parameters
    ----------
    latent : StructuralModel
        Of the latent scores, in the units of the thresholds. `ordinal_model` makes their standard deviation 1 at equal
        lever doses.
    thresholds : mapping of str to sequence of float
        For each value, in rising order, in latent units.
    categories : mapping of str to sequence of float
        For each value its answers as they are written, in rising order: one more than thresholds.
    threshold_draws : mapping of str to array (s, A - 1), optional
        The thresholds in each draw of the latent model. Default: the same in all.

    Raises
    ------
    ModelError
        If a value has no thresholds, thresholds or categories do not rise, or a latent value has no noise of its own.
    """

    latent: StructuralModel
    thresholds: Mapping[str, tuple[float, ...]]
    categories: Mapping[str, tuple[float, ...]]
    threshold_draws: Mapping[str, FloatArray] = field(default=None)  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        for what in ("thresholds", "categories"):
            given: Mapping[str, Sequence[float]] = getattr(self, what)
            unknown = sorted(set(given) - set(self.latent.values))
            if unknown:
                raise ModelError(
                    f"`{what}` speaks of {unknown[0]!r}, which is no value of the model."
                    + did_you_mean(unknown[0], self.latent.values)
                )
            missing = [name for name in self.latent.values if name not in given]
            if missing:
                raise ModelError(f"The value {missing[0]!r} has no {what}. Give them for every value of the model.")
            kept = {name: tuple(float(number) for number in given[name]) for name in self.latent.values}
            for name, row in kept.items():
                if not row or not np.isfinite(row).all() or not (np.diff(row) > 0).all():
                    raise ModelError(f"The {what} of {name!r} should be finite and rise; they are {row}.")
            object.__setattr__(self, what, kept)
        for name in self.latent.values:
            steps, answers = len(self.thresholds[name]), len(self.categories[name])
            if answers != steps + 1:
                raise ModelError(
                    f"{name!r} has {steps} thresholds and {answers} categories; "
                    "there should be one more category than thresholds."
                )
        self._keep_draws()
        still = np.flatnonzero((self.latent.residual_scales[:, : len(self.latent.values)] <= 0).any(axis=0))
        if len(still):
            raise ModelError(
                f"The latent score of {self.latent.values[still[0]]!r} has no noise of its own in a draw, so answers "
                "cannot be traced back to latent scores. Give it a residual scale above 0."
            )

    def _keep_draws(self) -> None:
        s = len(self.latent.weights)
        given = self.threshold_draws
        draws = {}
        for name, steps in self.thresholds.items():
            table = np.tile(steps, (s, 1)) if given is None else given[name]
            try:
                draws[name] = frozen_floats(table, (s, len(steps)), f"threshold_draws of {name!r}")
            except ValueError as error:
                raise ModelError(f"{error}: one row for each draw of the model.") from None
            if not np.isfinite(draws[name]).all() or not (np.diff(draws[name], axis=1) > 0).all():
                raise ModelError(f"The threshold_draws of {name!r} should be finite and rise in each draw.")
        object.__setattr__(self, "threshold_draws", draws)

    def __repr__(self) -> str:
        most = max(len(steps) for steps in self.categories.values())
        levers = f", {len(self.latent.levers)} levers" if self.latent.levers else ""
        values = len(self.latent.values)
        return f"OrdinalModel({values} values of up to {most} categories{levers}, {len(self.latent.weights)} draws)"

    @property
    def values(self) -> tuple[str, ...]:
        """Names of the p values, in the order of the latent model."""
        return self.latent.values

    @property
    def levers(self) -> tuple[str, ...]:
        """Names of the levers."""
        return self.latent.levers


def ordinal_model(
    model: StructuralModel,
    answers: ResponseMatrix | pd.DataFrame | Evidence,
    categories: Mapping[str, Sequence[float]] | None = None,
    seed: int = 0,
) -> OrdinalModel:
    """Join a structural model of latent scores with the thresholds of the answers that it was learned from.

    Parameters
    ----------
    model : StructuralModel
        Fitted to `summarise(answers, moments=PolychoricMoments())`.
    answers : ResponseMatrix, DataFrame or Evidence
        The answers themselves (whole numbers; the categories of a value are the answers that occur), or their
        polychoric evidence.
    categories : mapping of str to sequence of float, optional
        With evidence, which does not hold them: the answers as written, in rising order. Default 1, 2, 3, ...
    seed : int, default 0
        Of the draws of the thresholds.

    Returns
    -------
    OrdinalModel
        Each draw rescaled so that every latent score has the variance 1 at equal lever doses, which is the unit of the
        thresholds: B_ij s_i / s_j, a_j / s_j, sigma_j / s_j with s_j the standard deviation that the draw implies.

    Raises
    ------
    ModelError
        If a value is not ordinal (answers that are no whole numbers, such as means of several items, or evidence
        without thresholds), the model stands on another scale than the thresholds, or levers differ.

    Notes
    -----
    A threshold t_c is the normal quantile of the cumulative share F_c, so with n rows its error has the covariance
    (F_min(c,d) - F_c F_d) / (f_c f_d n), f the normal density. The part 1/n that it shares with the error of the
    latent mean is in the draws of the model already (n is taken from them: the inverse variance of the latent level);
    the rest is drawn here. A model of one draw has thresholds without error.

    Examples
    --------
    >>> import numpy as np
    >>> from causalvalues.evidence import PolychoricMoments, summarise
    >>> from causalvalues.graph import Dag
    >>> from causalvalues.model import fit
    >>> rng = np.random.default_rng(0)
    >>> a = rng.normal(size=400)
    >>> b = 0.6 * a + 0.8 * rng.normal(size=400)
    >>> data = pd.DataFrame({"a": np.digitize(a, [-1, 0, 1]) + 1, "b": np.digitize(b, [-0.5, 0.5]) + 1})
    >>> latent = fit(Dag.from_edges("ab", [("a", "b")]), summarise(data, moments=PolychoricMoments()))
    >>> ordinal_model(latent, data)
    OrdinalModel(2 values of up to 4 categories, 1000 draws)
    """
    require_kind(model, StructuralModel, "The model: give a `StructuralModel`", ModelError)
    given = ResponseMatrix | pd.DataFrame | Evidence
    require_kind(answers, given, "The answers: give a ResponseMatrix, a DataFrame or evidence", ModelError)
    if isinstance(answers, Evidence):
        steps = given_steps(answers, model.values, categories)
    else:
        if categories is not None:
            raise ModelError("The categories are read from the answers. Leave `categories` out, or give evidence.")
        steps = steps_of_answers(answers, model.values)
    if set(steps.levers) != set(model.levers):
        odd = sorted(set(steps.levers) ^ set(model.levers))
        raise ModelError(f"Model and answers differ in the levers {', '.join(odd)}. Learn and join on the same.")
    spreads = latent_spreads(model)
    levels = _levels(model, steps)
    _refuse_other_scales(model, levels, spreads)
    error = np.sqrt(model.weights @ np.square(levels - model.weights @ levels))
    draws = {
        name: threshold_draws(steps.thresholds[name], float(error[j]), len(levels), stream(seed, "ordinal", name))
        for j, name in enumerate(model.values)
    }
    return OrdinalModel(_rescaled(model, spreads), steps.thresholds, steps.categories, draws)


def latent_spreads(model: StructuralModel) -> FloatArray:
    """Return the standard deviation (s, p) of each value at equal lever doses, in each draw."""
    order = sorted(range(len(model.values)), key=lambda j: model.values[j])  # one order of sums for any column order
    variances = np.zeros((len(model.weights), len(order)))
    for i in order:
        variances += np.square(model.residual_scales[:, i : i + 1] * model.total[:, i, : len(order)])
    return np.asarray(np.sqrt(variances))


def _levels(model: StructuralModel, steps: Steps) -> FloatArray:
    """Return the mean (s, p) of each latent score at the mean of the design."""
    p = len(model.values)
    doses = np.array([[steps.doses.get(lever, 0.0) for lever in model.levers]])
    design = design_columns(model, doses)[0]
    for place, cell in enumerate(model.combinations):
        design[len(model.levers) + place] = steps.doses.get("+".join(sorted(cell)), 0.0)
    reached = model.intercepts[:, :p] + np.einsum("c,scp->sp", design, model.coefficients[:, p:, :p])
    return np.asarray(np.einsum("si,sij->sj", reached, model.total[:, :p, :p]))


def _refuse_other_scales(model: StructuralModel, levels: FloatArray, spreads: FloatArray) -> None:
    """Refuse a model whose levels or spreads are not those of latent scores with mean 0 and deviation 1."""
    level, spread = model.weights @ levels, model.weights @ spreads
    off = (np.abs(level) > LEVEL_OFF) | (spread > SPREAD_OFF) | (spread < 1 / SPREAD_OFF)
    if off.any():
        j = int(np.flatnonzero(off)[0])
        raise ModelError(
            f"In the model {model.values[j]!r} has the mean {level[j]:.2f} and the standard deviation {spread[j]:.2f}; "
            "latent scores behind ordinal answers have 0 and 1. Fit the model to "
            "`summarise(answers, moments=PolychoricMoments())`."
        )


def _rescaled(model: StructuralModel, spreads: FloatArray) -> StructuralModel:
    p, m = len(model.values), len(model.nodes)
    unit = np.ones((len(spreads), m))
    unit[:, :p] = spreads
    return replace(
        model,
        coefficients=model.coefficients * unit[:, :, None] / unit[:, None, :],
        intercepts=model.intercepts / unit,
        residual_scales=model.residual_scales / unit,
    )
