"""Why an order that followed a click is not the affiliate's: the reason alone (R5 to R7, R14)."""

from datetime import timedelta

import pytest

from portal import affiliates, evidence, feeds, orders, rules
from portal.models import Click
from portal.reports import Filter
from tests.makers import make_affiliate, make_click, make_program, make_sale
from tests.views.test_center_tables import counted

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
WINDOW = 90 * DAY


@pytest.fixture
def alice(db, now):
    make_program(now - timedelta(days=400))
    return make_affiliate("alice", now - timedelta(days=300))


@pytest.fixture
def bob(alice, now):
    return make_affiliate("bob", now - timedelta(days=300))


def make_lead(customer, click, at, email="dana@shop.example"):
    said = {"event_id": f"lead-{customer}-{click}", "customer_id": customer, "click_id": click}
    orders.record_lead(feeds.lead({**said, "email": email}, at), now=at)


def reasons(affiliate):
    return [(why.reason, why.rule) for why in evidence.lost(affiliate, Filter(), 25)]


# --- Each reason -------------------------------------------------------------------------------


def later_click(alice, bob, now):
    first = make_click(alice, now - DAY)
    make_sale(now, click_id=make_click(bob, now - SECOND, former=first))


def later_stored_in_one_second(alice, bob, now):
    first = make_click(alice, now)
    make_sale(now, click_id=make_click(bob, now, former=first))


def later_click_by_another_browser(alice, bob, now):
    make_lead("c", make_click(alice, now - DAY), now - DAY)
    make_sale(now, click_id=make_click(bob, now - SECOND), customer_id="c")


def day_91(alice, bob, now):
    make_sale(now, click_id=make_click(alice, now - WINDOW - SECOND))


def day_91_though_another_won(alice, bob, now):
    first = make_click(alice, now - WINDOW - SECOND)
    make_sale(now, click_id=make_click(bob, now, former=first))


def own_purchase(alice, bob, now):
    make_sale(now, click_id=make_click(alice, now), email="Alice+shop@example.com")


def own_purchase_after_a_change_of_address(alice, bob, now):
    make_sale(now, click_id=make_click(alice, now), email="alice@example.com")
    affiliates.change_email(alice, "new@example.com", by="test", now=now + DAY)


def own_purchase_by_link(alice, bob, now):
    make_sale(now - DAY, customer_id="c", order_id="before")
    affiliates.link_customer(alice, "c", by="test", now=now - DAY)
    make_sale(now, click_id=make_click(alice, now), customer_id="c")


def paid_before(alice, bob, now):
    make_sale(now - DAY, customer_id="c")
    make_sale(now, click_id=make_click(alice, now), customer_id="c")


def belongs_to_another(alice, bob, now):
    make_sale(now - DAY, click_id=make_click(bob, now - DAY), customer_id="c")
    make_sale(now, click_id=make_click(alice, now), customer_id="c")


def bought_by_an_affiliate_of_bobs(alice, bob, now):
    make_affiliate("cyd", now - DAY, click_id=make_click(bob, now - DAY))
    make_sale(now, click_id=make_click(alice, now), email="cyd@example.com")


def named_another(alice, bob, now):
    make_sale(now, click_id=make_click(alice, now), referral_code="bob")


def suspended_at_the_order(alice, bob, now):
    click = make_click(alice, now - DAY)
    affiliates.set_status(alice, rules.SUSPENDED, by="test", now=now - DAY)
    make_sale(now, click_id=click)
    affiliates.set_status(alice, rules.ACTIVE, by="test", now=now)


def browser_known_later(alice, bob, now):
    click = make_click(alice, now - DAY)
    make_sale(now, customer_id="c", email="dana@shop.example")
    make_lead("c", click, now + DAY)


def click_stored_after_the_order(alice, bob, now):
    first = make_click(alice, now - WINDOW - DAY)
    make_sale(now, click_id=first)
    make_click(alice, now, former=first)  # of the same second


DAYS = ("The order came after the 90 days that the click counted", "R5")
LATER = ("A later click won", "R6")
BELONGED = ("The customer belonged already, to somebody for good or to nobody", "R7")
UNTIED = ("Nothing tied this click to the customer when the order was recorded", "R7")


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        (later_click, [LATER]),
        (later_stored_in_one_second, [LATER]),
        (later_click_by_another_browser, [LATER]),
        (day_91, [DAYS]),
        (day_91_though_another_won, [DAYS]),
        (own_purchase, [(evidence.BUYER, "R14")]),
        (own_purchase_after_a_change_of_address, [(evidence.BUYER, "R14")]),
        (own_purchase_by_link, [(evidence.BUYER, "R14")]),
        (paid_before, [BELONGED]),
        (belongs_to_another, [BELONGED]),
        (bought_by_an_affiliate_of_bobs, [BELONGED]),
        (named_another, [("The order was placed naming another affiliate", "R7")]),
        (suspended_at_the_order, [(evidence.INACTIVE, "R6")]),
        (browser_known_later, [UNTIED]),
        (click_stored_after_the_order, [UNTIED, DAYS]),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_why_not(alice, bob, now, scenario, expected):
    scenario(alice, bob, now)
    assert reasons(alice) == expected


# --- What is no loss ---------------------------------------------------------------------------


def test_the_last_second_of_day_90_is_credited(alice, now):
    make_sale(now, click_id=make_click(alice, now - WINDOW))
    assert reasons(alice) == []


def test_an_order_before_the_click_did_not_follow_it(alice, now):
    first = make_click(alice, now - WINDOW - DAY)
    make_sale(now - 91 * DAY + SECOND, click_id=first)
    make_click(alice, now, former=first)
    assert reasons(alice) == []


def test_another_browser_is_not_told(alice, bob, now):
    make_click(alice, now - DAY)
    make_sale(now, click_id=make_click(bob, now))
    assert reasons(alice) == []


def test_marked_clicks_are_not_told(alice, bob, now):
    affiliates.set_status(alice, rules.SUSPENDED, by="test", now=now - DAY)
    first = make_click(alice, now - DAY)
    make_sale(now, click_id=make_click(bob, now, former=first))
    assert reasons(alice) == []


def test_a_customer_linked_to_another_account_is_not_the_affiliate_of_its_address(alice, bob, now):
    before = now - WINDOW - DAY
    make_sale(before, customer_id="c", email="alice@example.com", amount=0, order_id="trial")
    affiliates.link_customer(bob, "c", by="test", now=before)
    click = make_click(alice, now - WINDOW - SECOND)
    make_sale(now, click_id=click, customer_id="c", email="alice@example.com")
    assert reasons(alice) == [DAYS]


def test_a_link_made_later_does_not_change_what_was_decided(alice, bob, now):
    make_sale(now, click_id=make_click(alice, now - WINDOW - SECOND), customer_id="c")
    affiliates.link_customer(alice, "c", by="test", now=now + DAY)
    assert reasons(alice) == [DAYS]


# --- Pages of it -------------------------------------------------------------------------------


def lose(alice, now, count):
    """So many customers of a browser that followed alice's link 91 days ago."""
    return [make_sale(now, click_id=make_click(alice, now - 91 * DAY)) for _ in range(count)]


def test_the_newest_first_and_no_more_than_asked_for(alice, now):
    lose(alice, now, 4)
    found = evidence.lost(alice, Filter(), 3)
    ids = [click for (click,) in Click.select(Click.id).order_by(Click.id.desc()).tuples()]
    assert [why.click.id for why in found] == ids[:3]


def test_only_clicks_of_the_filter(alice, now):
    make_sale(now, click_id=make_click(alice, now - 95 * DAY, sub_id="old"))
    make_sale(now, click_id=make_click(alice, now - 92 * DAY, sub_id="new"))
    labels = {
        wanted: [why.click.sub_id for why in evidence.lost(alice, wanted, 25)]
        for wanted in (Filter(sub_id="old"), Filter(since=now - 93 * DAY), Filter(link=0))
    }
    assert list(labels.values()) == [["old"], ["new"], ["new", "old"]]


def test_clicks_beyond_the_newest_are_found_by_a_filter(alice, now, monkeypatch):
    monkeypatch.setattr(evidence, "RECENT", 2)
    make_sale(now, click_id=make_click(alice, now - 95 * DAY))
    for _ in range(3):
        make_click(alice, now)
    assert evidence.lost(alice, Filter(), 25) == []
    assert len(evidence.lost(alice, Filter(before=now - DAY), 25)) == 1


def test_orders_of_a_span(alice, now):
    lose(alice, now, 1)
    assert len(evidence.between(alice, now, now + SECOND)) == 1
    assert evidence.between(alice, now + SECOND, now + DAY) == []
    assert evidence.between(alice, now - DAY, now) == []


def test_fifty_cost_what_five_do(alice, now, monkeypatch):
    lose(alice, now, 5)
    with counted(monkeypatch) as few:
        assert len(evidence.lost(alice, Filter(), 50)) == 5
    lose(alice, now, 45)
    with counted(monkeypatch) as many:
        assert len(evidence.lost(alice, Filter(), 50)) == 50
    assert len(many) == len(few) < 12


# --- Clicks that were considered ---------------------------------------------------------------


def order_of(body):
    return orders.Order.get(order_id=body["order_id"])


def considered(alice, body):
    order = order_of(body)
    return [click.sub_id for click in evidence.own_clicks(alice.id, [order])[order.id]]


def test_clicks_considered_are_those_known_when_the_order_was_recorded(alice, now):
    phone = make_click(alice, now - 4 * DAY, sub_id="phone")
    make_lead("c", phone, now - 4 * DAY)
    late = make_click(alice, now - 3 * DAY, sub_id="tablet")
    first = make_click(alice, now - 2 * DAY, sub_id="first")
    last = make_click(alice, now - DAY, sub_id="last", former=first)
    body = make_sale(now, click_id=last, customer_id="c")
    make_click(alice, now + DAY, sub_id="after", former=first)
    make_lead("c", late, now + DAY)
    assert considered(alice, body) == ["last", "first", "phone"]


def test_clicks_considered_are_ones_own(alice, bob, now):
    first = make_click(bob, now - DAY, sub_id="bob")
    body = make_sale(now, click_id=make_click(alice, now, sub_id="mine", former=first))
    assert considered(alice, body) == ["mine"]
    assert considered(bob, body) == ["bob"]


# --- Payments that earned nothing --------------------------------------------------------------


def test_payments_without_commission_say_by_which_rule(alice, now):
    about = {"customer_id": "c", "order_id": "o"}
    make_sale(now, click_id=make_click(alice, now), **about)
    affiliates.set_status(alice, rules.SUSPENDED, by="test", now=now)
    make_sale(now + DAY, **about)
    make_sale(now + DAY, **about)
    affiliates.set_status(alice, rules.ACTIVE, by="test", now=now + 2 * DAY)
    make_sale(now + 3 * DAY, email="alice@example.com", **about)
    order = order_of(about)
    assert evidence.unpaid([order]) == {order.id: {rules.SUSPENDED: 2, "R14": 1}}


def test_where_all_earned_there_is_nothing_to_say(alice, now):
    order = order_of(make_sale(now, click_id=make_click(alice, now)))
    assert evidence.unpaid([order]) == {}
