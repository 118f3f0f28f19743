"""The overview: the next check, the figures and the feed, live (R18, R23)."""

from datetime import timedelta

from tests.makers import make_affiliate, make_click, make_earnings


def test_the_page_shows_it_all(client, login_as, alice, today):
    make_earnings(alice, today, sales=5)
    page = login_as(alice).get("/center/").text
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
    assert part.text.lstrip().startswith('<div id="feed"')
    assert "<html" not in part.text
    again = part.text.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    assert htmx(again, "feed").status_code == 204
    make_click(alice, today)
    news = htmx(again, "feed")
    assert news.status_code == 200
    assert "Click on Main link" in news.text


def test_boosted_and_history_requests_get_the_page(login_as, alice):
    client = login_as(alice)
    for header in ("HX-Boosted", "HX-History-Restore-Request"):
        answer = client.get("/center/", headers={"HX-Request": "true", header: "true"})
        assert "<html" in answer.text


def test_pause_is_kept_in_the_session(login_as, htmx, alice):
    client = login_as(alice)
    assert "hx-trigger" not in client.get("/center/?live=off").text
    assert "hx-trigger" not in client.get("/center/clicks").text
    assert "hx-trigger" in client.get("/center/?live=on").text


def test_who_was_referred_is_counted(login_as, alice, today):
    bob = make_affiliate("bob", today, click_id=make_click(alice, today - timedelta(hours=1)))
    make_earnings(bob, today, sales=1)
    page = login_as(alice).get("/center/").text
    assert "Override: 10% of a payment through Bob Reyes" in page
    assert "$9.70 in " in page
