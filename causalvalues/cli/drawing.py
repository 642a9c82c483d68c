"""The commands that draw what was learned, and that look for flaws in figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from causalvalues.cli import options as of
from causalvalues.cli.output import keep, say, say_json

if TYPE_CHECKING:
    from causalvalues.scene.lint import Flaw
    from causalvalues.scene.nouns import Scene
    from causalvalues.scene.venues import Venue

VenueName = Annotated[str, typer.Option("--venue", help="acl, neurips, nature or apa: width, type size and fonts.")]
Columns = Annotated[
    int, typer.Option(min=1, max=2, help="With --venue: 1 column, or 2 for the whole width of the text.")
]
Layout = Annotated[str, typer.Option(help="circle or layered.")]


def draw(
    path: Annotated[Path, typer.Argument(help="A saved graph posterior, model, graph or scene (JSON).")],
    out: Annotated[
        Path,
        typer.Argument(help="Picture: .svg .pdf .png .tex .tikz; .csv; graph: .json .dot .lavaan ..."),
    ],
    theory: of.Theory = "",
    layout: Layout = "circle",
    venue: VenueName = "",
    columns: Columns = 1,
    width: Annotated[float, typer.Option(help="Points, without --venue. 72 to the inch.")] = 468.0,
    lint: Annotated[
        bool, typer.Option("--lint", help="Look for flaws too; exit code 1 when there are errors.")
    ] = False,
    debug: of.Debug = False,
) -> None:
    """Draw what was learned, in the format that the suffix names and at the size that a venue prints."""
    from causalvalues.figures import draw as draw_file
    from causalvalues.scene.lint import has_errors, lint_text

    keep([path], out)
    wanted = _venue(venue)
    scene = _scene(path, (theory, layout), wanted, columns, width)
    draw_file(scene, out)
    say(f"Wrote {out}.")
    if lint:
        flaws = _flaws(scene, wanted)
        say(lint_text(flaws))
        raise typer.Exit(int(has_errors(flaws)))


def lint(
    paths: Annotated[list[Path], typer.Argument(help="Saved scenes, graph posteriors, models or graphs (JSON).")],
    theory: of.Theory = "",
    layout: Layout = "circle",
    venue: VenueName = "",
    columns: Columns = 1,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Look for flaws in figures: overlap, type size, contrast, lines, meaning by colour alone; exit 1 on errors."""
    from causalvalues.scene.lint import has_errors, lint_text

    wanted = _venue(venue)
    found = {str(path): _flaws(_scene(path, (theory, layout), wanted, columns), wanted) for path in paths}
    if as_json:
        say_json({name: [vars(flaw) for flaw in flaws] for name, flaws in found.items()})
    else:
        for name, flaws in found.items():
            say(f"{name}\n{lint_text(flaws)}" if len(found) > 1 else lint_text(flaws))
    raise typer.Exit(int(any(has_errors(flaws) for flaws in found.values())))


def _venue(name: str) -> Venue | None:
    from causalvalues.scene.venues import venue

    return venue(name) if name else None


def _scene(path: Path, look: tuple[str, str], wanted: Venue | None, columns: int, width: float = 468.0) -> Scene:
    """Return the picture of a file, at the size of the venue."""
    from causalvalues.scene.printing import printed
    from causalvalues.study.pictures import scene_of_file

    if wanted is None:
        return scene_of_file(path, *look, width=width)
    return printed(scene_of_file(path, *look, width=wanted.room(columns)), wanted, columns)


def _flaws(scene: Scene, wanted: Venue | None) -> list[Flaw]:
    from causalvalues.scene.lint import lint as look

    return look(scene, wanted)
