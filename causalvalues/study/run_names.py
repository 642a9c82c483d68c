"""How the values and levers of a finished run are called, and by which theory they are ordered."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from causalvalues.errors import CausalValuesError
from causalvalues.model.reference import own_values
from causalvalues.responses.demo import DEMO
from causalvalues.study.answers import DEMO_KEY, lever_texts
from causalvalues.study.manifest_reading import read_manifest
from causalvalues.theories import ValueTheory, scoring_key, theories, theory
from causalvalues.theories.names import as_shown

FEWEST = 3
"""Values from which a theory is recognised by their names."""


def theory_of(settings: Mapping[str, Any], names: Sequence[str]) -> tuple[ValueTheory | None, str]:
    """Return the theory of a run, and what the reader should know about it, or "".

    Parameters
    ----------
    settings : mapping
        Of the study; empty without one.
    names : sequence of str
        Of the values.

    Returns
    -------
    (ValueTheory or None, str)
        The theory of the study, or that of its key. Where it cannot be found (it may lie beside the study, and not
        with the run) or none is named, the smallest theory of the package that has all the names, `FEWEST` or more.
    """
    data = settings.get("data")
    data = data if isinstance(data, dict) else {}
    key = DEMO_KEY if data.get("demo") else str(data.get("key") or "")
    named = str(data.get("theory") or "")
    try:
        if key or named:
            return theory(scoring_key(key).theory if key else named), ""
        lost = ""
    except CausalValuesError:
        lost = f"The {'scoring key' if key else 'theory'} {key or named!r} of the study is not with this run."
    found = _recognised(names)
    if found is not None:
        began = lost or "No theory is named in this run."
        return found, f"{began} Its values are called and ordered as in {found.id}, which has all of them."
    return None, f"{lost} Its values are called as in the data." if lost else ""


def _recognised(names: Sequence[str]) -> ValueTheory | None:
    if len(names) < FEWEST:
        return None
    fitting = [each for each in map(theory, theories()) if set(names) <= set(each.dimensions)]
    return min(fitting, key=lambda each: (len(each.dimensions), each.id), default=None)


def shown_names(
    nodes: tuple[Sequence[str], Sequence[str]], known: ValueTheory | None, prompts: Collection[str]
) -> dict[str, str]:
    """Return the name as shown of every value and lever.

    Parameters
    ----------
    nodes : (values, levers)
    known : ValueTheory or None
    prompts : collection of str
        Levers that are sentences in a prompt; a lever that aims at a value is called "Prompt: Security", others that do
        "Lever: Security", and what aims at none keeps its name. Where two would be called the same, both keep theirs.
    """
    values, levers = nodes
    shown = {name: as_shown(name, known, {}) for name in values}
    for lever, aim in own_values(tuple(levers), tuple(values)).items():
        shown[lever] = f"{'Prompt' if lever in prompts else 'Lever'}: {shown[aim]}"
    shown = {name: shown.get(name, name) for name in (*values, *levers)}
    called = list(shown.values())
    return {name: label if called.count(label) == 1 else name for name, label in shown.items()}


def names_around(
    file: Path, nodes: tuple[Sequence[str], Sequence[str]], named: ValueTheory | None = None
) -> tuple[ValueTheory | None, dict[str, str]]:
    """Return the theory and the names as shown that the run folder around a file knows.

    Parameters
    ----------
    file : Path
        In the folder ``graph`` of a run.
    nodes : (values, levers)
    named : ValueTheory, optional
        What to use in place of the theory of the run.

    Returns
    -------
    (ValueTheory or None, dict of str to str)
        `named` and no names where the file is in no run folder or the settings of its run are damaged.
    """
    folder = file.resolve().parent
    settings = read_manifest(folder.parent).settings if folder.name == "graph" else {}
    if not settings:
        return named, {}
    known = named or theory_of(settings, nodes[0])[0]
    return known, shown_names(nodes, known, prompts_of(settings))


def prompts_of(settings: Mapping[str, Any]) -> frozenset[str]:
    """Return the levers that are known to be sentences in a prompt: those of the demo answers."""
    data = settings.get("data")
    return frozenset(lever_texts(DEMO)) if isinstance(data, dict) and data.get("demo") else frozenset()
