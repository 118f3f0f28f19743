"""Why an order that followed a click of an affiliate's is not theirs: the reason alone (R5 to R7).

What decided is read from the facts as they stood when the order was recorded. Nothing else of that
order is told: no name, time, amount or customer (R23). Reading only, in a fixed number of queries.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from peewee import fn

from portal import rules
from portal.books import CustomerVisitor, Order
from portal.models import Affiliate, Click, Fact
from portal.past import Archive

RECENT = 5_000  # clicks of an affiliate that are looked at, the newest
Query = Any  # what a select yields depends on its columns, which types do not follow


class Why(NamedTuple):
    """Why a click earned nothing by the order that followed it, and the rule that says so."""

    click: Click
    order: Order
    reason: str
    rule: str


def why_not(affiliate: Affiliate, clicks: Iterable[Click]) -> dict[int, Why]:
    """By click, why the first order that followed it is not this affiliate's."""
    these = Click.id.in_([click.id for click in clicks])
    found = _told(affiliate, _pairs(affiliate, these, _won_none(affiliate)))
    return {why.click.id: why for why in found}


def lost(affiliate: Affiliate, *where: Any, limit: int) -> list[Why]:
    """The newest clicks that an order followed without commission, one line each."""
    return _newest(affiliate, _won_none(affiliate), *where, limit=limit)


def _won_none(affiliate: Affiliate) -> Any:
    """The condition of clicks that brought no order, whatever that customer bought later."""
    won = Order.credited_to == affiliate, Order.click_id.is_null(False)
    return Click.id.not_in(Order.select(Order.click_id).where(*won))


def _newest(affiliate: Affiliate, *where: Any, limit: int) -> list[Why]:
    mine = Click.select(Click.id).where(Click.affiliate_id == affiliate.id)
    floor = mine.order_by(Click.id.desc()).offset(RECENT).limit(1).scalar() or 0
    query = _pairs(affiliate, Click.id > floor, *where).order_by(Click.id.desc())
    return _told(affiliate, query.limit(limit))


def between(affiliate: Affiliate, since: datetime, before: datetime) -> list[Why]:
    """Clicks whose order was placed in a span without being credited to the affiliate."""
    return _newest(affiliate, Order.ordered_at >= since, Order.ordered_at < before, limit=50)


def _pairs(affiliate: Affiliate, *where: Any) -> Query:
    """Unmarked clicks of an affiliate, each with the first foreign order of that browser since."""
    foreign = Order.credited_to.is_null() | (Order.credited_to != affiliate)
    after = (Order.customer == CustomerVisitor.customer) & (Order.ordered_at >= Click.clicked_at)
    first = fn.MIN(Order.id).alias("order_id")
    pairs = Click.select(Click.id.alias("click_id"), first)
    pairs = pairs.join(CustomerVisitor, on=CustomerVisitor.visitor == Click.visitor)
    pairs = pairs.join(Order, on=after & foreign)
    mine = (Click.affiliate_id == affiliate.id) & Click.mark.is_null()
    return pairs.where(mine, *where).group_by(Click.id)


def _told(affiliate: Affiliate, pairs: Query) -> list[Why]:
    found = list(pairs.tuples())
    clicks = _by_id(Click, {click for click, _ in found})
    orders = _by_id(Order, {order for _, order in found})
    known = _Known(affiliate, orders)
    return [
        Why(clicks[click], orders[order], *known.reason(clicks[click], orders[order]))
        for click, order in found
    ]


def _by_id(table: Any, ids: set[int]) -> dict[int, Any]:
    return {row.id: row for row in table.select().where(table.id.in_(ids))} if ids else {}


class _Known:
    """What was known when orders were recorded, loaded for all of them at once."""

    def __init__(self, affiliate: Affiliate, orders: dict[int, Any]):
        self.affiliate, self.archive = affiliate.id, Archive()
        heard = Fact.kind.in_(("lead", "sale", "customer")) & Fact.email_key.is_null(False)
        customers = {order.customer_id for order in orders.values()}
        facts: Query = Fact.select(Fact.customer_id, Fact.id, Fact.email_key)
        facts = facts.where(heard, Fact.customer_id.in_(customers)).order_by(Fact.id)
        self.emails = list(facts.tuples()) if customers else []
        linked: Query = Fact.select(Fact.customer_id, Fact.id, Fact.affiliate_id)
        linked = linked.where(Fact.kind == "link", Fact.customer_id.in_(customers))
        self.linked = {customer: told for customer, *told in linked.tuples()}
        self.winners = _by_id(Click, {o.click_id for o in orders.values() if o.click_id})

    def reason(self, click: Click, order: Any) -> tuple[str, str]:
        """The first of R7's steps that kept this click from earning."""
        mine = rules.Click(click.id, self.affiliate, click.clicked_at, click.days)
        if self._is_buyer(order):
            return "The buyer is you: nobody earns on own purchases", "R14"
        if order.rule == "R7.1":
            return "The customer had paid before, so whose customer it is was decided then", "R7"
        if order.rule == "R7.2":
            return "The buyer is an affiliate, and belongs to whoever referred them", "R7"
        if order.rule == "R7.3":
            return "The order was placed naming another affiliate", "R7"
        if not rules.counts(mine, order.ordered_at):
            return f"The order came after the {click.days} days that the click counted", "R5"
        last = self.archive.last(self.affiliate, order.fact_id, "application", "status")
        if last and last.content["status"] != rules.ACTIVE:
            return "Your account was not active when the order was recorded", "R6"
        winner = self.winners.get(order.click_id)
        if winner and (winner.clicked_at, winner.id) > (click.clicked_at, click.id):
            return "A later click won", "R6"
        return "Nothing tied this click to the customer when the order was recorded", "R6"

    def _is_buyer(self, order: Any) -> bool:
        """Whether the affiliate was the customer when an order was recorded (R15)."""
        fact, affiliate = self.linked.get(order.customer_id, (order.fact_id, None))
        if fact < order.fact_id:
            return affiliate == self.affiliate
        own = self.archive.last(self.affiliate, order.fact_id, "application", "email")
        heard = [key for customer, fact, key in self.emails
                 if customer == order.customer_id and fact <= order.fact_id]  # fmt: skip
        return bool(own and heard and heard[-1] == own.email_key)
