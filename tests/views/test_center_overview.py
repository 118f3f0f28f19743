"""The overview: the next check in every case, in words; figures and the feed, live (R18, R23)."""

from datetime import timedelta

from portal import accounts, affiliates, outlook
from portal.rules import SUSPENDED
from tests.makers import make_affiliate, make_click, make_earnings, make_refund


def text(response):
    return response.get_data(as_text=True)


def case(affiliate, today):
    found = outlook.next_check(affiliate, now=today)
    return found.state, found.stamp


def test_nothing_yet(alice, today):
    assert case(alice, today) == ("nothing", "Waiting")


def test_so_much_to_go(alice, today):
    make_earnings(alice, today, sales=3)
    assert case(alice, today) == ("carried", "$40.00 to go")


def test_on_its_way(alice, today):
    make_earnings(alice, today, sales=5)
    assert case(alice, today) == ("payout", "On its way")


def test_no_address_yet(mallory, today):
    make_earnings(mallory, today, sales=5)
    assert case(mallory, today) == ("address", "Address needed")


def test_on_hold_for_a_tax_id(app, alice, today):
    make_earnings(alice, today, sales=31)
    assert case(alice, today) == ("tax_id", "On hold")
    affiliates.change_tax_id(alice, "12-3456780", by="test", now=today)
    assert case(alice, today) == ("payout", "On its way")


def test_suspended(alice, today):
    make_earnings(alice, today, sales=5)
    suspended = affiliates.set_status(alice, SUSPENDED, by="test", now=today)
    assert case(suspended, today) == ("suspended", "On hold")


def test_below_zero_after_a_refund(alice, today):
    sale = make_earnings(alice, today, sales=1)[0]
    accounts.adjust(alice, -1_000, "Paid twice", by="test", now=today)
    make_refund(sale["event_id"], today)
    assert case(alice, today) == ("negative", "Below zero")


def test_the_page_shows_it_all(client, login_as, alice, today):
    make_earnings(alice, today, sales=5)
    page = text(login_as(alice).get("/center/"))
    assert "On its way" in page
    assert "$100.00" in page
    assert "One hundred and 00/100 dollars" in page
    assert "http://localhost/go/alice" in page
    for address in ("links", "links/main/qr.svg", "links/main/qr.png"):
        assert f'href="/center/{address}"' in page
    assert "Commission: Pro, monthly, D. K." in page
    assert "Dana" not in page


def test_a_part_alone_and_nothing_new(login_as, htmx, alice, today):
    login_as(alice)
    part = htmx("/center/", "feed")
    assert part.headers["Vary"].count("HX-Request") == 1
    assert text(part).lstrip().startswith('<div id="feed"')
    assert "<html" not in text(part)
    again = text(part).partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    assert htmx(again, "feed").status_code == 204
    make_click(alice, today)
    news = htmx(again, "feed")
    assert news.status_code == 200
    assert "Click on Main link" in text(news)


def test_boosted_and_history_requests_get_the_page(login_as, alice):
    client = login_as(alice)
    for header in ("HX-Boosted", "HX-History-Restore-Request"):
        answer = client.get("/center/", headers={"HX-Request": "true", header: "true"})
        assert "<html" in text(answer)


def test_pause_is_kept_in_the_session(login_as, htmx, alice):
    client = login_as(alice)
    assert "hx-trigger" not in text(client.get("/center/?live=off"))
    assert "hx-trigger" not in text(client.get("/center/clicks"))
    assert "hx-trigger" in text(client.get("/center/?live=on"))


def test_who_was_referred_is_counted(login_as, alice, today):
    bob = make_affiliate("bob", today, click_id=make_click(alice, today - timedelta(hours=1)))
    make_earnings(bob, today, sales=1)
    page = text(login_as(alice).get("/center/"))
    assert "Second tier: 10% of a sale by Bob Reyes" in page
    assert "$9.70 in " in page
