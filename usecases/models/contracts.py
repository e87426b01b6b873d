from __future__ import annotations

from datetime import date, timedelta

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from foundation.access import ScopedQuerySet
from foundation.actor import Actor
from foundation.bilingual import Bilingual
from foundation.models import Versioned
from usecases.models.load import LoadFields


class Contract(Versioned):
    """A vendor's contract: where candidates of channel A8 come from. Nothing here derives money."""

    subject_code = "contract"
    search_fields = ("key", "vendor", "title_en", "title_zh")

    class Kind(models.TextChoices):
        SUPPORT = "support", _("support contract")
        MANAGED = "managed_service", _("managed service")
        AUDIT = "audit", _("audit")
        PARTNER = "partner", _("partner")

    class Price(models.TextChoices):
        FIXED = "fixed", _("fixed")
        TICKET = "per_ticket", _("per ticket")
        CHECK = "per_check", _("per check")

    key = models.CharField(_("id"), max_length=20, unique=True, editable=False)
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="contracts", verbose_name=_("unit"))
    vendor = models.CharField(_("vendor"), max_length=120)
    title_en = models.CharField(_("title, English"), max_length=140, blank=True)
    title_zh = models.CharField(_("title, Chinese"), max_length=140, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.SUPPORT)
    scope = models.TextField(_("scope"), max_length=2000, blank=True)
    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    renewal_on = models.DateField(_("renewal is decided on"), null=True, blank=True)
    notice_days = models.PositiveSmallIntegerField(_("notice in days"), null=True, blank=True)
    price_model = models.CharField(_("price model"), max_length=20, choices=Price, blank=True)
    owner_role = models.CharField(_("owner role"), max_length=120, blank=True)
    win_win = models.TextField(_("use of the time freed"), max_length=1000, blank=True)
    recorded_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+", editable=False)

    title = Bilingual("title")
    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(title_en="") | ~models.Q(title_zh=""), name="contract_titled")
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("usecases:contract", args=[self.key])

    def is_own(self, actor: Actor, permission: str) -> bool:
        return bool(actor.user_id) and str(self.recorded_by_id) == str(actor.user_id)

    @property
    def renewal_due(self) -> date | None:
        """The last day to act: the decision date, or the end less the notice."""
        if self.renewal_on or not self.ends_on:
            return self.renewal_on
        return self.ends_on - timedelta(days=self.notice_days or 0)


class ContractItem(Versioned, LoadFields):
    """A piece of repeated work a contract pays for."""

    subject_code = "contract_item"

    class Kind(models.TextChoices):
        CHECK = "manual_check", _("manual check")
        REPORT = "manual_report", _("manual report")
        TICKETS = "ticket_category", _("ticket category billed by volume")
        SLA = "sla_by_hand", _("SLA held by hand")
        AUDIT = "audit_recommendation", _("audit recommendation")

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="items")
    position = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(_("kind"), max_length=24, choices=Kind, default=Kind.CHECK)
    title_en = models.CharField(_("title, English"), max_length=140, blank=True)
    title_zh = models.CharField(_("title, Chinese"), max_length=140, blank=True)
    evidence = models.CharField(_("evidence"), max_length=300, blank=True)
    repeated = models.CharField(_("how often repeated"), max_length=120, blank=True)

    title = Bilingual("title")

    class Meta:
        ordering = ["contract", "position"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(title_en="") | ~models.Q(title_zh=""), name="item_titled"),
            models.UniqueConstraint(fields=["contract", "position"], name="item_place_once"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def key(self) -> str:
        return f"{self.contract.key}/{self.position}"

    @property
    def unit_path(self) -> str:
        return self.contract.unit.path

    def get_absolute_url(self) -> str:
        return f"{self.contract.get_absolute_url()}#item-{self.position}"
