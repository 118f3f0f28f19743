"""How money, days, times, counts, names, plans and places are written for people. Pure.

Pages use these as filters and mails do too, so an amount reads the same everywhere.
"""

import calendar
import re
import unicodedata
from collections.abc import Collection
from datetime import date, datetime
from itertools import chain, count
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale

MINUS = "\N{MINUS SIGN}"
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "- ten twenty thirty forty fifty sixty seventy eighty ninety".split()
_SIZES = {10**9: "billion", 10**6: "million", 1_000: "thousand", 100: "hundred"}
COUNTRIES = {  # the English name by code, sorted by name
    code: str(name)
    for code, name in sorted(Locale("en", "US").territories.items(), key=lambda item: item[1])
    if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "XA", "XB", "ZZ", "QO")
}
INTERVALS = {"month": "monthly", "year": "annual", "once": "one-off"}
_LATIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th"})


def decimal(cents: int) -> str:
    """Cents as machines read them: 1234.50."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def usd(cents: int) -> str:
    """Cents as dollars, always with cents: 123450 is $1,234.50, -980 has a true minus."""
    dollars, rest = divmod(abs(cents), 100)
    return f"{MINUS if cents < 0 else ''}${dollars:,}.{rest:02d}"


def percent(basis_points: int) -> str:
    """A rate in basis points: 2000 is 20%, 1250 is 12.5%."""
    return f"{basis_points / 100:.2f}".rstrip("0").rstrip(".") + "%"


def _local(at: date, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date() if isinstance(at, datetime) else at


def day(at: date, zone: ZoneInfo, now: datetime) -> str:
    """The day of an instant (or a date) in the program's zone: Nov 30, or Nov 30, 2025."""
    local = _local(at, zone)
    text = f"{local:%b} {local.day}"
    return text if local.year == _local(now, zone).year else f"{text}, {local.year}"


def long_date(at: date, zone: ZoneInfo) -> str:
    """The full day of an instant (or a date) in the program's zone: December 1, 2026."""
    local = _local(at, zone)
    return f"{local:%B} {local.day}, {local.year}"


def clock(at: datetime, zone: ZoneInfo, seconds: bool = False) -> str:
    """The time of an instant in the program's zone: 2:51 pm; 2:51:07 pm where seconds decide."""
    form = "%I:%M:%S %p" if seconds else "%I:%M %p"
    return at.astimezone(zone).strftime(form).lstrip("0").lower()


def when(at: datetime, zone: ZoneInfo, now: datetime, seconds: bool = False) -> str:
    """The day and time of an instant in the program's zone: Nov 30, 2:51 pm."""
    return f"{day(at, zone, now)}, {clock(at, zone, seconds)}"


def month(text: str) -> str:
    """A month in words: 2026-11 is November 2026."""
    return f"{calendar.month_name[int(text[5:7])]} {text[:4]}"


def in_words(cents: int) -> str:
    """The amount line of a check: 41250 is "Four hundred twelve and 50/100".

    Raises ValueError below zero and from a trillion dollars up.
    """
    dollars, rest = divmod(cents, 100)
    if not 0 <= dollars < 10**12:
        raise ValueError(f"no check is written over {cents} cents")
    return f"{_whole(dollars).capitalize()} and {rest:02d}/100"


def _whole(number: int) -> str:
    for size, name in _SIZES.items():
        if number >= size:
            many, rest = divmod(number, size)
            return f"{_whole(many)} {name}" + (f" {_whole(rest)}" if rest else "")
    if number < 20:
        return _SMALL[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens] + (f"-{_SMALL[ones]}" if ones else "")


# --- Counts, names, plans and places --------------------------------------------------------------


def slug(text: str) -> str:
    """A name in letters, digits and dashes, for an address: Łukasz Şahin is lukasz-sahin."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LATIN))
    plain = plain.encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def unused(stem: str, taken: Collection[str]) -> str:
    """A stem, or where that is taken the stem with the first number that is not: ada, ada-2."""
    numbered = (f"{stem}-{number}" for number in count(2))
    return next(name for name in chain([stem], numbered) if name not in taken)


def number(count: int) -> str:
    return f"{count:,}"


def size(count: int) -> str:
    """A count of bytes: 4 KB."""
    return f"{max(1, round(count / 1024)):,} KB"


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its word: 1 order, 2 orders."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


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
    return f"{name or usd(price)}, {INTERVALS[interval]}"


def country(code: str) -> str:
    """The English name of a country; the code itself where it has none."""
    return COUNTRIES.get(code.upper(), code)


def address_lines(who: Any) -> list[str]:
    """The lines of a postal address under the payee, the country where it is not the U.S."""
    place = f"{who.state} {who.postal_code}".strip()
    town = ", ".join(part for part in (who.city, place) if part)
    abroad = country(who.country) if who.country and who.country.upper() != "US" else ""
    return [line for line in (who.line1, who.line2, town, abroad) if line]
