"""The fields of what comes from outside: strict JSON, and one reader for each kind of field. Pure.

A reader takes a value and the name it came under, and returns what it means or raises Wrong.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.rules import Refused

MAX_AMOUNT = 10**12  # cents; products of rates and sums of payments stay far below 2**63
LONGEST = 255
CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,31}")
_ATOM = r"[^\s@()<>\[\],;:\\\".]+"
_LABEL = r"[^\W_](?:(?:[^\W_]|-){0,61}[^\W_])?"
_EMAIL = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(\.{_ATOM})*@({_LABEL}\.)+(?!\d+$){_LABEL}")
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_TIME = re.compile(
    rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{_CLOCK}:)([0-9]{{2}})(?:\.[0-9]+)?(Z|[+-]{_CLOCK})",
    re.IGNORECASE,
)
_FIRST_DAYS = timedelta(days=3)  # kept free, so that no time zone reaches before year 1

Reader = Callable[[Any, str], Any]


class Wrong(Refused):
    """What is wrong with the input; `code` is not_json, missing, unknown or invalid.

    `by_clock`: refused only for its distance from now, so it may repeat what was recorded before.
    """

    def __init__(
        self, message: str, name: str = "", code: str = "invalid", *, by_clock: bool = False
    ):
        super().__init__(message, name[:64].encode("ascii", "backslashreplace").decode() or None)
        self.code, self.by_clock = code, by_clock


# --- JSON --------------------------------------------------------------------------------------


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Wrong("This field is given twice.", name)
        found[name] = value
    return found


def _whole(text: str) -> int | float:
    return int(text) if len(text) < 20 else float(text)  # a float is no amount: refused later


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def parse(body: bytes) -> Any:
    """The JSON value of a body. Raises Wrong for what is not JSON or names a field twice."""
    try:
        return json.loads(body.decode(), object_pairs_hook=_object, parse_int=_whole,
                          parse_constant=_no_number)  # fmt: skip
    except RecursionError:
        raise Wrong("The body is nested too deeply.", code="not_json") from None
    except ValueError as error:
        raise Wrong(f"The body is not JSON: {error}.", code="not_json") from None


@dataclass(frozen=True)
class Shape:
    """A reader of an object: its fields, each with its reader; those needed are never empty."""

    fields: Mapping[str, Reader]
    needed: Collection[str] = ()

    def __call__(self, value: Any, name: str = "") -> dict[str, Any]:
        """The values of the fields that were sent. Raises Wrong for the first problem."""
        prefix = f"{name}." if name else ""
        if not isinstance(value, dict):
            raise Wrong("This must be a JSON object.", name)
        sent = {field: said for field, said in value.items() if said is not None}
        for field in value:
            if field not in self.fields:
                raise Wrong("There is no such field.", prefix + field, "unknown")
        for field in self.needed:
            if field not in sent:
                raise Wrong("This is missing.", prefix + field, "missing")
            if isinstance(sent[field], str) and not sent[field].strip():
                raise Wrong("This may not be empty.", prefix + field)
        return {
            field: read(sent[field], prefix + field)
            for field, read in self.fields.items()
            if field in sent
        }


# --- Fields ------------------------------------------------------------------------------------


def _reader(usable: Callable[[Any], object], otherwise: str, of: Reader | None = None) -> Reader:
    """A reader that takes what is usable of what another one read, or of anything."""

    def read(value: Any, name: str) -> Any:
        found = of(value, name) if of else value
        if not usable(found):
            raise Wrong(otherwise, name)
        return found

    return read


def _is_clean(line: str) -> bool:
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in line)


def at_most(longest: int) -> Reader:
    """A reader of one line of text that every database can store."""
    said = f"This is longer than {longest} characters."
    short = _reader(lambda line: len(line) <= longest, said, any_text)
    return _reader(_is_clean, "This has control characters or broken Unicode in it.", short)


def one_of(*allowed: str) -> Reader:
    return _reader(lambda word: word in allowed, f"This must be {' or '.join(allowed)}.")


def is_email(address: str) -> bool:
    """Whether an e-mail address has the form of one; nothing is asked on the net."""
    short = len(address) <= 254 and len(address.casefold()) <= LONGEST
    return short and _EMAIL.fullmatch(address) is not None


any_text = _reader(lambda value: isinstance(value, str), "This must be a text.")
text = at_most(LONGEST)
filled = _reader(str.strip, "This may not be empty.", text)
email = _reader(
    lambda address: not address or is_email(address),
    "This is not an e-mail address.",
    lambda value, name: text(value, name).strip(),
)
country = _reader(  # by its two letters; empty for unknown
    re.compile("([A-Z]{2})?").fullmatch,
    "This must be the two letters of a country, like US.",
    lambda value, name: text(value, name).strip().upper(),
)
code = _reader(
    CODE.fullmatch,
    "A code has 2 to 32 letters a-z, digits and dashes, no dash first.",
    any_text,
)
cents = _reader(
    lambda value: type(value) is int and 0 <= value < MAX_AMOUNT,
    f"This must be a whole number of cents, from 0 to {MAX_AMOUNT - 1}.",
)
boolean = _reader(lambda value: isinstance(value, bool), "This must be true or false.")


def hint(value: Any, name: str) -> str:
    """A click id or code that went through a browser: whatever it is, it loses no sale."""
    line = any_text(value, name)[:LONGEST]
    return "".join(character if _is_clean(character) else "\ufffd" for character in line)


def instant(value: Any, name: str) -> datetime:
    """An RFC 3339 time in UTC, cut to seconds; a leap second is the second before it."""
    written = _TIME.fullmatch(any_text(value, name))
    if not written:
        raise Wrong("This must be a time with an offset, like 2026-11-30T14:51:00Z.", name)
    minute, seconds, offset = written.groups()
    seconds = "59" if seconds == "60" else seconds
    try:
        at = datetime.fromisoformat(f"{minute}{seconds}{offset.upper()}").astimezone(UTC)
        at - _FIRST_DAYS
    except (ValueError, OverflowError):
        raise Wrong("There is no such time.", name) from None
    return at
