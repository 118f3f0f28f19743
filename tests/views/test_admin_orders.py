"""The office's orders: all of them, with the credit, its reason, and what was passed over."""

import csv
import io
from datetime import timedelta

import pytest

from portal import affiliates, cases, missing, program, rules
from tests.makers import make_affiliate, make_click, make_earnings, make_refund, make_sale
from tests.views.test_center_tables import counted

DAY = timedelta(days=1)
ORDERS = "/admin/orders"


@pytest.fixture
def office(login_as, admin):
    return login_as(admin)


@pytest.fixture
def look(office):
    """The table's part of the page, with a query."""

    def looked(query=""):
        answer = office.get(f"{ORDERS}?{query}")
        assert answer.status_code == 200
        return answer.text.partition('id="orders"')[2]

    return looked


def file_of(office, query=""):
    """The rows of the CSV by column."""
    answer = office.get(f"{ORDERS}?format=csv&{query}")
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.text)))


def shown(page):
    """The order ids of the rows, in their order."""
    heads = page.split('<th scope="row">')[1:]
    return [head.partition("<small>")[2].partition(" by ")[0] for head in heads]


# --- What stands in a row ----------------------------------------------------------------------


def test_an_order_tells_who_bought_what_and_who_has_the_credit(look, alice, today):
    sale = make_sale(today, click_id=make_click(alice, today), customer="Dana Kim")
    page = look()
    assert f"<b>Pro, monthly</b><small>{sale['order_id']} by Dana Kim</small>" in page
    assert "@shop.example</small>" in page
    assert "Alice Reyes <small>R7.4 The last click that counts was on this" in page
    assert '$97.00</td><td class="num">$20.00</td>' in page
    assert '<dt>Makes</dt><dd>$20.00 commission to <a href="/admin/affiliates/alice">' in page
    assert '<dt>Belongs to</dt><dd><a href="/admin/affiliates/alice">Alice Reyes</a> for' in page
    assert f"order {sale['order_id']}</dd>" in page


def test_nobody_has_the_credit_of_what_came_by_itself(look, today, set_up):
    make_sale(today)
    page = look()
    assert "Nobody <small>R7.5 No click that counts came before the order." in page
    assert "None by a browser of this customer" in page
    assert "<dt>Belongs to</dt><dd>nobody for good, since" in page


def test_a_free_trial_belongs_to_nobody_yet(look, alice, today):
    make_sale(today, click_id=make_click(alice, today), amount=0)
    page = look()
    assert "nobody yet, until a payment above zero" in page
    assert "<dt>Makes" not in page


def test_a_code_that_was_named_or_passed_over_is_told(look, alice, mallory, today):
    make_sale(today, referral_code="alice")
    assert "<dt>Code</dt><dd>alice, named with the order</dd>" in look()
    assert "Alice Reyes <small>R7.3" in look()
    make_sale(today, referral_code="gone")
    assert "<dt>Noted</dt><dd>The referral code is unknown and was passed over." in look()


def test_refunds_and_chargebacks_are_told(look, alice, today):
    sale = make_sale(today, click_id=make_click(alice, today))
    make_refund(sale["event_id"], today, 1_000)
    make_refund(sale["event_id"], today, kind="chargeback")
    page = look()
    assert "<dt>Refunded</dt><dd>$10.00</dd>" in page
    assert "<dt>Charged back</dt><dd>$87.00</dd>" in page
    assert '$0.00</td><td class="num">$0.00</td>' in page


def test_both_tiers_are_told_with_their_affiliates(look, office, alice, today):
    bob = make_affiliate("bob", today, click_id=make_click(alice, today))
    make_sale(today, click_id=make_click(bob, today))
    page = look()
    assert '<dt>Makes</dt><dd>$20.00 commission to <a href="/admin/affiliates/bob">' in page
    assert '<dt>Makes</dt><dd>$9.70 override to <a href="/admin/affiliates/alice">' in page
    assert '<td class="num">$29.70</td>' in page
    (row,) = file_of(office)
    assert (row["commission"], row["override"]) == ("20.00", "9.70")


def test_a_payment_that_earned_nothing_says_why(look, alice, today):
    click, said = make_click(alice, today), {"customer_id": "c", "order_id": "o"}
    make_sale(today, click_id=click, **said)
    affiliates.set_status(alice, rules.SUSPENDED, by="test", now=today)
    make_sale(today, **said)
    assert "1 payment: Alice Reyes was suspended then (R16)" in look()


def test_a_customer_who_is_an_affiliate_is_told_and_others_can_be_linked(
    look, office, alice, mallory, today
):
    make_sale(today, click_id=make_click(alice, today), customer_id="c 1&2")
    link = look().partition(">Is this Alice Reyes?")[0].rpartition('href="')[2][:-1]
    form = office.get(link.replace("&amp;", "&")).text
    assert 'id="customer" open>' in form
    assert 'value="c 1&amp;2"' in form
    affiliates.link_customer(mallory, "c 1&2", by="test", now=today)
    page = look()
    assert 'is the affiliate <a href="/admin/affiliates/mallory">' in page
    assert "Is this Alice" not in page


# --- The clicks that were passed over ------------------------------------------------------------


def suspended(alice, mallory, today):
    first = make_click(mallory, today - DAY)
    last = make_click(alice, today - DAY, former=first, sub_id="spring")
    affiliates.set_status(alice, rules.SUSPENDED, by="test", now=today)
    make_sale(today, click_id=last)


def own_purchase(alice, mallory, today):
    make_sale(today, click_id=make_click(alice, today), email=alice.email)


def too_old(alice, mallory, today):
    make_sale(today, click_id=make_click(alice, today - timedelta(days=91)))


def later_click(alice, mallory, today):
    first = make_click(alice, today - DAY)
    make_sale(today, click_id=make_click(mallory, today, former=first))


def belongs_already(alice, mallory, today):
    make_sale(today - DAY, customer_id="c")
    make_sale(today, click_id=make_click(alice, today), customer_id="c")


def after_the_order(alice, mallory, today):
    make_sale(today - DAY, click_id=make_click(alice, today))


def marked(alice, mallory, today):
    first = make_click(mallory, today - DAY)
    affiliates.set_status(alice, rules.SUSPENDED, by="test", now=today)
    make_click(alice, today, former=first)
    make_sale(today, click_id=first)


@pytest.mark.parametrize(
    ("scenario", "label", "reason"),
    [
        (suspended, "Passed over", "Suspended when the order was recorded (R6)"),
        (own_purchase, "Passed over", "Own purchase, the buyer is this affiliate (R14)"),
        (too_old, "Passed over", "The order came after the 90 days that the click counted (R5)"),
        (later_click, "Earlier", "A later click won (R6)"),
        (belongs_already, "Passed over", "Not needed, clicks are asked last (R7.1)"),
        (after_the_order, "Passed over", "It came after the order (R5)"),
        (marked, "Passed over", "Marked as it was made (inactive), it never counts (R8)"),
    ],
)
def test_a_click_that_was_passed_over_says_why(
    look, alice, mallory, today, scenario, label, reason
):
    scenario(alice, mallory, today)
    said = look().partition(f"<dt>{label}</dt>")[2].partition("</dd>")[0]
    assert "Alice Reyes" in said
    assert said.endswith(f": {reason}")


def test_a_label_and_the_winning_click_are_told(look, alice, mallory, today):
    suspended(alice, mallory, today)
    page = look()
    assert "Main link, label spring," in page
    assert "Mallory Reyes" in page.partition("<dt>Counts</dt>")[2].partition("</dd>")[0]
    assert "<dt>Until</dt>" in page


def test_of_many_clicks_the_first_are_told(look, alice, today):
    click = ""
    for minute in range(9):
        click = make_click(alice, today - DAY + timedelta(minutes=minute), former=click)
    make_sale(today, click_id=click)
    page = look()
    assert page.count("A later click won") == 5
    assert "<dt>Earlier</dt><dd>3 more clicks</dd>" in page


# --- Filters, pages and the file ---------------------------------------------------------------


@pytest.fixture
def four(alice, mallory, today):
    """Orders: an old one of alice's, one that names mallory, nobody's, and alice's of today."""
    make_sale(today - 40 * DAY, click_id=make_click(alice, today - 40 * DAY), order_id="old")
    make_sale(today, referral_code="mallory", order_id="named", customer="Ben Hollis")
    make_sale(today, order_id="nobody", email="ÅSA@shop.example", customer_id="c-77")
    make_sale(today, click_id=make_click(alice, today), order_id="new")


def test_each_filter(office, look, four, today):
    since, day = (today - 10 * DAY).date(), today.date()
    for query, found in [
        ("", "new nobody named old"),
        (f"from={since}", "new nobody named"),
        (f"to={since}", "old"),
        (f"from={day + 2 * DAY}", ""),
        ("credit=somebody", "new named old"),
        ("credit=nobody", "nobody"),
        ("credit=named", "named"),
        ("credit=affiliate:alice", "new old"),
        ("q=hollis", "named"),
        ("q=%C3%A5sa@shop", "nobody"),
        ("q=c-77", "nobody"),
        ("q=old", "old"),
        ("q=Alice", "new old"),
        ("q=%25", ""),
        (f"q=alice&credit=somebody&from={since}", "new"),
    ]:
        assert shown(look(query)) == found.split(), query
        assert [row["order_id"] for row in file_of(office, query)] == found.split(), query


def test_the_file_has_what_the_rows_have(office, four, mallory, monkeypatch):
    monkeypatch.setattr("portal.views.admin.orders.STEP", 2)
    rows = {row["order_id"]: row for row in file_of(office)}
    assert list(rows) == ["new", "nobody", "named", "old"]
    row = rows["named"]
    assert row.pop("ordered_at")[-6:] in ("-07:00", "-08:00")
    assert row.pop("customer_id").startswith("customer-")
    assert row.pop("email").endswith("@shop.example")
    assert row == {
        "order_id": "named", "customer": "Ben Hollis", "plan": "Pro, monthly", "paid": "97.00",
        "refunded": "0.00", "charged_back": "0.00", "credited_to": "mallory", "rule": "R7.3",
        "reason": "The merchant named this affiliate with the sale.", "commission": "20.00",
        "override": "0.00",
    }  # fmt: skip
    assert rows["nobody"]["credited_to"] == ""


def test_older_orders_by_key(look, alice, today):
    make_earnings(alice, today, sales=30)
    first = look()
    older = first.rpartition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    second = look(older.partition("?")[2])
    assert (len(shown(first)), len(shown(second))) == (25, 5)
    assert not set(shown(first)) & set(shown(second))
    assert 'rel="next"' not in second


def test_new_orders_are_told_and_not_pushed(office, htmx, alice, today):
    make_earnings(alice, today, sales=1)
    page = office.get(ORDERS).text
    poll = page.partition('id="orders" hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    assert htmx(poll, "orders").status_code == 204
    make_sale(today, order_id="later-1")
    make_sale(today, order_id="later-2")
    part = htmx(poll, "orders").text
    assert "2 new orders" in part
    assert "later-" not in part
    assert "later-2" in htmx(ORDERS, "orders").text


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "to=2026-99-01",
        "from=2026-03-02&to=2026-03-01",
        "credit=x",
        "credit=affiliate:x",
        "q=" + "x" * 256,
    ],
)
def test_a_bad_filter_is_said(office, query):
    answer = office.get(f"{ORDERS}?{query}")
    assert answer.status_code == 422
    assert "to fix" in answer.text


def test_a_key_that_is_no_orders_is_nowhere(office, alice):
    for query in ("before=x", "upto=x", "before=a%00"):
        assert office.get(f"{ORDERS}?{query}").status_code == 404


def test_wrong_method(office):
    assert office.post(ORDERS).status_code == 405


@pytest.mark.parametrize("query", ["", "?format=csv", "?q=alice"])
def test_nothing_for_affiliates(login_as, alice, today, query):
    make_earnings(alice, today, sales=1)
    answer = login_as(alice).get(ORDERS + query)
    assert answer.status_code == 403
    assert "Dana" not in answer.text


def test_an_empty_table_says_why(look, set_up):
    assert "No orders yet" in look()
    assert "No orders here" in look("credit=nobody")


def test_fifty_orders_of_many_cost_what_five_do(office, alice, today, monkeypatch):
    def sell(first, last):
        for number in range(first, last):
            former = make_click(alice, today - DAY)
            made = make_affiliate(f"many{number}", today - DAY, password=None, click_id=former)
            gone = make_affiliate(f"gone{number}", today - DAY, password=None)
            make_click(gone, today, former=former)
            affiliates.set_status(gone, rules.SUSPENDED, by="test", now=today)
            make_sale(today, click_id=make_click(made, today - DAY, former=former))

    sell(0, 4)
    office.get(ORDERS)
    with counted(monkeypatch) as few:
        assert office.get(ORDERS).text.count("Suspended when") == 4
    sell(4, 24)
    with counted(monkeypatch) as many:
        assert office.get(ORDERS).text.count("Suspended when") == 24
    assert len(many) == len(few) < 30


# --- Who leads here ----------------------------------------------------------------------------


def test_the_office_pages_of_an_affiliate_lead_to_its_orders(office, look, alice, today):
    (sale,) = make_earnings(alice, today, sales=1)
    page = office.get("/admin/affiliates/alice").text
    assert 'href="/admin/orders?credit=affiliate:alice">All orders</a>' in page
    assert f'href="/admin/orders?q={sale["order_id"]}">The order and its credit</a>' in page
    assert shown(look("credit=affiliate:alice")) == shown(look(f"q={sale['order_id']}"))


def test_a_case_leads_to_the_order_or_the_days_it_is_about(
    office, login_as, client, alice, admin, today
):
    zone = program.load().zone
    (sale,) = make_earnings(alice, today, sales=1)
    about = cases.subject(alice, f"order:{sale['order_id']}", now=today, zone=zone)
    assert "See" not in dict(about.facts)
    on = today.astimezone(zone).date()
    claim = missing.Claim(on, "month", "Nobody known", "", "")
    days = missing.comparison(claim, zone=zone)
    for number, evidence in enumerate((about.evidence, days)):
        case = cases.ask(alice, "Why?", "So?", key=str(number), now=today, evidence=evidence)
        assert "/admin/orders" not in login_as(alice).get(f"/center/cases/{case.key}").text
        page = login_as(admin).get(f"/admin/cases/{case.id}").text
        link = page.partition('href="/admin/orders?')[2].partition('"')[0]
        assert shown(client.get(f"{ORDERS}?{link.replace('&amp;', '&')}").text) == [
            sale["order_id"]
        ]
    assert link == f"from={on - 3 * DAY}&amp;to={on + 3 * DAY}"
