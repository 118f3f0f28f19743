"""A banner pasted into a foreign page: it shows there, and a click on it counts on its link."""

import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from axe_playwright_python.sync_playwright import Axe

from portal import cases, database, starter
from portal.material import BANNER
from portal.models import Click, ClickDay
from tests.creatives import make_creative
from tests.makers import ADDRESS, make_admin, make_affiliate, make_program

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]


class Page(BaseHTTPRequestHandler):
    """One page for every address."""

    def __init__(self, pages, *about):
        self.pages = pages
        super().__init__(*about)

    def do_GET(self):
        body = self.pages["body"].encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def foreign():
    """Another site, under another name and port than the portal's: its pages and its address."""
    pages = {"body": ""}
    made = ThreadingHTTPServer(("127.0.0.1", 0), partial(Page, pages))
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield pages, f"http://localhost:{made.server_port}"
    made.shutdown()
    thread.join()
    made.server_close()


def test_a_banner_pasted_elsewhere_shows_and_its_click_counts(open_page, server, db, foreign):
    pages, site = foreign
    today = database.utcnow()
    make_program(today, product_url=f"{site}/product", allowed_hosts=site.partition("//")[2])
    make_affiliate("alice", today)
    creative = make_creative(BANNER, "Leaderboard", today, text="Worth a look")

    mine = open_page("alice")
    mine.goto("/center/banners")
    block = mine.locator("pre").first.inner_text().replace("http://localhost/", f"{server}/")
    pages["body"] = f"<!doctype html><title>A blog</title><body><p>Read on.</p>{block}</body>"

    reader = open_page()
    reader.goto(f"{site}/post")
    image = reader.get_by_alt_text("Worth a look")
    image.wait_for()
    image.evaluate("image => image.decode()")
    assert image.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [300, 250]
    assert Click.select().count() == 0  # to be seen is no click

    image.click()
    reader.wait_for_url(f"{site}/product?via=alice&click_id=*")
    (click,) = Click.select()
    assert (click.mark, click.link_id) == (None, creative.link_id)
    assert click.referrer == f"{site}/"
    assert ClickDay.get().clicks == 1
    assert click.outside_id in reader.url
    assert reader.said == []


CENTER = ["/center/banners", "/center/emails", "/center/help", "/center/missing-sale"]
OFFICE = ["/admin/material", "/admin/cases", "/admin/cases/1"]
OFFICE += [f"/admin/material/{name}" for name in ("banner", "text", "email", "email/8")]


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_material_and_cases_are_readable_by_all(open_page, db, width, scheme):
    today = database.utcnow()
    make_program(today)
    alice = make_affiliate("alice", today, **ADDRESS)
    make_admin(today)
    starter.offer(now=today)
    case = cases.ask(alice, "A question", "Why?", key="k", now=today, facts=[("By", "D. K.")])
    found, wide = {}, []
    people = {"alice": [*CENTER, f"/center/cases/{case.key}"], "office@example.com": OFFICE}
    for person, addresses in people.items():
        page = open_page(person, width, scheme)
        for address in addresses:
            assert page.goto(address).status == 200, address
            problems = Axe().run(page).response["violations"]
            if problems:
                found[address] = [(p["id"], p["nodes"][0]["html"][:200]) for p in problems]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wide.append(address)
        assert page.said == []
    assert (found, wide) == ({}, [])
