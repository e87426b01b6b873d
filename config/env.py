"""Settings from the environment; `NAME_FILE` works for each name."""

from __future__ import annotations

from pathlib import Path

import environ

BASE = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()


def var_dir() -> Path:
    """Where the embedded installation keeps its data (database, files, secrets, broker)."""
    return Path(env("VAR_DIR", default=str(BASE / "var"))).resolve()


def database(default: str) -> dict[str, object]:
    """DATABASE_URL with relative SQLite paths made absolute and the options each engine needs."""
    found = env.db_url_config(env("DATABASE_URL", default=default))
    if found["ENGINE"].endswith("sqlite3"):
        if found["NAME"] != ":memory:" and not Path(found["NAME"]).is_absolute():
            found["NAME"] = str(BASE / found["NAME"])
        found["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA busy_timeout=20000;"
                "PRAGMA recursive_triggers=ON;PRAGMA journal_size_limit=67108864;PRAGMA secure_delete=ON;"
            ),
        }
    else:
        found.update({"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True})
    return found
