"""The next check in every case: amount, date and reason in words; and what became of the last."""

from datetime import UTC, datetime, timedelta

import pytest

from portal import accounts, affiliates, checks, outlook, payouts, program, vault
from portal.months import Month
from portal.rules import SUSPENDED
from tests.makers import ADDRESS, make_affiliate, make_earnings, make_program, make_refund, make_run

SET_UP = datetime(2026, 8, 20, 18, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 12, 18, tzinfo=UTC)
FIRST = datetime(2026, 11, 1, 14, tzinfo=UTC)  # 6 in the morning in Los Angeles, and the run
NOW = datetime(2026, 11, 19, 18, tzinfo=UTC)


@pytest.fixture
def alice(db, tmp_path):
    vault.use(tmp_path)
    make_program(SET_UP)
    return make_affiliate("alice", SET_UP, payee="Reyes Facilitation LLC", **ADDRESS)


def nothing(alice):
    pass


def three_sales(alice):
    make_earnings(alice, NOW, sales=3)


def carried(alice):
    make_earnings(alice, OCTOBER, sales=3)
    make_run("2026-10", FIRST)
    make_earnings(alice, NOW, sales=1)


def carried_on_its_way(alice):
    carried(alice)
    make_earnings(alice, NOW, sales=2)


def taken_back_since(alice):
    """What is lost this month is not said to be missing from what was kept before it."""
    carried(alice)
    late = make_earnings(alice, NOW, sales=2)
    make_refund(late[0]["event_id"], NOW)


def five_sales(alice):
    make_earnings(alice, NOW, sales=5)


def october_before_its_run(alice):
    make_earnings(alice, OCTOBER, sales=5)


def all_paid(alice):
    make_earnings(alice, OCTOBER, sales=5)
    make_run("2026-10", FIRST)


def a_year_of_sales(alice):
    make_earnings(alice, NOW, sales=31)


def with_a_tax_id(alice):
    a_year_of_sales(alice)
    affiliates.change_tax_id(alice, "12-3456780", by="test", now=NOW)


def suspended(alice):
    five_sales(alice)
    affiliates.set_status(alice, SUSPENDED, by="test", now=NOW)


def moved_out(alice):
    five_sales(alice)
    type(alice).update(line1="", payee="").execute()


def refunded(alice):
    sales = make_earnings(alice, OCTOBER, sales=5)
    make_run("2026-10", FIRST)
    make_refund(sales[0]["event_id"], NOW)


def printed_never(alice):
    all_paid(alice)
    type(alice).update(line1="").execute()


def on_hold_and_printed_never(alice):
    printed_never(alice)
    make_earnings(alice, NOW, sales=31)


def suspended_without_a_cent(alice):
    affiliates.set_status(alice, SUSPENDED, by="test", now=NOW)


def corrected(alice):
    accounts.adjust(alice, -1_234, "Paid twice", by="test", now=NOW)


@pytest.mark.parametrize(
    ("deed", "state", "amount", "date", "memo", "stamp", "tone", "why"),
    [
        (nothing, "nothing", 0, "After your first sale", "Nothing earned yet", "Waiting", "",
         "first sale"),
        (three_sales, "carried", 6_000, "Not yet", "Earned in November 2026", "$40.00 to go",
         "warn", "Checks start at $100.00. What you earned is kept until then"),
        (carried, "carried", 8_000, "Not yet",
         "Earned through November 2026, $60.00 of it kept from before", "$20.00 to go", "warn",
         "Checks start at $100.00"),
        (carried_on_its_way, "payout", 12_000, "December 1, 2026",
         "Earned through November 2026, $60.00 of it kept from before", "On its way", "good",
         "The $100.00 minimum is reached. Mailed after the run on Dec 1, 6:00 am."),
        (taken_back_since, "payout", 10_000, "December 1, 2026",
         "Earned through November 2026, $60.00 of it kept from before", "On its way", "good",
         "The $100.00 minimum is reached."),
        (five_sales, "payout", 10_000, "December 1, 2026", "Earned in November 2026",
         "On its way", "good", "Mailed after the run on Dec 1"),
        (all_paid, "paid", 0, "After your next sale", "Nothing due since the last check",
         "Waiting", "", "Everything you earned is paid"),
        (a_year_of_sales, "tax_id", 62_000, "When your tax ID is here",
         "Earned in November 2026", "On hold", "bad", "You passed $600.00 in a calendar year"),
        (with_a_tax_id, "payout", 62_000, "December 1, 2026", "Earned in November 2026",
         "On its way", "good", "minimum is reached"),
        (suspended, "suspended", 10_000, "When reinstated", "Earned in November 2026",
         "Suspended", "bad", "What you earned before stays yours"),
        (moved_out, "address", 10_000, "When we know where to", "Earned in November 2026",
         "Address needed", "warn", "Give a name and an address on Profile"),
        (printed_never, "address", 0, "When we know where to", "Nothing due since the last check",
         "Address needed", "warn", "it is printed. $100.00 in 1 check waits for your address."),
        (on_hold_and_printed_never, "tax_id", 62_000, "When your tax ID is here",
         "Earned in November 2026", "On hold", "bad",
         "pays all. $100.00 in 1 check waits for your address."),
        (suspended_without_a_cent, "suspended", 0, "When reinstated",
         "Nothing due since the last check", "Suspended", "bad", "Your account is suspended"),
        (refunded, "negative", 0, "Not yet", "−$20.00 after a refund on Nov 19",
         "$120.00 to go", "warn", "What comes next is set against it first"),
        (corrected, "negative", 0, "Not yet", "−$12.34 after a correction on Nov 19",
         "$112.34 to go", "warn", "More was taken back"),
    ],
)  # fmt: skip
def test_every_case_has_its_words(alice, deed, state, amount, date, memo, stamp, tone, why):
    deed(alice)
    found = outlook.next_check(type(alice).get_by_id(alice.id), now=NOW)
    assert (found.state, found.amount, found.date) == (state, amount, date)
    assert (found.memo, found.stamp, found.tone) == (memo, stamp, tone)
    assert why in found.why


def test_a_month_that_ended_is_the_next_check_until_its_run(alice):
    october_before_its_run(alice)
    make_earnings(alice, FIRST, sales=1)
    before = outlook.next_check(alice, now=datetime(2026, 11, 1, 8, tzinfo=UTC))
    assert (before.amount, before.date) == (10_000, "November 1, 2026")
    make_run("2026-10", FIRST)
    after = outlook.next_check(alice, now=NOW)
    assert (after.amount, after.stamp) == (2_000, "$80.00 to go")


def test_the_last_check_is_followed_until_the_bank_has_it(alice):
    def said():
        return outlook.last_check(alice, now=NOW)

    assert said() == ""
    all_paid(alice)
    month = Month("2026-10")
    about = "Check for October 2026, $100.00: "
    assert said() == f"{about}waits to be printed."
    checks.print_checks(month, by="test", now=NOW, first=10_391)
    assert said() == f"{about}no. 10391, printed, to be mailed."
    checks.mark_paid(month, by="test", now=NOW, date="2026-11-02")
    assert said() == f"{about}no. 10391, mailed Nov 2."
    checks.void(month, by="test", now=NOW, reason="lost")
    assert said() == f"{about}no. 10391, lost in the mail."
    checks.reissue(month, by="test", now=NOW)
    assert said() == f"{about}no. 10391, lost in the mail, reissued, waits to be printed."


def test_the_months_tell_what_became_of_them(alice):
    make_earnings(alice, datetime(2026, 9, 12, 18, tzinfo=UTC), sales=2)
    make_run("2026-09", datetime(2026, 10, 1, 14, tzinfo=UTC))
    all_paid(alice)
    checks.print_checks(Month("2026-10"), by="test", now=NOW, first=500)
    found = outlook.by_month(alice, Month("2026-11"), now=NOW)
    assert [(row["month"], row["earned"], row["check"], row["note"]) for row in found] == [
        ("2026-11", 0, None, ""),
        ("2026-10", 10_000, 14_000, "no. 500, printed, to be mailed"),
        ("2026-09", 4_000, None, "below $100.00, kept"),
        ("2026-08", 0, None, ""),
    ]
    assert outlook.checks_dated(alice, 2026) == 14_000
    assert outlook.checks_dated(alice, 2025) == 0
    checks.void(Month("2026-10"), by="test", now=NOW, reason="not sent")
    assert outlook.checks_dated(alice, 2026) == 0


def test_a_hold_of_this_month_does_not_hold_the_run_of_the_last(alice):
    """Above $600.00 only with November's: October's run does not know it (R20)."""
    program.change("payout_day", "15", by="test", now=OCTOBER)
    make_earnings(alice, OCTOBER, sales=29)
    make_earnings(alice, FIRST, sales=2)
    found = outlook.next_check(alice, now=FIRST + timedelta(days=5))
    assert (found.state, found.amount) == ("payout", 58_000)
    assert not payouts.preview("2026-10", now=FIRST + timedelta(days=5))["held"]


def test_a_run_that_is_late_promises_no_day_that_is_over(alice):
    make_earnings(alice, OCTOBER, sales=5)
    found = outlook.next_check(alice, now=FIRST + timedelta(days=2))
    assert (found.state, found.stamp, found.date) == ("late", "Due", "When its run is made")
    assert "The run of October 2026 is due since Nov 1" in found.why


def test_of_months_without_a_run_the_oldest_is_next(alice):
    program.change("first_month", "2026-09", by="test", now=OCTOBER)
    make_earnings(alice, OCTOBER - timedelta(days=30), sales=3)
    make_earnings(alice, OCTOBER, sales=3)
    found = outlook.next_check(alice, now=FIRST)
    assert (found.state, found.amount) == ("carried", 6_000)
