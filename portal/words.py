"""How amounts, dates and names are written for people, everywhere the same. Pure.

Instants come in UTC and leave in the program's zone, which the caller gives.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = ((1_000_000_000, "billion"), (1_000_000, "million"), (1_000, "thousand"))
_COUNTRIES: dict[str, str] = {
    code: str(name)
    for code, name in Locale("en", "US").territories.items()
    if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "XA", "XB", "ZZ", "QO")
}


def usd(cents: int) -> str:
    """1234 cents are $12.34; what is below zero carries a true minus."""
    return f"{'−' if cents < 0 else ''}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def percent(basis_points: int) -> str:
    """2000 basis points are 20%, 1250 are 12.5%."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"


def number(count: int) -> str:
    """A count with its thousands set apart."""
    return f"{count:,}"


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its word: 1 order, 2 orders."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _words(n: int) -> str:
    if n < 20:
        return _ONES[n]
    if n < 100:
        return _TENS[n // 10] + (f"-{_ONES[n % 10]}" if n % 10 else "")
    if n < 1000:
        return f"{_ONES[n // 100]} hundred" + (f" {_words(n % 100)}" if n % 100 else "")
    size, name = next(scale for scale in _SCALES if n >= scale[0])
    return f"{_words(n // size)} {name}" + (f" {_words(n % size)}" if n % size else "")


def spelled(cents: int) -> str:
    """An amount as it is written out on a check, without the word dollars."""
    return f"{_words(cents // 100).capitalize()} and {cents % 100:02d}/100"


def _date(at: datetime | date | str, zone: ZoneInfo) -> date:
    if isinstance(at, str):
        return date.fromisoformat(at)
    return at.astimezone(zone).date() if isinstance(at, datetime) else at


def day(at: datetime | date | str, zone: ZoneInfo, now: datetime) -> str:
    """Nov 30, with the year when it is not this one."""
    on = _date(at, zone)
    year = "" if on.year == now.astimezone(zone).year else f", {on.year}"
    return f"{on:%b} {on.day}{year}"


def time(at: datetime, zone: ZoneInfo, seconds: bool = False) -> str:
    """2:51 pm, or 2:51:07 pm where seconds decide."""
    local = at.astimezone(zone)
    exact = f":{local:%S}" if seconds else ""
    return f"{local.hour % 12 or 12}:{local:%M}{exact} {'am' if local.hour < 12 else 'pm'}"


def when(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Nov 30, 2:51 pm."""
    return f"{day(at, zone, now)}, {time(at, zone)}"


def full_date(at: datetime | date | str, zone: ZoneInfo) -> str:
    """December 1, 2026, as on a check."""
    on = _date(at, zone)
    return f"{on:%B} {on.day}, {on.year}"


def month_name(month: str) -> str:
    """2026-11 is November 2026."""
    return f"{date(int(month[:4]), int(month[5:7]), 1):%B %Y}"


def initials(name: str, email: str = "") -> str:
    """A customer as an affiliate sees it (R23): D. K., never more."""
    words = [word for word in name.split() if word[0].isalpha()] or [email]
    return " ".join(f"{word[0].upper()}." for word in (words[:1] + words[1:][-1:]) if word)


def apart(earlier: datetime, later: datetime) -> str:
    """How long after: 7 minutes, 5 hours, 12 days."""
    seconds = int((later - earlier).total_seconds())
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            return plural(seconds // size, name)
    return plural(seconds, "second")


def ordinal(n: int) -> str:
    """1st, 2nd, 3rd, 4th."""
    if n % 100 in (11, 12, 13):
        return f"{n}th"
    return f"{n}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th') }"


def plan(interval: str, price: int, name: str = "") -> str:
    """Pro, monthly; without a name the price stands for it."""
    word = {"month": "monthly", "year": "annual", "once": "one-off"}[interval]
    return f"{name or usd(price)}, {word}"


def country(code: str) -> str:
    """The English name of a country; the code itself where it has none."""
    return _COUNTRIES.get(code.upper(), code)


def countries() -> list[tuple[str, str]]:
    """Code and English name of every country, by name."""
    return sorted(_COUNTRIES.items(), key=lambda item: item[1])


def address_lines(who: Any) -> list[str]:
    """The lines of a postal address under the payee, the country where it is not the U.S."""
    place = f"{who.state} {who.postal_code}".strip()
    town = ", ".join(part for part in (who.city, place) if part)
    abroad = country(who.country) if who.country and who.country.upper() != "US" else ""
    return [line for line in (who.line1, who.line2, town, abroad) if line]
