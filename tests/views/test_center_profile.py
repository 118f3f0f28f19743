"""The profile: each part saved by itself, with the password; nothing else can be changed."""

import pytest

from portal.models import Affiliate, TaxIdOnFile
from tests.makers import PASSWORD

CHECKS = {
    "checks-payee": "Reyes LLC",
    "checks-line1": "1 Low St",
    "checks-city": "Leeds",
    "checks-country": "GB",
    "checks-current": PASSWORD,
}


def text(response):
    return response.get_data(as_text=True)


def test_name_and_address(login_as, mallory):
    client = login_as(mallory)
    assert client.post("/center/profile/checks", data=CHECKS).location == "/center/profile"
    saved = Affiliate.get_by_id(mallory.id)
    assert (saved.payee, saved.country) == ("Reyes LLC", "GB")
    assert "United Kingdom" in text(client.get("/center/profile"))


def test_the_password_is_asked(login_as, mallory):
    client = login_as(mallory)
    wrong = client.post("/center/profile/checks", data=CHECKS | {"checks-current": "no"})
    assert wrong.status_code == 422
    assert "The password is not right." in text(wrong)
    assert 'value="Reyes LLC"' in text(wrong)
    assert Affiliate.get_by_id(mallory.id).line1 == ""


def test_fields_that_are_not_asked_for_change_nothing(login_as, mallory):
    more = {"status": "declined", "checks-status": "declined", "code": "x", "affiliate_id": "1"}
    login_as(mallory).post("/center/profile/checks", data=CHECKS | more)
    saved = Affiliate.get_by_id(mallory.id)
    assert (saved.status, saved.code) == ("active", "mallory")


def test_a_tax_id_is_shown_by_four_digits(login_as, mallory):
    client = login_as(mallory)
    data = {"tax-us_person": "yes", "tax-tax_id": "12-3456780", "tax-current": PASSWORD}
    assert "Tick this" in text(client.post("/center/profile/tax", data=data))
    data |= {"tax-w9": "y", "tax-tax_name": "Mallory Reyes", "tax-tax_class": "individual"}
    client.post("/center/profile/tax", data=data)
    page = text(client.get("/center/profile"))
    assert "EIN ending 6780" in page
    assert "3456780" not in page
    assert TaxIdOnFile.get().sealed != "123456780"


def test_a_wrong_tax_id_says_what_is_right(login_as, mallory):
    data = {"tax-tax_id": "123456789", "tax-current": PASSWORD}
    answer = login_as(mallory).post("/center/profile/tax", data=data)
    assert answer.status_code == 422
    assert "made-up" in text(answer)
    assert not TaxIdOnFile.select().exists()


@pytest.mark.parametrize("new", ["short", "password1234", "mallory@example.com"])
def test_a_poor_password_is_refused(login_as, mallory, new):
    data = {"password-current": PASSWORD, "password-new": new, "password-again": new}
    answer = login_as(mallory).post("/center/profile/password", data=data)
    assert answer.status_code == 422
    assert new not in text(answer).replace("mallory@example.com</b>", "")


def test_a_new_password_keeps_this_browser_signed_in(login_as, mallory):
    client = login_as(mallory)
    new = "another plain sentence"
    data = {"password-current": PASSWORD, "password-new": new, "password-again": new}
    assert client.post("/center/profile/password", data=data).status_code == 303
    assert client.get("/center/").status_code == 200
    assert Affiliate.get_by_id(mallory.id).password_at is not None


def test_wrong_method(login_as, mallory):
    assert login_as(mallory).get("/center/profile/tax").status_code == 405
