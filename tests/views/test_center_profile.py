"""The profile: each part saved by itself, with the password; nothing else can be changed."""

from datetime import timedelta

import pytest

from portal import access, database, mail, sessions
from portal.mail import MUTED, Message
from portal.models import Affiliate, TaxIdOnFile
from tests import mailserver
from tests.makers import PASSWORD

CHECKS = {
    "checks-payee": "Reyes LLC",
    "checks-line1": "1 Low St",
    "checks-city": "Leeds",
    "checks-country": "GB",
    "checks-current": PASSWORD,
}


def test_name_and_address(login_as, mallory):
    client = login_as(mallory)
    assert client.post("/center/profile/checks", data=CHECKS).location == "/center/profile"
    saved = Affiliate.get_by_id(mallory.id)
    assert (saved.payee, saved.country) == ("Reyes LLC", "GB")
    assert "United Kingdom" in client.get("/center/profile").text


def test_the_password_is_asked(login_as, mallory):
    client = login_as(mallory)
    wrong = client.post("/center/profile/checks", data=CHECKS | {"checks-current": "no"})
    assert wrong.status_code == 422
    assert "The password is not right." in wrong.text
    assert 'value="Reyes LLC"' in wrong.text
    assert Affiliate.get_by_id(mallory.id).line1 == ""


def test_fields_that_are_not_asked_for_change_nothing(login_as, mallory):
    more = {"status": "declined", "checks-status": "declined", "code": "x", "affiliate_id": "1"}
    login_as(mallory).post("/center/profile/checks", data=CHECKS | more)
    saved = Affiliate.get_by_id(mallory.id)
    assert (saved.status, saved.code) == ("active", "mallory")


def test_a_tax_id_is_shown_by_four_digits(login_as, mallory):
    client = login_as(mallory)
    data = {"tax-us_person": "yes", "tax-tax_id": "12-3456780", "tax-current": PASSWORD}
    refused = client.post("/center/profile/tax", data=data).text
    for said in ("Tick this", "how you are taxed", "as it stands on your tax return"):
        assert said in refused
    for label in ("Name on your tax return", "Taxed as"):
        assert f"{label}</label>" in refused  # without "(optional)": a tax ID needs them
    assert "3456780" not in refused
    assert not TaxIdOnFile.select().exists()
    data |= {"tax-w9": "y", "tax-tax_name": "Mallory Reyes", "tax-tax_class": "individual"}
    client.post("/center/profile/tax", data=data)
    page = client.get("/center/profile").text
    assert "EIN ending 6780" in page
    assert 'checked id="tax-us_person-0"' in page
    assert "3456780" not in page
    assert TaxIdOnFile.get().sealed != "123456780"


def test_a_wrong_tax_id_says_what_is_right(login_as, mallory):
    data = {"tax-tax_id": "123456789", "tax-current": PASSWORD}
    answer = login_as(mallory).post("/center/profile/tax", data=data)
    assert answer.status_code == 422
    assert "made-up" in answer.text
    assert not TaxIdOnFile.select().exists()


@pytest.mark.parametrize("new", ["short", "password1234", "mallory@example.com"])
def test_a_poor_password_is_refused(login_as, mallory, new):
    data = {"password-current": PASSWORD, "password-new": new, "password-again": new}
    answer = login_as(mallory).post("/center/profile/password", data=data)
    assert answer.status_code == 422
    assert new not in answer.text.replace("mallory@example.com</b>", "")


def test_a_new_password_keeps_this_browser_signed_in(login_as, mallory):
    client = login_as(mallory)
    new = "another plain sentence"
    data = {"password-current": PASSWORD, "password-new": new, "password-again": new}
    assert client.post("/center/profile/password", data=data).status_code == 303
    assert client.get("/center/").status_code == 200
    assert Affiliate.get_by_id(mallory.id).password_at is not None


def test_wrong_method(login_as, mallory):
    assert login_as(mallory).get("/center/profile/tax").status_code == 405


def test_the_password_is_asked_once_in_ten_minutes(login_as, mallory):
    client = login_as(mallory)
    assert "checks-current" in client.get("/center/profile").text
    client.post("/center/profile/checks", data=CHECKS)
    page = client.get("/center/profile").text
    assert "checks-current" not in page
    assert "password-current" in page
    assert "close-current" in page
    more = {name: value for name, value in CHECKS.items() if name != "checks-current"}
    client.post("/center/profile/checks", data=more | {"checks-city": "York"})
    assert Affiliate.get_by_id(mallory.id).city == "York"
    with client.session_transaction() as session:
        session["proven"] -= 601
    answer = client.post("/center/profile/checks", data=more | {"checks-city": "Hull"})
    assert answer.status_code == 422


def new_email(client, address):
    data = {"email-email": address, "email-current": PASSWORD}
    return client.post("/center/profile/email", data=data)


def test_a_new_address_counts_once_its_link_is_opened(login_as, mallory, today):
    client = login_as(mallory)
    assert new_email(client, "mal@new.example").status_code == 303
    assert "mal@new.example" in client.get("/center/profile").text
    asked = Message.get(kind="confirm_email")
    assert asked.facts == {"to": "mal@new.example"}
    token = access.reset_token(mallory, now=today, new_email="mal@new.example")
    address = f"/email/new/{token}"
    assert client.get(f"/password/new/{token}").status_code == 404
    assert "mal@new.example" in client.get(address).text
    assert Affiliate.get_by_id(mallory.id).email == "mallory@example.com"
    assert client.post(address).location == "/home"
    assert Affiliate.get_by_id(mallory.id).email == "mal@new.example"
    assert Message.get(kind="email_changed").facts["to"] == "mallory@example.com"
    assert client.get(address).status_code == 404
    assert client.post(address).status_code == 404


def test_a_new_password_ends_the_link_in_the_outbox_too(login_as, mallory, today):
    client = login_as(mallory)
    new_email(client, "mal@new.example")
    Message.update(queued_at=today - timedelta(minutes=1)).execute()
    new = "another plain sentence"
    data = {"password-current": PASSWORD, "password-new": new, "password-again": new}
    client.post("/center/profile/password", data=data)
    assert "Waiting for you" not in client.get("/center/profile").text
    with mailserver.Running() as smtp:
        mail.deliver(smtp.address, "https://x.example", clock=database.utcnow)
        kinds = {received["To"] for received in smtp.mailbox.mails}
    assert kinds == {"mallory@example.com"}


def test_a_forgotten_password_leaves_the_new_address_waiting(login_as, mallory, today):
    token = access.reset_token(mallory, now=today, new_email="mal@new.example")
    access.reset_token(mallory, now=today)
    assert access.email_of(token, now=today) == (mallory, "mal@new.example")


def test_the_link_is_sent_again_and_the_old_address_is_no_news(login_as, mallory):
    client = login_as(mallory)
    new_email(client, "mal@new.example")
    again = client.post("/center/profile/email", data={"email-email": "mal@new.example"})
    assert again.status_code == 303
    assert Message.select().where(Message.kind == "confirm_email").count() == 2
    same = client.post("/center/profile/email", data={"email-email": "mallory@example.com"})
    assert "This is your e-mail already." in same.text


def test_an_address_of_another_account_is_told_by_mail_alone(login_as, mallory, alice):
    client = login_as(mallory)
    free = new_email(client, "free@new.example")
    taken = new_email(client, "alice@example.com")
    assert (free.status_code, free.location) == (taken.status_code, taken.location)
    assert Message.get(kind="email_taken").facts == {"to": "alice@example.com"}
    page = client.get("/center/profile").text
    assert "alice@example.com" in page.split("Waiting for you")[1][:200]


def test_a_link_for_a_password_confirms_no_address(client, mallory, today):
    token = access.reset_token(mallory, now=today)
    assert client.get(f"/email/new/{token}").status_code == 404


def test_what_is_no_address_is_said(login_as, mallory):
    answer = new_email(login_as(mallory), "mallory at home")
    assert answer.status_code == 422
    assert "name@example.com" in answer.text


def test_another_browser_is_signed_out(app, login_as, mallory, today):
    client = login_as(mallory)
    other = sessions.begin(mallory, "Firefox/140.0 (iPhone)", now=today)
    page = client.get("/center/profile").text
    assert "Firefox on iPhone" in page
    assert "this browser" in page
    key = access.sha256(other)[:16]
    assert client.post("/center/profile/sessions", data={"end": key}).status_code == 303
    assert sessions.account_of(other, now=today, acting=True) is None
    assert client.post("/center/profile/sessions", data={"end": key}).status_code == 404
    assert client.get("/center/").status_code == 200


def test_notices_are_turned_off_and_on(login_as, mallory):
    client = login_as(mallory)
    client.post("/center/profile/notices", data={"notices-wanted": ["check", "case"]})
    assert Affiliate.get_by_id(mallory.id).muted == "first refund"
    client.post("/center/profile/notices", data={"notices-wanted": list(MUTED)})
    assert Affiliate.get_by_id(mallory.id).muted == ""
    wrong = client.post("/center/profile/notices", data={"notices-wanted": ["tax_hold"]})
    assert wrong.status_code == 422


def test_closing_asks_for_the_password_and_signs_out(login_as, mallory):
    client = login_as(mallory)
    assert client.post("/center/profile/close", data={"close-current": "no"}).status_code == 422
    answer = client.post("/center/profile/close", data={"close-current": PASSWORD})
    assert answer.location == "/login"
    assert client.get("/center/").location == "/login"
    assert Affiliate.get_by_id(mallory.id).closed_at is not None
