"""The commands that draw what was learned, and that look for flaws in figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from causalvalues.cli import options as of
from causalvalues.cli.output import keep, say, say_json
from causalvalues.errors import FigureError

if TYPE_CHECKING:
    from causalvalues.scene.lint import Flaw
    from causalvalues.scene.nouns import Scene
    from causalvalues.scene.venues import Venue

VenueName = Annotated[str, typer.Option("--venue", help="acl, neurips, nature or apa: width, type size and fonts.")]
Columns = Annotated[
    int | None,
    typer.Option(min=1, max=2, help="With --venue: 1 column (the default), or 2 for the whole width of the text."),
]
Layout = Annotated[str, typer.Option(help="circle (the default) or layered.")]
Theory = Annotated[
    str, typer.Option(help="Value theory (id or file) for names and order; default: that of the run, if any.")
]


def draw(
    path: Annotated[Path, typer.Argument(help="A saved graph posterior, model, graph or scene (JSON).")],
    out: Annotated[
        Path,
        typer.Argument(help="Picture: .svg .pdf .png .tex .tikz; .csv; graph: .json .dot .lavaan ..."),
    ],
    theory: Theory = "",
    layout: Layout = "",
    venue: VenueName = "",
    columns: Columns = None,
    width: Annotated[float | None, typer.Option(help="Points, without --venue; 72 to the inch. Default: 468.")] = None,
    lint: Annotated[
        bool, typer.Option("--lint", help="Look for flaws too; exit code 1 when there are errors.")
    ] = False,
    debug: of.Debug = False,
) -> None:
    """Draw what was learned, in the format that the suffix names and at the size that a venue prints."""
    from causalvalues.figures import draw as draw_file
    from causalvalues.scene.lint import has_errors, lint_text

    keep([path], out)
    wanted = _venue(venue, columns)
    if wanted is not None and width is not None:
        raise FigureError(f"--width and --venue both say how wide the picture is. Keep one: {venue} has its own width.")
    given = {"--width": width is not None, "--theory": bool(theory), "--layout": bool(layout)}
    _refuse_finished(path, [option for option, is_given in given.items() if is_given])
    scene = _scene(path, (theory, layout), wanted, columns, width)
    draw_file(scene, out)
    say(f"Wrote {out}.")
    if scene.caption:
        say(f"Caption: {' '.join(scene.caption.split())}")
    if lint:
        flaws = _flaws(scene, wanted)
        say(lint_text(flaws))
        raise typer.Exit(int(has_errors(flaws)))


def lint(
    paths: Annotated[list[Path], typer.Argument(help="Saved scenes, graph posteriors, models or graphs (JSON).")],
    theory: Theory = "",
    layout: Layout = "",
    venue: VenueName = "",
    columns: Columns = None,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Look for flaws in figures: overlap, type size, contrast, lines, meaning by colour alone; exit 1 on errors."""
    from causalvalues.scene.lint import has_errors, lint_text

    wanted = _venue(venue, columns)
    found = {str(path): _flaws(_scene(path, (theory, layout), wanted, columns), wanted) for path in paths}
    if as_json:
        say_json({name: [vars(flaw) for flaw in flaws] for name, flaws in found.items()})
    else:
        for name, flaws in found.items():
            say(f"{name}\n{lint_text(flaws)}" if len(found) > 1 else lint_text(flaws))
    raise typer.Exit(int(any(has_errors(flaws) for flaws in found.values())))


def _venue(name: str, columns: int | None) -> Venue | None:
    from causalvalues.scene.venues import venue

    if columns is not None and not name:
        raise FigureError(f"--columns {columns} counts columns of a venue's page. Give --venue too, or --width alone.")
    return venue(name) if name else None


def _refuse_finished(path: Path, options: list[str]) -> None:
    """Refuse options that lay a picture out when the file holds one that is laid out."""
    from causalvalues.study.file_pictures import finished_scene, finished_words

    scene = finished_scene(path) if options else None
    if scene is not None:
        raise FigureError(f"{' and '.join(options)} cannot change it: {finished_words(path, scene)}")


def _scene(
    path: Path, look: tuple[str, str], wanted: Venue | None, columns: int | None, width: float | None = None
) -> Scene:
    """Return the picture of a file, at the size of the venue."""
    from causalvalues.scene.printing import printed
    from causalvalues.study.file_pictures import finished_scene, finished_words, scene_of_file

    theory, layout = look[0], look[1] or "circle"
    if wanted is None:
        return scene_of_file(path, theory, layout, width=468.0 if width is None else width)
    columns = columns or 1
    scene = scene_of_file(path, theory, layout, width=wanted.room(columns))
    try:
        return printed(scene, wanted, columns)
    except FigureError as error:
        if finished_scene(path) is None:
            raise
        room = f"Scaled to {wanted.width(columns):.0f} pt, its type would not have a size for {wanted.title}."
        raise FigureError(f"{finished_words(path, scene)} {room}") from error


def _flaws(scene: Scene, wanted: Venue | None) -> list[Flaw]:
    from causalvalues.scene.lint import lint as look

    return look(scene, wanted)
