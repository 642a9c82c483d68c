"""PDF and PNG of a scene, painted by matplotlib's Agg and PDF backends as it stands: no layout of theirs, no pyplot."""

from __future__ import annotations

import io
import math
import warnings
from typing import TYPE_CHECKING, Any

from causalvalues.scene.fonts import FALLBACK, face_for, family_of
from causalvalues.scene.metrics import printable, text_width
from causalvalues.scene.nouns import Scene, Shape, Text
from causalvalues.scene.palette import PAPER

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.path import Path as Outline
    from matplotlib.transforms import Transform

RESOLUTION = 300
_SETTINGS: Any = {
    "pdf.fonttype": 42,
    "pdf.compression": 6,
    "pdf.use14corefonts": False,
    "text.usetex": False,
    "text.hinting": "none",
    "text.antialiased": True,
    "path.simplify": False,
    "path.snap": False,
    "path.sketch": None,
    "path.effects": [],
    "agg.path.chunksize": 0,
    "lines.scale_dashes": False,
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
    "savefig.bbox": None,
    "savefig.transparent": False,
}


def pdf_bytes(scene: Scene) -> bytes:
    """Return a scene as a one-page PDF with embedded TrueType fonts and no date.

    Parameters
    ----------
    scene : Scene
        Painted in the first family of ``scene.fonts`` that is installed, else in DejaVu Sans; the keywords of the PDF
        name it. Text that the font lacks a character of is painted in DejaVu Sans.

    Returns
    -------
    bytes
        The same for equal scenes and fonts.
    """
    from matplotlib.backends.backend_pdf import FigureCanvasPdf

    about = {"Title": printable(scene.title), "Subject": printable(scene.alt), "Creator": "causalvalues"}
    font = f"font: {family_of(scene.fonts)}"
    return _printed(scene, FigureCanvasPdf, "pdf", {**about, "Keywords": font, "CreationDate": None})


def png_bytes(scene: Scene) -> bytes:
    """Return a scene as a PNG of 300 dots per inch; what DejaVu Sans lacks becomes a box, here as in the PDF."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    about = {"Title": printable(scene.title), "Description": printable(scene.alt), "Software": None}
    if scene.fonts:
        about["Comment"] = f"font: {family_of(scene.fonts)}"
    return _printed(scene, FigureCanvasAgg, "png", about)


def _printed(scene: Scene, canvas: Any, kind: str, about: dict[str, Any]) -> bytes:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"(?s).*[Gg]lyph.*missing from font")
        figure = Figure(figsize=(scene.width / 72, scene.height / 72), dpi=RESOLUTION, facecolor=PAPER)
        canvas(figure)
        _paint(figure, scene)
        held = io.BytesIO()
        figure.canvas.print_figure(
            held, format=kind, dpi=RESOLUTION, metadata=about, bbox_inches=None, facecolor=PAPER, edgecolor=PAPER
        )
    return held.getvalue()


def _paint(figure: Figure, scene: Scene) -> None:
    from matplotlib.transforms import Affine2D

    page = Affine2D().scale(1 / scene.width, -1 / scene.height).translate(0, 1) + figure.transFigure
    for layer, mark in enumerate(scene.marks):
        if isinstance(mark, Shape):
            _paint_shape(figure, mark, page, layer)
        else:
            _paint_text(figure, (mark, scene.fonts), page, layer)


def _paint_shape(figure: Figure, shape: Shape, page: Transform, layer: int) -> None:
    from matplotlib.patches import PathPatch

    patch = PathPatch(
        _outline(shape),
        facecolor=shape.fill,
        edgecolor=shape.stroke,
        linewidth=shape.stroke_width if shape.stroke != "none" else 0.0,
        linestyle=(0, shape.dash) if shape.dash else "solid",
        alpha=None if shape.opacity == 1 else shape.opacity,
        capstyle="butt",
        joinstyle="miter",
        zorder=layer,
    )
    patch.set_transform(page)
    figure.add_artist(patch)


def _outline(shape: Shape) -> Outline:
    from matplotlib.path import Path as Outline

    codes: list[Any] = []
    corners: list[tuple[float, float]] = []
    for command, numbers in shape.path:
        if command == "Z":
            codes.append(Outline.CLOSEPOLY)
            corners.append((0.0, 0.0))
            continue
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        codes += [{"M": Outline.MOVETO, "L": Outline.LINETO, "C": Outline.CURVE4}[command]] * len(pairs)
        corners += pairs
    return Outline(corners, codes)


def _paint_text(figure: Figure, what: tuple[Text, tuple[str, ...]], page: Transform, layer: int) -> None:
    """Place a line of text by its left end, from the widths of the font that paints it."""
    from matplotlib.font_manager import FontProperties

    text, fonts = what
    face = face_for(text.text, fonts, text.bold, text.italic)
    if face.family == FALLBACK:
        wide = text_width(text.text, text.size, text.bold, text.italic)
    else:
        wide = face.width(text.text, text.size)
    shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[text.anchor] * wide
    turn = math.radians(text.angle)
    figure.text(
        text.x - shift * math.cos(turn),
        text.y - shift * math.sin(turn),
        text.text,
        fontproperties=FontProperties(fname=face.path, size=text.size),
        color=text.colour,
        rotation=-text.angle,
        rotation_mode="anchor",
        horizontalalignment="left",
        verticalalignment="baseline",
        transform=page,
        parse_math=False,
        zorder=layer,
    )
