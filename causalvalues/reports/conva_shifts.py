"""Which detectors a study has, whom a gate lets through, and how far each unit is shifted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from causalvalues.errors import DataError, StudyError, did_you_mean
from causalvalues.evidence import reliability
from causalvalues.frozen import FloatArray
from causalvalues.reports.conva_detectors import Detector, ThresholdDetector, fit_logistic
from causalvalues.reports.respondents import Population
from causalvalues.reports.settings import ConvaSettings
from causalvalues.responses import ResponseMatrix, score
from causalvalues.study.answers import Answers
from causalvalues.study.units import without_levers

UNKNOWN_NOISE = 0.5
"""Share of a score's standard deviation that is taken as noise where there are no items."""
YES, NO = frozenset({"yes", "1", "1.0", "true", "present"}), frozenset({"no", "0", "0.0", "false", "absent"})


def detectors(answers: Answers, asked: ConvaSettings, people: Population) -> tuple[dict[str, Detector], str]:
    """Return a detector for each value, and how they were made.

    Parameters
    ----------
    answers : Answers
    asked : ConvaSettings
    people : Population

    Raises
    ------
    StudyError
        If a judge's label is unknown or holds something else than yes and no, or there are neither judges nor items.
    """
    values = list(people.profiles.columns)
    chosen = _chosen(asked, values)
    if asked.detector == "threshold":
        noise, said = _noise(answers, asked, values)
        mean, sd = people.mean, people.sd
        made: dict[str, Detector] = {
            name: ThresholdDetector(
                values.index(name),
                len(values),
                float(mean[name] + asked.present * sd[name]),
                noise[name] * float(sd[name]),
            )
            for name in chosen
        }
        return made, said
    if asked.judge:
        return _judged(answers.matrix, asked.judge, values), "logistic regressions of a judge's yes or no on all scores"
    return _half_judged(answers, values, chosen)


def _chosen(asked: ConvaSettings, values: list[str]) -> list[str]:
    for name in (*asked.values, *asked.judge):
        if name not in values:
            raise StudyError(
                f"[report.conva] names {name!r}, which is not a value of these answers." + did_you_mean(name, values)
            )
    return sorted(asked.values) or values


def _noise(answers: Answers, asked: ConvaSettings, values: list[str]) -> tuple[dict[str, float], str]:
    if asked.noise is not None:
        return dict.fromkeys(values, asked.noise), f"thresholds with noise of {asked.noise:g} standard deviations"
    if answers.items is None or answers.key is None:
        said = f"thresholds with an assumed noise of {UNKNOWN_NOISE:g} standard deviations (there are no items)"
        return dict.fromkeys(values, UNKNOWN_NOISE), said
    try:
        alpha = reliability(answers.items, answers.key)["alpha"].clip(0.01, 0.99).fillna(1 - UNKNOWN_NOISE**2)
    except DataError as error:
        said = f"thresholds with an assumed noise of {UNKNOWN_NOISE:g} standard deviations ({str(error).rstrip('.')})"
        return dict.fromkeys(values, UNKNOWN_NOISE), said
    return {name: float(np.sqrt(1 - alpha[name])) for name in values}, "thresholds with the noise of Cronbach's alpha"


def _judged(matrix: ResponseMatrix, judge: Mapping[str, str], values: list[str]) -> dict[str, Detector]:
    found: dict[str, Detector] = {}
    frame = pd.DataFrame(np.array(matrix.scores), columns=list(matrix.names))[values]
    for name, label in sorted(judge.items()):
        if label not in matrix.labels:
            raise StudyError(
                f"[report.conva] `judge`: there is no label {label!r}." + did_you_mean(label, matrix.labels)
            )
        said = [text.strip().casefold() for text in matrix.labels[label]]
        odd = sorted({text for text in said if text and text not in YES | NO})
        if odd:
            raise StudyError(
                f"The label {label!r} holds {odd[0]!r}, which is neither yes nor no. Write yes or no (1, 0)."
            )
        rows = frame.notna().all(axis=1).to_numpy() & np.array([bool(text) for text in said])
        present = np.array([text in YES for text in said], dtype=float)[rows]
        if not rows.any():
            raise StudyError(f"No complete row has a judgement in {label!r}. Leave it out.")
        found[name] = fit_logistic(frame.to_numpy()[rows], present, name)
    return found


def _half_judged(answers: Answers, values: list[str], chosen: list[str]) -> tuple[dict[str, Detector], str]:
    """Take every second item of a value as its judge: present where their mean lies above its median."""
    items, key = answers.items, answers.key
    if items is None or key is None:
        raise StudyError('[report.conva] detector = "logistic" needs a judge: name a label for a value in `judge`.')
    plain = without_levers(items)
    whole = score(plain, key)
    found: dict[str, Detector] = {}
    for name in chosen:
        own = key.items_of(name)
        if len(own) < 2:
            raise StudyError(f"{name!r} has one item, so no half of it can judge. Name a label for it in `judge`.")
        parts = [score(plain, key.subset(list(own[side::2]))) for side in (0, 1)]
        scores = np.array(whole.scores[:, [whole.names.index(each) for each in values]])
        scores[:, values.index(name)] = parts[0].scores[:, 0]
        judge = parts[1].scores[:, 0]
        rows = np.isfinite(scores).all(axis=1) & np.isfinite(judge)
        present = (judge[rows] > np.median(judge[rows])).astype(float)
        found[name] = fit_logistic(scores[rows], present, name)
    return found, "logistic regressions; the judge of a value is the other half of its items, above their median"


def shift_table(
    found: Mapping[str, Detector], people: Population, asked: ConvaSettings, leaks: Mapping[str, FloatArray]
) -> pd.DataFrame:
    """Return one row a value: how many units need a shift, how long it is, and what the gate saves.

    Parameters
    ----------
    found : mapping of value to Detector
    people : Population
    asked : ConvaSettings
    leaks : mapping of value to array (p,)
        Change of every value, in standard deviations, when a lever raises this one by one score unit; the entry of the
        value itself is not used. Values without a lever lack.

    Returns
    -------
    DataFrame
        ``value, before`` (mean probability), ``met, gated, shifted`` (shares of units), ``shift, shift_sd`` (mean
        least shift of those that are shifted), ``own_share`` (squared share of the direction that lies on the value's
        own axis), ``side_gate, side_all`` (mean over units of the summed absolute change of other values, in standard
        deviations, with the gate and for all units; NaN without a lever).
    """
    scores, sd = people.profiles.to_numpy(dtype=float), people.sd
    values = list(people.profiles.columns)
    rows = []
    for name, detector in found.items():
        before, length = detector.probability(scores), detector.least_shift(scores, asked.p0)
        met, gate = before >= asked.p0 - 1e-12, before > asked.gate
        shifted = gate & ~met
        own = float(detector.direction[values.index(name)])
        along = length * abs(own)
        spill = np.nan
        if name in leaks:
            others = np.array([each != name for each in values])
            spill = float(np.abs(leaks[name][others]).sum())
        mean = float(length[shifted].mean()) if shifted.any() else 0.0
        rows.append(
            {
                "value": name,
                "before": float(before.mean()),
                "met": float(met.mean()),
                "gated": float((~gate & ~met).mean()),
                "shifted": float(shifted.mean()),
                "shift": mean,
                "shift_sd": mean / float(sd[name]),
                "own_share": own**2,
                "side_gate": float(np.where(shifted, along, 0.0).mean()) * spill,
                "side_all": float(np.where(~met, along, 0.0).mean()) * spill,
            }
        )
    return pd.DataFrame(rows)


def unit_table(found: Mapping[str, Detector], people: Population, asked: ConvaSettings) -> pd.DataFrame:
    """Return one row a unit and value: ``unit, value, probability, state, shift`` (0 where none is made)."""
    scores = people.profiles.to_numpy(dtype=float)
    parts = []
    for name, detector in found.items():
        before, length = detector.probability(scores), detector.least_shift(scores, asked.p0)
        met, gate = before >= asked.p0 - 1e-12, before > asked.gate
        state = np.where(met, "met", np.where(gate, "shifted", "left by the gate"))
        made = np.where(gate & ~met, length, 0.0)
        columns = {
            "unit": list(people.profiles.index),
            "value": name,
            "probability": before,
            "state": state,
            "shift": made,
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)
