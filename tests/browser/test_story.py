"""The whole way in one story: from an application to a check marked as paid."""

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from portal import access, accounts, database, program, verify
from portal.models import Affiliate
from portal.months import month_of
from tests import mailserver, makers
from tests.papers import texts

pytestmark = pytest.mark.browser
PLAN = {"interval": "year", "price": 97_000, "name": "Pro"}


@pytest.fixture
def settings(db, server):
    makers.make_program(
        database.utcnow(), product_url=f"{server}/", allowed_hosts=urlsplit(server).netloc
    )


def test_the_whole_way(app, server, settings, open_page):
    """Apply, sign in, share, sell, refund, be paid: as people, by form, link, API and mail."""
    ada = apply_on_the_form(open_page())
    user, password = login_by_mail(app, server)
    first_login(ada, user, password)
    give_an_address(ada)
    click_id = follow_the_link(open_page(), ada)
    shop = open_page().request
    key = access.create_key("shop", now=database.utcnow())
    sell_and_refund(shop, key, click_id)
    ada.goto("/center/orders")
    assert ada.get_by_text("D. K.").count() > 0

    sold = database.utcnow()
    month = month_of(sold, program.load().zone)
    with time_machine.travel(month.payout_at(1, program.load().zone) + timedelta(hours=1)):
        makers.make_admin(database.utcnow())
        print_and_pay(open_page("office@example.com"), month)
        see_the_ledger(open_page(), user)
        account = Affiliate.get(Affiliate.code == user)
        told = accounts.standing(account, now=database.utcnow())
        assert (told["earned"], told["paid"], told["balance"]) == (15_000, 15_000, 0)
        assert verify.run(now=database.utcnow()).differences == []


def apply_on_the_form(page):
    page.goto("/apply")
    for name, value in (
        ("name", "Ada Reyes"),
        ("email", "ada@reyes.example"),
        ("payee", "Reyes Facilitation LLC"),
    ):
        page.fill(f"#{name}", value)
    page.check("input[name=us_person][value=yes]")
    page.check("#terms")
    page.get_by_role("button", name="Send application").click()
    page.get_by_role("heading", name="Check your e-mail").wait_for()
    return page


def login_by_mail(app, server):
    """Deliver by real SMTP and read user name and password as the applicant does."""
    with mailserver.Running() as post:
        config = replace(app.config["PORTAL"], mail=post.address, url=server)
        makers.run_once("mail", database.utcnow(), config=config)
        (mail,) = post.mailbox.mails
    assert mail["To"] == "ada@reyes.example"
    said = mailserver.text(mail).replace("\r\n", "\n")
    assert f"{server}/login" in said
    user = re.search(r"^User name: (.+)$", said, re.MULTILINE).group(1)
    return user, re.search(r"^Password: (.+)$", said, re.MULTILINE).group(1)


def first_login(page, user, password):
    sign_in(page, user, password)
    page.get_by_role("heading", name="Choose your password").wait_for()
    page.fill("#new", makers.PASSWORD)
    page.fill("#again", makers.PASSWORD)
    page.get_by_role("button", name="Save and continue").click()
    page.wait_for_url("**/center/")


def sign_in(page, user, password):
    page.goto("/login")
    page.fill("#username", user)
    page.fill("#password", password)
    page.locator("main button").first.click()


def give_an_address(page):
    page.goto("/center/profile")
    page.get_by_text("Change name or address").click()
    form = page.locator("form[aria-labelledby=checks]")
    for name, value in makers.ADDRESS.items():
        control = form.locator(f"[name$={name}]")
        if name == "country":
            control.select_option(value)
        else:
            control.fill(value)
    page.get_by_role("button", name="Save name and address").click()
    page.get_by_text("1418 Alder Court").first.wait_for()


def follow_the_link(visitor, page):
    """Take the link from the overview and follow it in another browser; it lands with an id."""
    page.goto("/center/")
    link = page.locator(".copy code").first.inner_text()
    landed = visitor.goto(urlsplit(link).path)
    query = parse_qs(urlsplit(landed.url).query)
    assert query["via"] == ["ada-reyes"]
    cookies = {cookie["name"]: cookie for cookie in visitor.context.cookies()}
    assert cookies["aff_click"]["value"] == query["click_id"][0]
    assert cookies["aff_click"]["httpOnly"]
    return query["click_id"][0]


def sell_and_refund(shop, key, click_id):
    """A year plan is paid, and a quarter of it given back: $200.00 less $50.00."""
    headers = {"Authorization": f"Bearer {key}"}
    sale = {
        "event_id": "pay-1",
        "customer_id": "cus-1",
        "email": "dana@kim.example",
        "name": "Dana Kim",
        "amount": 97_000,
        "plan": PLAN,
        "click_id": click_id,
    }
    answer = shop.post("/api/v1/track/sale", data=sale, headers=headers)
    assert answer.status == 201
    assert answer.json()["rule"] == "R7.4"
    assert answer.json()["entries"] == [
        {"affiliate": "ada-reyes", "kind": "commission", "amount": 20_000}
    ]
    assert shop.post("/api/v1/track/sale", data=sale, headers=headers).status == 200
    back = {"event_id": "back-1", "sale_event_id": "pay-1", "amount": 24_250}
    answer = shop.post("/api/v1/track/refund", data=back, headers=headers)
    assert answer.json()["entries"][0]["amount"] == -5_000


def print_and_pay(office, month):
    office.goto(f"/admin/payouts/{month}")
    office.get_by_role("button", name="Run ").click()
    office.get_by_text("Reyes Facilitation LLC").first.wait_for()
    office.check("input[name=everyone]")
    office.fill("#first", "10482")
    office.get_by_role("button", name="Print", exact=True).click()
    office.wait_for_load_state()
    office.goto(f"/admin/payouts/{month}")
    office.get_by_role("link", name="10482").click()
    with office.expect_download() as paper:
        office.get_by_role("link", name="Download PDF").click()
    (text,) = texts(paper.value.path().read_bytes())
    for words in ("Reyes Facilitation LLC", "1418 Alder Court", "150.00", "One hundred fifty"):
        assert words in text
    office.goto(f"/admin/payouts/{month}")
    office.check("input[name=everyone]")
    office.get_by_role("button", name="Mark as paid").click()
    office.get_by_text(re.compile("^Paid")).first.wait_for()


def see_the_ledger(page, user):
    sign_in(page, user, makers.PASSWORD)
    page.wait_for_url("**/center/")
    page.goto("/center/payments")
    assert page.get_by_text("10482").count() > 0
    assert page.get_by_text("−$150.00").count() > 0
