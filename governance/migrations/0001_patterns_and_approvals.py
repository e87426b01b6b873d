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
    ]

    operations = [
        migrations.CreateModel(
            name="Checklist",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("code", models.SlugField(max_length=40)),
                ("number", models.PositiveSmallIntegerField()),
                ("published_at", models.DateTimeField(default=foundation.clock.now)),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("unit", "code", "number"), name="checklist_number")],
            },
        ),
        migrations.CreateModel(
            name="ChecklistItem",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("code", models.CharField(max_length=10)),
                ("ordinal", models.PositiveSmallIntegerField()),
                ("text_en", models.CharField(max_length=300)),
                ("text_zh", models.CharField(max_length=300)),
                (
                    "effect",
                    models.CharField(
                        choices=[
                            ("core", "makes the category Core"),
                            ("exclude", "must be excluded"),
                            ("lane:security", "asks the security lane"),
                            ("lane:data", "asks the data lane"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "checklist",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="items", to="governance.checklist"
                    ),
                ),
            ],
            options={
                "ordering": ("checklist", "ordinal"),
                "constraints": [models.UniqueConstraint(fields=("checklist", "code"), name="checklist_item_code")],
            },
        ),
        migrations.CreateModel(
            name="Component",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("key", models.CharField(max_length=20, unique=True)),
                ("name_en", models.CharField(max_length=120)),
                ("name_zh", models.CharField(blank=True, max_length=120)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("builder_runtime", "app builder and runtime"),
                            ("llm_brain", "model role and contract"),
                            ("extension_tool", "tools"),
                            ("knowledge_store", "knowledge store"),
                            ("landing_zone", "landing zone"),
                            ("security_component", "security component"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("mcp", "MCP server"),
                            ("plugin", "plug-in"),
                            ("api", "API"),
                            ("model", "model"),
                            ("platform", "platform"),
                            ("network", "network"),
                            ("control", "control"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[("global", "global"), ("local", "local")], default="global", max_length=10
                    ),
                ),
                ("vendor", models.CharField(blank=True, max_length=120)),
                ("replaceable", models.BooleanField(default=True)),
                (
                    "status",
                    models.CharField(
                        choices=[("proposed", "proposed"), ("in_use", "in use"), ("retired", "retired")],
                        default="in_use",
                        max_length=10,
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
                "ordering": ("key",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "role__in",
                                [
                                    "builder_runtime",
                                    "llm_brain",
                                    "extension_tool",
                                    "knowledge_store",
                                    "landing_zone",
                                    "security_component",
                                ],
                            )
                        ),
                        name="component_role",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["proposed", "in_use", "retired"])), name="component_status"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DataCategory",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("ordinal", models.PositiveSmallIntegerField(default=0)),
                ("name_en", models.CharField(max_length=120)),
                ("name_zh", models.CharField(blank=True, max_length=120)),
                ("examples_en", models.CharField(blank=True, max_length=300)),
                ("examples_zh", models.CharField(blank=True, max_length=300)),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
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
            ],
            options={
                "verbose_name_plural": "data categories",
                "ordering": ("ordinal", "code"),
            },
        ),
        migrations.CreateModel(
            name="DataCategoryVersion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "sensitivity",
                    models.CharField(
                        choices=[
                            ("public", "public"),
                            ("internal", "internal"),
                            ("confidential", "confidential"),
                            ("secret", "secret"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "core_status",
                    models.CharField(
                        choices=[("unknown", "not known"), ("non_core", "Non-Core"), ("core", "Core")],
                        default="unknown",
                        max_length=10,
                    ),
                ),
                (
                    "prc_class",
                    models.CharField(
                        choices=[
                            ("unknown", "not known"),
                            ("general", "general"),
                            ("important", "important"),
                            ("core", "core"),
                        ],
                        default="unknown",
                        max_length=10,
                    ),
                ),
                (
                    "pi_grade",
                    models.CharField(
                        choices=[
                            ("none", "no personal data"),
                            ("pi", "personal data"),
                            ("sensitive_pi", "sensitive personal data"),
                        ],
                        default="none",
                        max_length=14,
                    ),
                ),
                ("exclusions", models.CharField(blank=True, max_length=500)),
                (
                    "decided_use",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("allowed", "allowed"),
                            ("allowed_masked", "allowed, masked"),
                            ("not_allowed", "not allowed"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("submitted", "submitted"),
                            ("decided", "decided"),
                            ("superseded", "superseded"),
                        ],
                        default="draft",
                        max_length=12,
                    ),
                ),
                ("state_since", models.DateTimeField(default=foundation.clock.now)),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="governance.datacategory",
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
                "ordering": ("category", "number"),
                "constraints": [
                    models.UniqueConstraint(fields=("category", "number"), name="category_version_number"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["draft", "submitted", "decided", "superseded"])),
                        name="category_version_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "decided"), _negated=True),
                            ("decided_use", "not_allowed"),
                            ("core_status", "non_core"),
                            _connector="OR",
                        ),
                        name="category_decided_is_non_core",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Evidence",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("label", models.CharField(max_length=300)),
                ("url", models.URLField(blank=True, max_length=500)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("effective_on", models.DateField()),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
                (
                    "uploaded_by",
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
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Gate",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("code", models.SlugField(max_length=20)),
                ("number", models.PositiveSmallIntegerField()),
                ("lanes", models.JSONField()),
                ("validity_months", models.PositiveSmallIntegerField()),
                ("one_person_many_lanes", models.BooleanField(default=False)),
                ("published_at", models.DateTimeField(default=foundation.clock.now)),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("unit", "code", "number"), name="gate_number")],
            },
        ),
        migrations.CreateModel(
            name="Pattern",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("key", models.CharField(max_length=20, unique=True)),
                ("name_en", models.CharField(max_length=160)),
                ("name_zh", models.CharField(blank=True, max_length=160)),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
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
            ],
            options={
                "ordering": ("key",),
            },
        ),
        migrations.CreateModel(
            name="PatternVersion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("number", models.PositiveSmallIntegerField()),
                ("invariants", models.JSONField(blank=True, default=list)),
                ("base_flow", models.JSONField(blank=True, default=dict)),
                ("portable_assets", models.JSONField(blank=True, default=list)),
                ("exit_plan_en", models.TextField(blank=True)),
                ("exit_plan_zh", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("submitted", "submitted"),
                            ("decided", "decided"),
                            ("retired", "retired"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("state_since", models.DateTimeField(default=foundation.clock.now)),
                (
                    "pattern",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="governance.pattern"
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
                "ordering": ("pattern", "number"),
                "constraints": [
                    models.UniqueConstraint(fields=("pattern", "number"), name="pattern_version_number"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["draft", "submitted", "decided", "retired"])),
                        name="pattern_version_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SecurityReuse",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("control", models.SlugField(max_length=40)),
                ("ordinal", models.PositiveSmallIntegerField(default=0)),
                ("mandatory", models.BooleanField(default=True)),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "not answered"),
                            ("reused", "reused"),
                            ("new", "new"),
                            ("not_applicable", "not applicable"),
                        ],
                        max_length=20,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("evidence", models.CharField(blank=True, max_length=300)),
                ("evidence_on", models.DateField(blank=True, null=True)),
                (
                    "version_of",
                    models.ForeignKey(
                        db_column="version_id",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="controls",
                        to="governance.patternversion",
                    ),
                ),
            ],
            options={
                "ordering": ("version_of", "ordinal"),
                "constraints": [
                    models.UniqueConstraint(fields=("version_of", "control"), name="control_once"),
                    models.CheckConstraint(
                        condition=models.Q(("answer__in", ["", "reused", "new", "not_applicable"])),
                        name="control_answer",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Slot",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("code", models.SlugField(max_length=40)),
                ("ordinal", models.PositiveSmallIntegerField(default=0)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("builder_runtime", "app builder and runtime"),
                            ("llm_brain", "model role and contract"),
                            ("extension_tool", "tools"),
                            ("knowledge_store", "knowledge store"),
                            ("landing_zone", "landing zone"),
                            ("security_component", "security component"),
                        ],
                        max_length=20,
                    ),
                ),
                ("name_en", models.CharField(max_length=120)),
                ("name_zh", models.CharField(blank=True, max_length=120)),
                ("note_en", models.CharField(blank=True, max_length=200)),
                ("note_zh", models.CharField(blank=True, max_length=200)),
                ("required", models.BooleanField(default=True)),
                ("replaceable", models.BooleanField(default=True)),
                ("constraints", models.JSONField(blank=True, default=dict)),
                (
                    "version_of",
                    models.ForeignKey(
                        db_column="version_id",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="slots",
                        to="governance.patternversion",
                    ),
                ),
            ],
            options={
                "ordering": ("version_of", "ordinal"),
                "constraints": [
                    models.UniqueConstraint(fields=("version_of", "code"), name="slot_code"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "role__in",
                                [
                                    "builder_runtime",
                                    "llm_brain",
                                    "extension_tool",
                                    "knowledge_store",
                                    "landing_zone",
                                    "security_component",
                                ],
                            )
                        ),
                        name="slot_role",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Binding",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("from_at", models.DateTimeField(default=foundation.clock.now)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("constraint_results", models.JSONField(default=list)),
                ("within", models.BooleanField()),
                (
                    "checked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="governance.binding",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
                (
                    "component",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="bindings", to="governance.component"
                    ),
                ),
                (
                    "slot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="bindings", to="governance.slot"
                    ),
                ),
            ],
            options={
                "ordering": ("slot", "from_at"),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("within", True)), name="binding_within_constraints"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("replaces__isnull", True),
                            models.Q(("replaces", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="binding_replaces_other",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("key", models.CharField(max_length=20, unique=True)),
                ("round", models.PositiveSmallIntegerField(default=1)),
                ("purpose_en", models.TextField(blank=True)),
                ("purpose_zh", models.TextField(blank=True)),
                ("waits", models.JSONField(blank=True, default=dict)),
                ("lanes_called", models.JSONField(blank=True, default=list)),
                ("first_submitted_at", models.DateTimeField(blank=True, null=True)),
                ("due_on", models.DateField(blank=True, null=True)),
                ("edited_at", models.DateTimeField(default=foundation.clock.now)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("submitted", "submitted"),
                            ("in_review", "in review"),
                            ("returned", "returned"),
                            ("decided", "decided"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="draft",
                        max_length=12,
                    ),
                ),
                ("state_since", models.DateTimeField(default=foundation.clock.now)),
                (
                    "gate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.gate"
                    ),
                ),
                (
                    "pattern_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submissions",
                        to="governance.patternversion",
                    ),
                ),
                (
                    "submitter",
                    models.ForeignKey(
                        blank=True,
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
            ],
            options={
                "ordering": ("-created_at",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["draft", "submitted", "in_review", "returned", "decided", "withdrawn"])
                        ),
                        name="submission_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["draft", "withdrawn"]), ("submitter__isnull", False), _connector="OR"
                        ),
                        name="submission_submitter",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Contributor",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("round", models.PositiveSmallIntegerField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contributors",
                        to="governance.submission",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("submission", "user"), name="contributor_once")],
            },
        ),
        migrations.CreateModel(
            name="ChecklistAnswer",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "answer",
                    models.CharField(choices=[("yes", "yes"), ("no", "no"), ("not_known", "not known")], max_length=10),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="governance.checklistitem",
                    ),
                ),
                (
                    "category_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="governance.datacategoryversion",
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="governance.submission"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("submission", "category_version", "item"), name="checklist_answer_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("answer__in", ["yes", "no", "not_known"])), name="checklist_answer_value"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Pack",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("round", models.PositiveSmallIntegerField()),
                ("schema", models.CharField(max_length=40)),
                ("body", models.TextField()),
                ("digest", models.CharField(max_length=80)),
                ("item_digests", models.JSONField()),
                ("section_digests", models.JSONField()),
                ("lanes", models.JSONField()),
                ("lanes_count", models.PositiveSmallIntegerField()),
                (
                    "gate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.gate"
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="packs", to="governance.submission"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("submission", "round"), name="pack_round"),
                    models.CheckConstraint(condition=models.Q(("lanes_count__gte", 1)), name="pack_has_lanes"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CategoryUse",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("own_flow", models.JSONField(blank=True, null=True)),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
                (
                    "category_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uses",
                        to="governance.datacategoryversion",
                    ),
                ),
                (
                    "pattern_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="uses", to="governance.patternversion"
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="uses", to="governance.submission"
                    ),
                ),
            ],
            options={
                "ordering": ("category_version__category__ordinal",),
                "constraints": [
                    models.UniqueConstraint(fields=("submission", "category_version"), name="category_use_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Vote",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("pack_digest", models.CharField(max_length=80)),
                (
                    "lane",
                    models.CharField(
                        choices=[("architecture", "architecture"), ("security", "security"), ("data", "data handling")],
                        max_length=20,
                    ),
                ),
                ("role_at_time", models.CharField(max_length=120)),
                (
                    "choice",
                    models.CharField(
                        choices=[
                            ("approve", "approve"),
                            ("approve_with_conditions", "approve with conditions"),
                            ("return", "return"),
                            ("reject", "reject"),
                        ],
                        max_length=30,
                    ),
                ),
                ("comment", models.TextField(blank=True)),
                (
                    "pack",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="votes", to="governance.pack"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "principal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="governance.vote",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("replaces__isnull", True)),
                        fields=("pack", "lane", "principal"),
                        name="vote_once_per_principal",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lane__in", ["architecture", "security", "data"])), name="vote_lane"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("choice__in", ["approve", "approve_with_conditions", "return", "reject"])),
                        name="vote_choice",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VoteItem",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("item_key", models.CharField(max_length=80)),
                (
                    "choice",
                    models.CharField(
                        choices=[
                            ("approve", "Approve"),
                            ("condition", "Condition"),
                            ("return", "Return"),
                            ("reject", "Reject"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "use",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("allowed", "allowed"),
                            ("allowed_masked", "allowed, masked"),
                            ("not_allowed", "not allowed"),
                        ],
                        max_length=16,
                    ),
                ),
                ("reason_code", models.CharField(blank=True, max_length=40)),
                ("comment", models.TextField(blank=True)),
                ("condition_en", models.CharField(blank=True, max_length=400)),
                ("condition_zh", models.CharField(blank=True, max_length=400)),
                ("condition_due", models.DateField(blank=True, null=True)),
                ("condition_blocking", models.BooleanField(default=True)),
                ("condition_blocks_charter", models.BooleanField(default=False)),
                ("condition_closes_by", models.CharField(default="lane", max_length=10)),
                (
                    "condition_owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "vote",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="items", to="governance.vote"
                    ),
                ),
            ],
            options={
                "ordering": ("item_key",),
                "constraints": [
                    models.UniqueConstraint(fields=("vote", "item_key"), name="vote_item_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("choice", "condition"), _negated=True),
                            models.Q(
                                models.Q(
                                    models.Q(("condition_en", ""), _negated=True),
                                    models.Q(("condition_zh", ""), _negated=True),
                                    _connector="OR",
                                ),
                                ("condition_owner__isnull", False),
                                ("condition_due__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="vote_item_condition_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("choice", "return"), _negated=True),
                            models.Q(("comment", ""), _negated=True),
                            models.Q(("reason_code", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="vote_item_return_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GateDecision",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("pack_digest", models.CharField(max_length=80)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("approved", "approved"),
                            ("approved_with_conditions", "approved with conditions"),
                            ("rejected", "rejected"),
                        ],
                        max_length=30,
                    ),
                ),
                ("item_outcomes", models.JSONField()),
                ("rationale", models.TextField(blank=True)),
                ("conditions_count", models.PositiveSmallIntegerField(default=0)),
                ("signers", models.JSONField()),
                ("decided_at", models.DateTimeField(default=foundation.clock.now)),
                (
                    "pack",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decision", to="governance.pack"
                    ),
                ),
                (
                    "submission",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decision", to="governance.submission"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("conditions_count__gte", 1), ("outcome", "approved_with_conditions")),
                            models.Q(("conditions_count", 0), ("outcome__in", ["approved", "rejected"])),
                            _connector="OR",
                        ),
                        name="decision_conditions_counted",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Condition",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("key", models.CharField(max_length=20, unique=True)),
                ("ordinal", models.PositiveSmallIntegerField()),
                ("item_key", models.CharField(blank=True, max_length=80)),
                ("text_en", models.CharField(blank=True, max_length=400)),
                ("text_zh", models.CharField(blank=True, max_length=400)),
                ("due", models.DateField()),
                ("first_due_until", models.DateTimeField()),
                ("due_until", models.DateTimeField()),
                ("blocking", models.BooleanField(default=True)),
                ("blocks_charter", models.BooleanField(default=False)),
                (
                    "set_by_lane",
                    models.CharField(
                        choices=[("architecture", "architecture"), ("security", "security"), ("data", "data handling")],
                        max_length=20,
                    ),
                ),
                (
                    "closes_by",
                    models.CharField(
                        choices=[("lane", "the lane that set it"), ("charter", "the signed charter")],
                        default="lane",
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("evidence_submitted", "evidence given"),
                            ("closed", "closed"),
                            ("waived", "waived"),
                        ],
                        default="open",
                        max_length=20,
                    ),
                ),
                ("state_since", models.DateTimeField(default=foundation.clock.now)),
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
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="conditions",
                        to="governance.gatedecision",
                    ),
                ),
            ],
            options={
                "ordering": ("due", "key"),
                "constraints": [
                    models.UniqueConstraint(fields=("decision", "ordinal"), name="condition_ordinal"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["open", "evidence_submitted", "closed", "waived"])),
                        name="condition_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("text_en", ""), _negated=True),
                            models.Q(("text_zh", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="condition_has_text",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("blocks_charter", True), ("closes_by", "charter"), _negated=True),
                        name="condition_would_deadlock",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConditionEvent",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("set", "set"),
                            ("evidenced", "evidence given"),
                            ("closed", "closed"),
                            ("reopened", "sent back"),
                            ("waived", "waived"),
                            ("redated", "given another date"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField(default=foundation.clock.now)),
                ("by_label", models.CharField(max_length=160)),
                ("reason", models.TextField(blank=True)),
                ("from_due", models.DateField(blank=True, null=True)),
                ("to_due", models.DateField(blank=True, null=True)),
                ("to_until", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "condition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="governance.condition"
                    ),
                ),
                (
                    "evidence",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.evidence",
                    ),
                ),
            ],
            options={
                "ordering": ("at", "created_at", "id"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "redated"), _negated=True),
                            models.Q(("to_due__isnull", False), ("to_until__isnull", False)),
                            _connector="OR",
                        ),
                        name="condition_redate_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind__in", ["waived", "reopened", "redated"]), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="condition_event_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("key", models.CharField(max_length=20, unique=True)),
                ("item_key", models.CharField(max_length=80)),
                ("item_digest", models.CharField(max_length=80)),
                (
                    "use",
                    models.CharField(
                        choices=[
                            ("allowed", "allowed"),
                            ("allowed_masked", "allowed, masked"),
                            ("not_allowed", "not allowed"),
                        ],
                        max_length=16,
                    ),
                ),
                ("valid_from", models.DateTimeField()),
                ("valid_until", models.DateTimeField()),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
                (
                    "category_use",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals",
                        to="governance.categoryuse",
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals",
                        to="governance.gatedecision",
                    ),
                ),
                (
                    "pattern_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals",
                        to="governance.patternversion",
                    ),
                ),
            ],
            options={
                "ordering": ("-valid_from", "key"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_until__gt", models.F("valid_from"))),
                        name="approval_ends_after_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("category_use__isnull", True), ("pattern_version__isnull", False)),
                            models.Q(("category_use__isnull", False), ("pattern_version__isnull", True)),
                            _connector="OR",
                        ),
                        name="approval_one_subject",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("use__in", ["allowed", "allowed_masked", "not_allowed"])),
                        name="approval_use",
                    ),
                    models.UniqueConstraint(fields=("decision", "item_key"), name="approval_item_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApprovalEvent",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("suspended", "suspended"),
                            ("lifted", "lifted"),
                            ("revoked", "revoked"),
                            ("superseded", "superseded"),
                        ],
                        max_length=12,
                    ),
                ),
                ("effective_at", models.DateTimeField(default=foundation.clock.now)),
                ("reason", models.TextField(blank=True)),
                ("lane", models.CharField(blank=True, max_length=20)),
                ("cause_ref", models.CharField(blank=True, max_length=60)),
                ("by_label", models.CharField(blank=True, max_length=160)),
                (
                    "approval",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="governance.approval"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
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
            ],
            options={
                "ordering": ("effective_at", "created_at", "id"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["suspended", "lifted", "revoked", "superseded"])),
                        name="approval_event_kind",
                    )
                ],
            },
        ),
    ]
