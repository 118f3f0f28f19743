"""Receipts: each fact behind an entry, when it is another one, changes the words and only its own.

A story is told once as it is, and once for every fact in it that could have been otherwise (R24).
"""

from datetime import UTC, datetime, timedelta

import pytest

from portal import accounts, affiliates, checks, feeds, links, orders, program, rules
from portal.books import Entry
from portal.explain import explain
from portal.months import Month
from portal.rules import Plan
from tests.makers import (
    ADDRESS,
    make_affiliate,
    make_click,
    make_earnings,
    make_program,
    make_run,
    make_sale,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)  # the fixture's


@pytest.fixture
def start(db, now):
    make_program(now - 400 * DAY)
    return now - 300 * DAY


def told(entry, now, **about):
    return explain([entry], zone=program.load().zone, now=now, **about)[entry.id]


def receipt(entry, now):
    """What an entry says: its title and rows, those of one label together."""
    said = told(entry, now)
    rows = {"": said.title}
    for label, text in said.trail:
        rows[label] = f"{rows[label]} | {text}" if label in rows else text
    return rows


def differences(expected, found):
    """The rows in which two receipts differ, as the second says them; None for one that is gone."""
    labels = expected.keys() | found.keys()
    return {k: found.get(k) for k in labels if expected.get(k) != found.get(k)}


# --- A commission ------------------------------------------------------------------------------


def story(start, now, **other):
    """Alice's commission: two clicks, a payment, half of it given back. `other` changes facts."""
    fact = {
        "terms": {}, "link": "Spring letter", "label": "footer", "clicked": now - DAY,
        "earlier": now - 12 * DAY, "amount": 9_700, "plan": Plan("month", 9_700), "name": "Pro",
        "customer": "Dana Kim", "order": "20977", "paid": now, "code": "", "former": None,
        "kind": rules.REFUND, "back": 4_850, "on": now + 2 * DAY, "won": False,
    } | other  # fmt: skip
    for term, value in fact["terms"].items():
        program.change(term, value, by="test", now=start)
    alice = make_affiliate("alice", start)
    links.make(alice, fact["link"], "", "spring", now=start)
    first = make_click(alice, fact["earlier"])
    last = make_click(alice, fact["clicked"], slug="spring", sub_id=fact["label"], former=first)
    sale = {
        "event_id": "pay", "customer_id": "c", "order_id": fact["order"], "click_id": last,
        "email": "d@shop.example", "name": fact["customer"], "amount": fact["amount"],
        "plan": {**fact["plan"]._asdict(), "name": fact["name"]}, "referral_code": fact["code"],
    }  # fmt: skip
    orders.record_sale(feeds.sale(sale, fact["paid"]), now=fact["paid"])
    given = [(fact["kind"], fact["back"], fact["on"])] if fact["back"] else []
    given += [(rules.CHARGEBACK_REVERSED, fact["back"], fact["on"] + DAY)] * fact["won"]
    for number, (kind, cents, at) in enumerate(given):
        refund = {"event_id": f"back-{number}", "sale_event_id": "pay", "kind": kind}
        orders.record_refund(feeds.refund({**refund, "amount": cents}, at), now=at)
    return list(Entry.select().order_by(Entry.id))


COMMISSION = {
    "": "Commission: Pro, monthly, D. K.",
    "Payment": "$97.00 by D. K., Mar 15, 5:00 am",
    "Order": "20977, Pro, monthly",
    "Click": "Spring letter, label footer, Mar 14, 5:00 am, 1 day before the order",
    "Your other clicks": "12 days before, an earlier one",
    "Because": "Your link was the last one followed before the order (R7.4)",
    "Rule R9": "$20.00 × $97.00 ÷ $97.00",
    "Makes": "$20.00",
    "Later": "−$10.00 on Mar 17, 5:00 am, refund",
    "Left of it": "$10.00",
}
NAMED = "The order was placed naming you (R7.3)"


# Each fact of the story as another one, with the rows that follow it and no others.
# fmt: off
EDITS = [
    ({}, {}),
    ({"clicked": NOW - 5 * HOUR}, {
         "Click": "Spring letter, label footer, Mar 15, 12:00 am, 5 hours before the order"}),
    ({"label": "poster"}, {
         "Click": "Spring letter, label poster, Mar 14, 5:00 am, 1 day before the order"}),
    ({"link": "Guide"}, {
         "Click": "Guide, label footer, Mar 14, 5:00 am, 1 day before the order"}),
    ({"earlier": NOW - 3 * DAY}, {"Your other clicks": "3 days before, an earlier one"}),
    ({"earlier": NOW - 90 * DAY - HOUR}, {
         "Your other clicks": "90 days before, counted until Mar 15, 4:00:00 am (R5)"}),
    ({"customer": "Lea Moss"}, {
         "": "Commission: Pro, monthly, L. M.", "Payment": "$97.00 by L. M., Mar 15, 5:00 am"}),
    ({"order": "20978"}, {"Order": "20978, Pro, monthly"}),
    ({"name": "Team"}, {
         "": "Commission: Team, monthly, D. K.", "Order": "20977, Team, monthly"}),
    ({"paid": NOW + HOUR}, {
         "Payment": "$97.00 by D. K., Mar 15, 6:00 am"}),
    ({"amount": 6_000}, {
         "Payment": "$60.00 by D. K., Mar 15, 5:00 am", "Rule R9": "$20.00 × $60.00 ÷ $97.00",
         "Makes": "$12.37", "Left of it": "$2.37"}),
    ({"plan": Plan("month", 19_400)}, {
         "Rule R9": "$20.00 × $97.00 ÷ $194.00", "Makes": "$10.00",
         "Later": "−$5.00 on Mar 17, 5:00 am, refund", "Left of it": "$5.00"}),
    ({"plan": Plan("month", 4_900)}, {
         "Rule R9": "20% × $97.00, a plan below $97.00", "Makes": "$19.40",
         "Later": "−$9.70 on Mar 17, 5:00 am, refund", "Left of it": "$9.70"}),
    ({"plan": Plan("year", 97_000)}, {
         "": "Commission: Pro, annual, D. K.", "Order": "20977, Pro, annual",
         "Rule R9": "$200.00 × $97.00 ÷ $970.00"}),
    ({"terms": {"month_amount": "2500"}}, {
         "Rule R9": "$25.00 × $97.00 ÷ $97.00", "Makes": "$25.00",
         "Later": "−$12.50 on Mar 17, 5:00 am, refund", "Left of it": "$12.50"}),
    ({"terms": {"cookie_days": "10"}}, {
         "Your other clicks": "12 days before, counted until Mar 13, 5:00:00 am (R5)"}),
    ({"code": "alice"}, {"Because": NAMED, "Click": None,
                               "Your other clicks": "1 day before, not needed; "
                               "12 days before, not needed"}),
    ({"back": 0}, {"Later": None, "Left of it": None}),
    ({"back": 9_700}, {"Later": "−$20.00 on Mar 17, 5:00 am, refund", "Left of it": "$0.00"}),
    ({"on": NOW + 3 * DAY}, {"Later": "−$10.00 on Mar 18, 5:00 am, refund"}),
    ({"kind": rules.CHARGEBACK}, {"Later": "−$10.00 on Mar 17, 5:00 am, chargeback"}),
    ({"kind": rules.CHARGEBACK, "won": True}, {
         "Later": "−$10.00 on Mar 17, 5:00 am, chargeback | "
         "$10.00 on Mar 18, 5:00 am, chargeback won", "Left of it": "$20.00"}),
]
# fmt: on


@pytest.mark.parametrize(("other", "expected"), EDITS, ids=str)
def test_each_fact_changes_its_own_words(start, now, other, expected):
    first = story(start, now, **other)[0]
    assert differences(COMMISSION, receipt(first, now)) == expected


def test_what_was_given_back_says_of_what(start, now):
    _, lost, won = story(start, now, kind=rules.CHARGEBACK, won=True)
    expected = {
        "": "Chargeback: Pro, monthly, D. K.",
        "Chargeback": "$48.50, Mar 17, 5:00 am",
        "Rule R9": "$20.00 × $48.50 ÷ $97.00 = $10.00, less $20.00 before",
        "Makes": "−$10.00",
        "Later": "$10.00 on Mar 18, 5:00 am, chargeback won",
        "Left of it": None,
    }
    assert differences(COMMISSION, receipt(lost, now)) == expected
    del expected["Chargeback"]
    assert differences(COMMISSION, receipt(won, now)) == expected | {
        "": "Chargeback won: Pro, monthly, D. K.",
        "Chargeback won": "$48.50, Mar 18, 5:00 am",
        "Rule R9": "$20.00 × $97.00 ÷ $97.00 = $20.00, less $10.00 before",
        "Makes": "$10.00",
        "Later": None,
    }


def test_another_second_browser_is_considered_only_once_it_is_known(start, now):
    entry = story(start, now)[0]
    tablet = make_click(affiliates.by_code("alice"), now - 2 * DAY)
    said = {"event_id": "l", "customer_id": "c", "email": "d@shop.example", "click_id": tablet}
    orders.record_lead(feeds.lead(said, now), now=now + DAY)
    assert receipt(entry, now) == COMMISSION


def test_many_clicks_are_summed_up(start, now):
    alice = make_affiliate("alice", start)
    clicks = [make_click(alice, now - 9 * DAY)]
    for days in range(8, 0, -1):
        clicks.append(make_click(alice, now - days * DAY, former=clicks[0]))
    make_sale(now, click_id=clicks[-1])
    said = receipt(Entry.get(), now)["Your other clicks"]
    assert said.startswith("2 days before, an earlier one; 3 days before")
    assert said.endswith("6 days before, an earlier one; and 3 more")


@pytest.mark.parametrize(
    ("last", "called"), [(None, "o, $50.00, monthly"), ("Team", "o, Team, monthly")]
)
def test_a_payment_is_not_called_by_another_plan(start, now, last, called):
    """An order keeps the name of its last plan alone, and of an unnamed one none."""
    alice, about = make_affiliate("alice", start), {"customer_id": "c", "order_id": "o"}
    make_sale(now, click_id=make_click(alice, now), **about)
    for interval, price, name in (("year", 97_000, "Duo"), ("month", 5_000, last)):
        plan = {"interval": interval, "price": price} | ({"name": name} if name else {})
        sale = {"event_id": f"at {price}", "amount": price, "plan": plan, **about}
        orders.record_sale(feeds.sale(sale, now), now=now)
    assert [receipt(entry, now)["Order"] for entry in Entry.select().order_by(Entry.id)] == [
        "o, $97.00, monthly", "o, $970.00, annual", called,
    ]  # fmt: skip


def test_the_office_reads_the_customers_name(start, now):
    entry = story(start, now)[0]
    assert "Dana Kim" in str(told(entry, now, names=True))
    assert "Dana" not in str(told(entry, now))


# --- A second tier -----------------------------------------------------------------------------


def second_tier(start, now, **other):
    """Alice's override on a sale of bob's, half of which was given back."""
    fact = {"terms": {}, "name": "Bob Reyes", "bought": False, "joined": now - 30 * DAY,
            "amount": 9_700, "paid": now, "back": 4_850} | other  # fmt: skip
    for term, value in fact["terms"].items():
        program.change(term, value, by="test", now=start)
    alice = make_affiliate("alice", start)
    click = make_click(alice, fact["joined"])
    if fact["bought"]:
        make_sale(fact["joined"], click_id=click, email="bob@example.com", amount=100)
    bob = make_affiliate("bob", fact["joined"], name=fact["name"], click_id=click)
    sale = make_sale(fact["paid"], click_id=make_click(bob, fact["paid"]), amount=fact["amount"])
    back = {"event_id": "b", "sale_event_id": sale["event_id"], "amount": fact["back"]}
    orders.record_refund(feeds.refund(back, now + DAY), now=now + DAY)
    return Entry.get(Entry.affiliate == alice, Entry.kind == rules.OVERRIDE)


OVERRIDE = {
    "": "Override: 10% of a payment through Bob Reyes",
    "Payment": "$97.00, Mar 15, 5:00 am",
    "Through": "Bob Reyes, who is credited with it",
    "Because": "Bob Reyes applied after following your link, Feb 13 (R12)",
    "Rule R13": "10% × $97.00",
    "Makes": "$9.70",
    "Later": "−$4.85 on Mar 16, 5:00 am, refund",
    "Left of it": "$4.85",
}


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({}, {}),
        ({"name": "Bob Moss"}, {
            "": "Override: 10% of a payment through Bob Moss",
            "Through": "Bob Moss, who is credited with it",
            "Because": "Bob Moss applied after following your link, Feb 13 (R12)"}),
        ({"bought": True}, {
            "Because": "Bob Reyes was your customer before applying, Feb 13 (R12)"}),
        ({"terms": {"override_rate": "1250"}}, {
            "": "Override: 12.5% of a payment through Bob Reyes",
            "Rule R13": "12.5% × $97.00",
            "Makes": "$12.13", "Later": "−$6.07 on Mar 16, 5:00 am, refund",
            "Left of it": "$6.06"}),
        ({"amount": 5_000}, {
            "Payment": "$50.00, Mar 15, 5:00 am", "Rule R13": "10% × $50.00", "Makes": "$5.00",
            "Left of it": "$0.15"}),
        ({"back": 9_700}, {
            "Later": "−$9.70 on Mar 16, 5:00 am, refund", "Left of it": "$0.00"}),
    ],
    ids=str,
)  # fmt: skip
def test_each_fact_of_a_second_tier_changes_its_own_words(start, now, other, expected):
    entry = second_tier(start, now, **other)
    assert differences(OVERRIDE, receipt(entry, now)) == expected


def test_a_later_attachment_is_dated_so(start, now):
    entry = second_tier(start, now, joined=now - 20 * DAY)
    assert differences(OVERRIDE, receipt(entry, now)) == {
        "Because": "Bob Reyes applied after following your link, Feb 23 (R12)"
    }


# --- Corrections and checks --------------------------------------------------------------------


def test_a_correction_says_its_reason(start, now):
    alice = make_affiliate("alice", start)
    accounts.adjust(alice, -1_200, "Paid twice", by="test", now=now)
    assert receipt(Entry.get(), now) == {
        "": "Adjustment: Paid twice",
        "By": "the program office",
        "When": "Mar 15, 5:00 am",
        "Reason": "Paid twice",
        "Rule R17": "a correction is an entry of its own",
        "Makes": "−$12.00",
    }


def test_a_check_says_what_became_of_it(start, now):
    make_earnings(make_affiliate("alice", start, **ADDRESS), now - 20 * DAY, sales=5)
    make_run(Month("2026-02"), now)
    paid = Entry.get(kind=rules.PAYOUT)
    said = {"": "Check for February 2026", "For": "February 2026", "Run": "Mar 15, 5:00 am",
            "State": "waits to be printed", "Rule R18": "what was due in the run",
            "Makes": "−$100.00"}  # fmt: skip
    assert receipt(paid, now) == said
    checks.print_checks("2026-02", by="test", now=now, first=501)
    said |= {"": "Check 501 for February 2026", "Dated": "Mar 15", "State": "printed, to be mailed"}
    assert receipt(paid, now) == said
    checks.mark_paid("2026-02", by="test", now=now)
    said |= {"State": "mailed", "Mailed": "Mar 15"}
    assert receipt(paid, now) == said
    checks.void("2026-02", by="test", now=now, reason="lost")
    assert receipt(paid, now)["State"] == "void: lost"
    back = receipt(Entry.get(kind=rules.PAYOUT_VOID), now)
    assert back[""] == "Check 501 for February 2026, given back"
    assert back["Makes"] == "$100.00"
