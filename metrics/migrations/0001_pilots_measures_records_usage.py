import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import foundation.clock
import foundation.secrets


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_people"),
        ("accounts", "__first__"),
        ("usecases", "0001_pains_candidates_rankings"),
    ]

    operations = [
        migrations.CreateModel(
            name="Pilot",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("key", models.CharField(max_length=20, unique=True)),
                ("name_en", models.CharField(blank=True, max_length=160)),
                ("name_zh", models.CharField(blank=True, max_length=160)),
                ("scope", models.TextField(blank=True)),
                ("starts_on", models.DateField()),
                ("ramp_until", models.DateField(blank=True, null=True)),
                ("ends_on", models.DateField()),
                ("decision_on", models.DateField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("running", "running"),
                            ("ended", "ended"),
                            ("decided", "decided"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("state_since", models.DateTimeField(default=foundation.clock.now)),
                ("permit_digest", models.CharField(blank=True, max_length=80)),
                (
                    "candidate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="pilots", to="usecases.candidate"
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status", "draft"), models.Q(("permit_digest", ""), _negated=True), _connector="OR"
                        ),
                        name="pilot_runs_with_a_permit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_on__gt", models.F("starts_on"))), name="pilot_has_length"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["draft", "running", "ended", "decided"])),
                        name="pilot_status",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChangeNote",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("from_on", models.DateField()),
                ("until_on", models.DateField()),
                ("text_en", models.CharField(blank=True, max_length=160)),
                ("text_zh", models.CharField(blank=True, max_length=160)),
                (
                    "created_by",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
                (
                    "pilot",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notes",
                        to="metrics.pilot",
                    ),
                ),
            ],
            options={
                "ordering": ["from_on"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until_on__gte", models.F("from_on"))), name="note_in_order"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("key", models.CharField(max_length=20, unique=True)),
                (
                    "pilot",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="report", to="metrics.pilot"
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ReportFreeze",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("body", models.TextField()),
                ("digest", models.CharField(max_length=80)),
                ("estimates", models.JSONField(default=list)),
                ("xlsx", models.BinaryField(null=True)),
                ("xlsx_sha256", models.CharField(blank=True, max_length=64)),
                ("by_role", models.CharField(blank=True, max_length=60)),
                ("frozen_at", models.DateTimeField(default=foundation.clock.now)),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="freezes", to="metrics.report"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="RuntimeConnection",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("kind", models.CharField(choices=[("dify", "Dify")], default="dify", max_length=10)),
                ("name", models.CharField(max_length=100)),
                ("base_url", models.URLField(max_length=300)),
                ("workspace_ref", models.CharField(blank=True, max_length=60)),
                ("secret", foundation.secrets.SealedField(blank=True)),
                ("allow_private_hosts", models.BooleanField(default=False)),
                ("day_timezone", models.CharField(blank=True, max_length=60)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("server_version", models.CharField(blank=True, max_length=40)),
                ("capabilities", models.JSONField(default=dict)),
                ("paused", models.BooleanField(default=False)),
                ("attention", models.CharField(blank=True, max_length=60)),
                ("every_minutes", models.PositiveIntegerField(default=60)),
                ("last_ok_at", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.JSONField(blank=True, default=dict)),
                ("last_error_at", models.DateTimeField(blank=True, null=True)),
                ("next_try_at", models.DateTimeField(blank=True, null=True)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("zone_seen", models.CharField(blank=True, max_length=60)),
                ("probe", models.JSONField(blank=True, default=dict)),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SourceImport",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("kind", models.CharField(max_length=20)),
                ("record_kind", models.CharField(default="incident", max_length=10)),
                ("source", models.CharField(max_length=60)),
                ("file_name", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("mapping", models.CharField(max_length=60)),
                ("zone", models.CharField(max_length=60)),
                ("as_of", models.DateTimeField()),
                ("rows_read", models.PositiveIntegerField()),
                ("records", models.PositiveIntegerField()),
                ("added", models.PositiveIntegerField()),
                ("changed", models.PositiveIntegerField()),
                ("unchanged", models.PositiveIntegerField()),
                ("facts", models.JSONField(default=dict)),
                ("forensics", models.JSONField(default=list)),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["unit", "-created_at"], name="import_unit")],
            },
        ),
        migrations.CreateModel(
            name="OpsRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(default="incident", max_length=10)),
                ("source", models.CharField(max_length=60)),
                ("source_key", models.CharField(max_length=100)),
                ("opened_at", models.DateTimeField()),
                ("first_ack_at", models.DateTimeField(null=True)),
                ("resolved_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("created_in_source_at", models.DateTimeField(null=True)),
                ("priority", models.CharField(blank=True, max_length=40)),
                ("group", models.CharField(blank=True, max_length=100)),
                ("service", models.CharField(blank=True, max_length=100)),
                ("category", models.CharField(blank=True, max_length=100)),
                ("subcategory", models.CharField(blank=True, max_length=100)),
                ("contact_type", models.CharField(blank=True, max_length=60)),
                ("reassignments", models.PositiveIntegerField(null=True)),
                ("reopens", models.PositiveIntegerField(null=True)),
                ("made_sla", models.BooleanField(null=True)),
                ("parent_key", models.CharField(blank=True, max_length=100)),
                ("state", models.CharField(blank=True, max_length=40)),
                ("content_hash", models.CharField(max_length=64)),
                ("received_at", models.DateTimeField(default=foundation.clock.now)),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
                (
                    "source_import",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="kept", to="metrics.sourceimport"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["unit", "kind", "source", "opened_at"], name="ops_record_window")],
                "constraints": [
                    models.UniqueConstraint(fields=("unit", "kind", "source", "source_key"), name="ops_record_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="SyncRun",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("trigger", models.CharField(max_length=12)),
                ("job_ref", models.CharField(blank=True, max_length=40)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("running", "running"), ("done", "done"), ("failed", "failed")],
                        default="running",
                        max_length=8,
                    ),
                ),
                ("calls", models.PositiveIntegerField(default=0)),
                ("days_written", models.PositiveIntegerField(default=0)),
                ("days_unchanged", models.PositiveIntegerField(default=0)),
                ("error_code", models.CharField(blank=True, max_length=40)),
                ("error", models.JSONField(blank=True, default=dict)),
                ("digest", models.CharField(blank=True, max_length=80)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="metrics.runtimeconnection"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["connection", "-created_at"], name="sync_run_newest")],
            },
        ),
        migrations.CreateModel(
            name="RuntimeApp",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("external_id", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=200)),
                ("mode", models.CharField(max_length=30)),
                ("first_seen", models.DateTimeField(default=foundation.clock.now)),
                ("last_seen", models.DateTimeField(default=foundation.clock.now)),
                ("gone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="apps", to="metrics.runtimeconnection"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("connection", "external_id"), name="runtime_app_once")],
            },
        ),
        migrations.CreateModel(
            name="Measure",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "preset",
                    models.CharField(
                        choices=[("time_per_task", "time per task"), ("time_to_restore", "time to restore")],
                        max_length=20,
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("primary", "primary"), ("secondary", "secondary"), ("guardrail", "guardrail")],
                        default="primary",
                        max_length=10,
                    ),
                ),
                ("name_en", models.CharField(max_length=160)),
                ("name_zh", models.CharField(blank=True, max_length=160)),
                ("owner_role", models.CharField(default="pilot_lead", max_length=40)),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
                (
                    "pilot",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="measures",
                        to="metrics.pilot",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("pilot__isnull", False), ("role", "primary")),
                        fields=("pilot",),
                        name="measure_one_primary_a_pilot",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MeasureVersion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("number", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=20)),
                (
                    "direction",
                    models.CharField(
                        choices=[("lower", "less is better"), ("higher", "more is better")],
                        default="lower",
                        max_length=6,
                    ),
                ),
                ("minimum_effect", models.DecimalField(blank=True, decimal_places=4, max_digits=6, null=True)),
                ("filters", models.JSONField(default=list)),
                ("source", models.CharField(blank=True, max_length=60)),
                ("stratum", models.CharField(blank=True, max_length=40)),
                ("zone", models.CharField(max_length=60)),
                ("rmst_tau", models.PositiveIntegerField(blank=True, null=True)),
                ("within", models.JSONField(default=list)),
                ("sentence_en", models.TextField()),
                ("sentence_zh", models.TextField(blank=True)),
                ("content_hash", models.CharField(max_length=80)),
                ("is_locked", models.BooleanField(default=False)),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="metrics.measure"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("measure", "number"), name="measure_version_number")],
            },
        ),
        migrations.CreateModel(
            name="MeasureLock",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("content_hash", models.CharField(max_length=80)),
                (
                    "basis",
                    models.CharField(choices=[("signature", "signature"), ("pair", "two people")], max_length=10),
                ),
                ("ref", models.CharField(blank=True, max_length=80)),
                ("locked_at", models.DateTimeField(default=foundation.clock.now)),
                ("binding_at", models.DateTimeField(blank=True, null=True)),
                ("void_at", models.DateTimeField(blank=True, null=True)),
                (
                    "first_person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "second_person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version_of",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="locks", to="metrics.measureversion"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="GainEstimate",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("plan", models.TextField()),
                ("result", models.TextField()),
                ("inputs_hash", models.CharField(max_length=80)),
                ("result_hash", models.CharField(max_length=80)),
                ("verdict", models.CharField(blank=True, max_length=24)),
                ("reasons", models.JSONField(default=list)),
                ("grade", models.CharField(blank=True, max_length=1)),
                ("word", models.CharField(max_length=10)),
                ("look_back", models.BooleanField(default=False)),
                ("n_before", models.PositiveIntegerField(default=0)),
                ("n_pilot", models.PositiveIntegerField(default=0)),
                ("as_of", models.DateTimeField(null=True)),
                ("sentence_en", models.TextField(blank=True)),
                ("sentence_zh", models.TextField(blank=True)),
                (
                    "supersedes",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="metrics.gainestimate",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="estimates", to="metrics.measure"
                    ),
                ),
                (
                    "version_of",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="estimates",
                        to="metrics.measureversion",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["measure", "-created_at"], name="estimate_newest")],
            },
        ),
        migrations.CreateModel(
            name="Observation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("at", models.DateTimeField()),
                ("minutes", models.DecimalField(decimal_places=2, max_digits=7)),
                ("review_minutes", models.DecimalField(blank=True, decimal_places=2, max_digits=7, null=True)),
                ("case", models.CharField(max_length=40)),
                ("second_run", models.BooleanField(default=False)),
                ("usable", models.BooleanField(blank=True, null=True)),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("stopwatch", "typed by the team"),
                            ("system_log", "system log"),
                            ("self_report", "self-report"),
                        ],
                        default="stopwatch",
                        max_length=12,
                    ),
                ),
                ("entered_by_role", models.CharField(blank=True, max_length=40)),
                ("received_at", models.DateTimeField(default=foundation.clock.now)),
                ("excluded_why", models.CharField(blank=True, max_length=200)),
                ("receipt_digest", models.CharField(blank=True, max_length=64)),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="observations", to="metrics.measure"
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["measure", "at"], name="observation_window")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("minutes__gte", 0.1), ("minutes__lte", 1440)), name="observation_minutes"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("review_minutes", None),
                            models.Q(("review_minutes__gte", 0), ("review_minutes__lte", models.F("minutes"))),
                            _connector="OR",
                        ),
                        name="observation_review_inside",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AppLink",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                (
                    "stage",
                    models.CharField(
                        choices=[("sandbox", "sandbox"), ("pilot", "pilot"), ("service", "service")],
                        default="sandbox",
                        max_length=10,
                    ),
                ),
                ("from_day", models.DateField()),
                ("until_day", models.DateField(blank=True, null=True)),
                (
                    "candidate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="usecases.candidate"
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "pilot",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="app_links",
                        to="metrics.pilot",
                    ),
                ),
                (
                    "app",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="links", to="metrics.runtimeapp"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until_day", None)), fields=("app",), name="app_link_one_live"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("sentence_en", models.TextField()),
                ("sentence_zh", models.TextField(blank=True)),
                ("edited", models.BooleanField(default=False)),
                ("does_not_say_en", models.TextField()),
                ("does_not_say_zh", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "draft"), ("published", "published"), ("withdrawn", "withdrawn")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("state_since", models.DateTimeField(default=foundation.clock.now)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "estimate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="metrics.gainestimate",
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
        migrations.CreateModel(
            name="SyncWindow",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("closed_through", models.DateField(blank=True, null=True)),
                (
                    "progress",
                    models.CharField(
                        choices=[
                            ("pending", "pending"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("needs_attention", "needs attention"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(blank=True, null=True)),
                ("error_code", models.CharField(blank=True, max_length=40)),
                (
                    "app",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="windows", to="metrics.runtimeapp"
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="windows",
                        to="metrics.runtimeconnection",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("connection", "app"), name="sync_window_once")],
            },
        ),
        migrations.CreateModel(
            name="UsageDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(default="statistics", max_length=12)),
                ("day", models.DateField()),
                ("day_timezone", models.CharField(max_length=60)),
                ("runs", models.PositiveBigIntegerField(null=True)),
                ("messages", models.PositiveBigIntegerField(null=True)),
                ("conversations", models.PositiveBigIntegerField(null=True)),
                ("users_distinct", models.PositiveBigIntegerField(null=True)),
                ("tokens_total", models.PositiveBigIntegerField(null=True)),
                ("cost", models.BigIntegerField(null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("latency_avg_ms", models.PositiveIntegerField(null=True)),
                ("satisfaction_per_mille", models.PositiveIntegerField(null=True)),
                ("tokens_per_second", models.FloatField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("provisional", "provisional"),
                            ("closed", "closed"),
                            ("restated", "restated"),
                            ("superseded", "superseded"),
                        ],
                        default="provisional",
                        max_length=12,
                    ),
                ),
                ("fetched_at", models.DateTimeField(default=foundation.clock.now)),
                ("row_hash", models.CharField(max_length=64)),
                (
                    "app",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="days", to="metrics.runtimeapp"
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="metrics.runtimeconnection"
                    ),
                ),
                (
                    "sync_run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="days", to="metrics.syncrun"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["app", "day"], name="usage_day_app")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("connection", "app", "source", "day", "day_timezone"), name="usage_day_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageRestatement",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("day", models.DateField()),
                ("field", models.CharField(max_length=30)),
                ("old", models.BigIntegerField(null=True)),
                ("new", models.BigIntegerField(null=True)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("late", "arrived late"),
                            ("source_shrank", "the source shrank"),
                            ("timezone_change", "the zone changed"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "app",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="restatements",
                        to="metrics.runtimeapp",
                    ),
                ),
                (
                    "sync_run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="metrics.syncrun"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Window",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                (
                    "role",
                    models.CharField(
                        choices=[("baseline", "before"), ("ramp", "ramp"), ("pilot", "pilot")], max_length=10
                    ),
                ),
                ("from_at", models.DateTimeField()),
                ("until_at", models.DateTimeField()),
                (
                    "version_of",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="windows", to="metrics.measureversion"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("version_of", "role"), name="window_one_a_role"),
                    models.CheckConstraint(
                        condition=models.Q(("until_at__gt", models.F("from_at"))), name="window_has_length"
                    ),
                ],
            },
        ),
    ]
