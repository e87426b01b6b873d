"""Large files are committed by a worker."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from foundation.imports.flow import Options, run_import
from foundation.imports.kinds import import_kind
from foundation.jobs import JobRun, job


@job("foundation.imports.commit", label=_("Import of a file"))
def commit(run: JobRun, *, code: str, upload_id: str, sha256: str, options: dict[str, Any]) -> dict[str, Any]:
    return run_import(run, import_kind(code), upload_id, sha256, Options(**options))
