"""Team: who was referred, since when and why; counts and sums, nothing of a customer (R12, R13)."""

from datetime import timedelta

import pytest

from portal import affiliates, program
from portal.months import month_of
from portal.team import members
from tests.makers import make_affiliate, make_click, make_earnings, make_refund, make_sale
from tests.views.test_center_tables import counted


@pytest.fixture
def bob(alice, today):
    """Applied through alice's link."""
    click = make_click(alice, today - timedelta(days=60))
    return make_affiliate("bob", today - timedelta(days=59), click_id=click)


def team(alice, today):
    return members(alice, now=today, zone=program.load().zone)


def test_who_why_and_since_when(login_as, alice, bob, today):
    make_sale(today, click_id=make_click(alice, today), email="carla@example.com")
    make_affiliate("carla", today)
    carla, former = team(alice, today)
    assert (former.name, former.joined) == ("Bob Reyes", today - timedelta(days=59))
    assert (former.attached, former.because) == (former.joined, "applied after following your link")
    assert carla.because == "was your customer before applying"
    page = login_as(alice).get("/center/team").text
    assert "Applied after following your link" in page
    assert "Was your customer before applying" in page


def test_a_customer_linked_by_the_office_counts_from_then_on(app, alice, today):
    earlier = today - timedelta(hours=1)
    click = make_click(alice, earlier)
    make_sale(earlier, click_id=click, customer_id="c-1", email="other@shop.example")
    dora = make_affiliate("dora", earlier)
    make_earnings(dora, earlier, sales=2)
    affiliates.link_customer(dora, "c-1", by="test", now=today)
    make_earnings(dora, today, sales=1)
    (row,) = team(alice, today)
    assert (row.because, row.attached) == ("was your customer before applying", today)
    assert (row.orders, row.paid, row.earned) == (1, 9_700, 970)


def test_counts_and_sums_of_the_month_and_ever(login_as, alice, bob, today):
    before = month_of(today, program.load().zone).start(program.load().zone) - timedelta(hours=1)
    make_earnings(bob, before, sales=3)
    first, _ = make_earnings(bob, today, sales=2)
    make_refund(first["event_id"], today, amount=4_700)
    (row,) = team(alice, today)
    assert (row.orders, row.paid, row.earned, row.ever) == (2, 14_700, 1_470, 4_380)
    page = login_as(alice).get("/center/team").text
    for words in ("1 with sales", "$147.00", "$14.70", "$43.80"):
        assert words in page


def test_the_overview_and_the_team_agree(login_as, alice, bob, today):
    make_earnings(bob, today, sales=2)
    assert "$19.40 in " in login_as(alice).get("/center/").text
    assert team(alice, today)[0].earned == 1_940


def test_nothing_of_their_customers(login_as, alice, bob, today):
    make_earnings(bob, today, sales=2)
    client = login_as(alice)
    for address in ("/center/team", "/center/team?format=csv"):
        said = client.get(address).text
        for secret in ("order-", "customer-", "D. K.", "Dana", "bob@", "shop.example", "/bob"):
            assert secret not in said


def test_nobody_sees_the_team_of_another(login_as, alice, bob, mallory, today):
    make_earnings(bob, today, sales=1)
    for person in (mallory, bob):
        page = login_as(person).get("/center/team").text
        assert "Nobody yet" in page
        assert "$9.70" not in page


def test_one_level_only(alice, bob, today):
    click = make_click(bob, today)
    make_earnings(make_affiliate("cleo", today, click_id=click), today, sales=1)
    assert [(row.name, row.ever) for row in team(alice, today)] == [("Bob Reyes", 0)]
    assert [(row.name, row.ever) for row in team(bob, today)] == [("Cleo Reyes", 970)]


def test_the_table_is_live(login_as, htmx, alice, bob, today):
    page = login_as(alice).get("/center/team").text
    poll = page.partition('id="team" hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    assert htmx(poll, "team").status_code == 204
    make_earnings(bob, today, sales=1)
    part = htmx(poll, "team").text
    assert "$9.70" in part
    assert "<html" not in part


def test_the_csv_has_everyone_and_is_harmless(login_as, alice, today, monkeypatch):
    monkeypatch.setattr("portal.views.center.tables.MEMBERS", 2)
    for name in ("=1+1", "Bo", "Cy"):
        click = make_click(alice, today)
        make_affiliate(f"n-{name[:2].strip('=').lower()}", today, name=name, click_id=click)
    client = login_as(alice)
    answer = client.get("/center/team?format=csv")
    assert answer.mimetype == "text/csv"
    assert len(answer.text.splitlines()) == 4
    assert "\n'=1+1," in answer.text.replace("\r", "")
    page = client.get("/center/team").text
    assert "The latest 2 of 3" in page
    assert page.count('<th scope="row"><b>') == 2


def test_fifty_cost_what_five_do(login_as, alice, today, monkeypatch):
    def fill(first, last):
        for n in range(first, last):
            click = make_click(alice, today)
            made = make_affiliate(f"n{n}", today, password=None, click_id=click)
            make_earnings(made, today, sales=1)

    client = login_as(alice)
    fill(0, 5)
    client.get("/center/team")
    with counted(monkeypatch) as few:
        client.get("/center/team")
    fill(5, 50)
    with counted(monkeypatch) as many:
        client.get("/center/team")
    assert len(many) == len(few) < 15


def test_wrong_method(login_as, alice):
    assert login_as(alice).post("/center/team").status_code == 405
