"""The fields of what comes from outside: strict JSON, and one reader for each kind of field. Pure.

A reader takes a value and the name it came under, and returns what it means or raises Wrong.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

MAX_AMOUNT = 10**12  # cents; products of rates and sums of payments stay far below 2**63
LONGEST = 255
CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,31}")


@dataclass(frozen=True)
class Problem:
    """What is wrong with the input: a sentence, and the field it is about, if any.

    `code` is not_json, missing, unknown or invalid. `by_clock` says that the input was refused
    for its distance from now only, so that it may be a repeat of what was recorded before.
    """

    code: str
    message: str
    field: str | None = None
    by_clock: bool = False


# --- JSON --------------------------------------------------------------------------------------


class Wrong(Exception):
    """Carries a Problem from a field's reader to the door of feeds.py, never further."""

    def __init__(self, message: str, name: str | None, code: str = "invalid", clock: bool = False):
        super().__init__(message)
        shown = None if name is None else name[:64].encode("ascii", "backslashreplace").decode()
        self.problem = Problem(code, message, shown, clock)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Wrong("This field is given twice.", name)
        found[name] = value
    return found


def _whole(text: str) -> int | float:
    return int(text) if len(text) < 20 else float(text)  # a float is no amount: refused later


def parse(body: bytes) -> Any:
    """The JSON value of a body; a Problem for what is not JSON in UTF-8 or names a field twice."""
    try:
        return json.loads(body.decode(), object_pairs_hook=_object, parse_int=_whole)
    except Wrong as wrong:
        return wrong.problem
    except RecursionError:
        return Problem("not_json", "The body is nested too deeply.")
    except ValueError as error:
        return Problem("not_json", f"The body is not JSON: {error}.")


# --- Fields ------------------------------------------------------------------------------------

Reader = Callable[[Any, str], Any]


def _clean(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs")


def _string(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise Wrong("This must be a text.", name)
    return value


def text(value: Any, name: str, longest: int = LONGEST) -> str:
    """One line of text that every database can store, 255 characters at most."""
    line = _string(value, name)
    if len(line) > longest:
        raise Wrong(f"This is longer than {longest} characters.", name)
    if not all(map(_clean, line)):
        raise Wrong("This has control characters or broken Unicode in it.", name)
    return line


def short(longest: int) -> Reader:
    """A reader of text that may be empty and has so many characters at most."""
    return lambda value, name: text(value, name, longest)


def address_of_page(value: Any, name: str) -> str:
    """A page's address as a browser tells it, which can be long."""
    return text(value, name, 8192)


def filled(value: Any, name: str) -> str:
    line = text(value, name)
    if not line.strip():
        raise Wrong("This may not be empty.", name)
    return line


def hint(value: Any, name: str) -> str:
    """A click id or code that went through a browser: whatever it is, it loses no sale."""
    line = _string(value, name)[:LONGEST]
    return "".join(character if _clean(character) else "\ufffd" for character in line)


_LOCAL = re.compile(r"[^\s@()<>\[\],;:\\\".]+(\.[^\s@()<>\[\],;:\\\".]+)*")
_LABEL = re.compile(r"[^\W_]([\w-]{0,61}[^\W_])?")


def is_email(address: str) -> bool:
    """Whether an e-mail address has the form of one; nothing is asked on the net."""
    local, at, domain = address.rpartition("@")
    labels = domain.split(".")
    return bool(
        at
        and len(address) <= 254
        and len(address.casefold()) <= LONGEST
        and len(local) <= 64
        and _LOCAL.fullmatch(local)
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) and "_" not in label for label in labels)
        and not labels[-1].isdigit()
    )


def email(value: Any, name: str) -> str:
    address = text(value, name).strip()
    if address and not is_email(address):
        raise Wrong("This is not an e-mail address.", name)
    return address


def needed_email(value: Any, name: str) -> str:
    filled(value, name)
    return email(value, name)


def cents(value: Any, name: str) -> int:
    if type(value) is not int:
        raise Wrong("This must be a whole number of cents.", name)
    if not 0 <= value < MAX_AMOUNT:
        raise Wrong(f"This must be from 0 to {MAX_AMOUNT - 1} cents.", name)
    return value


def boolean(value: Any, name: str) -> bool:
    """True or false, nothing that only looks like it."""
    if not isinstance(value, bool):
        raise Wrong("This must be true or false.", name)
    return value


def one_of(*allowed: str) -> Reader:
    """A reader of one of these words."""

    def read(value: Any, name: str) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise Wrong(f"This must be {' or '.join(allowed)}.", name)
        return value

    return read


_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:)([0-9]{2})(?:\.[0-9]+)?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)
_FIRST_DAYS = timedelta(days=3)  # kept free, so that no time zone reaches before year 1


def instant(value: Any, name: str) -> datetime:
    """An RFC 3339 time in UTC, cut to seconds; a leap second is the second before it."""
    written = _TIME.fullmatch(_string(value, name))
    if not written:
        raise Wrong("This must be a time with an offset, like 2026-11-30T14:51:00Z.", name)
    day, clock, seconds, sign, hours, minutes = written.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        local = datetime.fromisoformat(f"{day}T{clock}{'59' if seconds == '60' else seconds}")
        local -= -offset if sign == "-" else offset
        local - _FIRST_DAYS
    except (ValueError, OverflowError):
        raise Wrong("There is no such time.", name) from None
    return local.replace(tzinfo=UTC)


def country(value: Any, name: str) -> str:
    """A country by its two letters; empty for unknown."""
    letters = text(value, name).strip().upper()
    if letters and not re.fullmatch("[A-Z]{2}", letters):
        raise Wrong("This must be the two letters of a country, like US.", name)
    return letters


def code(value: Any, name: str) -> str:
    if not CODE.fullmatch(_string(value, name)):
        raise Wrong("A code has 2 to 32 letters a-z, digits and dashes, no dash first.", name)
    return str(value)


@dataclass(frozen=True)
class Shape:
    """The fields of an object, each with its reader, and which of them are needed."""

    fields: Mapping[str, Reader]
    needed: tuple[str, ...] = ()

    def __call__(self, value: Any, name: str = "") -> dict[str, Any]:
        """The values of the fields that were sent. Raises Wrong for the first problem."""
        prefix = f"{name}." if name else ""
        if not isinstance(value, dict):
            raise Wrong("This must be a JSON object.", name or None)
        for sent in value:
            if sent not in self.fields:
                raise Wrong("There is no such field.", prefix + sent, "unknown")
        for needed in self.needed:
            if value.get(needed) is None:
                raise Wrong("This is missing.", prefix + needed, "missing")
        return {
            sent: read(value[sent], prefix + sent)
            for sent, read in self.fields.items()
            if value.get(sent) is not None
        }
