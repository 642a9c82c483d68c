"""The command that holds groups of answers, or finished runs, against each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from causalvalues.cli import options as of
from causalvalues.cli.output import keep, say, say_json, scored, show, write_table
from causalvalues.errors import StudyError

if TYPE_CHECKING:
    import pandas as pd

    from causalvalues.graph import GraphPosterior
    from causalvalues.model import Comparison
    from causalvalues.study.answers import Answers
    from causalvalues.study.grouping import GroupFindings

SHOWN = 10
POSTERIOR = Path("graph", "posterior.json")


def compare(
    paths: Annotated[
        list[Path],
        typer.Argument(help="One file of answers (with --by); or several files of answers; or several runs or graphs."),
    ],
    by: Annotated[str, typer.Option(help="Label of the groups, in one file of answers.")] = "",
    key: of.Key = "",
    theory: of.Theory = "",
    levers: of.Levers = [],
    cluster_by: of.ClusterBy = "",
    drop: of.Drop = [],
    permutations: Annotated[int, typer.Option(min=19, help="Exchanges of group labels in each test.")] = 999,
    out: Annotated[Path | None, typer.Option(help="Write the table of pairs of values as CSV.")] = None,
    seed: of.Seed = 0,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Hold groups of answers, or finished runs, against each other: what they measure, correlations, graphs."""
    keep(paths, out)
    if all(path.is_dir() or path.suffix == ".json" for path in paths):
        found = _graphs(paths, seed)
        write_table(found.pairs, out)
        if as_json:
            say_json(_comparison_json(found))
        else:
            _show_graphs("Graphs", found)
        return
    about = {"key": key, "theory": theory, "levers": levers, "cluster_by": cluster_by, "drop": drop}
    groups = _groups(paths, by, about, (permutations, seed))
    write_table(groups.graphs.pairs, out)
    if as_json:
        say_json(_groups_json(groups))
    else:
        _show_groups(groups)


def _graphs(paths: list[Path], seed: int) -> Comparison:
    from causalvalues.graph import GraphPosterior as Posterior
    from causalvalues.model import compare as hold
    from causalvalues.study import load

    if len(paths) < 2:
        raise StudyError("There is one run. Give two or more, or one file of answers with --by LABEL.")
    posteriors: dict[str, GraphPosterior] = {}
    for path, name in zip(paths, _names(paths), strict=True):
        file = path / POSTERIOR if path.is_dir() else path
        if not file.is_file():
            raise StudyError(f"{path} holds no {POSTERIOR}. Give the folder of a finished run.")
        held = load(file)
        if not isinstance(held, Posterior):
            raise StudyError(f"{file} holds no graph posterior. Give what `learn --out` or a study saved.")
        posteriors[name] = held
    return hold(posteriors, seed=seed)


def _groups(paths: list[Path], by: str, about: dict[str, Any], how: tuple[int, int]) -> GroupFindings:
    from causalvalues.model import Exchange
    from causalvalues.study.grouping import FILE, compare_groups, stacked, units_in_several

    permutations, seed = how
    if len(paths) == 1 and not by:
        raise StudyError("There is one file of answers. Say with --by LABEL what its groups are, or give more files.")
    if len(paths) > 1 and by:
        raise StudyError("With several files each file is a group. Leave --by out, or give one file.")
    parts: dict[str, Answers] = {name: scored(path, about) for path, name in zip(paths, _names(paths), strict=True)}
    answers = next(iter(parts.values())) if by else stacked(parts)
    label = by or FILE
    exchange = None
    if label in answers.matrix.labels:
        exchange = Exchange(within=units_in_several(answers.matrix, label), permutations=permutations)
    return compare_groups(answers, label, exchange, seed)


def _names(paths: list[Path]) -> list[str]:
    """Return a short name for each path: its stem, or the whole path where stems repeat."""
    stems = [path.resolve().name.split(".")[0] for path in paths]
    names = stems if len(set(stems)) == len(stems) else [str(path) for path in paths]
    if len(set(names)) < len(names):
        raise StudyError("The same file is given twice. Give different files.")
    return names


def _show_groups(found: GroupFindings) -> None:
    if found.invariance is not None:
        table = found.invariance.dimensions
        same = table[table["level"] == "scalar"]
        rows = ", ".join(f"{group} {n}" for group, n in zip(found.invariance.groups, found.invariance.n, strict=True))
        equal = f"No difference in loadings or intercepts found for {len(same)} of {len(table)} dimensions"
        say(f"Do the items measure the same in all groups? {equal} (rows: {rows}).")
        failing = [str(advice) for advice in table[table["level"] != "scalar"]["advice"]]
        for each in (*failing, *found.invariance.notes):
            say(f"  {each}")
        say("\nReliability of scores in each group (edges of scores are comparable only where it is equal)")
        show(found.invariance.reliability.reset_index(), False)
        say("")
    if found.moments is not None:
        say(f"Are covariances equal? p = {found.moments.p:.3g} by exchange of labels.")
    if found.structure is not None:
        said = "; ".join(found.structure.notes)
        say(f"Are correlations equal (the same value structure)? p = {found.structure.p:.3g} ({said}).")
    if found.circle is not None:
        say("\nAgreement of correlation patterns with each other and with the circle of the theory")
        show(found.circle, False, decimals=3)
    _show_graphs("\nGraphs", found.graphs)
    if found.equal is not None:
        say(f"\nGraphs from equally many effective rows (one random choice of clusters): {found.equal.summary}")
    if found.skipped:
        say("\nNot done:\n" + "\n".join(f"  {each}" for each in found.skipped))


def _show_graphs(title: str, found: Comparison) -> None:
    say(f"{title}: {found.summary}\n")
    adjacent = [column for column in found.pairs if str(column).startswith("adjacent ")]
    show(found.pairs[["first", "second", *adjacent, "in_all", "differs", "turned"]].head(SHOWN), False)
    rest = len(found.pairs) - SHOWN
    if rest > 0:
        say(f"... and {rest} pairs that differ less (all of them with --out FILE or --json)")


def _groups_json(found: GroupFindings) -> dict[str, Any]:
    held: dict[str, Any] = {"graphs": _comparison_json(found.graphs)}
    held["graphs_at_equal_n"] = None if found.equal is None else _comparison_json(found.equal)
    held["equal_covariances_p"] = None if found.moments is None else found.moments.p
    held["equal_correlations_p"] = None if found.structure is None else found.structure.p
    held["circle"] = None if found.circle is None else _rows(found.circle)
    held["invariance"] = None
    if found.invariance is not None:
        held["invariance"] = {
            "models": _rows(found.invariance.models.rename_axis("model").reset_index()),
            "dimensions": _rows(found.invariance.dimensions.reset_index()),
            "reliability": _rows(found.invariance.reliability.reset_index()),
            "notes": list(found.invariance.notes),
        }
    return held | {"skipped": list(found.skipped)}


def _comparison_json(found: Comparison) -> dict[str, Any]:
    return {
        "summary": found.summary,
        "effective_n": dict(found.n),
        "pairs": _rows(found.pairs),
        "distances": _rows(found.distances),
    }


def _rows(table: pd.DataFrame) -> Any:
    return json.loads(table.to_json(orient="records", double_precision=15, force_ascii=False))
