"""What a report is given and what it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from causalvalues.errors import StudyError
from causalvalues.scene.nouns import Scene
from causalvalues.study.answers import Answers, read_answers
from causalvalues.study.conditions import with_unknown_targets
from causalvalues.study.document import Block, Picture
from causalvalues.study.pipeline import study_results
from causalvalues.study.progress import Say, silent
from causalvalues.study.results import StudyResults
from causalvalues.study.sections import Section
from causalvalues.study.settings import StudySettings

Options = TypeVar("Options", bound=Section)


@dataclass(frozen=True, eq=False)
class Given:
    """A study, and what was asked of the report.

    Parameters
    ----------
    settings : StudySettings
    folder : Path
        Where relative paths of the settings start.
    options : Section
        The ``[report.NAME]`` table of the study file, checked.
    say : callable, optional
        Told the name of each step as it begins.
    """

    settings: StudySettings
    folder: Path
    options: Section
    say: Say = silent

    @property
    def seed(self) -> int:
        """The seed of the study."""
        return self.settings.seed

    @property
    def level(self) -> float:
        """Level of all intervals."""
        return self.settings.model.level

    @cached_property
    def answers(self) -> Answers:
        """The scored answers; conditions with unknown targets are levers. Read when first asked for."""
        self.say("read the answers")
        return with_unknown_targets(self.settings, read_answers(self.settings.data, self.folder))[1]

    @cached_property
    def results(self) -> StudyResults:
        """Evidence, graphs and model of the study, learned when first asked for.

        The same steps as ``causalvalues study``, without its questions, plans and most of its checks; what measurement
        error forbids is checked.
        """
        return study_results(essential(self.settings), self.folder, self.say)

    def asked(self, kind: type[Options]) -> Options:
        """Return the options as the kind that the report knows."""
        if not isinstance(self.options, kind):
            raise StudyError(f"This report takes {kind.__name__}, not {type(self.options).__name__}.")
        return self.options

    def label(self, name: str) -> str:
        """Return a value's name as its theory writes it."""
        theory = self.answers.theory
        return name if theory is None else theory.labels.get(name, name)


def essential(settings: StudySettings) -> StudySettings:
    """Return the settings of a study without what a report does not show: questions, plans, and slow checks."""
    checks = {"item_stability": False, "hidden_causes": False, "lever_ratios": False, "assumptions": False}
    discovery = {"compare_levers": False, "sensitivity": False, "pooled": False}
    return settings.model_copy(
        update={
            "query": [],
            "plan": [],
            "falsify": settings.falsify.model_copy(update={"run": False}),
            "checks": settings.checks.model_copy(update=checks),
            "discovery": settings.discovery.model_copy(update=discovery),
        }
    )


@dataclass(frozen=True, eq=False)
class Made:
    """What a report wrote, before it is on disk.

    Parameters
    ----------
    title : str
    blocks : list of Block
        Of report.md and report.html; the first is the title, the second the first lines.
    files : mapping of str to str, optional
        Further text files: path relative to the folder -> content.
    pictures : mapping of str to Scene, optional
        Stem -> scene of pictures that are not among the blocks.
    """

    title: str
    blocks: list[Block]
    files: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, Scene] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Made({self.title!r}, {len(self.blocks)} blocks, {len(self.files)} files, {len(self.scenes)} figures)"

    @property
    def scenes(self) -> dict[str, Scene]:
        """Every picture by its stem, written into ``figures/``."""
        return {**self.pictures, **{block.stem: block.scene for block in self.blocks if isinstance(block, Picture)}}


def json_text(held: Any) -> str:
    """Return plain data as JSON text with a final line end; a number that is not finite is an error."""
    import json

    return json.dumps(held, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
