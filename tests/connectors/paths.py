"""Where the real inputs lie: beside the checkout, never copied into it."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"
SAMPLES = SHARED / "design" / "dify-samples"
EVENT_LOG = SHARED / "data" / "uci_incident_event_log.zip"


def need(path: Path) -> Path:
    """Skips the test, saying which path is missing."""
    if not path.exists():
        pytest.skip(f"missing: {path}")
    return path
