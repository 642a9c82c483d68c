"""Small runs for the tests of the explorer: graphs and a model drawn at random, saved as a study saves them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from causalvalues import GraphPosterior, StructuralModel
from causalvalues.study.saving import save

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<!-- \" ' & -->",
    "long " + "name " * 59,
    "\u202eright to left\u202c \u05d0\u05d1\u05d2",
    "a,b\nc\u2028d {{DATA}}",
    "power",
)


def random_model(seed: int, p: int, s: int, k: int = 0, weighted: bool = False) -> StructuralModel:
    """Return a model of s random graphs over p values with k levers, neighbours among them tried together."""
    random = np.random.default_rng(seed)
    pairs = [(i, i + 1) for i in range(k - 1)]
    levers = tuple(f"do_{i}" for i in range(k))
    m = p + k + len(pairs)
    coefficients = np.zeros((s, m, m))
    base = random.normal(0, 0.4, (p, p))
    rank = np.argsort(random.random(p) + 0.1 * np.arange(p))
    for d in range(s):
        order = rank if random.random() < 0.7 else random.permutation(p)
        place = np.argsort(order)
        forward = place[:, None] < place[None, :]
        there = forward & (random.random((p, p)) < 0.6)
        coefficients[d, :p, :p] = np.where(there, (base + base.T) / 2 + random.normal(0, 0.05, (p, p)), 0.0)
    effects = random.normal(0, 0.3, (m - p, p)) * np.repeat([1.0, 0.2], [k, m - p - k])[:, None]
    coefficients[:, p:, :p] = effects + random.normal(0, 0.03, (s, m - p, p))
    rest = np.zeros((s, m - p))
    return StructuralModel(
        values=tuple(f"value {i}" for i in range(p)),
        levers=levers,
        combinations=tuple((levers[i], levers[j]) for i, j in pairs),
        coefficients=coefficients,
        intercepts=np.c_[random.normal(3, 0.1, (s, p)), rest],
        residual_scales=np.c_[random.uniform(0.5, 1, (s, p)), rest],
        weights=random.random(s) if weighted else np.ones(s),
        kind="posterior",
    )


def graphs_of(model: StructuralModel, names: tuple[str, ...] = ()) -> GraphPosterior:
    """Return the graphs that a model stands for."""
    p = len(model.values)
    draws = model.coefficients[:, :p, :p] != 0
    edge = np.tensordot(model.weights, draws.astype(float), axes=1)
    return GraphPosterior(
        names=names or model.values,
        draws=draws,
        weights=model.weights,
        kind="posterior",
        edge=edge,
        prior_edge=np.full((p, p), 0.25) * (1 - np.eye(p)),
        exact=False,
        method="random graphs",
        levers=model.levers,
        lever_mode="saturated" if model.levers else "none",
    )


def saved_run(folder: Path, model: StructuralModel, names: tuple[str, ...] = (), title: str = "") -> Path:
    """Save a model with its graphs as a run folder; `names` replace those of the values."""
    if names:
        renamed = {name: getattr(model, name) for name in model.__dataclass_fields__} | {"values": names}
        model = StructuralModel(**renamed)
    (folder / "graph").mkdir(parents=True)
    save(model, folder / "graph" / "model.json")
    save(graphs_of(model), folder / "graph" / "posterior.json")
    if title:
        plan = {"title": "Two levers", "max_levers": 2, "tolerance": 0.2, "levers": [], "by": "auto"}
        held = {"title": title, "settings": {"data": {}, "plan": [plan]}}
        (folder / "manifest.json").write_text(json.dumps(held), encoding="utf-8")
        (folder / "report.md").write_text(
            f"# {title}\n\n- **Salience, not endorsement.** These answers show salience. Read every number so.\n"
            "- **Measurement error.** Claims are blocked. More.\n- **Rows.** Some.\n\n## More\n\n- **No.** Not this.\n",
            encoding="utf-8",
        )
    return folder
