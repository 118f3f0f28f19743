"""A small program to click in, a browser to click with, and the click path without the rest."""

from contextlib import contextmanager
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

from peewee import sqlite3

from portal import program, traffic, visits
from portal.models import Affiliate, AffiliateCode, Click, Link
from portal.views.go import ClickPath

SHOP = "https://shop.example/product"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def make_program(now, **settings):
    program.initialize(now)
    for name, text in {"product_url": SHOP, **settings}.items():
        program.change(name, text, by="test", now=now)


def make_affiliate(code, now, status="active"):
    email = f"{code}@example.com"
    made = Affiliate.create(
        email=email, email_key=email, name=code, code=code, status=status, applied_at=now
    )
    AffiliateCode.create(code=code, affiliate=made, fact_id=0)
    return made


def make_link(affiliate, slug, landing, now):
    return Link.create(affiliate=affiliate, slug=slug, name=slug, landing=landing, created_at=now)


def follow(code="alice", slug="", *, now, agent=BROWSER, headers=None, **said):
    """Record a click as the click path would; returns its outcome."""
    told = {"user-agent": agent, **(headers or {})}
    return traffic.record_click(visits.read(code, slug, headers=told, now=now, **said))


def stored():
    return list(Click.select().order_by(Click.id))


@contextmanager
def locked(file):
    """Another connection holds SQLite's write lock."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


class Answer:
    def __init__(self, status, headers, body):
        self.status = int(status.split()[0])
        self.headers = {name.lower(): value for name, value in headers}
        self.names = [name.lower() for name, _ in headers]
        self.body = body

    @property
    def page(self):
        """The address that the answer leads to, in its parts."""
        return urlsplit(self.headers["location"])

    @property
    def asked(self):
        """The query of that address."""
        return {name: values[0] for name, values in parse_qs(self.page.query).items()}

    @property
    def cookie(self):
        """The cookie of the answer, or None."""
        return SimpleCookie(self.headers.get("set-cookie", "")).get("aff_click")


class Browser:
    """Sends requests straight into a click path."""

    def __init__(self, url="https://portal.example"):
        self.path = ClickPath(_elsewhere, url)

    def get(self, path, method="GET", agent=BROWSER, query="", **environ):
        asked = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_USER_AGENT": agent,
            "wsgi.url_scheme": "http",
            **environ,
        }
        answered = []
        sent = b"".join(
            self.path(asked, lambda status, headers: answered.append((status, headers)))
        )
        return Answer(*answered[0], sent)


def _elsewhere(environ, start_response):
    start_response("404 Not Found", [])
    return [b"elsewhere"]
