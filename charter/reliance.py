"""Running charters rely on the pattern version they name: governance shows them before it replaces the version."""

from __future__ import annotations

from collections.abc import Iterator

from accounts.models import Unit
from charter.models import Charter
from foundation.actor import Actor
from governance.models import PatternVersion
from governance.reliance import Relying, register_reliance


@register_reliance
def charters_on(version: PatternVersion, unit: Unit, actor: Actor) -> Iterator[Relying]:
    """Signed and undecided, in the unit or below."""
    rows = Charter.objects.visible_to(actor).filter(state=Charter.State.SIGNED, pattern_version=version)
    for charter in rows.filter(unit__path__startswith=unit.path).order_by("key"):
        yield Relying(str(charter), charter.get_absolute_url())
