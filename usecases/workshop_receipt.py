"""The receipt `/w/…/stored`: what is stored of those who take part, until when, and what it cannot protect from.

Made from the real fields of the real tables: a new column appears here with its own sentence, or a test fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from usecases.models import Ballot, Card, RollEntry, Round, Seat

TABLES: tuple[tuple[type[models.Model], Any, Any], ...] = (
    (Seat, _("Your seat"), _("30 days after the list is published; at once when the workshop is cancelled")),
    (Card, _("A card"), _("as long as the published list; 30 days when the workshop is cancelled")),
    (Round, _("A vote"), _("as long as the published list; at once when the workshop is cancelled")),
    (RollEntry, _("The roll of a vote"), _("30 days after the list is published; at once when cancelled")),
    (Ballot, _("A ballot"), _("as long as the published list; at once when the workshop is cancelled")),
)
NOT_STORED = (
    _("Your name, account, address, browser and the time you joined, wrote or voted are not stored."),
    _("The author of a card is not stored. Once the cards are shown, nobody can change or claim one."),
    _("Which seat gave which ballot is not stored once the vote is closed."),
    _("The secret of your seat is only in the cookie of your browser."),
)
LIMITS = (
    _("Whoever reads the database or the memory of the server while a vote is open could watch."),
    _("Two browsers are two seats."),
    _("With fewer than five ballots anonymity cannot be promised."),
    _("A card can give its writer away by what it says."),
)


@dataclass(frozen=True)
class StoredTable:
    name: Any
    until: Any
    fields: list[tuple[str, Any]]  # column, what it holds


def stored() -> list[StoredTable]:
    return [StoredTable(name, until, [_told(f) for f in model._meta.concrete_fields]) for model, name, until in TABLES]


def _told(field: Any) -> tuple[str, Any]:
    return field.name, _("A random number that means nothing else.") if field.primary_key else field.help_text
