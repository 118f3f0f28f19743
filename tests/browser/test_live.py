"""Numbers move without reloading, within seconds, and nothing moves under whoever reads them."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from portal import access, database
from tests.makers import ADDRESS, make_affiliate, make_click, make_earnings, make_program

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]

SOON = 6_000  # milliseconds from a click or a sale to what is asked and shown of it
POLL = 10_000  # the longest time between two polls of a part
VISITOR = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
    "Sec-Fetch-Dest": "document",
}
WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  window.shifts.push([entry.value, entry.sources.map((s) => s.node && s.node.outerHTML)]);
})).observe({ type: "layout-shift" });
"""
WAIT_FOR_ANSWERS = """(parts) => {
  window.answered = {};
  document.addEventListener("htmx:afterRequest", (event) => {
    const part = event.detail.target.id;
    if (parts.includes(part)) window.answered[part] ??= event.detail.xhr.status;
  });
}"""
ALL_ANSWERED = "(parts) => parts.every((part) => part in window.answered)"
SELECT = """(element) => getSelection().selectAllChildren(element)"""


@pytest.fixture
def alice(db, today):
    make_program(today - timedelta(days=100))
    made = make_affiliate("alice", today - timedelta(days=90), **ADDRESS)
    make_earnings(made, today, sales=4)
    return made


@pytest.fixture
def look(open_page):
    """Open a page as alice whose clock stands still but where the test turns it on."""

    def at(address, width=1280):
        page, now = open_page("alice", width), database.utcnow()
        page.clock.install(time=now)
        page.clock.pause_at(now + timedelta(minutes=1))
        page.goto(address)
        return page

    return at


def poll(page, *parts, after=POLL):
    """Let so much time pass; the status of the poll of each part when the page dealt with it."""
    page.evaluate(WAIT_FOR_ANSWERS, parts)
    page.clock.fast_forward(after)
    page.wait_for_function(ALL_ANSWERED, arg=parts)
    page.clock.run_for(100)  # in which new parts settle
    statuses = page.evaluate("window.answered")
    return statuses[parts[0]] if len(parts) == 1 else [statuses[part] for part in parts]


def follow(visitor, address):
    answer = visitor.request.get(address, max_redirects=0, headers=VISITOR)
    return parse_qs(urlsplit(answer.headers["location"]).query)["click_id"][0]


def test_a_click_and_a_sale_show_within_seconds_and_nothing_moves(look, open_page, alice):
    """On a phone and a wide screen; the next check follows. The seconds are those of the pages."""
    shop, key = open_page(), access.create_key("shop", now=database.utcnow())
    pages = [look("/center/", width) for width in (390, 1280)]
    for page in pages:
        page.evaluate(WATCH_SHIFTS)
        assert page.locator(".stamp").inner_text().lower() == "$20.00 to go"
    click_id = follow(shop, "/go/alice?sub_id=poster")
    for page in pages:
        assert poll(page, "feed", "figures", after=SOON) == [200, 200]
        page.locator("#feed li", has_text="label poster").wait_for()
    sale = {
        "event_id": "pay-1", "customer_id": "cus-1", "order_id": "20977", "name": "Dana Kim",
        "email": "dana@kim.example", "amount": 97_000, "click_id": click_id,
        "plan": {"interval": "year", "price": 97_000, "name": "Pro"},
    }  # fmt: skip
    answer = shop.request.post(
        "/api/v1/track/sale", data=sale, headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status == 201
    for page in pages:
        assert poll(page, "feed", "figures", after=SOON) == [200, 200]
        page.locator(".check .amount", has_text="$280.00").wait_for()
        page.locator("#feed li", has_text="Pro, annual, D. K.").wait_for()
        assert page.locator(".stamp").inner_text().lower() == "on its way"
        assert page.evaluate("window.shifts") == []
        assert page.said == []


def test_new_rows_wait_behind_a_link_and_its_reader_goes_on_in_the_table(look, alice):
    page = look("/center/clicks")
    page.evaluate(WATCH_SHIFTS)
    top = page.locator("tbody tr").first.bounding_box()
    make_click(alice, database.utcnow(), sub_id="later")
    assert poll(page, "clicks") == 200
    link = page.get_by_role("link", name="1 new click")
    link.wait_for()
    assert page.get_by_text("later").count() == 0
    assert page.locator("tbody tr").first.bounding_box() == top
    assert page.evaluate("window.shifts") == []
    page.clock.resume()
    link.press("Enter")
    page.locator("td", has_text="later").first.wait_for()
    page.locator("#clicks-table:focus").wait_for()
    assert page.said == []


def test_nothing_new_swaps_nothing(look, alice):
    page = look("/center/payments")
    page.evaluate("document.getElementById('payments').stayed = true")
    assert poll(page, "payments") == 204
    assert page.evaluate("document.getElementById('payments').stayed")


def test_the_focus_outlives_a_poll(look, alice):
    page = look("/center/")
    page.focus("#why")
    page.evaluate("document.activeElement.former = true")
    make_earnings(alice, database.utcnow(), sales=1)
    assert poll(page, "figures") == 200
    page.locator(".check .amount", has_text="$100.00").wait_for()
    page.locator("#why:focus").wait_for()
    assert not page.evaluate("document.activeElement.former")


def test_what_is_read_or_selected_is_not_swapped_away(look, alice):
    page = look("/center/orders")
    page.locator("details.why summary").first.click()
    make_earnings(alice, database.utcnow(), sales=1)
    assert poll(page, "orders") == 200
    assert page.locator("details.why[open]").count() == 1
    assert page.get_by_role("link", name="1 new order").count() == 0
    page.locator("details.why summary").first.click()
    page.evaluate("document.activeElement.blur()")
    page.locator("tbody td.when").first.evaluate(SELECT)
    chosen = page.evaluate("getSelection().toString()")
    assert poll(page, "orders") == 200
    assert page.evaluate("getSelection().toString()") == chosen
    page.evaluate("getSelection().removeAllRanges()")
    assert poll(page, "orders") == 200
    page.get_by_role("link", name="1 new order").wait_for()


def test_pausing_lasts_for_the_session(look, alice):
    page = look("/center/")
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("Paused. Numbers as of").wait_for()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.fast_forward(60_000)
    page.goto("/center/clicks")
    page.get_by_text("Paused. Numbers as of").wait_for()
    assert not [address for address in asked if "seen=" in address]
    page.get_by_role("button", name="Go live").click()
    page.get_by_role("button", name="Pause").wait_for()
    assert poll(page, "clicks") == 204


def test_a_hidden_tab_asks_for_nothing(look, alice):
    page = look("/center/")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => window.away ?? true})")
    page.clock.fast_forward(60_000)
    page.evaluate("window.away = false")
    assert poll(page, "figures") == 204
    assert len([address for address in asked if "seen=" in address]) <= 2  # one of each part


def test_a_lost_connection_keeps_the_numbers_and_says_since_when(look, alice):
    page = look("/center/payments")
    line, table = page.locator(".live"), page.locator("#payments").inner_text()
    assert poll(page, "payments") == 204
    page.context.set_offline(True)
    assert poll(page, "payments") == 0
    page.locator(".live.paused").wait_for()
    assert "Not live, from " in line.inner_text()
    assert page.locator("#payments").inner_text() == table
    page.context.set_offline(False)
    make_earnings(alice, database.utcnow(), sales=1)
    assert poll(page, "payments") == 200
    page.locator(".live:not(.paused)").wait_for()
    assert "Live, as of " in line.inner_text()
    page.locator("#payments tfoot", has_text="$100.00").wait_for()


def test_a_lost_session_asks_to_sign_in_and_comes_back(look, alice):
    page = look("/center/clicks?sub_id=spring")
    page.context.clear_cookies()
    page.clock.fast_forward(POLL)
    page.wait_for_url(re.compile("/login.next="))
    page.fill("#username", "alice")
    page.fill("#password", "four plain words here")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/center/clicks.sub_id=spring"))
