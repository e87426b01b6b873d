import uuid

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import foundation.clock


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_people"),
        ("accounts", "__first__"),
        ("usecases", "0001_pains_candidates_rankings"),
    ]

    operations = [
        migrations.CreateModel(
            name="Workshop",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("key", models.CharField(editable=False, max_length=20, unique=True, verbose_name="id")),
                ("title_en", models.CharField(blank=True, max_length=140, verbose_name="title, English")),
                ("title_zh", models.CharField(blank=True, max_length=140, verbose_name="title, Chinese")),
                ("question", models.CharField(blank=True, max_length=140, verbose_name="own question")),
                ("language", models.CharField(default="en", max_length=10, verbose_name="language")),
                (
                    "mode",
                    models.CharField(
                        choices=[("meeting", "in one meeting"), ("deadline", "each phase has a deadline")],
                        default="meeting",
                        max_length=10,
                        verbose_name="how",
                    ),
                ),
                (
                    "budget",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="points a person",
                    ),
                ),
                (
                    "cap",
                    models.PositiveSmallIntegerField(
                        default=4,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20),
                        ],
                        verbose_name="at most on one item",
                    ),
                ),
                (
                    "top_n",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(60),
                        ],
                        verbose_name="items that need an owner team",
                    ),
                ),
                (
                    "merge_by",
                    models.CharField(
                        choices=[("anyone", "anyone"), ("facilitator", "facilitator only")],
                        default="anyone",
                        max_length=12,
                        verbose_name="who may merge",
                    ),
                ),
                ("follow_links", models.BooleanField(default=True, verbose_name="follow links")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("prepare", "preparing"),
                            ("collect", "collecting"),
                            ("cluster", "clustering"),
                            ("vote", "voting"),
                            ("review", "reviewing"),
                            ("published", "published"),
                            ("cancelled", "cancelled"),
                        ],
                        default="prepare",
                        editable=False,
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("state_since", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("state_reason", models.CharField(blank=True, editable=False, max_length=500, verbose_name="reason")),
                ("rev", models.PositiveIntegerField(default=1, editable=False)),
                ("phase_until", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                ("paused_at", models.DateTimeField(editable=False, null=True)),
                ("paused_reason", models.CharField(blank=True, editable=False, max_length=500)),
                (
                    "acknowledged_as",
                    models.CharField(
                        blank=True, editable=False, max_length=200, verbose_name="purpose acknowledged by"
                    ),
                ),
                ("acknowledged_at", models.DateTimeField(editable=False, null=True)),
                ("door_opened_at", models.DateTimeField(editable=False, null=True)),
                ("door_closed_at", models.DateTimeField(editable=False, null=True)),
                ("long_code", models.CharField(editable=False, max_length=8, null=True, unique=True)),
                ("short_code", models.CharField(editable=False, max_length=6, null=True, unique=True)),
                ("wiped_at", models.DateTimeField(editable=False, null=True)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "facilitator",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "observer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="observer",
                    ),
                ),
                (
                    "scribe",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="scribe",
                    ),
                ),
                (
                    "second_facilitator",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="second facilitator",
                    ),
                ),
                (
                    "sponsor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="sponsor",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="workshops",
                        to="accounts.unit",
                        verbose_name="unit",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["unit", "-created_at", "id"], name="workshop_by_unit")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["prepare", "collect", "cluster", "vote", "review", "published", "cancelled"])
                        ),
                        name="workshop_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("title_en", ""), _negated=True),
                            models.Q(("title_zh", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="workshop_has_a_title",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("budget__gte", 1), ("cap__gte", 1)), name="workshop_points_positive"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Seat",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "paper",
                    models.BooleanField(
                        default=False, help_text="Whether the facilitator types the ballot of this seat from paper."
                    ),
                ),
                (
                    "done",
                    models.BooleanField(
                        default=False, help_text="Whether this seat said it has no more cards to write."
                    ),
                ),
                (
                    "workshop",
                    models.ForeignKey(
                        help_text="The workshop the seat belongs to.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="seats",
                        to="usecases.workshop",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Round",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveSmallIntegerField(help_text="First, second … vote.")),
                ("items", models.JSONField(help_text="The items that stood on the ballot, in the order of the table.")),
                ("items_digest", models.CharField(help_text="A fingerprint of the set of items.", max_length=80)),
                ("budget", models.PositiveSmallIntegerField(help_text="Points a person.")),
                ("cap", models.PositiveSmallIntegerField(help_text="Points at most on one item.")),
                ("reason", models.CharField(blank=True, help_text="Why there was another vote.", max_length=500)),
                ("roll_size", models.PositiveSmallIntegerField(default=0, help_text="How many seats could vote.")),
                (
                    "opened_at",
                    models.DateTimeField(default=foundation.clock.now, help_text="When the vote was opened."),
                ),
                (
                    "suspended_at",
                    models.DateTimeField(help_text="Since when it rests while items are clustered.", null=True),
                ),
                (
                    "superseded_at",
                    models.DateTimeField(help_text="When a vote over other items took its place.", null=True),
                ),
                ("sealed_at", models.DateTimeField(help_text="When it was closed for good.", null=True)),
                (
                    "workshop",
                    models.ForeignKey(
                        help_text="The workshop the vote belongs to.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rounds",
                        to="usecases.workshop",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workshop", "number"), name="round_number_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("sealed_at", None), ("superseded_at", None)),
                        fields=("workshop",),
                        name="round_live_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sealed_at", None), ("superseded_at", None), _connector="OR"),
                        name="round_ends_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RollEntry",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "voted",
                    models.BooleanField(default=False, help_text="Whether a ballot came from it; not which one."),
                ),
                ("done", models.BooleanField(default=False, help_text="Whether it said that its ballot is finished.")),
                (
                    "round",
                    models.ForeignKey(
                        help_text="The vote.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="roll",
                        to="usecases.round",
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        help_text="The seat that could vote.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="usecases.seat",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("round", "seat"), name="roll_seat_once")],
            },
        ),
        migrations.CreateModel(
            name="Ballot",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "secret_hash",
                    models.CharField(
                        help_text="A fingerprint by which your browser finds its ballot; deleted when the vote closes.",
                        max_length=64,
                        null=True,
                    ),
                ),
                ("choices", models.JSONField(default=dict, help_text="Points by item, in the order of the table.")),
                (
                    "belief",
                    models.CharField(
                        blank=True,
                        choices=[("yes", "yes"), ("no", "no"), ("unsure", "unsure")],
                        help_text="The answer to the one question on the ballot.",
                        max_length=8,
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        help_text="The vote.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ballots",
                        to="usecases.round",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("round", "secret_hash"), name="ballot_once_a_secret")],
            },
        ),
        migrations.CreateModel(
            name="Cluster",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
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
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("place", models.PositiveIntegerField()),
                ("title_en", models.CharField(blank=True, max_length=140, verbose_name="title, English")),
                ("title_zh", models.CharField(blank=True, max_length=140, verbose_name="title, Chinese")),
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
                    "channel",
                    models.CharField(
                        blank=True,
                        choices=[("A8", "A8 vendor"), ("A9", "A9 own team"), ("other", "other")],
                        max_length=10,
                        verbose_name="becomes a candidate",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="merged",
                        to="usecases.cluster",
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
                    "pain",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clusters",
                        to="usecases.pain",
                    ),
                ),
                (
                    "workshop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="clusters", to="usecases.workshop"
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
                        name="cluster_has_a_title",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Card",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("place", models.PositiveIntegerField(default=0, help_text="Its place in the group.")),
                (
                    "text",
                    models.CharField(help_text="The sentence as it was typed.", max_length=140, verbose_name="card"),
                ),
                ("often", models.CharField(blank=True, help_text="How often, if that was answered.", max_length=12)),
                ("takes", models.CharField(blank=True, help_text="How long, if that was answered.", max_length=12)),
                ("hour", models.DateTimeField(help_text="The hour it was written in; no minute.")),
                (
                    "redacted",
                    models.BooleanField(default=False, help_text="Whether the facilitator took something out."),
                ),
                (
                    "edit_hash",
                    models.CharField(
                        blank=True,
                        help_text="A fingerprint by which the browser that wrote it may change it; deleted at the showing.",
                        max_length=64,
                    ),
                ),
                (
                    "follow_hash",
                    models.CharField(
                        blank=True,
                        db_index=True,
                        help_text="The fingerprint of a follow link, if you kept one; it shows no more than the published list.",
                        max_length=64,
                    ),
                ),
                (
                    "cluster",
                    models.ForeignKey(
                        help_text="The group it lies in, once the cards are shown.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cards",
                        to="usecases.cluster",
                    ),
                ),
                (
                    "workshop",
                    models.ForeignKey(
                        help_text="The workshop the card was written in.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cards",
                        to="usecases.workshop",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ClusterOp",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("merge", "merge"),
                            ("split", "split"),
                            ("move", "move"),
                            ("reword", "rewording"),
                            ("redact", "redaction"),
                            ("keep", "kept apart"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "phase",
                    models.CharField(
                        choices=[
                            ("prepare", "preparing"),
                            ("collect", "collecting"),
                            ("cluster", "clustering"),
                            ("vote", "voting"),
                            ("review", "reviewing"),
                            ("published", "published"),
                            ("cancelled", "cancelled"),
                        ],
                        max_length=10,
                    ),
                ),
                ("after_round", models.PositiveSmallIntegerField(default=0)),
                ("suggested", models.BooleanField(default=False)),
                ("touched", models.JSONField(default=list)),
                ("before", models.JSONField(default=dict)),
                ("undone", models.BooleanField(default=False)),
                ("told", models.BooleanField(default=False)),
                (
                    "workshop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="ops", to="usecases.workshop"
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [models.UniqueConstraint(fields=("workshop", "number"), name="cluster_op_number_once")],
            },
        ),
        migrations.AlterField(
            model_name="pain",
            name="source",
            field=models.CharField(
                choices=[
                    ("direct", "recorded here"),
                    ("card", "workshop card"),
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
        migrations.AddField(
            model_name="inventoryversion",
            name="round",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="inventory", to="usecases.round"
            ),
        ),
    ]
