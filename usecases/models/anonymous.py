from __future__ import annotations

import uuid

from django.db import models


class Anonymous(models.Model):
    """A row known by a random id only: no time of birth, no running number, nobody's name.

    `help_text` of its fields is what the receipt `/w/…/stored` tells participants.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True
