"""How counts, names, plans and places are put in words for people. Pure."""

import re
import unicodedata
from collections.abc import Collection
from datetime import datetime
from itertools import chain, count
from typing import Any

from babel import Locale

from portal.formats import usd

_COUNTRIES: dict[str, str] = {
    code: str(name)
    for code, name in Locale("en", "US").territories.items()
    if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "XA", "XB", "ZZ", "QO")
}

INTERVALS = {"month": "monthly", "year": "annual", "once": "one-off"}
_LATIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th"})


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
    """A count with its thousands set apart."""
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
