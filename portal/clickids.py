"""The outside id of a click: its number with a keyed tag, so that no id can be guessed. Pure."""

import base64
import hashlib
import json
import struct
from typing import Any

_CLICK_ID = struct.Struct(">qq")


def click_id(number: int, tag: int) -> str:
    return base64.b32encode(_CLICK_ID.pack(number, tag))[:26].decode().lower()


def click_number(outside_id: str) -> tuple[int, int] | None:
    """The key and the tag that an outside id spells, or None; each has one spelling."""
    try:
        number, tag = _CLICK_ID.unpack(base64.b32decode(outside_id.upper() + "======"))
    except (ValueError, struct.error):
        return None
    return (number, tag) if click_id(number, tag) == outside_id.lower() else None


def click_tag(facts: list[Any], key: bytes) -> int:
    """The keyed seal over the columns of a click, in their order, `clicked_at` as Unix seconds."""
    digest = hashlib.blake2b(json.dumps(facts).encode(), digest_size=8, key=key).digest()
    return int.from_bytes(digest, "big", signed=True)
