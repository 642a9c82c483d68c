"""What the page says of a damaged manifest."""

from __future__ import annotations

from causalvalues.study.manifest_reading import Manifest

_LEFT_OUT = {
    "settings": "Left out: the title of the study, its theory, its plans and their targets.",
    "plans": "Left out: the plans of the study and their targets; levers are offered at dose 1.",
}


def manifest_gaps(manifest: Manifest) -> tuple[str, ...]:
    """Return what is damaged and what the page leaves out for it; nothing for a whole manifest, or none."""
    return (f"{manifest.damage}. {_LEFT_OUT[manifest.lost]}",) if manifest.lost else ()
