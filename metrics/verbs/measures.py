"""Sentences of pilots, measures, estimates and reports."""

from django.utils.translation import gettext_lazy as _

from foundation.access_verbs import WHY
from foundation.audit import verb
from foundation.bilingual import pick


def _named(name: str | dict[str, str]) -> str:
    """Both names are kept; an entry of earlier days holds one."""
    return name if isinstance(name, str) else pick(name)


verb("pilot.drafted", _("%(actor)s drafted the pilot %(subject)s"))
verb("pilot.edited", _("%(actor)s edited the pilot %(subject)s"))
verb("pilot.opened", _("%(actor)s started the pilot %(subject)s"))
verb("pilot.ended", _("The pilot %(subject)s ended"))
verb("pilot.decided", _("The pilot %(subject)s is decided"))
verb("measure.drafted", _("%(actor)s drafted the measure %(subject)s"))
verb("measure.edited", _("%(actor)s changed the measure %(subject)s"))
verb("measure.locked", _("%(actor)s locked the measure %(subject)s"))
verb("measure.bound", _("The lock of %(subject)s became binding"))
verb("measure.voided", _("The lock of %(subject)s is void: the signed text changed"))
verb("estimate.made", _("%(actor)s had %(subject)s estimated"))
verb("estimate.looked_back", _("%(actor)s looked back on old data with %(subject)s"))
verb("statement.drafted", _("%(actor)s drafted a statement on %(measure)s"), measure=_named)
verb("statement.published", _("%(actor)s published a statement: %(subject)s"))
verb("statement.withdrawn", _("%(actor)s withdrew a statement: %(subject)s"))
verb("report.opened", _("%(actor)s opened the report %(subject)s"))
verb("report.frozen", _("%(actor)s froze the report %(subject)s"))
verb("change_note.added", _("%(actor)s noted on the plot: %(subject)s"))
verb("vow.tripped", _("%(actor)s asked for a figure about a person and was refused by the vow"))

WHY.update(
    {
        "vow": _("the vow forbids it"),
        "second_person": _("a second person is needed"),
    }
)
