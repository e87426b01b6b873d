"""Every write of the metrics, by aggregate."""

from metrics.services.estimates import (
    ask_detectable,
    detectable_now,
    estimate_now,
    keep_estimate,
    look_back,
    look_back_on_records,
    run_estimate,
)
from metrics.services.measures import bind_lock, draft_measure, edit_measure, lock_measure, void_lock
from metrics.services.pilots import add_change_note, draft_pilot, edit_pilot, end_pilot, open_pilot
from metrics.services.records import ImportOutcome, SourceFile, import_records
from metrics.services.reports import (
    draft_statement,
    freeze_report,
    open_report,
    publish_statement,
    withdraw_statement,
)
from metrics.services.task_times import (
    TaskTime,
    correct_task_time,
    exclude_observation,
    record_task_time,
    record_task_times,
)
from metrics.services.usage import (
    add_connection,
    confirm_zone,
    edit_connection,
    end_link,
    link_app,
    pause_connection,
    resume_connection,
    stage_app,
    start_probe,
    start_sync,
)
from metrics.services.usage_sync import probe_connection, sync_usage

__all__ = [
    "add_connection",
    "confirm_zone",
    "edit_connection",
    "end_link",
    "link_app",
    "pause_connection",
    "resume_connection",
    "stage_app",
    "start_probe",
    "start_sync",
    "probe_connection",
    "sync_usage",
    "ImportOutcome",
    "SourceFile",
    "TaskTime",
    "add_change_note",
    "ask_detectable",
    "bind_lock",
    "correct_task_time",
    "detectable_now",
    "draft_measure",
    "draft_pilot",
    "draft_statement",
    "edit_measure",
    "edit_pilot",
    "end_pilot",
    "estimate_now",
    "exclude_observation",
    "freeze_report",
    "import_records",
    "keep_estimate",
    "lock_measure",
    "look_back",
    "look_back_on_records",
    "open_pilot",
    "open_report",
    "publish_statement",
    "record_task_time",
    "record_task_times",
    "run_estimate",
    "void_lock",
    "withdraw_statement",
]
