"""What we measured: pilots and measures, records of operations, usage of runtimes, estimates and reports."""

from metrics.models.measures import ChangeNote, Measure, MeasureLock, MeasureVersion, Window
from metrics.models.pilots import Pilot
from metrics.models.records import Observation, OpsRecord, SourceImport
from metrics.models.reports import GainEstimate, Report, ReportFreeze, Statement
from metrics.models.usage import AppLink, RuntimeApp, RuntimeConnection, SyncRun, SyncWindow, UsageDay, UsageRestatement

__all__ = [
    "AppLink",
    "ChangeNote",
    "GainEstimate",
    "Measure",
    "MeasureLock",
    "MeasureVersion",
    "Observation",
    "OpsRecord",
    "Pilot",
    "Report",
    "ReportFreeze",
    "RuntimeApp",
    "RuntimeConnection",
    "SourceImport",
    "Statement",
    "SyncRun",
    "SyncWindow",
    "UsageDay",
    "UsageRestatement",
    "Window",
]
