"""A seat as its holder carries it: id and secret in a signed cookie. The secret is stored nowhere else.

Everything the database keeps of it is a hash that names one card or one round, so no two hashes of a seat are alike.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from uuid import UUID

from django.core.signing import BadSignature, Signer

from usecases.models import Workshop

SECRET_BITS = 128
_SECRET = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class SeatPass:
    """What the cookie says. Services check that the seat is of this workshop and still there."""

    seat_id: UUID
    secret: str = field(repr=False)

    def edit_hash(self, card_id: UUID) -> str:
        return _sha256(self.secret.encode() + card_id.bytes)

    def ballot_hash(self, round_id: UUID) -> str:
        return _sha256(self.secret.encode() + round_id.bytes)

    def follow_token(self, card_id: UUID) -> str:
        """Opens the trace of the card; only its SHA-256 is kept."""
        return hmac.new(self.secret.encode(), b"follow" + card_id.bytes, hashlib.sha256).hexdigest()

    def shuffle_key(self, item: str) -> bytes:
        """Sorts the items of a ballot differently for every seat, and alike each time it looks."""
        return hmac.new(self.seat_id.bytes, item.encode(), hashlib.sha256).digest()


def follow_hash(token: str) -> str:
    return _sha256(token.encode())


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def new_secret() -> str:
    """For the hidden field of the join form: the same form sent twice makes the same seat."""
    return secrets.token_hex(SECRET_BITS // 8)


def is_secret(text: str) -> bool:
    return _SECRET.fullmatch(text) is not None


def pass_of(workshop: Workshop, secret: str) -> SeatPass:
    """The seat follows from the secret and never the other way round."""
    return SeatPass(UUID(bytes=hashlib.sha256(b"seat" + workshop.pk.bytes + secret.encode()).digest()[:16]), secret)


def cookie_name(workshop: Workshop) -> str:
    return f"seat-{workshop.key}"


def seal_pass(workshop: Workshop, seat: SeatPass) -> str:
    """The value of the cookie; it opens this workshop only."""
    return _signer(workshop).sign(f"{seat.seat_id.hex}.{seat.secret}")


def open_pass(workshop: Workshop, value: str | None) -> SeatPass | None:
    """None for a missing, forged or foreign cookie."""
    try:
        seat_id, secret = _signer(workshop).unsign(value or "").split(".")
        return SeatPass(UUID(seat_id), secret)
    except (BadSignature, ValueError):
        return None


def _signer(workshop: Workshop) -> Signer:
    return Signer(salt=f"usecases.seat.{workshop.pk.hex}")
