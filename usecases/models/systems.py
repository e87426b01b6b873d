from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.access import ScopedQuerySet
from foundation.models import Versioned


class System(Versioned):
    """A system work happens in; named by pains, candidates and data sources."""

    subject_code = "system"
    search_fields = ("key", "name")

    class Kind(models.TextChoices):
        ITSM = "itsm", _("ITSM")
        MONITORING = "monitoring", _("Monitoring")
        CMDB = "cmdb", _("CMDB")
        CLOUD = "cloud", _("Cloud")
        CONTAINERS = "containers", _("Containers")
        REPOSITORY = "repository", _("Repository")
        WIKI = "wiki", _("Wiki")
        BUSINESS = "business", _("Business application")
        OTHER = "other", _("Other")

    key = models.SlugField(_("id"), max_length=60, unique=True, editable=False)
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="systems", verbose_name=_("unit"))
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.OTHER)
    owner_team = models.ForeignKey(
        "accounts.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner team")
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "name"], name="system_name_once_a_unit")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
