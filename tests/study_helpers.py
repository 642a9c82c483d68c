"""A small study on made-up answers, for tests of studies and of the command line."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

STUDY = """
title = "A small study"
seed = 3

[data]
path = "answers.csv"
cluster_by = "persona_id"

[discovery]
draws = 200
sensitivity = false

[[query]]
kind = "counterfactual"
unit = "p1"
where = "persona_id"
set = { calm = 1.0 }

[[query]]
kind = "intervene"
shift = { power = 0.5 }

[[query]]
kind = "paths"
cause = "power"
effect = "security"

[[plan]]
title = "Up and down"
change = { security = 0.5 }
bounds = { power = [-inf, 2.0] }
levers = ["calm", { node = "bold", doses = [1.0, 0.5], cost = 2.0, excludes = ["calm"], label = "Be bold." }]

[figures]
formats = ["svg"]
"""


def write_answers(folder: Path, names: tuple[str, str, str] = ("power", "security", "tradition")) -> Path:
    """Write answers of 60 personas, each without lever, with `calm` and with `bold`."""
    random = np.random.default_rng(7)
    rows = []
    for persona in range(60):
        own = random.normal(size=3)
        for lever in ("", "calm", "bold"):
            power = own[0] + random.normal() + (lever == "bold")
            security = own[1] + 0.7 * power + random.normal() + (lever == "calm")
            tradition = own[2] + 0.5 * security + random.normal()
            scores = dict(zip(names, (power, security, tradition), strict=True))
            rows.append({"persona_id": f"p{persona}", "levers": lever} | scores)
    path = folder / "answers.csv"
    pd.DataFrame(rows).to_csv(path, index=False, float_format="%.6f")
    return path


def write_study(folder: Path, text: str = STUDY) -> Path:
    """Write the answers and a study file beside them."""
    write_answers(folder)
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
