"""How long does a figure take from data to file, beside other programs that draw the same graph in the same run?

    OMP_NUM_THREADS=1 python benchmarks/figure_speed.py [--repeats 3]

Every script of the gallery draws its figure from a run folder of the demo study. "Script" is all of it: files are
read, answers scored, numbers computed, the figure laid out. "Layout" is the part of it in the figure's own function. A
file starts at the finished scene. Before
anything is timed, each figure is drawn and written once, so that imports and fonts count nowhere. Times are the best
of the repeats, in processor seconds of this process (for other programs: with their children, and on the clock).

Peers draw the graph of a scene, its nodes and edges, with a layout of their own: networkx 3 (its layouts by springs
and by stress) with matplotlib; Graphviz `dot` from the DOT file of the same scene, where it is installed. They place
no labels out of each other's way, look for no free places, and write no caption, so that only orders of size compare.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import math
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from causalvalues.formats.dot import dot_text
from causalvalues.formats.writing import WRITERS
from causalvalues.scene import Scene
from causalvalues.study import DEMO, run_study

CODE = Path(__file__).parents[1] / "graphs" / "code"
RESULT = Path(__file__).parent / "results" / "figure_speed.md"
FILES = (".svg", ".pdf", ".png", ".tikz")
PEER_FILES = ("svg", "pdf")


def best(work: Callable[[], object], repeats: int, clock: Callable[[], float] = time.process_time) -> float:
    """Return the shortest of the times in seconds."""
    found = []
    for _ in range(repeats):
        before = clock()
        work()
        found.append(clock() - before)
    return min(found)


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"gallery_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def with_networkx(scene: Scene, layout: str, file: str) -> bytes:
    """Draw nodes, names and edges of a graph scene with networkx and matplotlib."""
    import networkx as nx
    from matplotlib.figure import Figure

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(node.name for node in scene.nodes)
    graph.add_edges_from((edge.cause, edge.effect) for edge in scene.edges)
    places = nx.spring_layout(graph, seed=1) if layout == "springs" else nx.kamada_kawai_layout(graph)
    figure = Figure(figsize=(scene.width / 72, scene.height / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    nx.draw_networkx(graph, places, ax=axes, labels={node.name: node.label for node in scene.nodes}, font_size=7)
    held = io.BytesIO()
    figure.savefig(held, format=file)
    return held.getvalue()


def with_graphviz(scene: Scene, file: str) -> bytes:
    text = dot_text(scene).encode()
    return subprocess.run(["dot", f"-T{file}"], input=text, capture_output=True, check=True).stdout


class Layouts:
    """Clocks the functions of the package that a script calls to lay its figure out: those that return a scene."""

    def __init__(self, module: ModuleType) -> None:
        self.seconds: list[float] = []
        for name, work in vars(module).copy().items():
            if callable(work) and not isinstance(work, type) and name != "figure":
                setattr(module, name, self.clocked(work))

    def clocked(self, work: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object, **named: object) -> object:
            before = time.process_time()
            found = work(*given, **named)
            if isinstance(found, Scene):
                self.seconds.append(time.process_time() - before)
            return found

        return call


def measured(module: ModuleType, run: Path, repeats: int) -> tuple[Scene, list[float]]:
    """Return the scene, and seconds of the script, of its layout, and from the scene to each of `FILES`.

    NaN stands for a file that the scene cannot have.
    """
    layouts = Layouts(module)
    scene: Scene = module.figure(run)
    seconds = [best(partial(module.figure, run), repeats)]
    seconds.append(min(layouts.seconds[1:]))
    for suffix in FILES:
        if suffix == ".tikz" and not scene.nodes:
            seconds.append(math.nan)
            continue
        WRITERS[suffix](scene)
        seconds.append(best(partial(WRITERS[suffix], scene), repeats))
    return scene, seconds


def peers(scene: Scene, repeats: int) -> dict[str, list[float]]:
    """Return the seconds of each other program for each of `PEER_FILES`."""
    found = {}
    for layout in ("springs", "stress"):
        with_networkx(scene, layout, "svg")
        found[f"networkx, {layout}"] = [
            best(partial(with_networkx, scene, layout, file), repeats) for file in PEER_FILES
        ]
    if shutil.which("dot"):
        found["Graphviz dot, on the clock"] = [
            best(partial(with_graphviz, scene, file), repeats, time.perf_counter) for file in PEER_FILES
        ]
    return found


def said(seconds: float) -> str:
    return "" if math.isnan(seconds) else f"{1000 * seconds:,.0f}"


def page(rows: list[list[str]], others: list[list[str]], repeats: int) -> str:
    """Return the result as a page."""
    lines = ["# Time from data to figure", ""]
    lines += [
        f"`python benchmarks/figure_speed.py --repeats {repeats}`, the demo study, milliseconds of one processor.",
        "",
    ]
    lines += [
        "| figure | nodes, edges | script | layout | SVG | PDF | PNG | TikZ |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    lines += [
        "",
        "The same graphs drawn by others in the same run, from nodes and edges to the file (layout included);",
    ]
    lines += ["ours: layout and file, as above."]
    if not shutil.which("dot"):
        lines += ["The program `dot` of Graphviz was not installed."]
    lines += ["", "| figure | program | SVG | PDF |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in others]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Time all figures and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    rows, others = [], []
    with TemporaryDirectory() as folder:
        run = run_study(DEMO, Path(folder) / "run").folder
        for path in sorted(CODE.glob("*.py")):
            name = path.stem.replace("_", " ")
            scene, seconds = measured(loaded(path), run, given.repeats)
            size = f"{len(scene.nodes)}, {len(scene.edges)}" if scene.nodes else ""
            rows.append([name, size, *map(said, seconds)])
            print(" | ".join(rows[-1]), flush=True)
            if scene.nodes:
                others.append([name, "ours", *(said(seconds[1] + each) for each in seconds[2:4])])
                for program, times in peers(scene, given.repeats).items():
                    others.append([name, program, *map(said, times)])
    text = page(rows, others, given.repeats)
    given.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
