"""Simulated answers under prompts and levers inside a model, one of each for every value, in pairs of any kinds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from causalvalues.prediction import PairedRows
from causalvalues.steering import Act, SteeringLever, write_levers

VALUES = ("care", "order", "power", "self_direction")
PROMPTS = tuple(f"do_{value}" for value in VALUES)
INSIDE = tuple(f"vec_{value}" for value in VALUES)
KINDS = dict.fromkeys(PROMPTS, "prompts") | dict.fromkeys(INSIDE, "inside")
PAIRS = (
    ("do_care", "do_order"), ("do_power", "do_self_direction"), ("vec_care", "vec_power"),
    ("vec_order", "vec_self_direction"), ("do_care", "vec_power"), ("do_order", "vec_care"),
    ("do_power", "vec_self_direction"),
)  # fmt: skip


def lever_sets() -> list[dict[str, float]]:
    """Every prompt alone, every vector alone in two doses, and pairs."""
    singles = [{lever: dose} for lever in (*PROMPTS, *INSIDE) for dose in ((0.5, 1.0) if lever in INSIDE else (1.0,))]
    return singles + [dict.fromkeys(pair, 1.0) for pair in PAIRS]


def simulate_kinds(seed: int = 0, units: int = 16, noise: float = 0.1) -> PairedRows:
    """Prompts act on all values as a chain says; vectors on their own value, and on others at random."""
    random = np.random.default_rng(seed)
    levers, sets = (*PROMPTS, *INSIDE), lever_sets()
    direct = np.diag([0.6, 0.5, -0.5], 1)
    effects = np.vstack([np.linalg.inv(np.eye(4) - direct), 0.8 * np.eye(4) + random.normal(0, 0.3, (4, 4))])
    doses = np.array([[some.get(lever, 0.0) for lever in levers] for some in sets])
    doses = np.tile(doses, (units, 1))
    start = np.repeat(random.normal(0, 0.5, (units, 4)), len(sets), axis=0)
    names = tuple(f"u{u:02d}" for u in range(units) for _ in sets)
    reached = start * 0.8 + doses @ effects + random.normal(0, noise, start.shape)
    return PairedRows(VALUES, levers, names, start, doses, reached)


def write_kinds_study(folder: Path, rows: PairedRows, table: str) -> Path:
    """Write answers, a file of the levers inside the model and a study file with this table beside it."""
    held = [
        {"persona_id": unit, "levers": cell} | dict(zip(rows.values, reached, strict=True))
        for unit, cell, reached in zip(rows.units, rows.cells, rows.reached.tolist(), strict=True)
    ]
    starts = dict(zip(rows.units, rows.start.tolist(), strict=True))
    held += [{"persona_id": u, "levers": ""} | dict(zip(rows.values, x, strict=True)) for u, x in starts.items()]
    pd.DataFrame(held).to_csv(folder / "answers.csv", index=False, float_format="%.6f")
    levers = [SteeringLever(name, (Act(0, np.ones(3), 1.0),), name.partition("_")[2]) for name in INSIDE]
    write_levers([*levers, SteeringLever("vec_unused", (Act(0, np.ones(3), 1.0),))], folder / "levers.csv")
    data = '[data]\npath = "answers.csv"\ncluster_by = "persona_id"\n[figures]\nformats = ["svg"]\n'
    path = folder / "study.toml"
    path.write_text(data + table, encoding="utf-8")
    return path
