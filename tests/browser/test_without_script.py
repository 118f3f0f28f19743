"""With JavaScript off every task can be done."""

from datetime import timedelta

import pytest

from portal import database, starter
from portal.models import Affiliate
from tests.browser.conftest import AGENT, PATIENCE
from tests.makers import (
    PASSWORD,
    make_admin,
    make_affiliate,
    make_click,
    make_earnings,
    make_program,
)

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]


@pytest.fixture
def page(db, chromium, server):
    today = database.utcnow()
    make_program(today - timedelta(days=100))
    alice = make_affiliate("alice", today - timedelta(days=90))
    make_earnings(alice, today, sales=2)
    make_click(alice, today, sub_id="spring")
    starter.offer(now=today)
    context = chromium.new_context(java_script_enabled=False, base_url=server, user_agent=AGENT)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def test_everything_works_without_script(page):
    sign_in(page)
    make_a_link(page)
    filter_clicks(page)
    read_an_order_and_ask(page)
    take_a_banner(page)
    give_an_address(page)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")


def test_the_office_finds_an_order_without_script(page):
    make_admin(database.utcnow())
    sign_in(page, "office@example.com", "/admin/orders")
    assert page.locator("tbody tr").count() == 2
    page.select_option("#credit", "nobody")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("heading", name="No orders here").wait_for()
    page.get_by_role("link", name="Show all orders").click()
    page.locator("details.why summary").first.click()
    page.locator("details[open]").get_by_role("link", name="Alice Reyes").first.click()
    page.get_by_role("link", name="All orders").click()
    assert page.locator("#credit option:checked").inner_text() == "Alice Reyes"
    assert page.locator("tbody tr").count() == 2


def sign_in(page, name="alice", address="/center/links"):
    page.goto(address)
    page.fill("#username", name)
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url(f"**{address}")


def make_a_link(page):
    assert page.locator("[data-copy]:visible, [data-print]:visible").count() == 0
    page.fill("#name", "Guide")
    page.get_by_role("button", name="Make link").click()
    page.locator("code", has_text="http://localhost/go/alice/guide").first.wait_for()


def filter_clicks(page):
    page.get_by_role("link", name="Clicks", exact=True).click()
    assert page.locator("tbody tr").count() == 3
    page.select_option("#sub_id", "spring")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**sub_id=spring**")
    assert page.locator("tbody tr").count() == 1


def read_an_order_and_ask(page):
    page.get_by_role("link", name="Orders", exact=True).click()
    page.locator("details.why summary").first.click()
    page.get_by_role("link", name="Ask the office about this").first.click()
    page.fill("#text", "Which click won this order?")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Which click won this order?").wait_for()


def take_a_banner(page):
    page.get_by_role("link", name="Banners").click()
    block = page.locator("article pre").first.inner_text()
    assert block.startswith("<a href=")
    assert "/go/alice/banner." in block


def give_an_address(page):
    page.get_by_role("link", name="Alice Reyes").click()
    page.get_by_text("Change name or address").click()
    form = page.locator("form[aria-labelledby=checks]")
    for name, value in (("payee", "Alice Reyes"), ("line1", "18 Alder Court"), ("city", "Leeds")):
        form.locator(f"[name$={name}]").fill(value)
    form.locator("[name$=country]").select_option("GB")
    page.get_by_role("button", name="Save name and address").click()
    page.locator("main", has_text="18 Alder Court").wait_for()
    assert Affiliate.get(Affiliate.code == "alice").city == "Leeds"
