"""Work of accounts outside a request."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Invitation, User
from accounts.secrets import digest_of, invitation_secret
from foundation.jobs import JobRun, job


@job("accounts.send_invitation", label=gettext_lazy("Send an invitation"))
def send_invitation(run: JobRun, *, invitation_id: str) -> None:
    """The link is made here from the id: no queue and no log ever holds it. A dead invitation sends nothing."""
    found = Invitation.objects.open().select_related("unit", "invited_by").filter(pk=invitation_id).first()
    if found is None:
        return
    secret = invitation_secret(found.pk)
    if found.digest != digest_of(secret):  # the server's key changed since
        found.digest = digest_of(secret)
        Invitation.objects.filter(pk=found.pk).update(digest=found.digest)
    known = User.objects.filter(email=found.email).first()
    with translation.override((known.language if known else "") or found.unit.language):
        mail_for(found, secret).send()


def mail_for(invitation: Invitation, secret: str) -> EmailMessage:
    facts = {
        "who": invitation.invited_by.name if invitation.invited_by else "Pilotage",
        "role": invitation.role_label,
        "unit": invitation.unit.name,
    }
    lines = [_("%(who)s asks you to join Pilotage as %(role)s at %(unit)s.") % facts]
    lines += [line for line in (invitation.what_for, invitation.note) if line]
    lines += ["", settings.PUBLIC_URL.rstrip("/") + reverse("accounts:invite", args=[secret]), ""]
    lines.append(_("The link works once, until %(date)s.") % {"date": f"{invitation.expires_at:%Y-%m-%d}"})
    subject = _("Invitation: %(role)s at %(unit)s") % facts
    return EmailMessage(subject=subject, body="\n".join(lines), to=[invitation.email])
