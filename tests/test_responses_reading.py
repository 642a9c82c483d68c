"""Reading and writing files of answers: round trips first, then what is detected, then real files."""

from __future__ import annotations

import gzip
import hashlib
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.errors import DataError
from causalvalues.responses import (
    AnswerStatus,
    ReadOptions,
    ResponseMatrix,
    demo_responses,
    read_responses,
    score,
    write_responses,
)
from causalvalues.responses.demo import DEMO, LABELS
from causalvalues.theories import scoring_key, theory

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8).filter(
    lambda text: text == text.strip() and "\ufeff" not in text
)
NUMBER = st.floats(-1e9, 1e9, allow_nan=False)
ODD_NAMES = ('say "hi"', "<script>alert(1)</script>", "a\nb", "50%", "a;b,c", "model", "lever:x", "self direction")


@st.composite
def matrices(draw: st.DrawFn) -> ResponseMatrix:
    names = draw(st.lists(TEXT, min_size=1, max_size=4, unique=True))
    units = draw(st.lists(TEXT, min_size=1, max_size=5, unique=True))
    n, p = len(units), len(names)
    scores = [draw(st.lists(NUMBER, min_size=p, max_size=p)) for _ in units]
    status = [draw(st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 4]), min_size=p, max_size=p)) for _ in units]
    return ResponseMatrix(
        names=tuple(names),
        scores=np.array(scores),
        status=np.array(status),
        unit_ids=tuple(units),
        labels={"country": draw(st.lists(TEXT | st.just(""), min_size=n, max_size=n)), "wave": ["7"] * n},
        weights=np.array(draw(st.lists(st.floats(0, 10), min_size=n, max_size=n))),
        levers=("do it",),
        doses=np.array(draw(st.lists(st.floats(-2, 2), min_size=n, max_size=n))).reshape(n, 1),
    )


def same(one: ResponseMatrix, two: ResponseMatrix) -> None:
    assert (one.names, one.unit_ids, one.labels, one.levers) == (two.names, two.unit_ids, two.labels, two.levers)
    for field in ("scores", "status", "weights", "doses"):
        np.testing.assert_array_equal(getattr(one, field), getattr(two, field))


def csv(folder: Path, text: str, name: str = "answers.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


@settings(max_examples=40, deadline=None)
@given(matrices())
def test_wide_to_long_to_wide_gives_the_same_matrix(matrix: ResponseMatrix) -> None:
    options = ReadOptions(columns=matrix.names, decimal=".")
    with tempfile.TemporaryDirectory() as folder:
        wide = read_responses(write_responses(matrix, Path(folder) / "a.tsv"), replace(options, layout="wide"))
        same(wide, matrix)
        long = read_responses(write_responses(wide, Path(folder) / "b.tsv", "long"), replace(options, layout="long"))
        same(long, matrix)


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet"])
@pytest.mark.parametrize("layout", ["wide", "long"])
def test_the_demo_answers_survive_every_kind_of_file(tmp_path: Path, ending: str, layout: str) -> None:
    demo = demo_responses()
    path = write_responses(demo, tmp_path / f"demo{ending}", layout)
    same(read_responses(path, ReadOptions(key="smollm2-demo")), demo)
    first = path.read_bytes()
    assert write_responses(demo, path, layout).read_bytes() == first
    assert [other.name for other in tmp_path.iterdir()] == [path.name]


def test_names_of_any_characters_survive(tmp_path: Path) -> None:
    odd = ResponseMatrix(ODD_NAMES, np.arange(16.0).reshape(2, 8), ('u"1', "<u2>"), labels={"a,b": ("\n", "None")})
    for layout, ending in (("wide", ".csv"), ("long", ".csv"), ("wide", ".parquet")):
        path = write_responses(odd, tmp_path / f"odd{ending}", layout)
        read = read_responses(path, ReadOptions(layout=layout, columns=ODD_NAMES))
        same(read, odd)
        assert "\n" not in read.notes[0]


def test_the_order_of_the_columns_in_the_file_does_not_change_a_score(tmp_path: Path) -> None:
    frame = pd.read_csv(DEMO / "answers.csv.gz", keep_default_na=False, dtype=str)
    frame.iloc[:, ::-1].to_csv(tmp_path / "turned.csv", index=False)
    options = ReadOptions(key="smollm2-demo", cluster_by="persona_id", labels=LABELS, measures="salience")
    turned = read_responses(tmp_path / "turned.csv", options)
    key = scoring_key("smollm2-demo")
    same(score(turned, key), score(demo_responses(), key))


def test_the_demo_answers_carry_their_design() -> None:
    demo = demo_responses()
    assert (len(demo), len(demo.names), demo.lost) == (3435, 60, 0)
    assert len(set(demo.unit_ids)) == 3435
    assert demo.cluster_by == "persona_id"
    assert len(set(demo.clusters or ())) == 300
    assert demo.levers == tuple(sorted(f"do_{value}" for value in theory("schwartz-10").dimensions))
    on = pd.Series((demo.doses != 0).sum(axis=1)).groupby(list(demo.labels["persona_id"])).agg(list)
    assert {rows.count(0) for rows in on} == {1}
    assert ({rows.count(1) for rows in on}, {rows.count(2) for rows in on}) == ({3, 4}, {6, 7, 8})
    assert demo.measures == "salience"
    assert (DEMO / "SOURCE.txt").is_file()


def test_the_demo_has_a_test_set_of_other_personas_and_other_pairs() -> None:
    demo, test = demo_responses(), demo_responses("held_out")
    assert not set(demo.labels["persona_id"]) & set(test.labels["persona_id"])
    assert len(set(test.labels["persona_id"])) == 40

    def pairs(matrix: ResponseMatrix) -> set[tuple[bool, ...]]:
        return {tuple(row) for row in matrix.doses != 0 if row.sum() == 2}

    assert (len(pairs(demo)), len(pairs(test) - pairs(demo))) == (36, 9)


def test_the_demo_has_forced_answers_with_neutral_controls_and_leaves_out_what_was_said() -> None:
    forced = demo_responses("forced")
    values = theory("schwartz-10").dimensions
    assert (len(forced), len(set(forced.labels["persona_id"]))) == (1560, 40)
    assert {"neutral", *values} <= set(forced.labels["forced"])
    said = [set(text.split()) for text in forced.labels["forced_items"]]
    lost = np.isnan(forced.scores)
    assert [{name for name, gone in zip(forced.names, row, strict=True) if gone} for row in lost] == said
    with pytest.raises(DataError, match="Did you mean 'forced'"):
        demo_responses("force")  # type: ignore[arg-type]


def test_text_such_as_none_stays_text_in_labels_and_an_empty_cell_is_missing(tmp_path: Path) -> None:
    path = csv(tmp_path, "model,persona_id,power,security\nNone,NA,1,2\nnan,null,,3\n")
    read = read_responses(path)
    assert read.labels == {"model": ("None", "nan"), "persona_id": ("NA", "null")}
    assert read.status.tolist() == [[0, 0], [AnswerStatus.MISSING, 0]]


def test_words_in_cells_say_what_became_of_an_answer(tmp_path: Path) -> None:
    path = csv(tmp_path, "power,security\n1,refusal\nparse error,2\n3,API_ERROR\nNA,missing\n")
    read = read_responses(path, ReadOptions(missing_text=["NA"]))
    ok, lost = AnswerStatus.OK, AnswerStatus
    assert read.status.tolist() == [[ok, lost.REFUSAL], [lost.PARSE_ERROR, ok], [ok, lost.API_ERROR], [1, 1]]


def test_a_long_file_keeps_the_status_of_every_lost_answer(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "unit_id,dimension,response,status,model\n"
        "u1,PO,3,ok,m\nu1,Security,I refuse,refusal,m\nu2,po,??,parse_error,m\nu2,SE,,ok,m\nu3,PO,9,api_error,m\n",
    )
    read = read_responses(path)
    assert read.names == ("power", "security")
    assert read.scores[0, 0] == 3
    assert read.status.tolist() == [[0, 2], [3, 1], [4, 1]]
    assert read.labels == {"model": ("m", "m", "m")}
    assert "long" in read.notes[0]
    assert "schwartz-10" in read.notes[0]


def test_long_rows_of_one_unit_are_told_apart_by_design_factors(tmp_path: Path) -> None:
    text = "model,persona_id,repeat,lever,dose,item,response\n" + "".join(
        f"m,{persona},{repeat},{lever},{dose},q{item},{item + repeat}\n"
        for persona in (0, 1)
        for repeat in (1, 2)
        for lever, dose in (("", ""), ("push+pull", "0.5"))
        for item in (1, 2)
    )
    read = read_responses(csv(tmp_path, text), ReadOptions(cluster_by="persona_id"))
    assert len(read) == 8
    assert len(set(read.unit_ids)) == 8
    assert read.levers == ("push+pull",)
    assert sorted(set(read.doses[:, 0])) == [0.0, 0.5]
    assert set(read.clusters or ()) == {"0", "1"}
    assert read.labels["repeat"][:4] == ("1", "1", "2", "2")


def test_levers_joined_by_plus_are_a_combination_at_dose_one(tmp_path: Path) -> None:
    read = read_responses(csv(tmp_path, "levers,power,security\n,1,2\nb,1,2\na+b,1,2\n"))
    assert read.levers == ("a", "b")
    assert read.doses.tolist() == [[0, 0], [0, 1], [1, 1]]
    assert read.cells == ((), ("b",), ("a", "b"))


def test_a_key_decides_which_columns_are_answers_and_what_they_are_called(tmp_path: Path) -> None:
    path = csv(tmp_path, "idno,agea,ipcrtiv,imprich,cntry,trust\n1,50,1,77,AT,9\n2,30,66,2,BE,8\n3,31,5,2,BE,8\n")
    read = read_responses(path, ReadOptions(key="pvq-21", labels=["idno"], group_by="cntry"))
    assert read.names == ("pvq21_1", "pvq21_2")
    assert read.status.tolist() == [[0, AnswerStatus.REFUSAL], [AnswerStatus.MISSING, 0], [0, 0]]
    assert read.labels == {"idno": ("1", "2", "3"), "cntry": ("AT", "BE", "BE")}
    assert "left out agea, trust" in read.notes[0]


def test_names_of_a_theory_are_spelled_as_there_and_others_stay(tmp_path: Path) -> None:
    assert read_responses(csv(tmp_path, "SD,Power\n1,2\n")).names == ("self_direction", "power")
    assert read_responses(csv(tmp_path, "SD,Other\n1,2\n")).names == ("SD", "Other")
    assert read_responses(csv(tmp_path, "PDI,ivr\n1,2\n")).names == ("power_distance", "indulgence")
    read = read_responses(csv(tmp_path, "SD,Power,age\n1,2,50\n"), ReadOptions(theory="schwartz-10"))
    assert read.names == ("self_direction", "power")


def test_columns_can_be_asked_for_by_name_or_pattern(tmp_path: Path) -> None:
    path = csv(tmp_path, "q1,q2,age,country,model\n1,2,50,AT,3\n2,3,60,BE,4\n")
    assert read_responses(path, ReadOptions(columns=["q*"])).names == ("q1", "q2")
    assert read_responses(path, ReadOptions(columns=["age", "q2"])).names == ("q2", "age")
    assert read_responses(path, ReadOptions(columns=["*"])).names == ("q1", "q2", "age")
    assert read_responses(path, ReadOptions(drop=["age"])).labels == {"model": ("3", "4"), "country": ("AT", "BE")}


@pytest.mark.parametrize(
    "text", [";power;security\n1;1,5;2,25\n2;3,0;4,125\n", "power\tsecurity\n1,5\t2,25\n3\t4,125\n"]
)
def test_decimal_commas_and_other_separators_are_found(tmp_path: Path, text: str) -> None:
    assert read_responses(csv(tmp_path, text)).scores.tolist() == [[1.5, 2.25], [3.0, 4.125]]


def test_a_byte_order_mark_and_a_row_number_column_are_understood(tmp_path: Path) -> None:
    plain = read_responses(csv(tmp_path, "power,security\n1,2\n3,4\n"))
    for text in (
        "\ufeffpower,security\n1,2\n3,4\n",
        "Unnamed: 0,power,security\n0,1,2\n1,3,4\n",
        '"",power,security\n"1",1,2\n"2",3,4\n',
        "power,security,\n1,2,\n3,4,\n",
        "power,security\r\n1,2\r\n3,4\r\n",
    ):
        read = read_responses(csv(tmp_path, text))
        assert read.names == plain.names
        np.testing.assert_array_equal(read.scores, plain.scores)
    path = tmp_path / "utf16.csv"
    path.write_text("power,security\n1,2\n3,4\n", encoding="utf-16")
    np.testing.assert_array_equal(read_responses(path, ReadOptions(encoding="utf-16")).scores, plain.scores)


def test_an_unnamed_first_column_of_different_texts_is_the_unit(tmp_path: Path) -> None:
    assert read_responses(csv(tmp_path, ",power,security\nAnn,1,2\nBob,3,4\n")).unit_ids == ("Ann", "Bob")


def test_a_pandas_index_in_parquet_is_left_out(tmp_path: Path) -> None:
    frame = pd.DataFrame({"power": [1, 2, 3], "security": [1.5, np.nan, 2], "model": ["None", "a", "b"]})
    frame[frame.power != 0].to_parquet(tmp_path / "a.parquet")
    frame.loc[[2, 0, 1]].to_parquet(tmp_path / "b.parquet", index=False)
    read = read_responses(tmp_path / "a.parquet")
    assert read.names == ("power", "security")
    assert read.labels == {"model": ("None", "a", "b")}
    assert read.status.tolist() == [[0, 0], [0, 1], [0, 0]]
    assert read_responses(tmp_path / "b.parquet").column("power").tolist() == [3, 1, 2]


def test_gzip_is_seen_by_content_not_by_name(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_bytes(gzip.compress(b"power,security\n1,2\n"))
    assert read_responses(path).scores.tolist() == [[1, 2]]


def test_response_and_score_that_say_the_same_need_no_choice(tmp_path: Path) -> None:
    text = "unit_id,item,response,score\nu,a,1,1\nu,b,2,{}\n"
    assert read_responses(csv(tmp_path, text.format(2))).scores.tolist() == [[1, 2]]
    turned = csv(tmp_path, text.format(5))
    assert read_responses(turned, ReadOptions(answer="response")).scores.tolist() == [[1, 2]]
    assert read_responses(turned, ReadOptions(answer="score")).scores.tolist() == [[1, 5]]
    words = csv(tmp_path, "unit_id,item,response,score\nu,a,yes,1\nu,b,no,2\n")
    assert read_responses(words).scores.tolist() == [[1, 2]]


def test_repeated_units_need_a_cluster_and_get_ids_of_their_own(tmp_path: Path) -> None:
    path = csv(tmp_path, "unit_id,power,security\nu,1,2\nu,3,4\nv,5,6\n")
    read = read_responses(path, ReadOptions(cluster_by="unit_id"))
    assert read.clusters == ("u", "u", "v")
    assert len(set(read.unit_ids)) == 3


def test_weights_are_read_and_labels_may_change_within_no_unit(tmp_path: Path) -> None:
    wide = read_responses(csv(tmp_path, "unit_id,weight,power,security\nu,0.5,1,2\nv,2,3,4\n"))
    assert wide.weights.tolist() == [0.5, 2.0]
    long = csv(tmp_path, "unit_id,weight,item,response,time,country\nu,2,a,1,t1,AT\nu,2,b,3,t2,AT\n")
    read = read_responses(long)
    assert read.weights.tolist() == [2.0]
    assert read.labels == {"country": ("AT",)}
    assert "left out time" in read.notes[0]


def test_planned_gaps_in_a_long_file_are_missing_answers(tmp_path: Path) -> None:
    read = read_responses(csv(tmp_path, "unit_id,item,response\nu,a,1\nv,b,2\n"))
    assert read.status.tolist() == [[0, 1], [1, 0]]


def test_a_file_is_read_without_being_changed(tmp_path: Path) -> None:
    path = write_responses(demo_responses(), tmp_path / "demo.csv")
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    read_responses(path, ReadOptions(key="smollm2-demo"))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


@pytest.mark.shared
def test_real_files_are_read_or_refused_with_both_readings(shared_data: Path) -> None:
    ten = theory("schwartz-10").dimensions
    countries = read_responses(shared_data / "llm_value_injection" / "country_and_group.csv")
    assert set(countries.names) == set(ten)
    assert "Country" in countries.labels
    forced = shared_data / "smollm2_forced" / "forced.csv.gz"
    assert len(read_responses(forced, ReadOptions(labels=["persona", "k"])).names) == 40
    with pytest.raises(DataError, match=r'key="pvq-21"'):
        read_responses(shared_data / "ess11_pvq21" / "ess11_pvq21_13countries.csv.gz")
    with pytest.raises(DataError, match="steer_dim"):
        read_responses(shared_data / "value_causal_graph_llm" / "gemma2b_17dims_test_steer25.csv.gz")
    ratings = shared_data / "value_portrait" / "human_item_ratings_long.csv.gz"
    with pytest.raises(DataError, match="portrait_id"):
        read_responses(ratings)
    holes = read_responses(shared_data / "causal_learn_testdata" / "mar_mv_10_5.parquet")
    assert (len(holes), holes.lost) == (10_000, 43_028)


def test_items_of_a_key_that_ships_are_recognised_and_the_key_is_recommended(tmp_path: Path) -> None:
    names = [f"{code}{i}" for code in ("po", "he", "st") for i in (1, 2, 3)]
    names += [f"{code}{i}" for code in ("sd", "ac", "co", "tr", "be", "se") for i in (1, 2, 3, 4)] + ["un1", "un2"]
    path = csv(tmp_path, f"{','.join(names)}\n{','.join('3' for _ in names)}\n")
    assert 'read them with key="pvq-40"' in read_responses(path).notes[0]
    assert "key=" not in read_responses(path, ReadOptions(key=scoring_key("pvq-40").subset(names))).notes[0]


def test_a_dose_that_the_levers_column_names_is_a_dose_and_no_lever_of_its_own(tmp_path: Path) -> None:
    rows = [
        "unit_id,levers,a,b",
        "u1,,1,2",
        "u2,calm,2,3",
        "u3,calm=0.5+bold=2,3,1",
        "u4,mode=fast,1,1",
        "u5,calm=-1,2,2",
    ]
    (tmp_path / "answers.csv").write_text("\n".join(rows))
    found = read_responses(tmp_path / "answers.csv")
    assert found.levers == ("bold", "calm", "mode=fast")
    assert found.doses.tolist() == [[0, 0, 0], [0, 1, 0], [2, 0.5, 0], [0, 0, 1], [0, -1, 0]]
    (tmp_path / "twice.csv").write_text("\n".join([*rows[:2], "u2,calm+calm=0.5,2,3"]))
    with pytest.raises(DataError, match="no list of different levers"):
        read_responses(tmp_path / "twice.csv")


def test_doses_in_the_levers_column_are_numbers_as_in_the_rest_of_the_table(tmp_path: Path) -> None:
    rows = "unit_id;levers;a;b\nu1;calm=0,5;1,5;2\nu2;calm=-,25+bold=1e1;2;3\nu3;calm=2.5;2;3\n"
    found = read_responses(csv(tmp_path, rows))
    assert found.levers == ("bold", "calm")
    assert found.doses.tolist() == [[0, 0.5], [10, -0.25], [0, 2.5]]
    whole = read_responses(csv(tmp_path, "unit_id;levers;a;b\nu1;calm=0,5+bold;1;2\nu2;;2;3\n", "whole.csv"))
    assert (whole.levers, whole.doses.tolist()) == (("bold", "calm"), [[1, 0.5], [0, 0]])
    quoted = csv(tmp_path, 'unit_id,levers,a,b\nu1,"calm=0,5",1,2\nu2,,2,3\n', "quoted.csv")
    assert read_responses(quoted, ReadOptions(decimal=",")).doses.tolist() == [[0.5], [0]]


def test_words_behind_the_sign_stay_part_of_the_name_of_a_lever(tmp_path: Path) -> None:
    words = ["mode=fast", "by=gpt-4", "as=x_1", "to=Nancy", "to=Infante"]
    rows = [f"u{i},{word},1,2" for i, word in enumerate(words)]
    found = read_responses(csv(tmp_path, "\n".join(["unit_id,levers,a,b", *rows])))
    assert set(found.levers) == set(words)
    assert found.doses.max(1).tolist() == [1] * len(words)
