"""Ready reports on a study, in the words of published systems; each is one run folder."""

from causalvalues.reports.frame import Given, Made
from causalvalues.reports.registry import ReportKind, report_kind, report_kinds
from causalvalues.reports.running import ReportRun, run_report

__all__ = ["Given", "Made", "ReportKind", "ReportRun", "report_kind", "report_kinds", "run_report"]
