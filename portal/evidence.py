"""What became of an affiliate's clicks: those considered for an order, and why an order that
followed one is not theirs (R5 to R7, R14).

What decided is read from the facts as they stood when the order was recorded. Of an order that is
another's the reason is all there is: no name, time, amount or customer (R23). Reading only, in a
fixed number of queries.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from peewee import fn

from portal import rules
from portal.books import CustomerVisitor, Order, Payment
from portal.models import Affiliate, Click, Fact
from portal.past import Archive
from portal.reports import Filter

RECENT = 5_000  # clicks of an affiliate that are looked at, the newest
MOST = 500  # of them that an order of a few days followed
BUYER = "The buyer is you: nobody earns on own purchases"
INACTIVE = "Your account was not active when the order was recorded"
LATER = "A later click won"
Query = Any  # what a select yields depends on its columns, which types do not follow


class Why(NamedTuple):
    """Why a click earned nothing by the order that followed it, and the rule that says so."""

    click: Any
    order: Any
    reason: str
    rule: str


def why_not(affiliate: Affiliate, clicks: Iterable[Click]) -> dict[int, Why]:
    """By click, why the first order that followed it is not this affiliate's."""
    these = Click.id.in_([click.id for click in clicks])
    return {why.click.id: why for why in _told(_pairs(affiliate, these))}


def lost(affiliate: Affiliate, wanted: Filter, limit: int) -> list[Why]:
    """The newest clicks of a filter that an order followed without commission.

    The filter is one of clicks: one of orders would tell when another's order was placed.
    """
    these = wanted.where(Click.clicked_at)
    mine = Click.select(Click.id).where(Click.affiliate_id == affiliate.id, *these)
    floor = mine.order_by(Click.id.desc()).offset(RECENT).limit(1).scalar() or 0
    query = _pairs(affiliate, Click.id > floor, *these)
    return _told(query.order_by(Click.id.desc()).limit(limit))


def between(affiliate: Affiliate, since: datetime, before: datetime) -> list[Why]:
    """Clicks that an order placed in a span followed without commission, the newest first."""
    span = Order.ordered_at >= since, Order.ordered_at < before
    return _told(_pairs(affiliate, *span).order_by(Click.id.desc()).limit(MOST))


def own_clicks(affiliate: int | None, orders: Iterable[Any]) -> dict[int, list[Any]]:
    """By order, an affiliate's clicks that were considered when it was recorded, newest first."""
    return _known_then(list(orders), Click.affiliate_id == affiliate, Click.mark.is_null())


def passed_over(orders: list[Any]) -> dict[int, list[Why]]:
    """By order, all clicks known then that did not win it, marked ones too: for the office."""
    found = _known_then(orders)
    known = _Known(orders, {click.affiliate_id for clicks in found.values() for click in clicks})
    return {
        o.id: [Why(c, o, *known.passed(c, o)) for c in found[o.id] if c.id != o.click_id]
        for o in orders
    }


def _known_then(rows: list[Any], *where: Any) -> dict[int, list[Any]]:
    """By order, clicks of browsers known as its customer's when it was recorded, newest first."""
    facts = Fact.by_id(order.fact_id for order in rows)
    query: Query = Click.select(Click, CustomerVisitor.customer, CustomerVisitor.fact_id)
    query = query.join(CustomerVisitor, on=CustomerVisitor.visitor == Click.visitor)
    query = query.where(CustomerVisitor.customer.in_({o.customer_id for o in rows}), *where)
    found: dict[int, list[Any]] = {}
    for click in query.order_by(Click.id.desc()).objects() if rows else ():
        found.setdefault(click.customer, []).append(click)
    return {
        order.id: [
            click
            for click in found.get(order.customer_id, ())
            if click.fact_id <= order.fact_id and click.id <= facts[order.fact_id].clicks_to
        ]
        for order in rows
    }


def unpaid(orders: Iterable[Any]) -> dict[int, Counter[str]]:
    """By credited order, how many payments earned nothing, by R14 or the status then."""
    credited = {order.id: order.credited_to_id for order in orders if order.credited_to_id}
    payments: Query = Payment.select(Payment.id, Payment.order).where(
        Payment.order.in_(list(credited)), Payment.commission_to.is_null(), Payment.amount > 0
    )
    archive, found = Archive(set(credited.values())), dict[int, Counter[str]]()
    for payment, order in payments.tuples():
        status = archive.status(credited[order], payment)
        found.setdefault(order, Counter())["R14" if status == rules.ACTIVE else status] += 1
    return found


def _pairs(affiliate: Affiliate, *where: Any) -> Query:
    """Unmarked clicks of an affiliate, each with the first foreign order of that browser since."""
    foreign = Order.credited_to.is_null() | (Order.credited_to != affiliate)
    after = (Order.customer == CustomerVisitor.customer) & (Order.ordered_at >= Click.clicked_at)
    pairs = Click.select(Click.id.alias("click_id"), fn.MIN(Order.id).alias("order_id"))
    pairs = pairs.join(CustomerVisitor, on=CustomerVisitor.visitor == Click.visitor)
    pairs = pairs.join(Order, on=after & foreign)
    mine = (Click.affiliate_id == affiliate.id) & Click.mark.is_null()
    return pairs.where(mine, *where).group_by(Click.id)


def _told(pairs: Query) -> list[Why]:
    found = list(pairs.tuples())
    clicks = Click.by_id(click for click, _ in found)
    orders = Order.by_id(order for _, order in found)
    known = _Known(list(orders.values()), {click.affiliate_id for click in clicks.values()})
    told = [(clicks[click], orders[order]) for click, order in found]
    return [Why(click, order, *known.reason(click, order)) for click, order in told]


class _Known:
    """What was known when orders were recorded, loaded for all of them at once."""

    def __init__(self, orders: list[Any], affiliates: set[int]):
        self.archive = Archive(affiliates)
        concerned = Fact.customer_id.in_({order.customer_id for order in orders})
        self.links = self._facts(concerned, ("link",))
        self.heard = self._facts(concerned, ("lead", "sale", "customer"))
        self.recorded = Fact.by_id(order.fact_id for order in orders)
        ties = CustomerVisitor.customer.in_({order.customer_id for order in orders})
        self.ties = {
            (tie.customer_id, tie.visitor): tie.fact_id
            for tie in CustomerVisitor.select().where(ties)
        }

    def _facts(self, concerned: Any, kinds: tuple[str, ...]) -> list[Any]:
        facts: Query = Fact.select(Fact.id, Fact.customer_id, Fact.affiliate_id, Fact.email_key)
        return list(facts.where(concerned, Fact.kind.in_(kinds)).order_by(Fact.id.desc()))

    def reason(self, click: Any, order: Any) -> tuple[str, str]:
        """The first of R7's steps that kept this click from earning, and its rule."""
        if self._is_buyer(click.affiliate_id, order):
            return BUYER, "R14"
        if order.rule in ("R7.1", "R7.2"):
            return "The customer belonged already, to somebody for good or to nobody", "R7"
        if order.rule == "R7.3":
            return "The order was placed naming another affiliate", "R7"
        if not self._was_considered(click, order):
            return "Nothing tied this click to the customer when the order was recorded", "R7"
        if not rules.counts(click, order.ordered_at):
            return f"The order came after the {click.days} days that the click counted", "R5"
        if self.archive.status(click.affiliate_id, order.fact_id) != rules.ACTIVE:
            return INACTIVE, "R6"
        return LATER, "R6"

    def passed(self, click: Any, order: Any) -> tuple[str, str]:
        """Why a click known then did not win, as the office reads it, and its rule."""
        if click.mark:
            return f"Marked as it was made ({click.mark}), it never counts", "R8"
        if click.clicked_at > order.ordered_at:
            return "It came after the order", "R5"
        reason, rule = self.reason(click, order)
        if rule == "R7":
            return "Not needed, clicks are asked last", order.rule
        if reason == INACTIVE:
            status = self.archive.status(click.affiliate_id, order.fact_id)
            reason = f"{status.capitalize()} when the order was recorded"
        return "Own purchase, the buyer is this affiliate" if reason == BUYER else reason, rule

    def _is_buyer(self, affiliate: int, order: Any) -> bool:
        """Whether an affiliate was the customer when an order was recorded (R15)."""
        for link in self.links:
            if link.customer_id == order.customer_id and link.id < order.fact_id:
                return bool(link.affiliate_id == affiliate)
        own = self.archive.last(affiliate, order.fact_id, "application", "email")
        heard = (
            fact.email_key
            for fact in self.heard
            if fact.customer_id == order.customer_id and fact.id <= order.fact_id and fact.email_key
        )
        return bool(own and own.email_key and own.email_key == next(heard, None))

    def _was_considered(self, click: Any, order: Any) -> bool:
        """Whether click and browser were known as the customer's (R6), looking back only (R7)."""
        known = self.ties[order.customer_id, click.visitor] <= order.fact_id
        return known and click.id <= self.recorded[order.fact_id].clicks_to
