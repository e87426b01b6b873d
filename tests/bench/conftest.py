from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="package")
def the_rest_of_the_suite_is_no_garbage() -> Iterator[None]:
    """The harness collects before each side: with everything a long run has loaded that is a second each time."""
    gc.freeze()
    yield
    gc.unfreeze()
