"""TikZ of scenes: every text is shown and none obeyed, sizes are exact, and LaTeX draws what our own painter draws."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tikz_scenes import SCENES, dots, ellipse, signed_graph

from causalvalues.errors import FigureError
from causalvalues.figures import draw
from causalvalues.formats.tikz import tex_text, tikz_text
from causalvalues.formats.tikz_looks import NAMED, colour_name
from causalvalues.formats.tikz_nodes import node_keys
from causalvalues.formats.tikz_paths import plain, recognised
from causalvalues.formats.tikz_words import tex_words
from causalvalues.scene.geometry import Box, disc, polygon, rectangle, rounded
from causalvalues.scene.metrics import printable
from causalvalues.scene.nouns import Edge, Node, Scene, Text
from causalvalues.scene.palette import INK, NEGATIVE, POSITIVE, blend

HARMLESS = frozenset(
    re.findall(
        r"\S+",
        """textbackslash textasciicircum textasciitilde textless textgreater textbar symbol textendash
        textemdash textquoteleft textquoteright textquotedblleft textquotedblright ldots textbullet
        textperiodcentered textvisiblespace S P dag ddag copyright textexclamdown textquestiondown ss ae AE
        oe OE o O l L i j u r H v d c k dh DH dj DJ th TH guillemotleft guillemotright guilsinglleft
        guilsinglright quotedblbase quotesinglbase otherchar missingchar kern times div pm neg circ frac mu
        leftarrow uparrow rightarrow downarrow leftrightarrow Leftarrow Rightarrow Leftrightarrow partial
        emptyset Delta nabla in notin prod sum surd propto infty wedge vee cap cup sim approx neq equiv leq
        geq subset subseteq cdot bullet alpha beta gamma delta epsilon zeta eta theta iota kappa lambda nu
        xi pi rho varsigma sigma tau upsilon phi chi psi omega Gamma Theta Lambda Xi Pi Sigma Upsilon Phi
        Psi Omega""",
    )
)
BACK = {
    "\\textbackslash{}": "\\",
    "\\textasciicircum{}": "^",
    "\\textasciitilde{}": "~",
    "\\textless{}": "<",
    "\\textgreater{}": ">",
    "\\textbar{}": "|",
    "\\symbol{34}": '"',
    "\\symbol{96}": "`",
    "\\kern0pt ": "",
    "\\ ": " ",
}
TOKEN = re.compile(r"\\(?:[A-Za-z]+|.)|[{}]|[^\\]", re.DOTALL)


def code_of(text: str) -> str:
    """Return LaTeX without its comments."""
    return "\n".join(re.sub(r"(?<!\\)%.*", "", line) for line in text.splitlines())


def balanced(text: str) -> bool:
    depth = 0
    for token in TOKEN.findall(text):
        depth += {"{": 1, "}": -1}.get(token, 0)
        if depth < 0:
            return False
    return depth == 0


# Text


@settings(max_examples=300)
@given(st.text())
def test_any_text_becomes_ascii_with_nothing_that_latex_would_obey(text: str) -> None:
    said = tex_words(text)
    assert said.isascii()
    assert said.isprintable()
    assert balanced(said)
    plain_text, maths = "", False
    for piece in TOKEN.findall(said):
        if piece == "$":
            maths = not maths
        elif piece.startswith("\\"):
            assert piece[1:] in HARMLESS or not piece[1].isalpha()
            assert piece != "\\\\"
        elif not maths and piece not in "{}":
            plain_text += piece
    assert not maths
    assert not set(plain_text) & set('#&_%~^<>|"`')


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_the_ascii_that_latex_shows_is_the_text(text: str) -> None:
    said, shown = tex_words(text), ""
    while said:
        key = next((key for key in BACK if said.startswith(key)), None)
        if key is not None:
            shown, said = shown + BACK[key], said[len(key) :]
        else:
            size = 2 if said[0] == "\\" else 1
            shown, said = shown + said[size - 1], said[size:]
    assert shown == (printable(text) if text.strip() else shown)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\u2212.34 [\u2212.40, .10]", "$-$.34 [$-$.40, .10]"),
        ("R\u00b2 \u2265 .5", "R$^2$ $\\geq$ .5"),
        ("Fr\u00e9d\u00e9ric \u00c5", "Fr\\'{e}d\\'{e}ric \\r{A}"),
        ("a--b", "a-\\kern0pt -b"),
        ("\u81ea", "\\otherchar{33258}{\\missingchar}"),
        ("\u00f0", "\\otherchar{240}{\\dh{}}"),
        ("a  b", "a \\ b"),
    ],
)
def test_signs_are_written_as_every_engine_knows_them(text: str, said: str) -> None:
    assert tex_words(text) == said


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=2, max_size=4, unique=True))
def test_any_names_give_a_balanced_picture_whose_nodes_have_different_keys(names: list[str]) -> None:
    nodes = [Node(f"node-{i}", name, printable(name), "value", "", 10 + i, 10) for i, name in enumerate(names)]
    marks = [Text(node.part, "name", node.x, node.y, node.label, 8) for node in nodes]
    edges = [Edge(f"edge-{i}", a, b, "value", "-->") for i, (a, b) in enumerate(pairwise(names))]
    words = " ".join(names)
    scene = Scene("graph", 100, 100, tuple(marks), words, words, words, tuple(nodes), tuple(edges))
    text = tikz_text(scene)
    code = code_of(text)
    assert balanced(code)
    assert len(text.splitlines()) == len(text.split("\n")) - 1
    keys = re.findall(r"\\node\[[^\n]*?\] \(([^)]*)\) at", code)
    assert len(set(keys)) == len(names)
    assert all(re.fullmatch("[a-z][a-z0-9]*(-[a-z0-9]+)*", key) for key in keys)
    assert code.count("\\begin{") == code.count("\\end{") == 1


# Pictures


@pytest.mark.parametrize("name", SCENES)
def test_pictures_are_the_same_each_time_short_and_plain(name: str) -> None:
    scene = SCENES[name]()
    text = tikz_text(scene)
    assert text == tikz_text(scene)
    assert tex_text(scene).endswith(text + "\\end{document}\n")
    assert code_of(text).isascii()
    assert not re.search(r"\d\.\d{4}|\de[-+]?\d|nan|inf\b", re.sub(r"\{[^{}]*\};", "", code_of(text)))
    assert max(map(len, text.splitlines())) <= (300 if "hostile" in name else 125)
    assert f"rectangle ({plain(scene.width)},{plain(scene.height)});" in text
    assert len(text.splitlines()) < 4 * len(scene.marks) + 90


@pytest.mark.parametrize("layered", [True, False])
def test_edges_run_from_node_to_node_in_the_style_of_their_sign(layered: bool) -> None:
    scene = signed_graph(layered)
    text = code_of(tikz_text(scene)).replace("\n     ", "")
    keys = node_keys(scene.nodes)
    edges = text[text.index("bounding box") :]
    for edge in scene.edges:
        sign = "positive" if (edge.mean or 0) > 0 else "negative"
        ends = rf"\([^()]*{keys[edge.cause]}(\.\w+)?\)[^;]*\([^()]*{keys[edge.effect]}(\.\w+)?\)"
        assert re.search(rf"\\draw\[{sign}, ->, weight=[\d.]+\] {ends}[^;]*;", edges), (edge.cause, edge.effect)
    assert "head area" not in edges.split("\\node[legend")[0].split("\\draw[positive")[0]
    for style in ("value/.style", "edge/.style", "positive/.style", "negative/.style", "typeface/.style"):
        assert text.count(style) == 1


def test_names_and_labels_stand_where_their_node_or_edge_stands() -> None:
    text = tikz_text(signed_graph(layered=False))
    assert "]power.center) {Power};" in text
    labels = text[text.index("% labels of edges") : text.index("% names")]
    spots = re.findall(r"\\node\[edge label text[^\]]*\] at \(([a-z-]+--[a-z-]+)\)", labels)
    assert len(spots) > labels.count("\\node") / 2
    assert all(re.search(rf"coordinate\[pos=0\.\d+\]\s+\({spot}\)", text) for spot in spots)


@given(st.integers(0, 0xFFFFFF), st.sampled_from([POSITIVE, NEGATIVE, INK]), st.floats(0, 1))
def test_the_name_of_a_colour_is_that_colour(code: int, base: str, share: float) -> None:
    known = {"white": "#FFFFFF", "black": "#000000"} | {name: colour for colour, name in NAMED.items()}
    for colour in (f"#{code:06X}", blend(base, share)):
        name, _, percent = colour_name(colour).partition("!")
        found = known.get(name, f"#{name.removeprefix('values')}")
        assert (blend(found, float(percent) / 100) if percent else found) == colour


def test_outlines_are_known_by_their_name() -> None:
    names = {
        "circle": disc(10.0, 20.0, 5.0),
        "ellipse": ellipse(Box(10, 20, 8, 3)),
        "rectangle": rectangle(1.0, 2.0, 3.0, 4.0),
    }
    for name, path in names.items():
        known = recognised(path)
        assert known is not None
        assert known.name == name
    corners = recognised(rounded(Box(10, 20, 8, 5), 2.0))
    assert corners is not None
    assert corners.corner == pytest.approx(2.0)
    assert recognised(polygon([(0, 0), (4, 1), (4, 4), (0, 4)])) is None
    assert recognised(polygon([(0, 0), (4, 0), (0, 4), (4, 4)])) is None
    assert recognised(polygon([(0, 0), (4, 0), (4, 4), (0, 4)], closed=False)) is None


def test_serif_scenes_are_set_in_serif_and_lengths_beyond_a_page_are_refused() -> None:
    serif = replace(dots(), fonts=("Times New Roman", "DejaVu}Serif"))
    assert "\\rmfamily" in tikz_text(serif)
    assert "\\setmainfont{Times New Roman}" in tex_text(serif)
    assert "mathptmx" in tex_text(serif)
    assert "}Serif" not in tex_text(serif)
    with pytest.raises(FigureError, match="16000"):
        tikz_text(replace(dots(), width=20000.0))


def test_both_files_are_written_by_their_suffix(tmp_path: Path) -> None:
    scene = dots()
    assert draw(scene, tmp_path / "a.tikz").read_text(encoding="utf-8") == tikz_text(scene)
    assert draw(scene, tmp_path / "a.tex").read_text(encoding="utf-8") == tex_text(scene)
