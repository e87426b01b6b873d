"""The door: open or closed, its two codes, and who knocks with a wrong one too often."""

from __future__ import annotations

import secrets
from contextlib import suppress

from django.core.cache import cache
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import NotReady, NotVisible, Reason, TooMany
from foundation.work import service
from usecases.models import Workshop
from usecases.services.workshops.common import NOT_HERE, locked, run_by, touch

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U
LETTERS = CROCKFORD[10:]
LONG, SHORT = 8, 5  # characters; the long code has 40 bits
WRONG_CODES, PER_SECONDS = 10, 60  # an address; counters live no longer than that
SAID = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


@service
def open_door(*, actor: Actor, workshop: Workshop) -> Workshop:
    """With a fresh short code; the long one stays. Opening an open door changes nothing."""
    run_by(actor, workshop)
    workshop = locked(workshop)
    _started(workshop)
    if workshop.is_door_open:
        return workshop
    Workshop.objects.filter(pk=workshop.pk).update(**fresh_door(workshop))
    record(actor, "workshop.door_opened", workshop)
    return touch(workshop)


def _started(workshop: Workshop) -> None:
    if not workshop.is_live or workshop.state == Workshop.State.PREPARE:
        text = _("The door belongs to a workshop that runs; this one is %(state)s.")
        raise NotReady(Reason("wrong_phase", text % {"state": workshop.get_state_display()}))


def fresh_door(workshop: Workshop) -> dict[str, object]:
    return {
        "door_opened_at": clock.now(),
        "door_closed_at": None,
        "long_code": workshop.long_code or new_long_code(),
        "short_code": new_short_code(),
    }


@service
def close_door(*, actor: Actor, workshop: Workshop) -> Workshop:
    """Nobody joins any more; whoever has a seat keeps it."""
    run_by(actor, workshop)
    workshop = locked(workshop)
    if not workshop.is_door_open:
        return workshop
    Workshop.objects.filter(pk=workshop.pk).update(door_closed_at=clock.now(), short_code=None)
    record(actor, "workshop.door_closed", workshop)
    return touch(workshop)


@service
def renew_codes(*, actor: Actor, workshop: Workshop) -> Workshop:
    """Both codes at once, for a link that went too far; the old ones are dead."""
    run_by(actor, workshop)
    workshop = locked(workshop)
    _started(workshop)
    short = new_short_code() if workshop.is_door_open else None
    Workshop.objects.filter(pk=workshop.pk).update(long_code=new_long_code(), short_code=short)
    record(actor, "workshop.codes_renewed", workshop)
    return touch(workshop)


def new_long_code() -> str:
    return "".join(secrets.choice(CROCKFORD) for _n in range(LONG))


def new_short_code() -> str:
    """Said aloud: 742-KQ. Free among all short codes that are held."""
    while True:
        code = f"{secrets.randbelow(1000):03d}-" + "".join(secrets.choice(LETTERS) for _n in range(2))
        if not Workshop.objects.filter(short_code=code).exists():
            return code


def behind_code(*, code: str, source: str) -> Workshop:
    """The workshop a code leads to; the door may be closed, then `is_door_open` says so and joining is refused.

    `source` is the caller's address: it is hashed with the server's key, counted for a minute and kept nowhere else.
    After ten wrong codes an address may not guess short ones for that minute; link and QR always open.
    """
    said = code.strip().upper().translate(SAID)
    counter = "door." + salted_hmac("usecases.door", source, algorithm="sha256").hexdigest()[:32]
    found = None
    if len(said) == LONG:
        found = Workshop.objects.select_related("unit").filter(long_code=said).first()
        found = found if found and found.codes_work else None
    elif len(said) == SHORT:
        _may_guess(counter)
        found = Workshop.objects.select_related("unit").filter(short_code=f"{said[:3]}-{said[3:]}").first()
        found = found if found and found.is_door_open else None
    if found is None:
        _count_wrong(counter)
        raise NotVisible(NOT_HERE)
    return found


def _may_guess(counter: str) -> None:
    if cache.get(counter, 0) >= WRONG_CODES:
        raise TooMany(Reason("too_many_codes", _("Too many wrong codes. Wait a minute.")), retry_after=PER_SECONDS)


def _count_wrong(counter: str) -> None:
    _may_guess(counter)
    cache.add(counter, 0, timeout=PER_SECONDS)
    with suppress(ValueError):  # the counter ran out between the two calls
        cache.incr(counter)
