"""The table of program settings: what `portal set` and the admin page can change.

A setting has a kind, and a kind is a way to read what a person wrote. The values live in the
database; those that change money are `versioned` and hold from an instant on (R10a).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from portal.months import Month
from portal.rules import Terms

Value = str | int | tuple[str, ...]

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?")
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*(:[0-9]{{1,5}})?")
_EMAIL = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+")


@dataclass(frozen=True)
class Setting:
    """One setting. `limits` are the lowest and highest number of a kind that counts."""

    name: str
    kind: str
    default: Value
    help: str
    choices: tuple[str, ...] = ()
    limits: tuple[int, int] = (0, 0)
    versioned: bool = False

    def parse(self, text: str) -> Value:
        """The value that a text says. Raises ValueError with what would be right."""
        text = text.strip()
        if text == "" == as_text(self.default):
            return self.default
        return KINDS[self.kind](self, text)


def as_text(value: Value) -> str:
    """A value as a person would write it; `parse` reads it back."""
    return ",".join(value) if isinstance(value, tuple) else str(value)


def parse(name: str, text: str) -> Value:
    """The value that a text says for the named setting. Raises ValueError with a sentence."""
    if name not in BY_NAME:
        raise ValueError(f"There is no setting {name!r}; `portal settings` lists them.")
    return BY_NAME[name].parse(text)


# --- Kinds -------------------------------------------------------------------------------------


def _text(setting: Setting, text: str) -> str:
    if not 1 <= len(text) <= 200 or not text.isprintable():
        raise ValueError(f"{setting.name} takes one line of 1 to 200 characters.")
    return text


def _lines(setting: Setting, text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    if not 1 <= len(text) <= 500 or not all(line.isprintable() for line in lines):
        raise ValueError(f"{setting.name} takes plain lines, 1 to 500 characters in all.")
    return "\n".join(lines)


def _url(setting: Setting, text: str) -> str:
    example = "https://www.example.com/product"
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and _HOST.fullmatch(parts.netloc.lower())
    except ValueError:
        usable = False
    if not usable or len(text) > 1000 or not text.isascii() or re.search(r"\s", text):
        raise ValueError(f"{setting.name} takes a full address like {example}.")
    return text


def _hosts(setting: Setting, text: str) -> tuple[str, ...]:
    hosts = tuple(dict.fromkeys(host.strip().lower() for host in text.split(",")))
    for host in hosts:
        if not _HOST.fullmatch(host):
            wanted = "host names with commas between, like www.example.com,shop.example.com"
            raise ValueError(f"{setting.name} takes {wanted}, not {host!r}.")
    return hosts


def _domain(setting: Setting, text: str) -> str:
    domain = text.lower().removeprefix(".")
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(f"{setting.name} takes a domain like example.com, not {text!r}.")
    return domain


def _zone(setting: Setting, text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (KeyError, ValueError, OSError):
        wanted = "a time zone like America/Los_Angeles or Europe/Berlin"
        raise ValueError(f"{setting.name} takes {wanted}, not {text!r}.") from None


def _choice(setting: Setting, text: str) -> str:
    if text not in setting.choices:
        wanted = " or ".join(setting.choices)
        raise ValueError(f"{setting.name} takes {wanted}, not {text!r}.")
    return text


def _month(setting: Setting, text: str) -> str:
    try:
        return str(Month(text))
    except ValueError:
        raise ValueError(f"{setting.name} takes a month like 2026-11, not {text!r}.") from None


def _email(setting: Setting, text: str) -> str:
    if not _EMAIL.fullmatch(text) or len(text) > 254 or not text.isprintable():
        raise ValueError(f"{setting.name} takes an e-mail address, not {text!r}.")
    return text


def _whole(setting: Setting, text: str, of: str = "a whole number") -> int:
    low, high = setting.limits
    if not re.fullmatch(r"[0-9]{1,12}", text) or not low <= int(text) <= high:
        raise ValueError(f"{setting.name} takes {of} from {low} to {high}, not {text!r}.")
    return int(text)


def _cents(setting: Setting, text: str) -> int:
    return _whole(setting, text, "an amount in cents (10000 is $100.00)")


def _basis_points(setting: Setting, text: str) -> int:
    return _whole(setting, text, "a rate in basis points (2000 is 20%)")


def _days(setting: Setting, text: str) -> int:
    return _whole(setting, text, "a number of days")


KINDS: dict[str, Callable[[Setting, str], Value]] = {
    "text": _text,
    "lines": _lines,
    "url": _url,
    "hosts": _hosts,
    "domain": _domain,
    "zone": _zone,
    "choice": _choice,
    "month": _month,
    "email": _email,
    "whole": _whole,
    "cents": _cents,
    "basis_points": _basis_points,
    "days": _days,
}


# --- The table ---------------------------------------------------------------------------------


def _term(name: str, kind: str, help: str, high: int, low: int = 0) -> Setting:
    """A versioned setting; its default is the one of the rules."""
    default = getattr(Terms, name)
    return Setting(name, kind, default, help, limits=(low, high), versioned=True)


_MOST = 100_000_000  # a million dollars: more is a slip of the hand
_ALL = 10_000

SETTINGS = (
    Setting("program_name", "text", "Affiliate Program", "The name on pages and mails."),
    Setting("program_address", "lines", "", "The postal address under mails and on checks."),
    Setting("support_email", "email", "", "Where affiliates can ask a person."),
    Setting("product_url", "url", "", "The page that a link leads to when it names no other."),
    Setting("allowed_hosts", "hosts", (), "The hosts that links may lead to."),
    Setting("cookie_domain", "domain", "", "The domain that the portal and the shop share."),
    Setting(
        "time_zone",
        "zone",
        "America/Los_Angeles",
        "Where months and days begin; fixed after the first payout run.",
    ),
    Setting(
        "applications",
        "choice",
        "automatic",
        "Whether an application is accepted at once or an admin looks first.",
        choices=("automatic", "review"),
    ),
    Setting("payout_day", "whole", 1, "The day of the month on which payouts run.", limits=(1, 28)),
    Setting("first_month", "month", "", "The first month whose payouts run by themselves."),
    Setting(
        "form_1099_at",
        "choice",
        "program",
        "When a form 1099 is made: as the program promises, or by law alone.",
        choices=("program", "statutory"),
    ),
    _term("cookie_days", "days", "How long a click counts for an order.", 3650, low=1),
    _term("minimum_payout", "cents", "The least that is paid; less waits for a later run.", _MOST),
    _term("tax_threshold", "cents", "Earnings of a year above which a tax ID is needed.", _MOST),
    _term("month_amount", "cents", "Earned by a full payment of a month plan.", _MOST),
    _term("month_threshold", "cents", "The price from which month_amount is earned.", _MOST),
    _term("month_rate", "basis_points", "Earned by month plans below that price.", _ALL),
    _term("year_amount", "cents", "Earned by a full payment of a year plan.", _MOST),
    _term("once_rate", "basis_points", "Earned by one-off orders.", _ALL),
    _term("override_rate", "basis_points", "Earned by the referrer of an affiliate.", _ALL),
)

BY_NAME = {setting.name: setting for setting in SETTINGS}
