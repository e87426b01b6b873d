"""Pages that follow a record: whoever changes it announces a version, whoever looks gets the same bytes.

A view authorises the reader and offers a `Source`; `door.py` (in the ASGI process) then answers repeated polls and
keeps streams open. Everything works without it, and without the broker: the view itself answers polls.
"""

from foundation.live.broker import announce
from foundation.live.source import NEXT, PHASE, REV, Frame, Look, Source, answer, offer

__all__ = ["NEXT", "PHASE", "REV", "Frame", "Look", "Source", "announce", "answer", "offer"]
