"""Small posteriors, models, plans and tables for the tests of tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalvalues.evidence import summarise
from causalvalues.graph import Dag, GraphPosterior
from causalvalues.interventions import Lever
from causalvalues.model import FitIndices, StructuralModel, fit_indices
from causalvalues.planning import Enumerate, Plan, Target, plan
from causalvalues.tables import Column, Table
from causalvalues.theories import theory

HOSTILE = (
    "self_direction",
    "50% & more $x$ #1",
    "<script>alert('x')</script>",
    "a|b\\c\\\\",
    "\\input{/etc/passwd}",
    "[x]",
    "*y*",
    "{z}~^`--''",
    "line\nbreak\ttab",
    "carriage\rreturn",
    '"quoted", comma;',
    "=1+1",
    "&lt; &amp;",
    "\u4f60\u597d \u03b1\u03b2 \u00e9\u00df\u0142 \U0001f600",
    "x" * 300,
    "NA",
    "1. first",
)

COLUMNS = (
    Column("who", "Who & <what>_|"),
    Column("b", "Effect", "number"),
    Column("share", "(a | b)", "probability", symbol="P"),
    Column("r", "", "correlation", symbol="r"),
    Column("p", "", "p", symbol="p"),
    Column("n", "", "count", symbol="n"),
    Column("ci", "90% interval", "interval"),
    Column("lost", "Lost", "percent"),
)


def hostile_table() -> Table:
    """A table with every kind of column and a hostile name in each row."""
    rows = [
        (name, -1.5 * k, k / 20, -k / 20, 10.0**-k, 700 * k, (-0.1 * k, 1200.5 * k), k / 16)
        for k, name in enumerate(HOSTILE)
    ]
    rows += [("", None, None, float("nan"), None, None, None, None)]
    return Table(
        f"Title {HOSTILE[1]} {HOSTILE[5]} {HOSTILE[13]}", COLUMNS, tuple(rows), f"P(a) < .5. {HOSTILE[4]}", "x_1"
    )


def posterior_of(names: tuple[str, str, str] = ("a", "b", "c")) -> GraphPosterior:
    """Three weighted graphs: a -> b always, b -> c in most, c -> b in one."""
    draws = np.zeros((3, 3, 3), dtype=bool)
    draws[:, 0, 1] = True
    draws[0, 1, 2] = draws[1, 2, 1] = True
    weights = np.array([0.5, 0.3, 0.2])
    edge = np.tensordot(weights, draws.astype(float), axes=1)
    prior = np.full((3, 3), 0.25) - 0.25 * np.eye(3)
    return GraphPosterior(names, draws, weights, "posterior", edge, prior, False, "sampled graphs, made up")


def model_of(names: tuple[str, str, str] = ("a", "b", "c"), lever: str = "do_a") -> StructuralModel:
    """Equations for the graphs of `posterior_of`, and a lever that moves the first value."""
    coefficients = np.zeros((3, 4, 4))
    coefficients[:, 0, 1] = [0.5, 0.7, 0.9]
    coefficients[0, 1, 2], coefficients[1, 2, 1] = -0.4, 0.3
    coefficients[:, 3, 0] = 1.0
    scales = np.array([[1.0, 1.0, 1.0, 0.0]] * 3)
    weights = np.array([0.5, 0.3, 0.2])
    return StructuralModel(names, coefficients, np.zeros((3, 4)), scales, weights, (lever,), kind="posterior")


def plan_of(names: tuple[str, str, str] = ("a", "b", "c"), lever: str = "do_a") -> Plan:
    """A plan that raises the first value with the lever."""
    target = Target({names[0]: 1.0}, tolerance=0.5)
    return plan(model_of(names, lever), None, target, [Lever(lever, (1.0,))], Enumerate(seed=1))


def fit_of(edges: tuple[tuple[str, str], ...] = (("a", "b"),)) -> FitIndices:
    """Fit of a graph to a small sample of a -> b -> c."""
    rng = np.random.default_rng(3)
    a = rng.normal(size=1500)
    b = a + rng.normal(size=1500)
    data = pd.DataFrame({"a": a, "b": b, "c": 0.5 * b + rng.normal(size=1500)})
    return fit_indices(Dag.from_edges("abc", edges), summarise(data))


def of_theory(name: str = "schwartz-10", levers: int = 3) -> tuple[GraphPosterior, StructuralModel]:
    """Graphs and equations of all values of a theory, as a study has them: every third pair is joined."""
    names = theory(name).dimensions
    p, s, rng = len(names), 12, np.random.default_rng(5)
    ordered = np.triu(np.ones((p, p), dtype=bool), 1)
    joined = ordered & (rng.random((p, p)) < 0.33)
    draws = np.array([joined & (rng.random((p, p)) < 0.93) for _ in range(s)])
    weights = np.full(s, 1 / s)
    edge = np.tensordot(weights, draws.astype(float), axes=1)
    prior = np.full((p, p), 0.25) - 0.25 * np.eye(p)
    posterior = GraphPosterior(names, draws, weights, "posterior", edge, prior, False, "sampled graphs, made up")
    k = p + levers
    coefficients = np.zeros((s, k, k))
    coefficients[:, :p, :p] = np.where(draws, rng.normal(0.1, 0.4, (s, p, p)), 0.0)
    coefficients[:, p:, :p] = rng.normal(0.0, 0.3, (levers, p))
    scales = np.ones((s, k)) * (np.arange(k) < p)
    acting = tuple(f"do_{value}" for value in names[:levers])
    return posterior, StructuralModel(names, coefficients, np.zeros((s, k)), scales, weights, acting, kind="posterior")
