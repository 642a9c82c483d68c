"""Files appear whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from causalvalues.errors import DataError, FigureError
from causalvalues.files import check_replaceable, replacing_folder, write_bytes, write_text


def test_a_file_is_written_with_its_folders(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a" / "b.txt", "é\n")
    assert path.read_bytes() == b"\xc3\xa9\n"
    assert stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444
    assert [each.name for each in path.parent.iterdir()] == ["b.txt"]


def test_a_failure_while_writing_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_text(tmp_path / "a.txt", "old")

    def full(self: Path, content: bytes) -> int:
        self.open("wb").close()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DataError, match=r"a\.txt cannot be written: No space left"):
        write_bytes(tmp_path / "a.txt", b"new")
    assert (tmp_path / "a.txt").read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    write_text(tmp_path / "file", "x")
    with pytest.raises(DataError, match="cannot be written"):
        write_text(tmp_path / "file" / "inside.txt", "x")
    with pytest.raises(DataError, match="cannot be written"), replacing_folder(tmp_path / "file" / "run"):
        pass


def test_a_folder_takes_its_place_only_when_it_is_done(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "old.txt").write_text("old")
    with replacing_folder(tmp_path / "run") as part:
        (part / "new.txt").write_text("new")
        assert (tmp_path / "run" / "old.txt").exists()
    assert [each.name for each in (tmp_path / "run").iterdir()] == ["new.txt"]
    assert [each.name for each in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_folder_stays_as_it_was_when_filling_fails(tmp_path: Path, failure: type[BaseException]) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "old.txt").write_text("old")

    def fill() -> None:
        with replacing_folder(tmp_path / "run") as part:
            (part / "new.txt").write_text("new")
            raise failure

    with pytest.raises(failure):
        fill()
    assert [each.name for each in tmp_path.iterdir()] == ["run"]
    assert (tmp_path / "run" / "old.txt").read_text() == "old"


def test_a_folder_stays_as_it_was_when_the_swap_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "old.txt").write_text("old")
    rename, count = Path.rename, []

    def second_fails(self: Path, target: Path) -> Path:
        count.append(1)
        if len(count) == 2:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", second_fails)
    with pytest.raises(KeyboardInterrupt), replacing_folder(tmp_path / "run") as part:
        (part / "new.txt").write_text("new")
    assert [each.name for each in tmp_path.iterdir()] == ["run"]
    assert (tmp_path / "run" / "old.txt").read_text() == "old"


def test_pictures_and_answers_are_written_beside_and_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from causalvalues import Dag, ResponseMatrix, draw
    from causalvalues.responses import write_responses

    graph = Dag.from_edges(["a", "b"], [("a", "b")])
    matrix = ResponseMatrix(names=["a"], scores=[[1.0], [2.0]], unit_ids=["x", "y"])
    (tmp_path / "graph.svg").write_text("old")
    (tmp_path / "answers.csv").write_text("old")

    def full(self: Path, content: bytes) -> int:
        self.open("wb").close()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(FigureError, match=r"graph\.svg.* cannot be written: No space left"):
        draw(graph, tmp_path / "graph.svg")
    with pytest.raises(DataError, match=r"answers\.csv cannot be written: No space left"):
        write_responses(matrix, tmp_path / "answers.csv")
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"graph.svg": "old", "answers.csv": "old"}


def test_what_is_no_regular_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name, said in (("pipe", "device or pipe"), ("folder", "a folder")):
        with pytest.raises(DataError, match=said):
            write_text(tmp_path / name, "x")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    write_text(tmp_path / "there" / "a.txt", "old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "there" / "a.txt")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    write_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "there" / "a.txt").read_text() == "new"
    with replacing_folder(tmp_path / "link") as part:
        (part / "b.txt").write_text("b")
    assert (tmp_path / "link").is_symlink()
    assert [each.name for each in (tmp_path / "there").iterdir()] == ["b.txt"]
    assert {each.name for each in tmp_path.iterdir()} == {"link", "link.txt", "there"}


def test_a_refusal_while_clearing_up_is_named_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(DataError, match=r"a\.txt cannot be written: Permission denied"):
        write_bytes(tmp_path / "a.txt", b"new")


def test_half_a_character_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="half a character"):
        write_text(tmp_path / "a.txt", "\ud800")


def test_the_working_folder_cannot_be_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    for place in (".", "", "..", tmp_path):
        with pytest.raises(DataError, match="working folder"):
            check_replaceable(place)
    check_replaceable("new/run")
    assert list((tmp_path / "in").iterdir()) == []
