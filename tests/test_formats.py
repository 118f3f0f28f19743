"""How amounts, days and times read."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from portal import formats

LA = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "$0.00"),
        (5, "$0.05"),
        (123450, "$1,234.50"),
        (-980, "\u2212$9.80"),
        (-5, "\u2212$0.05"),
        (100000001, "$1,000,000.01"),
    ],
)
def test_money_has_always_cents_and_a_true_minus(cents, text):
    assert formats.usd(cents) == text


@pytest.mark.parametrize(
    ("rate", "text"), [(2000, "20%"), (1250, "12.5%"), (1, "0.01%"), (0, "0%")]
)
def test_rates(rate, text):
    assert formats.percent(rate) == text


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 11, 30, 20, tzinfo=UTC), "Nov 30"),
        (datetime(2026, 12, 1, 7, 59, tzinfo=UTC), "Nov 30"),
        (datetime(2026, 1, 1, 7, 59, tzinfo=UTC), "Dec 31, 2025"),
        (date(2026, 5, 1), "May 1"),
    ],
)
def test_days_name_the_year_when_it_is_another(at, text):
    assert formats.day(at, LA, NOW) == text


def test_the_year_of_now_is_that_of_the_zone():
    new_year = datetime(2027, 1, 1, 7, 59, tzinfo=UTC)  # still 2026 in Los Angeles
    assert formats.day(date(2026, 12, 31), LA, new_year) == "Dec 31"


def test_full_dates():
    assert formats.long_date(datetime(2026, 12, 1, 7, 59, tzinfo=UTC), LA) == "November 30, 2026"
    assert formats.long_date(date(2026, 12, 1), LA) == "December 1, 2026"
    assert formats.month("2026-11") == "November 2026"


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 11, 30, 22, 51, 7, tzinfo=UTC), "2:51 pm"),
        (datetime(2026, 11, 30, 8, 0, tzinfo=UTC), "12:00 am"),
        (datetime(2026, 11, 30, 20, 5, tzinfo=UTC), "12:05 pm"),
    ],
)
def test_times_are_the_programs(at, text):
    assert formats.clock(at, LA) == text


def test_seconds_where_they_decide():
    assert (
        formats.clock(datetime(2026, 11, 30, 22, 51, 7, tzinfo=UTC), LA, seconds=True)
        == "2:51:07 pm"
    )


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (41250, "Four hundred twelve and 50/100"),
        (10000, "One hundred and 00/100"),
        (10010, "One hundred and 10/100"),
        (50, "Zero and 50/100"),
        (2100, "Twenty-one and 00/100"),
        (1300, "Thirteen and 00/100"),
        (100_000_001, "One million and 01/100"),
        (
            123_456_789,
            "One million two hundred thirty-four thousand five hundred sixty-seven and 89/100",
        ),
        (1_000_000, "Ten thousand and 00/100"),
    ],
)
def test_amounts_in_words(cents, text):
    assert formats.in_words(cents) == text


@pytest.mark.parametrize("cents", [-1, 100_000_000_000_000])
def test_no_check_is_written_below_zero_or_beyond_words(cents):
    with pytest.raises(ValueError, match="no check"):
        formats.in_words(cents)
