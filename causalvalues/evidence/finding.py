"""What the data doctor says: one finding, and the refusal that blocking findings lead to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from causalvalues.errors import CheckError

Severity = Literal["note", "warning", "blocking"]


@dataclass(frozen=True)
class Finding:
    """One thing that the data doctor found.

    Parameters
    ----------
    code : str
        Stable, for example ``"CV102"``; listed in `causalvalues.evidence.doctor`.
    severity : {"note", "warning", "blocking"}
        A blocking finding makes learning refuse.
    where : str
        Columns (in quotes), label or rows.
    message : str
        What was found and why it matters.
    remedy : str
        What to type next.
    """

    code: str
    severity: Severity
    where: str
    message: str
    remedy: str

    def __post_init__(self) -> None:
        if self.severity not in get_args(Severity):
            raise ValueError(f"Severity {self.severity!r} is none of {get_args(Severity)}.")

    def __str__(self) -> str:
        return f"{self.code} {self.severity}: {self.where}: {self.message} {self.remedy}"


def refuse(findings: Iterable[Finding]) -> None:
    """Raise `CheckError` with all blocking findings and their remedies; return when there are none.

    Examples
    --------
    >>> refuse([Finding("CV103", "warning", "column 'power'", "Nearly constant.", "Look at it.")])
    """
    blocking = [finding for finding in findings if finding.severity == "blocking"]
    if blocking:
        raise CheckError(
            f"{len(blocking)} finding(s) block learning:\n" + "\n".join(f"  {finding}" for finding in blocking)
        )


def columns(names: Sequence[str], most: int = 8) -> str:
    r"""Return ``column 'a'`` or ``columns 'a', 'b', ... (12 in all)``; quotes make any name readable.

    Examples
    --------
    >>> columns(["self direction", "it's"])
    'columns \'self direction\', "it\'s"'
    """
    shown = ", ".join(repr(name) for name in names[:most])
    more = f", ... ({len(names)} in all)" if len(names) > most else ""
    return f"column{'s' if len(names) > 1 else ''} {shown}{more}"
