"""The registry: every module `p*.py` here holds one figure and names it with `@figure`."""

from __future__ import annotations

import importlib
import pkgutil

from bench.pair import Figure

FIGURES: dict[str, type[Figure]] = {}


def figure(cls: type[Figure]) -> type[Figure]:
    if cls.id in FIGURES:
        raise ValueError(f"{cls.id} stands twice")
    FIGURES[cls.id] = cls
    return cls


def load() -> dict[str, type[Figure]]:
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("p"):
            importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(FIGURES.items(), key=lambda item: _place(item[0])))


def _place(name: str) -> tuple[int, str]:
    """P2 before P14, P14 before P14b."""
    digits = "".join(c for c in name if c.isdigit())
    return int(digits or 0), name
