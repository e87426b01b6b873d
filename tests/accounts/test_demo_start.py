"""The demo's persona switch never opens on real data."""

from __future__ import annotations

from accounts.models import Installation
from accounts.selectors import demo_refusal
from foundation.startup import start_refusals


def test_demo_is_refused_on_a_database_with_real_data(world, settings):
    settings.DEMO = True
    assert "real data" in demo_refusal()
    assert start_refusals() == [demo_refusal()]


def test_demo_starts_on_marked_data_and_real_data_starts_without_demo(world, settings):
    settings.DEMO = False
    assert start_refusals() == []
    settings.DEMO = True
    Installation.objects.create(demo=True)
    assert start_refusals() == []
