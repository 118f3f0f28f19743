"""The settings: all on one page, saved in one piece, from now on."""

from datetime import timedelta

import pytest

from portal import closing, program
from portal.forms.settings import shown
from portal.models import Affiliate, Audit, TermsVersion
from portal.months import month_of
from tests import makers


@pytest.fixture
def saved(admin):
    """The form as it is shown, to change a part of it."""
    return shown(program.settings())


def test_the_form_shows_dollars_and_percents(login_as, admin):
    page = login_as(admin).get("/admin/settings").text
    for value in ("$20.00", "$97.00", "20%", "$100.00", "America/Los_Angeles"):
        assert f'value="{value}"' in page


def test_several_terms_are_one_version(login_as, admin, saved):
    versions = TermsVersion.select().count()
    change = {"month_amount": "$25.00", "override_rate": "12.5%", "support_email": "a@b.example"}
    answer = login_as(admin).post("/admin/settings", data=saved | change)
    assert answer.location == "/admin/settings"
    assert TermsVersion.select().count() == versions + 1
    terms = program.terms_version().terms()
    assert (terms.month_amount, terms.override_rate) == (2500, 1250)
    assert program.load().support_email == "a@b.example"
    kept = Audit.get(Audit.did == "set", Audit.subject == "month_amount")
    assert (kept.by, kept.detail) == ("office@example.com", {"before": "2000", "value": "2500"})


def test_saving_it_as_it_is_changes_nothing(login_as, admin, saved):
    versions, notes = TermsVersion.select().count(), Audit.select().count()
    login_as(admin).post("/admin/settings", data=saved)
    assert (TermsVersion.select().count(), Audit.select().count()) == (versions, notes)


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("tax_threshold", "$60O.00", "An amount looks like"),
        ("month_rate", "a fifth", "A rate looks like"),
        ("month_rate", "120%", "This takes a rate"),
        ("cookie_days", "0", "This takes a number of days"),
        ("payout_day", "31", "from 1 to 28"),
        ("time_zone", "Mars/Olympus", "a time zone like"),
        ("product_url", "javascript:alert(1)", "a full address"),
        ("landing_pages", "Pricing", "lines of a name and an address"),
        ("program_name", "", "one line of"),
    ],
)
def test_one_wrong_field_saves_nothing(login_as, admin, saved, name, typed, said):
    change = {"month_amount": "$99.00", name: typed}
    answer = login_as(admin).post("/admin/settings", data=saved | change)
    assert answer.status_code == 422
    assert said in answer.text
    assert program.terms_version().terms().month_amount == 2000


def test_the_name_and_address_are_on_every_page(login_as, admin, saved, client):
    change = {"program_name": "Maestro Partners", "program_address": "1 Low St\r\nLeeds"}
    login_as(admin).post("/admin/settings", data=saved | change)
    for address in ("/", "/apply", "/login", "/nothing", "/admin/"):
        page = client.get(address).text
        assert "Maestro Partners, 1 Low St, Leeds" in page, address


def test_what_changed_is_told_with_older_ones_by_key(login_as, admin, saved, today):
    for number in range(60):
        program.change("program_name", f"Name {number}", by="test", now=today)
    client = login_as(admin)
    page = client.get("/admin/settings").text
    assert "Name 59" in page
    assert "Name 8<" not in page
    older = page.split('href="/admin/settings?before=')[1].split("#")[0]
    assert "Name 8<" in client.get(f"/admin/settings?before={older}").text
    assert client.get("/admin/settings?before=x").status_code == 200


def test_the_words_beside_a_setting_are_those_of_today(login_as, admin, saved):
    client = login_as(admin)
    assert "A full payment of $97.00 a month earns $20.00." in client.get("/admin/settings").text
    change = {"month_amount": "$25.00", "month_threshold": "$0.00"}
    client.post("/admin/settings", data=saved | change)
    page = client.get("/admin/settings").text
    assert "Every monthly plan earns that." in page
    assert "A full payment of $100.00 a month earns $25.00." in page
    assert "before: $20.00" in page
    assert "Per full monthly price" in page


def test_the_words_tell_the_last_run(login_as, admin, alice, today):
    makers.make_earnings(alice, today - timedelta(days=40), sales=6)
    month = month_of(today, program.load().zone).plus(-1)
    makers.make_run(month, today)
    assert (
        "paid 1 affiliate $120.00 and kept $0.00 for 0"
        in login_as(admin).get("/admin/settings").text
    )


def test_a_closed_account_is_opened_again_by_the_office(login_as, admin, alice, today):
    closing.close(alice, now=today)
    client = login_as(admin)
    page = client.get("/admin/affiliates/alice").text
    assert "Closed" in page
    assert "Open it again" in page
    client.post("/admin/affiliates/alice/status", data={"do": "approve"})
    assert Affiliate.get().status == "active"


def test_what_was_saved_is_named_as_on_the_page(login_as, admin, saved):
    client = login_as(admin)
    client.post("/admin/settings", data=saved | {"program_address": "1 Main St", "payout_day": "3"})
    page = client.get("/admin/settings").text
    assert "Saved: Postal address, Day of the run." in page


def test_landing_pages_on_no_allowed_site_are_told(login_as, admin, saved):
    office = login_as(admin)
    pages = "Tour = https://www.shop.example/tour\nPricing = https://elsewhere.example/"
    site = {"product_url": "https://www.shop.example/"}
    office.post("/admin/settings", data=saved | site | {"landing_pages": pages})
    page = office.get("/admin/settings").text
    assert "Not on a site that links may lead to, so not offered: Pricing." in page
    office.post("/admin/settings", data=saved | site | {"landing_pages": pages.split("\n")[0]})
    assert "not offered" not in office.get("/admin/settings").text
