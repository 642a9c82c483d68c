"""Logs that are damaged, hostile or no logs: every one ends in an error that names the file and a remedy."""

from __future__ import annotations

import io
import json
import struct
import sys
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.elicitation import log_json, zip_members
from causalvalues.elicitation.log_records import LogFields
from causalvalues.elicitation.reading_logs import read_log, write_log_table
from causalvalues.errors import DataError

LOGS = Path(__file__).parent / "logs"
SCALE = LogFields(low=1, high=6)
HEADER = {"version": 2, "status": "success", "eval": {"model": "m", "task": "t"}}


def text_sample(name: str = "a", said: str = "5") -> dict[str, object]:
    return {
        "id": name,
        "epoch": 1,
        "metadata": {"item": name, "persona_id": "p"},
        "output": {"completion": said, "choices": [{}]},
    }


def eval_file(folder: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    path = folder / "log.eval"
    with zipfile.ZipFile(path, "w", method) as file:
        file.writestr("header.json", json.dumps(HEADER))
        for name, content in members.items():
            file.writestr(name, content)
    return path


def refused(path: Path, what: str, fields: LogFields = SCALE) -> None:
    with pytest.raises(DataError, match=what) as error:
        read_log(path, fields)
    assert path.name in str(error.value)
    assert "\n" not in str(error.value)


def write(folder: Path, content: bytes, name: str = "log.json") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_stored_and_deflated_members_are_read(tmp_path: Path, method: int) -> None:
    path = eval_file(tmp_path, {"samples/a_epoch_1.json": json.dumps(text_sample()).encode()}, method)
    assert [row.response for row in read_log(path, SCALE).rows] == [5.0]


def test_names_that_lead_out_of_the_folder_are_only_names(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    path = eval_file(
        inside, {"samples/../../evil_epoch_1.json": json.dumps(text_sample()).encode(), "/etc/x": b"{}", "C:\\y": b"{}"}
    )
    assert len(read_log(path, SCALE).rows) == 1
    assert sorted(tmp_path.rglob("*")) == [inside, path]


@pytest.mark.parametrize("kept", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize(
    "name", ["inspect_ratings.eval", "edsl_results.ep", "inspect_choices.json", "edsl_results.json"]
)
def test_a_log_that_is_cut_off_is_refused_by_name(tmp_path: Path, name: str, kept: float) -> None:
    data = (LOGS / name).read_bytes()
    refused(write(tmp_path, data[: int(kept * len(data))], name), "again")


def outcome(path: Path, fields: LogFields = SCALE) -> tuple[list[tuple[str, str]], str]:
    """Items and statuses of a log, or the message with which it was refused; any other error fails the test."""
    try:
        return [(row.item, row.status) for row in read_log(path, fields).rows], ""
    except DataError as error:
        return [], str(error)


ODD = (
    None,
    3,
    -1.5,
    True,
    "",
    "x",
    "5",
    [],
    [None],
    [[["1", True]]],
    {},
    {"a": {"b": 1}},
    10**400,
    float("nan"),
    "\ud800\x00",
)
"""What may stand where something else was meant to."""


def spots(held: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The ways to all things within nested lists and objects, not deeper than six."""
    pairs = held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else []
    below = [spot for name, each in pairs if len(path) < 6 for spot in spots(each, (*path, name))]
    return [path, *below] if path else below


JSON_LOGS = {
    name: json.loads((LOGS / name).read_text())
    for name in ("inspect_choices.json", "edsl_results.json", "edsl_failed.json")
}
for held in JSON_LOGS["inspect_choices.json"]["samples"]:
    held.pop("events")
JSON_SPOTS = {name: spots(held) for name, held in JSON_LOGS.items()}
LINES = [json.loads(each.read_text().splitlines()[0]) for each in sorted(LOGS.glob("lm_eval_*/samples_*.jsonl"))]


def with_odd(held: object, spot: tuple[object, ...], odd: object) -> object:
    if not spot:
        return odd
    changed = dict(held) if isinstance(held, dict) else list(held)  # type: ignore[call-overload]
    changed[spot[0]] = with_odd(changed[spot[0]], spot[1:], odd)
    return changed


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(JSON_LOGS)), st.data())
def test_any_odd_value_in_a_json_log_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    held = with_odd(JSON_LOGS[name], data.draw(st.sampled_from(JSON_SPOTS[name])), data.draw(st.sampled_from(ODD)))
    path = tmp_path_factory.getbasetemp() / "odd.json"
    path.write_text(json.dumps(held))
    for fields in (SCALE, LogFields(answer="choice"), LogFields(item="id", persona="-")):
        found, said = outcome(path, fields)
        assert found or "odd.json" in said


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(LINES), st.data())
def test_any_odd_value_in_a_line_of_lm_eval_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, line: dict[str, object], data: st.DataObject
) -> None:
    changed = with_odd(line, data.draw(st.sampled_from(spots(line))), data.draw(st.sampled_from(ODD)))
    path = tmp_path_factory.getbasetemp() / "odd.jsonl"
    path.write_text(json.dumps(changed) + "\n")
    found, said = outcome(path)
    assert found or "odd.jsonl" in said


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 31_000), st.integers(0, 255))
def test_a_damaged_byte_changes_nothing_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
) -> None:
    data = bytearray((LOGS / "inspect_ratings.eval").read_bytes())
    data[place % len(data)] = byte
    path = write(tmp_path_factory.mktemp("damaged"), bytes(data), "log.eval")
    whole = [(row.item, row.status) for row in read_log(LOGS / "inspect_ratings.eval", SCALE).rows]
    found, said = outcome(path)
    assert len(found) <= len(whole)
    assert found or "log.eval" in said


def test_a_member_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_members, "MOST_PIECE", 10_000)
    refused(eval_file(tmp_path, {"samples/a_epoch_1.json": b" " * 10_001}), "holds more than")


def test_a_member_that_lies_about_its_size_is_not_unpacked_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_members, "MOST_PIECE", 10_000)
    path = eval_file(tmp_path, {"samples/a_epoch_1.json": b" " * 1_000_000})
    data = path.read_bytes().replace(struct.pack("<L", 1_000_000), struct.pack("<L", 9_000))
    refused(write(tmp_path, data, "log.eval"), "holds more than")


def test_a_member_that_claims_too_much_is_not_unpacked_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = eval_file(tmp_path, {"samples/a_epoch_1.json": b" " * 10_001})
    members = zip_members.open_zip(path, path.read_bytes())
    monkeypatch.setattr(zip_members, "MOST_PIECE", 10_000)
    monkeypatch.setattr(zip_members, "_unpacked", lambda *_: pytest.fail("unpacked"))
    with pytest.raises(DataError, match="holds more than"):
        members.read("samples/a_epoch_1.json")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, 93])
def test_unpacking_stops_one_byte_over_the_bound(method: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import zstandard

    monkeypatch.setattr(zip_members, "MOST_PIECE", 10_000)
    pack = zlib.compressobj(wbits=-15)
    packed = zstandard.compress(bytes(10**7)) if method == 93 else pack.compress(bytes(10**7)) + pack.flush()
    assert len(zip_members._unpacked(packed, method, "here")) == 10_001


def test_a_member_with_another_checksum_is_refused(tmp_path: Path) -> None:
    path = eval_file(
        tmp_path, {"samples/a_epoch_1.json": json.dumps(text_sample(said="5")).encode()}, zipfile.ZIP_STORED
    )
    data = path.read_bytes().replace(b'"completion": "5"', b'"completion": "6"')
    refused(write(tmp_path, data, "log.eval"), "checksum")


def zstd_file(folder: Path, content: bytes, method: int = 93) -> Path:
    import zstandard

    packed = zstandard.compress(content) if method == 93 else content
    path = eval_file(folder, {})
    body = path.read_bytes()
    name, start = b"samples/a_epoch_1.json", zipfile.ZipFile(io.BytesIO(body)).start_dir
    fields = (20, 0, method, 0, 0, zlib.crc32(content), len(packed), len(content), len(name), 0)
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", *fields) + name + packed
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, *fields[:-1], 0, 0, 0, 0, 0, start) + name
    directory = body[start : body.index(b"PK\x05\x06")] + entry
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, len(directory), start + len(local), 0)
    path.write_bytes(body[:start] + local + directory + end)
    return path


def test_zstandard_members_are_bounded_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zstd_file(tmp_path, json.dumps(text_sample()).encode())
    assert [row.response for row in read_log(path, SCALE).rows] == [5.0]
    monkeypatch.setattr(zip_members, "MOST_PIECE", 100)
    monkeypatch.setattr(zip_members.ZipMembers, "names", property(lambda self: list(self.members)[1:]))
    refused(path, "holds more than")


def test_an_unknown_packing_is_named(tmp_path: Path) -> None:
    refused(zstd_file(tmp_path, json.dumps(text_sample()).encode(), method=14), "method 14")


def test_without_zstandard_the_message_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    refused(zstd_file_without(tmp_path), "pip install zstandard.*convert FILE --to json")


def zstd_file_without(folder: Path) -> Path:
    return write(folder, (LOGS / "inspect_ratings.eval").read_bytes(), "log.eval")


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    path = eval_file(tmp_path, {"samples/a_epoch_1.json": json.dumps(text_sample()).encode()})
    data = bytearray(path.read_bytes())
    place = data.rindex(b"PK\x01\x02")
    data[place + 8] |= 1
    refused(write(tmp_path, bytes(data), "log.eval"), "encrypted")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"  \n ", "is empty"),
        (b"\x00\x01\x02", "no log that is read here"),
        (b"hello", "no log that is read here"),
        (b"[1, 2]", "no log that is read here"),
        (b'{"a": 1}', "JSON with 'a'"),
        (b"{}", "nothing in it"),
        (b'{"a": ', "no valid JSON"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b"{" + b'"a":{' * 100_000, "nested too deeply"),
        (b'{"eval": {"model": "m"}, "status": "error"}', "without samples"),
        (b'{"eval": {"model": "m"}, "samples": []}', "without a single answer"),
        (b'{"eval": {"model": "m"}, "samples": [3]}', "sample 1 is no sample"),
        (b'{"eval": {"model": "m"}, "samples": [{"id": "a", "epoch": "x"}]}', "epoch is no whole number"),
        (
            b'{"eval": {"model": "m"}, "samples": [{"id": "a", "output": {"choices": [{"message": {"content": 3}}]}}]}',
            "no text",
        ),
        (b'{"results": {}, "n-shot": {}}', "samples_.*log_samples"),
        (b'{"data": [3], "survey": {}}', "result 1 is no interview"),
        (b'{"data": [{"answer": {"q": 1}, "iteration": "x"}], "survey": {}}', "iteration 'x' is no whole number"),
        (b'{"data": [], "survey": {}}', "without a single answer"),
    ],
)  # fmt: skip
def test_what_is_no_log_is_refused_by_name(tmp_path: Path, content: bytes, what: str) -> None:
    refused(write(tmp_path, content), what)


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (b'{"doc_id": 0, "resps": [["5"]]}\n{"doc_id": 1, "resps"\n', "line 2 is no valid JSON"),
        (b'{"doc_id": 0, "resps": [["5"]]}\n\n[3]\n', "line 3 is no sample"),
        (b'{"doc_id": 0, "resps": [["5"]]}\n{"x": 1}\n', "line 2 is no sample"),
        (b'{"doc_id": 0, "resps": [["5"]]}\n{"doc_id": "\xff"}\n', "line 2 is not UTF-8"),
        (b'{"doc_id": 0, "resps": [[{"a": 1}]]}\n', "line 1: its responses are neither"),
        (b'{"doc_id": 0, "resps": []}\n', "line 1: its responses are neither"),
        (b'{"doc_id": 0, "resps": [["5"]]}\n{"doc_id": 0, "resps": [["5"]]}\n', "No field tells them apart"),
        (b'{"doc_id": 0, "resps": ' + b"[" * 100_000 + b"\n", "line 1 is nested too deeply"),
    ],
)
def test_a_bad_line_is_named_by_its_number(tmp_path: Path, lines: bytes, what: str) -> None:
    refused(write(tmp_path, lines, "samples_t_1.jsonl"), what)


@pytest.mark.parametrize(
    ("table", "what"),
    [
        (b"agent.agent_name,answer.q\nann,5\nben\n", "row 3 has 1 cells and the header 2"),
        (b'agent.agent_name,answer.q\nann,"5\n', "no CSV table"),
        (b"agent.agent_name,answer.q\nann,\xff\n", "not UTF-8"),
        (b"agent.agent_name,answer.q,iteration.iteration\nann,5,half\n", "row 2.* no whole number"),
        (b"agent.agent_name,answer.q\n", "without a single answer"),
    ],
)
def test_a_bad_row_is_named_by_its_number(tmp_path: Path, table: bytes, what: str) -> None:
    refused(write(tmp_path, table, "results.csv"), what)


@pytest.mark.parametrize(
    "value", ["1e999", "-1e999", "NaN", "Infinity", "9" * 400, "1" + "0" * 5000, "[[3]]", '{"a": [3]}', "null", '"x"']
)
def test_scores_that_are_no_finite_numbers_are_lost(tmp_path: Path, value: str) -> None:
    sample = json.dumps(text_sample())[:-1] + ', "scores": {"s": {"value": ' + value + "}}}"
    other = json.dumps(text_sample("b") | {"scores": {"s": {"value": 2}}})
    path = write(tmp_path, f'{{"eval": {{"model": "m"}}, "samples": [{sample}, {other}]}}'.encode())
    assert [row.status for row in read_log(path, LogFields(answer="score.s")).rows] == ["parse_error", "ok"]


def test_strange_ids_become_one_line_of_text(tmp_path: Path) -> None:
    sample = text_sample() | {"metadata": {"item": "a\nb\x00\ud800", "persona_id": "x" * 5000}}
    log = read_log(write(tmp_path, json.dumps(HEADER | {"samples": [sample]}).encode()), SCALE)
    assert log.rows[0].item == "a b \\ud800"
    assert len(log.rows[0].persona_id) == 60
    write_log_table(log, tmp_path / "a.csv")


@pytest.mark.parametrize("levers", ["a+a", "a++b", "a=x", {"a": "much"}])
def test_levers_that_are_no_levers_are_refused_with_their_sample(tmp_path: Path, levers: object) -> None:
    sample = text_sample() | {"metadata": {"item": "a", "levers": levers}}
    refused(write(tmp_path, json.dumps(HEADER | {"samples": [sample]}).encode()), "id 'a'.*no list of different levers")


def test_a_gzipped_log_is_read_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip

    packed = gzip.compress((LOGS / "edsl_results.json").read_bytes())
    assert len(read_log(write(tmp_path, packed, "r.json.gz"), SCALE).rows) == 20
    refused(write(tmp_path, packed[:-20], "r.json.gz"), "again")
    monkeypatch.setattr(log_json, "MOST_BYTES", 20_000)
    refused(write(tmp_path, packed, "r.json.gz"), "holds more than")


def test_places_that_cannot_be_read_or_written_are_named(tmp_path: Path) -> None:
    refused(tmp_path / "nothing.eval", "no file")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "holds no log")
    log = read_log(LOGS / "inspect_choices.eval")
    with pytest.raises(DataError, match=r"Choose \.csv or \.tsv"):
        write_log_table(log, tmp_path / "a.xlsx")
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(DataError, match="is a folder"):
        write_log_table(log, tmp_path / "b.csv")
