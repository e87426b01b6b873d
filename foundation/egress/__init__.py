"""The one way out: requests to addresses people entered, without becoming a way in."""

from foundation.egress.addresses import EgressRefused
from foundation.egress.client import Client, EgressFailed, Response

__all__ = ["Client", "EgressFailed", "EgressRefused", "Response"]
