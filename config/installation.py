"""The embedded installation on one machine: its secrets and the address of its broker."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

LONGEST_SOCKET_PATH = 103  # bytes; macOS allows no more
# Values that stand in public files, so everybody knows them.
KNOWN_KEYS = {"dGVzdC1vbmx5LWtleS10ZXN0LW9ubHkta2V5LXRlc3Q="}
KNOWN_WORDS = ("test-only", "django-insecure", "changeme", "change-me", "change_me", "example", "secret", "password")
FIRST_RUN = ("serve", "demo", "bootstrap")  # may make the secrets of a new installation
NO_DATA = (  # never store anything: a key of the moment will do
    "check", "collectstatic", "diffsettings", "help", "makemigrations", "reference", "translations", "vendor",
)  # fmt: skip


def refuse_start(faults: Iterable[str]) -> None:
    """Say everything that is wrong at once and end the process, if anything is."""
    found = list(faults)
    if found:
        raise SystemExit("\n".join(["Pilotage does not start:", *(f"- {fault}" for fault in found)]))


def weak_secrets(secret_key: str, encryption_keys: Iterable[str]) -> Iterator[str]:
    """What is wrong with secrets that are set; one that is missing is named elsewhere."""
    if secret_key and any(word in secret_key.lower() for word in KNOWN_WORDS):
        yield "SECRET_KEY is a known default; make one of your own with 50 or more random characters."
    elif secret_key and (len(secret_key) < 50 or len(set(secret_key)) < 10):
        yield "SECRET_KEY is too short or too simple; it needs 50 or more random characters."
    for number, key in enumerate(encryption_keys, start=1):
        if fault := _weak_key(key.strip()):
            yield f"ENCRYPTION_KEYS: key {number} {fault}"


def _weak_key(key: str) -> str:
    from base64 import urlsafe_b64decode

    from cryptography.fernet import Fernet

    try:
        Fernet(key)
    except ValueError:
        return "is not 32 bytes in URL-safe base64."
    # 32 random bytes hold about 30 different ones, never as few as 16.
    is_known = key in KNOWN_KEYS or len(set(urlsafe_b64decode(key))) < 16
    return "is a known default or has a pattern; make a random one." if is_known else ""


def socket_path(var: Path) -> Path:
    """Where the embedded broker listens: in the data folder, or in a short private one if that path is too long."""
    path = var / "run" / "valkey.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    name = hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
    short = folder / f"pilotage-{os.getuid()}-{name}" / "valkey.sock"
    if len(os.fsencode(short)) > LONGEST_SOCKET_PATH:
        raise SystemExit(f"The data folder {var} has too long a path for the broker; set VAR_DIR or BROKER_URL.")
    return short


def secret(var: Path, name: str, make: str) -> str:
    """The stored secret; made once, on the first run, readable by its owner only. `make` is its first value."""
    path = var / "secrets" / name
    if path.exists():
        return _stored(path)
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in NO_DATA or "--dry-run" in sys.argv or "--help" in sys.argv:
        return make
    database = var / "pilotage.sqlite3"
    if database.exists():
        raise SystemExit(
            f"Pilotage does not start: {database} exists but its secret {path} is gone. "
            f"Put the secrets folder back from your backup."
        )
    if command not in FIRST_RUN:
        raise SystemExit(
            f"Pilotage does not start: there are no secrets in {path.parent} yet. "
            f"Run `python manage.py serve` (or `make demo`) once, or set SECRET_KEY and ENCRYPTION_KEYS."
        )
    return _first(path, make)


def _stored(path: Path) -> str:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise SystemExit(
            f"Pilotage does not start: {path} can be read by others (mode {mode:o}). Run: chmod 600 {path}"
        )
    text = path.read_text(encoding="utf-8").strip()
    if not text:
        raise SystemExit(f"Pilotage does not start: {path} is empty. Put it back from your backup.")
    return text


def _first(path: Path, text: str) -> str:
    """Two first runs at once agree: the file appears whole, and only one of them makes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        return _stored(path)
    finally:
        draft.unlink()
    return text


def new_secret_key() -> str:
    return secrets.token_urlsafe(64)


def new_encryption_key() -> str:
    import base64

    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
