"""A closed account: links lead on and earn nothing, what is owed is paid, the rest is forgotten."""

from datetime import timedelta

import pytest

from portal import (
    access,
    affiliates,
    checks,
    closing,
    ledger,
    rules,
    runcheck,
    sessions,
    vault,
    verify,
)
from portal.books import PaperCheck
from portal.mail import Message
from portal.models import Affiliate, Click, Link, TaxIdOnFile
from portal.rules import Refused
from tests import makers


@pytest.fixture
def alice(db, now, tmp_path):
    vault.use(tmp_path)
    makers.make_program(now - timedelta(days=100))
    made = makers.make_affiliate("alice", now - timedelta(days=90), **makers.ADDRESS)
    affiliates.change_tax_id(made, "12-3456780", by="test", now=now)
    Link.create(affiliate=made, slug="spring", name="Spring", created_at=now)
    return made


def again(alice):
    return Affiliate.get_by_id(alice.id)


def test_nobody_signs_in_and_every_session_ends(alice, now):
    token = sessions.begin(alice, "", now=now)
    closing.close(alice, now=now)
    assert sessions.account_of(token, now=now, acting=True) is None
    with pytest.raises(access.NotSignedIn):
        access.sign_in("alice", makers.PASSWORD, now=now, ip="192.0.2.1")


def test_clicks_are_marked_and_payments_earn_nothing_from_then_on(alice, now):
    click = makers.make_click(alice, now)
    closing.close(alice, now=now)
    assert makers.make_sale(now, click_id=click)["credited_to"] is None
    makers.make_click(again(alice), now)
    assert Click.select().order_by(Click.id.desc()).first().mark == "inactive"


def test_what_is_owed_is_paid_as_always(alice, now):
    makers.make_earnings(alice, now - timedelta(days=40), sales=6)
    closing.close(alice, now=now)
    told = makers.make_run("2026-02", now)
    assert told["payouts"] == [{"affiliate": "alice", "amount": 12000, "status": "issued"}]
    assert checks.print_checks("2026-02", by="test", now=now)["refused"] == []


def test_the_mail_says_what_stays(alice, now):
    makers.make_earnings(alice, now, sales=2)
    closing.close(alice, now=now)
    closed = Message.get(kind="closed")
    assert closed.facts == {"balance": 4000}
    assert not Message.select().where(Message.kind == "declined").exists()


def test_twice_or_while_suspended_is_refused(alice, now):
    affiliates.set_status(alice, rules.SUSPENDED, by="test", now=now)
    with pytest.raises(Refused, match="suspended"):
        closing.close(alice, now=now)
    affiliates.set_status(again(alice), rules.ACTIVE, by="test", now=now)
    closing.close(alice, now=now)
    with pytest.raises(Refused, match="closed already"):
        closing.close(alice, now=now)


def test_an_admin_opens_it_again(alice, now):
    closing.close(alice, now=now)
    affiliates.set_status(again(alice), rules.ACTIVE, by="test", now=now)
    assert again(alice).closed_at is None
    assert Message.select().where(Message.kind == "login").count() == 2


def test_who_was_never_paid_is_forgotten_at_once(alice, now):
    closing.close(alice, now=now)
    assert closing.forget(now=now) == 1
    assert closing.forget(now=now) == 0
    gone = again(alice)
    assert (gone.name, gone.payee, gone.line1, gone.city) == (closing.FORGOTTEN, "", "", "")
    assert not TaxIdOnFile.select().exists()
    assert not Message.select().where(Message.holder == access.holder(alice)).exists()
    assert verify.run(now=now).differences == []


def test_the_law_keeps_names_four_years_after_the_last_check(alice, now):
    makers.make_earnings(alice, now - timedelta(days=40), sales=6)
    makers.make_run("2026-02", now)
    closing.close(alice, now=now)
    assert closing.forget(now=now.replace(year=2040)) == 0  # the check is not even printed
    checks.print_checks("2026-02", by="test", now=now)
    checks.mark_paid("2026-02", by="test", now=now)
    assert closing.forget(now=now.replace(year=2030)) == 0
    assert again(alice).payee == "Alice Reyes"
    assert closing.forget(now=now.replace(year=2031)) == 1
    assert (PaperCheck.get().payee, PaperCheck.get().address) == ("", "")
    assert [*runcheck.people(), *runcheck.runs()] == []


def test_the_names_of_links_go_at_once_and_the_links_stay(alice, now):
    Link.update(name="My list of friends").execute()
    closing.close(alice, now=now)
    assert Link.get().name == "spring"


def test_an_account_that_was_opened_again_is_not_forgotten(alice, now):
    closing.close(alice, now=now)
    affiliates.set_status(again(alice), rules.ACTIVE, by="test", now=now)
    assert closing.forget(now=now.replace(year=2040)) == 0
    assert again(alice).name == "Alice Reyes"


def test_while_anything_is_owed_nothing_is_forgotten(alice, now):
    makers.make_earnings(alice, now, sales=1)
    closing.close(alice, now=now)
    assert ledger.balance(alice.id) == 2000
    assert closing.forget(now=now.replace(year=2040)) == 0


def test_own_purchases_earn_nobody_anything_under_a_closed_account_too(alice, now):
    zoe = makers.make_affiliate("zoe", now)
    Affiliate.update(referrer=zoe).where(Affiliate.id == alice.id).execute()
    about = {"customer_id": "c", "email": "alice@example.com"}
    mine = makers.make_sale(now, click_id=makers.make_click(alice, now), customer_id="c")
    assert [(line["affiliate"], line["kind"]) for line in mine["entries"]] == [
        ("alice", "commission"), ("zoe", "override"),
    ]  # fmt: skip
    closing.close(again(alice), now=now)
    assert makers.make_sale(now, **about)["entries"] == []


def test_a_closed_account_buys_as_anybody(alice, now):
    bob = makers.make_affiliate("bob", now)
    closing.close(alice, now=now)
    sale = makers.make_sale(now, click_id=makers.make_click(bob, now), email="alice@example.com")
    assert sale["credited_to"] == "bob"
