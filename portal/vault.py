"""Tax IDs at rest: sealed with AES-256-GCM under keys that never enter the database.

A sealed text is "v1:<key id>:<base64 of nonce and ciphertext>". The row it belongs to is part of
the seal, so a value copied to another row does not open. The key ring is a file of PORTAL_DATA,
mode 0600; `current` seals. Old keys stay in it: restored backups are sealed with them.
"""

import base64
import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.config import keep

RING = "vault-keys.json"
_NONCE = 12
_folder: Path | None = None


class Unavailable(Exception):
    """A sealed text cannot be opened: another key, another row, or it was changed."""


def use(folder: str | os.PathLike[str]) -> None:
    """Keep the key ring in this folder (PORTAL_DATA) from now on. Makes nothing yet."""
    global _folder
    _folder = Path(folder)


def begin() -> dict[str, Any]:
    """The key ring, made where there is none. Raises OSError where it cannot be kept."""
    return _ring() or _add_key({})


def seal(text: str, *, row: str) -> str:
    """The sealed form of a text that belongs to `row` ("table:row:column"). Raises OSError."""
    ring = begin()
    nonce = secrets.token_bytes(_NONCE)
    closed = _cipher(ring, ring["current"]).encrypt(nonce, text.encode(), row.encode())
    return f"v1:{ring['current']}:{base64.b64encode(nonce + closed).decode()}"


def unseal(sealed: str, *, row: str) -> str:
    """The text that `seal` was given for this row. Raises Unavailable."""
    try:
        version, key_id, body = sealed.split(":")
        raw = base64.b64decode(body, validate=True)
    except ValueError:
        raise Unavailable("This is not a sealed text.") from None
    ring = _ring()
    if version != "v1" or not ring or key_id not in ring["keys"]:
        raise Unavailable("The key of this sealed text is not in the key ring.")
    try:
        return _cipher(ring, key_id).decrypt(raw[:_NONCE], raw[_NONCE:], row.encode()).decode()
    except (InvalidTag, ValueError):
        raise Unavailable("This sealed text was changed or belongs to another row.") from None


def renew() -> str:
    """Make a key that seals from now on, in every process; returns its id. One call at a time.

    Raises Unavailable without a key ring, as in a folder that is not the program's, and OSError.
    """
    ring = _ring()
    if ring is None:
        raise Unavailable(f"There is no {_path()} yet.")
    return _add_key(ring["keys"], anew=True)["current"]


def _cipher(ring: dict[str, Any], key_id: str) -> AESGCM:
    return AESGCM(base64.b64decode(ring["keys"][key_id]))


def _path() -> Path:
    if _folder is None:
        raise RuntimeError("The vault has no folder yet: call vault.use() first.")
    return _folder / RING


def _ring() -> dict[str, Any] | None:
    """The key ring as it is now: read each time, so a key added by another process is seen."""
    try:
        return json.loads(_path().read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        raise Unavailable(f"The key ring cannot be read: {problem}") from None


def _add_key(keys: dict[str, str], *, anew: bool = False) -> dict[str, Any]:
    """Write a ring with one more key; of several that write a first one, all use what one wrote."""
    _path().parent.mkdir(parents=True, exist_ok=True)
    key_id, key = secrets.token_hex(4), base64.b64encode(AESGCM.generate_key(256)).decode()
    ring = {"current": key_id, "keys": keys | {key_id: key}}
    return json.loads(keep(_path(), json.dumps(ring), anew=anew))
