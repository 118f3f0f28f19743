"""The pages in a browser: live without reloading, by keyboard, readable, silent, never sideways."""

import logging
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

from portal import cases, checks, links, material, program, starter
from portal.months import month_of, year_of
from tests.makers import (
    ADDRESS,
    make_admin,
    make_affiliate,
    make_earnings,
    make_program,
    make_run,
)

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]

PUBLIC = ["/", "/apply", "/login", "/password/forgotten", "/nothing"]
CENTER = """
    links links/main banners emails clicks orders payments team profile help missing-sale
    clicks?sub_id=nothing-has-it
""".split()
OFFICE = """
    affiliates affiliates/alice orders orders?q=nothing-has-it payouts mails settings cases material
    material/banner material/email material/text
""".split()
AXE = "(options) => axe.run(document, options)"
ONLY_COLOURS = {"runOnly": ["color-contrast"]}
SIDEWAYS = """() => [document.documentElement, ...document.querySelectorAll(".scroll")]
  .filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.outerHTML.slice(0, 99))"""
UNFOLD = """() => [...document.querySelectorAll("main details")].slice(0, 3)
  .forEach((details) => { details.open = true; })"""


@pytest.fixture
def alice(db, today):
    make_program(today - timedelta(days=100))
    made = make_affiliate("alice", today - timedelta(days=90), **ADDRESS)
    make_earnings(made, today - timedelta(days=40), sales=6)
    make_earnings(made, today, sales=3)
    return made


@pytest.fixture
def addresses(alice, today):
    """Every page that people see, by who sees it."""
    make_admin(today - timedelta(days=90))
    starter.offer(now=today)
    month = month_of(today, program.load().zone).plus(-1)
    make_run(month, today)
    checks.print_checks(month, by="test", now=today)
    case = cases.ask(alice, "A check", "Where is it?", key="once", now=today)
    email = material.listed(material.EMAIL)[0].id
    runs = [f"payouts/{month}", f"payouts/{month.plus(1)}", f"payouts/{month}/alice/void"]
    runs.append(f"payouts/{month}/sheets")
    year = year_of(today, program.load().zone)
    tax = ["restored", f"tax?year={year}", f"tax/{year}/file", "bank"]
    office = [*OFFICE, *tax, *runs, f"cases/{case.id}", f"material/email/{email}"]
    return {
        "": PUBLIC,
        "alice": [f"/center/{name}" for name in ("", *CENTER, f"cases/{case.key}")],
        "office@example.com": [f"/admin/{name}" for name in ("", *office)],
    }


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


@pytest.mark.parametrize("person", ["", "alice", "office@example.com"])
def test_pages_are_accessible_silent_and_never_sideways(open_page, addresses, person):
    """Wide and on a phone, in the light and in the dark, and at 320 pixels."""
    page, found, wide = open_page(person), {}, []
    for address in addresses[person]:
        page.goto(address)
        page.evaluate(UNFOLD)
        page.evaluate(Axe().axe_script)
        for width, scheme in ((1280, "light"), (1280, "dark"), (390, "dark"), (390, "light")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            options = ONLY_COLOURS if scheme == "dark" else {}
            for problem in page.evaluate(AXE, options)["violations"]:
                html = problem["nodes"][0]["html"][:200]
                found[address, width, scheme, problem["id"]] = html
        page.set_viewport_size({"width": 320, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth") > 320:
            wide.append(address)
    assert found == {}
    assert wide == []
    assert [words for words in page.said if "404" not in words] == []


@pytest.mark.parametrize("address", ["affiliates", "affiliates/long", "material"])
def test_long_names_and_rows_with_buttons_fit_a_phone(open_page, addresses, today, address):
    make_affiliate("long", today, name=f"{'W' * 60} {'M' * 59}")
    page = open_page("office@example.com", width=390)
    page.goto(f"/admin/{address}")
    assert page.evaluate(SIDEWAYS) == []


def test_a_first_visit_is_light(open_page, alice):
    """The overview with all it needs, with nothing in the cache: at most 60 KB in 12 requests."""
    page, sizes = open_page("alice"), []
    network = page.context.new_cdp_session(page)
    network.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.goto("/center/?live=off", wait_until="networkidle")
    logging.info("overview: %s bytes in %s requests", sum(sizes), len(sizes))
    assert 4 <= len(sizes) <= 12
    assert sum(sizes) <= 60 * 1024


def test_a_statement_prints_without_the_page_around_it(open_page, alice):
    page = open_page("alice")
    page.goto("/center/payments")
    page.emulate_media(media="print")
    for part in (".masthead", ".live", ".button", ".tabs", ".colophon", ".skip", "aside"):
        assert page.locator(f"{part}:visible").count() == 0, part
    for part in ("h1", "#statement", ".paper-only", "#payments tbody tr", "#payments tfoot"):
        assert page.locator(f"{part}:visible").count() > 0, part
