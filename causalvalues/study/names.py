"""Every name in a study file is checked against the answers before anything long is computed."""

from __future__ import annotations

from collections.abc import Iterable

from causalvalues.errors import StudyError, did_you_mean
from causalvalues.responses import ResponseMatrix
from causalvalues.study.plan_settings import LeverSettings, PlanSettings
from causalvalues.study.settings import EnvironmentSettings, QuerySettings, StudySettings


def check_names(settings: StudySettings, matrix: ResponseMatrix) -> None:
    """Raise `StudyError` when the settings name a dimension, lever or label that the answers do not have.

    Parameters
    ----------
    settings : StudySettings
    matrix : ResponseMatrix
        Scored.
    """
    knowledge = settings.knowledge
    _among("[knowledge] `tiers`", (name for tier in knowledge.tiers for name in tier), matrix.names, "a value")
    for what in ("required", "forbidden"):
        edges: list[list[str]] = getattr(knowledge, what)
        for edge in edges:
            if len(edge) != 2:
                raise StudyError(f"[knowledge] `{what}` holds {edge}. An edge is a pair: [cause, effect].")
        _among(f"[knowledge] `{what}`", (name for edge in edges for name in edge), matrix.names, "a value")
    if settings.evidence.within:
        _among("[evidence] `within`", [settings.evidence.within], matrix.labels, "a label")
    if settings.checks.partial_by:
        _among("[checks] `partial_by`", [settings.checks.partial_by], matrix.labels, "a label")
    if settings.environments is not None:
        _check_environments(settings.environments, matrix)
    _among("[evidence] `ordinal`", settings.evidence.ordinal, matrix.names, "a value")
    for number, query in enumerate(settings.query, start=1):
        _check_query(f"[[query]] number {number}", query, matrix)
    for number, plan in enumerate(settings.plan, start=1):
        _check_plan(f"[[plan]] number {number}", plan, matrix)


def _check_environments(asked: EnvironmentSettings, matrix: ResponseMatrix) -> None:
    place = "[environments]"
    _among(f"{place} `by`", [asked.by], matrix.labels, "a label")
    there = sorted(set(matrix.labels[asked.by]))
    kind = f"a condition (a text of the label {asked.by!r})"
    if asked.baseline:
        _among(f"{place} `baseline`", [asked.baseline], there, kind)
    _among(f"{place} `forced`", asked.forced, there, kind)
    for condition, values in asked.forced.items():
        _among(f"{place} `forced`, {condition!r}", values, matrix.names, "a value")
    if asked.unknown:
        return
    entries = asked.forced or matrix.names
    missing = [condition for condition in there if condition not in entries and condition != asked.baseline]
    if missing and asked.forced:
        raise StudyError(
            f"{place} `forced` does not say which values the condition {missing[0]!r} forces. "
            f"Add it, with [] if it is none."
        )
    if missing:
        said = did_you_mean(missing[0], matrix.names)
        raise StudyError(
            f"{place} the condition {missing[0]!r} is not named after a value.{said} Say in `forced` which values each "
            "condition forces; a condition that forces nothing can be the `baseline`."
        )


def _check_query(place: str, query: QuerySettings, matrix: ResponseMatrix) -> None:
    nodes = (*matrix.names, *matrix.levers)
    _among(f"{place}, `set`", query.set, nodes, "a value or lever")
    _among(f"{place}, `shift`", query.shift, nodes, "a value or lever")
    if query.where:
        _among(f"{place}, `where`", [query.where], matrix.labels, "a label")
    if query.kind == "paths":
        if not (query.cause and query.effect):
            raise StudyError(f'{place}: kind = "paths" needs `cause` and `effect`.')
        _among(f"{place}, `cause`", [query.cause], nodes, "a value or lever")
        _among(f"{place}, `effect`", [query.effect], matrix.names, "a value")
    elif not (query.set or query.shift):
        raise StudyError(f"{place}: kind = {query.kind!r} needs `set` or `shift`, for example set = {{ power = 1.0 }}.")
    if query.kind == "counterfactual" and not query.unit:
        raise StudyError(f"{place}: a counterfactual is about one unit. Give `unit`.")


def _check_plan(place: str, plan: PlanSettings, matrix: ResponseMatrix) -> None:
    for what in ("profile", "change", "priorities", "bounds", "weights", "raise_by"):
        _among(f"{place}, `{what}`", getattr(plan, what), matrix.names, "a value")
    ranked = [name for each in plan.ranking for name in ([each] if isinstance(each, str) else each)]
    _among(f"{place}, `ranking`", ranked, matrix.names, "a value")
    for name in sorted(set(plan.profile) & set(plan.change)):
        raise StudyError(
            f"{place}: {name!r} has a wanted score in `profile` and a wanted change in `change`. Keep one."
        )
    for name, ends in plan.bounds.items():
        if len(ends) != 2:
            raise StudyError(
                f"{place}, `bounds`: {name!r} needs two numbers, [low, high]; inf and -inf are understood."
            )
    if plan.where:
        _among(f"{place}, `where`", [plan.where], matrix.labels, "a label")
    tables = [lever for lever in plan.levers if isinstance(lever, LeverSettings)]
    pairs = {"`limits`": plan.limits, **{f"`interval` of {lever.node!r}": lever.interval for lever in tables}}
    pairs |= {f"`prior` of {lever.node!r} on {name!r}": two for lever in tables for name, two in lever.prior.items()}
    for what, two in pairs.items():
        if len(two) not in ({2} if what.startswith("`prior`") else {0, 2}):
            raise StudyError(
                f"{place}, {what}: give two numbers, {'[mean, sd]' if 'prior' in what else '[low, high]'}."
            )
    seen = [lever for lever in plan.levers if isinstance(lever, str) or not lever.prior]
    levers = [lever.node if isinstance(lever, LeverSettings) else lever for lever in seen]
    _among(f"{place}, `levers`", levers, (*matrix.levers, *matrix.names), "a lever or value")


def _among(place: str, names: Iterable[str], known: Iterable[str], kind: str) -> None:
    known = tuple(known)
    for name in names:
        if name not in known:
            raise StudyError(
                f"{place} names {name!r}, which is not {kind} of these answers." + did_you_mean(name, known)
            )
