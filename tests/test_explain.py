"""Receipts: every fact behind an entry stands in its words, and another makes others (R24)."""

from datetime import timedelta

import pytest

from portal import explain, feeds, links, program, refunds, traffic, visits
from portal.books import Customer, Entry, Order
from portal.models import Click
from portal.rules import Plan
from tests.makers import (
    BROWSER,
    make_affiliate,
    make_click,
    make_program,
    make_refund,
    make_sale,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BASE = {
    "label": "poster",
    "ago": 7 * HOUR,
    "link": "Street",
    "amount": 40_000,
    "price": 97_000,
    "refund": 10_000,
    "won": False,
    "customer": "Dana Kim",
    "considered": 3 * DAY,
    "attached": "click",
    "paid_at": 0 * HOUR,
}


@pytest.fixture
def at(db, now):
    make_program(now - 100 * DAY)
    return now


def receipts(code, at, names=False, **different):
    """What an affiliate of this code reads of a sale, its refund and chargeback, and an override.

    Codes and order numbers are left out, so that the same facts make the same words.
    """
    facts = BASE | different
    who = make_affiliate(code, at - 90 * DAY, password=None, name="Ada Reyes")
    link, _ = links.make(who, facts["link"], "", slug="street", now=at - 90 * DAY)
    old = make_click(who, at - facts["considered"])
    visit = visits.read(code, link.slug, headers=BROWSER, now=at - facts["ago"],
                        sub_id=facts["label"], former=old)  # fmt: skip
    click = traffic.record_click(visit).click_id
    about = {"customer_id": f"c-{code}", "order_id": f"o-{code}", "customer": facts["customer"],
             "plan": Plan("year", facts["price"]), "amount": facts["amount"]}  # fmt: skip
    make_sale(at + facts["paid_at"], click_id=click, event_id=f"s1-{code}", **about)
    make_sale(at + DAY, event_id=f"s2-{code}", **about | {"amount": 20_000})
    make_refund(f"s1-{code}", at + 2 * DAY, facts["refund"])
    dispute(f"s2-{code}", at + 3 * DAY, "chargeback")
    if facts["won"]:
        dispute(f"s2-{code}", at + 4 * DAY, "chargeback_reversed")
    attach(code, who, at, facts["attached"])
    rows = list(Entry.select().where(Entry.affiliate == who).order_by(Entry.id))
    told = explain.explain(rows, zone=program.load().zone, now=at + 9 * DAY, names=names)
    return [
        (
            told[row.id].title,
            [(label, text.replace(code, "x")) for label, text in told[row.id].trail],
        )
        for row in rows
    ]


def dispute(sale, at, kind):
    refund = feeds.RefundIn(event_id=f"{kind}-{sale}", content={}, sale_event_id=sale,
                            amount=None, kind=kind, occurred_at=at)  # fmt: skip
    refunds.record_refund(refund, now=at)


def attach(code, who, at, how):
    """Somebody who came by this affiliate, and a sale of theirs."""
    about = {"name": "Bo Lund", "email": f"bo-{code}@example.com", "password": None}
    if how == "customer":
        click = make_click(who, at - 9 * DAY)
        make_sale(at - 8 * DAY, click_id=click, email=about["email"], amount=100,
                  plan=Plan("month", 9_700), customer="Bo Lund")  # fmt: skip
        bo = make_affiliate(f"bo-{code}", at - 2 * DAY, **about)
    else:
        bo = make_affiliate(f"bo-{code}", at - 2 * DAY, click_id=make_click(who, at - 3 * DAY),
                            **about)  # fmt: skip
    assert bo.attached_by == how
    make_sale(at + 5 * DAY, click_id=make_click(bo, at + 4 * DAY))


def test_the_same_facts_make_the_same_words(at):
    assert receipts("anna", at) == receipts("berta", at)


@pytest.mark.parametrize(
    ("fact", "other", "said"),
    [
        ("label", "flyer", "label flyer"),
        ("ago", 11 * HOUR, "11 hours before the order"),
        ("link", "Station", "Station, label poster"),
        ("amount", 55_000, "$200.00 × $550.00 ÷ $970.00"),
        ("price", 80_000, "$200.00 × $400.00 ÷ $800.00"),
        ("refund", 5_000, "$50.00, "),
        ("won", True, "Chargeback won"),
        ("customer", "Lea Abel", "L. A."),
        ("considered", 95 * DAY, "95 days before, past its 90 days"),
        ("attached", "customer", "Bo Lund was your customer before applying"),
        ("paid_at", HOUR, None),
    ],
)
def test_another_fact_makes_other_words(at, fact, other, said):
    before, after = receipts("anna", at), receipts("berta", at, **{fact: other})
    assert before != after
    assert said is None or (said in str(after) and said not in str(before))


@pytest.mark.parametrize(
    ("term", "value", "said"),
    [("year_amount", "15000", "$150.00 × $400.00 ÷ $970.00"), ("override_rate", "12", "12% ×")],
)
def test_other_terms_make_other_words_of_later_orders_alone(at, term, value, said):
    before = receipts("anna", at)
    program.change(term, value, by="test", now=at)
    assert said in str(receipts("berta", at))
    assert said not in str(before)
    rows = list(Entry.select().where(Entry.affiliate_id == 1).order_by(Entry.id))
    told = explain.explain(rows, zone=program.load().zone, now=at)
    assert not any(said in str(each) for each in told.values())


def test_every_number_that_was_multiplied_makes_the_entry(at):
    first, second, refunded, disputed, override = receipts("anna", at)
    assert dict(first[1])["Rule R9"] == "$200.00 × $400.00 ÷ $970.00"
    assert dict(first[1])["Makes"] == "$82.47"
    assert dict(second[1])["Rule R9"] == "$200.00 × $600.00 ÷ $970.00 = $123.71, less $82.47 before"
    assert dict(refunded[1])["Rule R9"].endswith("= $103.09, less $123.71 before")
    assert dict(refunded[1])["Refund"].startswith("$100.00, ")
    assert disputed[0].startswith("Chargeback: ")
    assert dict(override[1])["Rule R13"] == "10% × $97.00"
    assert [title.partition(":")[0] for title, _ in receipts("berta", at)] == [
        "Commission", "Commission", "Refund", "Chargeback", "Second tier",
    ]  # fmt: skip
    assert first[0] == second[0] == "Commission: Pro, annual, D. K."


def test_what_was_taken_back_later_stands_with_what_was_earned(at):
    first, second, refunded, disputed, override = receipts("anna", at)
    later = [text for label, text in first[1] if label == "Later"]
    assert len(later) == 1
    assert later[0].startswith("−$20.62, Refund, ")
    assert dict(second[1])["Later"].startswith("−$41.23, Chargeback, ")
    for entry in (refunded, disputed, override):
        assert "Later" not in dict(entry[1])


def test_a_won_chargeback_stands_later_with_its_sale_and_its_chargeback(at):
    _, second, _, disputed, won, _ = receipts("anna", at, won=True)
    assert [t.split(",")[1] for label, t in second[1] if label == "Later"] == [
        " Chargeback", " Chargeback won",
    ]  # fmt: skip
    assert dict(disputed[1])["Later"].split(",")[1] == " Chargeback won"
    assert "Later" not in dict(won[1])


def test_the_office_reads_who_it_was(at):
    assert "Dana" not in str(receipts("anna", at))
    named = receipts("berta", at, names=True)
    assert "$400.00 by Dana Kim, " in str(named)
    assert "customer" not in str(named[-1])  # of an override nobody is named, here as there


def test_the_clicks_that_were_considered_stand_with_their_ages(at):
    alice = make_affiliate("alice", at - 99 * DAY, password=None)
    former = ""
    for days in (95, 40, 30, 20, 10, 5, 2, 1):
        former = make_click(alice, at - days * DAY, former=former)
    make_sale(at, click_id=former)
    later = make_click(alice, at + HOUR, former=former)
    make_click(alice, at - HOUR, former=former, method="HEAD")
    make_sale(at + 2 * HOUR, click_id=later, customer_id=Customer.get().customer_id,
              order_id="second")  # fmt: skip
    first, second = Order.select().order_by(Order.id)
    clicks = explain.own_clicks(alice.id, [first, second])
    assert explain.other_clicks(first, clicks[first.id]) == (
        "2 days before, an earlier one; 5 days before, an earlier one; 10 days before, an earlier "
        "one; 20 days before, an earlier one; 30 days before, an earlier one; and 2 more"
    )
    assert len(clicks[second.id]) == 9
    assert "not needed" in explain.other_clicks(second, clicks[second.id])
    old = Click.select().order_by(Click.id).first()
    assert explain.considered(first, old) == "95 days before, past its 90 days"
    newest = Click.select().where(Click.clicked_at > first.ordered_at).get()
    assert explain.considered(first, newest) == "1 hour after the order, too late"


def test_nothing_to_explain_costs_nothing(db):
    assert explain.explain([], zone=program.load().zone, now=None) == {}
    assert explain.own_clicks(1, []) == {}
