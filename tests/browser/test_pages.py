"""The pages in a browser: live without reloading, by keyboard, readable, silent, never sideways."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

from portal import cases, database, links, program
from portal.books import Entry
from portal.months import month_of
from tests.makers import (
    ADDRESS,
    make_admin,
    make_affiliate,
    make_click,
    make_earnings,
    make_program,
    make_run,
    make_sale,
)

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]

PUBLIC = ["/", "/apply", "/login", "/password/forgotten", "/nothing"]
CENTER = [
    f"/center/{name}"
    for name in (
        "",
        "links",
        "links/main",
        "clicks",
        "orders",
        "payments",
        "team",
        "profile",
        "help",
        "missing-sale",
    )
]


@pytest.fixture
def today():
    return database.utcnow()


@pytest.fixture
def alice(db, today):
    make_program(today - timedelta(days=100))
    made = make_affiliate("alice", today - timedelta(days=90), **ADDRESS)
    make_earnings(made, today - timedelta(days=40), sales=6)
    make_earnings(made, today, sales=3)
    return made


@pytest.fixture
def center(alice, today):
    case = cases.ask(alice, "My check", "Where is it?", key="k", now=today)
    make_sale(today, click_id=make_click(alice, today - timedelta(days=91)))
    return [*CENTER, f"/center/cases/{case.key}", f"/center/help?about=entry:{Entry.get().id}"]


@pytest.fixture
def office(alice, center, today):
    make_admin(today - timedelta(days=90))
    month = month_of(today, program.load().zone).plus(-1)
    make_run(month, today)
    return [
        "/admin/", "/admin/affiliates", "/admin/affiliates/alice", "/admin/payouts",
        f"/admin/payouts/{month}", f"/admin/payouts/{month.plus(1)}", "/admin/mails",
        f"/admin/payouts/{month}/alice/void", "/admin/cases", f"/admin/cases/{cases.Case.get().id}",
    ]  # fmt: skip


def test_a_click_elsewhere_appears_without_reloading(open_page, alice):
    mine = open_page("alice")
    mine.evaluate("window.stayed = true")
    before = mine.locator("#feed li").first.inner_text()
    visitor = open_page()
    visitor.request.get("/go/alice?sub_id=poster", max_redirects=0, headers={
        "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
        "Sec-Fetch-Dest": "document"})  # fmt: skip
    mine.locator("#feed li", has_text="label poster").wait_for(timeout=15_000)
    assert mine.locator("#feed li").first.inner_text() != before
    assert mine.evaluate("window.stayed")
    assert mine.said == []


def test_new_rows_wait_behind_a_link(open_page, alice, today):
    page = open_page("alice")
    page.goto("/center/clicks")
    make_click(alice, database.utcnow(), sub_id="later")
    link = page.get_by_role("link", name="1 new click")
    link.wait_for(timeout=15_000)
    assert page.get_by_text("later").count() == 0
    link.click()
    page.locator("td", has_text="later").first.wait_for()
    assert page.said == []


def test_an_open_explanation_is_not_swapped_away(open_page, alice, today):
    page = open_page("alice")
    page.goto("/center/orders")
    page.locator("details.why summary").first.click()
    make_earnings(alice, database.utcnow(), sales=1)
    page.wait_for_timeout(6_000)
    assert page.locator("details.why[open]").count() == 1


def test_signing_in_by_keyboard_and_what_is_wrong_gets_the_focus(open_page, alice):
    page = open_page()
    page.goto("/apply")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.get_by_role("button", name="Send application").press("Enter")
    page.locator("[data-summary]").wait_for()
    assert page.evaluate("document.activeElement.hasAttribute('data-summary')")


def test_copying_the_link(open_page, alice):
    page = open_page("alice")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy your link").click()
    page.get_by_text("Copied", exact=True).wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "http://localhost/go/alice"


def test_copying_a_link_out_of_its_row(open_page, alice, today):
    links.make(alice, "Spring", "", now=today)
    page = open_page("alice")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/center/links")
    page.get_by_role("button", name="Copy Spring").click()
    page.get_by_text("Copied", exact=True).wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "http://localhost/go/alice/spring"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_are_accessible_and_silent(open_page, center, office, width, scheme):
    found = {}
    for person, addresses in ((None, PUBLIC), ("alice", center), ("office@example.com", office)):
        page = open_page(person, width, scheme)
        for address in addresses:
            page.goto(address)
            page.evaluate("[...document.querySelectorAll('main details')].slice(0, 3)"
                          ".forEach((details) => { details.open = true; })")  # fmt: skip
            problems = Axe().run(page).response["violations"]
            if problems:
                found[address] = [(p["id"], p["nodes"][0]["html"][:200]) for p in problems]
        said = [words for words in page.said if "404" not in words]
        assert said == []
    assert found == {}


def test_nothing_scrolls_sideways_at_320_pixels(open_page, center, office):
    wide = []
    for person, addresses in ((None, PUBLIC), ("alice", center), ("office@example.com", office)):
        page = open_page(person, 320)
        for address in addresses:
            page.goto(address)
            if page.evaluate("document.documentElement.scrollWidth") > 320:
                wide.append(address)
    assert wide == []


def test_everything_works_without_script(chromium, server, alice):
    context = chromium.new_context(java_script_enabled=False, base_url=server)
    page = context.new_page()
    page.goto("/login")
    page.fill("#username", "alice")
    page.fill("#password", "four plain words here")
    page.click("main button")
    page.wait_for_url("**/center/")
    page.get_by_role("link", name="Orders", exact=True).click()
    assert page.get_by_text("D. K.").count() > 0
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    context.close()
