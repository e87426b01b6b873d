"""The signature is the lock: the first locks text and measures, the last makes the charter binding."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from charter import notices
from charter.models import Charter, CharterText, Signatory, Signature
from charter.states import current_signatures, missing_signatories, signatory_of
from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import Invalid, NotPermitted, NotReady, Reason, Stale, refuse_if
from foundation.work import service
from governance.selectors import conditions_blocking
from governance.services import close_conditions_by_charter
from metrics.selectors import measures_of
from metrics.services import bind_lock, lock_measure, void_lock


@service
def sign_charter(*, actor: Actor, charter: Charter, digest: str) -> Charter:
    """Sign the text whose digest the page showed; another current text raises Stale with code `text_changed`."""
    charter = Charter.objects.select_for_update().get(pk=charter.pk)
    require(actor, "charter.text.sign", charter)
    signatory = own_seat(charter, actor)
    text = _current(charter, digest)
    refuse_if(_not_yet(charter, signatory), NotReady)
    first = not current_signatures(charter)
    give_signature(actor, charter, signatory, Signature.Target.TEXT, text.pk, text.digest, "I sign this charter.")
    record(actor, "charter.signature_given", charter, role=signatory.role, text=text.number)
    if first:
        _lock_measures(actor, charter, text)
    if not missing_signatories(charter, current_signatures(charter)):
        bind_lock(actor=actor, ref=text.digest)
        charter = Charter.lifecycle.apply(charter, "enter", actor=actor)
        close_conditions_by_charter(actor=actor, unit=charter.unit, charter_label=charter.key)
        notices.charter_signed(charter)
    return charter


def own_seat(charter: Charter, actor: Actor) -> Signatory:
    """The seat of this actor; the pilot lead has none, whatever the text says."""
    if str(charter.lead_id) == actor.user_id:
        raise NotPermitted(Reason("pilot_lead_signs", _("The pilot lead prepares and never signs.")))
    found = signatory_of(charter, actor)
    if found is None:
        raise NotPermitted(Reason("not_signatory", _("Only the people named in the charter sign it.")))
    if found.user_id is None:  # the invitation was accepted
        Signatory.objects.filter(pk=found.pk).update(user=actor.user_id)
        found.refresh_from_db()
    return found


def _current(charter: Charter, digest: str) -> CharterText:
    text = charter.current_text
    if text is None or charter.state != Charter.State.FOR_SIGNATURE:
        raise NotReady(Reason("not_for_signature", _("The charter is not out for signature.")))
    if text.digest != digest:
        told = _("The text changed after you opened it. Read it again and sign.")
        raise Stale(Reason("text_changed", told), current=text)
    return text


def _not_yet(charter: Charter, signatory: Signatory) -> Iterator[Reason]:
    if any(s.role == signatory.role for s in current_signatures(charter)):
        yield Reason("already_signed", _("You have signed this text."))
    for condition in conditions_blocking(charter.unit, "charter"):
        text = _("A condition must be met before the charter is signed: %(condition)s.") % {"condition": condition}
        yield Reason("condition_open", text, fix=("governance:home", []))


def give_signature(
    actor: Actor, charter: Charter, signatory: Signatory, target: str, target_id: UUID, digest: str, statement: str
) -> Signature:
    person = User.objects.get(pk=actor.user_key)
    return Signature.objects.create(
        charter=charter,
        target=target,
        target_id=target_id,
        digest=digest,
        person=person,
        person_name=person.name,
        role=signatory.role,
        title_at_time=actor.title_at("charter.read", charter.unit.path) or signatory.get_role_display(),
        statement=statement,
        at=clock.now(),
    )


def _lock_measures(actor: Actor, charter: Charter, text: CharterText) -> None:
    for case in charter.cases.select_related("pilot"):
        for version in measures_of(case.pilot) if case.pilot else []:
            lock_measure(actor=actor, version=version, basis="signature", ref=text.digest)


@service
def return_charter(*, actor: Actor, charter: Charter, reason: str) -> Charter:
    """A signatory sends the text back with a reason; signatures on it are void."""
    require(actor, "charter.text.sign", charter)
    own_seat(charter, actor)
    if not reason.strip():
        raise Invalid(Reason("reason_missing", _("Say why the charter goes back."), field="reason"))
    text = charter.current_text
    if text is not None:
        void_lock(actor=actor, ref=text.digest)
    returned = Charter.lifecycle.apply(charter, "return", actor=actor, reason=reason.strip())
    notices.charter_returned(returned, reason.strip())
    return returned
