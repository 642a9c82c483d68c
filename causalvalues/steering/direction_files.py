"""Folders of directions: safetensors and JSON, in the layouts of sparsify and SAELens; nothing else is opened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from causalvalues.errors import SteeringError
from causalvalues.files import write_bytes, write_text
from causalvalues.frozen import FloatArray

WEIGHTS = {"sparsify": "sae.safetensors", "sae_lens": "sae_weights.safetensors"}
SETTINGS = "cfg.json"
CODE = (".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt")


class Directions:
    """Directions by hookpoint, to be written together."""

    def __init__(self) -> None:
        self.rows: dict[str, list[FloatArray]] = {}
        self.offsets: dict[str, FloatArray] = {}

    def add(
        self, hookpoint: str, direction: FloatArray, offset: FloatArray | None = None, *, clamps: bool = False
    ) -> int:
        """Keep a direction and return its row; one that is there already is not kept twice.

        Only what clamps has an offset; without one it clamps from zero.

        Raises
        ------
        SteeringError
            If the hookpoint has another width, or another offset to clamp from.
        """
        rows = self.rows.setdefault(hookpoint, [])
        if rows and rows[0].size != direction.size:
            raise SteeringError(
                f"Two directions at {hookpoint} have {rows[0].size} and {direction.size} numbers. They were made for "
                "different models; write them to different files."
            )
        if clamps:
            origin = np.zeros(direction.size) if offset is None else offset
            if not np.array_equal(self.offsets.setdefault(hookpoint, origin), origin):
                raise SteeringError(
                    f"Two acts clamp at {hookpoint} from different offsets (none counts as zero), and a file has room "
                    "for one. Write their levers to two files; within one lever, use one offset."
                )
        for place, row in enumerate(rows):
            if np.array_equal(row, direction):
                return place
        rows.append(direction)
        return len(rows) - 1


@dataclass(frozen=True, eq=False)
class Held:
    """Directions of one place of a model.

    Parameters
    ----------
    folder : Path
    decoder : array (n, d)
        One direction a row.
    offset : array (d,)
        What `Act` calls the offset of ``"clamp"``.
    hookpoint : str
        As the settings name it, or "".
    """

    folder: Path
    decoder: FloatArray
    offset: FloatArray
    hookpoint: str

    def row(self, index: int) -> FloatArray:
        """Return one direction.

        Raises
        ------
        SteeringError
            If there is no such row.
        """
        if not 0 <= index < len(self.decoder):
            raise SteeringError(f"{self.folder} has {len(self.decoder)} directions, counted from 0, and no {index}.")
        found: FloatArray = self.decoder[index]
        return found


def write_directions(held: Directions, folder: Path) -> None:
    """Write a folder for each hookpoint, as sparsify reads them."""
    from safetensors.numpy import save

    for hookpoint, rows in held.rows.items():
        decoder = np.asarray(rows, dtype=np.float32)
        n, d = decoder.shape
        offset = held.offsets.get(hookpoint)
        tensors = {
            "W_dec": decoder,
            "b_dec": np.zeros(d, np.float32) if offset is None else offset.astype(np.float32),
            "encoder.bias": np.zeros(n, np.float32),
            "encoder.weight": decoder.copy(),
        }
        settings = {"activation": "topk", "d_in": d, "k": n, "normalize_decoder": False, "num_latents": n}
        place = folder / hookpoint
        place.mkdir(parents=True, exist_ok=True)
        write_bytes(place / WEIGHTS["sparsify"], save(tensors))
        write_text(place / SETTINGS, json.dumps(settings, indent=1) + "\n")


def read_directions(folder: Path, loader: str) -> Held:
    """Read the directions of one folder.

    Raises
    ------
    SteeringError
        If the files are not there or malformed; files that can hold code are never opened.
    """
    weights = folder / WEIGHTS[loader]
    if not weights.is_file():
        other = next((path.name for path in _files(folder) if path.suffix in CODE), "")
        more = f" {other} is not opened, for such files can hold code: save it as safetensors." if other else ""
        raise SteeringError(
            f"There is no {weights.name} in {folder}.{more} Check the columns sparse_model and hookpoint."
        )
    tensors = read_tensors(weights)
    if "W_dec" not in tensors:
        raise SteeringError(f"{weights} has no tensor W_dec. It has {', '.join(sorted(tensors)) or 'none'}.")
    decoder = tensors["W_dec"]
    if decoder.ndim != 2:
        raise SteeringError(f"{weights}: W_dec has the shape {decoder.shape}. One direction a row is needed.")
    offset = tensors.get("b_dec", np.zeros(decoder.shape[1]))
    if offset.shape != decoder.shape[1:]:
        raise SteeringError(f"{weights}: b_dec has the shape {offset.shape}, and W_dec {decoder.shape}.")
    return Held(folder, decoder, offset, _hookpoint(folder / SETTINGS))


def read_tensors(path: Path) -> dict[str, FloatArray]:
    """Return the tensors of a safetensors file, in double precision.

    Raises
    ------
    SteeringError
        If it cannot be read as one.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return {name: np.asarray(file.get_tensor(name), dtype=np.float64) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise SteeringError(f"{path} cannot be read as safetensors ({error}). Write it again.") from None


def _hookpoint(path: Path) -> str:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return ""
    named: Any = held if isinstance(held, Mapping) else {}
    inner = named.get("metadata")
    found = named.get("hook_name") or (inner.get("hook_name") if isinstance(inner, Mapping) else "") or ""
    return str(found)


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
