"""The office: affiliates searched, suspended and reinstated, applications, corrections, mails."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine

from portal import access, accounts, affiliates, closing, ledger, mail, program, vault
from portal.config import MailServer
from portal.models import Affiliate, Audit
from tests.makers import make_affiliate, make_earnings, make_sale


@pytest.fixture
def office(login_as, admin):
    return login_as(admin)


def status(affiliate):
    return Affiliate.get_by_id(affiliate.id).status


def test_the_overview_lists_the_work(office, alice, today):
    program.change("applications", "review", by="test", now=today)
    make_affiliate("carol", today, password=None)
    page = office.get("/admin/").text
    assert "Applications to review" in page
    assert "Carol Reyes" in page


def test_what_mails_and_checks_lack_is_work(office, today):
    assert "postal address, support contact: for mails and checks" in office.get("/admin/").text
    program.change("program_address", "1 Main St", by="test", now=today)
    program.change("support_email", "help@shop.example", by="test", now=today)
    page = office.get("/admin/").text
    assert "Settings to make" not in page
    assert "Nothing waits" in page


def test_applications_are_approved_and_declined(office, alice, today):
    program.change("applications", "review", by="test", now=today)
    for code, deed, then in (("carol", "approve", "active"), ("dave", "decline", "declined")):
        who = make_affiliate(code, today, password=None)
        assert f'action="/admin/applications/{code}"' in office.get("/admin/").text
        answer = office.post(f"/admin/applications/{code}", data={"do": deed})
        assert answer.location == "/admin/"
        assert status(who) == then
    make_affiliate("eve", today, password=None)
    answer = office.post("/admin/affiliates/eve/status", data={"do": "approve"})
    assert answer.location == "/admin/affiliates/eve"
    assert office.post("/admin/applications/carol", data={"do": "crown"}).status_code == 422
    assert office.post("/admin/applications/nobody", data={"do": "approve"}).status_code == 404


def test_a_program_without_affiliates_says_so(office):
    page = office.get("/admin/affiliates").text
    assert "No affiliates yet" in page
    assert "Nobody matches" not in page


def test_affiliates_are_found(office, alice, mallory):
    assert "mallory" not in office.get("/admin/affiliates?q=alice").text
    assert "Nobody matches" in office.get("/admin/affiliates?q=zzz").text
    assert office.get("/admin/affiliates?state=odd").status_code == 404
    assert "alice" in office.get("/admin/affiliates?format=csv").text


def test_the_log_says_what_was_done(office, alice, today, tmp_path):
    vault.use(tmp_path)
    affiliates.change_tax_id(alice, "12-3456780", by="alice", now=today)
    accounts.adjust(alice, 1_250, "Welcome", by="test", now=today)
    page = office.get("/admin/affiliates/alice").text
    assert "Tax ID changed" in page
    assert "Balance adjusted: Welcome" in page


def test_a_closed_account_is_not_said_to_be_declined(office, alice, today):
    closing.close(alice, now=today)
    page = office.get("/admin/affiliates").text
    assert "1 declined or closed" in page
    assert "Closed" in office.get("/admin/affiliates?state=declined").text


def test_fifty_affiliates_cost_what_five_do(office, alice, today, monkeypatch):
    calls = []
    target = Affiliate._meta.database.obj
    send = target.execute_sql
    monkeypatch.setattr(target, "execute_sql", lambda *a, **k: (calls.append(1), send(*a, **k))[1])
    office.get("/admin/affiliates")
    few = len(calls)
    for number in range(20):
        make_affiliate(f"more{number}", today, password=None)
    calls.clear()
    office.get("/admin/affiliates")
    assert len(calls) == few


def test_suspending_and_back(office, alice):
    address = "/admin/affiliates/alice/status"
    office.post(address, data={"do": "suspend"})
    assert status(alice) == "suspended"
    assert "Reinstate" in office.get("/admin/affiliates/alice").text
    office.post(address, data={"do": "reinstate"})
    assert status(alice) == "active"
    assert office.post(address, data={"do": "crown"}).status_code == 422
    assert Audit.select().where(Audit.by == "office@example.com").count() == 2


def test_the_file_names_customers(office, alice, today):
    make_earnings(alice, today, sales=1)
    page = office.get("/admin/affiliates/alice").text
    assert "Dana Kim" in page
    assert "$20.00 × $97.00 ÷ $97.00" in page


def test_an_adjustment_needs_amount_and_reason(office, alice):
    address = "/admin/affiliates/alice/adjustments"
    for amount in ("", "0", "twelve", "1.5", "1,00", "99999999"):
        answer = office.post(address, data={"adjust-amount": amount, "adjust-reason": "kept"})
        assert answer.status_code == 422
        assert 'value="kept"' in answer.text
    assert office.post(address, data={"adjust-amount": "5.00"}).status_code == 422
    assert ledger.balance(alice.id) == 0
    office.post(address, data={"adjust-amount": "−$1,012.50", "adjust-reason": "Paid twice"})
    assert ledger.balance(alice.id) == -101_250


def test_an_adjustment_sent_twice_is_one_entry(office, alice, today):
    address = "/admin/affiliates/alice/adjustments"
    shown = re.search(r'name="adjust-key"[^>]* value="(\w+)"', office.get(address[:-12]).text)
    form = {"adjust-amount": "150.00", "adjust-reason": "A present", "adjust-key": shown[1]}
    for _ in range(2):
        assert office.post(address, data=form).status_code == 303
    assert ledger.balance(alice.id) == 15_000
    office.post(address, data=form | {"adjust-amount": "50.00"})
    office.post(address, data=form | {"adjust-key": "another"})
    assert ledger.balance(alice.id) == 35_000
    key = access.create_key("shop", now=today)
    ask = {"headers": {"Authorization": f"Bearer {key}"}}
    entries = office.get("/api/v1/affiliates/alice/ledger", **ask).json["entries"]
    assert [entry["event_id"] for entry in entries] == [None] * 3  # no event of the shop's


def test_an_affiliate_is_linked_to_a_customer_once(office, alice, today):
    make_sale(today, customer_id="c-77", email="elsewhere@shop.example")
    address = "/admin/affiliates/alice/customer"
    for number, said in (("", "Give the number"), ("c-78", "There is no such customer")):
        answer = office.post(address, data={"link-customer_id": number})
        assert answer.status_code == 422
        assert said in answer.text
    office.post(address, data={"link-customer_id": "c-77"})
    page = office.get("/admin/affiliates/alice").text
    assert "c-77" in page
    assert "Link for good" not in page
    again = office.post(address, data={"link-customer_id": "c-77"})
    assert "is linked already" in again.text


def test_mails_wait_without_secrets(office, alice):
    page = office.get("/admin/mails").text
    assert "to alice" in page
    message = mail.waiting().first()
    assert office.post(f"/admin/mails/{message.id}/again").status_code == 303
    assert office.post("/admin/mails/999999/again").status_code == 404


def test_nobody_is_nowhere(office, today):
    assert office.get("/admin/affiliates/nobody").status_code == 404
    assert office.post("/admin/affiliates/nobody/status", data={"do": "suspend"}).status_code == 404
    assert office.get("/admin/affiliates/nobody/status").status_code == 405


def test_the_ledger_goes_back_by_key(office, alice, today):
    make_earnings(alice, today, sales=52)
    page = office.get("/admin/affiliates/alice").text
    older = page.rpartition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    assert office.get(older).text.count('class="why"') == 2


def test_a_sale_of_nobody_is_no_entry(office, alice, today):
    make_sale(today)
    assert "No entry yet" in office.get("/admin/affiliates/alice").text


@pytest.mark.parametrize("name", ["q", "state", "after"])
def test_what_cannot_be_typed_is_found_nowhere(office, name):
    assert office.get(f"/admin/affiliates?{name}=%00").status_code == 404


def test_with_a_mail_server_only_what_it_left_is_work(office, alice, app, today):
    mail.Message.delete().execute()
    mail.queue("password_reset", to=alice, now=today)
    assert "when a mail server is set" in office.get("/admin/").text
    server = MailServer("127.0.0.1", 25, tls=False)
    app.config["PORTAL"] = replace(app.config["PORTAL"], mail=server)
    assert "Mails waiting to be sent" not in office.get("/admin/").text
    with time_machine.travel(today + timedelta(minutes=11), tick=False):
        assert "did not take them yet" in office.get("/admin/").text
