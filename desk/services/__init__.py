"""Writes of the desk."""

from desk.services.jobs import cancel_job, retry_job
from desk.services.journey import note_box, skip_box, take_up_box

__all__ = ["cancel_job", "note_box", "retry_job", "skip_box", "take_up_box"]
