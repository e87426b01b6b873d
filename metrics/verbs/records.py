"""Sentences of imported records and task times."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from foundation.audit import verb


def _task_times(count: int) -> str:
    return ngettext("%(n)s task time", "%(n)s task times", count) % {"n": count}


verb(
    "records.imported",
    _("%(actor)s imported %(subject)s: %(added)s new, %(changed)s changed, %(unchanged)s as before"),
)
verb("raw.exported", _("%(actor)s downloaded single records of %(source)s as %(format)s (filter: %(filter)s)"))
verb("task_time.recorded", _("%(actor)s of %(team)s recorded %(count)s"), count=_task_times)
verb("task_time.corrected", _("A task time of %(team)s was corrected from the browser that typed it"))
verb("task_time.removed", _("A task time of %(team)s was taken back from the browser that typed it"))
verb("rows.excluded", _("%(actor)s left out a case with a reason: %(reason)s"))
