"""The month of a program with 5,000 affiliates, done by one person in a browser (R18 to R21)."""

import re
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO

import pytest
from axe_playwright_python.sync_playwright import Axe
from pypdf import PdfReader

from portal import accounts, affiliates, checks, database, program, verify
from portal.books import Entry, NotPaid, PaperCheck, Payout
from portal.mail import Message
from portal.months import month_of, year_of
from portal.rules import Plan
from tests import makers

pytestmark = pytest.mark.browser

AFFILIATES, FIRST = 5_000, 20_001
ANNUAL = Plan("year", 97_000)
# Every so many affiliates: what is different with them, and in which list of the run they stand.
ODD = {
    "american": (50, "tax_id"),  # $800.00 earned by sales, without a tax ID
    "suspended": (25, "suspended"),
    "small": (10, "carried"),
    "homeless": (9, "payout"),  # paid, but nobody knows where to send the check
}


def kind(number):
    """The first of the odd kinds that a number belongs to."""
    return next((name for name, (nth, _) in ODD.items() if number % nth == nth - 1), "")


KINDS = [kind(number) for number in range(AFFILIATES)]
PAID = sum(name in ("", "homeless") for name in KINDS)
PRINTED = KINDS.count("")


@pytest.fixture
def month(db, today):
    """Last month, in which 5,000 affiliates earned."""
    makers.make_program(today - timedelta(days=400))
    zone = program.load().zone
    month = month_of(today, zone).plus(-1)
    earned = month.start(zone) + timedelta(days=4)
    with database.transaction():
        for number, what in enumerate(KINDS):
            make_one(number, what, earned)
    return month


def make_one(number, what, earned):
    home = {} if what == "homeless" else makers.ADDRESS
    said = {"name": f"{'ŁBÇDEF'[number % 6]}ara No {number}", "us_person": what == "american"}
    joined = earned - timedelta(days=200)
    who = makers.make_affiliate(f"a{number:04}", joined, password=None, **said, **home)
    if what == "american":
        for _ in range(4):
            click = makers.make_click(who, earned)
            makers.make_sale(earned, click_id=click, amount=97_000, plan=ANNUAL)
        return
    cents = 9_999 if what == "small" else 10_000 + number * 17
    accounts.adjust(who, cents, "Sales of the month.", by="test", now=earned)
    if what == "suspended":
        affiliates.set_status(who, "suspended", by="test", now=earned)


class Watch:
    """How long the pages of the office took, as the person before them sees it."""

    def __init__(self, page):
        self.page, self.took = page, {}

    @contextmanager
    def on(self, what):
        began = time.perf_counter()
        yield
        self.took[what] = time.perf_counter() - began

    def goto(self, what, address):
        with self.on(what):
            assert self.page.goto(address).status == 200

    def all_of_run(self, what, button, **fields):
        """A deed to all checks: its page tells how far it is, and leads on when it is done."""
        page, seen = self.page, []
        page.on("response", lambda answer: seen.append(answer) if moves(answer) else None)
        page.check("input[name=everyone]")
        for name, value in fields.items():
            page.fill(f"#{name}", value)
        with self.on(what):
            page.get_by_role("button", name=button, exact=True).click()
            page.locator("progress").wait_for()
            assert "done" in page.locator("#moving [data-say]").inner_text()
            page.locator("#moving").wait_for(state="detached", timeout=600_000)
            page.wait_for_load_state()
        return len(seen)


def moves(answer):
    return answer.request.method == "POST" and re.search(r"/payouts/[0-9-]+$", answer.url)


def test_the_month_of_5000_affiliates(month, today, open_page, record_property):
    makers.make_admin(today)
    page = open_page("office@example.com")
    watch = Watch(page)
    watch.goto("overview", "/admin/")
    preview_and_run(watch, month)
    steps = -(-PAID // checks.STEP)
    watch.goto("run", f"/admin/payouts/{month}")
    assert watch.all_of_run("print all", "Print", first=str(FIRST)) == steps
    assert page.get_by_text(f"{PRINTED:,} checks printed").count() == 1
    numbers = take_the_paper(watch, page)
    assert numbers == list(range(FIRST, FIRST + PRINTED))
    watch.goto("overview after printing", "/admin/")
    watch.goto("run after printing", f"/admin/payouts/{month}")
    assert watch.all_of_run("mark all as paid", "Mark as paid") == -(-PRINTED // checks.STEP)
    assert page.get_by_text(f"{PRINTED:,} checks marked as paid").count() == 1
    watch.goto("bank and register", "/admin/bank")
    watch.goto("tax year", f"/admin/tax?year={year_of(database.utcnow(), program.load().zone)}")
    record_property("pages", ", ".join(f"{what} {s:.2f} s" for what, s in watch.took.items()))
    see_the_books()


def preview_and_run(watch, month):
    page = watch.page
    watch.goto("preview", f"/admin/payouts/{month}")
    for name in ("carried", "tax_id", "suspended"):
        count = sum(bool(what) and ODD[what][1] == name for what in KINDS)
        watch.goto(f"preview, {name}", f"/admin/payouts/{month}?list={name}")
        shown = page.locator("#preview [aria-current] small").inner_text()
        assert shown == f"{count:,}"
    assert page.locator("#preview .figure dd").first.inner_text() == f"{PAID:,}"
    with watch.on("make the run"):
        page.get_by_role("button", name="Run ").click()
        page.get_by_text(f"{PAID:,} checks to print").wait_for()


def take_the_paper(watch, page):
    """Download every PDF that the page of sheets offers; the numbers on their sheets."""
    links = page.get_by_role("link", name="PDF of checks")
    assert links.count() == -(-PRINTED // checks.STEP)
    numbers = []
    with watch.on("all PDFs"):
        for link in links.all():
            with page.expect_download() as paper:
                link.click()
            first, last = map(int, re.findall(r"\d+", link.get_attribute("aria-label")))
            pages = PdfReader(BytesIO(paper.value.path().read_bytes())).pages
            assert len(pages) == last + 1 - first
            assert f"Check {first}," in pages[0].extract_text()
            assert f"Check {last}," in pages[-1].extract_text()
            numbers += range(first, last + 1)
    return numbers


def see_the_books():
    """Every payout has its one entry, every check that has an address was paid, and all agrees."""
    assert Payout.select().count() == PAID
    assert NotPaid.select().count() == AFFILIATES - PAID
    states = Counter(status for (status,) in PaperCheck.select(PaperCheck.status).tuples())
    assert states == {"paid": PRINTED, "issued": PAID - PRINTED}
    assert Entry.select().where(Entry.kind == "payout").count() == PAID
    assert Message.select().where(Message.kind == "check_mailed").count() == PRINTED
    assert verify.run(now=database.utcnow()).differences == []


def test_without_its_script_a_deed_to_many_goes_on_by_hand(db, today, open_page, monkeypatch):
    """By keyboard, and readable: the page between the steps, and the piles of sheets after."""
    monkeypatch.setattr(checks, "STEP", 1)
    makers.make_program(today - timedelta(days=100))
    makers.make_admin(today)
    month = month_of(today, program.load().zone).plus(-1)
    for code in ("ada", "ben"):
        who = makers.make_affiliate(code, today - timedelta(days=90), **makers.ADDRESS)
        accounts.adjust(who, 15_000, "Earned.", by="test", now=today - timedelta(days=40))
    makers.make_run(month, today)
    page = open_page("office@example.com")
    page.route("**/htmx.js", lambda route: route.abort())
    page.goto(f"/admin/payouts/{month}")
    page.check("input[name=everyone]")
    page.get_by_role("button", name="Print", exact=True).press("Enter")
    page.get_by_text("1 of 2 done").wait_for()
    assert is_accessible(page)
    page.get_by_role("button", name="Go on").press("Enter")
    page.get_by_role("link", name="PDF of checks 2 to 2").wait_for()
    assert is_accessible(page)
    page.fill("#first", "2")
    page.get_by_role("button", name="These are spoiled").press("Enter")
    page.get_by_text("1 check to print anew").wait_for()
    states = sorted((check.status, check.number) for check in PaperCheck.select())
    assert states == [("issued", None), ("printed", 1)]


def is_accessible(page):
    """axe finds nothing at 1280 and 390 pixels, and nothing is sideways at 320."""
    page.evaluate(Axe().axe_script)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("() => axe.run(document)")["violations"] == []
    page.set_viewport_size({"width": 320, "height": 900})
    return page.evaluate("document.documentElement.scrollWidth") <= 320
