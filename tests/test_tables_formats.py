"""Tables as LaTeX, Markdown, HTML and CSV: numbers by APA rules, names shown as text."""

from __future__ import annotations

import html
import io
import math
import re
from decimal import ROUND_HALF_EVEN, Decimal
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from table_samples import HOSTILE, hostile_table

from causalvalues.errors import FigureError
from causalvalues.numerals import MINUS, MISSING
from causalvalues.tables import (
    Column,
    HtmlStyle,
    LatexStyle,
    Table,
    csv_text,
    html_text,
    latex_text,
    markdown_text,
    write_table,
)
from causalvalues.tables.apa import cell_text, symbol_runs
from causalvalues.tables.latex_columns import table_format

FINITE = st.floats(-1e9, 1e9, allow_nan=False)
SHARES = st.floats(0, 1)
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), max_size=30))


def read_back(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace(MINUS, "-"))


def rounded(number: float, places: int) -> Decimal:
    return Decimal(number).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)


@given(FINITE, st.integers(0, 4))
def test_an_unbounded_number_has_its_zero_a_true_minus_and_commas(number: float, places: int) -> None:
    text = cell_text(Column("x", "x", "number", places), number)
    assert re.fullmatch(rf"{MINUS}?\d{{1,3}}(,\d{{3}})*" + (rf"\.\d{{{places}}}" if places else ""), text)
    assert read_back(text) == rounded(number, places)
    assert not (text.startswith(MINUS) and read_back(text) == 0)


@given(SHARES)
def test_a_probability_has_two_decimals_and_no_zero_before_them(share: float) -> None:
    text = cell_text(Column("x", "x", "probability"), share)
    assert re.fullmatch(r"\.\d\d|1\.00", text)
    assert read_back(text) == rounded(share, 2)


@given(st.floats(-1, 1))
def test_a_correlation_has_no_zero_before_the_decimals(number: float) -> None:
    text = cell_text(Column("x", "x", "correlation"), number)
    assert re.fullmatch(rf"{MINUS}?(\.\d\d|1\.00)", text)
    assert read_back(text) == rounded(number, 2)


@given(st.one_of(SHARES, st.sampled_from([0.0, 1.0, 0.001, 0.0009999, 0.9995, 0.9994999, 0.05])))
def test_p_is_exact_to_three_decimals_between_its_two_ends(p: float) -> None:
    text = cell_text(Column("p", "p", "p"), p)
    if p < 0.001:
        assert text == "< .001"
    elif rounded(p, 3) == 1:
        assert text == "> .999"
    else:
        assert re.fullmatch(r"\.\d{3}", text)
        assert read_back(text) == rounded(p, 3)


@given(FINITE, FINITE)
def test_an_interval_stands_in_square_brackets(first: float, second: float) -> None:
    lower, upper = sorted((first, second))
    found = re.fullmatch(r"\[(.+), (.+)\]", cell_text(Column("x", "x", "interval"), (lower, upper)))
    assert found is not None
    assert [read_back(each) for each in found.groups()] == [rounded(lower, 2), rounded(upper, 2)]


@pytest.mark.parametrize(
    ("column", "cell", "text"),
    [
        (Column("x", "", "interval", leading_zero=False), (0.12, 0.34), "[.12, .34]"),
        (Column("x", "", "number", leading_zero=False), -0.5, f"{MINUS}.50"),
        (Column("x", "", "count"), 3435, "3,435"),
        (Column("x", "", "number", 0, thousands=False), 1234, "1234"),
        (Column("x", "", "percent"), 0.423, "42"),
        (Column("x", "", "number"), -0.001, "0.00"),
        (Column("x", "", "number"), math.nan, MISSING),
        (Column("x", "", "number"), -math.inf, f"{MINUS}\u221e"),
        (Column("x", ""), None, MISSING),
        (Column("x", ""), "", ""),
    ],
)
def test_numbers_as_the_manual_prints_them(column: Column, cell: object, text: str) -> None:
    assert cell_text(column, cell) == text  # type: ignore[arg-type]


@given(st.lists(FINITE, min_size=1, max_size=6))
def test_the_format_of_a_siunitx_column_holds_every_number(numbers: list[float]) -> None:
    texts = [cell_text(Column("x", "x", "number"), number) for number in numbers]
    found = re.fullmatch(r"(-?)(\d+)\.(\d)", table_format(texts))
    assert found is not None
    assert (found[1] == "-") == any(MINUS in text for text in texts)
    assert int(found[2]) == max(len(text.replace(",", "").strip(MINUS).split(".")[0]) for text in texts)
    assert found[3] == "2"


@given(st.lists(st.tuples(TEXTS, FINITE), min_size=1, max_size=4), TEXTS)
def test_latex_has_one_line_a_row_and_one_cell_a_column_whatever_the_names_are(
    rows: list[tuple[str, float]], title: str
) -> None:
    text = latex_text(Table(title, (Column("a", title), Column("b", "B", "number")), tuple(rows), title))
    assert text.isascii()
    body = text.split("\\midrule\n")[1].split("\\bottomrule")[0].splitlines()
    assert len(body) == len(rows)
    for line in body:
        assert line.endswith(r" \\")
        assert len(re.findall(r"(?<!\\)(?:\\\\)*&", line)) == 1
        assert not line.startswith(("[", "*"))
        assert not re.search(r"(?<!\\)[%#~]", line)
    depth = 0
    for mark in re.findall(r"(?<!\\)(?:\\\\)*([{}])", text):
        depth += 1 if mark == "{" else -1
        assert depth >= 0
    assert depth == 0


@given(st.lists(st.tuples(TEXTS, FINITE, SHARES), min_size=1, max_size=4), TEXTS)
def test_markdown_shows_every_cell_as_it_is_in_aligned_columns(
    rows: list[tuple[str, float, float]], title: str
) -> None:
    columns = (Column("a", title), Column("b", "B|", "number"), Column("c", "(c)", "probability", symbol="P"))
    table = Table(title, columns, tuple(rows), title)
    text = markdown_text(table)
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inside = [i for i, token in enumerate(tokens) if token.type in ("th_open", "td_open")]
    shown = ["".join(child.content for child in tokens[i + 1].children or []) for i in inside]
    wanted = [" ".join(title.split()), "B|", "P(c)"]
    wanted += [" ".join(cell_text(c, cell).split()) for row in rows for c, cell in zip(columns, row, strict=True)]
    assert shown == [text.replace("\0", "\ufffd") for text in wanted]  # as CommonMark shows a NUL
    assert not any(child.type in ("html_inline", "link_open", "image") for t in tokens for child in t.children or [])


@given(TEXTS)
def test_a_report_and_a_table_escape_alike_and_markdown_shows_the_text(text: str) -> None:
    from causalvalues.study import markdown
    from causalvalues.tables.as_markdown import markdown_escaped

    assert not hasattr(markdown, "escaped")
    held = markdown_escaped(f"x {text}")
    shown = MarkdownIt("commonmark").renderInline(held)
    assert html.unescape(shown) == " ".join(f"x {text}".split()).replace("\0", "\ufffd")
    assert not re.search(r"(?<!\\)[`*_{}\[\]<>|~#&$^@]", held.replace("\\\\", ""))


def test_a_colon_is_escaped_only_where_it_could_begin_something() -> None:
    from causalvalues.tables.as_markdown import markdown_escaped

    assert markdown_escaped("Levers: a, b") == "Levers: a, b"
    assert markdown_escaped(":smile: http://x") == r"\:smile: http\://x"


def test_markdown_pipes_stand_below_each_other() -> None:
    lines = [line for line in markdown_text(hostile_table()).splitlines() if line.startswith("|")]
    plain = [line for line in lines if line.isascii()]
    assert len(lines) == len(hostile_table().rows) + 2
    assert len({len(line) for line in plain}) == 1
    assert len({tuple(m.start() for m in re.finditer(r"(?<!\\)\|", line)) for line in plain[:2]}) == 1


class Reader(HTMLParser):
    """Collects the text of cells and checks that tags close in order."""

    void = ("meta", "link", "br")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.cells: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.void:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self.open):
            self.cells[-1] += data


@given(st.lists(st.tuples(TEXTS, FINITE), min_size=1, max_size=4), TEXTS)
def test_html_is_balanced_and_shows_every_cell_as_text(rows: list[tuple[str, float]], title: str) -> None:
    columns = (Column("a", title), Column("b", "B", "number"))
    reader = Reader()
    reader.feed(html_text(Table(title, columns, tuple(rows), title)))
    reader.close()
    assert reader.open == []
    wanted = [cell_text(column, cell) for row in rows for column, cell in zip(columns, row, strict=True)]
    assert reader.cells[2:] == wanted
    assert {tag for tag, _ in reader.tags} <= {
        *("html", "head", "meta", "title", "style", "body", "main", "div", "table", "caption", "thead", "tbody"),
        *("tr", "th", "td", "p", "em", "i"),
    }


def test_html_says_what_is_a_heading_and_needs_nothing_else() -> None:
    text = html_text(hostile_table())
    reader = Reader()
    reader.feed(text)
    scopes = [held.get("scope") for tag, held in reader.tags if tag == "th"]
    assert scopes == ["col"] * 8 + ["row"] * len(hostile_table().rows)
    assert "color-scheme: light dark" in text
    assert not any({"src", "href", "onclick"} & set(held) for _, held in reader.tags)
    assert html_text(hostile_table(), HtmlStyle(page=False)).startswith("<table>")


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(TEXTS, st.floats(allow_nan=False), st.one_of(st.none(), st.tuples(FINITE, FINITE))),
        min_size=1,
        max_size=5,
    )
)
def test_csv_gives_every_name_and_every_digit_back(rows: list[tuple[str, float, tuple[float, float] | None]]) -> None:
    ordered = [(a, b, None if c is None else (min(c), max(c))) for a, b, c in rows if "\0" not in a]
    table = Table("", (Column("a", "A"), Column("b", "B", "number"), Column("c", "C", "interval")), tuple(ordered))
    found = pd.read_csv(
        io.StringIO(csv_text(table), newline=""),
        dtype={"a": str},
        keep_default_na=False,
        na_values={"c_lower": [""], "c_upper": [""]},
    )
    assert list(found.columns) == ["a", "b", "c_lower", "c_upper"]
    assert list(found["a"]) == [row[0] for row in ordered]
    assert [float(x) for x in found["b"]] == [row[1] for row in ordered]
    for (_, _, ends), low, high in zip(ordered, found["c_lower"], found["c_upper"], strict=True):
        assert (math.isnan(low) and math.isnan(high)) if ends is None else (low, high) == ends


def test_csv_leaves_empty_what_is_not_known_and_keeps_whole_numbers() -> None:
    columns = (Column("n", "n", "count"), Column("p", "p", "p"), Column("ci", "CI", "interval"))
    assert csv_text(Table("", columns, ((1204, None, None), (2, math.nan, (0.1, 0.2))))) == (
        "n,p,ci_lower,ci_upper\n1204,,,\n2,,0.1,0.2\n"
    )


def test_symbols_of_statistics_are_italic_in_a_note_and_words_are_not() -> None:
    assert [run for run, italic in symbol_runs("n = 4, P(up) > .5; n rows and p F") if italic] == ["n", "P"]
    assert "".join(run for run, _ in symbol_runs("n = 4, P(up)")) == "n = 4, P(up)"
    assert r"\textit{P}(" in latex_text(hostile_table())


@pytest.mark.parametrize("suffix", [".tex", ".md", ".html", ".csv"])
def test_the_suffix_chooses_the_format_and_the_same_table_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    first = write_table(hostile_table(), tmp_path / f"a{suffix}").read_bytes()
    assert first == write_table(hostile_table(), tmp_path / f"b{suffix.upper()}").read_bytes()
    assert first.endswith(b"\n")


def test_an_unknown_suffix_is_refused_with_a_proposal_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(FigureError, match=r"Did you mean '\.html'"):
        write_table(hostile_table(), tmp_path / "a.htm")
    with pytest.raises(FigureError, match="no folder"):
        write_table(hostile_table(), tmp_path / "none" / "a.tex")
    assert list(tmp_path.iterdir()) == []


def test_half_a_character_never_leaves_half_a_file(tmp_path: Path) -> None:
    table = Table("t", (Column("a", "A"),), (("\ud800",),))
    with pytest.raises(FigureError, match="half a character"):
        write_table(table, tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []
    assert "\ufffd" in write_table(table, tmp_path / "a.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("columns", "rows", "said"),
    [
        ((), (), "no column"),
        ((Column("a", "A"), Column("a", "B")), (), "called 'a'"),
        ((Column("a", "A", "interval"), Column("a_lower", "B", "number")), (), "called 'a_lower'"),
        ((Column("a", "A"),), (("x", "y"),), "2 cells for 1 columns"),
        ((Column("a", "A"),), ((1.0,),), "no text"),
        ((Column("a", "A", "number"),), (("x",),), "no number"),
        ((Column("a", "A", "number"),), ((True,),), "no number"),
        ((Column("a", "A", "probability"),), ((1.2,),), "between 0 and 1"),
        ((Column("a", "A", "correlation"),), ((-1.2,),), "between -1 and 1"),
        ((Column("a", "A", "count"),), ((-1,),), "between 0"),
        ((Column("a", "A", "interval"),), ((0.5,),), "no interval"),
        ((Column("a", "A", "interval"),), (((0.5, 0.1),),), "above the upper"),
    ],
)
def test_a_malformed_table_is_refused_by_name(columns: tuple[Column, ...], rows: tuple[object, ...], said: str) -> None:
    with pytest.raises(FigureError, match=said):
        Table("t", columns, rows)  # type: ignore[arg-type]


def test_unknown_kinds_sizes_and_places_are_refused_with_a_proposal() -> None:
    with pytest.raises(FigureError, match="Did you mean 'number'"):
        Column("a", "A", "nunber")  # type: ignore[arg-type]
    with pytest.raises(FigureError, match="decimals"):
        Column("a", "A", "number", -1)
    with pytest.raises(FigureError, match="empty name"):
        Column("", "A")
    with pytest.raises(FigureError, match="Did you mean 'small'"):
        LatexStyle(size="smal")  # type: ignore[arg-type]
    with pytest.raises(FigureError, match="place"):
        LatexStyle(place="}x")
