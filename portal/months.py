"""The program's calendar: months, years and payout instants in the program's time zone (R18).

A month is its text, "2026-11", so it sorts, prints and stores as it is. Pure.
"""

import re
from datetime import UTC, datetime
from typing import Self
from zoneinfo import ZoneInfo

PAYOUT_HOUR = 6


class Month(str):
    """A calendar month as YYYY-MM. Raises ValueError for anything else."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text) or not "1900" <= text < "9999":
            raise ValueError("A month is written YYYY-MM, like 2026-11.")
        return super().__new__(cls, text)

    def plus(self, months: int) -> Self:
        """The month so many later: 2026-11 plus 2 is 2027-01."""
        count = int(self[:4]) * 12 + int(self[5:]) - 1 + months
        return str.__new__(type(self), f"{count // 12:04d}-{count % 12 + 1:02d}")

    def start(self, zone: ZoneInfo) -> datetime:
        """The first existing instant of the month, also where the 1st has no midnight."""
        return datetime(int(self[:4]), int(self[5:]), 1, tzinfo=zone).astimezone(UTC)

    def end(self, zone: ZoneInfo) -> datetime:
        """The first instant that no longer belongs to the month."""
        return self.plus(1).start(zone)

    def payout_at(self, day: int, zone: ZoneInfo) -> datetime:
        """When the timetable runs this month's payouts: 06:00 of a day of the month after (R18)."""
        after = self.plus(1)
        local = datetime(int(after[:4]), int(after[5:]), day, PAYOUT_HOUR, tzinfo=zone)
        return local.astimezone(UTC)


def month_of(at: datetime, zone: ZoneInfo) -> Month:
    return Month(f"{at.astimezone(zone):%Y-%m}")


def year_start(year: int, zone: ZoneInfo) -> datetime:
    """The first existing instant of a calendar year in the program's zone.

    Year 1 begins east of Greenwich before there are instants: at the first one.
    """
    if year <= 1:
        return datetime.min.replace(tzinfo=UTC)
    return datetime(year, 1, 1, tzinfo=zone).astimezone(UTC)


def year_of(at: datetime, zone: ZoneInfo) -> int:
    return at.astimezone(zone).year


def day_of(at: datetime, zone: ZoneInfo) -> str:
    """The calendar day, YYYY-MM-DD, in which an instant lies in the program's zone."""
    return at.astimezone(zone).date().isoformat()
