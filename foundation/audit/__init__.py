"""The ledger: verbs with their sentences, `record()` in services, a hash chain anyone can verify."""

from foundation.audit.ledger import append, record, record_refusal
from foundation.audit.timeline import Line, timeline
from foundation.audit.verbs import sentence, verb, verbs

__all__ = ["Line", "append", "record", "record_refusal", "sentence", "timeline", "verb", "verbs"]
