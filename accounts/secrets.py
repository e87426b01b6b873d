"""Random secrets that are shown once and kept as digests."""

from __future__ import annotations

import hashlib
import secrets
from uuid import UUID

from django.utils.crypto import salted_hmac

TOKEN_MARK = "plt_"  # found by secret scanners
TOKEN_BYTES = 32  # 256 random bits


def new_secret(mark: str = "") -> str:
    return mark + secrets.token_urlsafe(TOKEN_BYTES)


def invitation_secret(invitation_id: UUID) -> str:
    """Made from the id and the server's key, so that the job that mails it carries only the id."""
    return salted_hmac("accounts.invitation", str(invitation_id), algorithm="sha256").hexdigest()


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
