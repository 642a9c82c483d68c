"""A run folder that is finished, whatever wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, eq=False)
class RunFolder:
    """A finished run.

    Parameters
    ----------
    folder : Path
        Holds ``report.html``, ``report.md``, ``manifest.json`` and more.
    files : tuple of str
        Every file in it, relative to the folder.
    """

    folder: Path
    files: tuple[str, ...]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.folder)!r}, {len(self.files)} files)"

    @property
    def report(self) -> Path:
        """The report as one HTML page."""
        return self.folder / "report.html"
