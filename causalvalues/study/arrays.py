"""Arrays in JSON: small ones as lists, large ones as compressed text; both come back bit by bit."""

from __future__ import annotations

import base64
import math
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalvalues.errors import DataError

READABLE = 4000
"""Most numbers that are written as lists."""


def array_to_json(array: NDArray[Any]) -> Any:
    """Return an array of numbers or booleans as something that `json` writes.

    Examples
    --------
    >>> array_to_json(np.array([[1.0, float("nan")]]))
    {'type': 'float64', 'shape': [1, 2], 'numbers': [1.0, None]}
    """
    kind = "bool" if array.dtype == np.bool_ else "float64"
    plain = np.ascontiguousarray(array, dtype="?" if kind == "bool" else "<f8")
    held: dict[str, Any] = {"type": kind, "shape": list(plain.shape)}
    if plain.size <= READABLE and not np.isinf(plain).any():
        numbers = plain.ravel().tolist()
        return held | {"numbers": [None if math.isnan(number) else number for number in numbers]}
    packed = np.packbits(plain.ravel()) if kind == "bool" else plain
    return held | {"zlib_base64": base64.b64encode(zlib.compress(packed.tobytes(), 9)).decode("ascii")}


def array_from_json(held: Any) -> NDArray[Any]:
    """Return the array that `array_to_json` wrote.

    Raises
    ------
    DataError
        If what is given was not written by it.
    """
    try:
        kind, shape = held["type"], tuple(held["shape"])
        if kind not in ("bool", "float64"):
            raise ValueError(f"numbers of the type {kind!r}")
        if not all(type(length) is int and length >= 0 for length in shape):
            raise ValueError(f"the shape {held['shape']}")
        if "numbers" in held:
            return _listed(held["numbers"], kind).reshape(shape)
        size = math.prod(shape)
        raw = _inflated(held["zlib_base64"], (size + 7) // 8 if kind == "bool" else 8 * size)
        if kind == "bool":
            return np.unpackbits(np.frombuffer(raw, dtype=np.uint8))[:size].astype(np.bool_).reshape(shape)
        return np.frombuffer(raw, dtype="<f8").reshape(shape).astype(np.float64)
    except (KeyError, TypeError, ValueError, OverflowError, MemoryError, zlib.error) as error:
        why = str(error) or type(error).__name__
        raise DataError(f"An array in the file is damaged ({why}). Save the object again.") from None


def _listed(numbers: Any, kind: str) -> NDArray[Any]:
    """Return an array of what was written as a list; text and numbers of the other type are refused."""
    if not isinstance(numbers, list):
        raise TypeError("its numbers are no list")
    types = (bool,) if kind == "bool" else (int, float, type(None))
    if not all(type(number) in types for number in numbers):
        raise TypeError(f"an entry is not of the type {kind}")
    if kind == "bool":
        return np.array(numbers, dtype=np.bool_)
    return np.array([math.nan if number is None else number for number in numbers], dtype=np.float64)


def _inflated(text: str, size: int) -> bytes:
    """Return exactly `size` bytes of compressed text; never more than that is unpacked."""
    packed = base64.b64decode(text, validate=True)
    if size > 1100 * len(packed) + 1100:  # deflate packs 1032 to 1 at best
        raise ValueError("it is shorter than its shape")
    unpacker = zlib.decompressobj()
    raw = unpacker.decompress(packed, size + 1)
    if len(raw) != size or not unpacker.eof or unpacker.unused_data:
        raise ValueError("its length is not that of its shape")
    return raw
