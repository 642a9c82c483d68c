"""Members of a zip file, read in memory: stored, deflated or zstandard, with bounds; nothing is ever written out."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from causalvalues.elicitation.log_json import MOST_BYTES, MOST_PIECE, too_large
from causalvalues.errors import DataError

_LOCAL = struct.Struct("<4s5H3L2H")
_MOST_MEMBERS = 2_000_000


@dataclass(frozen=True)
class ZipMembers:
    """A zip file in memory and where its members lie.

    Parameters
    ----------
    path : Path
        For messages.
    data : bytes
        The whole file, packed.
    members : mapping of str to ZipInfo
        By name; of two members with one name the later one, as zip tools have it.
    """

    path: Path
    data: bytes
    members: dict[str, zipfile.ZipInfo]

    @property
    def names(self) -> list[str]:
        """The names of all members, in the order of the file."""
        return list(self.members)

    def read(self, name: str) -> bytes:
        """Return a member, unpacked.

        Raises
        ------
        DataError
            If it is damaged, encrypted, too large, packed in another way, or `zstandard` is needed and not installed.
        """
        info, where = self.members[name], f"{self.path}: member {name!r}"
        if info.flag_bits & 1:
            raise DataError(f"{where} is encrypted. Unpack it with its password and zip it again without one.")
        if info.file_size > MOST_PIECE:
            raise too_large(where, MOST_PIECE)
        packed = self._packed(info, where)
        try:
            content = _unpacked(packed, info.compress_type, where)
        except (zlib.error, EOFError) as error:
            raise DataError(f"{where} is damaged ({error}). Copy the file again.") from None
        if len(content) > MOST_PIECE:
            raise too_large(where, MOST_PIECE)
        if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
            raise DataError(f"{where} is damaged (its checksum differs). Copy the file again.")
        return content

    def _packed(self, info: zipfile.ZipInfo, where: str) -> bytes:
        """Return the bytes of a member as they lie in the file, found by its local header."""
        start = info.header_offset
        header = self.data[start : start + _LOCAL.size] if start >= 0 else b""
        if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
            raise DataError(f"{where} is not where the table of the zip file says. Copy the file again.")
        *_, name_length, extra_length = _LOCAL.unpack(header)
        begin = start + _LOCAL.size + name_length + extra_length
        packed = self.data[begin : begin + info.compress_size]
        if len(packed) < info.compress_size:
            raise DataError(f"{where} is cut off. Copy the file again.")
        return packed


def open_zip(path: Path, data: bytes) -> ZipMembers:
    """Return the members of a zip file.

    Raises
    ------
    DataError
        If the file is cut off or damaged, or its members unpack to more than a log holds.
    """
    try:
        listed = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, struct.error, NotImplementedError, UnicodeError) as error:
        raise DataError(
            f"{path} is cut off or damaged: {error}. A run that was killed leaves such a file: let the tool mend it "
            "(`inspect log recover`), or copy it again."
        ) from None
    if len(listed) > _MOST_MEMBERS or sum(info.file_size for info in listed) > 8 * MOST_BYTES:
        raise too_large(str(path), 8 * MOST_BYTES)
    return ZipMembers(path, data, {info.filename: info for info in listed})


def _unpacked(packed: bytes, method: int, where: str) -> bytes:
    """Unpack no more than one byte over the bound."""
    if method == zipfile.ZIP_STORED:
        return packed
    if method == zipfile.ZIP_DEFLATED:
        return zlib.decompressobj(-15).decompress(packed, MOST_PIECE + 1)
    if method != 93:
        raise DataError(f"{where} is packed by method {method}, which is not read here. Write the log again as JSON.")
    try:
        import zstandard
    except ImportError:
        raise DataError(
            f"{where} is packed with zstandard. Install it (pip install zstandard), or write the log as JSON: "
            "`inspect log convert FILE --to json --output-dir FOLDER`."
        ) from None
    try:
        reader = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(packed, read_across_frames=True)
        return bytes(reader.read(MOST_PIECE + 1))
    except zstandard.ZstdError as error:
        raise DataError(f"{where} is damaged ({error}). Copy the file again.") from None
