"""The payment ledger: every kind of entry says which numbers made it (R17, R24)."""

import csv
import re
from datetime import timedelta

import pytest

from portal import accounts, checks, formats, months, outlook, program
from portal.months import month_of
from portal.rules import Plan
from tests.makers import make_affiliate, make_click, make_earnings, make_refund, make_run, make_sale


@pytest.fixture
def statement(login_as, alice):
    return lambda query="": login_as(alice).get(f"/center/payments{query}").text


def test_a_commission(statement, alice, today):
    make_sale(today, click_id=make_click(alice, today))
    page = statement()
    assert "$97.00 by D. K." in page
    assert "$20.00 × $97.00 ÷ $97.00" in page
    assert "Rule R9" in page


def test_a_second_part_tells_both_totals(statement, alice, today):
    click = make_click(alice, today)
    about = {"customer_id": "c", "order_id": "o", "plan": Plan("year", 97_000), "amount": 32_333}
    make_sale(today, click_id=click, event_id="one", **about)
    make_sale(today, event_id="two", **about)
    assert "$200.00 × $646.66 ÷ $970.00 = $133.33, less $66.67 before" in statement()


def test_small_plans_and_one_offs(statement, alice, today):
    plan = Plan("month", 4_900)
    make_sale(today, click_id=make_click(alice, today), amount=4_900, plan=plan)
    make_sale(today, click_id=make_click(alice, today), amount=25_000, plan=None)
    page = statement()
    assert "20% × $49.00, a plan below $97.00" in page
    assert "20% × $250.00" in page


def test_a_refund(statement, alice, today):
    sale = make_sale(today, click_id=make_click(alice, today))
    make_refund(sale["event_id"], today, amount=4_850)
    page = statement()
    assert "Refund: Pro, monthly, D. K." in page
    assert '<span class="minus">−$10.00</span>' in page
    assert "$20.00 × $48.50 ÷ $97.00 = $10.00, less $20.00 before" in page


def test_an_override_names_no_customer(statement, alice, today):
    bob = make_affiliate("bob", today, click_id=make_click(alice, today))
    make_sale(today, click_id=make_click(bob, today))
    page = statement()
    assert "Bob Reyes, who is credited with it" in page
    assert "10% × $97.00" in page
    assert "applied after following your link" in page
    assert "D. K." not in page
    assert "order-" not in page


def test_a_correction(statement, alice, today):
    accounts.adjust(alice, -1_200, "Paid <twice>", by="test", now=today)
    page = statement()
    assert "Adjustment: Paid &lt;twice&gt;" in page
    assert "−$12.00" in page


def test_a_check_and_its_void(statement, alice, today):
    zone = program.load().zone
    month = month_of(today, zone).plus(-1)
    make_earnings(alice, month.start(zone) + timedelta(days=3), sales=6)
    make_run(month, today)
    assert f"Check for {formats.month(month)}" in statement()
    checks.print_checks(month, by="test", now=today, first=501)
    checks.void(month, by="test", now=today, reason="lost")
    page = statement()
    assert f"Check 501 for {formats.month(month)}, given back" in page
    assert "void: lost" in page
    assert outlook.next_check(alice, now=today).amount == 12_000


def test_statements_add_up(login_as, alice, today):
    zone = program.load().zone
    before = months.month_of(today, zone).plus(-1).start(zone) + timedelta(days=2)
    make_earnings(alice, before, sales=2)
    make_earnings(alice, today, sales=3)
    rows = login_as(alice).get("/center/payments?format=csv").text.splitlines()
    assert len(rows) == 4
    assert rows[-1].endswith(",20.00,100.00")
    assert "$40.00" in login_as(alice).get("/center/payments").text


def test_the_form_is_promised_for_the_day_that_the_office_sees(login_as, alice, admin, today):
    year = months.year_of(today, program.load().zone)
    mine = login_as(alice).get("/center/payments").text
    due = re.search(r"if due</dt><dd>by (\w+) (\d+), (\d+)<", mine)
    office = login_as(admin).get(f"/admin/tax?year={year}").text
    month, day, after = re.search(r"and the IRS by (\w+) (\d+), (\d+)", office).groups()
    assert due.groups() == (month[:3], day, after)


def test_a_spreadsheet_can_add_up_a_statement(login_as, alice, today):
    (sale,) = make_earnings(alice, today, sales=1)
    make_refund(sale["event_id"], today)
    rows = csv.DictReader(login_as(alice).get("/center/payments?format=csv").text.splitlines())
    rows = list(rows)
    assert [float(row["amount"]) for row in rows] == [20, -20]
    at = today.astimezone(program.load().zone).isoformat()
    assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}[+-]\d\d:\d\d", at)
    assert rows[0]["happened_at"] == at


def test_older_months_are_reached_down_to_the_first(login_as, set_up, today):
    zone = program.load().zone
    this = month_of(today, zone)
    old = make_affiliate("old", this.plus(-25).start(zone) + timedelta(days=3))
    client, address, seen = login_as(old), "/center/payments", []
    while address:
        page = client.get(address).text
        seen += re.findall(r'<th scope="row"><a href="/center/payments\?month=([0-9-]+)"', page)
        older = re.search(r'href="([^"]+)">Older months', page)
        assert ("Newer months" in page) == (address != "/center/payments")
        address = older and older[1]
    assert seen == [this.plus(-n) for n in range(26)]


def test_a_month_to_come_is_nowhere(login_as, alice, today):
    this = month_of(today, program.load().zone)
    assert login_as(alice).get(f"/center/payments?month={this}").status_code == 200
    assert login_as(alice).get(f"/center/payments?month={this.plus(1)}").status_code == 404


@pytest.mark.parametrize("query", ["?month=2026-13", "?month=x", "?after=-1", "?after=x"])
def test_what_is_no_month_is_nowhere(login_as, alice, query):
    assert login_as(alice).get(f"/center/payments{query}").status_code == 404
