"""Bad files: each is an error that names the file, the place and the remedy."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from causalvalues.errors import CausalValuesError, DataError, KeyFileError
from causalvalues.responses import ReadOptions, ResponseMatrix, read_responses, write_responses

GOOD = "unit_id,power,security\nu,1,2\nv,3,4\n"
LONG = "unit_id,item,response\nu,a,1\nu,b,2\nv,a,3\nv,b,4\n"


def refused(path: Path, *says: str, options: ReadOptions | None = None) -> str:
    """Return the message of the error that reading raises, after checking what it says; it always names the file."""
    with pytest.raises(CausalValuesError) as caught:
        read_responses(path, options)
    message = str(caught.value)
    for part in (path.name, *says):
        assert part in message, message
    assert isinstance(caught.value, DataError)
    assert caught.value.__cause__ is None
    return message


@pytest.fixture
def file(tmp_path: Path):
    def make(text: str | bytes, name: str = "answers.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return make


@pytest.mark.parametrize("content", [b"", b"\n\n", b"  \r\n", gzip.compress(b"", mtime=0)])
def test_an_empty_file(file, content: bytes) -> None:
    refused(file(content), "is empty", "header")


def test_a_header_without_rows(file) -> None:
    refused(file("power,security\n"), "no rows", "2 columns")
    frame = pd.DataFrame({"power": [1.0]})
    path = file("", "answers.parquet")
    frame[frame.power > 1].to_parquet(path, index=False)
    refused(path, "no rows")


def test_a_missing_file_names_its_neighbours_and_a_folder_is_named(file, tmp_path: Path) -> None:
    file(GOOD)
    refused(tmp_path / "answer.csv", "no file", "answers.csv")
    refused(tmp_path, "is a folder")


def test_a_damaged_file(file) -> None:
    refused(file(gzip.compress(GOOD.encode())[:-9], "answers.csv.gz"), "cannot be read")
    refused(file(b"PAR1 this is no parquet", "answers.parquet"), "damaged")
    refused(file(b"PK\x03\x04rest", "answers.xlsx"), "Excel", "CSV")


def test_a_ragged_file_names_the_rows_and_how_many_cells_they_have(file) -> None:
    text = "power,security\n1,2\n1\n3,4\n5,6,7\n"
    refused(file(text), "ragged", "header has 2 cells", "row 3 (1 cells)", "row 5 (3 cells)")


def test_an_unclosed_quotation_mark(file) -> None:
    refused(file('power,security\n"1,2\n3,4\n'), "cells")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("power,país\n1,2\n".encode("latin-1"), ("not utf-8", "row 1", "0xed", 'encoding="cp1252"')),
        ("model,power\nm,1\nü,2\n".encode("cp1252"), ("row 3", "0xfc")),
        (GOOD.encode("utf-16"), ("UTF-16", 'encoding="utf-16"')),
        (GOOD.encode("utf-16-le"), ("NUL", "row 1")),
    ],
)
def test_another_encoding_names_the_row_and_how_to_read_it(file, content: bytes, says: tuple[str, ...]) -> None:
    refused(file(content), *says)


def test_an_encoding_that_does_not_exist(file) -> None:
    with pytest.raises(DataError, match="no encoding 'utf-9'"):
        read_responses(file(GOOD), ReadOptions(encoding="utf-9"))


def test_ten_thousand_columns_are_read(file) -> None:
    header = ",".join(f"column {i}" for i in range(10_000))
    row = ",".join(str(i % 7) for i in range(10_000))
    read = read_responses(file(f"{header}\n{row}\n{row}\n"))
    assert len(read.names) == 10_000
    assert len(read.notes[0]) < 400
    refused(file(f"{header}\n{row}\n{row},1\n"), "ragged", "row 3")
    refused(file(f"{header},column 7\n{row},1\n"), "'column 7'", "8, 10001")


def test_a_column_of_infinities_names_the_column_and_the_rows(file) -> None:
    refused(
        file("power,security\n1,inf\n2,-Infinity\n3,inf\n"), "'security' is infinite in 3 of 3 rows", "2, 3, 4", "drop"
    )
    refused(file("power,security\n1,1\n2,1e999\n"), "'security' is infinite in 1 of 2 rows", "rows 3")
    path = file("", "answers.parquet")
    pd.DataFrame({"power": [1.0, np.inf]}).to_parquet(path, index=False)
    refused(path, "'power' is infinite", "rows 2")


def test_text_in_a_column_of_numbers_names_the_rows(file) -> None:
    text = "power,security\n1,2\n2,high\n3,NA\n4,5\n5,6\n"
    refused(file(text), "'security'", "2 of 5 rows", "'high', 'NA'", "rows 3, 4", "missing_text")
    refused(file("unit_id,item,response\nu,a,1\nu,b,I agree\nv,a,2\n"), "'response'", "'I agree'", "rows 3")
    refused(file("power,security\na,1\nb,2\n"), "'power'", "rows 2, 3", options=ReadOptions(theory="schwartz-10"))


def test_numbers_that_only_python_would_read_are_text(file) -> None:
    refused(file("power,security\n1,1_000\n2,2\n3,nan\n4,4\n"), "'1_000', 'nan'", "rows 2, 4")


def test_unknown_names_ask_what_was_meant(file) -> None:
    path = file("self_directon,power\n1,2\n")
    refused(path, "'self_directon'", "Did you mean 'self_direction'", options=ReadOptions(theory="schwartz-10"))
    path = file("unit_id,dimension,score\nu,Powr,1\nu,security,2\n")
    refused(path, "'Powr'", "Did you mean 'power'", options=ReadOptions(theory="schwartz-10"))
    refused(file(GOOD), "no answers called 'powr'", "Did you mean 'power'", options=ReadOptions(columns=["powr"]))
    refused(file(GOOD), "no column 'unit'", "unit_id", options=ReadOptions(unit="unit"))
    refused(file(GOOD), "no column 'securty' to drop", "'security'", options=ReadOptions(drop=["securty"]))
    refused(file(GOOD), "no column 'county'", options=ReadOptions(cluster_by="county"))
    refused(file("x,y\n1,2\n"), "none of 'x', 'y'", "pvq-21", options=ReadOptions(key="pvq-21"))
    with pytest.raises(KeyFileError, match="Did you mean 'pvq-21'"):
        read_responses(file(GOOD), ReadOptions(key="pvq_21"))


def test_a_name_that_stands_twice_in_the_header(file) -> None:
    refused(file("power,security,power\n1,2,3\n"), "'power' stands 2 times", "columns 1, 3")
    refused(file("power, power \n1,2\n"), "'power' stands 2 times")
    refused(file("PO,power\n1,2\n"), "'PO' and 'power' are both 'power'")
    refused(file("power,,security\n1,2,3\n5,6,7\n"), "column 2 has no name")


def test_an_answer_that_is_there_twice_in_a_long_file_names_both_rows(file) -> None:
    refused(file(LONG + "u,b,9\n"), "1 answers are there twice", "'b'", "rows 3, 6", "repeat")


def test_a_unit_that_stands_twice_in_a_wide_file_names_its_rows(file) -> None:
    refused(file(GOOD + "u,5,6\n"), "'u'", "rows (2, 4)", 'cluster_by="unit_id"')


def test_an_item_outside_its_scale_is_missing_with_a_note_and_a_wrong_scale_is_refused(file) -> None:
    key = ReadOptions(key="pvq-21")
    read = read_responses(file("ipcrtiv,imprich\n1,2\n2,3\n7,4\n"), key)
    assert read.status.tolist() == [[0, 0], [0, 0], [1, 0]]
    assert "7 (1 times) outside the scale 1 to 6" in read.notes[1]
    assert "pvq21_1 of unit '3'" in read.notes[1]
    refused(
        file("ipcrtiv,imprich\n10,2\n70,3\n3,4\n"), "'pvq21_1'", "2 of 3", "units '1', '2'", "with_range", options=key
    )


def test_a_file_that_can_be_read_as_wide_and_as_long_prints_both_readings(file) -> None:
    path = file("unit_id,item,score,a,b,c\nu,x,1,1,2,3\nu,y,2,1,2,3\n")
    refused(path, "two ways", "(1) long", 'layout="long"', "(2) wide", "a, b, c", 'layout="wide"')
    assert read_responses(path, ReadOptions(layout="long")).names == ("x", "y")


def test_columns_on_another_scale_are_shown_as_the_other_reading(file) -> None:
    path = file("q1,q2,q3,age\n1,2,3,20\n2,6,1,70\n6,1,2,33\n")
    refused(path, "two ways", "(1) 3 columns", "age", "drop=['age']", "(2) all 4", 'columns=["*"]')
    assert read_responses(path, ReadOptions(columns=["*"])).names == ("q1", "q2", "q3", "age")


def test_dimensions_beside_other_numbers_are_shown_as_two_readings(file) -> None:
    header = "self_direction,stimulation,hedonism,achievement,power,income"
    refused(file(f"{header}\n1,2,3,4,5,6\n"), "two ways", 'theory="schwartz-10"', "income", 'columns=["*"]')


def test_separators_and_decimal_signs_that_leave_two_readings(file) -> None:
    refused(file("a,b;c\n1,2;3\n"), "separator ','", "separator ';'", 'separator=";"')
    assert read_responses(file("a,b;c\n1,2;3\n"), ReadOptions(separator=",", columns=["a"])).names == ("a",)
    refused(file("power;security\n1,500;2,500\n"), "'1,500'", "1.500", "1500", 'decimal=","')
    read = read_responses(file("power;security\n1,500;2,500\n"), ReadOptions(decimal=","))
    assert read.scores.tolist() == [[1.5, 2.5]]


def test_two_columns_of_answers_or_levers_that_differ(file) -> None:
    path = file("unit_id,item,response,score\nu,a,1,6\nu,b,2,2\n")
    refused(path, "differ in 1 rows (2)", 'answer="response"', 'answer="score"')
    refused(file("levers,lever,power,security\na,b,1,2\n"), "'levers'", "'lever'", "drop")
    refused(file("dose,power,security\n1,1,2\n"), "'dose'", "'lever'")
    refused(file("levers,power,security\na+a,1,2\n"), "'a+a'", "rows 2")
    refused(file("levers,lever:a,power,security\na,1,1,2\n"), "'a'")
    refused(file("lever,dose,power,security\na,much,1,2\n"), "'dose'", "rows 2")


def test_a_status_that_is_none_asks_what_was_meant(file) -> None:
    path = file("unit_id,item,response,status\nu,a,1,ok\nu,b,,refussal\n")
    refused(path, "'refussal' in rows 3", "Did you mean 'refusal'")


def test_weights_must_be_numbers_of_zero_or_more_and_one_a_unit(file) -> None:
    refused(file("weight,power,security\n1,1,2\n-1,3,4\n,5,6\n"), "'weight'", "rows 3, 4")
    refused(file("unit_id,weight,item,response\nu,1,a,1\nu,2,b,1\n"), "weight of unit 'u'", "(3)")


def test_a_long_file_without_units_or_with_empty_items(file) -> None:
    refused(file("item,response\na,1\nb,2\n"), "unit_id")
    refused(file("unit_id,item,response\nu,,1\nu,b,2\n"), "'item' is empty in rows 2")
    refused(file(GOOD), "no column item or dimension", options=ReadOptions(layout="long"))


def test_a_label_that_changes_within_a_unit_is_refused_only_when_it_was_asked_for(file) -> None:
    path = file("unit_id,item,response,day\nu,a,1,mon\nu,b,2,tue\n")
    refused(path, "'day' changes within a unit (rows 3)", options=ReadOptions(cluster_by="day"))
    assert read_responses(path).labels == {}


def test_a_file_without_numbers_says_what_its_columns_are(file) -> None:
    refused(file("name,mood\nAnn,good\nBob,bad\n"), "name, mood", "columns=[...]")


def test_names_that_could_break_a_page_stay_names_in_messages(file) -> None:
    refused(file('"<script>","say ""hi"""\n1,1\n2,x\n3,2\n'), "'say \"hi\"'", "rows 3")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"layout": "tall"}, "detect, wide, long"),
        ({"columns": "power"}, 'columns=["power"]'),
        ({"key": "pvq-21", "theory": "schwartz-10"}, "not both"),
        ({"decimal": ";"}, "decimal sign"),
        ({"separator": ", "}, "one character"),
        ({"measures": "truth"}, "salience"),
    ],
)
def test_options_without_meaning_are_refused(settings: dict[str, str], says: str) -> None:
    with pytest.raises(DataError) as caught:
        ReadOptions(**settings)
    assert says in str(caught.value)


def test_writing_names_endings_layouts_and_units_that_cannot_be_written(tmp_path: Path) -> None:
    matrix = ResponseMatrix(("a",), [[1.0], [2.0]], ("u", "v"))
    with pytest.raises(DataError, match=r"\.parquet"):
        write_responses(matrix, tmp_path / "answers.xls")
    with pytest.raises(DataError, match="wide or long"):
        write_responses(matrix, tmp_path / "answers.csv", "tall")
    with pytest.raises(DataError, match="unit id"):
        write_responses(ResponseMatrix(("a",), [[1.0], [2.0]], ("u", "u")), tmp_path / "answers.csv")
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="cannot be written"):
        write_responses(matrix, tmp_path / "file" / "answers.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("cell", ["1,5", "-0.3%", "True", "n/a"])
def test_a_column_that_is_partly_numbers_is_no_label_until_it_is_declared_one(file, cell: str) -> None:
    quoted = f'"{cell}"'
    other = "2" if cell == "n/a" else quoted
    path = file("a,b,c\n" + f"1,2,{quoted}\n3,4,{quoted}\n2,5,{other}\n")
    refused(path, "'c'", "rows 2, 3", cell, "missing_text", "labels=['c']", "[data] labels", "drop=['c']")
    assert read_responses(path, ReadOptions(labels=["c"])).labels["c"][0] == cell
    assert read_responses(path, ReadOptions(drop=["c"])).names == ("a", "b")
    assert read_responses(path, ReadOptions(columns=["a", "b"])).names == ("a", "b")
    refused(path, "'c'", options=ReadOptions(columns=["*"]))


def test_an_empty_column_is_refused_and_labels_of_words_pass(file) -> None:
    refused(file("a,b,c\n1,2,\n3,4,\n"), "'c'", "empty in all 2 rows", "drop=['c']")
    matrix = read_responses(
        file("a,b,name,age,prompt_id,odd_id\n1,2,Ann,18-24,7,7b\n3,4,Bo,65+,8,8b\n5,7,Cy,65+,9,9\n")
    )
    assert matrix.names == ("a", "b")
    assert set(matrix.labels) == {"name", "age", "prompt_id", "odd_id"}


def test_nested_and_repeated_parquet_columns_are_named(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    number = pa.array([1.0, 2.0])
    for i, cells in enumerate([pa.array([[1], [2]]), pa.array([{"x": 1}, {"x": 2}])]):
        path = tmp_path / f"nested{i}.parquet"
        parquet.write_table(pa.table({"a": number, "extra": cells}), path)
        refused(path, "'extra'", "nested")
        assert read_responses(path, ReadOptions(drop=["extra"])).names == ("a",)
    path = tmp_path / "twice.parquet"
    parquet.write_table(pa.Table.from_arrays([number, number], names=["a", "a"]), path)
    refused(path, "'a'", "2 times")


def test_devices_forbidden_files_and_impossible_paths_are_refused(file, monkeypatch) -> None:
    refused(Path("/dev/zero"), "device")
    with pytest.raises(DataError, match="too long"):
        read_responses("a" * 5000)
    path = file(GOOD)

    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    for method in ("read_bytes", "stat"):
        with monkeypatch.context() as patch:
            patch.setattr(Path, method, forbidden)
            refused(path, "no permission")


@pytest.mark.parametrize("separator", ["é", '"', "\n"])
def test_a_separator_must_be_one_plain_character(separator: str) -> None:
    with pytest.raises(DataError, match="one character"):
        ReadOptions(separator=separator)


def test_an_encoding_that_is_no_text_is_refused(file) -> None:
    for encoding in ("utf-8\x00", "base64", "undefined"):
        with pytest.raises(DataError, match="encoding"):
            read_responses(file(GOOD), ReadOptions(encoding=encoding))


def test_a_header_without_a_line_end_has_no_rows(file) -> None:
    refused(file("power,security"), "header (2 columns) and no rows")


def test_levers_need_names(file) -> None:
    refused(file("a,b,lever:\n1,2,0\n3,4,1\n"), "'lever:'", "no name")
    refused(file("a,b,lever\n1,2,0.25\n3,4,1\n5,6,\n"), "'lever'", "0.25", "lever:NAME")


@pytest.mark.parametrize(
    "dose", ["nan", "NaN", "-nan", "inf", "-Infinity", "1e999", "1_0", "0,5", "50%", "1 000", "\u22120.5", ""]
)
def test_what_looks_like_a_dose_and_is_none_makes_no_lever(file, dose: str) -> None:
    cell = f"calm={dose}"
    rows = f'unit_id,levers,a,b\nu,bold,1,2\nv,"{cell}",3,4\n'
    refused(file(rows), repr(cell), "'levers'", "rows 3", "a=0.5")


def test_a_dose_with_a_comma_that_may_separate_thousands_leaves_two_readings(file) -> None:
    text = "unit_id;levers;a;b\nu;calm=1,500;1;2\nv;;3;4\n"
    refused(file(text), "'1,500'", 'decimal=","')
    assert read_responses(file(text), ReadOptions(decimal=",")).doses.max() == 1.5
