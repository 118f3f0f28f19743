"""Everything is reached and done with the keyboard alone."""

from datetime import timedelta

import pytest

from portal import database
from tests.makers import ADDRESS, make_affiliate, make_click, make_earnings, make_program

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]

REACHABLE = """() => {
  const all = "a[href], button, input, select, textarea, summary, [tabindex='0']";
  window.left = new Set([...document.querySelectorAll(all)].filter(
    (element) => element.checkVisibility() && !element.disabled));
  return window.left.size;
}"""
STEP = """() => {
  window.left.delete(document.activeElement);
  const at = document.activeElement;
  const bare = getComputedStyle(at).outlineStyle === "none";
  return bare && at !== document.body && at.type !== "date" ? at.outerHTML : "";
}"""
LEFT = "() => [...window.left].map((element) => element.outerHTML)"


@pytest.fixture
def page(db, open_page):
    today = database.utcnow()
    make_program(today - timedelta(days=100))
    alice = make_affiliate("alice", today - timedelta(days=90), **ADDRESS)
    make_earnings(alice, today, sales=2)
    make_click(alice, today, sub_id="spring")
    return open_page("alice")


def tab_to(page, target):
    """Press Tab until something has the focus."""
    target.wait_for()
    for _ in range(80):
        page.keyboard.press("Tab")
        if target.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"the keyboard does not reach {target}")


@pytest.mark.parametrize("name", ["", "links", "clicks", "orders", "payments", "help"])
def test_tab_reaches_everything_and_shows_where_it_is(page, name):
    page.goto(f"/center/{name}?live=off")
    for _ in range(page.evaluate(REACHABLE) + 10):  # a date is four stops for the keyboard
        page.keyboard.press("Tab")
        assert page.evaluate(STEP) == ""
    assert page.evaluate(LEFT) == []


def test_a_day_at_the_keyboard(page):
    """Copy the link, make another, filter clicks, unfold an order, ask about an entry."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/center/")
    tab_to(page, page.get_by_role("button", name="Copy your link"))
    page.keyboard.press("Enter")
    page.get_by_text("Copied", exact=True).wait_for()

    tab_to(page, page.get_by_role("link", name="More links"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Name"))
    page.keyboard.type("Guide")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Guide").wait_for()

    page.goto("/center/clicks")
    tab_to(page, page.locator("#sub_id"))
    page.keyboard.type("spring")
    tab_to(page, page.get_by_role("button", name="Show"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/center/clicks?*")
    assert page.locator("tbody tr").count() == 1

    page.goto("/center/orders")
    tab_to(page, page.locator("details.why summary").first)
    page.keyboard.press("Space")
    tab_to(page, page.get_by_role("link", name="Ask the office about this"))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Ask the office").wait_for()
    tab_to(page, page.locator("#text"))
    page.keyboard.type("Which click won this order?")
    tab_to(page, page.get_by_role("button", name="Send"))
    page.keyboard.press("Enter")
    page.get_by_text("Which click won this order?").wait_for()

    page.goto("/center/payments")
    tab_to(page, page.locator("details.why summary").first)
    page.keyboard.press("Space")
    page.locator("details.why[open] .trail").wait_for()
    assert page.said == []
