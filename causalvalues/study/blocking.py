"""Claims that measurement error forbids are marked wherever they are made."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

BLOCKED = "blocked by measurement error"
KINDS = ("arrow", "effect")
"""Kinds of the ledger that speak of direct effects and of paths between values; those of levers rest on the design."""


NOTE = f"{BLOCKED.capitalize()}: no edge between values may be claimed from this"
"""Stands in every figure and table of edges that a blocked run makes; what levers did, beside them, is not blocked."""


def blocked_beside(path: Path) -> bool:
    """Say whether a file in the folder ``graph`` of a run speaks of edges that the run's ledger blocks."""
    ledger = path.resolve().parent.parent / "tables" / "ledger.csv"
    if path.resolve().parent.name != "graph" or not ledger.is_file():
        return False
    return any_blocked(pd.read_csv(ledger, dtype=str, keep_default_na=False))


def any_blocked(ledger: pd.DataFrame) -> bool:
    """Say whether a ledger, as a run keeps it, forbids any claim."""
    return "blocked" in ledger and bool((ledger["blocked"].astype(str) != "").any())


def blocked_ledger(ledger: pd.DataFrame, blocked: bool) -> pd.DataFrame:
    """Return the ledger with a column ``blocked``: what forbids the claim, or nothing.

    Parameters
    ----------
    ledger : DataFrame
        Made by `effect_ledger`.
    blocked : bool
        Whether measurement error blocks claims about direct effects and paths.
    """
    stopped = ledger["kind"].isin(KINDS) & blocked
    return ledger.assign(blocked=stopped.map({True: "measurement error", False: ""}))


def bases(ledger: pd.DataFrame) -> pd.Series:
    """Return what each claim rests on; for a blocked one, that it is blocked."""
    return ledger["basis"].astype(str).where(ledger["blocked"] == "", BLOCKED)
