"""How often PC finds the published arrows of language models' value graphs again when personas are resampled.

    python benchmarks/published_stability.py [--full] [folder of the published data]

The folder holds the training files and `value_graph_data1.json` of Kang et al. (2025), "Are the Values of LLMs
Structurally Aligned with Humans? A Causal Perspective" (github.com/bigai-nlco/ValueCausalGraph); default: the
environment variable CAUSALVALUES_PUBLISHED_DATA. Rows and columns are those of the published recipe (see
`causalvalues.discovery.pooled_pc`); personas are resampled with all their rows. Printed is a CSV table: for each
published arrow the share of resamples with an edge of any kind between the two values, with this arrow, and with it
after shortcuts are cut; for the first 2 and 10 resamples, and with `--full` for 500 (about half a second a resample).

`benchmarks/results/published_stability.csv` is what `--full` printed; notebooks/6_published_graphs.ipynb draws it.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import json
import sys
from pathlib import Path

import pandas as pd

from causalvalues import ReadOptions, read_responses
from causalvalues.discovery import arrow_stability
from causalvalues.responses import ResponseMatrix

FILES = {"gemma": "gemma2b_17dims_train_steer25.csv.gz", "llama": "llama3_8b_17dims_train_steer25.csv.gz"}
FEATURES = {
    "gemma": "14351 1025 2965 10096 1341 1975 10605 14049 1312 4752",
    "llama": "49202 58305 8546 12477 7754 9332 1897 62769 47207 54606",
}
FEW, MANY = (2, 10), 500


def rows(folder: Path, model: str) -> ResponseMatrix:
    """Return the rows that the published graph was learned from: unsteered, and those of the ten features."""
    path = folder / FILES[model]
    values = json.loads((folder / "value_graph_data1.json").read_text())["nodes"]
    drop = tuple(name for name in pd.read_csv(path, nrows=0).columns[2:] if name not in values)
    matrix = read_responses(path, ReadOptions(drop=drop, labels=("steer_dim",), cluster_by="player_name"))
    return matrix.rows([feature in ("", *FEATURES[model].split()) for feature in matrix.labels["steer_dim"]])


def main() -> None:
    folders = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    folder = Path(folders[0] if folders else os.environ.get("CAUSALVALUES_PUBLISHED_DATA", ""))
    if not (folder / "value_graph_data1.json").is_file():
        print("Give the folder of the published data (value_graph_data1.json is not there); nothing was done.")
        return
    published = json.loads((folder / "value_graph_data1.json").read_text())["edges"]
    tables = []
    for model in FILES:
        matrix = rows(folder, model)
        arrows = tuple(sorted((cause, effect) for cause, effect, *_ in published[model]))
        for wanted in (*FEW, MANY) if "--full" in sys.argv else FEW:
            table = arrow_stability(matrix, arrows, resamples=wanted, seed=1)
            table.insert(0, "model", model)
            tables.append(table.assign(resamples=wanted, used=table.attrs["resamples"]))
    print(pd.concat(tables).round(6).to_csv(index=False), end="")


if __name__ == "__main__":
    main()
