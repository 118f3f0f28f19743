"""Everything is reached and done with the keyboard alone."""

import threading
from datetime import timedelta

import pytest

from portal import accounts, checks, database, program
from portal.books import PaperCheck
from portal.months import month_of
from tests.makers import (
    ADDRESS,
    make_admin,
    make_affiliate,
    make_click,
    make_earnings,
    make_program,
    make_run,
)

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
    reach_all(page, f"/center/{name}")


def reach_all(page, address):
    page.goto(f"{address}?live=off")
    for _ in range(page.evaluate(REACHABLE) + 10):  # a date is four stops for the keyboard
        page.keyboard.press("Tab")
        assert page.evaluate(STEP) == ""
    assert page.evaluate(LEFT) == []


def test_tab_reaches_everything_of_the_offices_orders(page, open_page):
    make_admin(database.utcnow())
    reach_all(open_page("office@example.com"), "/admin/orders")


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


def test_what_moves_step_by_step_is_stopped(db, open_page, monkeypatch):
    today = database.utcnow()
    make_program(today - timedelta(days=100))
    make_admin(today)
    month = month_of(today, program.load().zone).plus(-1)
    for number in range(12):
        who = make_affiliate(f"a{number}", today - timedelta(days=90), password=None, **ADDRESS)
        accounts.adjust(who, 12_000, "Earned.", by="test", now=month.start(program.load().zone))
    make_run(month, today)
    came, go, went = (threading.Semaphore(0) for _ in range(3))
    move = checks.print_checks

    def when_told(*what, **about):
        came.release()
        assert go.acquire(timeout=60)
        answer = move(*what, **about)
        went.release()
        return answer

    monkeypatch.setattr(checks, "STEP", 1)
    monkeypatch.setattr(checks, "print_checks", when_told)
    page = open_page("office@example.com")
    page.goto(f"/admin/payouts/{month}")
    page.check("input[name=everyone]")
    go.release()
    page.get_by_role("button", name="Print", exact=True).click()
    tab_to(page, page.get_by_role("link", name="Stop here"))
    go.release()
    page.locator("progress[value='2']").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Stop here"
    assert all(came.acquire(timeout=60) for _ in range(3))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Checks", exact=True).wait_for()
    go.release()  # the step that was on its way is the last
    assert all(went.acquire(timeout=60) for _ in range(3))
    assert PaperCheck.select().where(PaperCheck.status == "issued").count() == 9


SMALL = """() => [...document.querySelectorAll("header a, header button, footer a")].filter(
  (element) => element.checkVisibility() && element.getBoundingClientRect().height < 24
).map((element) => element.outerHTML)"""


def test_what_is_on_every_page_is_large_enough_to_hit(page):
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate(SMALL) == []
