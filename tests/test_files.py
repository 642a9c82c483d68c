"""Files appear whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from causalvalues.errors import DataError
from causalvalues.files import replacing_folder, write_bytes, write_text


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
