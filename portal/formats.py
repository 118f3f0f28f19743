"""How money, days and times are written for people (design/DESIGN.md, Words). Pure.

Pages use these as filters and mails do too, so an amount reads the same everywhere.
"""

import calendar
from datetime import date, datetime
from zoneinfo import ZoneInfo

MINUS = "\N{MINUS SIGN}"
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "- ten twenty thirty forty fifty sixty seventy eighty ninety".split()
_SIZES = {10**9: "billion", 10**6: "million", 1_000: "thousand", 100: "hundred"}


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
