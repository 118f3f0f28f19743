"""The table of program settings: what `portal set` and the admin page can change.

Each knows how to read what a person wrote. The values live in the database; those that change
money are `versioned` and hold from an instant on (R10a).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from portal import visits
from portal.months import Month
from portal.rules import Refused, Terms

Value = str | int | tuple[str, ...]

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = rf"({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?"
_HOST = rf"{_LABEL}(\.{_LABEL})*(:[0-9]{{1,5}})?"


@dataclass(frozen=True)
class Setting:
    """One setting: what it takes in words, and what reads that or raises ValueError."""

    name: str
    takes: str
    read: Callable[[str], Value]
    default: Value
    versioned: bool = False

    def parse(self, text: str) -> Value:
        """The value that a text says. Raises ValueError with what would be right."""
        text = text.strip()
        if text == "" == as_text(self.default):
            return self.default
        try:
            return self.read(text)
        except (KeyError, ValueError, OSError):  # ZoneInfo raises all of them
            said = f", not {text!r}" if text.isprintable() and len(text) < 100 else ""
            raise ValueError(f"{self.name} takes {self.takes}{said}.") from None


def as_text(value: Value) -> str:
    """A value as a person would write it; `parse` reads it back."""
    return ",".join(value) if isinstance(value, tuple) else str(value)


def parse(name: str, text: str) -> Value:
    """The value that a text says for the named setting. Raises ValueError with a sentence."""
    if name not in BY_NAME:
        raise ValueError(f"There is no setting {name!r}; `portal settings` lists them.")
    return BY_NAME[name].parse(text)


# --- Reading -----------------------------------------------------------------------------------


def _matching(pattern: str, text: str) -> str:
    if not re.fullmatch(pattern, text) or not text.isprintable():
        raise ValueError
    return text


def _lines(text: str) -> str:
    lines = [_matching(".*", line.strip()) for line in text.splitlines()]
    if not 1 <= len(text) <= 500:
        raise ValueError
    return "\n".join(lines)


def _url(text: str) -> str:
    parts = urlsplit(text)
    _matching(_HOST, parts.netloc.lower())
    return _matching(r"(?a:https?://[!-~]{1,990})", text)


def _hosts(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_matching(_HOST, host.strip()) for host in text.lower().split(",")))


def _pages(text: str) -> str:
    """Landing pages that affiliates choose from, a line each: its name and its address."""
    for line in (lines := _lines(text)).splitlines():
        name, _, address = line.partition("=")
        _matching(".{1,60}", name.strip())
        _url(address.strip())
    return lines


def _number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(_matching("-?[0-9]{1,12}", text))
        if not low <= number <= high:
            raise ValueError
        return number

    return read


def _domain(text: str) -> str:
    return _matching(_DOMAIN, text.lower().removeprefix("."))


def _zone(text: str) -> str:
    return ZoneInfo(text).key


def _set(takes: str, read: Callable[[str], Value], default: Value) -> Any:
    """A setting that is not versioned, as a field of Program."""
    return field(default=default, metadata={"takes": takes, "read": read, "default": default})


def _choice(*choices: str) -> Any:
    """A setting with few values; the first is the default."""
    return _set(" or ".join(choices), partial(_matching, "|".join(choices)), choices[0])


def _term(name: str, unit: str, low: int, high: int) -> Setting:
    """A versioned setting; its default is the one of the rules."""
    default, takes = getattr(Terms, name), f"{unit} from {low} to {high}"
    return Setting(name, takes, _number(low, high), default, versioned=True)


# --- The table ---------------------------------------------------------------------------------

_NAME = partial(_matching, ".{1,200}")
_EMAIL = partial(_matching, r"(?=.{1,254}$)[^\s@,;<>\"]+@[^\s@,;<>\"]+")
_SITE = "https://www.example.com/product"
_HOSTS = "host names with commas between, like www.example.com,shop.example.com"
_CENTS, _RATE = "an amount in cents (10000 is $100.00)", "a rate in basis points (2000 is 20%)"
_LINES = "plain lines, 1 to 500 characters in all"
_DISCLOSURE = "I earn a commission if you buy through this link."
_FOOTER = """{your name}, {your postal address}
About {program}, {address}
Not wanted any more? {unsubscribe link}"""
_PAGE = f"lines of a name and an address, like Pricing = {_SITE}"
_MOVED = "hundredths of an inch from -25 to 25"
_MOST = 100_000_000  # a million dollars: more is a slip of the hand


@dataclass(frozen=True)
class Program:
    """The settings that are not versioned, as typed values."""

    program_name: str = _set("one line of 1 to 200 characters", _NAME, "Affiliate Program")
    program_address: str = _set(_LINES, _lines, "")
    payer_name: str = _set("the legal name, one line of 1 to 200 characters", _NAME, "")
    payer_tax_id: str = _set("an EIN like 12-3456789", partial(_matching, "[0-9]{2}-[0-9]{7}"), "")
    payer_phone: str = _set("a telephone number", partial(_matching, "[0-9+() .-]{7,25}"), "")
    support_email: str = _set("an e-mail address", _EMAIL, "")
    logo: str = _set("the name of an image", partial(_matching, "[0-9a-f]{32}[.][a-z]{3,4}"), "")
    disclosure: str = _set(_LINES, _lines, _DISCLOSURE)
    short_disclosure: str = _set(_LINES, _lines, "#ad, paid link")
    mail_footer: str = _set(_LINES, _lines, _FOOTER)
    landing_pages: str = _set(_PAGE, _pages, "")
    product_url: str = _set(f"a full address like {_SITE}", _url, "")
    allowed_hosts: tuple[str, ...] = _set(_HOSTS, _hosts, ())
    cookie_domain: str = _set("a domain like example.com", _domain, "")
    time_zone: str = _set("a time zone like Europe/Berlin", _zone, "America/Los_Angeles")
    applications: str = _choice("automatic", "review")
    payout_day: int = _set("a whole number from 1 to 28", _number(1, 28), 1)
    first_month: str = _set("a month like 2026-11", Month, "")
    form_1099_at: str = _choice("program", "statutory")
    check_stock: str = _choice("drawn", "printed")
    check_right: int = _set(_MOVED, _number(-25, 25), 0)
    check_down: int = _set(_MOVED, _number(-25, 25), 0)
    check_bank: str = _set("the bank's name and town, in lines", _lines, "")
    bank_account: str = _set("the account's number", partial(_matching, "[0-9A-Za-z -]{1,34}"), "")

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which months and years are cut."""
        return ZoneInfo(self.time_zone)

    @property
    def payer(self) -> str:
        """Who pays, by the legal name where one was set."""
        return self.payer_name or self.program_name

    @property
    def pages(self) -> dict[str, str]:
        """The landing pages that affiliates choose from: address by name."""
        lines = (line.partition("=") for line in self.landing_pages.splitlines())
        return {name.strip(): address.strip() for name, _, address in lines}

    @property
    def targets(self) -> dict[str, str]:
        """The pages to choose from, name by address: "" is the home page, as it is at a click."""
        known = {self._allowed(address): name for name, address in self.pages.items()}
        known.pop("", None)  # what the allowed hosts do not let through would lead home
        return {"": "Home page", **known}

    @property
    def lost_pages(self) -> str:
        """The names of landing pages that the allowed hosts do not let through."""
        return ", ".join(n for n, page in self.pages.items() if page and not self._allowed(page))

    @property
    def sites(self) -> str:
        """The sites that a link may lead to, in words."""
        own = urlsplit(self.product_url).netloc.lower()
        named = [host for host in dict.fromkeys((own, *self.allowed_hosts)) if host]
        return " or ".join(named) or "the program, which has not named any"

    def landing(self, page: str) -> str:
        """The address of a page that a link may lead to, "" for the home page (R8).

        People leave the scheme away. Raises Refused for others.
        """
        found = self._allowed(page) or self._allowed(f"https://{page}")
        if page and not found:
            said = f"A link leads to a page of {self.sites}. Begin with https:// or /."
            raise Refused(said, "page")
        return found

    def _allowed(self, page: str) -> str:
        return visits.allowed(page, self.product_url, self.allowed_hosts)


SETTINGS = (
    *(Setting(known.name, **known.metadata) for known in fields(Program)),
    _term("cookie_days", "a number of days", 1, 3650),
    _term("minimum_payout", _CENTS, 0, _MOST),
    _term("tax_threshold", _CENTS, 0, _MOST),
    _term("month_amount", _CENTS, 0, _MOST),
    _term("month_threshold", _CENTS, 0, _MOST),
    _term("month_rate", _RATE, 0, 10_000),
    _term("year_amount", _CENTS, 0, _MOST),
    _term("once_rate", _RATE, 0, 10_000),
    _term("override_rate", _RATE, 0, 10_000),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}
