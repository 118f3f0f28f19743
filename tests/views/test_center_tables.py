"""Clicks and orders: live tables with filters, pages by key, CSV, and nobody else's rows (R23)."""

from contextlib import contextmanager
from datetime import timedelta

import pytest

from portal import database, program
from tests.makers import make_click, make_earnings, make_refund, make_sale

TABLES = ["/center/clicks", "/center/orders", "/center/payments"]


@contextmanager
def counted(monkeypatch):
    """Count the statements sent to the database."""
    said = []
    send = database.db.obj.execute_sql
    with monkeypatch.context() as patch:
        patch.setattr(
            database.db.obj, "execute_sql", lambda *a, **k: (said.append(a[0]), send(*a, **k))[1]
        )
        yield said


@pytest.mark.parametrize("address", TABLES)
def test_fifty_rows_cost_what_five_do(login_as, alice, today, monkeypatch, address):
    client = login_as(alice)
    make_earnings(alice, today, sales=5)
    client.get(address)
    with counted(monkeypatch) as few:
        client.get(address)
    make_earnings(alice, today, sales=45)
    with counted(monkeypatch) as many:
        client.get(address)
    assert len(many) == len(few) < 30


def test_clicks_show_where_they_came_from(login_as, alice, today):
    make_click(alice, today, sub_id="spring", referrer="https://mail.example/read?x=1")
    page = login_as(alice).get("/center/clicks").text
    assert "spring" in page
    assert "from mail.example" in page


def test_clicks_are_filtered_by_the_address(login_as, alice, today):
    make_click(alice, today - timedelta(days=40), sub_id="old")
    make_click(alice, today, sub_id="new")
    client = login_as(alice)
    since = (today - timedelta(days=10)).date()
    assert "old" not in client.get(f"/center/clicks?from={since}").text.partition("<tbody")[2]
    assert "<td" not in client.get("/center/clicks?sub_id=none").text
    assert "old" in client.get("/center/clicks?sub_id=old&link=main").text


def test_few_labels_are_chosen_from_a_list_and_many_are_typed(login_as, alice, mallory, today):
    client = login_as(alice)
    for label in ("spring", "", "ch-4"):
        make_click(alice, today, sub_id=label)
    make_click(mallory, today, sub_id="secret")
    page = client.get("/center/clicks?sub_id=ch-4").text
    assert "<option selected>ch-4</option><option>spring</option></select>" in page
    assert "secret" not in page
    assert "<option selected>gone</option>" in client.get("/center/orders?sub_id=gone").text
    for number in range(11):
        make_click(alice, today, sub_id=f"issue-{number}")
    page = client.get("/center/clicks?sub_id=ch-4").text
    assert '<select id="sub_id"' not in page
    assert 'value="ch-4"' in page


def test_an_empty_table_names_what_it_is_narrowed_to(login_as, alice, today):
    client = login_as(alice)
    assert "No clicks yet" in client.get("/center/clicks").text
    assert "No orders yet" in client.get("/center/orders").text
    query = "?link=main&sub_id=ch-4&from=2020-01-05&to=2020-02-01"
    said = "on Main link with the label ch-4 from Jan 5, 2020 to Feb 1, 2020."
    assert f"Nobody followed your links {said}" in client.get(f"/center/clicks{query}").text
    assert f"No order of yours was made {said}" in client.get(f"/center/orders{query}").text


def test_orders_are_summed_up_below(login_as, alice, today):
    sales = make_earnings(alice, today, sales=3)
    make_refund(sales[0]["event_id"], today)
    page = login_as(alice).get("/center/orders").text
    assert "Paid, less refunds</th>" in page
    foot = page.partition("<tfoot>")[2]
    assert "3 orders shown here" in foot
    assert foot.count("$194.00") == 2  # folded below the count on a phone
    assert "$40.00" in foot


@pytest.mark.parametrize("query", ["from=yesterday", "to=2026-99-01", "link=not-mine"])
def test_a_bad_filter_is_said(login_as, alice, query):
    answer = login_as(alice).get(f"/center/clicks?{query}")
    assert answer.status_code == 422
    assert "to fix" in answer.text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=2026-11-30&to=2026-11-01", "From: This day is after To."),
        ("from=2026-13-40", "A date is written YYYY-MM-DD, like 2026-12-01."),
    ],
)
def test_a_bad_span_says_what_is_right(login_as, alice, query, said):
    answer = login_as(alice).get(f"/center/clicks?{query}")
    assert answer.status_code == 422
    assert said in answer.text


def test_a_click_leads_to_its_orders(login_as, alice, mallory, today):
    one = make_click(alice, today - timedelta(minutes=9))
    four = make_click(alice, today - timedelta(minutes=8))
    make_sale(today, click_id=one, order_id="single")
    for number in range(4):
        make_sale(today, click_id=four, order_id=f"of-four-{number}")
    make_sale(today, click_id=four, order_id="own", email=alice.email)
    client = login_as(alice)
    page = client.get("/center/clicks").text
    assert f'href="/center/orders?click={one}">single</a>' in page
    assert f'href="/center/orders?click={four}">4 orders</a>' in page
    assert "One more, not yours: The buyer is you: nobody earns on own purchases (R14)" in page
    for click, count in ((one, 1), (four, 4)):
        page = client.get(f"/center/orders?click={click}").text
        assert f"{count} order{'s' * (count > 1)} shown here" in page
        assert "Show all orders" in page
    assert "nobody earns on own purchases" in page
    assert login_as(mallory).get(f"/center/orders?click={four}").status_code == 404


def test_older_rows_by_key(login_as, alice, today):
    for minute in range(30):
        make_click(alice, today - timedelta(minutes=minute), sub_id=f"n{minute:02d}")
    client = login_as(alice)
    first = client.get("/center/clicks").text
    older = first.rpartition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    second = client.get(older).text
    assert first.count('class="when">') == 26
    assert second.count('class="when">') == 6
    assert 'rel="next"' not in second


def test_new_rows_are_told_and_not_pushed(login_as, htmx, alice, today):
    make_click(alice, today, sub_id="first")
    page = login_as(alice).get("/center/clicks").text
    poll = page.partition('id="clicks" hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    assert htmx(poll, "clicks").status_code == 204
    make_click(alice, today, sub_id="later")
    part = htmx(poll, "clicks")
    assert "1 new click" in part.text
    assert "later" not in part.text
    assert "later" in htmx("/center/clicks", "clicks").text


def test_a_foreign_key_is_nowhere(login_as, alice, mallory, today):
    click = make_click(alice, today)
    order = make_sale(today, click_id=click)["order_id"]
    client = login_as(mallory)
    for address in (f"clicks?before={click}", f"clicks?upto={click}", f"orders?before={order}"):
        assert client.get(f"/center/{address}").status_code == 404
        missing = client.get(f"/center/{address[:-3]}zzz")
        assert missing.status_code == 404


def test_a_key_that_nobody_can_type_is_nowhere(login_as, alice):
    client = login_as(alice)
    for address in TABLES[:2]:
        for name in ("before", "upto"):
            assert client.get(f"{address}?{name}=a%00").status_code == 404


@pytest.mark.parametrize("address", [*TABLES, "/center/"])
def test_nothing_of_another_affiliate(login_as, alice, mallory, today, address):
    make_earnings(alice, today, sales=2)
    page = login_as(mallory).get(address).text
    assert "order-" not in page
    assert "alice" not in page.lower()
    assert "D. K." not in page


def test_orders_explain_themselves(login_as, alice, today):
    sale = make_sale(today, click_id=make_click(alice, today - timedelta(minutes=7)))
    refunded = make_sale(today, click_id=make_click(alice, today), customer="Lea Abel")
    make_refund(refunded["event_id"], today)
    page = login_as(alice).get("/center/orders").text
    assert sale["order_id"] in page
    assert "D. K." in page
    assert "Dana" not in page
    assert "Your link was the last one followed before the order (R7.4)" in page
    assert "7 minutes before the order" in page
    assert "Refunded</span>" in page
    assert "<dt>Refunded</dt><dd>$97.00</dd>" in page
    assert "Charged back" not in page
    assert "$20.00 (R9)" in page


def test_a_chargeback_is_called_one(login_as, alice, today):
    sale = make_sale(today, click_id=make_click(alice, today))
    make_refund(sale["event_id"], today, 1_000)
    make_refund(sale["event_id"], today, kind="chargeback")
    page = login_as(alice).get("/center/orders").text
    assert "Charged back</span>" in page
    assert "<dt>Refunded</dt><dd>$10.00</dd>" in page
    assert "<dt>Charged back</dt><dd>$87.00</dd>" in page


def test_csv_is_the_filtered_rows_and_harmless(login_as, alice, today):
    make_click(alice, today, sub_id="-1-1", referrer="https://a.example/")
    client = login_as(alice)
    answer = client.get("/center/clicks?format=csv")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert ",'-1-1," in answer.text
    zone = program.load().zone
    assert f"\n{today.astimezone(zone).isoformat()}," in answer.text.replace("\r", "")
    assert len(client.get("/center/clicks?format=csv&sub_id=x").text.splitlines()) == 1


@pytest.mark.parametrize("address", TABLES)
def test_wrong_method(login_as, alice, address):
    assert login_as(alice).post(address).status_code == 405


@pytest.mark.parametrize("address", TABLES)
def test_an_empty_table_says_why(login_as, alice, address):
    page = login_as(alice).get(address).text
    assert "shows here within seconds" in page


def test_the_ends_of_the_calendar(login_as, alice):
    client = login_as(alice)
    for page in ("clicks?to=9999-12-31", "orders?from=0001-01-01&to=9999-12-31"):
        assert client.get(f"/center/{page}").status_code == 200
    assert client.get("/center/payments?month=9999-12").status_code == 404


# --- Clicks that an order followed without commission -------------------------------------------


def lose(alice, mallory, at, sales=1, **said):
    """Orders that alice's clicks came before and mallory's click won."""
    for _ in range(sales):
        first = make_click(alice, at - timedelta(hours=2), **said)
        last = make_click(mallory, at - timedelta(hours=1), former=first)
        make_sale(at, click_id=last, customer="Quentin Quist", order_id=f"secret-{last}")


def lost_part(page):
    return page.partition('id="else"')[2].partition("</section>")[0]


def test_clicks_say_why_the_order_that_followed_is_not_yours(login_as, alice, mallory, today):
    lose(alice, mallory, today)
    client = login_as(alice)
    assert "Ordered, not yours: A later click won (R6)" in client.get("/center/clicks").text
    part = lost_part(client.get("/center/orders").text)
    assert "A later click won" in part
    assert "R6" in part


def test_of_anothers_order_only_the_reason_is_told(login_as, alice, mallory, today):
    at = today - timedelta(days=3, hours=5, minutes=7, seconds=11)
    lose(alice, mallory, at)
    client = login_as(alice)
    for address in ("/center/clicks", "/center/orders", "/center/clicks?format=csv"):
        page = client.get(address).text
        for secret in ("Q. Q.", "Quentin", "secret-", "shop.example", "97.00", "20.00", "mallory",
                       f"{at:%H:%M:%SZ}", f"{at - timedelta(hours=1):%H:%M:%SZ}"):  # fmt: skip
            assert secret not in page, (address, secret)


def test_lost_clicks_are_those_of_the_filter(login_as, alice, mallory, today):
    lose(alice, mallory, today - timedelta(days=40), sub_id="old")
    lose(alice, mallory, today, sub_id="new")
    client = login_as(alice)
    since = (today - timedelta(days=10)).date()
    for query, rows in [
        ("", 2), (f"?from={since}", 1), (f"?to={since}", 1), ("?sub_id=old", 1), ("?sub_id=x", 0),
        ("?link=main", 2), (f"?from={since}&sub_id=old", 0),
    ]:  # fmt: skip
        part = lost_part(client.get(f"/center/orders{query}").text)
        assert part.count("A later click won") == rows, query


@pytest.mark.parametrize("address", ["/center/clicks", "/center/orders"])
def test_fifty_lost_clicks_cost_what_five_do(login_as, alice, mallory, today, monkeypatch, address):
    client = login_as(alice)
    lose(alice, mallory, today, sales=5)
    client.get(address)
    with counted(monkeypatch) as few:
        client.get(address)
    lose(alice, mallory, today, sales=45)
    with counted(monkeypatch) as many:
        page = client.get(address).text
    assert page.count("A later click won") == 25
    assert len(many) == len(few) < 30
