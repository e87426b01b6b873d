import uuid

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import foundation.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_people"),
        ("accounts", "__first__"),
        ("governance", "0001_patterns_and_approvals"),
    ]

    operations = [
        migrations.CreateModel(
            name="Contract",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("key", models.CharField(editable=False, max_length=20, unique=True, verbose_name="id")),
                ("vendor", models.CharField(max_length=120, verbose_name="vendor")),
                ("title_en", models.CharField(blank=True, max_length=140, verbose_name="title, English")),
                ("title_zh", models.CharField(blank=True, max_length=140, verbose_name="title, Chinese")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("support", "support contract"),
                            ("managed_service", "managed service"),
                            ("audit", "audit"),
                            ("partner", "partner"),
                        ],
                        default="support",
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("scope", models.TextField(blank=True, max_length=2000, verbose_name="scope")),
                ("starts_on", models.DateField(blank=True, null=True, verbose_name="starts on")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="ends on")),
                ("renewal_on", models.DateField(blank=True, null=True, verbose_name="renewal is decided on")),
                ("notice_days", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="notice in days")),
                (
                    "price_model",
                    models.CharField(
                        blank=True,
                        choices=[("fixed", "fixed"), ("per_ticket", "per ticket"), ("per_check", "per check")],
                        max_length=20,
                        verbose_name="price model",
                    ),
                ),
                ("owner_role", models.CharField(blank=True, max_length=120, verbose_name="owner role")),
                ("win_win", models.TextField(blank=True, max_length=1000, verbose_name="use of the time freed")),
                (
                    "recorded_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contracts",
                        to="accounts.unit",
                        verbose_name="unit",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("title_en", ""), _negated=True),
                            models.Q(("title_zh", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="contract_titled",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ContractItem",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "runs_per_month_low",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="times a month, low"
                    ),
                ),
                (
                    "runs_per_month_likely",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="times a month, likely"
                    ),
                ),
                (
                    "runs_per_month_high",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="times a month, high"
                    ),
                ),
                (
                    "runs_per_month_provenance",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("guess", "guess"),
                            ("team_agreed", "team agreed"),
                            ("vendor_statement", "vendor statement"),
                            ("ticket_system", "ticket system"),
                            ("time_sample", "time sample"),
                        ],
                        max_length=20,
                        verbose_name="where this comes from",
                    ),
                ),
                (
                    "items_per_run_low",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="items each time, low"
                    ),
                ),
                (
                    "items_per_run_likely",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="items each time, likely"
                    ),
                ),
                (
                    "items_per_run_high",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="items each time, high"
                    ),
                ),
                (
                    "items_per_run_provenance",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("guess", "guess"),
                            ("team_agreed", "team agreed"),
                            ("vendor_statement", "vendor statement"),
                            ("ticket_system", "ticket system"),
                            ("time_sample", "time sample"),
                        ],
                        max_length=20,
                        verbose_name="where this comes from",
                    ),
                ),
                (
                    "minutes_per_item_low",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="minutes an item, low"
                    ),
                ),
                (
                    "minutes_per_item_likely",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="minutes an item, likely"
                    ),
                ),
                (
                    "minutes_per_item_high",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="minutes an item, high"
                    ),
                ),
                (
                    "minutes_per_item_provenance",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("guess", "guess"),
                            ("team_agreed", "team agreed"),
                            ("vendor_statement", "vendor statement"),
                            ("ticket_system", "ticket system"),
                            ("time_sample", "time sample"),
                        ],
                        max_length=20,
                        verbose_name="where this comes from",
                    ),
                ),
                (
                    "people_per_item_low",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="people needed, low"
                    ),
                ),
                (
                    "people_per_item_likely",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="people needed, likely"
                    ),
                ),
                (
                    "people_per_item_high",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="people needed, high"
                    ),
                ),
                (
                    "people_per_item_provenance",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("guess", "guess"),
                            ("team_agreed", "team agreed"),
                            ("vendor_statement", "vendor statement"),
                            ("ticket_system", "ticket system"),
                            ("time_sample", "time sample"),
                        ],
                        max_length=20,
                        verbose_name="where this comes from",
                    ),
                ),
                ("load_n", models.PositiveIntegerField(blank=True, null=True, verbose_name="records behind it")),
                (
                    "load_coverage",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=5, null=True, verbose_name="coverage in %"
                    ),
                ),
                ("load_query", models.CharField(blank=True, max_length=300, verbose_name="window and query")),
                (
                    "hours_low",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        editable=False,
                        max_digits=16,
                        null=True,
                        verbose_name="hours a month, low",
                    ),
                ),
                (
                    "hours_likely",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        editable=False,
                        max_digits=16,
                        null=True,
                        verbose_name="hours a month, likely",
                    ),
                ),
                (
                    "hours_high",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        editable=False,
                        max_digits=16,
                        null=True,
                        verbose_name="hours a month, high",
                    ),
                ),
                (
                    "hours_mean",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        editable=False,
                        max_digits=16,
                        null=True,
                        verbose_name="hours a month, mean",
                    ),
                ),
                (
                    "grade",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("guess", "Guess"),
                            ("estimate", "Estimate"),
                            ("early", "Early"),
                            ("measured", "Measured"),
                        ],
                        editable=False,
                        max_length=10,
                        verbose_name="evidence",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=1)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("manual_check", "manual check"),
                            ("manual_report", "manual report"),
                            ("ticket_category", "ticket category billed by volume"),
                            ("sla_by_hand", "SLA held by hand"),
                            ("audit_recommendation", "audit recommendation"),
                        ],
                        default="manual_check",
                        max_length=24,
                        verbose_name="kind",
                    ),
                ),
                ("title_en", models.CharField(blank=True, max_length=140, verbose_name="title, English")),
                ("title_zh", models.CharField(blank=True, max_length=140, verbose_name="title, Chinese")),
                ("evidence", models.CharField(blank=True, max_length=300, verbose_name="evidence")),
                ("repeated", models.CharField(blank=True, max_length=120, verbose_name="how often repeated")),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="usecases.contract"
                    ),
                ),
            ],
            options={
                "ordering": ["contract", "position"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("title_en", ""), _negated=True),
                            models.Q(("title_zh", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="item_titled",
                    ),
                    models.UniqueConstraint(fields=("contract", "position"), name="item_place_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="InventoryVersion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("key", models.CharField(max_length=40, unique=True, verbose_name="id")),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                ("count", models.PositiveIntegerField(verbose_name="pains")),
                ("body", models.TextField()),
                ("digest", models.CharField(max_length=80)),
                ("acknowledged_as", models.CharField(max_length=200, verbose_name="purpose acknowledged by")),
                ("published_at", models.DateTimeField(default=foundation.clock.now, verbose_name="published")),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inventories",
                        to="accounts.unit",
                        verbose_name="unit",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("unit", "number"), name="inventory_number_once")],
            },
        ),
        migrations.CreateModel(
            name="Ranking",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("title_en", models.CharField(blank=True, max_length=140, verbose_name="title, English")),
                ("title_zh", models.CharField(blank=True, max_length=140, verbose_name="title, Chinese")),
                (
                    "mode",
                    models.CharField(
                        choices=[("together", "scored together"), ("alone", "each scores alone")],
                        default="together",
                        max_length=10,
                        verbose_name="how",
                    ),
                ),
                ("scale_low", models.SmallIntegerField(default=1, editable=False)),
                ("scale_high", models.SmallIntegerField(default=5, editable=False)),
                ("seed", models.BigIntegerField(default=0, editable=False)),
                ("weights_reason", models.CharField(blank=True, max_length=500, verbose_name="why these weights")),
                (
                    "open_incomplete",
                    models.BooleanField(default=False, editable=False, verbose_name="opened without the whole panel"),
                ),
                ("locked_at", models.DateTimeField(editable=False, null=True)),
                ("opened_at", models.DateTimeField(editable=False, null=True)),
                ("locked_text", models.TextField(blank=True, editable=False)),
                ("result_text", models.TextField(blank=True, editable=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("scoring", "scoring"),
                            ("open", "open"),
                            ("frozen", "frozen"),
                            ("cancelled", "cancelled"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("state_since", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("state_reason", models.CharField(blank=True, editable=False, max_length=500, verbose_name="reason")),
                (
                    "set_up_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rankings",
                        to="accounts.unit",
                        verbose_name="unit",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["draft", "scoring", "open", "frozen", "cancelled"])),
                        name="ranking_state_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Criterion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("code", models.CharField(max_length=10)),
                ("position", models.PositiveSmallIntegerField()),
                ("name_en", models.CharField(max_length=120)),
                ("name_zh", models.CharField(max_length=120)),
                ("anchors", models.JSONField(default=dict)),
                ("weight", models.PositiveSmallIntegerField(verbose_name="points")),
                (
                    "ranking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="criteria", to="usecases.ranking"
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("ranking", "code"), name="criterion_once_a_ranking"),
                    models.CheckConstraint(
                        condition=models.Q(("weight__lte", 100)), name="criterion_weight_at_most_100"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RankingGate",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("code", models.CharField(max_length=20)),
                ("criterion", models.CharField(blank=True, max_length=10)),
                ("min_mean", models.PositiveSmallIntegerField(null=True)),
                (
                    "ranking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="gates", to="usecases.ranking"
                    ),
                ),
            ],
            options={
                "ordering": ["code"],
                "constraints": [models.UniqueConstraint(fields=("ranking", "code"), name="gate_once_a_ranking")],
            },
        ),
        migrations.CreateModel(
            name="RankingScorer",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("done", models.BooleanField(default=False)),
                (
                    "ranking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="scorers", to="usecases.ranking"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("ranking", "user"), name="scorer_once_a_ranking")],
            },
        ),
        migrations.CreateModel(
            name="RankingSnapshot",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("key", models.CharField(max_length=20, unique=True, verbose_name="id")),
                ("frozen_at", models.DateTimeField(default=foundation.clock.now, verbose_name="frozen")),
                ("body", models.TextField()),
                ("digest", models.CharField(max_length=80)),
                (
                    "frozen_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "predecessor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="usecases.rankingsnapshot",
                    ),
                ),
                (
                    "ranking",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="snapshot", to="usecases.ranking"
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="snapshots",
                        to="accounts.unit",
                        verbose_name="unit",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="System",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("key", models.SlugField(editable=False, max_length=60, unique=True, verbose_name="id")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("itsm", "ITSM"),
                            ("monitoring", "Monitoring"),
                            ("cmdb", "CMDB"),
                            ("cloud", "Cloud"),
                            ("containers", "Containers"),
                            ("repository", "Repository"),
                            ("wiki", "Wiki"),
                            ("business", "Business application"),
                            ("other", "Other"),
                        ],
                        default="other",
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                (
                    "owner_team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.unit",
                        verbose_name="owner team",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="systems",
                        to="accounts.unit",
                        verbose_name="unit",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [models.UniqueConstraint(fields=("unit", "name"), name="system_name_once_a_unit")],
            },
        ),
        migrations.CreateModel(
            name="DataSource",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("extracted_how", models.CharField(blank=True, max_length=300, verbose_name="how it is extracted")),
                ("what_kind", models.CharField(blank=True, max_length=300, verbose_name="what kind of data")),
                (
                    "by_program",
                    models.CharField(
                        choices=[
                            ("unknown", "unknown"),
                            ("api", "API"),
                            ("query", "query"),
                            ("file", "file"),
                            ("no", "no"),
                        ],
                        default="unknown",
                        max_length=10,
                        verbose_name="by program",
                    ),
                ),
                (
                    "how_often",
                    models.CharField(
                        choices=[
                            ("unknown", "unknown"),
                            ("batch", "batch"),
                            ("near_real_time", "near real time"),
                            ("stream", "stream"),
                        ],
                        default="unknown",
                        max_length=20,
                        verbose_name="how often",
                    ),
                ),
                (
                    "source_load",
                    models.CharField(
                        choices=[("unknown", "unknown"), ("none", "none"), ("light", "light"), ("heavy", "heavy")],
                        default="unknown",
                        max_length=10,
                        verbose_name="load on the source",
                    ),
                ),
                (
                    "objection",
                    models.CharField(
                        choices=[
                            ("unknown", "not asked"),
                            ("none", "none"),
                            ("conditions", "with conditions"),
                            ("objects", "objects"),
                        ],
                        default="unknown",
                        max_length=12,
                        verbose_name="the owner's objection",
                    ),
                ),
                ("objection_text", models.CharField(blank=True, max_length=300, verbose_name="what the owner said")),
                ("planned_change", models.CharField(blank=True, max_length=300, verbose_name="planned change")),
                ("proven_on", models.DateField(blank=True, null=True, verbose_name="last proof on")),
                (
                    "system",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="data_source", to="usecases.system"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="FlagshipSelection",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("decided_at", models.DateTimeField(default=foundation.clock.now, verbose_name="decided")),
                ("override_reason", models.CharField(blank=True, max_length=1000, verbose_name="why not the proposal")),
                ("body", models.TextField()),
                ("digest", models.CharField(max_length=80)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "predecessor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="usecases.flagshipselection",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="selections",
                        to="accounts.unit",
                        verbose_name="unit",
                    ),
                ),
                (
                    "snapshot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="selections",
                        to="usecases.rankingsnapshot",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Pain",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "runs_per_month_low",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="times a month, low"
                    ),
                ),
                (
                    "runs_per_month_likely",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="times a month, likely"
                    ),
                ),
                (
                    "runs_per_month_high",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="times a month, high"
                    ),
                ),
                (
                    "runs_per_month_provenance",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("guess", "guess"),
                            ("team_agreed", "team agreed"),
                            ("vendor_statement", "vendor statement"),
                            ("ticket_system", "ticket system"),
                            ("time_sample", "time sample"),
                        ],
                        max_length=20,
                        verbose_name="where this comes from",
                    ),
                ),
                (
                    "items_per_run_low",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="items each time, low"
                    ),
                ),
                (
                    "items_per_run_likely",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="items each time, likely"
                    ),
                ),
                (
                    "items_per_run_high",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="items each time, high"
                    ),
                ),
                (
                    "items_per_run_provenance",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("guess", "guess"),
                            ("team_agreed", "team agreed"),
                            ("vendor_statement", "vendor statement"),
                            ("ticket_system", "ticket system"),
                            ("time_sample", "time sample"),
                        ],
                        max_length=20,
                        verbose_name="where this comes from",
                    ),
                ),
                (
                    "minutes_per_item_low",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="minutes an item, low"
                    ),
                ),
                (
                    "minutes_per_item_likely",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="minutes an item, likely"
                    ),
                ),
                (
                    "minutes_per_item_high",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="minutes an item, high"
                    ),
                ),
                (
                    "minutes_per_item_provenance",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("guess", "guess"),
                            ("team_agreed", "team agreed"),
                            ("vendor_statement", "vendor statement"),
                            ("ticket_system", "ticket system"),
                            ("time_sample", "time sample"),
                        ],
                        max_length=20,
                        verbose_name="where this comes from",
                    ),
                ),
                (
                    "people_per_item_low",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="people needed, low"
                    ),
                ),
                (
                    "people_per_item_likely",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="people needed, likely"
                    ),
                ),
                (
                    "people_per_item_high",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="people needed, high"
                    ),
                ),
                (
                    "people_per_item_provenance",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("guess", "guess"),
                            ("team_agreed", "team agreed"),
                            ("vendor_statement", "vendor statement"),
                            ("ticket_system", "ticket system"),
                            ("time_sample", "time sample"),
                        ],
                        max_length=20,
                        verbose_name="where this comes from",
                    ),
                ),
                ("load_n", models.PositiveIntegerField(blank=True, null=True, verbose_name="records behind it")),
                (
                    "load_coverage",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=5, null=True, verbose_name="coverage in %"
                    ),
                ),
                ("load_query", models.CharField(blank=True, max_length=300, verbose_name="window and query")),
                (
                    "hours_low",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        editable=False,
                        max_digits=16,
                        null=True,
                        verbose_name="hours a month, low",
                    ),
                ),
                (
                    "hours_likely",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        editable=False,
                        max_digits=16,
                        null=True,
                        verbose_name="hours a month, likely",
                    ),
                ),
                (
                    "hours_high",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        editable=False,
                        max_digits=16,
                        null=True,
                        verbose_name="hours a month, high",
                    ),
                ),
                (
                    "hours_mean",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        editable=False,
                        max_digits=16,
                        null=True,
                        verbose_name="hours a month, mean",
                    ),
                ),
                (
                    "grade",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("guess", "Guess"),
                            ("estimate", "Estimate"),
                            ("early", "Early"),
                            ("measured", "Measured"),
                        ],
                        editable=False,
                        max_length=10,
                        verbose_name="evidence",
                    ),
                ),
                ("key", models.CharField(editable=False, max_length=20, unique=True, verbose_name="id")),
                ("title_en", models.CharField(blank=True, max_length=140, verbose_name="title, English")),
                ("title_zh", models.CharField(blank=True, max_length=140, verbose_name="title, Chinese")),
                ("description_en", models.TextField(blank=True, max_length=2000, verbose_name="description, English")),
                ("description_zh", models.TextField(blank=True, max_length=2000, verbose_name="description, Chinese")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("repetitive", "repetitive"),
                            ("low_value", "low value"),
                            ("incident", "high-friction incident"),
                            ("manual_check", "manual check"),
                            ("report", "report by hand"),
                            ("escalation", "recurring escalation"),
                            ("audit_finding", "audit finding"),
                            ("shadow_automation", "shadow automation"),
                            ("other", "other"),
                        ],
                        default="repetitive",
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("workaround", models.TextField(blank=True, max_length=1000, verbose_name="workaround today")),
                ("tags", models.JSONField(blank=True, default=list, verbose_name="tags")),
                (
                    "severity",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(5),
                        ],
                        verbose_name="severity",
                    ),
                ),
                (
                    "consequence",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(5),
                        ],
                        verbose_name="consequence of an error",
                    ),
                ),
                (
                    "teams_affected",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="teams affected"),
                ),
                (
                    "shadow_automation",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("none", "none"),
                            ("script", "a script"),
                            ("macro", "a macro or copy-paste"),
                            ("unapproved_ai", "an AI tool nobody approved"),
                            ("other", "something else"),
                        ],
                        max_length=20,
                        verbose_name="shadow automation",
                    ),
                ),
                ("shadow_where", models.CharField(blank=True, max_length=200, verbose_name="where it lives")),
                ("shadow_may_be_shown", models.BooleanField(default=False, verbose_name="it may be shown")),
                ("evidence_links", models.JSONField(blank=True, default=list, verbose_name="evidence links")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("direct", "recorded here"),
                            ("excel", "table import"),
                            ("api", "API"),
                            ("ticket_mining", "ticket mining"),
                            ("vendor", "vendor"),
                            ("audit", "audit"),
                            ("management", "management request"),
                            ("demo", "demo"),
                            ("renewal_talk", "renewal talk"),
                        ],
                        default="direct",
                        max_length=20,
                        verbose_name="source",
                    ),
                ),
                ("source_id", models.CharField(blank=True, max_length=120, verbose_name="row id in the source")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("raw", "raw"),
                            ("clustered", "clustered"),
                            ("voted", "voted"),
                            ("promoted", "promoted"),
                            ("parked", "parked"),
                            ("rejected", "rejected"),
                        ],
                        default="raw",
                        editable=False,
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("state_since", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("state_reason", models.CharField(blank=True, editable=False, max_length=500, verbose_name="reason")),
                (
                    "owner_team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="owned_pains",
                        to="accounts.unit",
                        verbose_name="owner team",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pains",
                        to="accounts.unit",
                        verbose_name="unit",
                    ),
                ),
                (
                    "systems",
                    models.ManyToManyField(
                        blank=True, related_name="pains", to="usecases.system", verbose_name="systems"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["unit", "-created_at", "id"], name="pain_by_unit")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["raw", "clustered", "voted", "promoted", "parked", "rejected"])
                        ),
                        name="pain_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("title_en", ""), _negated=True),
                            models.Q(("title_zh", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="pain_has_a_title",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("source_id", ""), _negated=True),
                        fields=("unit", "source", "source_id"),
                        name="pain_row_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Candidate",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("key", models.CharField(editable=False, max_length=20, unique=True, verbose_name="id")),
                ("title_en", models.CharField(blank=True, max_length=140, verbose_name="title, English")),
                ("title_zh", models.CharField(blank=True, max_length=140, verbose_name="title, Chinese")),
                ("summary_en", models.CharField(blank=True, max_length=400, verbose_name="summary, English")),
                ("summary_zh", models.CharField(blank=True, max_length=400, verbose_name="summary, Chinese")),
                (
                    "channel",
                    models.CharField(
                        choices=[("A8", "A8 vendor"), ("A9", "A9 own team"), ("other", "other")],
                        max_length=6,
                        verbose_name="channel",
                    ),
                ),
                (
                    "kind_of_help",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("summarise", "summarise"),
                            ("analyse_logs", "analyse logs"),
                            ("find_knowledge", "find knowledge"),
                            ("triage", "triage"),
                            ("draft_text", "draft a text or report"),
                            ("run_check", "run a check"),
                            ("orchestrate", "orchestrate a workflow"),
                            ("self_heal", "self-heal with approval"),
                            ("other", "other"),
                        ],
                        max_length=20,
                        verbose_name="kind of help",
                    ),
                ),
                ("vendor", models.CharField(blank=True, max_length=120, verbose_name="vendor")),
                ("partner", models.CharField(blank=True, max_length=160, verbose_name="co-design partner")),
                ("partner_agreed_on", models.DateField(blank=True, null=True, verbose_name="agreed on")),
                (
                    "direction",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("less_effort", "less effort"),
                            ("fewer_repeats", "fewer repeats"),
                            ("less_noise", "less noise"),
                            ("faster_acknowledgement", "faster acknowledgement"),
                            ("faster_restoration", "faster restoration"),
                            ("fewer_errors", "fewer errors"),
                            ("better_coverage", "better coverage"),
                        ],
                        max_length=24,
                        verbose_name="expected direction",
                    ),
                ),
                ("seen_by", models.CharField(blank=True, max_length=300, verbose_name="how it would be seen")),
                (
                    "baseline_obtainable",
                    models.CharField(
                        choices=[("unknown", "unknown"), ("yes", "yes"), ("no", "no")],
                        default="unknown",
                        max_length=8,
                        verbose_name="baseline obtainable inside the time-box",
                    ),
                ),
                ("baseline_where", models.CharField(blank=True, max_length=200, verbose_name="baseline from")),
                (
                    "staff_data",
                    models.CharField(
                        choices=[("unknown", "unknown"), ("yes", "yes"), ("no", "no")],
                        default="unknown",
                        max_length=8,
                        verbose_name="data on staff performance",
                    ),
                ),
                ("tools", models.CharField(blank=True, max_length=300, verbose_name="tools")),
                (
                    "open_questions",
                    models.TextField(blank=True, max_length=2000, verbose_name="open questions it answers"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("idea", "idea"),
                            ("shaped", "shaped"),
                            ("ranked", "ranked"),
                            ("flagship", "flagship"),
                            ("parked", "parked"),
                            ("declined", "declined"),
                        ],
                        default="idea",
                        editable=False,
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("state_since", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("state_reason", models.CharField(blank=True, editable=False, max_length=500, verbose_name="reason")),
                (
                    "categories",
                    models.ManyToManyField(
                        blank=True, related_name="+", to="governance.datacategory", verbose_name="data categories"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "owner_team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.unit",
                        verbose_name="owner team",
                    ),
                ),
                (
                    "pattern_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.patternversion",
                        verbose_name="pattern",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="candidates",
                        to="accounts.unit",
                        verbose_name="unit",
                    ),
                ),
                (
                    "items",
                    models.ManyToManyField(
                        blank=True, related_name="candidates", to="usecases.contractitem", verbose_name="contract items"
                    ),
                ),
                (
                    "pains",
                    models.ManyToManyField(
                        blank=True, related_name="candidates", to="usecases.pain", verbose_name="pains"
                    ),
                ),
                (
                    "systems",
                    models.ManyToManyField(
                        blank=True,
                        related_name="candidates",
                        to="usecases.system",
                        verbose_name="systems whose data it needs",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["unit", "-created_at", "id"], name="candidate_by_unit")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["idea", "shaped", "ranked", "flagship", "parked", "declined"])
                        ),
                        name="candidate_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", ["A8", "A9", "other"])), name="candidate_channel"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("title_en", ""), _negated=True),
                            models.Q(("title_zh", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="candidate_titled",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FlagshipSlot",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("slot", models.PositiveSmallIntegerField()),
                (
                    "candidate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="slots", to="usecases.candidate"
                    ),
                ),
                (
                    "selection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="slots",
                        to="usecases.flagshipselection",
                    ),
                ),
            ],
            options={
                "ordering": ["slot"],
                "constraints": [
                    models.UniqueConstraint(fields=("selection", "slot"), name="flagship_slot_once"),
                    models.UniqueConstraint(fields=("selection", "candidate"), name="flagship_once_a_selection"),
                    models.CheckConstraint(condition=models.Q(("slot__in", [1, 2])), name="flagship_slot_one_or_two"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RankingCandidate",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "candidate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="usecases.candidate"
                    ),
                ),
                (
                    "ranking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="entries", to="usecases.ranking"
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("ranking", "candidate"), name="candidate_once_a_ranking")
                ],
            },
        ),
        migrations.CreateModel(
            name="Score",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("value", models.SmallIntegerField(null=True)),
                ("voided_at", models.DateTimeField(null=True)),
                ("voided_why", models.CharField(blank=True, max_length=500)),
                (
                    "criterion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="scores", to="usecases.criterion"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scores",
                        to="usecases.rankingcandidate",
                    ),
                ),
                (
                    "ranking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="scores", to="usecases.ranking"
                    ),
                ),
                (
                    "scorer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scores",
                        to="usecases.rankingscorer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("voided_at", None)),
                        fields=("scorer", "entry", "criterion"),
                        name="score_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("value", None), models.Q(("value__gte", 1), ("value__lte", 5)), _connector="OR"
                        ),
                        name="score_on_the_scale",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Asset",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("key", models.CharField(editable=False, max_length=20, unique=True, verbose_name="id")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("prompt", "prompt"),
                            ("workflow", "workflow"),
                            ("tool_logic", "tool logic"),
                            ("runbook", "runbook"),
                            ("script", "script"),
                            ("sop", "SOP"),
                            ("postmortem", "postmortem"),
                            ("template", "template"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("title_en", models.CharField(blank=True, max_length=140, verbose_name="title, English")),
                ("title_zh", models.CharField(blank=True, max_length=140, verbose_name="title, Chinese")),
                ("stored_at", models.CharField(max_length=300, verbose_name="stored at")),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "draft"), ("reviewed", "reviewed"), ("retired", "retired")],
                        default="draft",
                        editable=False,
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("state_since", models.DateTimeField(default=foundation.clock.now, editable=False)),
                (
                    "author",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner_team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.unit",
                        verbose_name="owner team",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assets",
                        to="accounts.unit",
                        verbose_name="unit",
                    ),
                ),
                (
                    "candidate",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assets",
                        to="usecases.candidate",
                        verbose_name="made by",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["draft", "reviewed", "retired"])), name="asset_state_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("title_en", ""), _negated=True),
                            models.Q(("title_zh", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="asset_titled",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AssetRerun",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("worked", "worked"),
                            ("worked_after_change", "worked after a change"),
                            ("did_not_work", "did not work"),
                        ],
                        max_length=20,
                        verbose_name="outcome",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                ("on", models.DateField(verbose_name="on")),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reruns", to="usecases.asset"
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.unit",
                        verbose_name="team",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AssetReview",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("usable", "usable"),
                            ("usable_with_limits", "usable with limits"),
                            ("return", "return to the author"),
                        ],
                        max_length=20,
                        verbose_name="result",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                ("reviewed_at", models.DateTimeField(default=foundation.clock.now)),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reviews", to="usecases.asset"
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
    ]
