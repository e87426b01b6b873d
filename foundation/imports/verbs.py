from django.utils.translation import gettext_lazy as _

from foundation.audit import verb

verb("import.committed", _("%(actor)s imported %(title)s from %(subject)s"))
verb("import.started", _("%(actor)s started the import of %(title)s from %(subject)s"))
