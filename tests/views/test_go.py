"""The trackable link: where it leads, what it tells, and that nothing stops a visitor (R8)."""

import itertools

import pytest

import portal
from portal import config, program, traffic, visits
from tests import databases
from tests.visiting import (
    SHOP,
    Browser,
    locked,
    make_affiliate,
    make_link,
    make_program,
    stored,
)


@pytest.fixture
def alice(db, now):
    make_program(now)
    return make_affiliate("alice", now)


@pytest.fixture
def browser(alice):
    return Browser()


def test_a_link_leads_to_the_product_with_the_click(browser):
    answer = browser.get("/go/alice")
    (click,) = stored()
    assert answer.status == 302
    assert answer.page.geturl().startswith(SHOP)
    assert answer.asked == {"via": "alice", "click_id": click.outside_id}
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_the_cookie_is_the_click_id_for_the_window(browser):
    cookie = browser.get("/go/alice").cookie
    assert cookie.value == stored()[0].outside_id
    assert (cookie["max-age"], cookie["path"], cookie["samesite"]) == ("7776000", "/", "Lax")
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["domain"] == ""


@pytest.mark.parametrize(
    ("url", "proxies", "headers", "secure"),
    [
        ("https://portal.example", "0", {}, True),
        ("http://portal.example", "0", {}, False),
        ("http://portal.example", "0", {"X-Forwarded-Proto": "https"}, False),
        ("http://portal.example", "1", {"X-Forwarded-Proto": "http, https"}, True),
        ("http://portal.example", "1", {"X-Forwarded-Proto": "https, http"}, False),
        ("http://portal.example", "2", {"X-Forwarded-Proto": "https"}, False),
    ],
)
def test_the_cookie_is_secure_on_https_alone(alice, environ, url, proxies, headers, secure):
    told = config.load(environ | {"PORTAL_URL": url, "PORTAL_PROXIES": proxies})
    databases.close()  # the application binds the database anew
    answer = portal.create_app(told).test_client().get("/go/alice", headers=headers)
    assert ("Secure" in answer.headers["Set-Cookie"]) is secure


def test_the_cookie_is_secure_where_the_server_speaks_https(alice):
    answer = Browser("http://portal.example").get("/go/alice", **{"wsgi.url_scheme": "https"})
    assert answer.cookie["secure"]


def test_settings_hold_for_the_next_click(browser, now):
    browser.get("/go/alice")
    program.change("cookie_domain", "example.com", by="test", now=now)
    program.change("cookie_days", "1", by="test", now=now)
    program.change("product_url", "https://new.example/?a=1&via=x#top", by="test", now=now)
    answer = browser.get("/go/alice")
    assert (answer.cookie["domain"], answer.cookie["max-age"]) == ("example.com", "86400")
    assert (answer.page.netloc, answer.page.fragment) == ("new.example", "top")
    assert answer.asked == {"a": "1", "via": "alice", "click_id": answer.cookie.value}


def test_without_a_product_the_visitor_sees_the_portal(browser, db, now):
    db.execute_sql("DELETE FROM setting WHERE name = 'product_url'")
    answer = browser.get("/go/alice")
    assert answer.page.netloc == "portal.example"
    assert answer.asked["via"] == "alice"


def test_the_cookie_makes_the_next_click_the_same_visitors(browser):
    first = browser.get("/go/alice").cookie.value
    browser.get("/go/alice", HTTP_COOKIE=f"a=b; aff_click={first}; c=d")
    browser.get("/go/alice", HTTP_COOKIE=f"xaff_click={first}")
    one, two, three = stored()
    assert (one.visitor, two.visitor, three.visitor) == (one.id, one.id, three.id)


@pytest.mark.parametrize("name", ["sub_id", "subid"])
def test_a_sub_id_is_kept(browser, name):
    browser.get("/go/alice/anything", query=f"x=1&{name}=mail.7")
    assert stored()[0].sub_id == "mail.7"


def test_a_link_of_the_program_leads_there_by_any_code(alice, browser, now):
    make_affiliate("bob", now)
    make_link(None, "banner.3", "https://shop.example/trial", now)
    for code in ("alice", "bob"):
        answer = browser.get(f"/go/{code}/banner.3")
        assert (answer.page.path, answer.asked["via"]) == ("/trial", code)


MARKED = [
    {"method": "HEAD"},
    {"agent": "Twitterbot/1.0"},
    {"HTTP_SEC_PURPOSE": "prefetch"},
    {"HTTP_SEC_FETCH_DEST": "image"},
]


@pytest.mark.parametrize("said", MARKED)
def test_a_marked_click_leads_on_without_id_and_cookie(browser, said):
    answer = browser.get("/go/alice", **said)
    assert (answer.status, answer.headers["location"]) == (302, SHOP)
    assert answer.cookie is None
    assert answer.body == b""
    assert stored()[0].mark


def test_an_unknown_code_and_a_suspended_affiliate_lead_on_too(browser, now):
    make_affiliate("susan", now, status="suspended")
    for code in ("nobody", "susan"):
        answer = browser.get(f"/go/{code}")
        assert (answer.headers["location"], answer.cookie) == (SHOP, None)
    assert [click.mark for click in stored()] == ["inactive"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "GREET"])
def test_a_link_is_followed_with_get_alone(browser, method):
    answer = browser.get("/go/alice", method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert stored() == []


def test_other_addresses_are_the_applications(browser):
    for path in ("/", "/goo", "/go", "/track/click", "/healthz"):
        assert browser.get(path).body == b"elsewhere"


# --- When the store fails ----------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_a_locked_store_stops_no_visitor(browser, alice, db, now):
    make_link(alice, "price", "https://shop.example/price", now)
    db.execute_sql("PRAGMA busy_timeout = 50")
    with locked(db.database):
        answer = browser.get("/go/alice/price")
    assert (answer.status, answer.headers["location"]) == (302, "https://shop.example/price")
    assert answer.cookie is None
    assert stored() == []


def test_a_store_that_is_gone_stops_no_visitor(browser, db, monkeypatch):
    browser.get("/go/alice")

    def gone(*_):
        raise OSError("disk full")

    monkeypatch.setattr(db.obj, "execute_sql", gone)
    answer = browser.get("/go/alice")
    assert (answer.status, answer.headers["location"], answer.cookie) == (302, SHOP, None)


def test_a_portal_that_never_read_its_settings_leads_to_itself(browser, db, monkeypatch):
    monkeypatch.setattr(traffic, "_home", "")
    db.execute_sql("DROP TABLE setting")
    assert browser.get("/go/alice").headers["location"] == "https://portal.example"


# --- Hostile -----------------------------------------------------------------------------------

PATHS = [
    "/go/",
    "/go//",
    "/go//alice",
    "/go/alice//",
    "/go/alice/../../etc",
    "/go/https://evil.example",
    "/go/alice/https://evil.example",
    "/go/\x00",
    "/go/alice\x00",
    "/go/alice/\x00",
    "/go/\r\nSet-Cookie: a=b",
    "/go/alice/\r\nLocation: https://evil.example",
    "/go/\xff\xfe",
    "/go/alice/\xc3\x28",
    "/go/" + "a" * 5000,
    "/go/alice/" + "b" * 5000,
    "/go/%61lice",
    "/go/ALICE ",
    "/go/\u212aelvin",
    "/go/' OR 1=1 --",
    "/go/{{7*7}}",
]
QUERIES = ["sub_id=%00", "sub_id=%ff", "&&&=;", "sub_id", "%", "a=1" * 3000, "a&" * 3000, "\xff"]
COOKIES = ["aff_click=" + "a" * 5000, "aff_click=\x00", "=;;;", "aff_click", "\xff" * 5000]
HEADERS = ["HTTP_USER_AGENT", "HTTP_REFERER", "HTTP_SEC_PURPOSE"]
TEXTS = ["\x00", "\xff\xfe", "a" * 20_000, "\r\nX: y", "(" * 500]


def test_no_path_leads_astray(browser):
    for path in PATHS:
        answer = browser.get(path)
        assert (answer.status, answer.page.netloc) == (302, "shop.example"), path
        assert answer.headers["location"].isprintable(), path


def test_no_query_and_no_cookie_leads_astray(browser):
    for query, cookie in itertools.product(QUERIES, COOKIES):
        url = "next=https://evil.example&url=//evil.example&" + query
        answer = browser.get("/go/alice", query=url, HTTP_COOKIE=cookie, HTTP_HOST="evil.example")
        assert (answer.status, answer.page.netloc) == (302, "shop.example"), (query, cookie)
        assert "evil" not in str(answer.headers), (query, cookie)


def test_no_header_leads_astray(browser):
    for header, text in itertools.product(HEADERS, TEXTS):
        answer = browser.get("/go/alice", **{header: text})
        assert answer.page.netloc == "shop.example", (header, text)
    assert len(stored()) == len(HEADERS) * len(TEXTS)


HOSTS = ("www.shop.example", "shop.example:8443")
ASTRAY = [
    "//evil.example",
    "///evil.example",
    "////evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "https:evil.example:80:80",
    "https:/\\evil.example",
    "http:///evil.example",
    "https:///evil.example",
    "https://evil.example",
    "HTTPS://EVIL.EXAMPLE",
    "http://evil.example/https://shop.example",
    "https://shop.example@evil.example",
    "https://shop.example:443@evil.example",
    "https://user:pw@shop.example",
    "https://@shop.example",
    "https://shop.example%40evil.example",
    "https://shop.example%2fevil.example",
    "https://shop.example%00.evil.example",
    "https://shop.example%23.evil.example",
    "https://evil.example#@shop.example",
    "https://evil.example?@shop.example",
    "https://evil.example\\@shop.example",
    "https://evil.example;@shop.example",
    "https://shop.example.evil.example",
    "https://shop.example.",
    "https://evilshop.example",
    "https://shop.example:8080",
    "https://shop.example:99999",
    "https://shop.example:port",
    "http://shop.example:443",
    "https://other.shop.example",
    "https://shop\u3002example",
    "https://\uff53hop.example",
    "https://shop.ex\u0430mple",
    "https://sh\u200bop.example",
    "https://[::1]",
    "https://[shop.example]",
    "https://127.0.0.1",
    "https://2130706433",
    "https://0x7f.1",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "javascript://shop.example/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "ftp://shop.example/",
    "mailto:a@shop.example",
    "about:blank",
    "blob:https://shop.example/x",
    "https://shop.example/\r\nSet-Cookie: a=b",
    "https://shop.example/\nLocation: https://evil.example",
    "https://shop.example/\x00",
    "https://shop.example/\t",
    "https://shop.example/ x",
    "ht\ntps://evil.example",
    "https://shop.example/" + "a" * 5000,
    "https://",
    "https:",
    "://evil.example",
    "https://evil.example\u2028",
]


@pytest.mark.parametrize("page", ASTRAY)
def test_a_link_may_not_lead_to_anywhere_else(page):
    assert visits.allowed(page, SHOP, HOSTS) == ""


def test_a_link_that_was_stored_all_the_same_leads_to_the_product(alice, browser, now):
    for number, page in enumerate(ASTRAY):
        make_link(alice, f"x{number}", page.replace("\x00", ""), now)
        answer = browser.get(f"/go/alice/x{number}")
        assert (answer.status, answer.page.netloc) == (302, "shop.example"), page
        assert answer.headers["location"].isprintable(), page


@pytest.mark.parametrize(
    ("page", "leads_to"),
    [
        ("https://shop.example/a?b=c#d", "https://shop.example/a?b=c#d"),
        ("https://www.shop.example/", "https://www.shop.example/"),
        ("https://shop.example:8443/a", "https://shop.example:8443/a"),
        ("https://SHOP.example:443/a", "https://SHOP.example:443/a"),
        ("/pricing", "https://shop.example/pricing"),
        ("https://shop.example/gr\u00fcn", "https://shop.example/gr%C3%BCn"),
        ("https://shop.example/a%20b", "https://shop.example/a%20b"),
    ],
)
def test_a_link_within_the_allowed_hosts_is_followed(page, leads_to):
    assert visits.allowed(page, SHOP, HOSTS) == leads_to
