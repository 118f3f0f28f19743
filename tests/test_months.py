"""Months, years and payout instants in the program's zone: R18, R19. No database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal import months
from portal.months import Month
from tests.tables import case

LA = "America/Los_Angeles"
SECOND = timedelta(seconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


STARTS = [
    case("E72-la-summer", LA, "2026-07", "2026-07-01T07:00:00"),
    case("E72-la-winter", LA, "2026-12", "2026-12-01T08:00:00"),
    # Clocks go back at 2:00 on that very day; midnight is still summer time.
    case("I23-la-2026-11-01", LA, "2026-11", "2026-11-01T07:00:00"),
    case("I23-la-march", LA, "2026-03", "2026-03-01T08:00:00"),
    case("I23-la-april", LA, "2026-04", "2026-04-01T07:00:00"),
    case("utc", "UTC", "2026-02", "2026-02-01T00:00:00"),
    case("E72-twelve-hours-ahead", "Pacific/Auckland", "2026-07", "2026-06-30T12:00:00"),
    case("half-hours", "Asia/Kolkata", "2026-01", "2025-12-31T18:30:00"),
    # Havana goes back from 1:00 to 0:00 that day: of two midnights the first begins the month.
    case("two-midnights", "America/Havana", "2026-11", "2026-11-01T04:00:00"),
    # Asuncion went from 0:00 to 1:00: the month begins at 1:00 local.
    case("no-midnight-asuncion", "America/Asuncion", "2023-10", "2023-10-01T04:00:00"),
    case("no-midnight-havana", "America/Havana", "2012-04", "2012-04-01T05:00:00"),
    # Cairo went back to 23:00 of the 31st at the end of October.
    case("last-hour-twice", "Africa/Cairo", "2024-11", "2024-10-31T22:00:00"),
]


@pytest.mark.parametrize(("zone", "month", "start"), STARTS)
def test_r18_a_month_begins(zone: str, month: str, start: str) -> None:
    first = Month(month).start(ZoneInfo(zone))
    assert first == utc(start)
    assert first.utcoffset() == timedelta(0), "instants are kept in UTC"


@pytest.mark.parametrize(("zone", "month", "start"), STARTS)
def test_r18_its_first_second_is_in_it_and_the_one_before_is_not(
    zone: str, month: str, start: str
) -> None:
    before, first = [
        months.month_of(utc(start) + step, ZoneInfo(zone)) for step in (-SECOND, 0 * SECOND)
    ]
    assert (before, first) == (Month(month).plus(-1), month)


@pytest.mark.parametrize(("zone", "month", "start"), STARTS)
def test_r18_a_month_ends_where_the_next_begins(zone: str, month: str, start: str) -> None:
    assert Month(month).plus(-1).end(ZoneInfo(zone)) == utc(start)


NASTY = [
    "America/Havana",
    "America/Asuncion",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Amman",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Asia/Tehran",
    LA,
]


@pytest.mark.parametrize("zone", NASTY)
def test_r18_months_leave_no_second_out_and_share_none(zone: str) -> None:
    place, month = ZoneInfo(zone), Month("1996-01")
    while month < "2036-01":
        start, end = month.start(place), month.end(place)
        inside = {months.month_of(at, place) for at in (start, end - SECOND)}
        assert inside == {month}, (month, start, end)
        assert months.month_of(start - SECOND, place) < month
        assert month.plus(1).start(place) == end
        month = month.plus(1)


def test_i23_both_hours_of_the_clock_change_are_november() -> None:
    hours = [utc(f"2026-11-01T{hour:02}:30:00") for hour in (8, 9, 10)]  # 1:30, 1:30, 2:30
    assert {months.month_of(at, ZoneInfo(LA)) for at in hours} == {"2026-11"}


PAYOUTS = [
    case("default", LA, "2026-11", 1, "2026-12-01T14:00:00"),
    case("clocks-went-back-at-2", LA, "2026-10", 1, "2026-11-01T14:00:00"),
    case("clocks-went-forward-at-2", LA, "2026-02", 8, "2026-03-08T13:00:00"),
    case("day-28", LA, "2026-01", 28, "2026-02-28T14:00:00"),
    case("year-end", LA, "2026-12", 1, "2027-01-01T14:00:00"),
    case("utc", "UTC", "2026-11", 15, "2026-12-15T06:00:00"),
    case("no-midnight", "America/Asuncion", "2023-09", 1, "2023-10-01T09:00:00"),
]


@pytest.mark.parametrize(("zone", "month", "day", "at"), PAYOUTS)
def test_r18_payout_instant(zone: str, month: str, day: int, at: str) -> None:
    assert Month(month).payout_at(day, ZoneInfo(zone)) == utc(at)


@pytest.mark.parametrize(
    ("month", "step", "other"),
    [
        ("2026-11", 2, "2027-01"),
        ("2026-01", -1, "2025-12"),
        ("2026-12", 1, "2027-01"),
        ("2026-06", 0, "2026-06"),
        ("2026-06", -18, "2024-12"),
        ("2026-06", 24, "2028-06"),
    ],
)
def test_months_add_up(month: str, step: int, other: str) -> None:
    assert Month(month).plus(step) == other


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-13",
        "2026-00",
        "2026-1",
        "26-01",
        "2026-11-01",
        " 2026-11",
        "2026/11",
        "2026-11\n",
        "\u0662026-11",
    ],
)
def test_a_month_is_written_one_way(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Month(text)


YEARS = [
    case("la-last-second", LA, "2027-01-01T07:59:59", 2026, "2026-12-31"),
    case("la-first-second", LA, "2027-01-01T08:00:00", 2027, "2027-01-01"),
    case("auckland-ahead", "Pacific/Auckland", "2026-12-31T11:00:00", 2027, "2027-01-01"),
    case("auckland-before", "Pacific/Auckland", "2026-12-31T10:59:59", 2026, "2026-12-31"),
]


@pytest.mark.parametrize(("zone", "at", "year", "day"), YEARS)
def test_r20_years_and_days_are_the_programs(zone: str, at: str, year: int, day: str) -> None:
    place = ZoneInfo(zone)
    assert (months.year_of(utc(at), place), months.day_of(utc(at), place)) == (year, day)


def test_r20_a_year_begins_in_the_programs_zone() -> None:
    assert months.year_start(2027, ZoneInfo(LA)) == utc("2027-01-01T08:00:00")


def test_the_first_year_east_of_greenwich():
    assert months.year_start(1, ZoneInfo("Asia/Tokyo")) == utc("0001-01-01T00:00:00")


@pytest.mark.parametrize("text", ["9999-12", "9999-01"])
def test_a_month_without_an_end_is_none(text):
    with pytest.raises(ValueError, match="YYYY-MM"):
        Month(text)
    assert Month("9998-12").end(ZoneInfo(LA)) == utc("9999-01-01T08:00:00")
