"""Tables in: read, match, preview, commit. Apps register what can be imported."""

from foundation.imports.kinds import (
    Field,
    ImportKind,
    Outcome,
    RowPlan,
    RowReason,
    TypedRow,
    import_kinds,
    install_units,
    register_import,
)

__all__ = [
    "Field",
    "ImportKind",
    "Outcome",
    "RowPlan",
    "RowReason",
    "TypedRow",
    "import_kinds",
    "install_units",
    "register_import",
]
