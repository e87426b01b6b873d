"""Mail on commit, through a job: plain text and a link that changes nothing by GET."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils import translation

from foundation.actor import system_actor
from foundation.jobs import JobRun, enqueue, job


def tell(recipients: Iterable[Any], subject: Any, text: Any, url: str) -> None:
    """One mail a person, in their language. `recipients` have `email`, `language` and `is_active`."""
    for person in recipients:
        if not (person.is_active and person.email):
            continue
        with translation.override(person.language or "en"):
            lines = [str(text), "", settings.PUBLIC_URL.rstrip("/") + url]
            enqueue(
                "foundation.send_mail",
                actor=system_actor(),
                to=person.email,
                subject=str(subject),
                body="\n".join(lines),
            )


@job("foundation.send_mail")
def send_mail(run: JobRun, *, to: str, subject: str, body: str) -> None:
    from django.core.mail import EmailMessage

    EmailMessage(subject=subject, body=body, to=[to]).send()
