import uuid

import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

import accounts.models
import foundation.clock
import foundation.paths


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("email", models.EmailField(max_length=254, unique=True, verbose_name="e-mail")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        choices=[("en", "English"), ("zh-hans", "Chinese")],
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                (
                    "zone",
                    models.CharField(
                        default="UTC", max_length=60, validators=[accounts.models.known_zone], verbose_name="time zone"
                    ),
                ),
                (
                    "theme",
                    models.CharField(
                        choices=[("auto", "as the device"), ("light", "light"), ("dark", "dark")],
                        default="auto",
                        max_length=5,
                        verbose_name="theme",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("person", "person"), ("service", "service account")], default="person", max_length=10
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("persona", models.CharField(blank=True, max_length=40)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("demo", models.BooleanField(default=False)),
                ("marked_at", models.DateTimeField(default=foundation.clock.now)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_installation")],
            },
        ),
        migrations.CreateModel(
            name="Unit",
            fields=[
                ("id", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=12, unique=True, verbose_name="code")),
                ("name_en", models.CharField(max_length=120, verbose_name="name in English")),
                ("name_zh", models.CharField(blank=True, max_length=120, verbose_name="name in Chinese")),
                (
                    "kind",
                    models.CharField(
                        choices=[("group", "group"), ("region", "region"), ("team", "team")],
                        default="team",
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("path", foundation.paths.PathField(max_length=120, unique=True)),
                (
                    "zone",
                    models.CharField(
                        default="UTC", max_length=60, validators=[accounts.models.known_zone], verbose_name="time zone"
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("zh-hans", "Chinese")],
                        default="en",
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="accounts.unit",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.comparison.Coalesce("parent", 0),
                        condition=models.Q(("parent", None)),
                        name="one_root_unit",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("role", models.CharField(max_length=40)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("bootstrap", "first start"),
                            ("invitation", "invitation"),
                            ("hand", "by hand"),
                            ("sso", "sign-in group"),
                        ],
                        max_length=10,
                    ),
                ),
                ("since", models.DateTimeField(default=foundation.clock.now)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "given_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="memberships", to="accounts.unit"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("user", "role", "unit"),
                        name="one_live_role_per_unit",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("role", models.CharField(max_length=40)),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")),
                ("note", models.CharField(blank=True, max_length=500)),
                ("what_for", models.CharField(blank=True, max_length=200)),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("counts_at_once", models.BooleanField(default=False)),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "accepted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "invited_by",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="invitations", to="accounts.unit"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("accepted_at", None), ("revoked_at", None), _connector="OR"),
                        name="invitation_accepted_or_revoked",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=foundation.clock.now, editable=False)),
                ("label", models.CharField(max_length=80, verbose_name="label")),
                ("prefix", models.CharField(max_length=8)),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("scopes", models.JSONField(default=list)),
                ("expires_at", models.DateTimeField()),
                ("last_used_on", models.DateField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tokens", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
    ]
