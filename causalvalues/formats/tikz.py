"""TikZ of any scene: a picture to be included in a paper, or a document of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from causalvalues.formats.tikz_edges import drawn_edges, edge_commands, edge_styles, gap_of
from causalvalues.formats.tikz_labels import label_commands, labels_of, spots_of, with_ground
from causalvalues.formats.tikz_looks import colour_definitions, definition, styles_of
from causalvalues.formats.tikz_marks import drawn, grouped
from causalvalues.formats.tikz_nodes import drawn_nodes, name_commands, node_commands, node_styles
from causalvalues.formats.tikz_paths import plain, point
from causalvalues.formats.tikz_words import DEFINITIONS, MISSING, OTHER, comment, tex_words
from causalvalues.scene.nouns import Mark, Scene

LIBRARIES = {">": "arrows.meta, bending", "ellipse": "shapes.geometric"}
SERIF = ("times", "termes", "roman", "serif", "garamond", "georgia", "palatino", "pagella")
Section = tuple[str, list[str]]


def tikz_text(scene: Scene) -> str:
    r"""Return a scene as a ``tikzpicture`` for ``\input`` into a paper.

    Parameters
    ----------
    scene : Scene

    Returns
    -------
    str
        ASCII but for comments. Exactly as large as the scene, y downwards as in the SVG. Colours and styles are
        defined at its head. The text is set in the paper's own sans-serif font, at the sizes of the scene. A graph has
        named nodes, and edges that run from node to node; other pictures are in groups under the names of their parts.

    Examples
    --------
    >>> from causalvalues.scene.nouns import Text
    >>> scene = Scene("dots", 20, 10, (Text("a", "name", 2, 8, "50%", 7.0),))
    >>> print(tikz_text(scene).splitlines()[-2])
      \node[name text] at (2,8) {50\%};
    """
    libraries, styles, sections = _graph(scene) if scene.nodes else _plain_picture(scene)
    body = [line for title, lines in sections if lines for line in ("", *([f"% {title}"] if title else []), *lines)]
    lines = [*_about(scene, libraries, body), f"\\begin{{tikzpicture}}[{_page()}"]
    lines += [f"  typeface/.style={{node font={_typeface(scene)}}}, % one line for the font of all text"]
    lines += [f"  {line}" for style in styles for line in style.split("\n")] + ["]"]
    held = colour_definitions(scene.marks)
    held += DEFINITIONS if any(OTHER in line for line in body) else ()
    held += [f"\\path[use as bounding box] (0,0) rectangle {point(scene.width, scene.height)};", *body]
    lines += [f"  {line}" if line else "" for each in held for line in each.split("\n")]
    return "\n".join([*lines, "\\end{tikzpicture}%"]) + "\n"


def tex_text(scene: Scene) -> str:
    """Return a scene as a document that pdfLaTeX, XeLaTeX and LuaLaTeX set on a page as large as the scene.

    Parameters
    ----------
    scene : Scene

    Returns
    -------
    str
        The picture of `tikz_text`. pdfLaTeX sets it in Helvetica (Times where the scene asks for a serif font); the
        other two, which need fontspec (and LuaLaTeX luaotfload), in the first of the scene's fonts that is installed,
        else in DejaVu Sans.
    """
    picture = tikz_text(scene)
    libraries = _graph(scene)[0] if scene.nodes else []
    head = ["\\documentclass{standalone}", "\\usepackage{iftex}", "\\iftutex % XeLaTeX, LuaLaTeX", *_fonts(scene)]
    head += ["\\else % pdfLaTeX", "  \\usepackage[T1]{fontenc}"]
    head += ["  \\usepackage{mathptmx}" if _is_serif(scene) else "  \\usepackage{helvet}", "\\fi"]
    head += ["\\usepackage{tikz}" + _library(libraries)]
    return "\n".join([*head, "\\begin{document}", picture + "\\end{document}"]) + "\n"


def _library(names: Sequence[str]) -> str:
    return f" \\usetikzlibrary{{{', '.join(names)}}}" if names else ""


def _fonts(scene: Scene) -> Iterator[str]:
    yield "  \\usepackage{fontspec}"
    command = "\\setmainfont" if _is_serif(scene) else "\\setsansfont"
    known = [family for family in scene.fonts if family.replace(" ", "").replace("-", "").isalnum()]
    families = list(dict.fromkeys([*(family for family in known if family.isascii()), "DejaVu Sans"]))
    for depth, family in enumerate(families):
        yield "  " * (depth + 1) + f"\\IfFontExistsTF{{{family}}}{{{command}{{{family}}}}}{{%"
    yield "  " * len(families) + "}" * len(families)


def _is_serif(scene: Scene) -> bool:
    return bool(scene.fonts) and any(word in scene.fonts[0].lower() for word in SERIF)


def _typeface(scene: Scene) -> str:
    return "\\rmfamily" if _is_serif(scene) else "\\sffamily"


def _page() -> str:
    return "x=1bp, y=-1bp, every node/.style={typeface, inner sep=0pt, outer sep=0pt},"


def _about(scene: Scene, libraries: Sequence[str], body: Sequence[str]) -> Iterator[str]:
    """Say in comments what the picture is and what it needs."""
    yield from comment(f"{scene.title or 'Figure'} ({scene.kind}), written by causalvalues")
    yield from comment("\\usepackage{tikz}" + _library(libraries), "Preamble: ")
    yield from comment(f"{plain(scene.width)} x {plain(scene.height)} bp (1/72 inch), y downwards", "Size: ")
    if any(MISSING in line for line in body):
        yield from comment(
            "pdfLaTeX shows a box for characters that its fonts lack. XeLaTeX and LuaLaTeX show them in a font that "
            "has them.",
            "Note: ",
        )
    if scene.alt:
        yield from comment(scene.alt, "alt: ")
    if scene.caption:
        yield from comment(f"{tex_words(scene.caption)}}}", "\\caption{")


def _plain_picture(scene: Scene) -> tuple[list[str], list[str], list[Section]]:
    styles = styles_of(scene.marks)
    return [], styles.lines(), [("", list(grouped(scene.marks, styles)))]


def _graph(scene: Scene) -> tuple[list[str], list[str], list[Section]]:
    nodes, edges, labels = drawn_nodes(scene), drawn_edges(scene), labels_of(scene)
    ground, notes, legend = _others(scene)
    raw = [mark for label in labels if label.text is None for mark in label.marks]
    raw += [mark for held in nodes.values() for mark in held.rest]
    raw += [mark for held in edges if held.options is None for mark in held.marks]
    said_labels = [label.text for label in labels if label.text is not None]
    styles = with_ground(styles_of([*ground, *said_labels, *raw, *notes, *legend]), labels)
    gap = gap_of(edges, nodes)
    of_nodes, of_edges = node_styles(nodes, gap), edge_styles(edges)
    keys = {edge.part: f"{nodes[edge.cause].key}--{nodes[edge.effect].key}" for edge in scene.edges}
    spots = spots_of(labels, {held.edge.part: held.curves for held in edges}, keys)
    sections = [
        ("ground", list(drawn(ground, styles))),
        (_kinds(scene), list(node_commands(nodes, of_nodes, styles))),
        ("edges", list(edge_commands(edges, nodes, (of_edges, gap), spots, styles))),
        ("labels of edges", list(label_commands(labels, spots, styles))),
        ("names and what else belongs to nodes", list(name_commands(nodes, styles))),
        ("notes", list(drawn(notes, styles))),
        ("legend", list(drawn(legend, styles))),
    ]
    written = [definition(name, options) for name, options in (of_nodes | of_edges).items()]
    options = [*of_nodes.values(), *of_edges.values(), *(held.options for held in nodes.values())]
    libraries = [name for key, name in LIBRARIES.items() if any(key in each for each in options)]
    return libraries, [*written, *styles.lines()], sections


def _kinds(scene: Scene) -> str:
    return ", ".join(dict.fromkeys(f"{node.kind}s" for node in scene.nodes))


def _others(scene: Scene) -> tuple[list[Mark], list[Mark], list[Mark]]:
    """Return what is neither node, edge nor label: the ground below them, notes above them, the legend."""
    known = {part for node in scene.nodes for part in (node.part, f"{node.part}-name")}
    known |= {part for edge in scene.edges for part in (edge.part, f"{edge.part}-label")}
    ground: list[Mark] = []
    notes: list[Mark] = []
    legend: list[Mark] = []
    begun = False
    for mark in scene.marks:
        if mark.part in known:
            begun = True
        elif mark.part.split("-")[0] == "legend":
            legend.append(mark)
        else:
            (notes if begun else ground).append(mark)
    return ground, notes, legend
