"""What affiliates are told by mail of clicks, payments, checks and their own account."""

from datetime import timedelta

import pytest

from portal import (
    access,
    affiliates,
    checks,
    closing,
    feeds,
    mail,
    notices,
    orders,
    rules,
    vault,
)
from portal.books import Entry
from portal.mail import Message
from portal.models import Affiliate
from tests import makers


@pytest.fixture
def alice(db, now, tmp_path):
    vault.use(tmp_path)
    makers.make_program(now - timedelta(days=100))
    return makers.make_affiliate("alice", now - timedelta(days=90), **makers.ADDRESS)


def told(account, *kinds):
    rows = Message.select().where(Message.holder == access.holder(account)).order_by(Message.id)
    return [row for row in rows if row.kind in kinds]


def test_the_first_commission_is_told_once(alice, now):
    for _ in range(2):
        makers.make_sale(now, click_id=makers.make_click(alice, now))
    (first,) = told(alice, "first_commission")
    assert first.facts == {"amount": 2000}


def test_a_free_trial_is_no_commission_yet(alice, now):
    makers.make_sale(now, amount=0, click_id=makers.make_click(alice, now))
    assert told(alice, "first_commission") == []


def test_a_refund_says_what_it_took_whose_and_what_is_left(alice, now):
    sale = makers.make_sale(now, click_id=makers.make_click(alice, now), customer="Dana Kim")
    makers.make_refund(sale["event_id"], now, amount=4850)
    (refund,) = told(alice, "reversal")
    assert refund.facts == {
        "amount": -1000, "balance": 1000, "left": 1000, "on": "March 15, 2026",
        "order": sale["order_id"], "what": "Refund", "who": "D. K.",
    }  # fmt: skip


def test_a_refund_that_took_nothing_is_not_told(alice, now):
    sale = makers.make_sale(now)
    makers.make_refund(sale["event_id"], now)
    assert told(alice, "reversal") == []


def test_the_second_tier_is_told_of_its_own_part(alice, now):
    bob = makers.make_affiliate("bob", now, click_id=makers.make_click(alice, now))
    sale = makers.make_sale(now, click_id=makers.make_click(bob, now))
    makers.make_refund(sale["event_id"], now)
    assert [row.facts["amount"] for row in told(bob, "reversal")] == [-2000]
    (mine,) = told(alice, "reversal")
    assert mine.facts["amount"] == -970
    assert not {"who", "order"} & set(mine.facts)  # whose customer it was is not hers to know (R23)


def test_a_chargeback_before_its_sale_is_told_as_one(alice, now):
    back = feeds.RefundIn(event_id="cb", content={}, sale_event_id="late", amount=4850,
                          kind="chargeback", occurred_at=now)  # fmt: skip
    orders.record_refund(back, now=now)
    makers.make_sale(now, event_id="late", click_id=makers.make_click(alice, now))
    (told_of,) = told(alice, "reversal")
    assert (told_of.facts["what"], told_of.facts["amount"]) == ("Chargeback", -1000)


def test_the_past_of_another_system_is_no_news(alice, now):
    long_ago = now - timedelta(days=60)
    click = makers.make_click(alice, long_ago)
    sale = feeds.sale({"event_id": "s", "customer_id": "c", "email": "c@shop.example",
                       "amount": 9700, "click_id": click,
                       "occurred_at": long_ago.isoformat()}, now)  # fmt: skip
    orders.record_sale(sale, now=now)
    back = feeds.RefundIn(event_id="r", content={}, sale_event_id="s", amount=None,
                          occurred_at=long_ago)  # fmt: skip
    orders.record_refund(back, now=now)
    assert Entry.select().count() == 2
    assert told(alice, "first_commission", "reversal") == []


def test_a_first_click_is_told_by_the_timetable_once(alice, now):
    makers.make_click(alice, now)
    assert told(alice, "first_click") == []
    for _ in range(2):
        notices.tell_first_clicks(now=now + timedelta(minutes=1))
    assert len(told(alice, "first_click")) == 1


def test_clicks_of_long_ago_are_no_news(alice, now):
    makers.make_click(alice, now - timedelta(days=30))
    makers.make_click(alice, now)
    notices.tell_first_clicks(now=now)
    assert told(alice, "first_click") == []


def test_a_check_is_told_when_it_is_mailed_not_when_it_is_run(alice, now):
    makers.make_earnings(alice, now - timedelta(days=40), sales=6)
    makers.make_run("2026-02", now)
    checks.print_checks("2026-02", by="test", now=now, first=10482)
    assert told(alice, "check_mailed", "address_needed") == []
    for _ in range(2):
        checks.mark_paid("2026-02", by="test", now=now, date="2026-03-16")
    (mailed,) = told(alice, "check_mailed")
    assert mailed.facts == {
        "number": 10482, "month": "2026-02", "amount": 12000, "day": "March 16, 2026",
    }  # fmt: skip


def test_a_void_is_told_of_a_check_that_was_mailed(alice, now):
    makers.make_earnings(alice, now - timedelta(days=40), sales=6)
    makers.make_run("2026-02", now)
    about = {"by": "test", "now": now}
    checks.print_checks("2026-02", first=10482, **about)
    checks.void("2026-02", reason="not sent", **about)
    assert told(alice, "check_void") == []  # nobody was told that it was on its way
    checks.reissue("2026-02", **about)
    checks.print_checks("2026-02", **about)
    checks.mark_paid("2026-02", **about)
    checks.void("2026-02", reason="lost: the bank's 17", **about)
    (void,) = told(alice, "check_void")
    assert void.facts == {"number": 10483, "month": "2026-02", "amount": 12000, "why": "lost"}


def test_a_check_without_an_address_is_told_at_the_run(alice, now):
    Affiliate.update(line1="").execute()
    makers.make_earnings(alice, now - timedelta(days=40), sales=6)
    makers.make_run("2026-02", now)
    assert len(told(alice, "address_needed")) == 1


def test_what_is_turned_off_is_not_queued(alice, now):
    Affiliate.update(muted="first refund check case").execute()
    sale = makers.make_sale(now, click_id=makers.make_click(alice, now))
    makers.make_refund(sale["event_id"], now)
    notices.tell_first_clicks(now=now)
    assert told(alice, *mail.NOTICE_OF) == []


def test_what_is_about_money_held_or_security_cannot_be_turned_off(alice, now):
    assert not {"tax_hold", "address_needed", "suspended", "password_changed", "email_changed",
                "checks_changed", "tax_changed", "login"} & set(mail.NOTICE_OF)  # fmt: skip
    Affiliate.update(muted=" ".join(mail.MUTED)).execute()
    affiliates.set_status(Affiliate.get(), rules.SUSPENDED, by="test", now=now)
    affiliates.set_status(Affiliate.get(), rules.ACTIVE, by="test", now=now)
    affiliates.change_profile(alice, by="test", now=now, payee="Other Name")
    affiliates.change_tax_id(alice, "12-3456780", by="test", now=now)
    affiliates.change_email(alice, "new@example.com", by="test", now=now)
    kinds = ("suspended", "reinstated", "checks_changed", "tax_changed", "email_changed")
    rows = told(alice, *kinds)
    assert [row.kind for row in rows] == list(kinds)
    assert rows[-1].facts == {"new": "new@example.com", "to": "alice@example.com"}
    assert rows[3].facts == {"last_four": "6780"}


def test_other_parts_of_a_profile_are_not_told(alice, now):
    affiliates.change_profile(alice, by="test", now=now, website="https://a.example")
    assert told(alice, "checks_changed") == []


def test_a_closed_account_gets_no_more_news(alice, now):
    sale = makers.make_sale(now, click_id=makers.make_click(alice, now))
    closing.close(alice, now=now)
    makers.make_refund(sale["event_id"], now)
    assert told(alice, "reversal") == []
