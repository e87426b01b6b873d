"""What Today asks about sources and usage: only what this actor can do something about."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from foundation.actor import Actor
from foundation.cards import Card
from metrics.models import RuntimeApp, RuntimeConnection
from metrics.selectors.usage import freshness, runtime_apps
from metrics.usage_pages import age_words, error_words

EDIT, RUN, LINK = "metrics.connection.edit", "metrics.sync.run", "metrics.app.link"


def today_cards(actor: Actor) -> list[Card]:
    return [*_source_cards(actor), *_link_cards(actor)]


def _source_cards(actor: Actor) -> Iterator[Card]:
    """A source that waits for a person goes to who may edit it, a silent one to who may read it again."""
    if not (actor.paths(EDIT) or actor.paths(RUN)):
        return
    for connection in RuntimeConnection.objects.visible_to(actor).filter(paused=False).select_related("unit"):
        word = freshness(connection).word
        if word == "needs_attention" and actor.may(EDIT, connection.unit.path):
            yield _card(connection, gettext_lazy("Settle"), error_words(connection.last_error), rank=20)
        elif word == "silent" and actor.may(RUN, connection.unit.path):
            yield _card(connection, gettext_lazy("Look at"), _silent(connection), rank=40)


def _card(connection: RuntimeConnection, verb: object, why: str, rank: int) -> Card:
    url = connection.get_absolute_url()
    return Card("usage.source", verb, connection.name, url, why or _("needs attention"), rank=rank)


def _silent(connection: RuntimeConnection) -> str:
    age = freshness(connection).age
    return _("silent, last read %(age)s") % {"age": age_words(age)} if age else _("never read completely")


def _link_cards(actor: Actor) -> Iterator[Card]:
    """One card for all of them: linking is one page."""
    if not actor.paths(LINK):
        return
    open_apps = RuntimeApp.objects.visible_to(actor, LINK).filter(gone_at=None)
    waiting = runtime_apps(actor).filter(pk__in=open_apps.values("pk"), is_linked=0).count()
    if waiting:
        name = ngettext("%(n)s app without a case", "%(n)s apps without a case", waiting) % {"n": waiting}
        url = reverse("metrics:usage") + "?link=open"
        yield Card("usage.unlinked", gettext_lazy("Link"), name, url, _("its usage counts for no pilot yet"), rank=60)
