"""Logs of evaluation tools: what the tools' own readers find in their own logs, and the way from a log to a matrix."""

from __future__ import annotations

import gzip
import json
import math
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer import Typer
from typer.testing import CliRunner

from causalvalues.cli.group import Commands
from causalvalues.cli.reading_logs import logs
from causalvalues.elicitation.log_records import Log, LogFields
from causalvalues.elicitation.reading_logs import read_log, write_log_table
from causalvalues.errors import DataError, ElicitationError
from causalvalues.responses import AnswerStatus, ReadOptions, read_responses, score
from causalvalues.theories import scoring_key

LOGS = Path(__file__).parent / "logs"
SCALE = LogFields(low=1, high=6)
NAN = math.nan


def cells(log: Log) -> list[tuple[object, ...]]:
    """Persona, repeat, item, response (None when lost) and status of each row."""
    return [
        (row.persona_id, row.repeat, row.item, None if math.isnan(row.response) else row.response, row.status)
        for row in log.rows
    ]


INSPECT_RATINGS = [
    ("p1", 1, "power_1", 5.0, "ok"), ("p1", 1, "security_1", 3.0, "ok"), ("p1", 1, "security_2", 6.0, "ok"),
    ("p2", 1, "power_1", 2.0, "ok"), ("p2", 1, "security_1", None, "parse_error"),
    ("p2", 1, "security_2", None, "refusal"), ("p1", 2, "power_1", None, "parse_error"),
    ("p1", 2, "security_1", None, "refusal"), ("p1", 2, "security_2", 5.0, "ok"), ("p2", 2, "power_1", 3.0, "ok"),
    ("p2", 2, "security_1", 6.0, "ok"), ("p2", 2, "security_2", None, "api_error"),
]  # fmt: skip
"""From what inspect's `read_eval_log` says: '5', 'Rating: 3', '**6**', "I'd say 2 out of 6.", '4 or 5', ..."""


def test_a_zstandard_log_of_inspect_is_read_as_inspect_reads_it() -> None:
    log = read_log(LOGS / "inspect_ratings.eval", SCALE)
    assert cells(log) == INSPECT_RATINGS
    assert {row.model for row in log.rows} == {"mockllm/model"}
    assert [row.levers for row in log.rows] == [
        () if row.persona_id == "p1" else (("do_power", 1.0),) for row in log.rows
    ]
    assert log.counts == {"ok": 7, "refusal": 2, "parse_error": 2, "api_error": 1}


def test_the_scores_are_those_of_samples_df() -> None:
    log = read_log(LOGS / "inspect_ratings.eval", LogFields(answer="score.length"))
    lengths = [1, 9, 5, 19, 6, 35, 2, None, 1, 9, 5, None]  # samples_df: 0 for the content filter, NA for the error
    assert [row[3] for row in cells(log)] == lengths


@pytest.mark.parametrize("name", ["inspect_choices.eval", "inspect_choices.json", "inspect_chunked.eval"])
def test_multiple_choice_is_read_alike_from_all_forms_of_an_inspect_log(name: str) -> None:
    log = read_log(LOGS / name)
    expected = [("p0", "power", 1.0), ("p1", "power", 3.0), ("p0", "security", 2.0), ("p1", "security", None)]
    assert [(row[0], row[2], row[3]) for row in cells(log)] == expected
    assert log.rows[3].status == "parse_error"
    assert "answer = choice" in log.notes[0]
    marks = read_log(LOGS / name, LogFields(answer="mark.choice"))
    assert [row.response for row in marks.rows] == [1.0, 0.0, 0.0, 0.0]  # inspect: C, I, I, I


def test_a_log_whose_answers_could_be_two_things_is_an_error_that_names_both() -> None:
    with pytest.raises(DataError, match=r"low=1, high=6.*score\.length"):
        read_log(LOGS / "inspect_ratings.eval")


def test_texts_that_never_parse_point_to_the_other_answers_of_the_log() -> None:
    with pytest.raises(DataError, match=r"not one of the texts is a rating.*'ANSWER: A'.*choice"):
        read_log(LOGS / "inspect_choices.eval", SCALE)


def test_generated_text_of_lm_eval_is_read_before_its_filters() -> None:
    log = read_log(LOGS / "lm_eval_text", SCALE)
    assert cells(log) == [
        ("Ann", 0, "power_1", 5.0, "ok"),
        ("Ann", 0, "security_1", 3.0, "ok"),
        ("Ben", 0, "power_1", None, "parse_error"),
        ("Ben", 0, "security_1", None, "refusal"),
    ]
    assert {row.model for row in log.rows} == {"Speaker"}  # from the results file beside it
    filtered = read_log(LOGS / "lm_eval_text", LogFields(answer="filter.first digit", low=1, high=6))
    assert [row[3] for row in cells(filtered)] == [5.0, 3.0, 4.0, None]


def test_repeats_of_lm_eval_are_rows_of_their_own() -> None:
    log = read_log(LOGS / "lm_eval_repeats", SCALE)
    assert [(row[1], row[3], row[4]) for row in cells(log)] == [
        (0, 5.0, "ok"), (1, 3.0, "ok"), (0, None, "parse_error"), (1, None, "refusal"),
        (0, 6.0, "ok"), (1, 2.0, "ok"), (0, 5.0, "ok"), (1, 3.0, "ok"),
    ]  # fmt: skip


def test_log_probabilities_of_lm_eval_give_expected_rating_and_likeliest_choice() -> None:
    log = read_log(LOGS / "lm_eval_choices")
    for row, logs_of in zip(log.rows, [(-0.5, -1.5, -2.5)] * 2 + [(-3.0, -0.25, -2.0)] * 2, strict=True):
        shares = np.exp(logs_of) / np.exp(logs_of).sum()
        assert row.response == pytest.approx(shares @ [1, 2, 3], rel=1e-12)
    likeliest = read_log(LOGS / "lm_eval_choices", LogFields(answer="choice"))
    assert [row.response for row in likeliest.rows] == [1.0, 1.0, 2.0, 2.0]


EDSL = {"power_1": (5.0, "ok"), "security_1": (2.0, "ok"), "kind": (2.0, "ok"), "tradition_1": (None, "refusal"),
        "benevolence_1": (None, "parse_error")}  # fmt: skip
"""EDSL's own table: 5, "I'd say 2 out of 6.", "Like me" (the second option), a refusal, None (9 is no option)."""


@pytest.mark.parametrize("name", ["edsl_results.json", "edsl_results.csv", "edsl_results.ep"])
def test_results_of_edsl_are_read_alike_from_all_its_files(name: str) -> None:
    found = {row[:3]: row[3:] for row in cells(read_log(LOGS / name, SCALE))}
    expected = {(who, time, item): answer for who in ("ann", "ben") for time in (0, 1) for item, answer in EDSL.items()}
    assert found == expected


@pytest.mark.parametrize("name", ["edsl_failed.json", "edsl_failed.csv"])
def test_calls_that_failed_are_kept_with_their_reason(name: str) -> None:
    log = read_log(LOGS / name, SCALE)
    assert log.counts == {"api_error": 10}


def test_without_a_scale_numbers_are_read_and_texts_are_lost_and_said_so() -> None:
    log = read_log(LOGS / "edsl_results.json")
    assert log.counts == {"ok": 8, "refusal": 4, "parse_error": 8}
    assert "only with a scale" in log.notes[1]


def write_key(folder: Path) -> Path:
    path = folder / "key.toml"
    path.write_text(
        'format = "causalvalues-key 1"\nid = "small"\nname = "Small"\ntheory = "schwartz-10"\nlow = 1\nhigh = 6\n'
        'most = "high"\nmin_answered = 1\n[items]\npower = ["power_1"]\nsecurity = ["security_1", "security_2"]\n'
    )
    return path


@pytest.mark.parametrize("ending", ["csv", "tsv", "csv.gz"])
def test_from_a_log_to_a_scored_matrix(tmp_path: Path, ending: str) -> None:
    table = write_log_table(read_log(LOGS / "inspect_ratings.eval", SCALE), tmp_path / f"answers.{ending}")
    key = scoring_key(write_key(tmp_path))
    matrix = read_responses(table, ReadOptions(key=key, cluster_by="persona_id"))
    assert matrix.names == ("power_1", "security_1", "security_2")
    assert matrix.scores.shape == (4, 3)
    assert matrix.levers == ("do_power",)
    np.testing.assert_array_equal(matrix.doses[:, 0], [0, 1, 0, 1])
    np.testing.assert_array_equal(matrix.scores, [[5, 3, 6], [2, NAN, NAN], [NAN, NAN, 5], [3, 6, NAN]])
    ok, refusal, unread, failed = (
        AnswerStatus.OK,
        AnswerStatus.REFUSAL,
        AnswerStatus.PARSE_ERROR,
        AnswerStatus.API_ERROR,
    )
    assert matrix.status.tolist() == [[ok, ok, ok], [ok, unread, refusal], [unread, refusal, ok], [ok, ok, failed]]
    assert matrix.labels["persona_id"] == ("p1", "p2", "p1", "p2")
    scored = score(matrix, key)
    np.testing.assert_allclose(scored.scores, [[5, 4.5], [2, NAN], [NAN, 5], [3, 6]])


def test_the_same_log_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = (
        write_log_table(read_log(LOGS / "inspect_ratings.eval", SCALE), tmp_path / name).read_bytes()
        for name in ("a.csv.gz", "b.csv.gz")
    )
    assert one == two
    assert one[4:8] == bytes(4)  # gzip's field for the time of writing
    assert gzip.decompress(one).startswith(b"model,persona_id,repeat,lever:do_power,item,response,status,text\n")


def test_what_a_model_said_is_never_a_formula_nor_a_second_line(tmp_path: Path) -> None:
    path = write_inspect(tmp_path, [sample("a", said='=HYPERLINK("x")\n\x00,5'), sample("b", said="3")])
    table = write_log_table(read_log(path, SCALE), tmp_path / "out.csv").read_text()
    assert "\x00" not in table
    assert len(table.splitlines()) == 3
    assert read_responses(tmp_path / "out.csv").scores.shape == (1, 2)


def sample(item: str, said: str = "5", **more: Any) -> dict[str, Any]:
    held: dict[str, Any] = {
        "id": item,
        "epoch": 1,
        "metadata": {"item": item, "persona_id": "p"},
        "output": output(said),
    }
    return held | more


def output(said: str, reason: str = "stop") -> dict[str, Any]:
    return {"completion": said, "choices": [{"message": {"content": said}, "stop_reason": reason}]}


def write_inspect(folder: Path, samples: list[dict[str, Any]], name: str = "log.json", **task: Any) -> Path:
    path = folder / name
    about = {"model": "m", "task": "t"} | task
    path.write_text(json.dumps({"version": 2, "status": "success", "eval": about, "samples": samples}))
    return path


PARTS = [{"type": "reasoning", "text": "1"}, {"type": "text", "text": "4"}]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"error": {"message": "x"}}, "api_error"),
        ({"output": output("", "content_filter")}, "refusal"),
        ({"output": output("")}, "missing"),
        ({"output": {"choices": []}}, "missing"),
        ({"output": {"choices": [], "error": "quota"}}, "api_error"),
        ({"invalidation": {"reason": "x"}}, "missing"),
        ({"output": {"choices": [{"message": {"content": PARTS}}]}}, "ok"),
        ({"output": output("attachment://abc"), "attachments": {"abc": "Rating: 4"}}, "ok"),
        ({"output": output("I'm sorry, but I can't do that.")}, "refusal"),
        ({"output": output("dunno")}, "parse_error"),
    ],
)  # fmt: skip
def test_every_way_of_losing_an_answer_has_its_status(tmp_path: Path, more: dict[str, Any], status: str) -> None:
    log = read_log(write_inspect(tmp_path, [sample("a") | more, sample("b")]), SCALE)
    assert [row.status for row in log.rows] == [status, "ok"]
    assert log.rows[0].response == 4 if status == "ok" else math.isnan(log.rows[0].response)


def test_epochs_that_never_ran_are_missing_rows(tmp_path: Path) -> None:
    samples = [sample("a"), sample("b"), sample("a") | {"epoch": 2}]
    path = write_inspect(tmp_path, samples, config={"epochs": 2}, dataset={"samples": 3})
    log = read_log(path, SCALE)
    assert [(row.item, row.repeat, row.status) for row in log.rows] == [
        ("a", 1, "ok"), ("b", 1, "ok"), ("a", 2, "ok"), ("b", 2, "missing"),
    ]  # fmt: skip
    assert any("2 of 6 samples are not in the log" in note for note in log.notes)


@pytest.mark.parametrize(
    ("levers", "expected"),
    [
        ("a+b", (("a", 1.0), ("b", 1.0))),
        ("a=2+b", (("a", 2.0), ("b", 1.0))),
        (["b", "a"], (("a", 1.0), ("b", 1.0))),
        ({"a": 0.5, "b": 0}, (("a", 0.5),)),
        ("none", ()),
        ("", ()),
        (None, ()),
    ],
)
def test_levers_are_read_in_the_ways_in_which_people_write_them(tmp_path: Path, levers: Any, expected: object) -> None:
    metadata = {"item": "a", "persona_id": "p", "levers": levers}
    log = read_log(write_inspect(tmp_path, [sample("a", metadata=metadata)]), SCALE)
    assert log.rows[0].levers == expected


def test_one_lever_may_stand_beside_its_dose(tmp_path: Path) -> None:
    metadata = {"item": "a", "persona_id": "p", "lever": "push", "dose": 0.25}
    log = read_log(write_inspect(tmp_path, [sample("a", metadata=metadata)]), SCALE)
    assert log.rows[0].levers == (("push", 0.25),)


def test_parts_of_an_id_and_task_arguments_can_be_named(tmp_path: Path) -> None:
    samples = [{"id": f"{who}/{item}", "epoch": 1, "output": output("2")} for who in "xy" for item in ("power", "care")]
    path = write_inspect(tmp_path, samples, task_args={"template": "short"})
    log = read_log(path, LogFields(item="id.2", persona="id.1", low=1, high=6))
    assert [(row.persona_id, row.prompt_id, row.item) for row in log.rows] == [
        ("x", "short", "power"), ("x", "short", "care"), ("y", "short", "power"), ("y", "short", "care"),
    ]  # fmt: skip


def test_ids_that_belong_to_one_persona_each_are_no_items(tmp_path: Path) -> None:
    samples = [{"id": i, "epoch": 1, "metadata": {"persona": i}, "output": output("2")} for i in range(3)]
    with pytest.raises(DataError, match="which field is the item"):
        read_log(write_inspect(tmp_path, samples), SCALE)


def test_two_answers_that_cannot_be_told_apart_name_what_would_tell_them(tmp_path: Path) -> None:
    both = [
        sample("a") | {"id": f"a{i}", "metadata": {"item": "a", "persona_id": "p", "tone": f"t{i}"}} for i in (1, 2)
    ]
    path = write_inspect(tmp_path, both)
    with pytest.raises(DataError, match=r"differ in metadata\.tone"):
        read_log(path, SCALE)
    told = read_log(path, LogFields(prompt="tone", low=1, high=6))
    assert [row.prompt_id for row in told.rows] == ["t1", "t2"]


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"item": "itme"}, r"no field 'itme' \(item\).*Did you mean"),
        ({"persona": "nobody"}, r"no field 'nobody'"),
        ({"answer": "txt"}, r"no answer 'txt'.*Did you mean 'text'"),
        ({"prompt": "x"}, r"several fields 'x': metadata\.x, task_args\.x"),
    ],
)
def test_a_field_that_is_not_there_is_an_error_that_proposes_another(
    tmp_path: Path, fields: dict[str, str], what: str
) -> None:
    path = write_inspect(tmp_path, [sample("a", metadata={"item": "a", "x": 1})], task_args={"x": 2})
    with pytest.raises(DataError, match=what):
        read_log(path, LogFields(**fields, low=1, high=6))  # type: ignore[arg-type]


def test_a_dash_says_that_there_is_no_such_field() -> None:
    log = read_log(LOGS / "lm_eval_choices", LogFields(item="doc_id", persona="-"))
    assert [row.persona_id for row in log.rows] == [""] * 4
    assert "no field names a persona" in log.notes[0]


@pytest.mark.parametrize("scale", [{"low": 1}, {"high": 6}, {"low": 6, "high": 1}, {"low": 3, "high": 3}])
def test_a_scale_has_two_ends_in_order(scale: dict[str, int]) -> None:
    with pytest.raises(ElicitationError):
        LogFields(**scale)


def test_numbers_outside_the_scale_are_lost() -> None:
    log = read_log(LOGS / "inspect_ratings.eval", LogFields(answer="score.length", low=1, high=6))
    assert [row[3] for row in cells(log)] == [1, None, 5, None, 6, None, 2, None, 1, None, 5, None]


def line(resps: object, filtered: object, arguments: object = None) -> str:
    return json.dumps(
        {"doc_id": 0, "doc": {"item": "a"}, "resps": resps, "filtered_resps": filtered, "arguments": arguments}
    )


@pytest.mark.parametrize(
    ("resps", "expected"),
    [
        ([["5"]], [5.0]), (["5"], [5.0]), ("5", [5.0]), ([["5", "4"]], [5.0, 4.0]), (["5", "4"], [5.0, 4.0]),
    ],
)  # fmt: skip
def test_all_nestings_of_generated_text_are_read(tmp_path: Path, resps: object, expected: list[float]) -> None:
    path = tmp_path / "samples_t_2026.jsonl"
    path.write_text(line(resps, resps) + "\n")
    assert [row.response for row in read_log(path, SCALE).rows] == expected


@pytest.mark.parametrize(
    "resps",
    [
        [[[-1.0, True]], [[-2.0, False]]], [[-1.0, True], [-2.0, False]], [[["-1.0", "True"]], [["-2.0", "False"]]],
        [["-1.0", "True"], ["-2.0", "False"]],
    ],
)  # fmt: skip
def test_all_nestings_of_log_probabilities_are_read(tmp_path: Path, resps: object) -> None:
    path = tmp_path / "samples_t_2026.jsonl"
    path.write_text(line(resps, resps, [["How?", " 3"], ["How?", " 7"]]) + "\n")
    expected = (3 * math.exp(-1) + 7 * math.exp(-2)) / (math.exp(-1) + math.exp(-2))
    assert read_log(path).rows[0].response == pytest.approx(expected, rel=1e-12)
    path.write_text(line(resps, resps, [["How?", " yes"], ["How?", " no"]]) + "\n")
    assert 1 < read_log(path).rows[0].response < 2


def test_options_whose_log_probability_is_no_number_are_lost(tmp_path: Path) -> None:
    path = tmp_path / "samples_t_2026.jsonl"
    path.write_text(line([[["nan", "False"]], [["-1.0", "True"]]], []) + "\n")
    assert [row.status for row in read_log(path).rows] == ["missing"]


def test_a_model_without_results_file_is_called_after_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "org__model"
    folder.mkdir()
    shutil.copy(next((LOGS / "lm_eval_choices").glob("samples_*")), folder)
    log = read_log(tmp_path)
    assert {row.model for row in log.rows} == {"org__model"}
    assert any("org__model" in note for note in log.notes)


def test_a_folder_is_read_together_and_earlier_tries_are_left_out(tmp_path: Path) -> None:
    write_inspect(tmp_path, [sample("a", "1")], "first.json", task_id="T", created="2026-01-01T00:00:00")
    write_inspect(tmp_path, [sample("a", "2")], "second.json", task_id="T", created="2026-01-02T00:00:00")
    write_inspect(tmp_path, [sample("a", "3")], "other.json", task_id="U", model="n")
    (tmp_path / "notes.json").write_text('["nothing"]')
    log = read_log(tmp_path, SCALE)
    assert [(row.model, row.response) for row in log.rows] == [("n", 3.0), ("m", 2.0)]
    assert any("notes.json" in note for note in log.notes)
    assert any("first.json" in note for note in log.notes)


@pytest.mark.parametrize("indent", [None, 1])
def test_a_format_is_told_by_its_content_whatever_its_fields_are_called(tmp_path: Path, indent: int | None) -> None:
    path = write_inspect(tmp_path, [sample("a", metadata={"item": "a", "doc_id": 1, "resps": 2})])
    path.write_text(json.dumps(json.loads(path.read_text()), indent=indent))
    assert "inspect log" in read_log(path, SCALE).notes[0]
    shutil.copy(next((LOGS / "lm_eval_text").glob("samples_*")), tmp_path / "renamed.json")
    assert "lm-evaluation-harness" in read_log(tmp_path / "renamed.json", SCALE).notes[0]


def test_a_log_that_was_not_ended_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "killed.eval"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("_journal/start.json", json.dumps({"version": 2, "eval": {"model": "m", "task": "t"}}))
        file.writestr("samples/a_epoch_1.json", json.dumps(sample("a", "4")))
    log = read_log(path, SCALE)
    assert [(row.item, row.response) for row in log.rows] == [("a", 4.0)]
    assert any("not ended" in note for note in log.notes)


def run(*words: object) -> Any:
    app = Typer(cls=Commands)
    app.command()(logs)
    app.command()(lambda: None)
    return CliRunner().invoke(app, ["logs", *map(str, words)])


def test_the_command_writes_the_table_and_says_what_it_found(tmp_path: Path) -> None:
    out = tmp_path / "answers.csv"
    done = run(LOGS / "inspect_ratings.eval", "--out", out, "--key", write_key(tmp_path), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert told["answers"] == 12
    assert told["status"] == {"ok": 7, "refusal": 2, "parse_error": 2, "api_error": 1}
    assert read_responses(out).scores.shape == (4, 3)
    plain = run(LOGS / "inspect_ratings.eval", "--out", out, "--low", 1, "--high", 6)
    assert plain.output.splitlines()[-1] == f"Wrote {out}."


def test_the_command_fails_with_one_line_and_the_code_of_bad_data(tmp_path: Path) -> None:
    done = run(LOGS / "inspect_ratings.eval", "--out", tmp_path / "a.csv")
    assert done.exit_code == 3
    assert done.output.startswith("DataError: ")
    assert run(LOGS / "inspect_ratings.eval", "--out", tmp_path / "a.csv", "--low", 1).exit_code == 2
    assert run(LOGS / "inspect_ratings.eval", "--out", LOGS / "inspect_ratings.eval").exit_code == 2
