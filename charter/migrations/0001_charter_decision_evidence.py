import uuid

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
        ("metrics", "0001_pilots_measures_records_usage"),
        ("usecases", "0001_pains_candidates_rankings"),
    ]

    operations = [
        migrations.CreateModel(
            name="Charter",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("key", models.CharField(max_length=20, unique=True)),
                ("question_en", models.CharField(blank=True, max_length=200)),
                ("question_zh", models.CharField(blank=True, max_length=200)),
                ("why_now_en", models.TextField(blank=True)),
                ("why_now_zh", models.TextField(blank=True)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField()),
                ("length_reason", models.CharField(blank=True, max_length=300)),
                ("human_approves_changes", models.BooleanField(default=True)),
                ("only_approved_data", models.BooleanField(default=True)),
                ("cost_cap", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ("cost_currency", models.CharField(blank=True, max_length=3)),
                ("token_cap", models.PositiveBigIntegerField(blank=True, null=True)),
                ("exit_plan", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("for_signature", "for signature"),
                            ("signed", "running"),
                            ("decided", "decided"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="draft",
                        max_length=20,
                    ),
                ),
                ("state_since", models.DateTimeField(default=foundation.clock.now)),
                ("suspended_at", models.DateTimeField(blank=True, null=True)),
                ("suspended_why", models.CharField(blank=True, max_length=300)),
                ("categories", models.ManyToManyField(blank=True, related_name="+", to="governance.datacategory")),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
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
                        condition=models.Q(("ends_on__gt", models.F("starts_on"))), name="charter_box_has_length"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["draft", "for_signature", "signed", "decided", "withdrawn"])),
                        name="charter_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Breach",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("number", models.PositiveIntegerField()),
                (
                    "guardrail",
                    models.CharField(
                        choices=[
                            ("V1", "learning first"),
                            ("V2", "per task, never per person"),
                            ("V3", "a human approves changes"),
                            ("V4", "only approved data"),
                            ("V5", "voluntary"),
                            ("V6", "a stop button"),
                            ("V7", "cost cap"),
                            ("V8", "amnesty"),
                        ],
                        max_length=2,
                    ),
                ),
                ("seen_at", models.DateTimeField(default=foundation.clock.now)),
                ("what", models.TextField()),
                ("source", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(choices=[("open", "open"), ("closed", "closed")], default="open", max_length=8),
                ),
                ("state_since", models.DateTimeField(default=foundation.clock.now)),
                (
                    "judgement",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("corrected", "corrected"),
                            ("stopped", "stopped"),
                            ("accepted", "accepted with reason"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reached_production", models.BooleanField(default=False)),
                ("closing_note", models.TextField(blank=True)),
                (
                    "reported_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "charter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="breaches", to="charter.charter"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("charter", "number"), name="breach_number"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "open"), models.Q(("judgement", ""), _negated=True), _connector="OR"
                        ),
                        name="breach_closed_with_a_judgement",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CharterPilot",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("slot", models.PositiveSmallIntegerField()),
                ("snapshot_digest", models.CharField(blank=True, max_length=80)),
                (
                    "candidate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="usecases.candidate"
                    ),
                ),
                (
                    "charter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="cases", to="charter.charter"
                    ),
                ),
                (
                    "pilot",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="metrics.pilot",
                    ),
                ),
            ],
            options={
                "ordering": ["slot"],
                "constraints": [
                    models.UniqueConstraint(fields=("charter", "slot"), name="charter_case_slot"),
                    models.CheckConstraint(condition=models.Q(("slot__in", [1, 2])), name="charter_at_most_two_cases"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CharterText",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("number", models.PositiveIntegerField()),
                ("body", models.TextField()),
                ("digest", models.CharField(max_length=80)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "charter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="texts", to="charter.charter"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("charter", "number"), name="charter_text_number")],
            },
        ),
        migrations.CreateModel(
            name="DecisionPoint",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("on", models.DateField()),
                ("question_en", models.CharField(max_length=200)),
                ("question_zh", models.CharField(blank=True, max_length=200)),
                (
                    "charter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="points", to="charter.charter"
                    ),
                ),
            ],
            options={
                "ordering": ["on"],
                "constraints": [models.UniqueConstraint(fields=("charter", "on"), name="charter_point_day")],
            },
        ),
        migrations.CreateModel(
            name="EvidencePack",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("body", models.TextField()),
                ("digest", models.CharField(max_length=80)),
                ("as_of", models.DateTimeField()),
                ("pins", models.JSONField(default=dict)),
                (
                    "charter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="packs", to="charter.charter"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("key", models.CharField(max_length=20, unique=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("CONTINUE", "Continue"), ("GO", "Go"), ("EXPAND", "Expand"), ("STOP", "Stop")],
                        max_length=8,
                    ),
                ),
                ("reading", models.CharField(max_length=12)),
                ("rationale", models.TextField(blank=True)),
                ("scope", models.TextField(blank=True)),
                ("terms", models.JSONField(default=dict)),
                ("digest", models.CharField(blank=True, max_length=80)),
                ("dissent", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("prepared", "prepared"),
                            ("proposed", "proposed"),
                            ("disagreed", "disagreed"),
                            ("signed", "signed"),
                            ("replaced", "replaced"),
                        ],
                        default="prepared",
                        max_length=10,
                    ),
                ),
                ("state_since", models.DateTimeField(default=foundation.clock.now)),
                (
                    "charter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="charter.charter"
                    ),
                ),
                (
                    "prepared_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "replaces",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="charter.decision",
                    ),
                ),
                (
                    "point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="charter.decisionpoint",
                    ),
                ),
                (
                    "evidence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="charter.evidencepack"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "signed")), fields=("point",), name="decision_one_signed_a_point"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["prepared", "proposed", "disagreed", "signed", "replaced"])),
                        name="decision_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Objective",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("code", models.CharField(max_length=4)),
                ("statement_en", models.CharField(max_length=200)),
                ("statement_zh", models.CharField(blank=True, max_length=200)),
                ("standard", models.BooleanField(default=True)),
                (
                    "charter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="objectives", to="charter.charter"
                    ),
                ),
            ],
            options={
                "ordering": ["code"],
                "constraints": [models.UniqueConstraint(fields=("charter", "code"), name="charter_objective_code")],
            },
        ),
        migrations.CreateModel(
            name="CharterCriterion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("code", models.CharField(max_length=8)),
                (
                    "kind",
                    models.CharField(
                        choices=[("must", "must"), ("should", "should"), ("expand", "expand"), ("stop", "stop")],
                        max_length=8,
                    ),
                ),
                ("sentence_en", models.CharField(max_length=300)),
                ("sentence_zh", models.CharField(blank=True, max_length=300)),
                ("metric", models.CharField(max_length=40)),
                ("comparator", models.CharField(default=">=", max_length=2)),
                ("threshold", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("min_sample", models.PositiveIntegerField(default=0)),
                (
                    "objective",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="criteria", to="charter.objective"
                    ),
                ),
            ],
            options={
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="OpenQuestion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("number", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("question", "question"), ("assumption", "assumption")],
                        default="assumption",
                        max_length=12,
                    ),
                ),
                ("text_en", models.CharField(blank=True, max_length=300)),
                ("text_zh", models.CharField(blank=True, max_length=300)),
                (
                    "answer",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("yes", "yes"),
                            ("no", "no"),
                            ("held", "held"),
                            ("did_not_hold", "did not hold"),
                        ],
                        default="open",
                        max_length=14,
                    ),
                ),
                ("answered_on", models.DateField(blank=True, null=True)),
                ("evidence", models.TextField(blank=True)),
                (
                    "charter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="questions", to="charter.charter"
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("charter", "number"), name="question_number"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", "open"), ("answered_on", None)),
                            models.Q(models.Q(("answer", "open"), _negated=True), ("answered_on__isnull", False)),
                            _connector="OR",
                        ),
                        name="question_answer_has_a_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RunningService",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("review_due", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[("offered", "offered"), ("running", "running"), ("ended", "ended")],
                        default="offered",
                        max_length=8,
                    ),
                ),
                ("state_since", models.DateTimeField(default=foundation.clock.now)),
                (
                    "candidate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="usecases.candidate"
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="services", to="charter.decision"
                    ),
                ),
                (
                    "owner",
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
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Signatory",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("cio", "CIO"),
                            ("ops_head", "Head of operations"),
                            ("programme_office", "Global AI programme"),
                        ],
                        max_length=20,
                    ),
                ),
                ("waits_for", models.CharField(blank=True, max_length=200)),
                ("required", models.BooleanField(default=True)),
                (
                    "charter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="signatories", to="charter.charter"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("charter", "role"), name="charter_one_signatory_a_role")
                ],
            },
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                (
                    "target",
                    models.CharField(choices=[("charter_text", "charter"), ("decision", "decision")], max_length=16),
                ),
                ("target_id", models.UUIDField()),
                ("digest", models.CharField(max_length=80)),
                ("person_name", models.CharField(max_length=200)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("cio", "CIO"),
                            ("ops_head", "Head of operations"),
                            ("programme_office", "Global AI programme"),
                        ],
                        max_length=20,
                    ),
                ),
                ("title_at_time", models.CharField(max_length=100)),
                ("statement", models.CharField(max_length=300)),
                ("at", models.DateTimeField(default=foundation.clock.now)),
                (
                    "charter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="signatures", to="charter.charter"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("target", "target_id", "digest", "role"), name="signature_once_a_role"
                    ),
                    models.UniqueConstraint(
                        fields=("target", "target_id", "digest", "person"), name="signature_once_a_person"
                    ),
                ],
            },
        ),
    ]
