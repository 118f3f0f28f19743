"""A sale that an affiliate misses: the evidence looked at again, and answered at once where their
own clicks explain it.

What explains is always a click or an order of the affiliate's own. Where there is none, every
question gets the same words and goes to the office, so nobody learns who is a customer (R23).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from peewee import JOIN, fn

from portal import evidence, rules
from portal.books import Customer, Order, Payment
from portal.explain import BECAUSE, Trail
from portal.formats import clock, day, usd
from portal.models import Affiliate, Click
from portal.reports import MAIN_LINK, links
from portal.words import initials, plan, plural

EITHER_SIDE = timedelta(days=3)
A_DAY = 10  # questions of one affiliate
SHOWN = 10  # orders and customers told to the office


class Claim(NamedTuple):
    """What the affiliate knows of the sale; `bought` is an interval or empty."""

    on: date
    bought: str
    who: str
    link: str
    more: str


class Explained(NamedTuple):
    """What became of the sale, by the affiliate's own facts; `order_id` where it is theirs."""

    title: str
    trail: Trail
    order_id: str = ""


def look(affiliate: Affiliate, claim: Claim, *, now: datetime, zone: ZoneInfo) -> Explained | None:
    """The explanation of a missing sale, or None where the office must look."""
    since, before = _span(claim, zone)
    said = ("You said", _said(claim, zone, now))
    mine = _orders(since, before, Order.credited_to == affiliate)
    for order in mine:
        if _fits(order, claim):
            return _yours(order, said, zone, now)
    for why in evidence.between(affiliate, since, before):
        if _fits(why.order, claim):
            return _not_yours(affiliate, why, said, zone, now)
    return None


def _span(claim: Claim, zone: ZoneInfo) -> tuple[datetime, datetime]:
    first, last = claim.on - EITHER_SIDE, claim.on + EITHER_SIDE + timedelta(days=1)
    midnight = datetime.min.time()
    return datetime.combine(first, midnight, zone), datetime.combine(last, midnight, zone)


def _said(claim: Claim, zone: ZoneInfo, now: datetime) -> str:
    bought = {"month": "monthly", "year": "annual", "once": "one-off"}.get(claim.bought, "")
    return ", ".join(part for part in (day(claim.on, zone, now), bought, claim.who) if part)


def _orders(since: datetime, before: datetime, *where: Any) -> list[Any]:
    query: Any = Order.select(Order, Customer).join(Customer)
    span = (Order.ordered_at >= since) & (Order.ordered_at < before)
    return list(query.where(span, *where).order_by(Order.id).limit(500))


def _fits(order: Any, claim: Claim) -> bool:
    """Whether an order is the one that is meant: by what was bought, and by whom."""
    if claim.bought and claim.bought != order.interval:
        return False
    customer, who = order.customer, claim.who.strip().casefold()
    if who in (order.order_id.casefold(), customer.customer_id.casefold()):
        return True
    if "@" in who:
        return rules.email_key(who) == customer.email_key
    said, known = _words(who), _words(customer.name.casefold())
    return bool(said and known) and (said <= known or known <= said)


def _words(text: str) -> set[str]:
    return {word for word in text.replace(",", " ").split() if len(word) > 2}


def _yours(order: Any, said: tuple[str, str], zone: ZoneInfo, now: datetime) -> Explained:
    paid = Payment.select(fn.COALESCE(fn.SUM(Payment.amount), 0)).where(Payment.order == order)
    amount = int(paid.scalar())
    who = initials(order.customer.name, order.customer.email)
    what = f"{order.order_id}, {plan(order.interval, order.price, order.plan_name)}, by {who}"
    trail = [said, ("Order", what), ("Because", BECAUSE.get(order.rule, order.reason))]
    trail.append(("Paid", usd(amount)))
    title = "It is credited to you"
    if not amount:
        title = "It is yours, and not paid yet"
        trail.append(("Rule R9", "an order earns with its first payment above zero"))
    return Explained(title, trail, order.order_id)


def _not_yours(
    affiliate: Affiliate, why: evidence.Why, said: tuple[str, str], zone: ZoneInfo, now: datetime
) -> Explained:
    click: Any = why.click
    until = click.clicked_at + timedelta(days=click.days)
    name = links(affiliate).get(click.link_id, MAIN_LINK)
    at, end = (f"{day(t, zone, now)}, {clock(t, zone, True)}" for t in (click.clicked_at, until))
    trail = [
        said,
        ("Your click", f"{name}, {at}"),
        ("Counted", f"until {end}, {plural(click.days, 'day')}"),
        (f"Rule {why.rule}", why.reason),
        ("Makes", "no commission"),
    ]
    return Explained(why.reason, trail)


# --- For the office ----------------------------------------------------------------------------


def facts(affiliate: Affiliate, claim: Claim, *, now: datetime, zone: ZoneInfo) -> Trail:
    """What comes along with the case, as the affiliate sees it."""
    since, before = _span(claim, zone)
    clicks = Click.select().where(
        Click.affiliate_id == affiliate.id, Click.mark.is_null(),
        Click.clicked_at >= since, Click.clicked_at < before,
    )  # fmt: skip
    days = f"{day(since, zone, now)} to {day(claim.on + EITHER_SIDE, zone, now)}"
    rows = [("You said", _said(claim, zone, now)), ("Through", claim.link or "not known")]
    rows += [("Your clicks", f"{plural(clicks.count(), 'click')}, {days}")]
    rows += [("Orders", f"those of {days}, for the office to compare")]
    return [*rows, ("Looked", f"{day(now, zone, now)}, {clock(now, zone, True)}")]


def comparison(claim: Claim, *, zone: ZoneInfo) -> Trail:
    """What the office compares: customers of that name, and the orders of those days."""
    who, key = claim.who.strip(), rules.email_key(claim.who)
    same = Customer.customer_id == who
    for word in _words(who.casefold()) if not key else ():
        same |= fn.LOWER(Customer.name).contains(word)
    if key:
        same |= Customer.email_key == key
    people = [
        f"{c.customer_id}, {c.name or c.email}" for c in Customer.select().where(same).limit(SHOWN)
    ]
    since, before = _span(claim, zone)
    query: Any = Order.select(Order, Customer, Affiliate).join(Customer)
    query = query.join_from(Order, Affiliate, JOIN.LEFT_OUTER, Order.credited_to == Affiliate.id)
    span = (Order.ordered_at >= since) & (Order.ordered_at < before)
    if claim.bought:
        span &= Order.interval == claim.bought
    orders = [
        f"{o.order_id} by {o.customer.name or o.customer.email}, "
        f"{o.credited_to.code if o.credited_to else 'nobody'} ({o.rule})"
        for o in query.where(span).order_by(Order.id).limit(SHOWN)
    ]
    return [
        ("Customers", "; ".join(people) or "nobody of this name, address or number"),
        ("Orders of those days", "; ".join(orders) or "none"),
    ]
