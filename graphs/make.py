"""Make the gallery again: ``make gallery``, or ``python graphs/make.py``.

Every script in ``graphs/code`` is one figure: its docstring says what question the figure answers, and ``figure(run)``
draws it from a run folder of the demo study. Each becomes a scene (``.json``), a picture (``.svg``), and, where it is a
graph, a file for Graphviz (``.dot``) and one for LaTeX (``.tikz``).
"""

from __future__ import annotations

import importlib.util
import io
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from causalvalues import draw
from causalvalues.formats.paint import png_bytes
from causalvalues.scene import Scene, lint
from causalvalues.study import DEMO, run_study

GALLERY = Path(__file__).parent
DOCS = GALLERY.parent / "docs"
CODE = GALLERY / "code"
TILE = (520, 430)
NAMES = (
    "value_graph",
    "value_graph_layered",
    "equivalence_class",
    "hidden_causes",
    "thirty_values",
    "path_diagram",
    "graph_difference",
    "stability",
    "value_circle",
    "priorities",
    "rank",
    "effects_heatmap",
    "lever_heatmap",
    "side_effects",
    "plan",
    "profile_dots",
    "profile_radar",
    "explanation",
    "plan_paths",
    "skill",
    "calibration",
    "leakage",
    "dose_response",
    "skill_kinds",
    "inside_outside",
)
"""The figures in the order of the gallery."""


def figure(name: str, run: Path) -> tuple[str, Scene]:
    """Return what a script of the gallery says of itself, and its figure."""
    spec = importlib.util.spec_from_file_location(f"gallery_{name}", CODE / f"{name}.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"There is no figure {name!r} in {CODE}.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return (module.__doc__ or "").strip(), module.figure(run)


def suffixes(scene: Scene) -> tuple[str, ...]:
    """Return the formats in which a figure of the gallery is kept."""
    return ("json", "svg", "dot", "tikz") if scene.nodes else ("json", "svg")


def page(said: dict[str, str], scenes: dict[str, Scene]) -> str:
    """Return the gallery as a page of the documentation."""
    lines = [
        "# Gallery",
        "",
        "Every kind of figure, drawn from the demo study, with its code. `run` is a run folder: `make demo` makes one,",
        'and `draw(figure(Path("runs/demo")), "figure.pdf")` writes the file. `draw(scene, path, "acl")` fits a',
        "figure to a page, if it was laid out for it (`width`).",
        "",
    ]
    for name, words in said.items():
        scene = scenes[name]
        lines += [f"## {heading(name)}", "", words.replace("\n", " "), ""]
        lines += [f"```{{image}} ../graphs/{name}.svg", f":alt: {one_line(scene.alt)}", ":align: center", "```", ""]
        lines += [
            f"*{one_line(scene.caption)}*",
            "",
            ":::{dropdown} Code",
            f"```{{literalinclude}} ../graphs/code/{name}.py",
        ]
        lines += [":language: python", "```", ":::", ""]
    return "\n".join(lines)


def heading(name: str) -> str:
    """Return the name of a figure in words."""
    return name.replace("_", " ").capitalize()


def lint_report(scenes: dict[str, Scene]) -> str:
    """Return what the lint says of every figure, as drawn."""
    lines = [
        "# What the figure lint says of the gallery",
        "",
        "| Figure | Width x height (pt) | Errors | Warnings | Notes |",
    ]
    lines += ["|---|---|---|---|---|"]
    for name, scene in scenes.items():
        flaws = lint(scene)
        told = [
            "; ".join(f"{flaw.code} {flaw.where}" for flaw in flaws if flaw.severity == severity) or "none"
            for severity in ("error", "warning", "note")
        ]
        lines.append(f"| {heading(name)} | {scene.width:g} x {scene.height:g} | {' | '.join(told)} |")
    return "\n".join(lines) + "\n"


def one_line(text: str) -> str:
    """Return a text without line breaks and without signs that the page would read."""
    return " ".join(text.split()).replace("*", "\\*").replace("_", "\\_").replace("<", "&lt;")


def contact_sheet(scenes: dict[str, Scene], columns: int = 4) -> bytes:
    """Return all figures side by side as one PNG."""
    from PIL import Image

    wide, high = TILE
    rows = -(-len(scenes) // columns)
    sheet = Image.new("RGB", (columns * wide, rows * high), "white")
    for place, scene in enumerate(scenes.values()):
        tile = Image.open(io.BytesIO(png_bytes(scene))).convert("RGB")
        tile.thumbnail((wide - 24, high - 24), Image.Resampling.LANCZOS)
        x, y = place % columns * wide, place // columns * high
        sheet.paste(tile, (x + (wide - tile.width) // 2, y + (high - tile.height) // 2))
    held = io.BytesIO()
    sheet.quantize(128).save(held, "PNG", optimize=True)
    return held.getvalue()


def main() -> None:
    """Run the demo study and draw everything; with names as arguments, only these figures."""
    wanted = sys.argv[1:] or list(NAMES)
    with TemporaryDirectory() as folder:
        run = run_study(DEMO, Path(folder) / "run").folder
        drawn = {name: figure(name, run) for name in wanted}
    scenes = {name: scene for name, (_, scene) in drawn.items()}
    for name, scene in scenes.items():
        for suffix in suffixes(scene):
            draw(scene, GALLERY / f"{name}.{suffix}")
    if "value_graph" in scenes:
        draw(scenes["value_graph"], DOCS / "demo-graph.svg")
    if wanted == list(NAMES):
        (DOCS / "gallery.md").write_text(
            page({name: words for name, (words, _) in drawn.items()}, scenes), encoding="utf-8"
        )
        (GALLERY / "LINT.md").write_text(lint_report(scenes), encoding="utf-8")
        (GALLERY / "contact-sheet.png").write_bytes(contact_sheet(scenes))


if __name__ == "__main__":
    main()
