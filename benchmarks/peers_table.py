"""One table of all learners on the same data in one run: time, memory, accuracy against the truth, calibration.

    python benchmarks/peers_table.py [--full] [--networks 3] [--cells 10 19 50] [--methods NAME ...] [--write]

Three cells: 10 values, n = 500, Erdos-Renyi with 3 neighbours expected; 19 values on a circle, n = 2,000; 50 values,
n = 1,000, Erdos-Renyi with 4 neighbours expected. Equations are linear with coefficients +-.1 to .6 and unit Gaussian
noise; rows are standardised and columns permuted (varsortability of the rows used is .5). Every method gets the same
rows.

Each method runs in a process of its own, one thread, networks one after the other. `start` is importing the library
and one call on five columns (which compiles or loads compiled code): it is not part of `time`, the median processor
time of a call. `memory` is the largest resident size of that process (VmHWM), library and data included; beside it the
size after the start. A call that takes more than 120 such seconds is stopped and marked, and ends the method's part of
the cell. After --budget processor seconds no further network is begun, so slow methods have fewer networks, always the
first ones.

Accuracy is that of the equivalence class: a directed graph is turned into its completed partially directed graph
(CPDAG). Adjacency F1: pairs that are joined. Arrow F1: arrows i -> j of the found graph against the arrows of the true
CPDAG, the compelled ones, which are all that data like these can show. SHD: pairs whose edge differs (none, open, or
either arrow) between the two CPDAGs. F1 is taken over all pairs of all networks of the cell together. Ours with draws
shows the averaged graph: pairs with P(adjacent) > .5 (bootstrap graphs: above the threshold of Scutari and Nagarajan
2013), with an arrow where more than half of the draws that have the edge compel it.

Calibration: Brier skill of the probabilities of adjacency against the cell's share of joined pairs, where the method
gives probabilities or frequencies; in brackets, that of the bare yes or no of a single graph.

`penalty` is the multiple of the standard BIC (ln(n) / 2 for each parameter). Libraries differ in it without saying so:
those with two lines run with their own default, and with one shared by others.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import selectors
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from learners import METHODS, Found

LIMIT = 120.0
THREADS = ("OMP", "OPENBLAS", "MKL", "NUMBA", "RAYON", "NUMEXPR")
RESULTS = Path(__file__).parent / "results"


def answers_of(name: str, path: str, budget: float, limit: float = LIMIT) -> tuple[list[Found], str]:
    """Return the answers of a method's process, and why it ended early: "" if it did not."""
    settings = {f"{library}_NUM_THREADS": "1" for library in THREADS} | {"PYTHONHASHSEED": "0"}
    command = [sys.executable, str(Path(__file__).parent / "learners.py"), name, path, str(budget)]
    lines: list[Found] = []
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env={**os.environ, **settings}) as process,
        selectors.DefaultSelector() as waiting,
    ):
        assert process.stdout is not None
        waiting.register(process.stdout, selectors.EVENT_READ)
        used = 0.0
        while processor_time(process.pid) - used < limit:
            if not waiting.select(min(1.0, limit)):
                continue
            line = process.stdout.readline()
            if not line:
                errors.seek(0)
                text = errors.read().decode(errors="replace").strip().splitlines()
                return lines, text[-1][:120] if process.wait() and text else ""
            lines.append(json.loads(line))
            used = processor_time(process.pid)
        process.kill()
    return lines, f"more than {limit:g} s"


def processor_time(pid: int) -> float:
    """Processor seconds of a running process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- the table --------------------------------------------------------------------------------------------------------


def data_of(p: int, networks: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows (networks, n, p) and graphs (networks, p, p) of a cell."""
    from truths import erdos_renyi, structured, value_circle

    from causalvalues.randomness import stream

    n = {10: 500, 19: 2000, 50: 1000}[p]
    made = []
    for number in range(networks):
        rng = stream(0, "peers", p, number)
        graph = value_circle(p, rng) if p == 19 else erdos_renyi(p, 3 if p == 10 else 4, rng)
        made.append(structured(graph, n, rng))
    return np.array([truth.rows for truth in made]), np.array([truth.graph for truth in made])


def judge(found: Found, graph: np.ndarray) -> dict[str, float]:
    """Counts of one answer against the true graph."""
    from order_search import distance, marks

    truth = marks(graph)
    said = marks(np.array(found["dag"]) > 0) if "dag" in found else np.array(found["marks"]).astype(int)
    pairs = np.triu_indices(len(graph), 1)
    joined, true = ((said + said.T) > 0)[pairs], ((truth + truth.T) > 0)[pairs]
    chance = np.array(found["adjacent"])[pairs] if "adjacent" in found else joined.astype(float)
    return {
        "adjacent both": float((joined & true).sum()),
        "adjacent sum": float(joined.sum() + true.sum()),
        "arrow both": float(((said == 1) & (truth == 1)).sum()),
        "arrow sum": float((said == 1).sum() + (truth == 1).sum()),
        "shd": float(distance(said, truth)),
        "brier sum": float(((chance - true) ** 2).sum()),
        "joined": float(true.sum()),
        "pairs": float(len(true)),
        "has probabilities": float("adjacent" in found),
        "seconds": found["seconds"],
        "wall": found["wall"],
    }


def version_of(distribution: str) -> str | None:
    """Return the installed version of a library; ours may run from its checkout."""
    if distribution == "causalvalues":
        import causalvalues

        return causalvalues.__version__
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def one_method(p: int, name: str, path: str, graphs: np.ndarray, budget: float) -> dict[str, object]:
    """Run a method on a cell and return its line of the table."""
    import pandas as pd

    penalty, distribution, _ = METHODS[name]
    line: dict[str, object] = {"values": p, "method": name, "penalty": penalty, "networks": 0}
    if p > 20 and name == "causalvalues exact posterior":
        return {**line, "remark": "up to 20 values"}
    version = version_of(distribution)
    if version is None:
        return {**line, "remark": "not installed"}
    line["version"] = version
    answers, remark = answers_of(name, path, budget)
    line["remark"] = remark
    if answers:
        line |= {"start": answers[0]["start"], "memory at start": answers[0]["memory"]}
    if len(answers) < 2:
        return line
    table = pd.DataFrame([judge(found, graph) for found, graph in zip(answers[1:], graphs, strict=False)])
    total = table.sum()
    base = total["joined"] / total["pairs"]
    return {
        **line,
        "networks": len(table),
        "seconds": table["seconds"].median(),
        "wall": table["wall"].median(),
        "memory": answers[-1]["peak"],
        "adjacency F1": 2 * total["adjacent both"] / total["adjacent sum"],
        "arrow F1": 2 * total["arrow both"] / max(total["arrow sum"], 1),
        "SHD": table["shd"].mean(),
        "SHD error": table["shd"].sem() if len(table) > 1 else float("nan"),
        "skill": 1 - total["brier sum"] / (total["pairs"] * base * (1 - base)),
        "has probabilities": bool(table["has probabilities"].all()),
    }


HEAD = (
    "| values | method | penalty | networks | time (s) | memory (MB) | adjacency F1 | arrow F1 | SHD | Brier skill | "
    "start (s) |\n|---|---|---|---|---|---|---|---|---|---|---|"
)


def printed(line: dict[str, Any]) -> str:
    """One line of the Markdown table."""
    head = [str(line["values"]), line["method"], line["penalty"], str(line["networks"])]
    start = f"{line['start']:.1f}" if "start" in line else "-"
    if "seconds" not in line:
        return "| " + " | ".join([*head, line["remark"], *["-"] * 5, start]) + " |"
    seconds = f"{line['seconds']:.3f}" if line["seconds"] < 1 else f"{line['seconds']:.1f}"
    skill = f"{line['skill']:.3f}" if line["has probabilities"] else f"({line['skill']:.3f})"
    cells = (
        f"{seconds}, then {line['remark']}" if line["remark"] else seconds,
        f"{line['memory']:.0f} ({line['memory at start']:.0f} at start)",
        f"{line['adjacency F1']:.3f}",
        f"{line['arrow F1']:.3f}",
        f"{line['SHD']:.1f}" + (f" ± {line['SHD error']:.1f}" if line["networks"] > 1 else ""),
        skill,
        start,
    )
    return "| " + " | ".join([*head, *cells]) + " |"


def written(new: list[dict[str, Any]]) -> None:
    """Put these lines into the table in benchmarks/results, in the place of older ones of the same cell and method."""
    import pandas as pd

    RESULTS.mkdir(exist_ok=True)
    path, lines = RESULTS / "peers_table.csv", {(line["values"], line["method"]): line for line in new}
    if path.is_file():
        for record in pd.read_csv(path, dtype={"penalty": str, "version": str}).to_dict("records"):
            old = {str(key): value for key, value in record.items() if not pd.isna(value)}
            lines.setdefault((old["values"], old["method"]), {"remark": "", **old})
    order = sorted(lines, key=lambda key: (key[0], list(METHODS).index(key[1])))
    lines = [lines[key] for key in order]
    pd.DataFrame(lines).to_csv(path, index=False, float_format="%.6g")
    versions = sorted({f"{METHODS[line['method']][1]} {line['version']}" for line in lines if "version" in line})
    text = "\n".join([HEAD, *(printed(line) for line in lines), "", "Versions: " + ", ".join(versions) + "."])
    (RESULTS / "peers_table.md").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="20 networks a cell")
    parser.add_argument("--cells", type=int, nargs="+", default=[10, 19, 50], choices=[10, 19, 50])
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--budget", type=float, help="processor seconds after which a method begins no further network")
    parser.add_argument("--write", action="store_true", help="put the lines into the table in benchmarks/results")
    arguments = parser.parse_args()
    budget = arguments.budget or (150.0 if arguments.full else 20.0)
    print(HEAD, flush=True)
    lines: list[dict[str, Any]] = []
    for p in arguments.cells:
        rows, graphs = data_of(p, 20 if arguments.full else arguments.networks)
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "rows.npz")
            np.savez(path, rows=rows)
            for name in arguments.methods:
                lines.append(one_method(p, name, path, graphs, budget))
                print(printed(lines[-1]), flush=True)
                if arguments.write:
                    written(lines)


if __name__ == "__main__":
    main()
