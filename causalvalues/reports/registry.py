"""Which reports there are."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from causalvalues.errors import StudyError, did_you_mean
from causalvalues.reports import settings
from causalvalues.reports.frame import Given, Made
from causalvalues.study.sections import Section


@dataclass(frozen=True)
class ReportKind:
    """A report that can be asked for by name; the module of that name in this room makes it.

    Parameters
    ----------
    name : str
    about : str
        One line for ``causalvalues report --list``.
    options : type of Section
        Of its ``[report.NAME]`` table.
    """

    name: str
    about: str
    options: type[Section]

    def make(self, given: Given) -> Made:
        """Make the report."""
        made = import_module(f"{__package__}.{self.name}").report(given)
        assert isinstance(made, Made)  # noqa: S101
        return made


KINDS = (
    ReportKind("adaem", "Which questions tell respondents apart, and a priming check.", settings.AdaemSettings),
    ReportKind("conva", "Least shifts, a gate, leakage from value to value, doses.", settings.ConvaSettings),
    ReportKind("couple", "From each answer to priorities from 1 to 5.", settings.CoupleSettings),
    ReportKind("experiment", "What forced answers do, and which model foresees it.", settings.ExperimentReportSettings),
    ReportKind("kang", "Expected and unexpected changes under levers.", settings.KangSettings),
    ReportKind("skill", "How well changes under levers are foreseen.", settings.SkillReportSettings),
    ReportKind("steering", "Levers inside a model: leakage, doses, likeness.", settings.SteeringReportSettings),
    ReportKind("valuepilot", "Actions ranked by what they lead to.", settings.ValuepilotSettings),
)


def report_kinds() -> tuple[ReportKind, ...]:
    """Return all reports, in name order.

    Examples
    --------
    >>> [kind.name for kind in report_kinds()][:2]
    ['adaem', 'conva']
    """
    return tuple(sorted(KINDS, key=lambda kind: kind.name))


def report_kind(name: str) -> ReportKind:
    """Return a report by its name.

    Raises
    ------
    StudyError
        If there is none.
    """
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise StudyError(f"There is no report {name!r}." + did_you_mean(name, [kind.name for kind in KINDS]))
