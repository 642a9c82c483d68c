"""Counterfactuals of many units under many scenarios: time and peak memory. Run by hand.

    python benchmarks/counterfactual_speed.py [units] [scenarios]

The mechanism is fitted on the packaged answers (20 levers with their wordings, 10 values, 200 draws). Units are
resampled starts with a little noise, scenarios are random sets of one to three levers. First every unit's mean
counterfactual under every scenario is made (`mean`), then every draw of a part of the scenarios (`blocks`); nothing is
kept. The peak is that of the whole process, the fit and all libraries included.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd

import causalvalues as cv
from causalvalues.prediction import Mechanism, counterfactual_under, paired_rows
from causalvalues.randomness import stream

RESULT = Path(__file__).parent / "results" / "counterfactual_speed.md"


def peak() -> float:
    """Peak resident memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("units", type=int, nargs="?", default=10_000)
    parser.add_argument("scenarios", type=int, nargs="?", default=1_000)
    parser.add_argument("--drawn", type=int, default=50, help="scenarios of which all draws are made")
    asked = parser.parse_args()
    answers = cv.score(cv.demo_responses("answers"), cv.scoring_key("smollm2-demo"))
    rows = paired_rows(answers, "wording")
    response = Mechanism().fit(rows, 1)
    fitted = peak()
    chance = stream(1, "benchmark")
    starts = rows.start[chance.integers(len(rows), size=asked.units)]
    starts = starts + 0.01 * chance.standard_normal(starts.shape)
    doses = np.zeros((asked.scenarios, len(rows.levers)))
    for row in doses:
        row[chance.choice(len(rows.levers), chance.integers(1, 4), replace=False)] = 1.0
    units = pd.DataFrame(starts, index=[f"u{i}" for i in range(asked.units)], columns=list(rows.values))
    scenarios = pd.DataFrame(doses, index=[f"s{i}" for i in range(asked.scenarios)], columns=list(rows.levers))
    whole = counterfactual_under(response, units, scenarios)
    began, total = time.process_time(), 0.0
    for _, table in whole.mean():
        total += float(table.to_numpy().sum())
    means = time.process_time() - began
    part = counterfactual_under(response, units, scenarios.iloc[: asked.drawn])
    began, numbers = time.process_time(), 0
    for block in part.blocks():
        numbers += block.profiles.size
    drawn = time.process_time() - began
    cells = asked.units * asked.scenarios
    lines = [
        "# Counterfactuals of many units under many scenarios",
        "",
        "Made by `python benchmarks/counterfactual_speed.py`; processor seconds, peak memory of the whole process.",
        "",
        "| what | units | scenarios | numbers | seconds | peak MB |",
        "|---|---|---|---|---|---|",
        f"| fit of the mechanism ({len(rows):,} rows) | | | | | {fitted:.0f} |",
        f"| means (`mean`) | {asked.units:,} | {asked.scenarios:,} | {cells * len(rows.values):,} | {means:.1f} | |",
        f"| all 200 draws (`blocks`) | {asked.units:,} | {len(part.doses):,} | {numbers:,} | {drawn:.1f} | |",
        f"| all of it | | | | | {peak():.0f} |",
    ]
    text = "\n".join(lines) + "\n"
    RESULT.write_text(text, encoding="utf-8")
    print(text, f"mean of all means {total / cells / len(rows.values):.6f}", sep="")


if __name__ == "__main__":
    main()
