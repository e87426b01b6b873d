"""Writers that know columns, cells and events, and nothing of what they mean."""

from foundation.exports.ics import Event, write_calendar
from foundation.exports.tables import Column, attach, file_name, respond, write_csv, write_xlsx

__all__ = ["Column", "Event", "attach", "file_name", "respond", "write_calendar", "write_csv", "write_xlsx"]
