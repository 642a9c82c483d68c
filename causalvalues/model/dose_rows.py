"""What a plan's levers rest on: doses that were tried, and levers that were tried together."""

from __future__ import annotations

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.evidence.moments import Evidence
from causalvalues.frozen import FloatArray
from causalvalues.graph.posterior import GraphPosterior
from causalvalues.model.basis import Basis, claim_row
from causalvalues.model.quantiles import weighted_quantiles
from causalvalues.model.structural import StructuralModel


def dose_row(posterior: GraphPosterior, evidence: Evidence, lever: str, dose: float) -> dict[str, object]:
    """Return the row of a ledger that says what a lever at one dose rests on."""
    tried = tried_doses(evidence, lever)
    known = any(bool(np.isclose(dose, one, rtol=1e-9, atol=0.0)) for one in tried)
    below = [one for one in tried if one * dose > 0 and abs(one) < abs(dose)]
    above = [one for one in tried if one * dose > 0 and abs(one) > abs(dose)]
    listed = " and ".join(f"{one:.3g}" for one in tried)
    if len(tried) > 5:
        listed = f"{tried[0]:.3g} to {tried[-1]:.3g} ({len(tried)} doses)"
    if not known and not (below and above):
        sentence = f"{lever} at dose {dose:g}: the data speak of dose {listed}; the rest is a straight line."
        return claim_row("plan", (lever, ""), Basis.EXTRAPOLATED, np.nan, sentence)
    how = "tried" if known else f"interpolated between tried doses ({listed})"
    if posterior.lever_mode == "sparse" and not posterior.lever_draws[:, posterior.levers.index(lever)].all():
        rest = "contrast of the design for the values that it acts on directly, the graph for the others"
        share = float(posterior.lever_probabilities.loc[lever].to_numpy().mean())
        return claim_row("plan", (lever, ""), Basis.GRAPH, share, f"{lever} at dose {dose:g}: {how}, {rest}.")
    return claim_row(
        "plan", (lever, ""), Basis.DESIGN, 1.0, f"{lever} at dose {dose:g}: {how}, contrast of the design."
    )


def tried_doses(evidence: Evidence, lever: str) -> tuple[float, ...]:
    """Return the distinct doses of a lever that were tried, sorted; `tried_dose` where the evidence does not list them.

    Raises
    ------
    ModelError
        If the evidence has no such lever.
    """
    one = tried_dose(evidence, lever)
    listed = evidence.doses[evidence.levers.index(lever)] if evidence.doses else ()
    return listed or (one,)


def tried_dose(evidence: Evidence, lever: str) -> float:
    """Return E[dose^2] / E[dose] of a lever: the one dose that was tried, or a mean of several.

    With group means removed (`Evidence.within`) the moments hold only the spread inside groups: the answer is too low.
    """
    if lever not in evidence.levers:
        raise ModelError(f"The evidence has no lever {lever!r}. Use the evidence that the model was fitted to.")
    place = evidence.columns.index(lever)
    mean = float(evidence.mean[place])
    return float((evidence.scatter[place, place] / evidence.n + mean * mean) / mean) if mean else np.nan


def joint_row(model: StructuralModel, evidence: Evidence, doses: dict[str, float]) -> dict[str, object]:
    """Return the row of a ledger that says what levers used together rest on."""
    together = " and ".join(doses)
    tried = [cell for cell in model.combinations if set(cell) == set(doses)]
    if not tried:
        sentence = (
            f"{together}: never tried together, so the sum of what was tried is assumed; joint effects are often "
            "smaller."
        )
        return claim_row("plan", (together, ""), Basis.EXTRAPOLATED, np.nan, sentence)
    width = _joint_widths(model, doses)
    sentence = (
        f"{together}: tried together{_rows_together(evidence, '+'.join(tried[0]))}, contrast of the design; the effect "
        f"of this cell itself is used, its 90% intervals are {width.min():.2g} to {width.max():.2g} wide."
    )
    return claim_row("plan", (together, ""), Basis.DESIGN, 1.0, sentence)


def _rows_together(evidence: Evidence, column: str) -> str:
    """Say in how many rows a combination occurs: n E[x]^2 / E[x^2], exact where it occurs at one dose."""
    if evidence.within or column not in evidence.columns:
        return ""
    place = evidence.columns.index(column)
    square = float(evidence.mean[place]) ** 2
    share = square / (square + float(evidence.scatter[place, place]) / evidence.n)
    return f" in about {share * evidence.n:.0f} of {evidence.n} rows"


def _joint_widths(model: StructuralModel, doses: dict[str, float]) -> FloatArray:
    """Return the width (p,) of the 90% interval of the joint effect of levers on each value, in score units."""
    p = len(model.values)
    effect = sum(dose * model.total[:, model.place(lever), :p] for lever, dose in doses.items())
    for cell in model.combinations:
        if set(cell) <= set(doses):
            product = float(np.prod([doses[lever] for lever in cell]))
            effect = effect + product * model.total[:, model.place("+".join(cell)), :p]
    lower, upper = weighted_quantiles(np.asarray(effect), model.weights, (0.05, 0.95))
    return np.asarray(upper - lower)
