"""Why not: the reason alone that kept a click from earning by the order that followed (R5-R7)."""

from datetime import timedelta

import pytest

from portal import affiliates, evidence, feeds, orders
from portal.books import Order
from portal.models import Affiliate, Click
from tests.makers import make_affiliate, make_click, make_program, make_sale
from tests.tables import case

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
WINDOW = 90 * DAY


@pytest.fixture
def story(db, now):
    """A program with alice, who asks why, and bob."""
    make_program(now - 400 * DAY)
    return Story(now)


class Story:
    """What happens, told in days before now; the browser is one person's."""

    def __init__(self, now):
        self.now = now
        self.alice = make_affiliate("alice", now - 300 * DAY, password=None)
        self.bob = make_affiliate("bob", now - 300 * DAY, password=None)
        self.former = ""

    def click(self, who, ago=DAY, **said):
        self.former = make_click(who, self.now - ago, former=self.former, **said)
        return self.former

    def sale(self, ago=timedelta(0), **said):
        said = {"click_id": self.former, "customer_id": "dana"} | said
        return make_sale(self.now - ago, **said)

    def lead(self, ago=timedelta(0), **said):
        said = {"event_id": f"lead-{self.former}{ago}", "click_id": self.former} | said
        lead = feeds.LeadIn(content=dict(said), occurred_at=self.now - ago,
                            **{"customer_id": "dana"} | said)  # fmt: skip
        orders.record_lead(lead, now=self.now - ago)

    def reasons(self, who=None):
        """By click of alice's, oldest first: the reason and the rule, or None."""
        who = who or self.alice
        clicks = list(Click.select().where(Click.affiliate_id == who.id).order_by(Click.id))
        told = evidence.why_not(who, clicks)
        return [(told[c.id].reason, told[c.id].rule) if c.id in told else None for c in clicks]


LATER = ("A later click won", "R6")
LATE = ("The order came after the 90 days that the click counted", "R5")
BUYER = ("The buyer is you: nobody earns on own purchases", "R14")
PAID = ("The customer had paid before, so whose customer it is was decided then", "R7")
REFERRED = ("The buyer is an affiliate, and belongs to whoever referred them", "R7")
NAMED = ("The order was placed naming another affiliate", "R7")
INACTIVE = ("Your account was not active when the order was recorded", "R6")
UNTIED = ("Nothing tied this click to the customer when the order was recorded", "R6")


def a_then_b(s):
    s.click(s.alice, 2 * DAY)
    s.click(s.bob, DAY)
    s.sale()


def b_then_a(s):
    s.click(s.bob, 2 * DAY)
    s.click(s.alice, DAY)
    s.sale()


def in_one_second(s):
    s.click(s.alice, DAY)
    s.click(s.bob, DAY)
    s.sale()


def last_second_of_day_90(s):
    s.click(s.alice, WINDOW)
    s.sale()


def a_second_later(s):
    s.click(s.alice, WINDOW + SECOND)
    s.sale()


def late_and_another_won(s):
    s.click(s.alice, WINDOW + DAY)
    s.click(s.bob, DAY)
    s.sale()


def own_by_email(s):
    s.click(s.alice)
    s.sale(email="Alice+shop@example.com")


def own_by_link(s):
    s.click(s.alice)
    s.lead(2 * SECOND)
    affiliates.link_customer(s.alice, "dana", by="test", now=s.now)
    s.sale()


def linked_only_after(s):
    s.click(s.alice, WINDOW + DAY)
    s.sale()
    affiliates.link_customer(s.alice, "dana", by="test", now=s.now)


def own_email_and_linked_after(s):
    s.click(s.alice)
    s.sale(email="alice@example.com")
    affiliates.link_customer(s.alice, "dana", by="test", now=s.now)


def another_is_linked_with_my_email(s):
    s.click(s.alice, 2 * DAY)
    s.lead(DAY, email="alice@example.com")
    affiliates.link_customer(s.bob, "dana", by="test", now=s.now)
    s.click(make_affiliate("carol", s.now - DAY, password=None), timedelta(0))
    s.sale(email="alice@example.com")


def my_email_came_later(s):
    s.click(s.alice, 2 * DAY)
    s.click(s.bob, DAY)
    s.sale(email="dana@shop.example")
    affiliates.change_email(s.alice, "dana@shop.example", by="test", now=s.now)


def my_email_was_that(s):
    s.click(s.alice, 2 * DAY)
    s.sale(email="alice@example.com")
    affiliates.change_email(s.alice, "other@example.com", by="test", now=s.now)


def customers_email_came_later(s):
    s.click(s.alice, 2 * DAY)
    s.click(s.bob, DAY)
    s.sale(email="dana@shop.example")
    s.lead(email="alice@example.com")


def paid_before(s):
    s.sale(3 * DAY, click_id="")
    s.click(s.alice)
    s.sale()


def belongs_to_bob(s):
    s.click(s.bob, 5 * DAY)
    s.sale(4 * DAY)
    s.click(s.alice)
    s.sale()


def buyer_was_referred(s):
    s.click(s.bob, 9 * DAY)
    s.sale(8 * DAY, email="carol@example.com", customer_id="carol")
    make_affiliate("carol", s.now - 7 * DAY, password=None)
    s.click(s.alice)
    s.sale(email="carol@example.com", customer_id="carol-2")


def named(s):
    s.click(s.alice)
    s.sale(referral_code="bob")


def suspended_when_recorded(s):
    s.click(s.alice, 2 * DAY)
    affiliates.set_status(s.alice, "suspended", by="test", now=s.now - DAY)
    s.sale()
    affiliates.set_status(s.alice, "active", by="test", now=s.now)


def suspended_and_active_again_before(s):
    s.click(s.alice, 3 * DAY)
    affiliates.set_status(s.alice, "suspended", by="test", now=s.now - 2 * DAY)
    affiliates.set_status(s.alice, "active", by="test", now=s.now - DAY)
    s.click(s.bob, timedelta(0))
    s.sale()


def suspended_only_after(s):
    a_then_b(s)
    affiliates.set_status(s.alice, "suspended", by="test", now=s.now)


def tied_after(s):
    s.click(s.alice)
    s.sale(click_id="")
    s.lead()


def clicked_after_the_order(s):
    s.sale(2 * DAY, click_id="")
    s.click(s.alice)
    s.lead()


def another_browser(s):
    s.click(s.alice, 2 * DAY)
    s.former = ""
    s.click(s.bob)
    s.sale()


def nobody_bought(s):
    s.click(s.alice)


def two_clicks(s):
    s.click(s.alice, WINDOW + DAY)
    s.click(s.alice, 2 * DAY)
    s.click(s.bob)
    s.sale()


def the_first_order_that_followed(s):
    s.click(s.alice, 5 * DAY)
    s.click(s.bob, 4 * DAY)
    s.sale(3 * DAY)
    s.sale()


SCENARIOS = [
    case("R6 A then B", a_then_b, [LATER]),
    case("R6 B then A", b_then_a, [None]),
    case("R5 in one second the later stored", in_one_second, [LATER]),
    case("R5 the last second of day 90", last_second_of_day_90, [None]),
    case("R5 a second later", a_second_later, [LATE]),
    case("R5 before R6", late_and_another_won, [LATE]),
    case("R15 by e-mail", own_by_email, [BUYER]),
    case("R15 by a link", own_by_link, [BUYER]),
    case("R15 linked only after", linked_only_after, [LATE]),
    case("R15 own e-mail, and linked after", own_email_and_linked_after, [BUYER]),
    case("R15 another is linked, with my e-mail", another_is_linked_with_my_email, [LATER]),
    case("R15 my e-mail came later", my_email_came_later, [LATER]),
    case("R15 my e-mail was that", my_email_was_that, [BUYER]),
    case("R15 the customer's e-mail came later", customers_email_came_later, [LATER]),
    case("R7.1 came by itself", paid_before, [PAID]),
    case("R7.1 belongs to another", belongs_to_bob, [PAID]),
    case("R7.2 the buyer was referred", buyer_was_referred, [REFERRED]),
    case("R7.3 a code was named", named, [NAMED]),
    case("R6 suspended", suspended_when_recorded, [INACTIVE]),
    case("R6 active again by then", suspended_and_active_again_before, [LATER]),
    case("R6 suspended only after", suspended_only_after, [LATER]),
    case("R6 tied after", tied_after, [UNTIED]),
    case("clicked after the order", clicked_after_the_order, [None]),
    case("another browser", another_browser, [None]),
    case("nobody bought", nobody_bought, [None]),
    case("each click its own reason", two_clicks, [LATE, LATER]),
    case("the first order that followed", the_first_order_that_followed, [LATER]),
]


@pytest.mark.parametrize(("happens", "reasons"), SCENARIOS)
def test_the_reason_is_the_first_of_the_rules_that_kept_it_from_earning(story, happens, reasons):
    happens(story)
    assert story.reasons() == reasons
    lost = [(why.reason, why.rule) for why in evidence.lost(story.alice, limit=9)]
    assert sorted(lost) == sorted(reason for reason in reasons if reason)


@pytest.mark.parametrize(("happens", "reasons"), SCENARIOS)
def test_what_is_explained_is_what_the_books_say(story, happens, reasons):
    """A click without a reason was followed by no foreign order; one with it is no winner."""
    happens(story)
    for click in Click.select().where(Click.affiliate_id == story.alice.id):
        won = Order.get_or_none(Order.click_id == click.id)
        if won and won.credited_to_id == story.alice.id:
            assert evidence.why_not(story.alice, [click]) == {}


def test_marked_clicks_are_not_told_of(story):
    affiliates.set_status(story.alice, "suspended", by="test", now=story.now - 3 * DAY)
    first = story.click(story.bob, 3 * DAY)
    make_click(story.alice, story.now - 2 * DAY, former=first)
    affiliates.set_status(story.alice, "active", by="test", now=story.now - DAY)
    make_click(story.alice, story.now - DAY, former=first, method="HEAD")
    story.sale(click_id=first)
    assert {c.mark for c in Click.select().where(Click.affiliate_id == story.alice.id)} > {"head"}
    assert evidence.lost(story.alice, limit=9) == []


def test_a_click_that_won_an_order_is_not_lost_for_what_the_customer_never_paid(story):
    """The trial was alice's; nothing was paid, so the next order went to the later click."""
    story.click(story.alice, 5 * DAY)
    story.sale(4 * DAY, amount=0)
    story.click(story.bob, 3 * DAY)
    story.sale(order_id="second")
    assert [o.credited_to.code for o in Order.select().order_by(Order.id)] == ["alice", "bob"]
    assert story.reasons() == [None]
    assert evidence.lost(story.alice, limit=9) == []
    (why,) = evidence.between(story.alice, story.now - DAY, story.now + DAY)
    assert (why.order.order_id, why.reason) == ("second", LATER[0])


def test_only_own_clicks_are_told_of(story):
    a_then_b(story)
    clicks = list(Click.select())
    assert {why.click.affiliate_id for why in evidence.why_not(story.alice, clicks).values()} == {
        story.alice.id
    }
    assert evidence.why_not(story.bob, clicks) == {}
    assert evidence.lost(story.bob, limit=9) == []


def test_the_newest_come_first_and_no_more_than_are_asked_for(story):
    for number in range(6):
        story.former = ""
        story.click(story.alice, timedelta(hours=20 - number), sub_id=f"n{number}")
        story.click(story.bob, timedelta(hours=2))
        story.sale(customer_id=f"c{number}")
    labels = [why.click.sub_id for why in evidence.lost(story.alice, limit=4)]
    assert labels == ["n5", "n4", "n3", "n2"]
    since = Click.clicked_at < story.now - timedelta(hours=18)
    assert [w.click.sub_id for w in evidence.lost(story.alice, since, limit=4)] == ["n1", "n0"]


def test_a_span_is_that_of_the_order_and_ends_before_its_end(story):
    a_then_b(story)
    at = Order.get().ordered_at
    for since, before, count in [
        (at, at + SECOND, 1), (at - DAY, at, 0), (at + SECOND, at + DAY, 0),
    ]:  # fmt: skip
        assert len(evidence.between(story.alice, since, before)) == count


def test_no_clicks_need_no_reason(story):
    assert evidence.why_not(story.alice, []) == {}
    assert evidence.lost(Affiliate.get(code="bob"), limit=5) == []
