"""What every table of a study file has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

Name = str


class Section(BaseModel):
    """A table of the study file: unknown keys are refused, and nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)
